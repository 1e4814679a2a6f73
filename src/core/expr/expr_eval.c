/* SPDX-License-Identifier: MIT
 *
 * From a plan to a column. Layer: core/expr. Aggregates are taken first, inner ones
 * before outer ones; the rest then reads their values like columns.
 */
#include "core/expr/expr_internal.h"

/* ---- running ---- */

chl_status chl_expr_materialise(const expr_plan *plan, int32_t root, int32_t owner,
                                const expr_rows *set, bool grouped, chl_column **out)
{
    const expr_typed *typed = &plan->nodes[root];
    const chl_column *ready = plan->expr->nodes[root].op == EXPR_COLUMN ? typed->column
                              : grouped                                 ? typed->result
                                                                        : NULL;
    if (ready && typed->want == typed->type && typed->want_levels == typed->levels) {
        *out = chl_column_retain((chl_column *)(uintptr_t)ready);
        return CHL_OK;
    }
    expr_program program;
    CHL_TRY(chl_expr_compile(plan, root, owner, grouped, &program));
    chl_status status =
        chl_expr_run(&program, grouped ? set->groups : set->rows,
                     grouped ? NULL : set->group, set->control, out, plan->err);
    chl_expr_program_reset(&program);
    return status;
}

/* The share of quantile. */
static double literal_share(const expr_plan *plan, const expr_node *n)
{
    const expr_node *share = &plan->expr->nodes[expr_arg(plan->expr, n, 1)];
    return share->op == EXPR_FLOAT ? share->as.f : (double)share->as.i;
}

static chl_status take_aggregate(expr_plan *plan, int32_t node, const expr_rows *set)
{
    const expr_node *n = &plan->expr->nodes[node];
    expr_fn fn = n->fn->id;
    chl_column *values[2] = {NULL, NULL}; /* and weights */
    int columns = fn == FN_WMEAN ? 2 : n->n_args > 0;
    chl_status status = CHL_OK;
    for (int k = 0; k < columns && status == CHL_OK; k++) {
        status = chl_expr_materialise(plan, expr_arg(plan->expr, n, k), node, set, false,
                                      &values[k]);
    }
    if (status == CHL_OK) {
        double q = fn == FN_QUANTILE ? literal_share(plan, n) : 0.5;
        status = chl_expr_reduce(fn, values[0], values[1], set->rows, set->group,
                                 set->groups, q, &plan->nodes[node].result, plan->err);
    }
    chl_column_release(values[0]);
    chl_column_release(values[1]);
    return status;
}

static chl_status run_plan(expr_plan *plan, const expr_rows *set, bool grouped,
                           chl_column **out)
{
    const chl_expr *e = plan->expr;
    for (size_t i = 0; e->aggregate && i < e->n_nodes; i++) {
        if (e->nodes[i].op == EXPR_CALL && expr_is_aggregate_fn(e->nodes[i].fn->id)) {
            CHL_TRY(take_aggregate(plan, (int32_t)i, set));
        }
    }
    return chl_expr_materialise(plan, (int32_t)e->n_nodes - 1, -1, set, grouped, out);
}

chl_status chl_expr_eval(const chl_expr *expr, const chl_frame *frame,
                         const chl_control *control, chl_column **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "expression", err));
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, false, err));
    expr_rows set = {.rows = frame->rows, .groups = 1, .control = control};
    chl_status status = run_plan(&plan, &set, false, out);
    chl_expr_plan_reset(&plan);
    return status;
}

chl_status chl_expr_aggregate(const chl_expr *expr, const chl_frame *frame,
                              const int64_t *group, int64_t groups,
                              const chl_control *control, chl_column **out,
                              chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "expression", err));
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, true, err));
    expr_rows set = {frame->rows, group, groups, control};
    chl_status status = run_plan(&plan, &set, true, out);
    chl_expr_plan_reset(&plan);
    return status;
}
