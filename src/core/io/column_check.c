/* SPDX-License-Identifier: MIT
 *
 * The values of a column file, checked in one pass a buffer. Layer: core/io.
 */
#include <string.h>

#include "core/data/calendar.h"
#include "core/io/column_layout.h"

/* Adding one to the exponent of NaN or Inf carries into the sign's place. */
static bool all_finite(const double *values, int64_t n)
{
    uint64_t carried = 0;
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        carried |= (bits & INT64_MAX) + (UINT64_C(1) << 52);
    }
    return carried >> 63 == 0;
}

static bool all_bool(const uint8_t *values, int64_t n)
{
    uint8_t seen = 0;
    for (int64_t i = 0; i < n; i++) {
        seen |= values[i];
    }
    return seen <= 1;
}

/* Codes in -1 … levels - 1; counts -1. */
static bool all_codes(const int32_t *codes, int64_t n, int32_t levels, int64_t *absent)
{
    bool outside = false;
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        outside |= (uint32_t)codes[i] + 1u > (uint32_t)levels;
        count += codes[i] < 0;
    }
    *absent = count;
    return !outside;
}

static bool all_rising(const int64_t *offsets, int64_t n)
{
    bool falls = false;
    for (int64_t i = 0; i < n; i++) {
        falls |= offsets[i] > offsets[i + 1];
    }
    return !falls;
}

static bool all_days(const int32_t *days, int64_t n)
{
    bool outside = false;
    for (int64_t i = 0; i < n; i++) {
        outside |= !chl_days_in_range(days[i]);
    }
    return !outside;
}

static bool all_micros(const int64_t *micros, int64_t n)
{
    bool outside = false;
    for (int64_t i = 0; i < n; i++) {
        outside |= !chl_micros_in_range(micros[i]);
    }
    return !outside;
}

/* What stands behind the missing row i is what column.h says. */
static bool is_cleared(const chl_column *c, int64_t i)
{
    if (c->type == CHL_STRING) {
        return c->values.offsets[i] == c->values.offsets[i + 1];
    }
    static const unsigned char zeros[8];
    static const unsigned char minus_one[8] = {255, 255, 255, 255, 255, 255, 255, 255};
    size_t size = chl_type_size(c->type);
    const unsigned char *value = (const unsigned char *)c->values.any + (size_t)i * size;
    return memcmp(value, c->type == CHL_CATEGORY ? minus_one : zeros, size) == 0;
}

/* Counts the missing rows; false when the value behind one is not cleared. */
static bool missing_rows(const chl_column *c, int64_t *missing)
{
    int64_t count = 0;
    for (int64_t i = 0; i < c->length; i += 8) {
        if (c->validity[i >> 3] == 0xff) {
            continue;
        }
        int64_t end = c->length - i < 8 ? c->length : i + 8;
        for (int64_t k = i; k < end; k++) {
            if (!chl_column_valid(c, k)) {
                count++;
                if (!is_cleared(c, k)) {
                    return false;
                }
            }
        }
    }
    *missing = count;
    return true;
}

static const char *check_type(const chl_column *c, uint64_t bytes, int64_t missing)
{
    int64_t absent;
    switch (c->type) {
    case CHL_F64:
        return all_finite(c->values.f64, c->length) ? NULL : "a value is not finite";
    case CHL_BOOL:
        return all_bool(c->values.boolean, c->length) ? NULL : "a bool is not 0 or 1";
    case CHL_CATEGORY:
        if (!all_codes(c->values.codes, c->length, chl_levels_count(c->levels),
                       &absent)) {
            return "a code has no level";
        }
        return absent == missing ? NULL : "a row without a level is not missing";
    case CHL_STRING:
        if (c->values.offsets[0] < 0 || (uint64_t)c->values.offsets[c->length] > bytes ||
            !all_rising(c->values.offsets, c->length)) {
            return "an offset of a text is out of order";
        }
        return NULL;
    case CHL_DATE:
        return all_days(c->values.days, c->length) ? NULL
                                                   : "a date is out of the calendar";
    case CHL_TIMESTAMP:
        return all_micros(c->values.micros, c->length) ? NULL
                                                       : "a time is out of the calendar";
    case CHL_I64: return NULL;
    }
    return NULL;
}

const char *column_check(const chl_column *column, uint64_t bytes, int64_t *missing)
{
    *missing = 0;
    if (column->validity && !missing_rows(column, missing)) {
        return "a missing row has a value";
    }
    return check_type(column, bytes, *missing);
}

/* ---- levels ---- */

static chl_status intern_all(const unsigned char *offsets, uint64_t count,
                             const char *bytes, uint64_t length, chl_levels *levels,
                             chl_error *err)
{
    int64_t start = 0, end;
    for (uint64_t i = 0; i < count; i++) {
        memcpy(&end, offsets + 8 * (i + 1), sizeof end);
        if (end < start || (uint64_t)end > length) {
            return chl_fail(err, CHL_EFORMAT, "an offset of a level is out of order");
        }
        int32_t code;
        CHL_TRY(
            chl_levels_intern(levels, bytes + start, (size_t)(end - start), &code, err));
        if (code != (int32_t)i) {
            return chl_fail(err, CHL_EFORMAT, "a level is there twice");
        }
        start = end;
    }
    if ((uint64_t)start != length) {
        return chl_fail(err, CHL_EFORMAT, "bytes after the last level");
    }
    return CHL_OK;
}

chl_status column_levels(bool ordered, const unsigned char *offsets,
                         uint64_t offsets_length, const char *bytes, uint64_t length,
                         chl_levels **out, chl_error *err)
{
    *out = NULL;
    int64_t first = -1;
    if (offsets_length >= sizeof first && offsets_length % sizeof first == 0) {
        memcpy(&first, offsets, sizeof first);
    }
    if (first != 0) {
        return chl_fail(err, CHL_EFORMAT, "its level offsets do not begin with 0");
    }
    chl_levels *levels = NULL;
    CHL_TRY(chl_levels_new(&levels, err));
    chl_status status = intern_all(offsets, offsets_length / sizeof first - 1, bytes,
                                   length, levels, err);
    if (status != CHL_OK) {
        chl_levels_release(levels);
        return status;
    }
    if (ordered) {
        chl_levels_set_ordered(levels);
    }
    *out = levels;
    return CHL_OK;
}
