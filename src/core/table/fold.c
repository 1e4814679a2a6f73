/* SPDX-License-Identifier: MIT */
#include "core/table/fold.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/group.h"
#include "core/expr/expr_calls.h"
#include "core/table/aggregate.h"
#include "core/table/fold_state.h"
#include "core/table/made.h"
#include "core/table/stack.h"

/* One aggregate: an expression and the states of its calls. */
typedef struct column_fold {
    char *name;     /* owned */
    chl_expr *expr; /* owned reference */
    fold_state *calls;
    int n_calls;
} column_fold;

struct chl_fold {
    chl_frame *schema; /* no rows */
    const char **keys; /* names in `schema` */
    int n_keys;
    column_fold *columns;
    int n_columns;
    chl_levels *ids;  /* the groups: bytes of their keys; the code is the group */
    int64_t groups;   /* without keys always 1 */
    chl_frame **rows; /* keys of the groups, each chunk's new ones */
    size_t n_rows, rows_room;
};

void chl_fold_free(chl_fold *fold)
{
    if (!fold) {
        return;
    }
    for (int i = 0; fold->columns && i < fold->n_columns; i++) {
        column_fold *column = &fold->columns[i];
        for (int k = 0; column->calls && k < column->n_calls; k++) {
            fold_state_reset(&column->calls[k]);
        }
        chl_free(column->calls);
        chl_free(column->name);
        chl_expr_release(column->expr);
    }
    for (size_t i = 0; i < fold->n_rows; i++) {
        chl_frame_release(fold->rows[i]);
    }
    chl_free(fold->columns);
    chl_free((void *)fold->rows);
    chl_free((void *)fold->keys);
    chl_levels_release(fold->ids);
    chl_frame_release(fold->schema);
    chl_free(fold);
}

/* ---- making ---- */

static chl_status refuse(const chl_expr_call *call, chl_error *err)
{
    if (call->nested) {
        return chl_fail(err, CHL_EINVAL,
                        "function '%s': an aggregate in it needs all rows at once, and "
                        "a scan has them chunk by chunk (collect() the columns first)",
                        call->name);
    }
    chl_strbuf known = {0};
    for (int i = 0; fold_names[i]; i++) {
        chl_strbuf_printf(&known, "%s%s", i > 0 ? ", " : "", fold_names[i]);
    }
    chl_status status = chl_fail(
        err, CHL_EINVAL,
        "function '%s' needs all rows at once, and a scan has them chunk by chunk "
        "(collect() the columns first; a scan knows %s)",
        call->name, known.failed ? "" : known.data);
    chl_strbuf_reset(&known);
    return status;
}

static chl_status init_calls(column_fold *column, const chl_expr_call *calls,
                             chl_column *const *values, chl_error *err)
{
    int n = column->n_calls;
    column->n_calls = 0;
    for (int k = 0; k < n; k++) {
        CHL_TRY(fold_state_init(&column->calls[column->n_calls++],
                                fold_kind_of(calls[k].name), values[k], err));
    }
    return CHL_OK;
}

static void release_all(chl_column **columns, int n)
{
    for (int i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free((void *)columns);
}

static chl_status make_calls(column_fold *column, const chl_frame *schema,
                             const chl_expr_call *calls, chl_error *err)
{
    int n = column->n_calls;
    chl_type type;
    for (int k = 0; k < n; k++) {
        if (calls[k].nested || fold_kind_of(calls[k].name) == FOLD_NONE) {
            return refuse(&calls[k], err);
        }
    }
    column->calls = chl_calloc((size_t)n, sizeof *column->calls);
    chl_column **values = chl_calloc((size_t)n, sizeof(chl_column *));
    chl_status status = column->calls && values
                            ? chl_expr_check(column->expr, schema, &type, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_expr_call_values(column->expr, schema, NULL, values, err);
    }
    if (status == CHL_OK) {
        status = init_calls(column, calls, values, err);
    }
    release_all(values, n);
    return status;
}

static chl_status init_column(column_fold *column, const char *name, chl_expr *expr,
                              const chl_frame *schema, chl_error *err)
{
    column->expr = chl_expr_retain(expr);
    column->name = chl_strdup(name);
    if (!column->name) {
        return chl_fail_memory(err);
    }
    chl_expr_call *calls;
    CHL_TRY(chl_expr_calls(expr, &calls, &column->n_calls, err));
    chl_status status = make_calls(column, schema, calls, err);
    chl_free(calls);
    if (status != CHL_OK) {
        chl_error_prefix(err, "aggregate '%s'", name);
    }
    return status;
}

static chl_status init_keys(chl_fold *fold, const char *const *keys, chl_error *err)
{
    for (int k = 0; k < fold->n_keys; k++) {
        int index;
        CHL_TRY(chl_frame_index(fold->schema, "group", keys[k], &index, err));
        fold->keys[k] = fold->schema->fields[index].name;
    }
    return CHL_OK;
}

static chl_status init(chl_fold *fold, const char *const *keys, const char *const *names,
                       chl_expr *const *exprs, chl_error *err)
{
    fold->keys = chl_calloc((size_t)fold->n_keys, sizeof *fold->keys);
    fold->columns = chl_calloc((size_t)fold->n_columns, sizeof *fold->columns);
    if (!fold->keys || !fold->columns) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_aggregate_check_names(keys, fold->n_keys, names, fold->n_columns, err));
    CHL_TRY(init_keys(fold, keys, err));
    for (int i = 0; i < fold->n_columns; i++) {
        CHL_TRY(init_column(&fold->columns[i], names[i], exprs[i], fold->schema, err));
    }
    return chl_levels_new(&fold->ids, err);
}

chl_status chl_fold_new(const chl_frame *schema, const char *const *keys, int n_keys,
                        const char *const *names, chl_expr *const *exprs, int n_exprs,
                        chl_fold **out, chl_error *err)
{
    *out = NULL;
    chl_fold *fold = chl_calloc(1, sizeof *fold);
    if (!fold) {
        return chl_fail_memory(err);
    }
    fold->n_keys = n_keys;
    fold->n_columns = n_exprs;
    fold->groups = n_keys == 0;
    chl_status status = chl_frame_slice(schema, 0, 0, &fold->schema, err);
    if (status == CHL_OK) {
        status = init(fold, keys, names, exprs, err);
    }
    if (status != CHL_OK) {
        chl_fold_free(fold);
        return status;
    }
    *out = fold;
    return CHL_OK;
}

/* ---- groups ---- */

/* The group of each of the chunk's own groups: the codes of its keys. The rows where new
 * groups begin go to fresh[0 … *n-1]. */
static chl_status find_groups(chl_fold *fold, const chl_frame *keys,
                              const chl_groups *own, int64_t *codes, int64_t *fresh,
                              int64_t *n, chl_error *err)
{
    chl_strbuf bytes = {0};
    chl_status status = CHL_OK;
    *n = 0;
    for (int64_t g = 0; g < own->count && status == CHL_OK; g++) {
        bytes.length = 0;
        for (int k = 0; k < keys->columns; k++) {
            fold_cell_bytes(keys->fields[k].column, own->first[g], &bytes);
        }
        int32_t code = 0;
        status = bytes.failed
                     ? chl_fail_memory(err)
                     : chl_levels_intern(fold->ids, bytes.data, bytes.length, &code, err);
        codes[g] = code;
        if (status == CHL_OK && code == fold->groups) {
            fold->groups++;
            fresh[(*n)++] = own->first[g];
        }
    }
    chl_strbuf_reset(&bytes);
    return status;
}

static chl_status keep_keys(chl_fold *fold, const chl_frame *keys, const int64_t *fresh,
                            int64_t n, const chl_control *control, chl_error *err)
{
    chl_frame **grown = chl_grow((void *)fold->rows, &fold->rows_room, fold->n_rows + 1,
                                 sizeof(chl_frame *));
    if (!grown) {
        return chl_fail_memory(err);
    }
    fold->rows = grown;
    CHL_TRY(chl_frame_take(keys, fresh, n, control, &grown[fold->n_rows], err));
    fold->n_rows++;
    return CHL_OK;
}

/* Replaces the chunk's group numbers by those of all chunks. */
static chl_status number_groups(chl_fold *fold, const chl_frame *chunk, chl_groups *own,
                                const chl_control *control, chl_error *err)
{
    chl_frame *keys = NULL;
    CHL_TRY(chl_frame_select(chunk, fold->keys, fold->n_keys, &keys, err));
    int64_t *codes = chl_alloc((size_t)own->count, sizeof *codes), n = 0;
    int64_t *fresh = chl_alloc((size_t)own->count, sizeof *fresh);
    chl_status status = codes && fresh
                            ? find_groups(fold, keys, own, codes, fresh, &n, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK && n > 0) {
        status = keep_keys(fold, keys, fresh, n, control, err);
    }
    for (int64_t i = 0; i < chunk->rows && status == CHL_OK; i++) {
        own->group[i] = codes[own->group[i]];
    }
    chl_free(codes);
    chl_free(fresh);
    chl_frame_release(keys);
    return status;
}

/* ---- adding ---- */

static chl_status add_column(column_fold *column, const chl_frame *chunk,
                             const fold_rows *rows, const chl_control *control,
                             chl_error *err)
{
    int n = column->n_calls;
    chl_column **values = chl_calloc((size_t)n, sizeof(chl_column *));
    chl_status status =
        values ? chl_expr_call_values(column->expr, chunk, control, values, err)
               : chl_fail_memory(err);
    for (int k = 0; k < n && status == CHL_OK; k++) {
        status = fold_state_add(&column->calls[k], values[k], rows, err);
    }
    release_all(values, n);
    if (status != CHL_OK) {
        chl_error_prefix(err, "aggregate '%s'", column->name);
    }
    return status;
}

chl_status chl_fold_add(chl_fold *fold, const chl_frame *chunk,
                        const chl_control *control, chl_error *err)
{
    if (chunk->rows == 0) {
        return CHL_OK;
    }
    chl_groups own;
    CHL_TRY(chl_groups_init(&own, chunk, fold->keys, fold->n_keys, control, err));
    chl_status status = CHL_OK;
    if (fold->n_keys > 0) {
        status = number_groups(fold, chunk, &own, control, err);
    }
    fold_rows rows = {chunk->rows, own.group, fold->groups};
    for (int i = 0; i < fold->n_columns && status == CHL_OK; i++) {
        status = add_column(&fold->columns[i], chunk, &rows, control, err);
    }
    chl_groups_reset(&own);
    return status;
}

/* ---- the result ---- */

static chl_status combine(const column_fold *column, const chl_fold *fold,
                          const chl_control *control, chl_column **out, chl_error *err)
{
    int n = column->n_calls;
    chl_column **results = chl_calloc((size_t)n, sizeof(chl_column *));
    chl_status status = results ? CHL_OK : chl_fail_memory(err);
    for (int k = 0; k < n && status == CHL_OK; k++) {
        status = fold_state_result(&column->calls[k], fold->groups, &results[k], err);
    }
    if (status == CHL_OK) {
        status = chl_expr_combine(column->expr, fold->schema, results, fold->groups,
                                  control, out, err);
    }
    release_all(results, n);
    return status;
}

static chl_status add_keys(const chl_fold *fold, const chl_control *control, made *m,
                           chl_error *err)
{
    chl_frame *none = NULL, *keys = NULL;
    const chl_frame **parts = chl_alloc(fold->n_rows + 1, sizeof *parts);
    chl_status status =
        parts ? chl_frame_select(fold->schema, fold->keys, fold->n_keys, &none, err)
              : chl_fail_memory(err);
    if (status == CHL_OK) {
        parts[0] = none;
        for (size_t i = 0; i < fold->n_rows; i++) {
            parts[i + 1] = fold->rows[i];
        }
        status = chl_frames_stack(parts, (int)fold->n_rows + 1, control, &keys, err);
    }
    for (int k = 0; k < fold->n_keys && status == CHL_OK; k++) {
        status = made_add(m, fold->keys[k], strlen(fold->keys[k]),
                          chl_column_retain(keys->fields[k].column), err);
    }
    chl_free((void *)parts);
    chl_frame_release(none);
    chl_frame_release(keys);
    return status;
}

static chl_status add_aggregates(const chl_fold *fold, const chl_control *control,
                                 made *m, chl_error *err)
{
    for (int i = 0; i < fold->n_columns; i++) {
        const column_fold *column = &fold->columns[i];
        chl_column *values = NULL;
        CHL_TRY(combine(column, fold, control, &values, err));
        CHL_TRY(made_add(m, column->name, strlen(column->name), values, err));
    }
    return CHL_OK;
}

chl_status chl_fold_result(const chl_fold *fold, const chl_control *control,
                           chl_frame **out, chl_error *err)
{
    *out = NULL;
    made m = {0};
    chl_frame *unsorted = NULL;
    chl_status status = made_init(&m, (int64_t)fold->n_keys + fold->n_columns, err);
    if (status == CHL_OK && fold->n_keys > 0) {
        status = add_keys(fold, control, &m, err);
    }
    if (status == CHL_OK) {
        status = add_aggregates(fold, control, &m, err);
    }
    if (status == CHL_OK) {
        status = made_finish(&m, "group", &unsorted, err);
    }
    if (status == CHL_OK) {
        status =
            chl_aggregate_sorted(unsorted, fold->keys, fold->n_keys, control, out, err);
    }
    chl_frame_release(unsorted);
    made_reset(&m);
    return status;
}
