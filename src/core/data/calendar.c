/* SPDX-License-Identifier: MIT */
#include "core/data/calendar.h"

#include "core/data/column.h"

enum { MONTHS_MAX = 12 * 10000 }; /* more lead out of the calendar from anywhere */

static int64_t floor_to(int64_t value, int64_t step)
{
    int64_t rest = value % step;
    return value - (rest < 0 ? rest + step : rest);
}

int chl_days_weekday(int32_t days)
{
    enum { THURSDAY = 3 }; /* 1970-01-01 */
    int64_t shifted = (int64_t)days + THURSDAY;
    return (int)(shifted - floor_to(shifted, 7)) + 1;
}

int chl_days_of_year(int32_t days)
{
    int year, month, day;
    chl_date_to_civil(days, &year, &month, &day);
    return days - chl_date_from_civil(year, 1, 1) + 1;
}

int chl_days_week(int32_t days)
{
    /* the week belongs to the year of its Thursday */
    return (chl_days_of_year(days - chl_days_weekday(days) + 4) - 1) / 7 + 1;
}

/* ---- truncation ---- */

bool chl_days_truncate(int32_t days, chl_time_unit unit, int32_t *out)
{
    int year, month, day;
    chl_date_to_civil(days, &year, &month, &day);
    switch (unit) {
    case CHL_UNIT_WEEK: days -= chl_days_weekday(days) - 1; break;
    case CHL_UNIT_MONTH: days -= day - 1; break;
    case CHL_UNIT_QUARTER:
        days = chl_date_from_civil(year, (month - 1) / 3 * 3 + 1, 1);
        break;
    case CHL_UNIT_YEAR: days = chl_date_from_civil(year, 1, 1); break;
    default: break; /* no date is finer than a day */
    }
    *out = days;
    return chl_days_in_range(days);
}

bool chl_micros_truncate(int64_t micros, chl_time_unit unit, int64_t *out)
{
    int32_t days;
    switch (unit) {
    case CHL_UNIT_SECOND: *out = floor_to(micros, CHL_MICROS_PER_SECOND); break;
    case CHL_UNIT_MINUTE: *out = floor_to(micros, 60 * CHL_MICROS_PER_SECOND); break;
    case CHL_UNIT_HOUR: *out = floor_to(micros, 3600 * CHL_MICROS_PER_SECOND); break;
    default:
        if (!chl_days_truncate(chl_days_of_micros(micros), unit, &days)) {
            return false;
        }
        *out = days * CHL_MICROS_PER_DAY;
        break;
    }
    return chl_micros_in_range(*out);
}

/* ---- months ---- */

bool chl_days_add_months(int32_t days, int64_t months, int32_t *out)
{
    int year, month, day;
    if (!chl_days_in_range(days) || months < -MONTHS_MAX || months > MONTHS_MAX) {
        return false;
    }
    chl_date_to_civil(days, &year, &month, &day);
    int64_t count = (int64_t)year * 12 + month - 1 + months;
    if (count < 0 || count >= MONTHS_MAX) {
        return false;
    }
    year = (int)(count / 12);
    month = (int)(count % 12) + 1;
    int most = chl_days_in_month(year, month);
    *out = chl_date_from_civil(year, month, day < most ? day : most);
    return true;
}

bool chl_micros_add_months(int64_t micros, int64_t months, int64_t *out)
{
    int32_t days;
    if (!chl_micros_in_range(micros) ||
        !chl_days_add_months(chl_days_of_micros(micros), months, &days)) {
        return false;
    }
    int64_t clock = micros - floor_to(micros, CHL_MICROS_PER_DAY);
    *out = days * CHL_MICROS_PER_DAY + clock;
    return true;
}

bool chl_months_between(int64_t from, int64_t to, int64_t *months)
{
    if (!chl_micros_in_range(from) || !chl_micros_in_range(to)) {
        return false;
    }
    chl_moment a, b;
    int64_t reached;
    chl_moment_of_micros(from, &a);
    chl_moment_of_micros(to, &b);
    int64_t n = (b.year - a.year) * 12 + (b.month - a.month);
    if (!chl_micros_add_months(from, n, &reached)) {
        return false;
    }
    if (from <= to && reached > to) {
        n--;
    } else if (from > to && reached < to) {
        n++;
    }
    *months = n;
    return true;
}
