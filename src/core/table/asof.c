/* SPDX-License-Identifier: MIT
 *
 * Events are sorted by time within each cell of equal keys; every row finds its event by
 * halving. Times are compared as order-preserving words (data/sort.h). Layer: core/table.
 */
#include "core/table/asof.h"

#include <math.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/sort.h"
#include "core/table/join_private.h"

enum { BLOCK = 1 << 14 }; /* left rows a task */

/* How far the event at a position is from the row: exactly, but for f64 times. */
typedef struct gap {
    uint64_t ticks; /* days, microseconds or units of i64 */
    double real;    /* f64 */
} gap;

typedef struct search {
    const join_keys *keys;
    const chl_asof_options *options;
    const chl_column *left_time, *right_time;
    gap tolerance;
    uint64_t *left_words, *right_words; /* [rows] of the times */
    int64_t *order;                     /* [right rows] by time */
    join_cells cells;
    join_lists events; /* of each cell, by time */
    uint64_t *times;   /* [right rows] words in the order of the events */
    join_rows rows;
} search;

/* ---- checks ---- */

static chl_status find_times(search *s, chl_error *err)
{
    const join_keys *keys = s->keys;
    int left, right;
    CHL_TRY(chl_frame_index(keys->left, keys->where, s->options->left_time, &left, err));
    CHL_TRY(
        chl_frame_index(keys->right, keys->where, s->options->right_time, &right, err));
    s->left_time = keys->left->fields[left].column;
    s->right_time = keys->right->fields[right].column;
    chl_type a = s->left_time->type, b = s->right_time->type;
    bool usable = a == CHL_F64 || a == CHL_I64 || a == CHL_DATE || a == CHL_TIMESTAMP;
    if (a != b || !usable) {
        return chl_fail(err, CHL_ETYPE,
                        "%s: time '%s' is %s and time '%s' of the right frame is %s: "
                        "expected both f64, i64, date or timestamp",
                        keys->where, s->options->left_time, chl_type_name(a),
                        s->options->right_time, chl_type_name(b));
    }
    if (s->options->limited && !(s->options->tolerance >= 0)) {
        return chl_fail(err, CHL_EINVAL, "%s: tolerance: expected 0 or more, got %g",
                        keys->where, s->options->tolerance);
    }
    return CHL_OK;
}

/* ---- events in order ---- */

static bool rises(const uint64_t *words, int64_t n)
{
    for (int64_t i = 1; i < n; i++) {
        if (words[i] < words[i - 1]) {
            return false;
        }
    }
    return true;
}

static chl_status order_events(search *s, chl_error *err)
{
    int64_t n = s->keys->right->rows;
    s->left_words = chl_alloc((size_t)s->keys->left->rows, sizeof *s->left_words);
    s->right_words = chl_alloc((size_t)n, sizeof *s->right_words);
    s->order = chl_alloc((size_t)n, sizeof *s->order);
    s->times = chl_alloc((size_t)n, sizeof *s->times);
    if (!s->left_words || !s->right_words || !s->order || !s->times) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_sort_keys(s->left_time, s->left_words, err));
    CHL_TRY(chl_sort_keys(s->right_time, s->right_words, err));
    for (int64_t i = 0; i < n; i++) {
        s->order[i] = i;
    }
    return rises(s->right_words, n) ? CHL_OK
                                    : chl_sort_order(s->right_words, s->order, n, err);
}

static void forget_untimed(const chl_column *time, int64_t *cell)
{
    for (int64_t i = 0; time->validity && i < time->length; i++) {
        cell[i] = chl_column_valid(time, i) ? cell[i] : -1;
    }
}

static chl_status list_events(search *s, const chl_control *control, chl_error *err)
{
    CHL_TRY(join_cells_init(&s->cells, s->keys, control, err));
    forget_untimed(s->left_time, s->cells.left);
    forget_untimed(s->right_time, s->cells.right);
    CHL_TRY(join_lists_init(&s->events, s->cells.right, s->order, s->keys->right->rows,
                            s->cells.cells, err));
    for (int64_t i = 0; i < s->events.from[s->cells.cells]; i++) {
        s->times[i] = s->right_words[s->events.rows[i]];
    }
    return CHL_OK;
}

/* ---- one row ---- */

/* The first of the positions from … to-1 whose time is at least `time` (`after`: later).
 */
static int64_t first_from(const search *s, int64_t from, int64_t to, uint64_t time,
                          bool after)
{
    while (from < to) {
        int64_t middle = from + (to - from) / 2;
        if (s->times[middle] < time || (after && s->times[middle] == time)) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from;
}

static gap gap_of(const search *s, int64_t row, int64_t position)
{
    int64_t event = s->events.rows[position];
    if (s->left_time->type == CHL_F64) {
        double a = s->left_time->values.f64[row], b = s->right_time->values.f64[event];
        return (gap){0, fabs(a - b)};
    }
    uint64_t a = s->left_words[row], b = s->right_words[event];
    return (gap){a > b ? a - b : b - a, 0};
}

static bool is_wider(gap a, gap b)
{
    return a.ticks > b.ticks || a.real > b.real;
}

/* The tolerance in the unit of the times; what is larger than any gap stays so. */
static gap tolerance_of(const search *s)
{
    double span = s->options->tolerance;
    if (s->left_time->type == CHL_F64) {
        return (gap){0, span};
    }
    double ticks = s->left_time->type == CHL_TIMESTAMP ? rint(span * 1e6) : floor(span);
    bool all = ticks >= 18446744073709551615.0; /* 2^64 */
    return (gap){all ? UINT64_MAX : (uint64_t)ticks, 0};
}

/* The position of the event at or before the time, or -1; `low` … `high` is the cell. */
static int64_t find_before(const search *s, int64_t low, int64_t high, uint64_t time)
{
    int64_t at = first_from(s, low, high, time, !s->options->strict);
    return at > low ? at - 1 : -1;
}

/* The position of the event at or after the time: the last one at the earliest time. */
static int64_t find_after(const search *s, int64_t low, int64_t high, uint64_t time)
{
    int64_t at = first_from(s, low, high, time, s->options->strict);
    return at < high ? first_from(s, at, high, s->times[at], true) - 1 : -1;
}

static int64_t nearer(const search *s, int64_t row, int64_t before, int64_t after)
{
    if (before < 0 || after < 0) {
        return before < 0 ? after : before;
    }
    return is_wider(gap_of(s, row, before), gap_of(s, row, after)) ? after : before;
}

/* The event of a row, or -1. */
static int64_t find_event(const search *s, int64_t row)
{
    int64_t cell = s->cells.left[row];
    if (cell < 0) {
        return -1;
    }
    int64_t low = s->events.from[cell], high = s->events.from[cell + 1];
    uint64_t time = s->left_words[row];
    chl_asof_direction direction = s->options->direction;
    int64_t before = direction == CHL_ASOF_FORWARD ? -1 : find_before(s, low, high, time);
    int64_t after = direction == CHL_ASOF_BACKWARD ? -1 : find_after(s, low, high, time);
    int64_t found = nearer(s, row, before, after);
    bool far = found >= 0 && s->options->limited &&
               is_wider(gap_of(s, row, found), s->tolerance);
    return found < 0 || far ? -1 : s->events.rows[found];
}

/* A task: the events of a block of rows. */
static chl_status find_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const search *s = ctx;
    int64_t start = (int64_t)block * BLOCK, end = start + BLOCK;
    end = end < s->rows.n ? end : s->rows.n;
    for (int64_t i = start; i < end; i++) {
        s->rows.right[i] = find_event(s, i);
    }
    return CHL_OK;
}

/* ---- the verb ---- */

static chl_status find_events(search *s, const chl_control *control, chl_error *err)
{
    CHL_TRY(find_times(s, err));
    s->tolerance = tolerance_of(s);
    CHL_TRY(order_events(s, err));
    CHL_TRY(list_events(s, control, err));
    s->rows.n = s->keys->left->rows;
    s->rows.right = chl_alloc((size_t)s->rows.n, sizeof *s->rows.right);
    if (!s->rows.right) {
        return chl_fail_memory(err);
    }
    size_t blocks = (size_t)((s->rows.n + BLOCK - 1) / BLOCK);
    return chl_parallel_for(chl_control_threads(control), blocks, find_block, s, err);
}

static chl_status join_events(const join_keys *keys, const chl_asof_options *options,
                              const chl_control *control, chl_frame **out, chl_error *err)
{
    search s = {.keys = keys, .options = options};
    chl_status status = find_events(&s, control, err);
    if (status == CHL_OK) {
        join_shape shape = {options->left_suffix, options->right_suffix, false};
        status = join_make_frame(keys, &shape, &s.rows, control, out, err);
    }
    chl_free(s.left_words);
    chl_free(s.right_words);
    chl_free(s.order);
    chl_free(s.times);
    join_cells_reset(&s.cells);
    join_lists_reset(&s.events);
    join_rows_reset(&s.rows);
    return status;
}

chl_status chl_frame_asof_join(const chl_frame *left, const chl_frame *right,
                               const char *const *left_on, const char *const *right_on,
                               int n, const chl_asof_options *options,
                               const chl_control *control, chl_frame **out,
                               chl_error *err)
{
    *out = NULL;
    join_keys keys = {"asof_join", left, right, left_on, right_on, n, NULL};
    CHL_TRY(join_keys_init(&keys, err));
    chl_status status = join_events(&keys, options, control, out, err);
    join_keys_reset(&keys);
    return status;
}
