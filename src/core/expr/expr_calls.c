/* SPDX-License-Identifier: MIT */
#include "core/expr/expr_calls.h"

#include "core/base/alloc.h"
#include "core/expr/expr_internal.h"

static bool is_call(const chl_expr *expr, size_t node)
{
    return expr->nodes[node].op == EXPR_CALL &&
           expr_is_aggregate_fn(expr->nodes[node].fn->id);
}

/* The calls in [start, node): there is one inside. */
static bool holds_call(const chl_expr *expr, size_t node)
{
    for (size_t i = (size_t)expr->nodes[node].start; i < node; i++) {
        if (is_call(expr, i)) {
            return true;
        }
    }
    return false;
}

chl_status chl_expr_calls(const chl_expr *expr, chl_expr_call **calls, int *n,
                          chl_error *err)
{
    *n = 0;
    *calls = chl_alloc(expr->n_nodes, sizeof **calls);
    if (!*calls) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < expr->n_nodes; i++) {
        if (is_call(expr, i)) {
            (*calls)[(*n)++] =
                (chl_expr_call){expr->nodes[i].fn->name, holds_call(expr, i)};
        }
    }
    return CHL_OK;
}

static chl_status take_values(const expr_plan *plan, const expr_rows *rows,
                              chl_column **values)
{
    const chl_expr *e = plan->expr;
    int k = 0;
    for (size_t i = 0; i < e->n_nodes; i++) {
        if (!is_call(e, i)) {
            continue;
        }
        if (e->nodes[i].n_args > 0) {
            int32_t argument = expr_arg(e, &e->nodes[i], 0);
            CHL_TRY(chl_expr_materialise(plan, argument, (int32_t)i, rows, false,
                                         &values[k]));
        }
        k++;
    }
    return CHL_OK;
}

static int count_calls(const chl_expr *expr)
{
    int n = 0;
    for (size_t i = 0; i < expr->n_nodes; i++) {
        n += is_call(expr, i);
    }
    return n;
}

chl_status chl_expr_call_values(const chl_expr *expr, const chl_frame *frame,
                                const chl_control *control, chl_column **values,
                                chl_error *err)
{
    int n = count_calls(expr);
    for (int k = 0; k < n; k++) {
        values[k] = NULL;
    }
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, true, NULL, err));
    expr_rows rows = {.rows = frame->rows, .groups = 1, .control = control};
    chl_status status = take_values(&plan, &rows, values);
    for (int k = 0; status != CHL_OK && k < n; k++) {
        chl_column_release(values[k]);
        values[k] = NULL;
    }
    chl_expr_plan_reset(&plan);
    return status;
}

/* Codes of a category in the levels that the plan made, which have the same names. */
static chl_status with_levels(const chl_column *result, chl_levels *levels,
                              chl_column **out, chl_error *err)
{
    CHL_TRY(chl_column_new(CHL_CATEGORY, result->length, true, out, err));
    (*out)->levels = chl_levels_retain(levels);
    for (int64_t i = 0; i < result->length; i++) {
        int32_t code = -1;
        if (chl_column_valid(result, i)) {
            size_t n;
            const char *name = chl_column_text(result, i, &n);
            code = chl_levels_find(levels, name, n);
        }
        (*out)->values.codes[i] = code;
        if (code < 0) {
            chl_column_set_null(*out, i);
        }
    }
    chl_column_seal(*out);
    return CHL_OK;
}

static chl_status give_results(expr_plan *plan, chl_column *const *results)
{
    int k = 0;
    for (size_t i = 0; i < plan->expr->n_nodes; i++) {
        if (!is_call(plan->expr, i)) {
            continue;
        }
        expr_typed *typed = &plan->nodes[i];
        chl_column *result = results[k++];
        if (result->type == CHL_CATEGORY && result->levels != typed->levels) {
            CHL_TRY(with_levels(result, typed->levels, &typed->result, plan->err));
        } else {
            typed->result = chl_column_retain(result);
        }
    }
    return CHL_OK;
}

chl_status chl_expr_combine(const chl_expr *expr, const chl_frame *schema,
                            chl_column *const *results, int64_t groups,
                            const chl_control *control, chl_column **out, chl_error *err)
{
    *out = NULL;
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, schema, true, NULL, err));
    expr_rows rows = {.groups = groups, .control = control};
    chl_status status = give_results(&plan, results);
    if (status == CHL_OK) {
        status =
            chl_expr_materialise(&plan, (int32_t)expr->n_nodes - 1, -1, &rows, true, out);
    }
    chl_expr_plan_reset(&plan);
    return status;
}
