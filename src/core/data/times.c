/* SPDX-License-Identifier: MIT */
#include "core/data/times.h"

#include <string.h>

chl_status chl_frame_times(const chl_frame *frame, const char *where, const char *name,
                           const chl_column **out, chl_error *err)
{
    int index;
    CHL_TRY(chl_frame_index(frame, where, name, &index, err));
    chl_type type = frame->fields[index].column->type;
    if (!chl_type_is_time(type)) {
        return chl_fail(err, CHL_ETYPE,
                        "%s: column '%s': expected dates or timestamps, got %s", where,
                        name, chl_type_name(type));
    }
    *out = frame->fields[index].column;
    return CHL_OK;
}

chl_status chl_frame_times_like(const chl_frame *frame, const char *where,
                                const char *name, chl_type type, const char *like,
                                const chl_column **out, chl_error *err)
{
    int index;
    CHL_TRY(chl_frame_index(frame, where, name, &index, err));
    chl_type got = frame->fields[index].column->type;
    if (got != type) {
        return chl_fail(err, CHL_ETYPE, "%s: column '%s': expected %s as in '%s', got %s",
                        where, name, chl_type_name(type), like, chl_type_name(got));
    }
    *out = frame->fields[index].column;
    return CHL_OK;
}

chl_status chl_time_parse(chl_type type, const char *text, const char *where,
                          int64_t *time, chl_error *err)
{
    int32_t days = 0;
    bool date = type == CHL_DATE;
    if (date ? chl_date_parse(text, strlen(text), &days)
             : chl_timestamp_parse(text, strlen(text), time)) {
        *time = date ? days : *time;
        return CHL_OK;
    }
    return chl_fail(err, CHL_EINVAL, "%s: expected %s, got \"%s\"", where,
                    date ? "a date such as \"2026-11-30\""
                         : "a time such as \"2026-11-30 12:00\"",
                    text);
}

bool chl_time_add_months(chl_type type, int64_t time, int64_t months, int64_t *out)
{
    if (type == CHL_TIMESTAMP) {
        return chl_micros_add_months(time, months, out);
    }
    int32_t days;
    bool fits = chl_days_add_months((int32_t)time, months, &days);
    *out = fits ? days : 0;
    return fits;
}
