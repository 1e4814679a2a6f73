/* SPDX-License-Identifier: MIT
 *
 * The proleptic Gregorian calendar as days since 1970-01-01: Howard Hinnant,
 * "chrono-compatible low-level date algorithms". Layer: core/data.
 */
#include "core/data/calendar.h"
#include "core/data/column.h"

enum {
    DAYS_PER_ERA = 146097, /* 400 years */
    EPOCH_DAYS = 719468    /* 0000-03-01 … 1970-01-01 */
};

int32_t chl_date_from_civil(int year, int month, int day)
{
    year -= month <= 2;
    int era = (year >= 0 ? year : year - 399) / 400;
    int year_of_era = year - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - EPOCH_DAYS;
}

/* Neri and Schneider, "Euclidean affine functions and their application to calendar
 * algorithms" (2022): no division by a variable, no branch. For days of the calendar; one
 * era is added first, so that nothing is negative. */
static void to_civil_quickly(int32_t days, int *year, int *month, int *day)
{
    uint32_t n = 4 * (uint32_t)(days + EPOCH_DAYS + DAYS_PER_ERA) + 3;
    uint32_t century = n / DAYS_PER_ERA;
    uint64_t of_century = UINT64_C(2939745) * (n % DAYS_PER_ERA / 4 * 4 + 3);
    uint32_t of_year = (uint32_t)of_century / 2939745 / 4; /* from March 1st on */
    uint32_t months = 2141 * of_year + 197913;
    bool next = of_year >= 306; /* January or February */
    *year = (int)(100 * century + (uint32_t)(of_century >> 32)) - 400 + next;
    *month = (int)(months >> 16) - 12 * next;
    *day = (int)((months & 0xffff) / 2141) + 1;
}

void chl_date_to_civil(int32_t days, int *year, int *month, int *day)
{
    if (chl_days_in_range(days)) {
        to_civil_quickly(days, year, month, day);
        return;
    }
    int64_t shifted = (int64_t)days + EPOCH_DAYS;
    int64_t era = (shifted >= 0 ? shifted : shifted - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
    int day_of_era = (int)(shifted - era * DAYS_PER_ERA);
    int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                       day_of_era / (DAYS_PER_ERA - 1)) /
                      365;
    int day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    *month = shifted_month + (shifted_month < 10 ? 3 : -9);
    *year = year_of_era + (int)era * 400 + (*month <= 2);
}

static bool read_digits(const char *text, int n, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *value = *value * 10 + (text[i] - '0');
    }
    return true;
}

bool chl_date_parse(const char *text, size_t length, int32_t *days)
{
    int year, month, day;
    if (length != 10 || text[4] != '-' || text[7] != '-' ||
        !read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
        !read_digits(text + 8, 2, &day) || month < 1 || month > 12 || day < 1) {
        return false;
    }
    int32_t result = chl_date_from_civil(year, month, day);
    int back_year, back_month, back_day;
    chl_date_to_civil(result, &back_year, &back_month, &back_day);
    *days = result;
    return back_month == month && back_day == day; /* 2026-02-30 comes back as March */
}
