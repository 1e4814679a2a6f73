/* SPDX-License-Identifier: MIT
 *
 * Types of function calls. Layer: core/expr.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/pattern.h"
#include "core/expr/expr_internal.h"

static int32_t arg(const expr_plan *plan, int32_t node, int k)
{
    return expr_arg(plan->expr, expr_at(plan, node), k);
}

static const char *name_of(const expr_plan *plan, int32_t node)
{
    return expr_at(plan, node)->fn->name;
}

chl_status chl_expr_fail_argument(const expr_plan *plan, int32_t node, int32_t argument,
                                  const char *expected)
{
    char what[160];
    chl_expr_describe(plan, argument, what);
    return chl_expr_fail_node(plan, argument, CHL_ETYPE,
                              "function '%s': expected %s, got %s", name_of(plan, node),
                              expected, what);
}

/* ---- shared rules ---- */

chl_status chl_expr_want_number(expr_plan *plan, int32_t node, int k, int type)
{
    int32_t a = arg(plan, node, k);
    if (!chl_expr_is_number(plan, a)) {
        return chl_expr_fail_argument(plan, node, a, "a number");
    }
    plan->nodes[a].want = type;
    return CHL_OK;
}

static chl_status want_text(expr_plan *plan, int32_t node, int k)
{
    int32_t a = arg(plan, node, k);
    if (!chl_expr_is_text(plan, a) && plan->nodes[a].type != EXPR_TYPE_NIL) {
        return chl_expr_fail_argument(plan, node, a, "text");
    }
    plan->nodes[a].want = CHL_STRING;
    return CHL_OK;
}

static bool is_literal_text(const expr_plan *plan, int32_t node)
{
    return expr_at(plan, node)->op == EXPR_TEXT;
}

static bool literal_number(const expr_plan *plan, int32_t node, double *value)
{
    const expr_node *n = expr_at(plan, node);
    *value = n->op == EXPR_INT ? (double)n->as.i : n->as.f;
    return n->op == EXPR_INT || n->op == EXPR_FLOAT;
}

static void set_result(expr_plan *plan, int32_t node, int type, int operands)
{
    plan->nodes[node].type = type;
    plan->nodes[node].operands = operands;
}

/* ---- one type for several arguments ---- */

typedef struct kinds {
    bool floats, ints, bools, dates, timestamps, strings, categories, literals;
} kinds;

static kinds find_kinds(const expr_plan *plan, int32_t node, int from)
{
    kinds k = {0};
    for (int i = from; i < expr_at(plan, node)->n_args; i++) {
        int32_t a = arg(plan, node, i);
        switch (plan->nodes[a].type) {
        case CHL_F64: k.floats = true; break;
        case CHL_I64: k.ints = true; break;
        case CHL_BOOL: k.bools = true; break;
        case CHL_DATE: k.dates = true; break;
        case CHL_TIMESTAMP: k.timestamps = true; break;
        case CHL_CATEGORY: k.categories = true; break;
        case CHL_STRING:
            k.literals = k.literals || is_literal_text(plan, a);
            k.strings = k.strings || !is_literal_text(plan, a);
            break;
        default: break; /* nil takes any type */
        }
    }
    return k;
}

static chl_status fail_kinds(expr_plan *plan, int32_t node, int from)
{
    int32_t first = arg(plan, node, from), other = first;
    for (int i = from; i < expr_at(plan, node)->n_args; i++) {
        int32_t a = arg(plan, node, i);
        if (plan->nodes[first].type == EXPR_TYPE_NIL) {
            first = a;
        }
        bool text = chl_expr_is_text(plan, a) && chl_expr_is_text(plan, first);
        bool number = chl_expr_is_number(plan, a) && chl_expr_is_number(plan, first);
        if (!text && !number && plan->nodes[a].type != plan->nodes[first].type) {
            other = a;
        }
    }
    char left[160], right[160];
    chl_expr_describe(plan, first, left);
    chl_expr_describe(plan, other, right);
    return chl_expr_fail_node(plan, other, CHL_ETYPE,
                              "function '%s': %s and %s have no common type",
                              name_of(plan, node), left, right);
}

static chl_status own_levels(expr_plan *plan, chl_levels **out)
{
    CHL_TRY(chl_levels_new(out, plan->err));
    chl_levels **grown = chl_grow((void *)plan->levels, &plan->level_capacity,
                                  plan->n_levels + 1, sizeof(chl_levels *));
    if (!grown) {
        chl_levels_release(*out);
        return chl_fail_memory(plan->err);
    }
    plan->levels = grown;
    plan->levels[plan->n_levels++] = *out;
    return CHL_OK;
}

/* The levels that all arguments share, or NULL when a new table is needed. */
static chl_levels *shared_levels(const expr_plan *plan, int32_t node, int from)
{
    chl_levels *levels = NULL;
    int n = expr_at(plan, node)->n_args;
    for (int i = from; i < n; i++) {
        const expr_typed *a = &plan->nodes[arg(plan, node, i)];
        if (a->type == CHL_CATEGORY && levels && levels != a->levels) {
            return NULL;
        }
        levels = a->type == CHL_CATEGORY ? a->levels : levels;
    }
    for (int i = from; levels && i < n; i++) {
        int32_t a = arg(plan, node, i);
        size_t length;
        if (is_literal_text(plan, a)) {
            const char *bytes = expr_literal(plan, a, &length);
            levels = chl_levels_find(levels, bytes, length) < 0 ? NULL : levels;
        }
    }
    return levels;
}

static chl_status intern_all(expr_plan *plan, const chl_levels *from, chl_levels *to)
{
    int32_t code;
    for (int32_t i = 0; i < chl_levels_count(from); i++) {
        size_t n;
        const char *name = chl_levels_name(from, i, &n);
        CHL_TRY(chl_levels_intern(to, name, n, &code, plan->err));
    }
    return CHL_OK;
}

/* A level table with the levels of all arguments in their order. */
static chl_status join_levels(expr_plan *plan, int32_t node, int from, chl_levels **out)
{
    *out = shared_levels(plan, node, from);
    if (*out) {
        return CHL_OK;
    }
    CHL_TRY(own_levels(plan, out));
    for (int i = from; i < expr_at(plan, node)->n_args; i++) {
        int32_t a = arg(plan, node, i), code;
        size_t n;
        if (plan->nodes[a].type == CHL_CATEGORY) {
            CHL_TRY(intern_all(plan, plan->nodes[a].levels, *out));
        } else if (is_literal_text(plan, a)) {
            const char *bytes = expr_literal(plan, a, &n);
            CHL_TRY(chl_levels_intern(*out, bytes, n, &code, plan->err));
        }
    }
    return CHL_OK;
}

/* Reads the arguments from `from` on as timestamps if one of them is one, else as dates.
 */
static chl_status want_times(expr_plan *plan, int32_t node, int from)
{
    int type = find_kinds(plan, node, from).timestamps ? CHL_TIMESTAMP : CHL_DATE;
    for (int i = from; i < expr_at(plan, node)->n_args; i++) {
        CHL_TRY(chl_expr_want_time(plan, arg(plan, node, i), type));
    }
    set_result(plan, node, type, type);
    return CHL_OK;
}

/* Gives arguments from `from` on one type, which becomes the call's type: numbers (i64
 * only among themselves), times (timestamps as soon as there is one), text; categories
 * and literals stay categories. */
chl_status chl_expr_unify(expr_plan *plan, int32_t node, int from)
{
    kinds k = find_kinds(plan, node, from);
    bool numbers = k.floats || k.ints || k.bools;
    bool texts = k.strings || k.categories || k.literals;
    bool times = k.dates || k.timestamps;
    if (times && !numbers && !k.strings && !k.categories) {
        return want_times(plan, node, from);
    }
    if (times || (numbers && texts)) {
        return fail_kinds(plan, node, from);
    }
    int type = k.floats || !(numbers || texts) ? CHL_F64 : k.ints ? CHL_I64 : CHL_BOOL;
    chl_levels *levels = NULL;
    if (texts) {
        type = k.strings ? CHL_STRING : CHL_CATEGORY;
    }
    if (type == CHL_CATEGORY) {
        CHL_TRY(join_levels(plan, node, from, &levels));
    }
    for (int i = from; i < expr_at(plan, node)->n_args; i++) {
        plan->nodes[arg(plan, node, i)].want = type;
        plan->nodes[arg(plan, node, i)].want_levels = levels;
    }
    set_result(plan, node, type, type);
    plan->nodes[node].levels = levels;
    return CHL_OK;
}

/* ---- row functions ---- */

static chl_status check_math(expr_plan *plan, int32_t node)
{
    CHL_TRY(chl_expr_want_number(plan, node, 0, CHL_F64));
    set_result(plan, node, CHL_F64, CHL_F64);
    return CHL_OK;
}

/* abs keeps the type; sign, floor, ceil and round give i64. */
static chl_status check_rounding(expr_plan *plan, int32_t node)
{
    int type = plan->nodes[arg(plan, node, 0)].type;
    int operands = type == CHL_I64 || type == CHL_BOOL ? CHL_I64 : CHL_F64;
    CHL_TRY(chl_expr_want_number(plan, node, 0, operands));
    bool keeps = expr_at(plan, node)->fn->id == FN_ABS;
    set_result(plan, node, keeps ? operands : CHL_I64, operands);
    return CHL_OK;
}

static chl_status check_round(expr_plan *plan, int32_t node)
{
    if (expr_at(plan, node)->n_args == 1) {
        return check_rounding(plan, node);
    }
    int32_t digits = arg(plan, node, 1);
    const expr_node *n = expr_at(plan, digits);
    if (n->op != EXPR_INT || n->as.i < -15 || n->as.i > 15) {
        return chl_expr_fail_argument(plan, node, digits,
                                      "digits as an integer from -15 to 15");
    }
    plan->nodes[digits].want = EXPR_WANT_SKIP;
    return check_math(plan, node);
}

/* min, max, clip, between: numbers or times. */
static chl_status check_ordered(expr_plan *plan, int32_t node)
{
    for (int i = 0; i < expr_at(plan, node)->n_args; i++) {
        int32_t a = arg(plan, node, i);
        bool time = chl_expr_is_time(plan, a) || is_literal_text(plan, a);
        if (!chl_expr_is_number(plan, a) && !time) {
            return chl_expr_fail_argument(plan, node, a, "a number or a date");
        }
    }
    CHL_TRY(chl_expr_unify(plan, node, 0));
    if (plan->nodes[node].type == CHL_CATEGORY) {
        return chl_expr_fail_argument(plan, node, arg(plan, node, 0),
                                      "a number or a date");
    }
    if (plan->nodes[node].type == CHL_BOOL) {
        for (int i = 0; i < expr_at(plan, node)->n_args; i++) {
            plan->nodes[arg(plan, node, i)].want = CHL_I64;
        }
        set_result(plan, node, CHL_I64, CHL_I64);
    }
    if (expr_at(plan, node)->fn->id == FN_BETWEEN) {
        plan->nodes[node].type = CHL_BOOL;
    }
    return CHL_OK;
}

static chl_status check_if_else(expr_plan *plan, int32_t node)
{
    CHL_TRY(chl_expr_want_condition(plan, arg(plan, node, 0), "function 'if_else'"));
    return chl_expr_unify(plan, node, 1);
}

static chl_status check_bin(expr_plan *plan, int32_t node)
{
    CHL_TRY(chl_expr_want_number(plan, node, 0, CHL_F64));
    chl_levels *levels;
    CHL_TRY(own_levels(plan, &levels));
    double last = 0, edge = 0;
    char from[32] = "", to[32], label[80];
    int32_t code;
    int n = expr_at(plan, node)->n_args;
    for (int i = 1; i < n; i++, last = edge) {
        int32_t a = arg(plan, node, i);
        if (!literal_number(plan, a, &edge) || (i > 1 && edge <= last)) {
            return chl_expr_fail_argument(plan, node, a, "edges as rising numbers");
        }
        chl_format_double(edge, to);
        snprintf(label, sizeof label, i > 1 ? "%s..%s" : "%s<%s", from, to);
        CHL_TRY(chl_levels_intern(levels, label, strlen(label), &code, plan->err));
        plan->nodes[a].want = EXPR_WANT_SKIP;
        memcpy(from, to, sizeof from);
    }
    snprintf(label, sizeof label, ">=%s", from);
    CHL_TRY(chl_levels_intern(levels, label, strlen(label), &code, plan->err));
    chl_levels_set_ordered(levels);
    set_result(plan, node, CHL_CATEGORY, CHL_F64);
    plan->nodes[node].levels = levels;
    return CHL_OK;
}

static chl_status check_item(expr_plan *plan, int32_t node, int32_t x, int32_t item)
{
    expr_op op = expr_at(plan, item)->op;
    int type = plan->nodes[x].type;
    bool number = op == EXPR_INT || op == EXPR_FLOAT || op == EXPR_BOOL;
    if (op == EXPR_TEXT && type == CHL_CATEGORY) {
        return chl_expr_want_level(plan, item, x);
    }
    if (op == EXPR_TEXT && chl_expr_is_time(plan, x)) {
        return chl_expr_want_time(plan, item, type);
    }
    if (op == EXPR_TEXT ? type == CHL_STRING : number && chl_expr_is_number(plan, x)) {
        return CHL_OK;
    }
    if (!number && op != EXPR_TEXT) {
        return chl_expr_fail_argument(plan, node, item, "values, not expressions");
    }
    char what[160];
    chl_expr_describe(plan, x, what);
    return chl_expr_fail_node(plan, item, CHL_ETYPE,
                              "function 'one_of': expected a value that compares with %s",
                              what);
}

static chl_status check_one_of(expr_plan *plan, int32_t node)
{
    int32_t x = arg(plan, node, 0);
    int type = plan->nodes[x].type;
    bool floats = type == CHL_F64 || type == EXPR_TYPE_NIL;
    for (int i = 1; i < expr_at(plan, node)->n_args; i++) {
        int32_t item = arg(plan, node, i);
        CHL_TRY(check_item(plan, node, x, item));
        plan->nodes[item].want = EXPR_WANT_SKIP;
        floats = floats || expr_at(plan, item)->op == EXPR_FLOAT;
    }
    int operands = type;
    if (chl_expr_is_number(plan, x)) {
        operands = floats ? CHL_F64 : CHL_I64;
    }
    plan->nodes[x].want = operands;
    set_result(plan, node, CHL_BOOL, operands);
    return CHL_OK;
}

/* matches(text, "pattern") */
static chl_status check_matches(expr_plan *plan, int32_t node)
{
    int32_t a = arg(plan, node, 1);
    chl_pattern pattern;
    size_t n;
    CHL_TRY(want_text(plan, node, 0));
    if (!is_literal_text(plan, a)) {
        return chl_expr_fail_argument(plan, node, a, "a pattern such as \"%d+\"");
    }
    const char *text = expr_literal(plan, a, &n);
    chl_status status = chl_pattern_init(&pattern, text, n, plan->err);
    if (status != CHL_OK) {
        return chl_expr_locate(plan->err, status, plan->expr->text,
                               (size_t)expr_at(plan, a)->position);
    }
    plan->nodes[a].want = EXPR_WANT_SKIP;
    set_result(plan, node, CHL_BOOL, CHL_STRING);
    return CHL_OK;
}

static chl_status check_text_function(expr_plan *plan, int32_t node)
{
    for (int i = 0; i < expr_at(plan, node)->n_args; i++) {
        CHL_TRY(want_text(plan, node, i));
    }
    expr_fn id = expr_at(plan, node)->fn->id;
    int type = id == FN_LEN                       ? CHL_I64
               : id == FN_LOWER || id == FN_UPPER ? CHL_STRING
                                                  : CHL_BOOL;
    set_result(plan, node, type, CHL_STRING);
    return CHL_OK;
}

/* ---- aggregates ---- */

static chl_status check_quantile(expr_plan *plan, int32_t node)
{
    int32_t q = arg(plan, node, 1);
    double share;
    if (!literal_number(plan, q, &share) || share < 0 || share > 1) {
        return chl_expr_fail_argument(plan, node, q, "a number from 0 to 1");
    }
    plan->nodes[q].want = EXPR_WANT_SKIP;
    return check_math(plan, node);
}

/* sum, min, max keep i64 and f64, bool counts as i64; min and max take times too. */
chl_status chl_expr_check_kept(expr_plan *plan, int32_t node, bool times)
{
    int32_t a = arg(plan, node, 0);
    int type = plan->nodes[a].type;
    if (times && chl_expr_is_time(plan, a)) {
        set_result(plan, node, type, type);
        return CHL_OK;
    }
    if (times && !chl_expr_is_number(plan, a)) {
        return chl_expr_fail_argument(plan, node, a, "a number or a date");
    }
    type = type == CHL_I64 || type == CHL_BOOL ? CHL_I64 : CHL_F64;
    CHL_TRY(chl_expr_want_number(plan, node, 0, type));
    set_result(plan, node, type, type);
    return CHL_OK;
}

static chl_status check_aggregate(expr_plan *plan, int32_t node)
{
    expr_fn id = expr_at(plan, node)->fn->id;
    switch (id) {
    case FN_COUNT:
    case FN_N_DISTINCT: set_result(plan, node, CHL_I64, CHL_I64); return CHL_OK;
    case FN_COUNT_IF:
    case FN_ANY:
    case FN_ALL: {
        const char *where = id == FN_ANY   ? "function 'any'"
                            : id == FN_ALL ? "function 'all'"
                                           : "function 'count_if'";
        set_result(plan, node, id == FN_COUNT_IF ? CHL_I64 : CHL_BOOL, CHL_BOOL);
        return chl_expr_want_condition(plan, arg(plan, node, 0), where);
    }
    case FN_SUM: return chl_expr_check_kept(plan, node, false);
    case FN_MIN:
    case FN_MAX: return chl_expr_check_kept(plan, node, true);
    case FN_QUANTILE: return check_quantile(plan, node);
    case FN_WMEAN:
        CHL_TRY(chl_expr_want_number(plan, node, 1, CHL_F64));
        return check_math(plan, node);
    case FN_MODE:
    case FN_FIRST:
    case FN_LAST: {
        const expr_typed *a = &plan->nodes[arg(plan, node, 0)];
        set_result(plan, node, a->want, a->want);
        plan->nodes[node].levels = a->levels;
        return CHL_OK;
    }
    default: return check_math(plan, node); /* mean, var, std, median */
    }
}

chl_status chl_expr_check_call(expr_plan *plan, int32_t node)
{
    expr_fn id = expr_at(plan, node)->fn->id;
    if (expr_is_aggregate_fn(id)) {
        return check_aggregate(plan, node);
    }
    if (expr_is_time_fn(id)) {
        return chl_expr_check_time(plan, node);
    }
    if (expr_is_window_fn(id)) {
        return chl_expr_check_window(plan, node);
    }
    if (expr_is_span_fn(id)) {
        return chl_expr_check_span(plan, node);
    }
    switch (id) {
    case FN_ABS:
    case FN_SIGN:
    case FN_FLOOR:
    case FN_CEIL: return check_rounding(plan, node);
    case FN_ROUND: return check_round(plan, node);
    case FN_LEAST:
    case FN_GREATEST:
    case FN_CLIP:
    case FN_BETWEEN: return check_ordered(plan, node);
    case FN_IS_NA: set_result(plan, node, CHL_BOOL, CHL_BOOL); return CHL_OK;
    case FN_COALESCE: return chl_expr_unify(plan, node, 0);
    case FN_IF_ELSE: return check_if_else(plan, node);
    case FN_ONE_OF: return check_one_of(plan, node);
    case FN_BIN: return check_bin(plan, node);
    case FN_LOWER:
    case FN_UPPER:
    case FN_LEN:
    case FN_CONTAINS:
    case FN_STARTS_WITH:
    case FN_ENDS_WITH: return check_text_function(plan, node);
    case FN_MATCHES: return check_matches(plan, node);
    default: return check_math(plan, node); /* log … sqrt */
    }
}
