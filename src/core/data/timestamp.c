/* SPDX-License-Identifier: MIT
 *
 * Timestamps: microseconds since 1970-01-01, UTC, and their text. Layer: core/data.
 */
#include <stdio.h>

#include "core/data/calendar.h"
#include "core/data/column.h"

enum { DATE_LENGTH = 10, MICRO_DIGITS = 6, FRACTION_MAX = 9, OFFSET_HOURS_MAX = 15 };

int chl_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

bool chl_moment_to_micros(const chl_moment *m, int64_t *micros)
{
    if (m->year < 0 || m->year > 9999 || m->month < 1 || m->month > 12 || m->day < 1 ||
        m->day > chl_days_in_month(m->year, m->month) || m->hour < 0 || m->hour > 23 ||
        m->minute < 0 || m->minute > 59 || m->second < 0 || m->second > 59 ||
        m->micro < 0 || m->micro >= CHL_MICROS_PER_SECOND) {
        return false;
    }
    int64_t days = chl_date_from_civil(m->year, m->month, m->day);
    int64_t seconds = ((days * 24 + m->hour) * 60 + m->minute) * 60 + m->second;
    *micros = seconds * CHL_MICROS_PER_SECOND + m->micro;
    return true;
}

void chl_moment_of_micros(int64_t micros, chl_moment *m)
{
    int32_t days = chl_days_of_micros(micros);
    int64_t rest = micros % CHL_MICROS_PER_DAY;
    rest += rest < 0 ? CHL_MICROS_PER_DAY : 0;
    int seconds = (int)(rest / CHL_MICROS_PER_SECOND);
    chl_date_to_civil(days, &m->year, &m->month, &m->day);
    m->hour = seconds / 3600;
    m->minute = seconds / 60 % 60;
    m->second = seconds % 60;
    m->micro = (int)(rest % CHL_MICROS_PER_SECOND);
}

/* ---- parsing ---- */

typedef struct reader {
    const char *at, *end;
} reader;

static bool accept(reader *r, char c)
{
    bool found = r->at < r->end && *r->at == c;
    r->at += found;
    return found;
}

static bool read_two(reader *r, int *value)
{
    if (r->end - r->at < 2 || r->at[0] < '0' || r->at[0] > '9' || r->at[1] < '0' ||
        r->at[1] > '9') {
        return false;
    }
    *value = (r->at[0] - '0') * 10 + (r->at[1] - '0');
    r->at += 2;
    return true;
}

static bool read_fraction(reader *r, int *micro)
{
    int digits = 0;
    *micro = 0;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++, digits++) {
        if (digits >= FRACTION_MAX || (digits >= MICRO_DIGITS && *r->at != '0')) {
            return false;
        }
        *micro = digits < MICRO_DIGITS ? *micro * 10 + (*r->at - '0') : *micro;
    }
    for (int i = digits; i < MICRO_DIGITS; i++) {
        *micro *= 10;
    }
    return digits > 0;
}

static bool read_clock(reader *r, chl_moment *m)
{
    if (!read_two(r, &m->hour) || !accept(r, ':') || !read_two(r, &m->minute)) {
        return false;
    }
    if (!accept(r, ':')) {
        return true;
    }
    return read_two(r, &m->second) && (!accept(r, '.') || read_fraction(r, &m->micro));
}

/* Z, +hh, +hhmm, +hh:mm or nothing. */
static bool read_offset(reader *r, int64_t *micros)
{
    *micros = 0;
    if (r->at == r->end || accept(r, 'Z')) {
        return true;
    }
    int hours, minutes = 0;
    bool west = *r->at == '-';
    if (!(accept(r, '-') || accept(r, '+')) || !read_two(r, &hours)) {
        return false;
    }
    if (r->at < r->end) {
        (void)accept(r, ':');
        if (!read_two(r, &minutes)) {
            return false;
        }
    }
    int64_t seconds = hours * 3600 + minutes * 60;
    *micros = (west ? -seconds : seconds) * CHL_MICROS_PER_SECOND;
    return hours <= OFFSET_HOURS_MAX && minutes < 60;
}

bool chl_timestamp_parse(const char *text, size_t length, int64_t *micros)
{
    int32_t days;
    int64_t offset = 0;
    chl_moment m = {0};
    if (length < DATE_LENGTH || !chl_date_parse(text, DATE_LENGTH, &days)) {
        return false;
    }
    reader r = {text + DATE_LENGTH, text + length};
    if (r.at < r.end && !((accept(&r, ' ') || accept(&r, 'T')) && read_clock(&r, &m) &&
                          read_offset(&r, &offset))) {
        return false;
    }
    if (r.at != r.end || m.hour > 23 || m.minute > 59 || m.second > 59) {
        return false;
    }
    int64_t seconds = (int64_t)m.hour * 3600 + m.minute * 60 + m.second;
    *micros = days * CHL_MICROS_PER_DAY + seconds * CHL_MICROS_PER_SECOND + m.micro;
    *micros -= offset;
    return chl_micros_in_range(*micros);
}

/* ---- formatting ---- */

size_t chl_date_format(int32_t days, char out[CHL_TIME_TEXT])
{
    int year, month, day;
    chl_date_to_civil(days, &year, &month, &day);
    return (size_t)snprintf(out, CHL_TIME_TEXT, "%04d-%02d-%02d", year, month, day);
}

size_t chl_timestamp_format(int64_t micros, char out[CHL_TIME_TEXT])
{
    chl_moment m;
    chl_moment_of_micros(micros, &m);
    int n = snprintf(out, CHL_TIME_TEXT, "%04d-%02d-%02d %02d:%02d:%02d", m.year, m.month,
                     m.day, m.hour, m.minute, m.second);
    if (m.micro % 1000) {
        n += snprintf(out + n, CHL_TIME_TEXT - (size_t)n, ".%06d", m.micro);
    } else if (m.micro) {
        n += snprintf(out + n, CHL_TIME_TEXT - (size_t)n, ".%03d", m.micro / 1000);
    }
    return (size_t)n;
}
