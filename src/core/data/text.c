/* SPDX-License-Identifier: MIT */
#include "core/data/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

enum {
    MAX_DIGITS = 19,     /* that always fit 64 bits */
    MAX_POWER = 22,      /* 10^22 is the last power of ten that is exact in double */
    MAX_EXPONENT = 9999, /* exponents beyond are 0 or infinite anyway */
    SHORT_TEXT = 128
};

static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool chl_parse_i64(const char *text, size_t length, int64_t *value)
{
    const char *end = text + length;
    bool negative = length && *text == '-';
    text += negative;
    if (text == end) {
        return false;
    }
    uint64_t sum = 0, limit = (uint64_t)INT64_MAX + negative;
    for (; text < end; text++) {
        if (!is_digit(*text)) {
            return false;
        }
        uint64_t digit = (uint64_t)(*text - '0');
        if (sum > (limit - digit) / 10) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* A number taken apart: mantissa × 10^exponent. */
typedef struct decimal {
    bool negative;
    bool exact; /* the mantissa holds every digit */
    uint64_t mantissa;
    int digits; /* significant digits in the mantissa */
    int exponent;
} decimal;

static void add_digit(decimal *d, char c, int after_point)
{
    if (d->digits == 0 && c == '0') {
        d->exponent -= after_point;
    } else if (d->digits < MAX_DIGITS) {
        d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
        d->digits++;
        d->exponent -= after_point;
    } else {
        d->exact = false;
    }
}

static bool read_exponent(const char *at, const char *end, int *exponent)
{
    bool negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    if (at == end) {
        return false;
    }
    int sum = 0;
    for (; at < end; at++) {
        if (!is_digit(*at)) {
            return false;
        }
        sum = sum < MAX_EXPONENT ? sum * 10 + (*at - '0') : sum;
    }
    *exponent += negative ? -sum : sum;
    return true;
}

/* Takes the text apart; false when it does not follow the grammar. */
static bool read_decimal(const char *at, const char *end, decimal *d)
{
    d->negative = at < end && *at == '-';
    at += at < end && (*at == '-' || *at == '+');
    const char *first = at;
    for (; at < end && is_digit(*at); at++) {
        add_digit(d, *at, 0);
    }
    ptrdiff_t seen = at - first;
    if (at < end && *at == '.') {
        first = ++at;
        for (; at < end && is_digit(*at); at++) {
            add_digit(d, *at, 1);
        }
        seen += at - first;
    }
    if (seen == 0) {
        return false;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        return read_exponent(at + 1, end, &d->exponent);
    }
    return at == end;
}

/* The grammar was checked before, so strtod takes the whole text. */
static bool convert_slowly(const char *text, size_t length, double *value)
{
    char local[SHORT_TEXT];
    char *copy = length < SHORT_TEXT ? local : chl_alloc(length + 1, 1);
    if (!copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    *value = strtod(copy, NULL);
    if (copy != local) {
        chl_free(copy);
    }
    return isfinite(*value);
}

bool chl_parse_f64(const char *text, size_t length, double *value)
{
    decimal d = {.exact = true};
    if (!read_decimal(text, text + length, &d)) {
        return false;
    }
    bool small = d.exact && d.mantissa <= UINT64_C(1) << 53;
    if (!small || d.exponent < -MAX_POWER || d.exponent > MAX_POWER) {
        return convert_slowly(text, length, value);
    }
    double result = (double)d.mantissa;
    result = d.exponent < 0 ? result / powers[-d.exponent] : result * powers[d.exponent];
    *value = d.negative ? -result : result;
    return true;
}

static bool equal_folded(const char *text, const char *lower, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((text[i] | 0x20) != lower[i]) {
            return false;
        }
    }
    return true;
}

bool chl_parse_bool(const char *text, size_t length, bool *value)
{
    if (length == 4 && equal_folded(text, "true", 4)) {
        *value = true;
        return true;
    }
    *value = false;
    return length == 5 && equal_folded(text, "false", 5);
}

void chl_trim(const char **text, size_t *length)
{
    while (*length && (**text == ' ' || **text == '\t')) {
        (*text)++;
        (*length)--;
    }
    while (*length && ((*text)[*length - 1] == ' ' || (*text)[*length - 1] == '\t')) {
        (*length)--;
    }
}

const char *chl_excerpt(const char *text, size_t length, char out[CHL_EXCERPT])
{
    enum { SHOWN = 40 };
    size_t n = length;
    if (n > SHOWN) {
        n = SHOWN;
        while (n > SHOWN - 4 && ((unsigned char)text[n] & 0xc0) == 0x80) {
            n--; /* the byte at the cut continues a character */
        }
    }
    for (size_t i = 0; i < n; i++) {
        out[i] = (unsigned char)text[i] < 0x20 ? ' ' : text[i];
    }
    memcpy(out + n, n < length ? "…" : "", n < length ? sizeof "…" : 1);
    return out;
}
