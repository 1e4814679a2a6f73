/* SPDX-License-Identifier: MIT
 *
 * Dates and timestamps alike: a time is an integer in its column's unit, days or
 * microseconds since 1970. Layer: core/data.
 */
#ifndef CHL_DATA_TIMES_H
#define CHL_DATA_TIMES_H

#include "core/data/calendar.h"
#include "core/data/frame.h"

static inline bool chl_type_is_time(chl_type type)
{
    return type == CHL_DATE || type == CHL_TIMESTAMP;
}

/* Units a day. */
static inline int64_t chl_time_day(chl_type type)
{
    return type == CHL_DATE ? 1 : CHL_MICROS_PER_DAY;
}

static inline int64_t chl_column_time(const chl_column *column, int64_t row)
{
    return column->type == CHL_DATE ? column->values.days[row]
                                    : column->values.micros[row];
}

/* Under construction. */
static inline void chl_column_set_time(chl_column *column, int64_t row, int64_t time)
{
    if (column->type == CHL_DATE) {
        column->values.days[row] = (int32_t)time;
    } else {
        column->values.micros[row] = time;
    }
}

/* The column of that name; fails when it is unknown or holds no times: "<where>: column
 * 'n': expected dates or timestamps, got i64". */
CHL_MUST_CHECK chl_status chl_frame_times(const chl_frame *frame, const char *where,
                                          const char *name, const chl_column **out,
                                          chl_error *err);
/* The same for a column of the type that `like` has: "<where>: column 'known': expected
 * date as in 'when', got timestamp". */
CHL_MUST_CHECK chl_status chl_frame_times_like(const chl_frame *frame, const char *where,
                                               const char *name, chl_type type,
                                               const char *like, const chl_column **out,
                                               chl_error *err);

/* "2026-11-22", and for timestamps a time of the day behind it; fails with "<where>:
 * expected a date such as "2026-11-30", got …". */
CHL_MUST_CHECK chl_status chl_time_parse(chl_type type, const char *text,
                                         const char *where, int64_t *time,
                                         chl_error *err);

/* The same day of another month, or that month's last one; false out of the calendar. */
bool chl_time_add_months(chl_type type, int64_t time, int64_t months, int64_t *out);

#endif
