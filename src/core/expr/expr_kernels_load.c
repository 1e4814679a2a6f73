/* SPDX-License-Identifier: MIT
 *
 * Kernels that bring values into registers: columns, aggregates, constants, conversions
 * between types; and the masks that all kernels share. Layer: core/expr.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/expr/expr_internal.h"

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
    uint64_t lost = 0;
    for (int i = 0; i < n; i++) {
        lost |= expr_nonfinite(values[i]);
    }
    if (lost >> 63) {
        uint8_t *restrict mask = chl_expr_own_mask(vec, n);
        for (int i = 0; i < n; i++) {
            uint8_t finite = (uint8_t)(expr_nonfinite(values[i]) >> 63 ^ 1);
            mask[i] &= finite;
            values[i] = finite ? values[i] : 0;
        }
    }
}

/* ---- loads ---- */

static void load_validity(expr_vec *out, const chl_column *column, int64_t start, int n)
{
    const uint8_t *bits = column->validity + start / 8; /* blocks start at whole bytes */
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t word, every = ones;
    int i = 0;
    for (; i + 8 <= n; i += 8) { /* bit k of a byte becomes byte k of a word */
        word = bits[i >> 3] * ones & UINT64_C(0x8040201008040201);
        word = (word + ones * 0x7f) >> 7 & ones;
        for (int k = 0; k < 8; k++) {
            out->mask[i + k] = (uint8_t)(word >> 8 * k);
        }
        every &= word;
    }
    uint8_t all = every == ones;
    for (; i < n; i++) {
        out->mask[i] = bits[i >> 3] >> (i & 7) & 1;
        all &= out->mask[i];
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
    chl_expr_text_from_code, chl_expr_text_from_days, chl_expr_text_from_micros,
    chl_expr_micros_from_days;

expr_kernel *chl_expr_cast_kernel(int from, int to)
{
    if (to == CHL_F64) {
        return from == CHL_I64 ? cast_i64_f64 : cast_bool_f64;
    }
    if (to == CHL_I64) {
        return cast_bool_i64;
    }
    if (to == CHL_TIMESTAMP) {
        return chl_expr_micros_from_days;
    }
    switch (from) {
    case CHL_F64: return chl_expr_text_from_f64;
    case CHL_I64: return chl_expr_text_from_i64;
    case CHL_BOOL: return chl_expr_text_from_bool;
    case CHL_CATEGORY: return chl_expr_text_from_code;
    case CHL_TIMESTAMP: return chl_expr_text_from_micros;
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
