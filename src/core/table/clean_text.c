/* SPDX-License-Identifier: MIT
 *
 * Cleaning of text: spaces and better types. Layer: core/table.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"
#include "core/data/text.h"
#include "core/table/clean.h"
#include "core/table/recode.h"

static bool is_text(const chl_column *column)
{
    return column->type == CHL_STRING || column->type == CHL_CATEGORY;
}

/* ---- trim ---- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Past ASCII white space and no-break spaces (U+00A0, two bytes) at both ends. */
static void trim_all(const char **text, size_t *length)
{
    const char *start = *text, *end = *text + *length;
    for (;;) {
        if (start < end && is_space(*start)) {
            start++;
        } else if (end - start >= 2 && memcmp(start, "\xC2\xA0", 2) == 0) {
            start += 2;
        } else {
            break;
        }
    }
    for (;;) {
        if (start < end && is_space(end[-1])) {
            end--;
        } else if (end - start >= 2 && memcmp(end - 2, "\xC2\xA0", 2) == 0) {
            end -= 2;
        } else {
            break;
        }
    }
    *text = start;
    *length = (size_t)(end - start);
}

static chl_status trim_strings(const chl_column *column, chl_builder *to, chl_error *err)
{
    for (int64_t i = 0; i < column->length; i++) {
        size_t length = 0;
        const char *text = "";
        if (chl_column_valid(column, i)) {
            text = chl_column_string(column, i, &length);
            trim_all(&text, &length);
        }
        CHL_TRY(length ? chl_builder_text(to, text, length, err)
                       : chl_builder_null(to, err));
    }
    return CHL_OK;
}

/* new_code[c] of each level without its spaces; -1 for what is blank. */
static chl_status trim_levels(const chl_levels *from, chl_levels *to, int32_t *new_code,
                              chl_error *err)
{
    if (chl_levels_ordered(from)) {
        chl_levels_set_ordered(to);
    }
    for (int32_t code = 0; code < chl_levels_count(from); code++) {
        size_t length;
        const char *name = chl_levels_name(from, code, &length);
        trim_all(&name, &length);
        new_code[code] = -1;
        if (length) {
            CHL_TRY(chl_levels_intern(to, name, length, &new_code[code], err));
        }
    }
    return CHL_OK;
}

static chl_status trim_category(const chl_column *column, chl_column **out,
                                chl_error *err)
{
    chl_levels *levels = NULL;
    CHL_TRY(chl_levels_new(&levels, err));
    int32_t *new_code =
        chl_alloc((size_t)chl_levels_count(column->levels), sizeof *new_code);
    chl_status status = new_code ? trim_levels(column->levels, levels, new_code, err)
                                 : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = recode(column, new_code, levels, out, err);
    }
    chl_free(new_code);
    chl_levels_release(levels);
    return status;
}

chl_status chl_column_trim(chl_column *column, chl_column **out, chl_error *err)
{
    *out = NULL;
    if (!is_text(column)) {
        *out = chl_column_retain(column);
        return CHL_OK;
    }
    if (column->type == CHL_CATEGORY) {
        return trim_category(column, out, err);
    }
    chl_builder to;
    chl_status status = chl_builder_init(&to, CHL_STRING, NULL, err);
    if (status == CHL_OK) {
        status = trim_strings(column, &to, err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&to, out, err);
    }
    chl_builder_reset(&to);
    return status;
}

/* ---- infer ---- */

/* "007" and "+49 …" are codes or telephone numbers. */
static bool is_code(const char *text, size_t length)
{
    if (length && text[0] == '-') {
        text++;
        length--;
    }
    return length && (text[0] == '+' ||
                      (length > 1 && text[0] == '0' && text[1] >= '0' && text[1] <= '9'));
}

static chl_status append_cell(const chl_column *column, int64_t i, chl_builder *to,
                              bool *fits, chl_error *err)
{
    size_t length = 0;
    const char *text = "";
    if (chl_column_valid(column, i)) {
        text = chl_column_text(column, i, &length);
        trim_all(&text, &length);
    }
    *fits = true;
    if (length == 0) {
        return chl_builder_null(to, err);
    }
    bool number = to->type == CHL_I64 || to->type == CHL_F64;
    if (number && is_code(text, length)) {
        *fits = false;
        return CHL_OK;
    }
    return chl_builder_parse(to, text, length, fits, err);
}

/* *out stays NULL when some cell does not fit the type. */
static chl_status try_type(const chl_column *column, chl_type type, chl_column **out,
                           chl_error *err)
{
    chl_builder to;
    bool fits = true;
    chl_status status = chl_builder_init(&to, type, NULL, err);
    for (int64_t i = 0; i < column->length && status == CHL_OK && fits; i++) {
        status = append_cell(column, i, &to, &fits, err);
    }
    if (status == CHL_OK && fits) {
        status = chl_builder_finish(&to, out, err);
    }
    chl_builder_reset(&to);
    return status;
}

chl_status chl_column_infer(chl_column *column, chl_column **out, chl_error *err)
{
    static const chl_type types[] = {CHL_I64, CHL_F64, CHL_BOOL, CHL_DATE, CHL_TIMESTAMP};
    *out = NULL;
    bool worth = is_text(column) && column->nulls < column->length;
    for (size_t t = 0; worth && !*out && t < sizeof types / sizeof types[0]; t++) {
        CHL_TRY(try_type(column, types[t], out, err));
    }
    if (*out && (*out)->nulls == (*out)->length) { /* only blank cells */
        chl_column_release(*out);
        *out = NULL;
    }
    if (!*out) {
        *out = chl_column_retain(column);
    }
    return CHL_OK;
}
