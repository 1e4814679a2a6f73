/* SPDX-License-Identifier: MIT
 *
 * Kernels of the operators: arithmetic, comparison, logic; choice. Layer: core/expr. Each
 * works on up to EXPR_BLOCK rows; out never shares memory with an operand. Values behind
 * missing rows are computed and ignored, so loops stay free of branches.
 */
#include <math.h>
#include <string.h>

#include "core/expr/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

/* ---- arithmetic of f64 ---- */

#define F64_BINARY(name, value)                                                          \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const double *a = IN(double, 0), *b = IN(double, 1);                             \
        double *restrict out = OUT(double);                                              \
        uint64_t lost = 0;                                                               \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = (value);                                                            \
            lost |= expr_nonfinite(out[i]);                                              \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        if (lost >> 63) {                                                                \
            chl_expr_drop_nonfinite(&m->registers[in->out], n);                          \
        }                                                                                \
    }

/* The sign of the divisor, as in Lua. */
static double modulo(double a, double b)
{
    double rest = fmod(a, b);
    return (rest > 0 && b < 0) || (rest < 0 && b > 0) ? rest + b : rest;
}

F64_BINARY(add_f64, a[i] + b[i])
F64_BINARY(sub_f64, a[i] - b[i])
F64_BINARY(mul_f64, a[i] * b[i])
F64_BINARY(div_f64, a[i] / b[i])
F64_BINARY(idiv_f64, floor(a[i] / b[i]))
F64_BINARY(mod_f64, modulo(a[i], b[i]))
F64_BINARY(pow_f64, pow(a[i], b[i]))

static void neg_f64(expr_machine *m, const expr_instr *in, int n)
{
    const double *a = IN(double, 0);
    double *out = OUT(double);
    for (int i = 0; i < n; i++) {
        out[i] = 0 - a[i];
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- arithmetic of i64: what overflows is missing ---- */

static bool divide_i64(int64_t a, int64_t b, int64_t *out)
{
    if (b == 0 || (b == -1 && a == INT64_MIN)) {
        *out = 0;
        return true;
    }
    *out = a / b - (a % b != 0 && (a < 0) != (b < 0));
    return false;
}

static bool modulo_i64(int64_t a, int64_t b, int64_t *out)
{
    *out = 0;
    if (b == 0 || b == -1) {
        return b == 0;
    }
    int64_t rest = a % b;
    *out = rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
    return false;
}

/* Marks rows missing whose flag is set. */
static void drop_flagged(expr_vec *vec, const uint8_t *flags, int n)
{
    uint8_t any = 0;
    for (int i = 0; i < n; i++) {
        any |= flags[i];
    }
    if (any) {
        uint8_t *mask = chl_expr_own_mask(vec, n);
        for (int i = 0; i < n; i++) {
            mask[i] &= flags[i] ^ 1;
        }
    }
}

/* `value` sets r; `lost` has its sign bit set when r left 64 bits. */
#define I64_LINEAR(name, value, lost)                                                    \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const uint64_t *a = IN(uint64_t, 0), *b = IN(uint64_t, 1);                       \
        uint64_t *restrict out = OUT(uint64_t), any = 0;                                 \
        for (int i = 0; i < n; i++) {                                                    \
            uint64_t r = (value);                                                        \
            any |= (lost);                                                               \
            out[i] = r;                                                                  \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        if (any >> 63) {                                                                 \
            uint8_t *mask = chl_expr_own_mask(&m->registers[in->out], n);                \
            for (int i = 0; i < n; i++) {                                                \
                uint64_t r = out[i];                                                     \
                mask[i] &= (uint8_t)((lost) >> 63 ^ 1);                                  \
            }                                                                            \
        }                                                                                \
    }

I64_LINEAR(add_i64, a[i] + b[i], (a[i] ^ r) & (b[i] ^ r))
I64_LINEAR(sub_i64, a[i] - b[i], (a[i] ^ b[i]) & (a[i] ^ r))

#define I64_BINARY(name, function)                                                       \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const int64_t *a = IN(int64_t, 0), *b = IN(int64_t, 1);                          \
        int64_t *restrict out = OUT(int64_t);                                            \
        uint8_t bad[EXPR_BLOCK];                                                         \
        for (int i = 0; i < n; i++) {                                                    \
            bad[i] = function(a[i], b[i], &out[i]);                                      \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        drop_flagged(&m->registers[in->out], bad, n);                                    \
    }

I64_BINARY(mul_i64, __builtin_mul_overflow)
I64_BINARY(idiv_i64, divide_i64)
I64_BINARY(mod_i64, modulo_i64)

static void neg_i64(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    int64_t *out = OUT(int64_t);
    uint8_t bad[EXPR_BLOCK];
    for (int i = 0; i < n; i++) {
        bad[i] = __builtin_sub_overflow((int64_t)0, a[i], &out[i]);
    }
    chl_expr_merge_valid(m, in, 1, n);
    drop_flagged(&m->registers[in->out], bad, n);
}

/* ---- comparison ---- */

#define COMPARE(name, type, op)                                                          \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const type *a = IN(type, 0), *b = IN(type, 1);                                   \
        uint8_t *restrict out = OUT(uint8_t);                                            \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = a[i] op b[i];                                                       \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
    }

#define COMPARE_ALL(suffix, type)                                                        \
    COMPARE(lt_##suffix, type, <)                                                        \
    COMPARE(gt_##suffix, type, >)                                                        \
    COMPARE(le_##suffix, type, <=)                                                       \
    COMPARE(ge_##suffix, type, >=)                                                       \
    COMPARE(ne_##suffix, type, !=)                                                       \
    COMPARE(eq_##suffix, type, ==)

COMPARE_ALL(f64, double)
COMPARE_ALL(i64, int64_t)
COMPARE_ALL(i32, int32_t)

/* The answer of a comparison whose sides are ordered as `order` (< 0, 0, > 0). */
static uint8_t answer(int op, int order)
{
    switch (op) {
    case EXPR_LT: return order < 0;
    case EXPR_GT: return order > 0;
    case EXPR_LE: return order <= 0;
    case EXPR_GE: return order >= 0;
    case EXPR_NE: return order != 0;
    default: return order == 0;
    }
}

int chl_expr_compare_strings(const expr_string *a, const expr_string *b)
{
    int64_t n = a->n < b->n ? a->n : b->n;
    int order = n ? memcmp(a->at, b->at, (size_t)n) : 0;
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

/* As memcmp(a, b, n) == 0, without a call for short texts. */
static inline bool same_bytes(const char *a, const char *b, size_t n)
{
    uint64_t head, tail, other_head, other_tail;
    if (n > 16) {
        return memcmp(a, b, n) == 0;
    }
    if (n >= 8) { /* two words that may overlap */
        memcpy(&head, a, 8);
        memcpy(&other_head, b, 8);
        memcpy(&tail, a + n - 8, 8);
        memcpy(&other_tail, b + n - 8, 8);
        return ((head ^ other_head) | (tail ^ other_tail)) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/* == and ~=: most texts differ in length already. */
static void equal_strings(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0), *b = IN(expr_string, 1);
    uint8_t *out = OUT(uint8_t), differs = in->op == EXPR_NE;
    for (int i = 0; i < n; i++) {
        bool equal = a[i].n == b[i].n && same_bytes(a[i].at, b[i].at, (size_t)a[i].n);
        out[i] = equal ^ differs;
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static void compare_strings(expr_machine *m, const expr_instr *in, int n)
{
    const expr_string *a = IN(expr_string, 0), *b = IN(expr_string, 1);
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = answer(in->op, chl_expr_compare_strings(&a[i], &b[i]));
    }
    chl_expr_merge_valid(m, in, 2, n);
}

/* Exact, also above 2^53. */
static int order_mixed(int64_t a, double b)
{
    if (a >= -(INT64_C(1) << 53) && a <= INT64_C(1) << 53) {
        return ((double)a > b) - ((double)a < b);
    }
    if (b >= 0x1p63) {
        return -1;
    }
    if (b < -0x1p63) {
        return 1;
    }
    int64_t whole = (int64_t)floor(b);
    if (a != whole) {
        return a < whole ? -1 : 1;
    }
    return (double)whole < b ? -1 : 0;
}

static void compare_mixed(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    const double *b = IN(double, 1);
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = answer(in->op, order_mixed(a[i], b[i]));
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static void compare_mixed_swapped(expr_machine *m, const expr_instr *in, int n)
{
    const double *a = IN(double, 0);
    const int64_t *b = IN(int64_t, 1);
    uint8_t *out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = answer(in->op, -order_mixed(b[i], a[i]));
    }
    chl_expr_merge_valid(m, in, 2, n);
}

/* ---- three-valued logic ---- */

/* The operand's validity, as bytes in any case: loops without a branch use vectors. */
static const uint8_t *validity(const expr_machine *m, const expr_instr *in, int k)
{
    const uint8_t *valid = m->registers[in->in[k]].valid;
    return valid ? valid : m->ones;
}

static void and_or(expr_machine *m, const expr_instr *in, int n, uint8_t decisive)
{
    const uint8_t *a = IN(uint8_t, 0), *b = IN(uint8_t, 1);
    const uint8_t *va = validity(m, in, 0), *vb = validity(m, in, 1);
    uint8_t *restrict out = OUT(uint8_t), other = decisive ^ 1;
    if (va == m->ones && vb == m->ones) {
        for (int i = 0; i < n; i++) {
            out[i] = ((a[i] ^ other) | (b[i] ^ other)) ^ other;
        }
        return;
    }
    uint8_t *restrict mask = chl_expr_own_mask(&m->registers[in->out], n);
    for (int i = 0; i < n; i++) {
        uint8_t decided = (va[i] & (a[i] ^ other)) | (vb[i] & (b[i] ^ other));
        mask[i] = decided | (va[i] & vb[i]);
        out[i] = decided ^ other;
    }
}

static void and_kernel(expr_machine *m, const expr_instr *in, int n)
{
    and_or(m, in, n, 0);
}

static void or_kernel(expr_machine *m, const expr_instr *in, int n)
{
    and_or(m, in, n, 1);
}

static void not_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const uint8_t *a = IN(uint8_t, 0);
    uint8_t *restrict out = OUT(uint8_t);
    for (int i = 0; i < n; i++) {
        out[i] = !a[i];
    }
    chl_expr_merge_valid(m, in, 1, n);
}

void chl_expr_is_na_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const uint8_t *valid = m->registers[in->in[0]].valid;
    uint8_t *out = OUT(uint8_t);
    memset(out, 0, (size_t)n);
    for (int i = 0; valid && i < n; i++) {
        out[i] = valid[i] ^ 1;
    }
}

/* ---- choice ---- */

/* By bits, without a branch a row. */
#define CHOOSE(type)                                                                     \
    for (int i = 0; i < n; i++) {                                                        \
        type bits = (type)(0 - (type)which[i]);                                          \
        ((type *)out)[i] =                                                               \
            (type)((((const type *)a)[i] & bits) | (((const type *)b)[i] & ~bits));      \
    }

static void choose(const uint8_t *restrict which, const void *a, const void *b,
                   void *restrict out, int size, int n)
{
    switch (size) {
    case 1: CHOOSE(uint8_t) break;
    case 4: CHOOSE(uint32_t) break;
    case 8: CHOOSE(uint64_t) break;
    default:
        for (int i = 0; i < n; i++) {
            ((expr_string *)out)[i] = ((const expr_string *)(which[i] ? a : b))[i];
        }
        break;
    }
}

/* The first operand where present, else the second. */
void chl_expr_coalesce_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_vec *a = &m->registers[in->in[0]], *b = &m->registers[in->in[1]];
    void *out = chl_expr_out(m, in);
    choose(validity(m, in, 0), a->data, b->data, out, in->size, n);
    if (a->valid && b->valid) {
        uint8_t *mask = chl_expr_own_mask(&m->registers[in->out], n);
        for (int i = 0; i < n; i++) {
            mask[i] = a->valid[i] | b->valid[i];
        }
    }
}

void chl_expr_choose_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const expr_vec *c = &m->registers[in->in[0]];
    const expr_vec *a = &m->registers[in->in[1]], *b = &m->registers[in->in[2]];
    const uint8_t *which = c->data;
    void *out = chl_expr_out(m, in);
    choose(which, a->data, b->data, out, in->size, n);
    if (c->valid || a->valid || b->valid) {
        uint8_t *restrict mask = chl_expr_own_mask(&m->registers[in->out], n);
        const uint8_t *vc = validity(m, in, 0), *va = validity(m, in, 1);
        const uint8_t *vb = validity(m, in, 2);
        for (int i = 0; i < n; i++) {
            mask[i] = vc[i] & ((which[i] & va[i]) | ((which[i] ^ 1) & vb[i]));
        }
    }
}

/* ---- the table ---- */

expr_kernel chl_expr_concat_kernel;

static expr_kernel *comparison(expr_op op, int operands)
{
    static expr_kernel *const table[3][6] = {
        {lt_f64, gt_f64, le_f64, ge_f64, ne_f64, eq_f64},
        {lt_i64, gt_i64, le_i64, ge_i64, ne_i64, eq_i64},
        {lt_i32, gt_i32, le_i32, ge_i32, ne_i32, eq_i32}};
    switch (operands) {
    case EXPR_MIXED: return compare_mixed;
    case EXPR_MIXED_SWAPPED: return compare_mixed_swapped;
    case CHL_STRING: return op >= EXPR_NE ? equal_strings : compare_strings;
    case CHL_F64: return table[0][op - EXPR_LT];
    case CHL_TIMESTAMP:
    case CHL_I64: return table[1][op - EXPR_LT];
    default: return table[2][op - EXPR_LT];
    }
}

expr_kernel *chl_expr_operator_kernel(expr_op op, int operands)
{
    bool f = operands == CHL_F64;
    switch (op) {
    case EXPR_NEG: return f ? neg_f64 : neg_i64;
    case EXPR_NOT: return not_kernel;
    case EXPR_OR: return or_kernel;
    case EXPR_AND: return and_kernel;
    case EXPR_CONCAT: return chl_expr_concat_kernel;
    case EXPR_ADD: return f ? add_f64 : add_i64;
    case EXPR_SUB: return f ? sub_f64 : sub_i64;
    case EXPR_MUL: return f ? mul_f64 : mul_i64;
    case EXPR_DIV: return div_f64;
    case EXPR_IDIV: return f ? idiv_f64 : idiv_i64;
    case EXPR_MOD: return f ? mod_f64 : mod_i64;
    case EXPR_POW: return pow_f64;
    default: return comparison(op, operands);
    }
}
