/* SPDX-License-Identifier: MIT
 *
 * Kernels of the number and date functions: log … clip, bin, one_of, year … Layer:
 * core/expr.
 */
#include <math.h>
#include <stdlib.h>

#include "core/expr/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

/* ---- one argument ---- */

#define F64_UNARY(name, function)                                                        \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const double *a = IN(double, 0);                                                 \
        double *out = OUT(double);                                                       \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = function(a[i]);                                                     \
        }                                                                                \
        chl_expr_merge_valid(m, in, 1, n);                                               \
        chl_expr_drop_nonfinite(&m->registers[in->out], n);                              \
    }

F64_UNARY(log_f64, log)
F64_UNARY(log1p_f64, log1p)
F64_UNARY(log2_f64, log2)
F64_UNARY(log10_f64, log10)
F64_UNARY(exp_f64, exp)
F64_UNARY(sqrt_f64, sqrt)
F64_UNARY(abs_f64, fabs)

static void abs_i64(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    int64_t *out = OUT(int64_t);
    chl_expr_merge_valid(m, in, 1, n);
    expr_vec *vec = &m->registers[in->out];
    for (int i = 0; i < n; i++) {
        if (a[i] == INT64_MIN) {
            chl_expr_own_mask(vec, n)[i] = 0;
            out[i] = 0;
        } else {
            out[i] = a[i] < 0 ? -a[i] : a[i];
        }
    }
}

#define SIGN(name, type)                                                                 \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const type *a = IN(type, 0);                                                     \
        int64_t *out = OUT(int64_t);                                                     \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = (a[i] > 0) - (a[i] < 0);                                            \
        }                                                                                \
        chl_expr_merge_valid(m, in, 1, n);                                               \
    }

SIGN(sign_f64, double)
SIGN(sign_i64, int64_t)

/* f64 → i64; what does not fit is missing. */
#define TO_INTEGER(name, function)                                                       \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const double *a = IN(double, 0);                                                 \
        int64_t *out = OUT(int64_t);                                                     \
        chl_expr_merge_valid(m, in, 1, n);                                               \
        expr_vec *vec = &m->registers[in->out];                                          \
        for (int i = 0; i < n; i++) {                                                    \
            double whole = function(a[i]);                                               \
            bool fits = whole >= -0x1p63 && whole < 0x1p63;                              \
            out[i] = fits ? (int64_t)whole : 0;                                          \
            if (!fits) {                                                                 \
                chl_expr_own_mask(vec, n)[i] = 0;                                        \
            }                                                                            \
        }                                                                                \
    }

TO_INTEGER(floor_i64, floor)
TO_INTEGER(ceil_i64, ceil)
TO_INTEGER(round_i64, round)

/* Halves away from zero. Positive digits divide by an exact power of ten again. */
static void round_digits(expr_machine *m, const expr_instr *in, int n)
{
    const double *a = IN(double, 0);
    double *out = OUT(double);
    double scale = pow(10, (double)llabs(in->k.i));
    for (int i = 0; i < n; i++) {
        double moved = in->k.i >= 0 ? round(a[i] * scale) : round(a[i] / scale);
        out[i] = in->k.i >= 0 ? moved / scale : moved * scale;
        if (fabs(a[i]) >= 0x1p52 && in->k.i >= 0) {
            out[i] = a[i]; /* has no decimals */
        }
    }
    chl_expr_merge_valid(m, in, 1, n);
    chl_expr_drop_nonfinite(&m->registers[in->out], n);
}

/* ---- two and three arguments ---- */

#define ORDERED(suffix, type)                                                            \
    static void least_##suffix(expr_machine *m, const expr_instr *in, int n)             \
    {                                                                                    \
        const type *a = IN(type, 0), *b = IN(type, 1);                                   \
        type *restrict out = OUT(type);                                                  \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = a[i] < b[i] ? a[i] : b[i];                                          \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
    }                                                                                    \
    static void greatest_##suffix(expr_machine *m, const expr_instr *in, int n)          \
    {                                                                                    \
        const type *a = IN(type, 0), *b = IN(type, 1);                                   \
        type *restrict out = OUT(type);                                                  \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = a[i] > b[i] ? a[i] : b[i];                                          \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
    }                                                                                    \
    static void clip_##suffix(expr_machine *m, const expr_instr *in, int n)              \
    {                                                                                    \
        const type *a = IN(type, 0), *low = IN(type, 1), *high = IN(type, 2);            \
        type *restrict out = OUT(type);                                                  \
        for (int i = 0; i < n; i++) {                                                    \
            type raised = a[i] < low[i] ? low[i] : a[i];                                 \
            out[i] = raised > high[i] ? high[i] : raised;                                \
        }                                                                                \
        chl_expr_merge_valid(m, in, 3, n);                                               \
    }                                                                                    \
    static void between_##suffix(expr_machine *m, const expr_instr *in, int n)           \
    {                                                                                    \
        const type *a = IN(type, 0), *low = IN(type, 1), *high = IN(type, 2);            \
        uint8_t *restrict out = OUT(uint8_t);                                            \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = (a[i] >= low[i]) & (a[i] <= high[i]);                               \
        }                                                                                \
        chl_expr_merge_valid(m, in, 3, n);                                               \
    }

ORDERED(f64, double)
ORDERED(i64, int64_t)
ORDERED(i32, int32_t)

static expr_kernel *ordered(expr_fn fn, int operands)
{
    static expr_kernel *const table[3][4] = {
        {least_f64, greatest_f64, clip_f64, between_f64},
        {least_i64, greatest_i64, clip_i64, between_i64},
        {least_i32, greatest_i32, clip_i32, between_i32}};
    int row = operands == CHL_F64                                ? 0
              : operands == CHL_I64 || operands == CHL_TIMESTAMP ? 1
                                                                 : 2;
    return table[row][fn - FN_LEAST];
}

/* ---- sets ---- */

/* The number of edges that are not above the value. */
void chl_expr_bin_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const double *a = IN(double, 0), *edges = in->table;
    int32_t *out = OUT(int32_t);
    for (int i = 0; i < n; i++) {
        size_t low = 0, high = in->count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (edges[middle] <= a[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        out[i] = (int32_t)low;
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_in_codes(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0);
    const uint8_t *table = in->table, *valid = m->registers[in->in[0]].valid;
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = table[valid && !valid[i] ? 0 : a[i] + 1];
    }
    chl_expr_merge_valid(m, in, 1, n);
}

#define IN_SORTED(name, type, order)                                                     \
    static uint8_t name(type x, const type *items, size_t count)                         \
    {                                                                                    \
        size_t low = 0, high = count;                                                    \
        while (low < high) {                                                             \
            size_t middle = (low + high) / 2;                                            \
            int o = order(items[middle], x);                                             \
            if (o == 0) {                                                                \
                return 1;                                                                \
            }                                                                            \
            low = o < 0 ? middle + 1 : low;                                              \
            high = o < 0 ? high : middle;                                                \
        }                                                                                \
        return 0;                                                                        \
    }
#define ORDER_NUMBERS(x, y) (((x) > (y)) - ((x) < (y)))
#define ORDER_STRINGS(x, y) chl_expr_compare_strings(&(x), &(y))

IN_SORTED(find_i64, int64_t, ORDER_NUMBERS)
IN_SORTED(find_f64, double, ORDER_NUMBERS)
IN_SORTED(find_string, expr_string, ORDER_STRINGS)

/* Integers, timestamps and dates (in->op tells). */
void chl_expr_in_i64(expr_machine *m, const expr_instr *in, int n)
{
    uint8_t *out = OUT(uint8_t);
    bool dates = in->op == CHL_DATE;
    for (int i = 0; i < n; i++) {
        int64_t x = dates ? IN(int32_t, 0)[i] : IN(int64_t, 0)[i];
        out[i] = find_i64(x, in->table, in->count);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_in_f64(expr_machine *m, const expr_instr *in, int n)
{
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = find_f64(IN(double, 0)[i], in->table, in->count);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_in_strings(expr_machine *m, const expr_instr *in, int n)
{
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = find_string(IN(expr_string, 0)[i], in->table, in->count);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- the table ---- */

static expr_kernel *rounding(expr_fn fn, int operands)
{
    bool f = operands == CHL_F64;
    switch (fn) {
    case FN_ABS: return f ? abs_f64 : abs_i64;
    case FN_SIGN: return f ? sign_f64 : sign_i64;
    case FN_FLOOR: return f ? floor_i64 : NULL; /* integers are whole already */
    case FN_CEIL: return f ? ceil_i64 : NULL;
    default: return operands == CHL_BOOL ? round_digits : f ? round_i64 : NULL;
    }
}

expr_kernel *chl_expr_math_kernel(expr_fn fn, int operands)
{
    switch (fn) {
    case FN_LOG: return log_f64;
    case FN_LOG1P: return log1p_f64;
    case FN_LOG2: return log2_f64;
    case FN_LOG10: return log10_f64;
    case FN_EXP: return exp_f64;
    case FN_SQRT: return sqrt_f64;
    case FN_LEAST:
    case FN_GREATEST:
    case FN_CLIP:
    case FN_BETWEEN: return ordered(fn, operands);
    default: return rounding(fn, operands);
    }
}
