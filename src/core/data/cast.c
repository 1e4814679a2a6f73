/* SPDX-License-Identifier: MIT
 *
 * Conversions of columns and the text of values. Layer: core/data.
 *
 * A cast keeps every value exactly or fails with its row (1-based, as people count).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/data/text.h"

static void format_date(int32_t days, chl_strbuf *buf)
{
    char text[CHL_TIME_TEXT];
    chl_strbuf_append(buf, text, chl_date_format(days, text));
}

static void format_timestamp(int64_t micros, chl_strbuf *buf)
{
    char text[CHL_TIME_TEXT];
    chl_strbuf_append(buf, text, chl_timestamp_format(micros, text));
}

/* As chl_format_double, with the sign of a negative zero. */
static void format_double(double value, chl_strbuf *buf)
{
    char text[32];
    if (value == 0 && signbit(value)) {
        chl_strbuf_puts(buf, "-0");
        return;
    }
    chl_format_double(value, text);
    chl_strbuf_puts(buf, text);
}

void chl_column_format(const chl_column *column, int64_t i, struct chl_strbuf *buf)
{
    size_t length;
    if (!chl_column_valid(column, i)) {
        return;
    }
    switch (column->type) {
    case CHL_F64: format_double(column->values.f64[i], buf); break;
    case CHL_I64: {
        char text[24];
        chl_strbuf_append(buf, text, chl_format_i64(column->values.i64[i], text));
        break;
    }
    case CHL_BOOL:
        chl_strbuf_puts(buf, column->values.boolean[i] ? "true" : "false");
        break;
    case CHL_DATE: format_date(column->values.days[i], buf); break;
    case CHL_TIMESTAMP: format_timestamp(column->values.micros[i], buf); break;
    case CHL_STRING:
    case CHL_CATEGORY: {
        const char *text = chl_column_text(column, i, &length);
        chl_strbuf_append(buf, text, length);
        break;
    }
    }
}

/* ---- casts ---- */

chl_status chl_builder_parse(chl_builder *builder, const char *text, size_t length,
                             bool *fits, chl_error *err)
{
    double number;
    int64_t integer;
    int32_t days;
    bool truth;
    *fits = true;
    switch (builder->type) {
    case CHL_F64:
        *fits = chl_parse_f64(text, length, &number);
        return *fits ? chl_builder_f64(builder, number, err) : CHL_OK;
    case CHL_I64:
        *fits = chl_parse_i64(text, length, &integer);
        return *fits ? chl_builder_i64(builder, integer, err) : CHL_OK;
    case CHL_BOOL:
        *fits = chl_parse_bool(text, length, &truth);
        if (!*fits && length == 1 && (*text == '0' || *text == '1')) {
            *fits = true;
            truth = *text == '1';
        }
        return *fits ? chl_builder_bool(builder, truth, err) : CHL_OK;
    case CHL_DATE:
        *fits = chl_date_parse(text, length, &days);
        return *fits ? chl_builder_days(builder, days, err) : CHL_OK;
    case CHL_TIMESTAMP:
        *fits = chl_timestamp_parse(text, length, &integer);
        return *fits ? chl_builder_micros(builder, integer, err) : CHL_OK;
    case CHL_CATEGORY:
    case CHL_STRING: break;
    }
    return chl_builder_text(builder, text, length, err);
}

/* Integers beyond 2^53 have neighbours that no double can tell apart. */
static bool exact_in_double(int64_t value)
{
    return value >= -(INT64_C(1) << 53) && value <= INT64_C(1) << 53;
}

static bool is_integer(double value)
{
    const double end = 9223372036854775808.0; /* 2^63 */
    return value == floor(value) && value >= -end && value < end;
}

static chl_status append_number(const chl_column *column, int64_t i, chl_builder *to,
                                bool *fits, chl_error *err)
{
    double value = chl_column_number(column, i);
    bool whole = column->type != CHL_F64 || is_integer(value);
    int64_t integer = column->type == CHL_I64 ? column->values.i64[i]
                      : whole                 ? (int64_t)value
                                              : 0;
    switch (to->type) {
    case CHL_F64:
        *fits = column->type != CHL_I64 || exact_in_double(integer);
        return *fits ? chl_builder_f64(to, value, err) : CHL_OK;
    case CHL_I64:
        *fits = whole;
        return *fits ? chl_builder_i64(to, integer, err) : CHL_OK;
    case CHL_BOOL:
        *fits = whole && (integer == 0 || integer == 1);
        return *fits ? chl_builder_bool(to, integer == 1, err) : CHL_OK;
    default: *fits = false; return CHL_OK;
    }
}

static bool is_time(chl_type type)
{
    return type == CHL_DATE || type == CHL_TIMESTAMP;
}

/* Between dates, timestamps and the i64 that count their days or microseconds. */
static chl_status append_time(const chl_column *column, int64_t i, chl_builder *to,
                              bool *fits, chl_error *err)
{
    int64_t value =
        column->type == CHL_DATE ? column->values.days[i] : column->values.i64[i];
    switch (to->type) {
    case CHL_I64: return chl_builder_i64(to, value, err);
    case CHL_DATE:
        *fits = column->type == CHL_TIMESTAMP ? value % CHL_MICROS_PER_DAY == 0
                                              : chl_days_in_range(value);
        value /= column->type == CHL_TIMESTAMP ? CHL_MICROS_PER_DAY : 1;
        return *fits ? chl_builder_days(to, (int32_t)value, err) : CHL_OK;
    default:
        *fits = column->type == CHL_DATE ? chl_days_in_range(value)
                                         : chl_micros_in_range(value);
        value *= column->type == CHL_DATE && *fits ? CHL_MICROS_PER_DAY : 1;
        return *fits ? chl_builder_micros(to, value, err) : CHL_OK;
    }
}

static chl_status append_row(const chl_column *column, int64_t i, chl_builder *to,
                             chl_strbuf *scratch, bool *fits, chl_error *err)
{
    *fits = true;
    if (!chl_column_valid(column, i)) {
        return chl_builder_null(to, err);
    }
    bool from_number = chl_type_numeric(column->type);
    bool to_text = to->type == CHL_STRING || to->type == CHL_CATEGORY;
    if ((is_time(column->type) && (is_time(to->type) || to->type == CHL_I64)) ||
        (column->type == CHL_I64 && is_time(to->type))) {
        return append_time(column, i, to, fits, err);
    }
    if (from_number && !to_text) {
        return append_number(column, i, to, fits, err);
    }
    scratch->length = 0;
    chl_column_format(column, i, scratch);
    if (scratch->failed) {
        return chl_fail_memory(err);
    }
    return chl_builder_parse(to, scratch->data ? scratch->data : "", scratch->length,
                             fits, err);
}

static chl_status fail_value(const chl_column *column, int64_t i, chl_type type,
                             chl_error *err)
{
    chl_strbuf text = {0};
    char shown[CHL_EXCERPT];
    chl_column_format(column, i, &text);
    chl_excerpt(text.data ? text.data : "", text.length, shown);
    chl_strbuf_reset(&text);
    return chl_fail(err, CHL_ETYPE, "row %lld: expected %s, got \"%s\"", (long long)i + 1,
                    chl_type_expected(type), shown);
}

/* `lost` NULL: a value that does not fit is an error. */
static chl_status cast_rows(const chl_column *column, chl_builder *to, int64_t *lost,
                            chl_error *err)
{
    chl_strbuf scratch = {0};
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < column->length && status == CHL_OK; i++) {
        bool fits;
        status = append_row(column, i, to, &scratch, &fits, err);
        if (status == CHL_OK && !fits && lost) {
            (*lost)++;
            status = chl_builder_null(to, err);
        } else if (status == CHL_OK && !fits) {
            status = fail_value(column, i, to->type, err);
        }
    }
    chl_strbuf_reset(&scratch);
    return status;
}

static chl_status cast_column(const chl_column *column, chl_type type, chl_column **out,
                              int64_t *lost, chl_error *err)
{
    *out = NULL;
    if (column->type == type) {
        return chl_column_slice(column, 0, column->length, out, err);
    }
    chl_builder builder;
    chl_status status = chl_builder_init(&builder, type, NULL, err);
    if (status == CHL_OK) {
        status = cast_rows(column, &builder, lost, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    return status;
}

chl_status chl_column_cast(const chl_column *column, chl_type type, chl_column **out,
                           chl_error *err)
{
    return cast_column(column, type, out, NULL, err);
}

chl_status chl_column_cast_lossy(const chl_column *column, chl_type type,
                                 chl_column **out, int64_t *lost, chl_error *err)
{
    *lost = 0;
    return cast_column(column, type, out, lost, err);
}
