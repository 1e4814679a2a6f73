/* SPDX-License-Identifier: MIT
 *
 * Kernels: loads, casts, arithmetic, comparison, logic, choice. Layer: core/data. Each
 * works on up to EXPR_BLOCK rows; out never shares memory with an operand. Values behind
 * missing rows are computed and ignored, so loops stay free of branches.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/data/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

/* ---- masks ---- */

void *chl_expr_out(expr_machine *m, const expr_instr *in)
{
    expr_vec *out = &m->registers[in->out];
    out->data = out->own;
    out->valid = NULL;
    return out->own;
}

uint8_t *chl_expr_own_mask(expr_vec *vec, int n)
{
    if (!vec->valid) {
        memset(vec->mask, 1, (size_t)n);
        vec->valid = vec->mask;
    }
    return vec->mask;
}

void chl_expr_merge_valid(expr_machine *m, const expr_instr *in, int operands, int n)
{
    expr_vec *out = &m->registers[in->out];
    for (int k = 0; k < operands; k++) {
        const uint8_t *valid = m->registers[in->in[k]].valid;
        if (valid && !out->valid) {
            memcpy(out->mask, valid, (size_t)n);
            out->valid = out->mask;
        } else if (valid) {
            for (int i = 0; i < n; i++) {
                out->mask[i] &= valid[i];
            }
        }
    }
}

void chl_expr_drop_nonfinite(expr_vec *vec, int n)
{
    double *values = vec->data;
    int bad = 0;
    for (int i = 0; i < n; i++) {
        bad |= !(fabs(values[i]) <= DBL_MAX);
    }
    if (bad) {
        uint8_t *mask = chl_expr_own_mask(vec, n);
        for (int i = 0; i < n; i++) {
            if (!(fabs(values[i]) <= DBL_MAX)) {
                mask[i] = 0;
                values[i] = 0;
            }
        }
    }
}

/* Marks rows missing whose flag is set. */
static void drop_flagged(expr_vec *vec, const uint8_t *flags, int n)
{
    int any = 0;
    for (int i = 0; i < n; i++) {
        any |= flags[i];
    }
    if (any) {
        uint8_t *mask = chl_expr_own_mask(vec, n);
        for (int i = 0; i < n; i++) {
            mask[i] &= (uint8_t)!flags[i];
        }
    }
}

/* ---- loads ---- */

static void load_validity(expr_vec *out, const chl_column *column, int64_t start, int n)
{
    const uint8_t *bits = column->validity + start / 8; /* blocks start at whole bytes */
    bool all = true;
    for (int i = 0; i < n; i += 8) {
        uint8_t byte = bits[i >> 3];
        int left = n - i < 8 ? n - i : 8;
        if (byte == 0xff) {
            memset(out->mask + i, 1, (size_t)left);
            continue;
        }
        for (int k = 0; k < left; k++) {
            out->mask[i + k] = byte >> k & 1;
            all = all && out->mask[i + k];
        }
    }
    out->valid = all ? NULL : out->mask;
}

static void load_strings(expr_vec *out, const chl_column *column, int64_t start, int n)
{
    expr_string *values = out->own;
    const int64_t *offsets = column->values.offsets + start;
    for (int i = 0; i < n; i++) {
        const char *at = column->bytes ? column->bytes + offsets[i] : "";
        values[i] = (expr_string){at, offsets[i + 1] - offsets[i]};
    }
    out->data = values;
}

void chl_expr_load_column(expr_machine *m, const expr_instr *in, int n)
{
    expr_vec *out = &m->registers[in->out];
    const chl_column *column = in->column;
    out->valid = NULL;
    if (column->type == CHL_STRING) {
        load_strings(out, column, m->start, n);
    } else {
        out->data = (char *)column->values.any + m->start * in->size;
    }
    if (column->validity) {
        load_validity(out, column, m->start, n);
    }
}

static expr_string string_at(const chl_column *column, int64_t row)
{
    size_t n;
    const char *at = chl_column_string(column, row, &n);
    return (expr_string){at, (int64_t)n};
}

/* out[i] = value, for each size that a value has. */
#define EACH(value_u8, value_i32, value_u64, value_string)                               \
    switch (in->size) {                                                                  \
    case 1:                                                                              \
        for (int i = 0; i < n; i++) {                                                    \
            ((uint8_t *)out)[i] = value_u8;                                              \
        }                                                                                \
        break;                                                                           \
    case 4:                                                                              \
        for (int i = 0; i < n; i++) {                                                    \
            ((int32_t *)out)[i] = value_i32;                                             \
        }                                                                                \
        break;                                                                           \
    case 8:                                                                              \
        for (int i = 0; i < n; i++) {                                                    \
            ((int64_t *)out)[i] = value_u64;                                             \
        }                                                                                \
        break;                                                                           \
    default:                                                                             \
        for (int i = 0; i < n; i++) {                                                    \
            ((expr_string *)out)[i] = value_string;                                      \
        }                                                                                \
        break;                                                                           \
    }

static inline int64_t group_row(const expr_machine *m, int i)
{
    return m->group ? m->group[m->start + i] : 0;
}

/* An aggregate's value of each row's group. */
void chl_expr_load_repeated(expr_machine *m, const expr_instr *in, int n)
{
    void *out = chl_expr_out(m, in);
    const chl_column *c = in->column;
    EACH(c->values.boolean[group_row(m, i)], c->values.codes[group_row(m, i)],
         c->values.i64[group_row(m, i)], string_at(c, group_row(m, i)))
    if (c->validity) {
        uint8_t *mask = chl_expr_own_mask(&m->registers[in->out], n);
        for (int i = 0; i < n; i++) {
            mask[i] = chl_column_valid(c, group_row(m, i));
        }
    }
}

void chl_expr_load_constant(expr_machine *m, const expr_instr *in, int n)
{
    void *out = chl_expr_out(m, in);
    EACH(in->k.b, in->k.code, in->k.i, in->k.s)
}

void chl_expr_load_missing(expr_machine *m, const expr_instr *in, int n)
{
    static const expr_string nothing = {"", 0};
    void *out = chl_expr_out(m, in);
    EACH(0, 0, 0, nothing)
    memset(chl_expr_own_mask(&m->registers[in->out], n), 0, (size_t)n);
}

/* ---- casts ---- */

#define CAST(name, from, to)                                                             \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const from *a = IN(from, 0);                                                     \
        to *out = OUT(to);                                                               \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = (to)a[i];                                                           \
        }                                                                                \
        chl_expr_merge_valid(m, in, 1, n);                                               \
    }

CAST(cast_i64_f64, int64_t, double)
CAST(cast_bool_f64, uint8_t, double)
CAST(cast_bool_i64, uint8_t, int64_t)

expr_kernel chl_expr_text_from_f64, chl_expr_text_from_i64, chl_expr_text_from_bool,
    chl_expr_text_from_code, chl_expr_text_from_days;

expr_kernel *chl_expr_cast_kernel(int from, int to)
{
    if (to == CHL_F64) {
        return from == CHL_I64 ? cast_i64_f64 : cast_bool_f64;
    }
    if (to == CHL_I64) {
        return cast_bool_i64;
    }
    switch (from) {
    case CHL_F64: return chl_expr_text_from_f64;
    case CHL_I64: return chl_expr_text_from_i64;
    case CHL_BOOL: return chl_expr_text_from_bool;
    case CHL_CATEGORY: return chl_expr_text_from_code;
    default: return chl_expr_text_from_days;
    }
}

/* Codes of one level table to those of another; table[code + 1]. */
void chl_expr_remap_kernel(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0), *table = in->table;
    int32_t *out = OUT(int32_t);
    const uint8_t *valid = m->registers[in->in[0]].valid;
    for (int i = 0; i < n; i++) {
        out[i] = table[valid && !valid[i] ? 0 : a[i] + 1];
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- arithmetic of f64 ---- */

#define F64_BINARY(name, value)                                                          \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const double *a = IN(double, 0), *b = IN(double, 1);                             \
        double *restrict out = OUT(double);                                              \
        for (int i = 0; i < n; i++) {                                                    \
            out[i] = (value);                                                            \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        chl_expr_drop_nonfinite(&m->registers[in->out], n);                              \
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

#define I64_BINARY(name, function)                                                       \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const int64_t *a = IN(int64_t, 0), *b = IN(int64_t, 1);                          \
        int64_t *out = OUT(int64_t);                                                     \
        uint8_t bad[EXPR_BLOCK];                                                         \
        for (int i = 0; i < n; i++) {                                                    \
            bad[i] = function(a[i], b[i], &out[i]);                                      \
        }                                                                                \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        drop_flagged(&m->registers[in->out], bad, n);                                    \
    }

I64_BINARY(add_i64, __builtin_add_overflow)
I64_BINARY(sub_i64, __builtin_sub_overflow)
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

static uint8_t present(const uint8_t *valid, int i)
{
    return valid ? valid[i] : 1;
}

static void and_or(expr_machine *m, const expr_instr *in, int n, uint8_t decisive)
{
    const uint8_t *a = IN(uint8_t, 0), *b = IN(uint8_t, 1);
    const uint8_t *va = m->registers[in->in[0]].valid;
    const uint8_t *vb = m->registers[in->in[1]].valid;
    uint8_t *out = OUT(uint8_t);
    if (!va && !vb) {
        for (int i = 0; i < n; i++) {
            out[i] = decisive ? a[i] | b[i] : a[i] & b[i];
        }
        return;
    }
    uint8_t *mask = chl_expr_own_mask(&m->registers[in->out], n);
    for (int i = 0; i < n; i++) {
        uint8_t pa = present(va, i), pb = present(vb, i);
        uint8_t decided = (pa & (a[i] == decisive)) | (pb & (b[i] == decisive));
        mask[i] = decided | (pa & pb);
        out[i] = decided ? decisive : !decisive;
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
    for (int i = 0; i < n; i++) {
        out[i] = !present(valid, i);
    }
}

/* ---- choice ---- */

#define CHOOSE(type)                                                                     \
    for (int i = 0; i < n; i++) {                                                        \
        ((type *)out)[i] = which[i] ? ((const type *)a)[i] : ((const type *)b)[i];       \
    }

static void choose(const uint8_t *which, const void *a, const void *b, void *out,
                   int size, int n)
{
    switch (size) {
    case 1: CHOOSE(uint8_t) break;
    case 4: CHOOSE(int32_t) break;
    case 8: CHOOSE(uint64_t) break;
    default: CHOOSE(expr_string) break;
    }
}

/* The first operand where present, else the second. */
void chl_expr_coalesce_kernel(expr_machine *m, const expr_instr *in, int n)
{
    uint8_t which[EXPR_BLOCK];
    const expr_vec *a = &m->registers[in->in[0]], *b = &m->registers[in->in[1]];
    void *out = chl_expr_out(m, in);
    for (int i = 0; i < n; i++) {
        which[i] = present(a->valid, i);
    }
    choose(which, a->data, b->data, out, in->size, n);
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
        uint8_t *mask = chl_expr_own_mask(&m->registers[in->out], n);
        for (int i = 0; i < n; i++) {
            mask[i] = present(c->valid, i) & present(which[i] ? a->valid : b->valid, i);
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
    case CHL_STRING: return compare_strings;
    case CHL_F64: return table[0][op - EXPR_LT];
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
