/* SPDX-License-Identifier: MIT
 *
 * Types of operators and the plan's life; expr_check_calls.c has the functions. Layer:
 * core/expr. One loop over the nodes: a node's type follows from its operands, and it
 * tells each operand which type it wants to read (the compiler converts there).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/data/calendar.h"
#include "core/expr/expr_internal.h"

/* ---- messages ---- */

chl_status chl_expr_fail_node(const expr_plan *plan, int32_t node, chl_status code,
                              const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    chl_vfail(plan->err, code, fmt, args);
    va_end(args);
    return chl_expr_locate(plan->err, code, plan->expr->text,
                           (size_t)expr_at(plan, node)->position);
}

static const char *type_word(int type)
{
    return type == EXPR_TYPE_NIL ? "nil" : chl_type_name((chl_type)type);
}

void chl_expr_describe(const expr_plan *plan, int32_t node, char out[160])
{
    const expr_node *n = expr_at(plan, node);
    const char *type = type_word(plan->nodes[node].type);
    size_t length;
    const char *bytes;
    char number[32];
    switch (n->op) {
    case EXPR_INT: snprintf(out, 160, "number %" PRId64, n->as.i); break;
    case EXPR_FLOAT:
        chl_format_double(n->as.f, number);
        snprintf(out, 160, "number %s", number);
        break;
    case EXPR_TEXT:
        bytes = expr_literal(plan, node, &length);
        snprintf(out, 160, "text \"%.*s\"", length > 60 ? 60 : (int)length, bytes);
        break;
    case EXPR_BOOL: snprintf(out, 160, "%s", n->as.i ? "true" : "false"); break;
    case EXPR_NIL: snprintf(out, 160, "nil"); break;
    case EXPR_COLUMN:
        snprintf(out, 160, "column '%.80s' (%s)", plan->expr->names[n->as.i], type);
        break;
    case EXPR_CALL: snprintf(out, 160, "%s(…) (%s)", n->fn->name, type); break;
    default: snprintf(out, 160, "a result of type %s", type); break;
    }
}

/* ---- kinds of operands ---- */

bool chl_expr_is_text(const expr_plan *plan, int32_t node)
{
    int type = plan->nodes[node].type;
    return type == CHL_STRING || type == CHL_CATEGORY;
}

bool chl_expr_is_number(const expr_plan *plan, int32_t node)
{
    int type = plan->nodes[node].type;
    return type == CHL_F64 || type == CHL_I64 || type == CHL_BOOL ||
           type == EXPR_TYPE_NIL;
}

bool chl_expr_is_time(const expr_plan *plan, int32_t node)
{
    int type = plan->nodes[node].type;
    return type == CHL_DATE || type == CHL_TIMESTAMP;
}

static chl_status check_time_literal(expr_plan *plan, int32_t node, int type)
{
    size_t n;
    const char *bytes = expr_literal(plan, node, &n);
    int32_t days;
    int64_t micros;
    if (type == CHL_DATE ? chl_date_parse(bytes, n, &days)
                         : chl_timestamp_parse(bytes, n, &micros)) {
        return CHL_OK;
    }
    const char *like = type == CHL_DATE ? "date like \"2026-11-22\""
                                        : "timestamp like \"2026-11-22 10:00:00\"";
    return chl_expr_fail_node(plan, node, CHL_ETYPE, "expected a %s, got \"%.*s\"", like,
                              n > 40 ? 40 : (int)n, bytes);
}

chl_status chl_expr_want_time(expr_plan *plan, int32_t node, int type)
{
    expr_typed *typed = &plan->nodes[node];
    bool fits = typed->type == type || typed->type == EXPR_TYPE_NIL ||
                (typed->type == CHL_DATE && type == CHL_TIMESTAMP);
    if (expr_at(plan, node)->op == EXPR_TEXT) {
        CHL_TRY(check_time_literal(plan, node, type));
    } else if (!fits) {
        char what[160];
        chl_expr_describe(plan, node, what);
        return chl_expr_fail_node(plan, node, CHL_ETYPE, "expected a %s, got %s",
                                  chl_type_name((chl_type)type), what);
    }
    typed->want = type;
    return CHL_OK;
}

static chl_status fail_level(expr_plan *plan, int32_t literal, int32_t category,
                             const chl_levels *levels)
{
    int32_t count = chl_levels_count(levels);
    const char **names = chl_alloc((size_t)count, sizeof *names);
    size_t n;
    const char *bytes = expr_literal(plan, literal, &n);
    char *wanted = chl_strndup(bytes, n);
    chl_status status = CHL_ENOMEM;
    if (names && wanted) {
        for (int32_t i = 0; i < count; i++) {
            names[i] = chl_levels_name(levels, i, NULL);
        }
        char where[160];
        chl_expr_describe(plan, category, where);
        status = CHL_ENAME;
        chl_fail_unknown(plan->err, where, "level", wanted, names, (size_t)count);
        chl_expr_locate(plan->err, status, plan->expr->text,
                        (size_t)expr_at(plan, literal)->position);
    } else {
        chl_fail_memory(plan->err);
    }
    chl_free(wanted);
    chl_free((void *)names);
    return status;
}

chl_status chl_expr_want_level(expr_plan *plan, int32_t literal, int32_t category)
{
    size_t n;
    const char *bytes = expr_literal(plan, literal, &n);
    chl_levels *levels = plan->nodes[category].levels;
    if (chl_levels_find(levels, bytes, n) < 0) {
        return fail_level(plan, literal, category, levels);
    }
    plan->nodes[literal].want = CHL_CATEGORY;
    plan->nodes[literal].want_levels = levels;
    return CHL_OK;
}

/* ---- comparisons ---- */

static bool is_comparison(expr_op op)
{
    return op >= EXPR_LT && op <= EXPR_EQ;
}

/* An integer literal that a double holds exactly. */
static bool is_small_integer(const expr_plan *plan, int32_t node)
{
    const expr_node *n = expr_at(plan, node);
    return n->op == EXPR_INT && n->as.i <= INT64_C(1) << 53 &&
           n->as.i >= -(INT64_C(1) << 53);
}

static chl_status compare_numbers(expr_plan *plan, int32_t node, int32_t a, int32_t b)
{
    expr_typed *left = &plan->nodes[a], *right = &plan->nodes[b];
    int *operands = &plan->nodes[node].operands;
    bool float_left = left->type == CHL_F64, float_right = right->type == CHL_F64;
    float_left = float_left || (float_right && is_small_integer(plan, a));
    float_right = float_right || (float_left && is_small_integer(plan, b));
    left->want = float_left ? CHL_F64 : CHL_I64;
    right->want = float_right ? CHL_F64 : CHL_I64;
    if (float_left == float_right) {
        *operands = left->want;
    } else {
        *operands = float_left ? EXPR_MIXED_SWAPPED : EXPR_MIXED;
    }
    return CHL_OK;
}

static chl_status compare_texts(expr_plan *plan, int32_t node, int32_t a, int32_t b)
{
    expr_typed *left = &plan->nodes[a], *right = &plan->nodes[b];
    expr_op op = expr_at(plan, node)->op;
    bool equality = op == EXPR_EQ || op == EXPR_NE;
    bool text_left = expr_at(plan, a)->op == EXPR_TEXT;
    bool text_right = expr_at(plan, b)->op == EXPR_TEXT;
    if (left->type == CHL_CATEGORY && text_right && equality) {
        plan->nodes[node].operands = left->want = CHL_CATEGORY;
        left->want_levels = left->levels;
        return chl_expr_want_level(plan, b, a);
    }
    if (right->type == CHL_CATEGORY && text_left && equality) {
        plan->nodes[node].operands = right->want = CHL_CATEGORY;
        right->want_levels = right->levels;
        return chl_expr_want_level(plan, a, b);
    }
    if (left->levels && left->levels == right->levels && equality) {
        plan->nodes[node].operands = left->want = right->want = CHL_CATEGORY;
        left->want_levels = right->want_levels = left->levels;
        return CHL_OK;
    }
    plan->nodes[node].operands = left->want = right->want = CHL_STRING;
    return CHL_OK;
}

static chl_status check_comparison(expr_plan *plan, int32_t node)
{
    const expr_node *n = expr_at(plan, node);
    int32_t a = expr_arg(plan->expr, n, 0), b = expr_arg(plan->expr, n, 1);
    int left = plan->nodes[a].type, right = plan->nodes[b].type;
    plan->nodes[node].type = CHL_BOOL;
    if (left == EXPR_TYPE_NIL || right == EXPR_TYPE_NIL) {
        return chl_expr_fail_node(plan, node, CHL_ETYPE,
                                  "a comparison with nil is always missing: write "
                                  "is_na(x) or not is_na(x)");
    }
    if (is_comparison(expr_at(plan, a)->op) && n->op < EXPR_NE) {
        return chl_expr_fail_node(plan, node, CHL_ETYPE,
                                  "comparisons do not chain: write a < b and b < c");
    }
    if (chl_expr_is_number(plan, a) && chl_expr_is_number(plan, b)) {
        return compare_numbers(plan, node, a, b);
    }
    if (chl_expr_is_text(plan, a) && chl_expr_is_text(plan, b)) {
        return compare_texts(plan, node, a, b);
    }
    if ((chl_expr_is_time(plan, a) || expr_at(plan, a)->op == EXPR_TEXT) &&
        (chl_expr_is_time(plan, b) || expr_at(plan, b)->op == EXPR_TEXT)) {
        bool dates = left != CHL_TIMESTAMP && right != CHL_TIMESTAMP;
        int type = dates ? CHL_DATE : CHL_TIMESTAMP;
        plan->nodes[node].operands = type;
        CHL_TRY(chl_expr_want_time(plan, a, type));
        return chl_expr_want_time(plan, b, type);
    }
    char first[160], second[160];
    chl_expr_describe(plan, a, first);
    chl_expr_describe(plan, b, second);
    return chl_expr_fail_node(plan, node, CHL_ETYPE, "cannot compare %s with %s", first,
                              second);
}

/* ---- the other operators ---- */

static chl_status want_number(expr_plan *plan, int32_t node, const char *op)
{
    if (chl_expr_is_number(plan, node)) {
        return CHL_OK;
    }
    char what[160];
    chl_expr_describe(plan, node, what);
    return chl_expr_fail_node(plan, node, CHL_ETYPE,
                              "operator '%s': expected a number, got %s", op, what);
}

static chl_status check_arithmetic(expr_plan *plan, int32_t node)
{
    const expr_node *n = expr_at(plan, node);
    const char *op = n->op == EXPR_NEG ? "-" : chl_expr_operator(n->op)->text;
    bool fraction = n->op == EXPR_DIV || n->op == EXPR_POW;
    for (int k = 0; k < n->n_args; k++) {
        int32_t operand = expr_arg(plan->expr, n, k);
        CHL_TRY(want_number(plan, operand, op));
        int type = plan->nodes[operand].type;
        fraction = fraction || type == CHL_F64 || type == EXPR_TYPE_NIL;
    }
    int type = fraction ? CHL_F64 : CHL_I64;
    for (int k = 0; k < n->n_args; k++) {
        plan->nodes[expr_arg(plan->expr, n, k)].want = type;
    }
    plan->nodes[node].type = plan->nodes[node].operands = type;
    return CHL_OK;
}

chl_status chl_expr_want_condition(expr_plan *plan, int32_t node, const char *where)
{
    int type = plan->nodes[node].type;
    if (type != CHL_BOOL && type != EXPR_TYPE_NIL) {
        char what[160];
        chl_expr_describe(plan, node, what);
        return chl_expr_fail_node(
            plan, node, CHL_ETYPE, "%s: expected a condition, got %s%s", where, what,
            type == CHL_I64 || type == CHL_F64 ? " (compare it, as in 'x ~= 0')" : "");
    }
    plan->nodes[node].want = CHL_BOOL;
    return CHL_OK;
}

static chl_status check_logic(expr_plan *plan, int32_t node)
{
    const expr_node *n = expr_at(plan, node);
    const char *where = n->op == EXPR_NOT   ? "operator 'not'"
                        : n->op == EXPR_AND ? "operator 'and'"
                                            : "operator 'or'";
    for (int k = 0; k < n->n_args; k++) {
        CHL_TRY(chl_expr_want_condition(plan, expr_arg(plan->expr, n, k), where));
    }
    plan->nodes[node].type = plan->nodes[node].operands = CHL_BOOL;
    return CHL_OK;
}

static chl_status check_column(expr_plan *plan, int32_t node)
{
    const chl_frame *frame = plan->frame;
    const char *name = plan->expr->names[expr_at(plan, node)->as.i];
    expr_typed *typed = &plan->nodes[node];
    typed->column = chl_frame_column(frame, name);
    if (typed->column) {
        typed->type = (int)typed->column->type;
        typed->levels = typed->column->levels;
        return CHL_OK;
    }
    const char **names = chl_alloc((size_t)frame->columns, sizeof *names);
    if (!names) {
        return chl_fail_memory(plan->err);
    }
    for (int i = 0; i < frame->columns; i++) {
        names[i] = frame->fields[i].name;
    }
    chl_fail_unknown(plan->err, "", "column", name, names, (size_t)frame->columns);
    chl_free((void *)names);
    return chl_expr_locate(plan->err, CHL_ENAME, plan->expr->text,
                           (size_t)expr_at(plan, node)->position);
}

static chl_status check_node(expr_plan *plan, int32_t node)
{
    expr_typed *typed = &plan->nodes[node];
    switch (expr_at(plan, node)->op) {
    case EXPR_INT: typed->type = CHL_I64; return CHL_OK;
    case EXPR_FLOAT: typed->type = CHL_F64; return CHL_OK;
    case EXPR_TEXT: typed->type = CHL_STRING; return CHL_OK;
    case EXPR_BOOL: typed->type = CHL_BOOL; return CHL_OK;
    case EXPR_NIL: typed->type = EXPR_TYPE_NIL; return CHL_OK;
    case EXPR_COLUMN: return check_column(plan, node);
    case EXPR_CALL: return chl_expr_check_call(plan, node);
    case EXPR_NOT:
    case EXPR_OR:
    case EXPR_AND: return check_logic(plan, node);
    case EXPR_CONCAT: {
        const expr_node *n = expr_at(plan, node);
        typed->type = typed->operands = CHL_STRING;
        plan->nodes[expr_arg(plan->expr, n, 0)].want = CHL_STRING;
        plan->nodes[expr_arg(plan->expr, n, 1)].want = CHL_STRING;
        return CHL_OK;
    }
    default:
        return is_comparison(expr_at(plan, node)->op) ? check_comparison(plan, node)
                                                      : check_arithmetic(plan, node);
    }
}

/* ---- the plan ---- */

/* What a node gives when nobody asks for something else. */
static void want_itself(expr_typed *typed)
{
    typed->want = typed->type == EXPR_TYPE_NIL ? CHL_F64 : typed->type;
    typed->want_levels = typed->type == CHL_CATEGORY ? typed->levels : NULL;
}

static void find_owners(expr_plan *plan)
{
    const chl_expr *e = plan->expr;
    plan->nodes[e->n_nodes - 1].owner = -1;
    for (int32_t i = (int32_t)e->n_nodes - 1; i >= 0; i--) {
        const expr_node *n = &e->nodes[i];
        bool window = n->op == EXPR_CALL && expr_is_window_fn(n->fn->id);
        bool owns = window || (n->op == EXPR_CALL && expr_is_aggregate_fn(n->fn->id));
        for (int k = 0; k < n->n_args; k++) {
            /* a default belongs to the rows that read it */
            bool own = owns && !(window && k == 2);
            plan->nodes[expr_arg(e, n, k)].owner = own ? i : plan->nodes[i].owner;
        }
        if (window && expr_is_rolling_fn(n->fn->id)) {
            plan->nodes[expr_arg(e, n, 1)].want =
                EXPR_WANT_SKIP; /* allows a span there */
        }
    }
}

static chl_status check_grouped(const expr_plan *plan)
{
    for (size_t i = 0; i < plan->expr->n_nodes; i++) {
        const expr_node *n = &plan->expr->nodes[i];
        if (plan->nodes[i].owner >= 0) {
            continue;
        }
        if (n->op == EXPR_CALL && expr_is_window_fn(n->fn->id)) {
            return chl_expr_fail_node(plan, (int32_t)i, CHL_ETYPE,
                                      "window function '%s' has many values a group: "
                                      "expected it inside of an aggregate such as max()",
                                      n->fn->name);
        }
        if (n->op == EXPR_COLUMN) {
            const char *name = plan->expr->names[n->as.i];
            return chl_expr_fail_node(plan, (int32_t)i, CHL_ETYPE,
                                      "column '%s' has many values a group: expected an "
                                      "aggregate such as mean(%s) or first(%s)",
                                      name, name, name);
        }
    }
    return CHL_OK;
}

static chl_status check_all(expr_plan *plan, bool grouped)
{
    find_owners(plan);
    for (size_t i = 0; i < plan->expr->n_nodes; i++) {
        plan->nodes[i].operands = CHL_F64;
        CHL_TRY(check_node(plan, (int32_t)i));
        want_itself(&plan->nodes[i]);
    }
    return grouped ? check_grouped(plan) : CHL_OK;
}

chl_status chl_expr_plan_init(expr_plan *plan, const chl_expr *expr,
                              const chl_frame *frame, bool grouped, const chl_over *over,
                              chl_error *err)
{
    *plan = (expr_plan){.expr = expr, .frame = frame, .over = over, .err = err};
    plan->nodes = chl_calloc(expr->n_nodes, sizeof *plan->nodes);
    if (!plan->nodes) {
        return chl_fail_memory(err);
    }
    chl_status status = check_all(plan, grouped);
    if (status != CHL_OK) {
        chl_expr_plan_reset(plan);
    }
    return status;
}

void chl_expr_plan_reset(expr_plan *plan)
{
    for (size_t i = 0; plan->nodes && i < plan->expr->n_nodes; i++) {
        chl_column_release(plan->nodes[i].result);
        chl_column_release(plan->nodes[i].outside);
    }
    for (size_t i = 0; i < plan->n_levels; i++) {
        chl_levels_release(plan->levels[i]);
    }
    chl_free((void *)plan->levels);
    chl_free(plan->nodes);
    *plan = (expr_plan){0};
}

chl_status chl_expr_check(const chl_expr *expr, const chl_frame *schema, chl_type *type,
                          chl_error *err)
{
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, schema, false, NULL, err));
    *type = (chl_type)plan.nodes[expr->n_nodes - 1].want;
    chl_expr_plan_reset(&plan);
    return CHL_OK;
}
