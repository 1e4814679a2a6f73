/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/expr/expr_internal.h"

static const struct {
    const char *text;
    expr_token token;
    expr_op op;
} words[] = {{"and", TOKEN_OPERATOR, EXPR_AND}, {"or", TOKEN_OPERATOR, EXPR_OR},
             {"not", TOKEN_OPERATOR, EXPR_NOT}, {"true", TOKEN_TRUE, EXPR_BOOL},
             {"false", TOKEN_FALSE, EXPR_BOOL}, {"nil", TOKEN_NIL, EXPR_NIL}};

/* Longer spellings first; those of other languages carry a hint instead. */
static const struct {
    const char *text;
    expr_token token;
    expr_op op;
    const char *hint;
} marks[] = {
    {"<=", TOKEN_OPERATOR, EXPR_LE, NULL},
    {">=", TOKEN_OPERATOR, EXPR_GE, NULL},
    {"~=", TOKEN_OPERATOR, EXPR_NE, NULL},
    {"==", TOKEN_OPERATOR, EXPR_EQ, NULL},
    {"//", TOKEN_OPERATOR, EXPR_IDIV, NULL},
    {"..", TOKEN_OPERATOR, EXPR_CONCAT, NULL},
    {"**", TOKEN_END, EXPR_NIL, "a power is written '^'"},
    {"!=", TOKEN_END, EXPR_NIL, "'not equal' is written '~='"},
    {"<>", TOKEN_END, EXPR_NIL, "'not equal' is written '~='"},
    {"&&", TOKEN_END, EXPR_NIL, "'and' is written out"},
    {"||", TOKEN_END, EXPR_NIL, "'or' is written out"},
    {"<", TOKEN_OPERATOR, EXPR_LT, NULL},
    {">", TOKEN_OPERATOR, EXPR_GT, NULL},
    {"+", TOKEN_OPERATOR, EXPR_ADD, NULL},
    {"-", TOKEN_OPERATOR, EXPR_SUB, NULL},
    {"*", TOKEN_OPERATOR, EXPR_MUL, NULL},
    {"/", TOKEN_OPERATOR, EXPR_DIV, NULL},
    {"%", TOKEN_OPERATOR, EXPR_MOD, NULL},
    {"^", TOKEN_OPERATOR, EXPR_POW, NULL},
    {"(", TOKEN_OPEN, EXPR_NIL, NULL},
    {")", TOKEN_CLOSE, EXPR_NIL, NULL},
    {",", TOKEN_COMMA, EXPR_NIL, NULL},
    {"=", TOKEN_END, EXPR_NIL, "'equal' is written '=='"},
    {"!", TOKEN_END, EXPR_NIL, "'not' is written out"},
    {"&", TOKEN_END, EXPR_NIL, "'and' is written out"},
    {"|", TOKEN_END, EXPR_NIL, "'or' is written out"},
    {"`", TOKEN_END, EXPR_NIL, "other column names are written [[in brackets]]"},
};

enum { WORDS = sizeof words / sizeof words[0], MARKS = sizeof marks / sizeof marks[0] };

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_part(char c)
{
    return is_name_start(c) || is_digit(c);
}

bool chl_expr_plain_name(const char *name, size_t n)
{
    if (n == 0 || !is_name_start(name[0])) {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_name_part(name[i])) {
            return false;
        }
    }
    for (int i = 0; i < WORDS; i++) {
        if (strlen(words[i].text) == n && memcmp(words[i].text, name, n) == 0) {
            return false;
        }
    }
    return true;
}

static chl_status fail_here(const expr_lexer *lexer, size_t at, const char *message)
{
    return chl_expr_fail(lexer->err, CHL_EPARSE, lexer->text, at, "%s", message);
}

static chl_status take_bytes(expr_lexer *lexer, const char *bytes, size_t n)
{
    chl_strbuf_append(&lexer->bytes, bytes, n);
    return lexer->bytes.failed ? chl_fail_memory(lexer->err) : CHL_OK;
}

static chl_status read_word(expr_lexer *lexer)
{
    const char *start = lexer->text + lexer->at;
    size_t n = 1;
    while (is_name_part(start[n])) {
        n++;
    }
    lexer->at += n;
    for (int i = 0; i < WORDS; i++) {
        if (strlen(words[i].text) == n && memcmp(words[i].text, start, n) == 0) {
            lexer->token = words[i].token;
            lexer->op = words[i].op;
            return CHL_OK;
        }
    }
    lexer->token = TOKEN_NAME;
    return take_bytes(lexer, start, n);
}

/* ---- numbers ---- */

static chl_status read_hex(expr_lexer *lexer)
{
    const char *at = lexer->text + lexer->at + 2;
    const char *first = at;
    uint64_t value = 0;
    while (isxdigit((unsigned char)*at)) {
        int digit = is_digit(*at) ? *at - '0' : tolower((unsigned char)*at) - 'a' + 10;
        if (value >> 59) {
            return fail_here(lexer, lexer->position, "the number is too large");
        }
        value = value * 16 + (uint64_t)digit;
        at++;
    }
    if (at == first || is_name_part(*at) || *at == '.') {
        return fail_here(lexer, lexer->position, "malformed number");
    }
    lexer->token = TOKEN_INT;
    lexer->i = (int64_t)value;
    lexer->at = (size_t)(at - lexer->text);
    return CHL_OK;
}

/* The length of a decimal number; *integral when it has neither point nor exponent. */
static size_t scan_decimal(const char *at, bool *integral)
{
    size_t n = 0;
    *integral = true;
    while (is_digit(at[n])) {
        n++;
    }
    if (at[n] == '.' && at[n + 1] != '.') {
        *integral = false;
        n++;
        while (is_digit(at[n])) {
            n++;
        }
    }
    if (at[n] == 'e' || at[n] == 'E') {
        size_t sign = at[n + 1] == '+' || at[n + 1] == '-';
        if (is_digit(at[n + 1 + sign])) {
            *integral = false;
            n += 2 + sign;
            while (is_digit(at[n])) {
                n++;
            }
        }
    }
    return n;
}

static chl_status read_number(expr_lexer *lexer)
{
    const char *start = lexer->text + lexer->at;
    if (start[0] == '0' && (start[1] == 'x' || start[1] == 'X')) {
        return read_hex(lexer);
    }
    bool integral;
    size_t n = scan_decimal(start, &integral);
    if (is_name_part(start[n])) {
        return fail_here(lexer, lexer->position, "malformed number");
    }
    CHL_TRY(take_bytes(lexer, start, n));
    lexer->at += n;
    errno = 0;
    lexer->token = TOKEN_INT;
    lexer->i = strtoll(lexer->bytes.data, NULL, 10);
    if (!integral || errno == ERANGE) {
        lexer->token = TOKEN_FLOAT;
        lexer->f = strtod(lexer->bytes.data, NULL);
        if (!isfinite(lexer->f)) {
            return fail_here(lexer, lexer->position, "the number is too large");
        }
    }
    return CHL_OK;
}

/* ---- texts ---- */

static int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    int lower = tolower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static chl_status read_decimal_escape(expr_lexer *lexer)
{
    int value = 0;
    for (int i = 0; i < 3 && is_digit(lexer->text[lexer->at]); i++) {
        value = value * 10 + (lexer->text[lexer->at++] - '0');
    }
    if (value > 255) {
        return fail_here(lexer, lexer->at - 3, "an escape \\ddd ends at \\255");
    }
    char byte = (char)value;
    return take_bytes(lexer, &byte, 1);
}

static chl_status read_escape(expr_lexer *lexer)
{
    static const char from[] = "abfnrtv\\\"'", to[] = "\a\b\f\n\r\t\v\\\"'";
    const char *at = lexer->text + lexer->at;
    const char *known = *at ? strchr(from, *at) : NULL;
    if (known) {
        lexer->at++;
        return take_bytes(lexer, &to[known - from], 1);
    }
    if (is_digit(*at)) {
        return read_decimal_escape(lexer);
    }
    int high = *at == 'x' ? hex_value(at[1]) : -1;
    int low = high >= 0 ? hex_value(at[2]) : -1;
    if (low < 0) {
        return fail_here(lexer, lexer->at - 1, "unknown escape in a text");
    }
    char byte = (char)(high * 16 + low);
    lexer->at += 3;
    return take_bytes(lexer, &byte, 1);
}

static chl_status read_text(expr_lexer *lexer)
{
    char quote = lexer->text[lexer->at++];
    for (;;) {
        const char *start = lexer->text + lexer->at;
        size_t n = strcspn(start, quote == '"' ? "\"\\" : "'\\");
        CHL_TRY(take_bytes(lexer, start, n));
        lexer->at += n;
        char c = lexer->text[lexer->at];
        if (c == '\0') {
            return fail_here(lexer, lexer->position, "the text is not closed");
        }
        lexer->at++;
        if (c == quote) {
            lexer->token = TOKEN_TEXT;
            return CHL_OK;
        }
        CHL_TRY(read_escape(lexer));
    }
}

/* [[name]], [=[name]=] … as Lua's long brackets; nothing is skipped inside. */
static chl_status read_quoted(expr_lexer *lexer)
{
    const char *start = lexer->text + lexer->at;
    size_t level = strspn(start + 1, "=");
    if (start[level + 1] != '[') {
        return fail_here(lexer, lexer->position,
                         "unexpected '[' (a column name in brackets reads [[name]])");
    }
    const char *name = start + level + 2;
    for (const char *at = strchr(name, ']'); at; at = strchr(at + 1, ']')) {
        if (strspn(at + 1, "=") == level && at[level + 1] == ']') {
            if (at == name) {
                return fail_here(lexer, lexer->position, "the column name is empty");
            }
            lexer->token = TOKEN_QUOTED;
            lexer->at = (size_t)(at - lexer->text) + level + 2;
            return take_bytes(lexer, name, (size_t)(at - name));
        }
    }
    return fail_here(lexer, lexer->position, "the bracket [[ is not closed");
}

static chl_status read_mark(expr_lexer *lexer)
{
    const char *at = lexer->text + lexer->at;
    for (int i = 0; i < MARKS; i++) {
        size_t n = strlen(marks[i].text);
        if (strncmp(at, marks[i].text, n) == 0) {
            if (marks[i].hint) {
                return chl_expr_fail(lexer->err, CHL_EPARSE, lexer->text, lexer->at,
                                     "unexpected '%s' (%s)", marks[i].text,
                                     marks[i].hint);
            }
            lexer->token = marks[i].token;
            lexer->op = marks[i].op;
            lexer->at += n;
            return CHL_OK;
        }
    }
    if ((unsigned char)*at < 0x80 && isprint((unsigned char)*at)) {
        return chl_expr_fail(lexer->err, CHL_EPARSE, lexer->text, lexer->at,
                             "unexpected '%c'", *at);
    }
    return fail_here(lexer, lexer->at,
                     "unexpected character (column names that are no Lua names are "
                     "written [[in brackets]])");
}

chl_status chl_expr_next(expr_lexer *lexer)
{
    lexer->at += strspn(lexer->text + lexer->at, " \t\r\n\f\v");
    lexer->position = lexer->at;
    lexer->bytes.length = 0;
    char c = lexer->text[lexer->at];
    if (c == '\0') {
        lexer->token = TOKEN_END;
        return CHL_OK;
    }
    if (is_name_start(c)) {
        return read_word(lexer);
    }
    if (is_digit(c) || (c == '.' && is_digit(lexer->text[lexer->at + 1]))) {
        return read_number(lexer);
    }
    if (c == '"' || c == '\'') {
        return read_text(lexer);
    }
    return c == '[' ? read_quoted(lexer) : read_mark(lexer);
}
