/* SPDX-License-Identifier: MIT
 *
 * A column of any type as another one, cell by cell by its text. Layer: core/data.
 */
#include <math.h>

#include "core/base/strbuf.h"
#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/data/text.h"
#include "core/data/time_format.h"

static chl_status append_formatted(chl_builder *to, const chl_time_format *format,
                                   const char *text, size_t length, bool *fits,
                                   chl_error *err)
{
    int64_t micros;
    *fits = chl_time_format_read(format, text, length, &micros);
    if (!*fits) {
        return CHL_OK;
    }
    return to->type == CHL_DATE ? chl_builder_days(to, chl_days_of_micros(micros), err)
                                : chl_builder_micros(to, micros, err);
}

/* As a file is read: "5.0" is an integer, blank is missing. */
static chl_status append_text(chl_builder *to, const chl_time_format *format,
                              const char *text, size_t length, bool *fits, chl_error *err)
{
    double number;
    *fits = true;
    if (to->type == CHL_STRING || to->type == CHL_CATEGORY) {
        return chl_builder_text(to, text, length, err);
    }
    chl_trim(&text, &length);
    if (length == 0) {
        return chl_builder_null(to, err);
    }
    if (format && (to->type == CHL_DATE || to->type == CHL_TIMESTAMP)) {
        return append_formatted(to, format, text, length, fits, err);
    }
    CHL_TRY(chl_builder_parse(to, text, length, fits, err));
    if (!*fits && to->type == CHL_I64 && chl_parse_f64(text, length, &number) &&
        fabs(number) < 0x1p53 && number == floor(number)) {
        *fits = true;
        return chl_builder_i64(to, (int64_t)number, err);
    }
    return CHL_OK;
}

static chl_status read_rows(const chl_column *column, const chl_time_format *format,
                            chl_builder *to, chl_column *bad, chl_error *err)
{
    chl_strbuf scratch = {0};
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < column->length && status == CHL_OK; i++) {
        bool fits = true;
        scratch.length = 0;
        chl_column_format(column, i, &scratch);
        if (scratch.failed) {
            status = chl_fail_memory(err);
        } else if (!chl_column_valid(column, i)) {
            status = chl_builder_null(to, err);
        } else {
            status = append_text(to, format, scratch.data ? scratch.data : "",
                                 scratch.length, &fits, err);
        }
        if (status == CHL_OK && !fits) {
            bad->values.boolean[i] = 1;
            status = chl_builder_null(to, err);
        }
    }
    chl_strbuf_reset(&scratch);
    return status;
}

chl_status chl_column_read(const chl_column *column, chl_type type,
                           const chl_time_format *format, chl_column **out,
                           chl_column **bad, chl_error *err)
{
    *out = *bad = NULL;
    chl_builder builder;
    CHL_TRY(chl_builder_init(&builder, type, NULL, err));
    chl_status status = chl_column_new(CHL_BOOL, column->length, false, bad, err);
    if (status == CHL_OK) {
        status = read_rows(column, format, &builder, *bad, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&builder, out, err);
    }
    chl_builder_reset(&builder);
    if (status != CHL_OK) {
        chl_column_release(*bad);
        *bad = NULL;
    }
    return status;
}
