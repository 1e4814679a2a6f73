/* SPDX-License-Identifier: MIT
 *
 * Window functions over groups in order: numbering, neighbours, running values; ranks
 * are in expr_rank.c, moving windows in expr_rolling.c. Layer: core/expr. Groups are
 * shared out to threads; each writes the rows of its groups only. Functions that move
 * values of any type find rows and take them; the others write numbers and mark the rows
 * that have one.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/sort.h"
#include "core/expr/expr_internal.h"

enum { TASK_ROWS = 1 << 15 }; /* about as many rows a task */

static bool present(const expr_window_run *run, int64_t row)
{
    return !run->w->x || chl_column_valid(run->w->x, row);
}

static void put_i64(const expr_window_run *run, int64_t row, int64_t value)
{
    run->out->values.i64[row] = value;
    run->valid[row] = 1;
}

static void put_f64(const expr_window_run *run, int64_t row, double value)
{
    run->out->values.f64[row] = value;
    run->valid[row] = isfinite(value);
}

/* ---- rows of other rows ---- */

/* lag, lead: the row n places away. */
static chl_status shift_part(const expr_window_run *run, int64_t group, int64_t from,
                             int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    const int64_t *order = run->w->over->order;
    int64_t n = run->w->fn == FN_LAG ? -run->w->n : run->w->n;
    for (int64_t i = from; i < to; i++) {
        int64_t at = i + n;
        run->rows[order[i]] = at >= from && at < to ? order[at] : -1;
    }
    return CHL_OK;
}

/* ffill, bfill: the nearest present row before or after. */
static chl_status fill_part(const expr_window_run *run, int64_t group, int64_t from,
                            int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    const int64_t *order = run->w->over->order;
    bool forward = run->w->fn == FN_FFILL;
    int64_t last = -1;
    for (int64_t k = 0; k < to - from; k++) {
        int64_t row = order[forward ? from + k : to - 1 - k];
        last = present(run, row) ? row : last;
        run->rows[row] = last;
    }
    return CHL_OK;
}

/* cummax, cummin: the first row with the extreme so far; missing rows stay missing. */
static chl_status extreme_part(const expr_window_run *run, int64_t group, int64_t from,
                               int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    const uint64_t *keys = run->keys;
    bool largest = run->w->fn == FN_CUMMAX;
    int64_t best = -1;
    for (int64_t i = from; i < to; i++) {
        int64_t row = run->w->over->order[i];
        if (!present(run, row)) {
            run->rows[row] = -1;
            continue;
        }
        if (best < 0 || (largest ? keys[row] > keys[best] : keys[row] < keys[best])) {
            best = row;
        }
        run->rows[row] = best;
    }
    return CHL_OK;
}

/* ---- counts ---- */

/* row_number, cumcount: missing values are not counted. */
static chl_status count_part(const expr_window_run *run, int64_t group, int64_t from,
                             int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    int64_t count = 0;
    for (int64_t i = from; i < to; i++) {
        int64_t row = run->w->over->order[i];
        count += present(run, row);
        put_i64(run, row, count);
    }
    return CHL_OK;
}

/* ---- running numbers ---- */

/* cumsum of i64: exact; a row whose sum leaves 64 bits is missing. */
static chl_status sum_i64_part(const expr_window_run *run, int64_t group, int64_t from,
                               int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    expr_wide sum = {0, 0};
    for (int64_t i = from; i < to; i++) {
        int64_t row = run->w->over->order[i];
        if (present(run, row)) {
            expr_wide_add(&sum, run->w->x->values.i64[row], 1);
            run->valid[row] = expr_wide_fits(&sum, &run->out->values.i64[row]);
        }
    }
    return CHL_OK;
}

/* cumsum, cummean of f64: compensated. */
static chl_status sum_f64_part(const expr_window_run *run, int64_t group, int64_t from,
                               int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    bool mean = run->w->fn == FN_CUMMEAN;
    double sum = 0, lost = 0;
    int64_t count = 0;
    for (int64_t i = from; i < to; i++) {
        int64_t row = run->w->over->order[i];
        if (present(run, row)) {
            double value = run->w->x->values.f64[row], total = sum + value;
            lost +=
                fabs(sum) >= fabs(value) ? (sum - total) + value : (value - total) + sum;
            sum = total;
            count++;
            put_f64(run, row, (sum + lost) / (mean ? (double)count : 1));
        }
    }
    return CHL_OK;
}

static void put_difference(const expr_window_run *run, int64_t row, int64_t before)
{
    const chl_column *x = run->w->x;
    if (run->w->fn == FN_PCT_CHANGE) {
        put_f64(run, row, x->values.f64[row] / x->values.f64[before] - 1);
        return;
    }
    switch (x->type) {
    case CHL_DATE:
        put_i64(run, row, (int64_t)x->values.days[row] - x->values.days[before]);
        break;
    case CHL_TIMESTAMP: {
        double micros = (double)x->values.micros[row] - (double)x->values.micros[before];
        put_f64(run, row, micros / 86400e6);
        break;
    }
    case CHL_I64: {
        int64_t difference;
        bool lost = __builtin_sub_overflow(x->values.i64[row], x->values.i64[before],
                                           &difference);
        put_i64(run, row, difference);
        run->valid[row] = !lost;
        break;
    }
    default: put_f64(run, row, x->values.f64[row] - x->values.f64[before]); break;
    }
}

/* diff, pct_change. */
static chl_status difference_part(const expr_window_run *run, int64_t group, int64_t from,
                                  int64_t to, chl_error *err)
{
    (void)group;
    (void)err;
    const int64_t *order = run->w->over->order;
    for (int64_t i = from; i < to; i++) {
        int64_t row = order[i];
        bool both = run->w->n <= i - from && present(run, row) &&
                    present(run, order[i - run->w->n]);
        if (both) {
            put_difference(run, row, order[i - run->w->n]);
        }
    }
    return CHL_OK;
}

/* ---- the table ---- */

typedef struct plan {
    expr_window_part *part;
    chl_type type; /* of the result, unless rows are taken */
    bool takes, keys, ranks;
} plan;

static plan plan_of(const expr_window *w)
{
    bool whole = w->x && w->x->type == CHL_I64;
    switch (w->fn) {
    case FN_RANK:
    case FN_DENSE_RANK: return (plan){chl_expr_rank, CHL_I64, false, true, true};
    case FN_PERCENT_RANK: return (plan){chl_expr_rank, CHL_F64, false, true, true};
    case FN_LAG:
    case FN_LEAD: return (plan){shift_part, CHL_F64, true, false, false};
    case FN_FFILL:
    case FN_BFILL: return (plan){fill_part, CHL_F64, true, false, false};
    case FN_CUMMAX:
    case FN_CUMMIN: return (plan){extreme_part, CHL_F64, true, true, false};
    case FN_CUMSUM:
        return (plan){whole ? sum_i64_part : sum_f64_part, whole ? CHL_I64 : CHL_F64,
                      false, false, false};
    case FN_CUMMEAN: return (plan){sum_f64_part, CHL_F64, false, false, false};
    case FN_DIFF:
    case FN_PCT_CHANGE:
        whole = w->fn == FN_DIFF && (whole || w->x->type == CHL_DATE);
        return (plan){difference_part, whole ? CHL_I64 : CHL_F64, false, false, false};
    case FN_ROLLING_MIN:
    case FN_ROLLING_MAX: return (plan){chl_expr_rolling_rows, CHL_F64, true, true, false};
    case FN_ROLLING_COUNT:
        return (plan){chl_expr_rolling_i64, CHL_I64, false, false, false};
    case FN_ROLLING_SUM:
        return (plan){whole ? chl_expr_rolling_i64 : chl_expr_rolling_values,
                      whole ? CHL_I64 : CHL_F64, false, false, false};
    case FN_ROLLING_MEAN:
    case FN_ROLLING_STD:
        return (plan){chl_expr_rolling_values, CHL_F64, false, false, false};
    case FN_ROLLING_MEDIAN:
        return (plan){chl_expr_rolling_median, CHL_F64, false, true, true};
    default: return (plan){count_part, CHL_I64, false, false, false};
    }
}

/* ---- running ---- */

typedef struct job {
    expr_window_run run;
    expr_window_part *part;
} job;

/* The first group that begins at or behind position `at`. */
static int64_t group_from(const chl_over *over, int64_t at)
{
    int64_t low = 0, high = over->groups;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (over->start[middle] < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* A task: the groups that begin in its range of positions. */
static chl_status run_groups(void *ctx, size_t index, chl_error *err)
{
    const job *j = ctx;
    const chl_over *over = j->run.w->over;
    int64_t g = group_from(over, (int64_t)index * TASK_ROWS);
    int64_t end = group_from(over, ((int64_t)index + 1) * TASK_ROWS);
    CHL_TRY(chl_control_check(j->run.w->control, "window", err));
    for (; g < end; g++) {
        CHL_TRY(j->part(&j->run, g, over->start[g], over->start[g + 1], err));
    }
    return CHL_OK;
}

static chl_status run_all(const job *j, chl_error *err)
{
    int64_t rows = j->run.w->over->rows;
    return chl_parallel_for(chl_control_threads(j->run.w->control),
                            (size_t)((rows + TASK_ROWS - 1) / TASK_ROWS), run_groups,
                            (void *)(uintptr_t)j, err);
}

/* Numbers: a new column whose rows are present where the functions wrote. */
static chl_status make_numbers(job *j, chl_type type, chl_column **out, chl_error *err)
{
    int64_t rows = j->run.w->over->rows;
    CHL_TRY(chl_column_new(type, rows, true, &j->run.out, err));
    j->run.valid = chl_calloc((size_t)rows, 1);
    chl_status status = j->run.valid ? run_all(j, err) : chl_fail_memory(err);
    for (int64_t i = 0; status == CHL_OK && i < rows; i++) {
        if (!j->run.valid[i]) {
            chl_column_set_null(j->run.out, i);
        }
    }
    chl_free(j->run.valid);
    if (status != CHL_OK) {
        chl_column_release(j->run.out);
        return status;
    }
    chl_column_seal(j->run.out);
    *out = j->run.out;
    return CHL_OK;
}

static chl_status take_rows(job *j, chl_column **out, chl_error *err)
{
    int64_t rows = j->run.w->over->rows;
    j->run.rows = chl_alloc((size_t)rows, sizeof *j->run.rows);
    chl_status status = j->run.rows ? run_all(j, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_column_take(j->run.w->x, j->run.rows, rows, out, err);
    }
    chl_free(j->run.rows);
    return status;
}

static chl_status prepare(const expr_window *w, const plan *p, expr_ranking *r,
                          chl_error *err)
{
    if (p->keys) {
        r->keys = chl_alloc((size_t)w->over->rows, sizeof *r->keys);
        if (!r->keys) {
            return chl_fail_memory(err);
        }
    }
    if (p->ranks) {
        return chl_expr_ranking_init(w, r, err);
    }
    return p->keys ? chl_sort_keys(w->x, r->keys, err) : CHL_OK;
}

chl_status chl_expr_window(const expr_window *w, chl_column **out, chl_error *err)
{
    *out = NULL;
    plan p = plan_of(w);
    expr_ranking r = {0};
    chl_status status = prepare(w, &p, &r, err);
    if (status == CHL_OK) {
        job j = {{w, NULL, NULL, NULL, r.keys, r.sorted, r.start, r.ties}, p.part};
        status = p.takes ? take_rows(&j, out, err) : make_numbers(&j, p.type, out, err);
    }
    chl_expr_ranking_reset(&r);
    return status;
}

chl_status chl_expr_outside(const expr_window *w, chl_column **out, chl_error *err)
{
    const chl_over *over = w->over;
    CHL_TRY(chl_column_new(CHL_BOOL, over->rows, false, out, err));
    for (int64_t g = 0; g < over->groups; g++) {
        int64_t from = over->start[g], to = over->start[g + 1];
        int64_t n = w->n < to - from ? w->n : to - from;
        from = w->fn == FN_LAG ? from : to - n;
        for (int64_t i = from; i < from + n; i++) {
            (*out)->values.boolean[over->order[i]] = 1;
        }
    }
    return CHL_OK;
}

chl_status chl_expr_pick(const chl_over *over, const chl_column *x, bool last,
                         chl_column **out, chl_error *err)
{
    int64_t *rows = chl_alloc((size_t)over->groups, sizeof *rows);
    if (!rows) {
        return chl_fail_memory(err);
    }
    for (int64_t g = 0; g < over->groups; g++) {
        rows[g] = -1;
        int64_t n = over->start[g + 1] - over->start[g];
        for (int64_t k = 0; k < n && rows[g] < 0; k++) {
            int64_t at = last ? over->start[g + 1] - 1 - k : over->start[g] + k;
            rows[g] = chl_column_valid(x, over->order[at]) ? over->order[at] : -1;
        }
    }
    chl_status status = chl_column_take(x, rows, over->groups, out, err);
    chl_free(rows);
    return status;
}
