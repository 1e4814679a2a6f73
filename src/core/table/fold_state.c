/* SPDX-License-Identifier: MIT */
#include "core/table/fold_state.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/table/stack.h"

const char *const fold_names[] = {"count", "count_if", "sum",        "mean", "var",
                                  "std",   "min",      "max",        "any",  "all",
                                  "first", "last",     "n_distinct", NULL};

fold_kind fold_kind_of(const char *name)
{
    for (int i = 0; fold_names[i]; i++) {
        if (strcmp(name, fold_names[i]) == 0) {
            return (fold_kind)i;
        }
    }
    return FOLD_NONE;
}

chl_status fold_state_init(fold_state *state, fold_kind kind, chl_column *values,
                           chl_error *err)
{
    *state = (fold_state){.kind = kind};
    if (kind == FOLD_N_DISTINCT) {
        CHL_TRY(chl_levels_new(&state->pairs, err));
    }
    return values ? chl_column_slice(values, 0, 0, &state->schema, err) : CHL_OK;
}

void fold_state_reset(fold_state *state)
{
    for (size_t i = 0; i < state->n_picks; i++) {
        chl_column_release(state->picks[i]);
    }
    chl_free((void *)state->picks);
    chl_free(state->cells);
    chl_column_release(state->schema);
    chl_levels_release(state->pairs);
    *state = (fold_state){0};
}

/* Cells for all groups so far. */
static chl_status grow_cells(fold_state *state, int64_t groups, chl_error *err)
{
    fold_cell *grown =
        chl_grow(state->cells, &state->room, (size_t)groups, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    state->cells = grown;
    for (; state->groups < groups; state->groups++) {
        grown[state->groups] = (fold_cell){.flag = state->kind == FOLD_ALL};
    }
    return CHL_OK;
}

/* ---- numbers ---- */

/* As over all rows at once (core/expr/expr_aggregate.c). */
static void add_compensated(fold_cell *cell, double value)
{
    double total = cell->sum + value;
    cell->lost += fabs(cell->sum) >= fabs(value) ? (cell->sum - total) + value
                                                 : (value - total) + cell->sum;
    cell->sum = total;
}

static double total_of(const fold_cell *cell)
{
    return cell->sum + (isfinite(cell->lost) ? cell->lost : 0);
}

static void add_number(fold_cell *cell, const chl_column *values, int64_t i)
{
    cell->count++;
    if (values->type == CHL_F64) {
        add_compensated(cell, values->values.f64[i]);
    } else {
        cell->flag |=
            __builtin_add_overflow(cell->whole, values->values.i64[i], &cell->whole);
    }
}

static int64_t whole_at(const chl_column *values, int64_t i)
{
    switch (values->type) {
    case CHL_BOOL: return values->values.boolean[i];
    case CHL_DATE: return values->values.days[i];
    default: return values->values.i64[i]; /* i64 and timestamps */
    }
}

static void add_extreme(fold_cell *cell, const chl_column *values, int64_t i,
                        bool largest)
{
    if (values->type == CHL_F64) {
        double value = values->values.f64[i];
        if (!cell->flag || (largest ? value > cell->sum : value < cell->sum)) {
            cell->sum = value;
        }
    } else {
        int64_t value = whole_at(values, i);
        if (!cell->flag || (largest ? value > cell->whole : value < cell->whole)) {
            cell->whole = value;
        }
    }
    cell->flag = true;
}

static void add_row(fold_kind kind, fold_cell *cell, const chl_column *values, int64_t i)
{
    switch (kind) {
    case FOLD_COUNT: cell->count++; break;
    case FOLD_COUNT_IF: cell->count += values->values.boolean[i]; break;
    case FOLD_ANY: cell->flag = cell->flag || values->values.boolean[i]; break;
    case FOLD_ALL: cell->flag = cell->flag && values->values.boolean[i]; break;
    case FOLD_MIN: add_extreme(cell, values, i, false); break;
    case FOLD_MAX: add_extreme(cell, values, i, true); break;
    default: add_number(cell, values, i); break;
    }
}

/* ---- variances ---- */

typedef struct spread {
    int64_t count;
    double sum, lost, squares, drift; /* of x, of (x - mean)² and x - mean */
} spread;

/* Both passes over the chunk. */
static void chunk_spreads(const chl_column *values, const fold_rows *rows, spread *s)
{
    for (int64_t i = 0; i < rows->rows; i++) {
        if (chl_column_valid(values, i)) {
            spread *part = &s[rows->group[i]];
            fold_cell sum = {.sum = part->sum, .lost = part->lost};
            add_compensated(&sum, values->values.f64[i]);
            part->sum = sum.sum;
            part->lost = sum.lost;
            part->count++;
        }
    }
    for (int64_t i = 0; i < rows->rows; i++) {
        if (chl_column_valid(values, i)) {
            spread *part = &s[rows->group[i]];
            fold_cell sum = {.sum = part->sum, .lost = part->lost};
            double d = values->values.f64[i] - total_of(&sum) / (double)part->count;
            part->squares += d * d;
            part->drift += d;
        }
    }
}

/* Chan, Golub, LeVeque: "Algorithms for computing the sample variance", 1983. */
static void merge_spread(fold_cell *cell, const spread *part)
{
    if (part->count == 0) {
        return;
    }
    fold_cell sum = {.sum = part->sum, .lost = part->lost};
    double a = (double)cell->count, b = (double)part->count, n = a + b;
    double mean = total_of(&sum) / b, delta = mean - cell->sum;
    double squares = part->squares - part->drift * part->drift / b;
    cell->lost += squares + delta * delta * a * b / n;
    cell->sum = cell->count == 0 ? mean : cell->sum + delta * b / n;
    cell->count += part->count;
}

static chl_status add_spreads(fold_state *state, const chl_column *values,
                              const fold_rows *rows, chl_error *err)
{
    spread *s = chl_calloc((size_t)rows->groups, sizeof *s);
    if (!s) {
        return chl_fail_memory(err);
    }
    chunk_spreads(values, rows, s);
    for (int64_t g = 0; g < rows->groups; g++) {
        merge_spread(&state->cells[g], &s[g]);
    }
    chl_free(s);
    return CHL_OK;
}

/* ---- first and last ---- */

static chl_status keep_pick(fold_state *state, chl_column *column, chl_error *err)
{
    chl_column **grown = chl_grow((void *)state->picks, &state->picks_room,
                                  state->n_picks + 1, sizeof(chl_column *));
    if (!grown) {
        chl_column_release(column);
        return chl_fail_memory(err);
    }
    state->picks = grown;
    grown[state->n_picks++] = column;
    state->picked += column->length;
    return CHL_OK;
}

/* All picks as one column, one row a group, missing where there is none. */
static chl_status gather_picks(const fold_state *state, int64_t groups, chl_column **out,
                               chl_error *err)
{
    size_t n = state->n_picks + 1;
    const chl_column **parts = chl_alloc(n, sizeof *parts);
    int64_t *rows = chl_alloc(n, sizeof *rows);
    int64_t *indices = chl_alloc((size_t)groups, sizeof *indices);
    chl_column *all = NULL;
    chl_status status = parts && rows && indices ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        for (size_t i = 0; i < n; i++) {
            parts[i] = i == 0 ? state->schema : state->picks[i - 1];
            rows[i] = parts[i]->length;
        }
        for (int64_t g = 0; g < groups; g++) {
            indices[g] = g < state->groups ? state->cells[g].whole - 1 : -1;
        }
        status = chl_columns_stack(parts, rows, (int)n, &all, err);
    }
    if (status == CHL_OK) {
        status = chl_column_take(all, indices, groups, out, err);
    }
    chl_column_release(all);
    chl_free((void *)parts);
    chl_free(rows);
    chl_free(indices);
    return status;
}

/* Only one pick a group is worth its memory. */
static chl_status drop_stale_picks(fold_state *state, chl_error *err)
{
    enum { FEW = 1 << 16 };
    if (state->picked < FEW + 4 * state->groups) {
        return CHL_OK;
    }
    chl_column *kept = NULL;
    CHL_TRY(gather_picks(state, state->groups, &kept, err));
    for (size_t i = 0; i < state->n_picks; i++) {
        chl_column_release(state->picks[i]);
    }
    state->n_picks = 0;
    state->picked = 0;
    for (int64_t g = 0; g < state->groups; g++) {
        state->cells[g].whole = state->cells[g].whole > 0 ? g + 1 : 0;
    }
    return keep_pick(state, kept, err);
}

/* The rows of this chunk that are picked: taken[0 … *n-1]. */
static void choose(fold_state *state, const chl_column *values, const fold_rows *rows,
                   int64_t *taken, int64_t *n)
{
    bool last = state->kind == FOLD_LAST;
    *n = 0;
    for (int64_t i = 0; i < rows->rows; i++) {
        fold_cell *cell = &state->cells[rows->group[i]];
        if (!chl_column_valid(values, i) || (cell->whole > 0 && !last)) {
            continue;
        }
        bool here = cell->whole > state->picked; /* this chunk picked for it already */
        if (here) {
            taken[cell->whole - state->picked - 1] = i;
        } else {
            taken[(*n)++] = i;
            cell->whole = state->picked + *n;
        }
    }
}

static chl_status add_picks(fold_state *state, const chl_column *values,
                            const fold_rows *rows, chl_error *err)
{
    int64_t *taken = chl_alloc((size_t)rows->rows, sizeof *taken), n;
    if (!taken) {
        return chl_fail_memory(err);
    }
    choose(state, values, rows, taken, &n);
    chl_column *column = NULL;
    chl_status status = n > 0 ? chl_column_take(values, taken, n, &column, err) : CHL_OK;
    chl_free(taken);
    CHL_TRY(status);
    if (column) {
        CHL_TRY(keep_pick(state, column, err));
    }
    return drop_stale_picks(state, err);
}

/* ---- distinct values ---- */

void fold_cell_bytes(const chl_column *column, int64_t i, chl_strbuf *out)
{
    bool valid = chl_column_valid(column, i);
    chl_strbuf_putc(out, valid ? '\1' : '\0');
    if (!valid) {
        return;
    }
    if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        size_t n;
        const char *text = chl_column_text(column, i, &n);
        uint64_t length = n;
        chl_strbuf_append(out, (const char *)&length, sizeof length);
        chl_strbuf_append(out, text, n);
    } else if (column->type == CHL_F64) {
        double value = column->values.f64[i] + 0.0; /* no -0 */
        chl_strbuf_append(out, (const char *)&value, sizeof value);
    } else {
        int64_t value = whole_at(column, i);
        chl_strbuf_append(out, (const char *)&value, sizeof value);
    }
}

static chl_status add_distinct(fold_state *state, const chl_column *values,
                               const fold_rows *rows, chl_error *err)
{
    chl_strbuf key = {0};
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < rows->rows && status == CHL_OK; i++) {
        if (!chl_column_valid(values, i)) {
            continue;
        }
        int64_t group = rows->group[i];
        int32_t known = chl_levels_count(state->pairs), code = 0;
        key.length = 0;
        chl_strbuf_append(&key, (const char *)&group, sizeof group);
        fold_cell_bytes(values, i, &key);
        status = key.failed
                     ? chl_fail_memory(err)
                     : chl_levels_intern(state->pairs, key.data, key.length, &code, err);
        state->cells[group].count += code == known;
    }
    chl_strbuf_reset(&key);
    return status;
}

/* ---- all of them ---- */

chl_status fold_state_add(fold_state *state, const chl_column *values,
                          const fold_rows *rows, chl_error *err)
{
    CHL_TRY(grow_cells(state, rows->groups, err));
    switch (state->kind) {
    case FOLD_VAR:
    case FOLD_STD: return add_spreads(state, values, rows, err);
    case FOLD_FIRST:
    case FOLD_LAST: return add_picks(state, values, rows, err);
    case FOLD_N_DISTINCT: return add_distinct(state, values, rows, err);
    default: break;
    }
    for (int64_t i = 0; i < rows->rows; i++) {
        if (!values || chl_column_valid(values, i)) {
            add_row(state->kind, &state->cells[rows->group[i]], values, i);
        }
    }
    return CHL_OK;
}

/* ---- results ---- */

static chl_type result_type(const fold_state *state)
{
    switch (state->kind) {
    case FOLD_COUNT:
    case FOLD_COUNT_IF:
    case FOLD_N_DISTINCT: return CHL_I64;
    case FOLD_SUM:
    case FOLD_MIN:
    case FOLD_MAX: return state->schema->type;
    case FOLD_ANY:
    case FOLD_ALL: return CHL_BOOL;
    default: return CHL_F64;
    }
}

static void set_whole(chl_column *out, int64_t g, int64_t value)
{
    switch (out->type) {
    case CHL_BOOL: out->values.boolean[g] = value != 0; break;
    case CHL_DATE: out->values.days[g] = (int32_t)value; break;
    default: out->values.i64[g] = value; break;
    }
}

/* false: the group has no value. */
static bool set_result(fold_kind kind, const fold_cell *cell, chl_column *out, int64_t g)
{
    double n = (double)cell->count;
    switch (kind) {
    case FOLD_COUNT:
    case FOLD_COUNT_IF:
    case FOLD_N_DISTINCT: out->values.i64[g] = cell->count; return true;
    case FOLD_ANY:
    case FOLD_ALL: out->values.boolean[g] = cell->flag; return true;
    case FOLD_MEAN: out->values.f64[g] = total_of(cell) / n; return cell->count > 0;
    case FOLD_VAR: out->values.f64[g] = cell->lost / (n - 1); return cell->count > 1;
    case FOLD_STD:
        out->values.f64[g] = sqrt(cell->lost / (n - 1));
        return cell->count > 1;
    case FOLD_SUM:
        if (out->type == CHL_F64) {
            out->values.f64[g] = total_of(cell);
            return true;
        }
        out->values.i64[g] = cell->whole;
        return !cell->flag;
    default:
        if (out->type == CHL_F64) {
            out->values.f64[g] = cell->sum;
        } else {
            set_whole(out, g, cell->whole);
        }
        return cell->flag;
    }
}

chl_status fold_state_result(const fold_state *state, int64_t groups, chl_column **out,
                             chl_error *err)
{
    *out = NULL;
    if (state->kind == FOLD_FIRST || state->kind == FOLD_LAST) {
        return gather_picks(state, groups, out, err);
    }
    CHL_TRY(chl_column_new(result_type(state), groups, true, out, err));
    fold_cell none = {.flag = state->kind == FOLD_ALL};
    for (int64_t g = 0; g < groups; g++) {
        const fold_cell *cell = g < state->groups ? &state->cells[g] : &none;
        if (!set_result(state->kind, cell, *out, g)) {
            chl_column_set_null(*out, g);
        }
    }
    chl_column_seal(*out);
    return CHL_OK;
}
