/* SPDX-License-Identifier: MIT
 *
 * Types of window functions and of the lengths of time that they take. Layer: core/expr.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/expr/expr_internal.h"

static int32_t arg(const expr_plan *plan, int32_t node, int k)
{
    return expr_arg(plan->expr, expr_at(plan, node), k);
}

static void set_result(expr_plan *plan, int32_t node, int type)
{
    plan->nodes[node].type = plan->nodes[node].operands = type;
}

/* Argument k is read by the call itself: a whole number from `least` on. */
static chl_status want_rows(expr_plan *plan, int32_t node, int k, int64_t least)
{
    if (expr_at(plan, node)->n_args <= k) {
        return CHL_OK;
    }
    int32_t a = arg(plan, node, k);
    const expr_node *n = expr_at(plan, a);
    if (n->op != EXPR_INT || n->as.i < least || n->as.i > INT64_C(1) << 53) {
        char expected[64];
        snprintf(expected, sizeof expected, "a whole number from %d on", (int)least);
        return chl_expr_fail_argument(plan, node, a, expected);
    }
    plan->nodes[a].want = EXPR_WANT_SKIP;
    return CHL_OK;
}

/* The type of argument 0, whatever it is. */
static chl_status keep_type(expr_plan *plan, int32_t node)
{
    const expr_typed *a = &plan->nodes[arg(plan, node, 0)];
    set_result(plan, node, a->want);
    plan->nodes[node].levels = a->levels;
    return CHL_OK;
}

static chl_status want_f64(expr_plan *plan, int32_t node)
{
    CHL_TRY(chl_expr_want_number(plan, node, 0, CHL_F64));
    set_result(plan, node, CHL_F64);
    return CHL_OK;
}

/* lag(x[, rows[, default]]): x and the default get one type. */
static chl_status check_shift(expr_plan *plan, int32_t node)
{
    CHL_TRY(want_rows(plan, node, 1, 0));
    if (expr_at(plan, node)->n_args < 3) {
        return keep_type(plan, node);
    }
    expr_typed *rows = &plan->nodes[arg(plan, node, 1)];
    rows->type = EXPR_TYPE_NIL; /* has no part in the common type */
    CHL_TRY(chl_expr_unify(plan, node, 0));
    rows->want = EXPR_WANT_SKIP;
    return CHL_OK;
}

/* diff(x[, rows]): numbers keep their type, dates give days as i64, timestamps as f64. */
static chl_status check_diff(expr_plan *plan, int32_t node)
{
    CHL_TRY(want_rows(plan, node, 1, 0));
    CHL_TRY(chl_expr_check_kept(plan, node, true));
    int type = plan->nodes[node].type;
    if (type == CHL_DATE || type == CHL_TIMESTAMP) {
        set_result(plan, node, type == CHL_DATE ? CHL_I64 : CHL_F64);
    }
    return CHL_OK;
}

/* rank([x[, "asc" or "desc"]]). */
static chl_status check_rank(expr_plan *plan, int32_t node)
{
    const expr_node *n = expr_at(plan, node);
    set_result(plan, node, n->fn->id == FN_PERCENT_RANK ? CHL_F64 : CHL_I64);
    if (n->n_args == 0 && plan->over->n_columns == 0) {
        return chl_expr_fail_node(plan, node, CHL_EINVAL,
                                  "function '%s': expected %s(x), or rows in order as in "
                                  "df:order(\"when\")",
                                  n->fn->name, n->fn->name);
    }
    if (n->n_args == 2) {
        int32_t a = arg(plan, node, 1);
        size_t length;
        const char *word = expr_literal(plan, a, &length);
        bool text = expr_at(plan, a)->op == EXPR_TEXT;
        if (!text || !((length == 3 && memcmp(word, "asc", 3) == 0) ||
                       (length == 4 && memcmp(word, "desc", 4) == 0))) {
            return chl_expr_fail_argument(plan, node, a, "\"asc\" or \"desc\"");
        }
        plan->nodes[a].want = EXPR_WANT_SKIP;
    }
    return CHL_OK;
}

/* rolling_…(x, rows or a length of time[, min_count]). */
static chl_status check_rolling(expr_plan *plan, int32_t node)
{
    int32_t width = arg(plan, node, 1);
    const expr_node *w = expr_at(plan, width);
    CHL_TRY(want_rows(plan, node, 2, 0));
    if (w->op != EXPR_CALL || !expr_is_span_fn(w->fn->id)) {
        CHL_TRY(want_rows(plan, node, 1, 1));
    } else {
        const chl_over *over = plan->over;
        bool timed = over->n_columns > 0 && over->rising &&
                     (over->columns[0]->type == CHL_DATE ||
                      over->columns[0]->type == CHL_TIMESTAMP);
        if (!timed) {
            return chl_expr_fail_node(plan, width, CHL_EINVAL,
                                      "function '%s': expected rows in rising order of a "
                                      "date or timestamp, as in df:order(\"when\")",
                                      w->fn->name);
        }
        plan->nodes[width].want = EXPR_WANT_SKIP;
    }
    switch (expr_at(plan, node)->fn->id) {
    case FN_ROLLING_COUNT: set_result(plan, node, CHL_I64); return CHL_OK;
    case FN_ROLLING_SUM: return chl_expr_check_kept(plan, node, false);
    case FN_ROLLING_MIN:
    case FN_ROLLING_MAX: return chl_expr_check_kept(plan, node, true);
    default: return want_f64(plan, node);
    }
}

chl_status chl_expr_check_window(expr_plan *plan, int32_t node)
{
    const expr_function *fn = expr_at(plan, node)->fn;
    if (!plan->over) {
        return chl_expr_fail_node(plan, node, CHL_EINVAL,
                                  "window function '%s': expected rows in groups or in "
                                  "order, as in df:group(\"id\"):order(\"when\"):derive "
                                  "{ … }",
                                  fn->name);
    }
    if (expr_is_rolling_fn(fn->id)) {
        return check_rolling(plan, node);
    }
    switch (fn->id) {
    case FN_ROW_NUMBER:
    case FN_CUMCOUNT: set_result(plan, node, CHL_I64); return CHL_OK;
    case FN_RANK:
    case FN_DENSE_RANK:
    case FN_PERCENT_RANK: return check_rank(plan, node);
    case FN_LAG:
    case FN_LEAD: return check_shift(plan, node);
    case FN_CUMSUM: return chl_expr_check_kept(plan, node, false);
    case FN_CUMMAX:
    case FN_CUMMIN: return chl_expr_check_kept(plan, node, true);
    case FN_DIFF: return check_diff(plan, node);
    case FN_PCT_CHANGE: CHL_TRY(want_rows(plan, node, 1, 0)); return want_f64(plan, node);
    case FN_CUMMEAN: return want_f64(plan, node);
    default: return keep_type(plan, node); /* ffill, bfill */
    }
}

/* A length of time stands only where a moving window has its width. */
chl_status chl_expr_check_span(expr_plan *plan, int32_t node)
{
    const expr_function *fn = expr_at(plan, node)->fn;
    int32_t a = arg(plan, node, 0);
    const expr_node *n = expr_at(plan, a);
    bool number = n->op == EXPR_INT || n->op == EXPR_FLOAT;
    if (plan->nodes[node].want != EXPR_WANT_SKIP) {
        return chl_expr_fail_node(plan, node, CHL_ETYPE,
                                  "function '%s': expected only as the width of a moving "
                                  "window, as in rolling_sum(x, %s(7))",
                                  fn->name, fn->name);
    }
    if (!number || chl_expr_span(plan->expr, node) < 1) {
        return chl_expr_fail_argument(plan, node, a, "a number above 0, up to 1e5 years");
    }
    plan->nodes[a].want = EXPR_WANT_SKIP;
    set_result(plan, node, CHL_I64);
    return CHL_OK;
}

int64_t chl_expr_span(const chl_expr *expr, int32_t node)
{
    static const double units[] = {1e6, 60e6, 3600e6, 86400e6, 7 * 86400e6};
    const expr_node *n = &expr->nodes[node];
    const expr_node *length = &expr->nodes[expr_arg(expr, n, 0)];
    double value = length->op == EXPR_FLOAT ? length->as.f : (double)length->as.i;
    double micros = round(value * units[n->fn->id - FN_SECONDS]);
    return micros >= 1 && micros <= 1e5 * 366 * 86400e6 ? (int64_t)micros : 0;
}
