/* SPDX-License-Identifier: MIT */
#include "core/data/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/decimal.h"

enum {
    MAX_DIGITS = 19,     /* that always fit 64 bits */
    MAX_EXPONENT = 9999, /* exponents beyond are 0 or infinite anyway */
    SHORT_TEXT = 128
};

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

/* Digits, a point and digits, at most 19 of them together: what most numbers are. */
static inline bool read_simple(const char *at, const char *end, uint64_t *mantissa,
                               int *exponent)
{
    uint64_t sum = 0;
    const char *first = at;
    for (; at < end && is_digit(*at); at++) {
        sum = sum * 10 + (uint64_t)(*at - '0');
    }
    ptrdiff_t digits = at - first, decimals = 0;
    if (at < end && *at == '.') {
        first = ++at;
        for (; at < end && is_digit(*at); at++) {
            sum = sum * 10 + (uint64_t)(*at - '0');
        }
        decimals = at - first;
    }
    *mantissa = sum;
    *exponent = -(int)decimals;
    digits += decimals;
    return at == end && digits > 0 && digits <= MAX_DIGITS;
}

bool chl_parse_f64(const char *text, size_t length, double *value)
{
    decimal d = {.exact = true};
    bool negative = length && *text == '-';
    if (read_simple(text + negative, text + length, &d.mantissa, &d.exponent) &&
        chl_decimal_to_f64(d.mantissa, d.exponent, value)) {
        *value = negative ? -*value : *value;
        return true;
    }
    d = (decimal){.exact = true};
    if (!read_decimal(text, text + length, &d)) {
        return false;
    }
    if (!d.exact || !chl_decimal_to_f64(d.mantissa, d.exponent, value)) {
        return convert_slowly(text, length, value);
    }
    *value = d.negative ? -*value : *value;
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
