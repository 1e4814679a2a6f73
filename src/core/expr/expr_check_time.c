/* SPDX-License-Identifier: MIT
 *
 * Types of the functions of dates and timestamps. Layer: core/expr. A date is taken for
 * the timestamp of its midnight where a function wants timestamps or another argument is
 * one; a literal text is read as what is wanted.
 */
#include <string.h>

#include "core/base/nearest.h"
#include "core/data/calendar.h"
#include "core/data/time_format.h"
#include "core/expr/expr_internal.h"

static int32_t arg(const expr_plan *plan, int32_t node, int k)
{
    return expr_arg(plan->expr, expr_at(plan, node), k);
}

static bool is_literal(const expr_plan *plan, int32_t node)
{
    return expr_at(plan, node)->op == EXPR_TEXT;
}

static chl_status set(expr_plan *plan, int32_t node, int type, int operands)
{
    plan->nodes[node].type = type;
    plan->nodes[node].operands = operands;
    return CHL_OK;
}

/* ---- arguments ---- */

/* What argument k is: a date also where a literal reads as one, and nil. */
static int time_type(const expr_plan *plan, int32_t node, int k)
{
    int32_t a = arg(plan, node, k);
    int32_t days;
    size_t n;
    if (is_literal(plan, a)) {
        const char *bytes = expr_literal(plan, a, &n);
        return chl_date_parse(bytes, n, &days) ? CHL_DATE : CHL_TIMESTAMP;
    }
    return plan->nodes[a].type == CHL_TIMESTAMP ? CHL_TIMESTAMP : CHL_DATE;
}

static chl_status want_time(expr_plan *plan, int32_t node, int k, int type)
{
    int32_t a = arg(plan, node, k);
    if (!chl_expr_is_time(plan, a) && !is_literal(plan, a) &&
        plan->nodes[a].type != EXPR_TYPE_NIL) {
        return chl_expr_fail_argument(plan, node, a, "a date or a timestamp");
    }
    return chl_expr_want_time(plan, a, type);
}

static chl_status want_clock(expr_plan *plan, int32_t node)
{
    int32_t a = arg(plan, node, 0);
    if (plan->nodes[a].type == CHL_DATE) {
        return chl_expr_fail_argument(plan, node, a, "a timestamp");
    }
    CHL_TRY(want_time(plan, node, 0, CHL_TIMESTAMP));
    return set(plan, node, CHL_I64, CHL_TIMESTAMP);
}

static chl_status want_text(expr_plan *plan, int32_t node)
{
    int32_t a = arg(plan, node, 0);
    if (!chl_expr_is_text(plan, a) && plan->nodes[a].type != EXPR_TYPE_NIL) {
        return chl_expr_fail_argument(plan, node, a, "text");
    }
    plan->nodes[a].want = CHL_STRING;
    return CHL_OK;
}

/* ---- formats and units ---- */

/* The format in argument 1, checked; `reads`: texts are read with it. */
static chl_status check_format(expr_plan *plan, int32_t node, bool reads)
{
    int32_t a = arg(plan, node, 1);
    chl_time_format format;
    size_t n;
    if (!is_literal(plan, a)) {
        return chl_expr_fail_argument(plan, node, a, "a format such as \"%d/%m/%Y\"");
    }
    const char *text = expr_literal(plan, a, &n);
    chl_status status = chl_time_format_init(&format, text, n, NULL, plan->err);
    if (status == CHL_OK && reads) {
        status = chl_time_format_check(&format, plan->err);
    }
    if (status != CHL_OK) {
        chl_error_prefix(plan->err, "function '%s'", expr_at(plan, node)->fn->name);
        return chl_expr_locate(plan->err, status, plan->expr->text,
                               (size_t)expr_at(plan, a)->position);
    }
    plan->nodes[a].want = EXPR_WANT_SKIP;
    return CHL_OK;
}

static const char *const units[] = {"second", "minute", "hour",    "day",
                                    "week",   "month",  "quarter", "year"};

static int find_unit(const char *text, size_t n)
{
    for (int unit = 0; unit <= CHL_UNIT_YEAR; unit++) {
        if (strlen(units[unit]) == n && memcmp(units[unit], text, n) == 0) {
            return unit;
        }
    }
    return -1;
}

chl_time_unit chl_expr_time_unit(const chl_expr *expr, const expr_node *node)
{
    const expr_node *unit = &expr->nodes[expr_arg(expr, node, 1)];
    return (chl_time_unit)find_unit(expr->pool.data + unit->as.text.at,
                                    (size_t)unit->as.text.n);
}

static chl_status fail_unit(expr_plan *plan, int32_t node, const char *text, size_t n)
{
    char name[32];
    int32_t a = arg(plan, node, 1);
    size_t shown = n < sizeof name ? n : sizeof name - 1;
    memcpy(name, text, shown);
    name[shown] = '\0';
    chl_fail_unknown(plan->err, "function 'date_trunc'", "unit", name, units,
                     sizeof units / sizeof units[0]);
    return chl_expr_locate(plan->err, CHL_ENAME, plan->expr->text,
                           (size_t)expr_at(plan, a)->position);
}

static chl_status check_trunc(expr_plan *plan, int32_t node)
{
    int32_t a = arg(plan, node, 1);
    size_t n;
    if (!is_literal(plan, a)) {
        return chl_expr_fail_argument(plan, node, a, "a unit such as \"month\"");
    }
    const char *text = expr_literal(plan, a, &n);
    int unit = find_unit(text, n);
    if (unit < 0) {
        return fail_unit(plan, node, text, n);
    }
    int type = time_type(plan, node, 0);
    if (type == CHL_DATE && unit < CHL_UNIT_DAY) {
        return chl_expr_fail_argument(plan, node, a, "day or a longer unit for a date");
    }
    CHL_TRY(want_time(plan, node, 0, type));
    plan->nodes[a].want = EXPR_WANT_SKIP;
    return set(plan, node, type, type);
}

/* ---- sums ---- */

static chl_status want_whole(expr_plan *plan, int32_t node)
{
    int32_t a = arg(plan, node, 1);
    int type = plan->nodes[a].type;
    if (type != CHL_I64 && type != CHL_BOOL && type != EXPR_TYPE_NIL) {
        return chl_expr_fail_argument(plan, node, a, "a whole number (i64)");
    }
    plan->nodes[a].want = CHL_I64;
    return CHL_OK;
}

static chl_status check_add(expr_plan *plan, int32_t node)
{
    int type = time_type(plan, node, 0);
    CHL_TRY(want_time(plan, node, 0, type));
    CHL_TRY(want_whole(plan, node));
    return set(plan, node, type, type);
}

/* Operands tell the kernel the type of the seconds. */
static chl_status check_add_seconds(expr_plan *plan, int32_t node)
{
    int32_t seconds = arg(plan, node, 1);
    CHL_TRY(want_time(plan, node, 0, CHL_TIMESTAMP));
    if (!chl_expr_is_number(plan, seconds)) {
        return chl_expr_fail_argument(plan, node, seconds, "a number");
    }
    int type = plan->nodes[seconds].type == CHL_F64 ? CHL_F64 : CHL_I64;
    plan->nodes[seconds].want = type;
    return set(plan, node, CHL_TIMESTAMP, type);
}

/* ---- differences and types ---- */

static chl_status check_between(expr_plan *plan, int32_t node)
{
    bool dates = time_type(plan, node, 0) == CHL_DATE &&
                 time_type(plan, node, 1) == CHL_DATE &&
                 expr_at(plan, node)->fn->id == FN_DAYS_BETWEEN;
    int type = dates ? CHL_DATE : CHL_TIMESTAMP;
    CHL_TRY(want_time(plan, node, 0, type));
    CHL_TRY(want_time(plan, node, 1, type));
    bool whole = dates || expr_at(plan, node)->fn->id == FN_MONTHS_BETWEEN;
    return set(plan, node, whole ? CHL_I64 : CHL_F64, type);
}

/* date(x) and timestamp(x): of a time, or of text as ISO 8601. */
static chl_status check_conversion(expr_plan *plan, int32_t node, int type)
{
    int32_t a = arg(plan, node, 0);
    if (chl_expr_is_text(plan, a) && !is_literal(plan, a)) {
        CHL_TRY(want_text(plan, node));
        return set(plan, node, type, CHL_STRING);
    }
    int from = type == CHL_DATE ? time_type(plan, node, 0) : CHL_TIMESTAMP;
    CHL_TRY(want_time(plan, node, 0, from));
    return set(plan, node, type, from);
}

static chl_status check_part(expr_plan *plan, int32_t node)
{
    int type = time_type(plan, node, 0);
    CHL_TRY(want_time(plan, node, 0, type));
    return set(plan, node, CHL_I64, type);
}

chl_status chl_expr_check_time(expr_plan *plan, int32_t node)
{
    expr_fn id = expr_at(plan, node)->fn->id;
    switch (id) {
    case FN_HOUR:
    case FN_MINUTE:
    case FN_SECOND: return want_clock(plan, node);
    case FN_DATE: return check_conversion(plan, node, CHL_DATE);
    case FN_TIMESTAMP: return check_conversion(plan, node, CHL_TIMESTAMP);
    case FN_PARSE_DATE:
    case FN_PARSE_TIMESTAMP:
        CHL_TRY(want_text(plan, node));
        CHL_TRY(check_format(plan, node, true));
        return set(plan, node, id == FN_PARSE_DATE ? CHL_DATE : CHL_TIMESTAMP,
                   CHL_STRING);
    case FN_FORMAT_TIME:
        CHL_TRY(want_time(plan, node, 0, CHL_TIMESTAMP));
        CHL_TRY(check_format(plan, node, false));
        return set(plan, node, CHL_STRING, CHL_TIMESTAMP);
    case FN_DATE_TRUNC: return check_trunc(plan, node);
    case FN_ADD_DAYS:
    case FN_ADD_MONTHS: return check_add(plan, node);
    case FN_ADD_SECONDS: return check_add_seconds(plan, node);
    case FN_DAYS_BETWEEN:
    case FN_SECONDS_BETWEEN:
    case FN_MONTHS_BETWEEN: return check_between(plan, node);
    default: return check_part(plan, node);
    }
}
