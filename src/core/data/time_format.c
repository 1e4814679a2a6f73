/* SPDX-License-Identifier: MIT */
#include "core/data/time_format.h"

#include <stdio.h>
#include <string.h>

#include "core/data/calendar.h"
#include "core/data/column.h"

enum { FRACTION_DIGITS = 6, FRACTION_MAX = 9, OFFSET_HOURS_MAX = 15 };

static const char known[] = "YymdHMSfbBpIjz";
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

/* ---- compiling ---- */

static chl_status fail_at(chl_error *err, const char *text, size_t length, size_t at,
                          const char *what)
{
    return chl_fail(err, CHL_EPARSE, "format \"%.*s\": position %zu: %s",
                    length > 80 ? 80 : (int)length, text, at + 1, what);
}

static chl_status fail_directive(chl_error *err, const char *text, size_t length,
                                 size_t at)
{
    char what[160], list[64];
    size_t used = 0;
    for (const char *c = known; *c; c++) {
        used += (size_t)snprintf(list + used, sizeof list - used, "%%%c ", *c);
    }
    if (at + 1 == length) {
        return fail_at(err, text, length, at, "expected a directive after '%'");
    }
    snprintf(what, sizeof what, "unknown directive '%%%c' (known: %s%%%%)",
             text[at + 1] > ' ' && text[at + 1] < 0x7f ? text[at + 1] : '?', list);
    return fail_at(err, text, length, at, what);
}

chl_status chl_time_format_init(chl_time_format *format, const char *text, size_t length,
                                size_t *at, chl_error *err)
{
    *format = (chl_time_format){0};
    for (size_t i = 0; i < length; i++) {
        char directive = 0, byte = text[i];
        if (at) {
            *at = i;
        }
        if (format->n == CHL_TIME_PARTS_MAX) {
            return fail_at(err, text, length, i, "a format has at most 64 parts");
        }
        if (byte == '%') {
            directive = i + 1 < length ? text[i + 1] : '\0';
            if (directive == '%') {
                directive = 0;
            } else if (!directive || !strchr(known, directive)) {
                return fail_directive(err, text, length, i);
            }
            i++;
        }
        format->parts[format->n].directive = directive;
        format->parts[format->n++].byte = byte;
        format->has_clock |= directive && strchr("HIMSf", directive);
    }
    return CHL_OK;
}

chl_status chl_time_format_check(const chl_time_format *format, chl_error *err)
{
    /* directives that tell the same thing share a letter */
    static const char means[][2] = {{'y', 'Y'}, {'B', 'm'}, {'b', 'm'}, {'I', 'H'}};
    bool has[128] = {false};
    bool twelve = false;
    for (int i = 0; i < format->n; i++) {
        char d = format->parts[i].directive;
        twelve |= d == 'I';
        for (size_t k = 0; k < sizeof means / sizeof means[0]; k++) {
            d = d == means[k][0] ? means[k][1] : d;
        }
        if (d && has[(int)d]) {
            return chl_fail(err, CHL_EINVAL, "two directives tell the same part (%%%c)",
                            format->parts[i].directive);
        }
        has[(int)d] = d != 0;
    }
    if (!has['Y'] || !((has['m'] && has['d']) || has['j'])) {
        return chl_fail(err, CHL_EINVAL,
                        "the format must tell year, month and day: expected %%Y (or %%y) "
                        "with %%m and %%d, or %%Y with %%j");
    }
    if (has['j'] && (has['m'] || has['d'])) {
        return chl_fail(err, CHL_EINVAL, "two directives tell the same part (%%j)");
    }
    if (twelve != has['p']) {
        return chl_fail(err, CHL_EINVAL, "%%I and %%p need each other");
    }
    return CHL_OK;
}

/* ---- reading ---- */

typedef struct reader {
    const char *at, *end;
    chl_moment m;
    int day_of_year; /* 0 = month and day tell the day */
    bool afternoon, twelve;
    int64_t offset; /* seconds east of UTC */
} reader;

static bool is_digit(const reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

/* A number of at least `least` and at most `most` digits. */
static bool read_number(reader *r, int least, int most, int *value)
{
    int digits = 0;
    *value = 0;
    for (; digits < most && is_digit(r); digits++) {
        *value = *value * 10 + (*r->at++ - '0');
    }
    return digits >= least;
}

static bool read_fraction(reader *r, bool exact)
{
    int digits = 0, scale = 100000;
    if (exact) {
        return read_number(r, FRACTION_DIGITS, FRACTION_DIGITS, &r->m.micro);
    }
    r->m.micro = 0;
    for (; is_digit(r); r->at++, digits++, scale /= 10) {
        if (digits >= FRACTION_MAX || (digits >= FRACTION_DIGITS && *r->at != '0')) {
            return false;
        }
        r->m.micro += (*r->at - '0') * scale;
    }
    return digits > 0;
}

/* Takes `word` in any letter case. */
static bool accept(reader *r, const char *word, size_t n)
{
    if ((size_t)(r->end - r->at) < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        char c = r->at[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
        char w = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] | 0x20) : word[i];
        if (c != w) {
            return false;
        }
    }
    r->at += n;
    return true;
}

static bool read_month_name(reader *r)
{
    for (int month = 0; month < 12; month++) {
        if (accept(r, months[month], strlen(months[month])) ||
            accept(r, months[month], 3)) {
            r->m.month = month + 1;
            return true;
        }
    }
    return false;
}

static bool read_half(reader *r)
{
    r->afternoon = accept(r, "PM", 2);
    return r->afternoon || accept(r, "AM", 2);
}

static bool read_offset(reader *r)
{
    int hours, minutes = 0;
    if (accept(r, "Z", 1)) {
        return true;
    }
    bool west = accept(r, "-", 1);
    if ((!west && !accept(r, "+", 1)) || !read_number(r, 2, 2, &hours)) {
        return false;
    }
    if ((accept(r, ":", 1) || is_digit(r)) && !read_number(r, 2, 2, &minutes)) {
        return false;
    }
    r->offset = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours <= OFFSET_HOURS_MAX && minutes < 60;
}

static bool read_year_of_century(reader *r)
{
    enum { LAST = 68 }; /* POSIX: 69 … 99 are of the 20th century */
    if (!read_number(r, 2, 2, &r->m.year)) {
        return false;
    }
    r->m.year += r->m.year > LAST ? 1900 : 2000;
    return true;
}

/* `exact`: another number is beside it, so all digits must be there. */
static bool read_part(reader *r, char directive, bool exact)
{
    int least = exact ? 2 : 1;
    switch (directive) {
    case 'Y': return read_number(r, 4, 4, &r->m.year);
    case 'y': return read_year_of_century(r);
    case 'm': return read_number(r, least, 2, &r->m.month);
    case 'd': return read_number(r, least, 2, &r->m.day);
    case 'j': return read_number(r, exact ? 3 : 1, 3, &r->day_of_year);
    case 'H': return read_number(r, least, 2, &r->m.hour);
    case 'I':
        r->twelve = true;
        return read_number(r, least, 2, &r->m.hour) && r->m.hour >= 1 && r->m.hour <= 12;
    case 'M': return read_number(r, least, 2, &r->m.minute);
    case 'S': return read_number(r, least, 2, &r->m.second);
    case 'f': return read_fraction(r, exact);
    case 'p': return read_half(r);
    case 'z': return read_offset(r);
    default: return read_month_name(r); /* b, B */
    }
}

static bool is_number(char directive)
{
    return directive && strchr("YymdjHIMSf", directive);
}

static bool finish(reader *r, bool by_day_of_year, int64_t *micros)
{
    if (by_day_of_year) {
        int days = chl_days_in_month(r->m.year, 2) == 29 ? 366 : 365;
        if (r->day_of_year < 1 || r->day_of_year > days) {
            return false;
        }
        int32_t first = chl_date_from_civil(r->m.year, 1, 1);
        chl_date_to_civil(first + r->day_of_year - 1, &r->m.year, &r->m.month, &r->m.day);
    }
    if (r->twelve) {
        r->m.hour = r->m.hour % 12 + (r->afternoon ? 12 : 0);
    }
    if (!chl_moment_to_micros(&r->m, micros)) {
        return false;
    }
    *micros -= r->offset * CHL_MICROS_PER_SECOND;
    return chl_micros_in_range(*micros);
}

bool chl_time_format_read(const chl_time_format *format, const char *text, size_t length,
                          int64_t *micros)
{
    reader r = {.at = text, .end = text + length};
    bool by_day_of_year = false;
    for (int i = 0; i < format->n; i++) {
        char directive = format->parts[i].directive;
        if (directive) {
            bool exact = (i > 0 && is_number(format->parts[i - 1].directive)) ||
                         (i + 1 < format->n && is_number(format->parts[i + 1].directive));
            by_day_of_year |= directive == 'j';
            if (!read_part(&r, directive, exact)) {
                return false;
            }
        } else if (r.at == r.end || *r.at++ != format->parts[i].byte) {
            return false;
        }
    }
    return r.at == r.end && finish(&r, by_day_of_year, micros);
}

/* ---- writing ---- */

static int day_of_year(const chl_moment *m)
{
    return chl_date_from_civil(m->year, m->month, m->day) -
           chl_date_from_civil(m->year, 1, 1) + 1;
}

static void write_number(chl_strbuf *out, int value, int digits)
{
    char text[8];
    for (int i = digits; i-- > 0; value /= 10) {
        text[i] = (char)('0' + value % 10);
    }
    chl_strbuf_append(out, text, (size_t)digits);
}

static void write_part(const chl_moment *m, char directive, chl_strbuf *out)
{
    switch (directive) {
    case 'Y': write_number(out, m->year, 4); break;
    case 'y': write_number(out, m->year % 100, 2); break;
    case 'm': write_number(out, m->month, 2); break;
    case 'd': write_number(out, m->day, 2); break;
    case 'j': write_number(out, day_of_year(m), 3); break;
    case 'H': write_number(out, m->hour, 2); break;
    case 'I': write_number(out, (m->hour + 11) % 12 + 1, 2); break;
    case 'M': write_number(out, m->minute, 2); break;
    case 'S': write_number(out, m->second, 2); break;
    case 'f': write_number(out, m->micro, 6); break;
    case 'p': chl_strbuf_puts(out, m->hour < 12 ? "AM" : "PM"); break;
    case 'z': chl_strbuf_puts(out, "+0000"); break;
    case 'b': chl_strbuf_append(out, months[m->month - 1], 3); break;
    default: chl_strbuf_puts(out, months[m->month - 1]); break; /* B */
    }
}

void chl_time_format_write(const chl_time_format *format, int64_t micros, chl_strbuf *out)
{
    chl_moment m;
    chl_moment_of_micros(micros, &m);
    for (int i = 0; i < format->n; i++) {
        if (format->parts[i].directive) {
            write_part(&m, format->parts[i].directive, out);
        } else {
            chl_strbuf_putc(out, format->parts[i].byte);
        }
    }
}
