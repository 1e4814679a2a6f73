/* SPDX-License-Identifier: MIT
 *
 * Kernels of dates and timestamps. Layer: core/expr.
 */
#include "core/data/calendar.h"
#include "core/expr/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

expr_kernel chl_expr_micros_from_days;

/* The timestamp of midnight. */
void chl_expr_micros_from_days(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0);
    int64_t *out = OUT(int64_t);
    chl_expr_merge_valid(m, in, 1, n);
    expr_vec *vec = &m->registers[in->out];
    for (int i = 0; i < n; i++) {
        bool fits = chl_days_in_range(a[i]);
        out[i] = fits ? a[i] * CHL_MICROS_PER_DAY : 0;
        if (!fits) {
            chl_expr_own_mask(vec, n)[i] = 0;
        }
    }
}

/* ---- parts ---- */

static int64_t part_of_date(int fn, int32_t days)
{
    int year, month, day;
    chl_date_to_civil(days, &year, &month, &day);
    return fn == FN_YEAR ? year : fn == FN_MONTH ? month : day;
}

static void part_of_days(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = part_of_date(in->op, a[i]);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

static void part_of_micros(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = part_of_date(in->op, chl_days_of_micros(a[i]));
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- differences ---- */

static void days_between(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0), *b = IN(int32_t, 1);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = (int64_t)b[i] - a[i];
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static void fractional_days_between(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0), *b = IN(int64_t, 1);
    double *out = OUT(double);
    for (int i = 0; i < n; i++) {
        out[i] = (double)(b[i] - a[i]) / (double)CHL_MICROS_PER_DAY;
    }
    chl_expr_merge_valid(m, in, 2, n);
}

expr_kernel *chl_expr_time_kernel(expr_fn fn, int operands)
{
    bool dates = operands == CHL_DATE;
    if (fn == FN_DAYS_BETWEEN) {
        return dates ? days_between : fractional_days_between;
    }
    return dates ? part_of_days : part_of_micros;
}
