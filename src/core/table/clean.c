/* SPDX-License-Identifier: MIT */
#include "core/table/clean.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/group.h"
#include "core/data/sort.h"
#include "core/table/recode.h"
#include "core/table/stack.h"

/* column's rows and then `more`'s, taken by `indices`. */
static chl_status take_from_both(const chl_column *column, const chl_column *more,
                                 const int64_t *indices, chl_column **out, chl_error *err)
{
    const chl_column *const parts[] = {column, more};
    const int64_t rows[] = {column->length, more->length};
    chl_column *both = NULL;
    CHL_TRY(chl_columns_stack(parts, rows, 2, &both, err));
    chl_status status = chl_column_take(both, indices, column->length, out, err);
    chl_column_release(both);
    return status;
}

static bool is_text(const chl_column *column)
{
    return column->type == CHL_STRING || column->type == CHL_CATEGORY;
}

/* ---- replace ---- */

/* match[i] = k where row i equals the present from[k], else -1. */
static chl_status match_keys(const chl_column *column, const chl_column *from,
                             int64_t *match, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)column->length, sizeof *keys);
    uint64_t *wanted = chl_alloc((size_t)from->length, sizeof *wanted);
    chl_status status = keys && wanted ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_sort_keys(column, keys, err);
    }
    if (status == CHL_OK) {
        status = chl_sort_keys(from, wanted, err);
    }
    for (int64_t i = 0; status == CHL_OK && i < column->length; i++) {
        match[i] = -1;
        for (int64_t k = 0; k < from->length && match[i] < 0; k++) {
            match[i] = keys[i] == wanted[k] && chl_column_valid(from, k) ? k : -1;
        }
    }
    chl_free(keys);
    chl_free(wanted);
    return status;
}

/* The present texts of `from`, code k for each; a missing one keeps its number. */
static chl_status intern_texts(const chl_column *from, chl_levels *texts, int64_t *number,
                               chl_error *err)
{
    for (int64_t k = 0; k < from->length; k++) {
        if (chl_column_valid(from, k)) {
            size_t length;
            int32_t code;
            const char *text = chl_column_text(from, k, &length);
            CHL_TRY(chl_levels_intern(texts, text, length, &code, err));
            number[code] = k;
        }
    }
    return CHL_OK;
}

static void match_texts(const chl_column *column, const chl_levels *texts,
                        const int64_t *number, int64_t *match)
{
    for (int64_t i = 0; i < column->length; i++) {
        match[i] = -1;
        if (chl_column_valid(column, i)) {
            size_t length;
            const char *text = chl_column_text(column, i, &length);
            int32_t code = chl_levels_find(texts, text, length);
            match[i] = code < 0 ? -1 : number[code];
        }
    }
}

static chl_status match_values(const chl_column *column, const chl_column *from,
                               int64_t *match, chl_error *err)
{
    if (!is_text(column)) {
        return match_keys(column, from, match, err);
    }
    chl_levels *texts = NULL;
    CHL_TRY(chl_levels_new(&texts, err));
    int64_t *number = chl_alloc((size_t)from->length, sizeof *number);
    chl_status status =
        number ? intern_texts(from, texts, number, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        match_texts(column, texts, number, match);
    }
    chl_free(number);
    chl_levels_release(texts);
    return status;
}

/* Makes indices into column-then-to of the matches; true when any row changes. */
static bool match_to_indices(const chl_column *column, const chl_column *from,
                             int64_t *match)
{
    int64_t missing = -1;
    bool any = false;
    for (int64_t k = 0; k < from->length; k++) {
        missing = chl_column_valid(from, k) ? missing : k;
    }
    for (int64_t i = 0; i < column->length; i++) {
        int64_t k = chl_column_valid(column, i) ? match[i] : missing;
        any = any || k >= 0;
        match[i] = k >= 0 ? column->length + k : i;
    }
    return any;
}

/* In place: levels that were replaced everywhere go, as do new ones without a row. */
static chl_status drop_replaced(chl_column **column, const chl_column *from,
                                const chl_column *before, chl_error *err)
{
    chl_column *kept = NULL;
    if ((*column)->type != CHL_CATEGORY || !before->levels) {
        return CHL_OK;
    }
    chl_status status = recode_without(*column, from, before->levels, &kept, err);
    chl_column_release(*column);
    *column = kept;
    return status;
}

chl_status chl_column_replace(chl_column *column, const chl_column *from,
                              const chl_column *to, chl_column **out, chl_error *err)
{
    *out = NULL;
    int64_t *match = chl_alloc((size_t)column->length, sizeof *match);
    chl_status status =
        match ? match_values(column, from, match, err) : chl_fail_memory(err);
    if (status == CHL_OK && !match_to_indices(column, from, match)) {
        *out = chl_column_retain(column);
    } else if (status == CHL_OK) {
        status = take_from_both(column, to, match, out, err);
        if (status == CHL_OK) {
            status = drop_replaced(out, from, column, err);
        }
    }
    chl_free(match);
    return status;
}

/* ---- missing rows ---- */

typedef struct carried {
    int64_t row; /* of the last present value, or -1 */
    int64_t run; /* rows filled since */
} carried;

static void carry_rows(const chl_column *column, const int64_t *group, carried *last,
                       bool backward, int64_t limit, int64_t *indices)
{
    for (int64_t at = 0; at < column->length; at++) {
        int64_t i = backward ? column->length - 1 - at : at;
        carried *c = &last[group[i]];
        if (chl_column_valid(column, i)) {
            *c = (carried){.row = i};
            indices[i] = i;
        } else {
            indices[i] = limit == 0 || c->run++ < limit ? c->row : -1;
        }
    }
}

static chl_status carry_groups(const chl_column *column, const chl_groups *groups,
                               bool backward, int64_t limit, chl_column **out,
                               chl_error *err)
{
    carried *last = chl_alloc((size_t)groups->count, sizeof *last);
    int64_t *indices = chl_alloc((size_t)column->length, sizeof *indices);
    chl_status status = last && indices ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        for (int64_t g = 0; g < groups->count; g++) {
            last[g] = (carried){.row = -1};
        }
        carry_rows(column, groups->group, last, backward, limit, indices);
        status = chl_column_take(column, indices, column->length, out, err);
    }
    chl_free(last);
    chl_free(indices);
    return status;
}

chl_status chl_column_carry(chl_column *column, const chl_frame *frame,
                            const char *const *keys, int n_keys, bool backward,
                            int64_t limit, chl_column **out, chl_error *err)
{
    *out = NULL;
    if (column->nulls == 0) {
        *out = chl_column_retain(column);
        return CHL_OK;
    }
    chl_groups groups;
    CHL_TRY(chl_groups_init(&groups, frame, keys, n_keys, NULL, err));
    chl_status status = carry_groups(column, &groups, backward, limit, out, err);
    chl_groups_reset(&groups);
    return status;
}

static chl_status fill_rows(const chl_column *column, const int64_t *group,
                            const chl_column *with, chl_column **out, chl_error *err)
{
    int64_t *indices = chl_alloc((size_t)column->length, sizeof *indices);
    if (!indices) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < column->length; i++) {
        indices[i] = chl_column_valid(column, i) ? i : column->length + group[i];
    }
    chl_status status = take_from_both(column, with, indices, out, err);
    chl_free(indices);
    return status;
}

chl_status chl_column_fill(chl_column *column, const chl_frame *frame,
                           const char *const *keys, int n_keys, const chl_expr *aggregate,
                           const chl_control *control, chl_column **out, chl_error *err)
{
    *out = NULL;
    if (column->nulls == 0) {
        *out = chl_column_retain(column);
        return CHL_OK;
    }
    chl_groups groups;
    chl_column *with = NULL;
    CHL_TRY(chl_groups_init(&groups, frame, keys, n_keys, control, err));
    chl_status status = chl_expr_aggregate(aggregate, frame, groups.group, groups.count,
                                           control, &with, err);
    if (status == CHL_OK) {
        status = fill_rows(column, groups.group, with, out, err);
    }
    chl_column_release(with);
    chl_groups_reset(&groups);
    return status;
}

/* ---- differences ---- */

static bool same_codes(const chl_column *a, const chl_column *b)
{
    return a->type == b->type && a->type != CHL_STRING &&
           (a->type != CHL_CATEGORY || a->levels == b->levels);
}

static chl_status differ_as_text(const chl_column *a, const chl_column *b, int64_t *count,
                                 chl_error *err)
{
    chl_strbuf left = {0}, right = {0};
    for (int64_t i = 0; i < a->length; i++) {
        left.length = right.length = 0;
        chl_column_format(a, i, &left);
        chl_column_format(b, i, &right);
        *count += chl_column_valid(a, i) != chl_column_valid(b, i) ||
                  left.length != right.length ||
                  (left.length && memcmp(left.data, right.data, left.length) != 0);
    }
    bool failed = left.failed || right.failed;
    chl_strbuf_reset(&left);
    chl_strbuf_reset(&right);
    return failed ? chl_fail_memory(err) : CHL_OK;
}

chl_status chl_column_differences(const chl_column *a, const chl_column *b,
                                  int64_t *count, chl_error *err)
{
    *count = 0;
    if (a->length != b->length) {
        return chl_fail(err, CHL_EINVAL, "differences: expected %lld rows, got %lld",
                        (long long)a->length, (long long)b->length);
    }
    if (a == b) {
        return CHL_OK;
    }
    if (!same_codes(a, b)) {
        return differ_as_text(a, b, count, err);
    }
    size_t size = chl_type_size(a->type); /* the value behind a missing row is zero */
    const char *left = a->values.any, *right = b->values.any;
    for (int64_t i = 0; i < a->length; i++) {
        *count += chl_column_valid(a, i) != chl_column_valid(b, i) ||
                  memcmp(left + (size_t)i * size, right + (size_t)i * size, size) != 0;
    }
    return CHL_OK;
}
