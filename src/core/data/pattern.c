/* SPDX-License-Identifier: MIT */
#include "core/data/pattern.h"

#include <string.h>

typedef struct parser {
    const char *text;
    size_t length, at;
    chl_error *err;
} parser;

static chl_status fail_at(const parser *p, size_t at, const char *what)
{
    return chl_fail(p->err, CHL_EPARSE, "pattern \"%.*s\": position %zu: %s",
                    p->length > 80 ? 80 : (int)p->length, p->text, at + 1, what);
}

static void add(uint64_t set[4], unsigned char byte)
{
    set[byte >> 6] |= UINT64_C(1) << (byte & 63);
}

static bool has(const uint64_t set[4], unsigned char byte)
{
    return set[byte >> 6] >> (byte & 63) & 1;
}

/* ---- classes ---- */

static bool in_range(int c, int low, int high)
{
    return c >= low && c <= high;
}

/* The class of a lower-case letter, in ASCII whatever the locale; -1: there is none. */
static int in_class(char class, int c)
{
    bool lower = in_range(c, 'a', 'z'), upper = in_range(c, 'A', 'Z');
    bool digit = in_range(c, '0', '9'), graph = in_range(c, 0x21, 0x7e);
    switch (class) {
    case 'a': return lower || upper;
    case 'c': return c < 0x20 || c == 0x7f;
    case 'd': return digit;
    case 'g': return graph;
    case 'l': return lower;
    case 'p': return graph && !lower && !upper && !digit;
    case 's': return c == ' ' || in_range(c, '\t', '\r');
    case 'u': return upper;
    case 'w': return lower || upper || digit;
    case 'x': return digit || in_range(c, 'a', 'f') || in_range(c, 'A', 'F');
    default: return -1;
    }
}

/* What stands after '%' at p->at. */
static chl_status add_escape(parser *p, uint64_t set[4])
{
    if (p->at == p->length) {
        return fail_at(p, p->at - 1, "expected a character after '%'");
    }
    char c = p->text[p->at++];
    char letter = in_class('u', c) ? (char)(c | 0x20) : c;
    if (in_class('w', c) == 0) {
        add(set, (unsigned char)c);
        return CHL_OK;
    }
    if (in_class(letter, 0) < 0) {
        return fail_at(p, p->at - 2,
                       "unknown class (known: %a %c %d %g %l %p %s %u %w %x and their "
                       "upper-case complements)");
    }
    for (int byte = 0; byte < 256; byte++) {
        if (in_class(letter, byte) == (letter == c)) {
            add(set, (unsigned char)byte);
        }
    }
    return CHL_OK;
}

/* A set from behind its '[' to behind its ']'. */
static chl_status add_set(parser *p, uint64_t set[4])
{
    size_t start = p->at - 1;
    bool inverted = p->at < p->length && p->text[p->at] == '^';
    p->at += inverted;
    for (bool first = true; first || p->at == p->length || p->text[p->at] != ']';
         first = false) {
        if (p->at == p->length) {
            return fail_at(p, start, "expected ']' at the end of the set");
        }
        unsigned char low = (unsigned char)p->text[p->at++];
        if (low == '%') {
            CHL_TRY(add_escape(p, set));
            continue;
        }
        unsigned char high = low;
        if (p->length - p->at >= 2 && p->text[p->at] == '-' &&
            p->text[p->at + 1] != ']') {
            high = (unsigned char)p->text[p->at + 1];
            p->at += 2;
        }
        for (int byte = low; byte <= high; byte++) {
            add(set, (unsigned char)byte);
        }
    }
    p->at++;
    for (int i = 0; inverted && i < 4; i++) {
        set[i] = ~set[i];
    }
    return CHL_OK;
}

/* ---- items ---- */

static chl_status read_set(parser *p, uint64_t set[4])
{
    char c = p->text[p->at++];
    switch (c) {
    case '%': return add_escape(p, set);
    case '[': return add_set(p, set);
    case '.': memset(set, 0xff, 4 * sizeof *set); return CHL_OK;
    case '(':
    case ')':
        return fail_at(p, p->at - 1, "expected no captures (write %( for a bracket)");
    default: add(set, (unsigned char)c); return CHL_OK;
    }
}

static chl_status append(parser *p, chl_pattern *pattern, const uint64_t set[4],
                         bool optional, bool repeated)
{
    if (pattern->n == CHL_PATTERN_MAX) {
        return fail_at(p, p->at - 1, "too long: at most 63 items");
    }
    memcpy(pattern->items[pattern->n].set, set, sizeof pattern->items[0].set);
    pattern->items[pattern->n].optional = optional;
    pattern->items[pattern->n++].repeated = repeated;
    return CHL_OK;
}

chl_status chl_pattern_init(chl_pattern *pattern, const char *text, size_t length,
                            chl_error *err)
{
    *pattern = (chl_pattern){0};
    parser p = {.text = text, .length = length, .err = err};
    p.at = length > 0 && text[0] == '^';
    while (p.at < length && !(text[p.at] == '$' && p.at + 1 == length)) {
        uint64_t set[4] = {0};
        CHL_TRY(read_set(&p, set));
        char after = p.at < length ? text[p.at] : '\0';
        bool many = after && strchr("*+-", after);
        p.at += many || after == '?';
        if (after == '+') {
            CHL_TRY(append(&p, pattern, set, false, false));
        }
        CHL_TRY(append(&p, pattern, set, many || after == '?', many));
    }
    return CHL_OK;
}

/* ---- matching ---- */

/* Bit i: the items before i have matched. Optional items may be passed over. */
static uint64_t pass(const chl_pattern *pattern, uint64_t states)
{
    for (int i = 0; i < pattern->n; i++) {
        if (pattern->items[i].optional) {
            states |= (states >> i & 1) << (i + 1);
        }
    }
    return states;
}

bool chl_pattern_matches(const chl_pattern *pattern, const char *text, size_t length)
{
    uint64_t states = pass(pattern, 1);
    for (size_t k = 0; k < length && states; k++) {
        uint64_t next = 0;
        for (int i = 0; i < pattern->n; i++) {
            if ((states >> i & 1) && has(pattern->items[i].set, (unsigned char)text[k])) {
                next |= UINT64_C(1) << (pattern->items[i].repeated ? i : i + 1);
            }
        }
        states = pass(pattern, next);
    }
    return states >> pattern->n & 1;
}
