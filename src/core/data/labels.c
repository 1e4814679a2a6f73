/* SPDX-License-Identifier: MIT
 *
 * The target column as 0/1 doubles. Layer: core/data.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/data/distinct.h"
#include "core/data/frame.h"
#include "core/data/positive.h"
#include "core/data/text.h"

enum { LISTED = 8 }; /* values that an error shows */

static chl_status list_values(const chl_column *column, chl_strbuf *buf, chl_error *err)
{
    chl_frame *counts = NULL;
    CHL_TRY(chl_value_counts(column, &counts, err));
    const chl_column *value = counts->fields[0].column;
    int64_t shown = 0;
    for (int64_t i = 0; i < value->length && shown <= LISTED; i++) {
        if (chl_column_valid(value, i)) {
            chl_strbuf_puts(buf, shown == 0 ? "" : shown == LISTED ? ", …" : ", ");
            if (shown++ < LISTED) {
                chl_column_format(value, i, buf);
            }
        }
    }
    chl_frame_release(counts);
    return buf->failed ? chl_fail_memory(err) : CHL_OK;
}

static chl_status fail_with_values(const chl_frame *frame, const chl_column *column,
                                   chl_error *err)
{
    chl_strbuf values = {0};
    chl_status status = list_values(column, &values, err);
    if (status == CHL_OK && !frame->positive) {
        status = chl_fail(err, CHL_EINVAL,
                          "target '%s': expected a positive value (which of its values "
                          "counts as 1); its values: %s",
                          frame->target, values.data ? values.data : "none");
    } else if (status == CHL_OK) {
        status =
            chl_fail(err, CHL_EINVAL,
                     "target '%s': the positive value '%s' never occurs; its values: "
                     "%s",
                     frame->target, frame->positive, values.data ? values.data : "none");
    }
    chl_strbuf_reset(&values);
    return status;
}

/* bool, i64, f64: without a positive value 0/1 as they are. A subset without a positive
 * row is no error while its values are 0 and 1. */
static bool number_labels(const chl_column *column, const char *positive, double *y)
{
    double one = 1;
    bool truth;
    size_t length = positive ? strlen(positive) : 0;
    if (positive && !chl_parse_f64(positive, length, &one)) {
        if (!chl_parse_bool(positive, length, &truth)) {
            return false;
        }
        one = truth;
    }
    bool binary = one == 0 || one == 1, seen = false;
    for (int64_t i = 0; i < column->length; i++) {
        double value = chl_column_valid(column, i) ? chl_column_number(column, i) : NAN;
        y[i] = isnan(value) ? NAN : value == one;
        seen = seen || value == one;
        binary = binary && (isnan(value) || value == 0 || value == 1);
    }
    return binary || (positive && seen);
}

/* A category knows its values as levels, also where a subset lacks one. */
static bool category_labels(const chl_column *column, const char *positive, double *y)
{
    int32_t one = chl_levels_find(column->levels, positive, strlen(positive));
    for (int64_t i = 0; i < column->length; i++) {
        int32_t code = column->values.codes[i];
        y[i] = code < 0 ? NAN : code == one;
    }
    return one >= 0;
}

static bool text_labels(const chl_column *column, const char *positive, double *y)
{
    bool seen = false;
    chl_strbuf text = {0};
    for (int64_t i = 0; i < column->length && !text.failed; i++) {
        text.length = 0;
        chl_column_format(column, i, &text);
        bool equal = text.length == strlen(positive) &&
                     (text.length == 0 || memcmp(text.data, positive, text.length) == 0);
        y[i] = !chl_column_valid(column, i) ? NAN : equal;
        seen = seen || y[i] == 1;
    }
    chl_strbuf_reset(&text);
    return seen;
}

static bool value_labels(const chl_column *column, const char *positive, double *y)
{
    if (chl_type_numeric(column->type)) {
        return number_labels(column, positive, y);
    }
    if (!positive) {
        return false;
    }
    return column->type == CHL_CATEGORY ? category_labels(column, positive, y)
                                        : text_labels(column, positive, y);
}

/* Several values: 1 where one of them is; enough that one of them is known. */
static chl_status list_labels(const chl_column *column, const json_t *list, double *y,
                              bool *labelled, chl_error *err)
{
    double *one = chl_alloc((size_t)column->length, sizeof *one);
    if (!one) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < column->length; i++) {
        y[i] = chl_column_valid(column, i) ? 0 : NAN;
    }
    for (size_t k = 0; k < json_array_size(list); k++) {
        const char *value = json_string_value(json_array_get(list, k));
        if (value_labels(column, value, one)) {
            *labelled = true;
            for (int64_t i = 0; i < column->length; i++) {
                y[i] = one[i] == 1 ? 1 : y[i];
            }
        }
    }
    chl_free(one);
    return CHL_OK;
}

chl_status chl_frame_labels(const chl_frame *frame, double *y, chl_error *err)
{
    if (!frame->target) {
        return chl_fail(err, CHL_EINVAL,
                        "labels: the frame has no target column (set its target role)");
    }
    const chl_column *column = chl_frame_column(frame, frame->target);
    json_t *list = chl_positive_list(frame->positive);
    if (!list) {
        return chl_fail_memory(err);
    }
    bool labelled = false;
    chl_status status = CHL_OK;
    if (json_array_size(list) > 1) {
        status = list_labels(column, list, y, &labelled, err);
    } else {
        const char *only = json_string_value(json_array_get(list, 0));
        labelled = value_labels(column, only, y);
    }
    json_decref(list);
    CHL_TRY(status);
    return labelled ? CHL_OK : fail_with_values(frame, column, err);
}
