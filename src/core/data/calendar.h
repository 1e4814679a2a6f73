/* SPDX-License-Identifier: MIT
 *
 * Days and times of the proleptic Gregorian calendar, UTC, without leap seconds. Layer:
 * core/data.
 *
 * A date is days, a timestamp microseconds since 1970-01-01. Both exist for the years
 * 0000 to 9999; what would leave them is no value. The conversions between days and year,
 * month, day are declared in column.h.
 */
#ifndef CHL_DATA_CALENDAR_H
#define CHL_DATA_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHL_DAYS_MIN = -719528, /* 0000-01-01 */
    CHL_DAYS_MAX = 2932896, /* 9999-12-31 */
    CHL_TIME_TEXT = 48      /* room for the text of any date or timestamp */
};

#define CHL_MICROS_PER_SECOND INT64_C(1000000)
#define CHL_MICROS_PER_DAY    (86400 * CHL_MICROS_PER_SECOND)
#define CHL_MICROS_MIN        (CHL_DAYS_MIN * CHL_MICROS_PER_DAY)
#define CHL_MICROS_MAX        ((CHL_DAYS_MAX + 1) * CHL_MICROS_PER_DAY - 1)

/* A moment by its parts: month 1–12, day 1–31, hour 0–23, minute and second 0–59, micro
 * 0–999999. */
typedef struct chl_moment {
    int year, month, day, hour, minute, second, micro;
} chl_moment;

static inline bool chl_days_in_range(int64_t days)
{
    return days >= CHL_DAYS_MIN && days <= CHL_DAYS_MAX;
}

static inline bool chl_micros_in_range(int64_t micros)
{
    return micros >= CHL_MICROS_MIN && micros <= CHL_MICROS_MAX;
}

/* The day of a timestamp, also before 1970. */
static inline int32_t chl_days_of_micros(int64_t micros)
{
    int64_t days = micros / CHL_MICROS_PER_DAY;
    return (int32_t)(days - (micros % CHL_MICROS_PER_DAY < 0));
}

typedef enum chl_time_unit {
    CHL_UNIT_SECOND,
    CHL_UNIT_MINUTE,
    CHL_UNIT_HOUR,
    CHL_UNIT_DAY,
    CHL_UNIT_WEEK, /* from Monday on */
    CHL_UNIT_MONTH,
    CHL_UNIT_QUARTER,
    CHL_UNIT_YEAR
} chl_time_unit;

int chl_days_weekday(int32_t days); /* 1 = Monday … 7 = Sunday */
int chl_days_week(int32_t days);    /* ISO 8601: 1 … 53, the first has a Thursday */
int chl_days_of_year(int32_t days); /* 1 … 366 */

/* The start of the unit that holds the time; false when it is out of the calendar. */
bool chl_days_truncate(int32_t days, chl_time_unit unit, int32_t *out);
bool chl_micros_truncate(int64_t micros, chl_time_unit unit, int64_t *out);

/* The same day of another month, or that month's last one; false out of the calendar. */
bool chl_days_add_months(int32_t days, int64_t months, int32_t *out);
bool chl_micros_add_months(int64_t micros, int64_t months, int64_t *out);

/* Completed months: the most that can be added to `from` without passing `to`; negative
 * when `to` is before. false when one of them is out of the calendar. */
bool chl_months_between(int64_t from, int64_t to, int64_t *months);

/* 28 … 31. */
int chl_days_in_month(int year, int month);

/* false when the parts are no moment of the years 0000 to 9999. */
bool chl_moment_to_micros(const chl_moment *moment, int64_t *micros);
void chl_moment_of_micros(int64_t micros, chl_moment *moment);

/* ISO 8601: "2026-11-22", "2026-11-22 10:00", "2026-11-22T10:00:00.25+01:00": a space or
 * T before the time, seconds and a fraction may be left out, then Z or an offset of
 * +hh:mm, +hhmm or +hh (otherwise UTC). Digits of a fraction beyond the sixth must be
 * zero. */
bool chl_timestamp_parse(const char *text, size_t length, int64_t *micros);

/* "2026-11-22" and "2026-11-22 10:00:00", with ".250" or ".000001" only when there is a
 * fraction; chl_timestamp_parse gives the same moment back. Returns the length. */
size_t chl_date_format(int32_t days, char out[CHL_TIME_TEXT]);
size_t chl_timestamp_format(int64_t micros, char out[CHL_TIME_TEXT]);

#endif
