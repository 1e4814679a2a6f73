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
    const expr_node *n = &plan->expr->nodes[root];
    bool window = n->op == EXPR_CALL && expr_is_window_fn(n->fn->id) && !typed->outside;
    const chl_column *ready = n->op == EXPR_COLUMN ? typed->column
                              : grouped || window  ? typed->result
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
    bool pick =
        set->over && set->over->n_columns > 0 && (fn == FN_FIRST || fn == FN_LAST);
    if (status == CHL_OK && pick) {
        status = chl_expr_pick(set->over, values[0], fn == FN_LAST,
                               &plan->nodes[node].result, plan->err);
    } else if (status == CHL_OK) {
        double q = fn == FN_QUANTILE ? literal_share(plan, n) : 0.5;
        status = chl_expr_reduce(fn, values[0], values[1], set->rows, set->group,
                                 set->groups, q, &plan->nodes[node].result, plan->err);
    }
    chl_column_release(values[0]);
    chl_column_release(values[1]);
    return status;
}

static int64_t literal_rows(const expr_plan *plan, const expr_node *n, int k,
                            int64_t none)
{
    return n->n_args > k ? plan->expr->nodes[expr_arg(plan->expr, n, k)].as.i : none;
}

/* What the literals of a call say. */
static void read_literals(const expr_plan *plan, const expr_node *n, expr_window *w)
{
    const chl_expr *e = plan->expr;
    const expr_node *second = n->n_args > 1 ? &e->nodes[expr_arg(e, n, 1)] : NULL;
    if (second && second->op == EXPR_TEXT) {
        w->descending = second->as.text.n == 4; /* "desc" */
    } else if (second && second->op == EXPR_CALL) {
        w->span = chl_expr_span(e, expr_arg(e, n, 1));
        w->min_count = literal_rows(plan, n, 2, w->fn == FN_ROLLING_COUNT ? 0 : 1);
    } else {
        w->n = literal_rows(plan, n, 1, 1);
        if (expr_is_rolling_fn(w->fn)) {
            w->min_count = literal_rows(plan, n, 2, w->fn == FN_ROLLING_COUNT ? 0 : w->n);
        }
    }
}

static chl_status take_window(expr_plan *plan, int32_t node, const expr_rows *set)
{
    const expr_node *n = &plan->expr->nodes[node];
    expr_typed *typed = &plan->nodes[node];
    expr_window w = {.fn = n->fn->id, .over = set->over, .control = set->control};
    read_literals(plan, n, &w);
    chl_column *x = NULL;
    if (n->n_args > 0) {
        int32_t argument = expr_arg(plan->expr, n, 0);
        CHL_TRY(chl_expr_materialise(plan, argument, node, set, false, &x));
    }
    w.x = x;
    chl_status status = chl_expr_window(&w, &typed->result, plan->err);
    if (status == CHL_OK && n->n_args == 3 && (w.fn == FN_LAG || w.fn == FN_LEAD)) {
        status = chl_expr_outside(&w, &typed->outside, plan->err);
    }
    chl_column_release(x);
    return status;
}

static chl_status run_plan(expr_plan *plan, const expr_rows *set, bool grouped,
                           chl_column **out)
{
    const chl_expr *e = plan->expr;
    for (size_t i = 0; (e->aggregate || e->window) && i < e->n_nodes; i++) {
        expr_fn fn = e->nodes[i].op == EXPR_CALL ? e->nodes[i].fn->id : FN_LOG;
        if (expr_is_aggregate_fn(fn)) {
            CHL_TRY(take_aggregate(plan, (int32_t)i, set));
        } else if (expr_is_window_fn(fn)) {
            CHL_TRY(take_window(plan, (int32_t)i, set));
        }
    }
    return chl_expr_materialise(plan, (int32_t)e->n_nodes - 1, -1, set, grouped, out);
}

static chl_status evaluate(const chl_expr *expr, const chl_frame *frame,
                           const expr_rows *set, bool grouped, chl_column **out,
                           chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(set->control, "expression", err));
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, grouped, set->over, err));
    chl_status status = run_plan(&plan, set, grouped, out);
    chl_expr_plan_reset(&plan);
    return status;
}

chl_status chl_expr_eval(const chl_expr *expr, const chl_frame *frame,
                         const chl_control *control, chl_column **out, chl_error *err)
{
    expr_rows set = {.rows = frame->rows, .groups = 1, .control = control};
    return evaluate(expr, frame, &set, false, out, err);
}

chl_status chl_expr_aggregate(const chl_expr *expr, const chl_frame *frame,
                              const int64_t *group, int64_t groups,
                              const chl_control *control, chl_column **out,
                              chl_error *err)
{
    expr_rows set = {frame->rows, group, groups, control, NULL};
    return evaluate(expr, frame, &set, true, out, err);
}

chl_status chl_expr_eval_over(const chl_expr *expr, const chl_frame *frame,
                              const chl_over *over, const chl_control *control,
                              chl_column **out, chl_error *err)
{
    expr_rows set = {frame->rows, over->group, over->groups, control, over};
    return evaluate(expr, frame, &set, false, out, err);
}

chl_status chl_expr_aggregate_over(const chl_expr *expr, const chl_frame *frame,
                                   const chl_over *over, const chl_control *control,
                                   chl_column **out, chl_error *err)
{
    expr_rows set = {frame->rows, over->group, over->groups, control, over};
    return evaluate(expr, frame, &set, true, out, err);
}
