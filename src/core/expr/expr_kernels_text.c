/* SPDX-License-Identifier: MIT
 *
 * Kernels of text. Layer: core/expr. Texts made here live in the machine's
 * arena until the block ends. lower and upper change ASCII letters only; len counts UTF-8
 * characters.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/calendar.h"
#include "core/data/pattern.h"
#include "core/expr/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

char *chl_expr_arena(expr_machine *m, size_t n)
{
    enum { CHUNK = 64 * 1024 };
    expr_chunk *chunk = m->arena;
    if (!chunk || chunk->size - chunk->used < n) {
        size_t size = n > CHUNK ? n : CHUNK;
        chunk = size < SIZE_MAX / 2 ? chl_alloc(sizeof *chunk + size, 1) : NULL;
        if (!chunk) {
            m->failed = true;
            return NULL;
        }
        *chunk = (expr_chunk){.next = m->arena, .size = size};
        m->arena = chunk;
    }
    char *at = chunk->bytes + chunk->used;
    chunk->used += n;
    return at;
}

static expr_string keep(expr_machine *m, const char *bytes, size_t n)
{
    char *at = chl_expr_arena(m, n);
    if (!at) {
        return (expr_string){"", 0};
    }
    memcpy(at, bytes, n);
    return (expr_string){at, (int64_t)n};
}

/* ---- conversions to text ---- */

expr_kernel chl_expr_text_from_f64, chl_expr_text_from_i64, chl_expr_text_from_bool,
    chl_expr_text_from_code, chl_expr_text_from_days, chl_expr_text_from_micros,
    chl_expr_concat_kernel;

void chl_expr_text_from_f64(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    char text[32];
    for (int i = 0; i < n; i++) {
        chl_format_double(IN(double, 0)[i], text);
        out[i] = keep(m, text, strlen(text));
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_text_from_i64(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    char text[32];
    for (int i = 0; i < n; i++) {
        int used = snprintf(text, sizeof text, "%" PRId64, IN(int64_t, 0)[i]);
        out[i] = keep(m, text, (size_t)used);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_text_from_bool(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    for (int i = 0; i < n; i++) {
        out[i] = IN(uint8_t, 0)[i] ? (expr_string){"true", 4} : (expr_string){"false", 5};
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_text_from_code(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    const int32_t *codes = IN(int32_t, 0);
    const uint8_t *valid = m->registers[in->in[0]].valid;
    for (int i = 0; i < n; i++) {
        size_t length = 0;
        bool present = !valid || valid[i];
        const char *at = present ? chl_levels_name(in->levels, codes[i], &length) : "";
        out[i] = (expr_string){at, (int64_t)length};
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_text_from_days(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    char text[CHL_TIME_TEXT];
    for (int i = 0; i < n; i++) {
        size_t used = chl_date_format(IN(int32_t, 0)[i], text);
        out[i] = keep(m, text, used);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_text_from_micros(expr_machine *m, const expr_instr *in, int n)
{
    expr_string *out = OUT(expr_string);
    char text[CHL_TIME_TEXT];
    for (int i = 0; i < n; i++) {
        size_t used = chl_timestamp_format(IN(int64_t, 0)[i], text);
        out[i] = keep(m, text, used);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- text functions ---- */

static void concat_one(expr_machine *m, expr_string a, expr_string b, expr_string *out)
{
    *out = (expr_string){"", 0};
    char *at = chl_expr_arena(m, (size_t)(a.n + b.n));
    if (at) {
        memcpy(at, a.at, (size_t)a.n);
        memcpy(at + a.n, b.at, (size_t)b.n);
        *out = (expr_string){at, a.n + b.n};
    }
}

void chl_expr_concat_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0), *b = IN(expr_string, 1);
    expr_string *out = OUT(expr_string);
    for (int i = 0; i < n; i++) {
        concat_one(m, a[i], b[i], &out[i]);
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static void change_case(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0);
    expr_string *out = OUT(expr_string);
    char first = in->op == FN_LOWER ? 'A' : 'a';
    for (int i = 0; i < n; i++) {
        out[i] = keep(m, a[i].at, (size_t)a[i].n);
        char *at = m->arena ? m->arena->bytes + m->arena->used - out[i].n : NULL;
        for (int64_t j = 0; j < out[i].n; j++) {
            if (at[j] >= first && at[j] < first + 26) {
                at[j] = (char)(at[j] ^ 0x20);
            }
        }
    }
    chl_expr_merge_valid(m, in, 1, n);
}

static void length_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = 0;
        for (int64_t j = 0; j < a[i].n; j++) {
            out[i] += ((unsigned char)a[i].at[j] & 0xc0) != 0x80;
        }
    }
    chl_expr_merge_valid(m, in, 1, n);
}

static bool contains(expr_string a, expr_string b)
{
    const char *at = a.at, *end = a.at + a.n;
    while (b.n > 0 && end - at >= b.n) {
        at = memchr(at, b.at[0], (size_t)(end - at - b.n + 1));
        if (!at) {
            return false;
        }
        if (memcmp(at, b.at, (size_t)b.n) == 0) {
            return true;
        }
        at++;
    }
    return b.n == 0;
}

static bool matches(int fn, expr_string a, expr_string b)
{
    if (fn == FN_CONTAINS) {
        return contains(a, b);
    }
    int64_t from = fn == FN_ENDS_WITH ? a.n - b.n : 0;
    return a.n >= b.n && memcmp(a.at + from, b.at, (size_t)b.n) == 0;
}

static void match_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0), *b = IN(expr_string, 1);
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = matches(in->op, a[i], b[i]);
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static void pattern_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0);
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = chl_pattern_matches(in->table, a[i].at, (size_t)a[i].n);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

expr_kernel *chl_expr_text_kernel(expr_fn fn)
{
    switch (fn) {
    case FN_LOWER:
    case FN_UPPER: return change_case;
    case FN_LEN: return length_kernel;
    case FN_CONTAINS:
    case FN_STARTS_WITH:
    case FN_ENDS_WITH: return match_kernel;
    case FN_MATCHES: return pattern_kernel;
    default: return NULL;
    }
}
