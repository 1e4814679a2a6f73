/* SPDX-License-Identifier: MIT
 *
 * Partitions in the order of time. Layer: core/data.
 */
#include <math.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/data/sort.h"
#include "core/data/split.h"
#include "core/data/times.h"

static chl_status find_times(const chl_frame *frame, const char *name,
                             const chl_column **out, chl_error *err)
{
    const chl_column *column;
    CHL_TRY(chl_frame_times(frame, "time", name, &column, err));
    for (int64_t i = 0; column->nulls > 0 && i < frame->rows; i++) {
        if (!chl_column_valid(column, i)) {
            return chl_fail(err, CHL_EINVAL,
                            "time: column '%s': row %lld: expected a time, got nothing",
                            name, (long long)i + 1);
        }
    }
    *out = column;
    return CHL_OK;
}

/* Each different time once, rising, and how many rows lie before it. */
typedef struct moments {
    int64_t count;
    int64_t *times;
    int64_t *before;
} moments;

static void fill_moments(moments *m, const chl_column *c, const int64_t *order)
{
    for (int64_t i = 0; i < c->length; i++) {
        int64_t time = chl_column_time(c, order[i]);
        if (m->count == 0 || m->times[m->count - 1] != time) {
            m->times[m->count] = time;
            m->before[m->count++] = i;
        }
    }
}

static chl_status sort_times(const chl_column *c, int64_t *order, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)c->length, sizeof *keys);
    if (!keys) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < c->length; i++) {
        order[i] = i;
    }
    chl_status status = chl_sort_keys(c, keys, err);
    if (status == CHL_OK) {
        status = chl_sort_order(keys, order, c->length, err);
    }
    chl_free(keys);
    return status;
}

static void moments_reset(moments *m)
{
    chl_free(m->times);
    chl_free(m->before);
}

static chl_status moments_init(moments *m, const chl_column *c, chl_error *err)
{
    size_t n = (size_t)c->length;
    int64_t *order = chl_alloc(n, sizeof *order);
    *m = (moments){0, chl_alloc(n, sizeof(int64_t)), chl_alloc(n, sizeof(int64_t))};
    chl_status status =
        order && m->times && m->before ? sort_times(c, order, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        fill_moments(m, c, order);
    } else {
        moments_reset(m);
    }
    chl_free(order);
    return status;
}

/* The moment from `from` to `to` with nearest to `wanted` rows before it; of two equally
 * near ones the earlier. */
static int64_t nearest_moment(const moments *m, int64_t from, int64_t to, double wanted)
{
    int64_t best = from;
    for (int64_t k = from; k <= to; k++) {
        if (fabs((double)m->before[k] - wanted) <
            fabs((double)m->before[best] - wanted)) {
            best = k;
        }
    }
    return best;
}

chl_status chl_time_starts(const chl_frame *frame, const char *time, const double *shares,
                           int parts, int64_t *starts, chl_error *err)
{
    const chl_column *column = NULL;
    moments m;
    CHL_TRY(chl_split_check_shares(shares, parts, err));
    CHL_TRY(find_times(frame, time, &column, err));
    CHL_TRY(moments_init(&m, column, err));
    if (m.count < parts && frame->rows > 0) {
        chl_status status = chl_fail(err, CHL_EINVAL,
                                     "time: column '%s': expected at least %d different "
                                     "times for as many parts, got %lld",
                                     time, parts, (long long)m.count);
        moments_reset(&m);
        return status;
    }
    double wanted = 0;
    int64_t from = 1;
    starts[0] = INT64_MIN;
    for (int p = 1; p < parts; p++) {
        if (frame->rows == 0) { /* no part has a row */
            starts[p] = INT64_MIN + p;
            continue;
        }
        wanted += shares[p - 1] * (double)frame->rows;
        int64_t at = nearest_moment(&m, from, m.count - (parts - p), wanted);
        starts[p] = m.times[at];
        from = at + 1;
    }
    moments_reset(&m);
    return CHL_OK;
}

chl_status chl_time_starts_at(const chl_frame *frame, const char *time,
                              const char *const *dates, int n, int64_t *starts,
                              chl_error *err)
{
    const chl_column *column = NULL;
    CHL_TRY(find_times(frame, time, &column, err));
    starts[0] = INT64_MIN;
    for (int p = 0; p < n; p++) {
        char where[32];
        snprintf(where, sizeof where, "at: item %d", p + 1);
        CHL_TRY(chl_time_parse(column->type, dates[p], where, &starts[p + 1], err));
        if (starts[p + 1] <= starts[p]) {
            return chl_fail(err, CHL_EINVAL,
                            "at: item %d: expected a later date than the one before",
                            p + 1);
        }
    }
    return CHL_OK;
}

chl_status chl_time_parts(const chl_frame *frame, const char *time, const int64_t *starts,
                          int parts, int64_t end, double embargo, int32_t *part,
                          chl_error *err)
{
    enum { EMBARGO_MAX = 36525 };
    const chl_column *column = NULL;
    CHL_TRY(find_times(frame, time, &column, err));
    if (!(embargo >= 0 && embargo <= EMBARGO_MAX)) {
        return chl_fail(err, CHL_EINVAL, "embargo: expected 0 to %d days, got %g",
                        (int)EMBARGO_MAX, embargo);
    }
    int64_t length = (int64_t)ceil(embargo * (double)chl_time_day(column->type));
    for (int64_t i = 0; i < frame->rows; i++) {
        int64_t t = chl_column_time(column, i);
        int p = parts - 1;
        while (p > 0 && t < starts[p]) {
            p--;
        }
        bool late = t >= end || (p < parts - 1 && t + length > starts[p + 1]);
        part[i] = late ? -1 : p;
    }
    return CHL_OK;
}

chl_status chl_time_folds(const chl_frame *frame, int folds, const char *time,
                          int64_t *starts, int32_t *fold, chl_error *err)
{
    int parts = folds + 1;
    double *shares = chl_alloc((size_t)parts, sizeof *shares);
    if (!shares) {
        return chl_fail_memory(err);
    }
    for (int p = 0; p < parts; p++) {
        shares[p] = 1.0 / parts;
    }
    chl_status status = chl_time_starts(frame, time, shares, parts, starts, err);
    chl_free(shares);
    CHL_TRY(status);
    return chl_time_parts(frame, time, starts, parts, INT64_MAX, 0, fold, err);
}
