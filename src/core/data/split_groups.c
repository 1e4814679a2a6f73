/* SPDX-License-Identifier: MIT
 *
 * Partitions that keep groups of rows together. Layer: core/data.
 */
#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/data/distinct.h"
#include "core/data/sort.h"
#include "core/data/split.h"

/* Groups, and the random order they are taken in. */
typedef struct drawn_groups {
    chl_distinct values;
    int64_t count;
    int64_t *order; /* [count] */
    int32_t *place; /* [count] part or fold of each */
} drawn_groups;

static void drawn_reset(drawn_groups *g)
{
    chl_distinct_reset(&g->values);
    chl_free(g->order);
    chl_free(g->place);
}

static chl_status draw_groups(drawn_groups *g, const chl_frame *frame, const char *group,
                              uint64_t seed, chl_rng_purpose purpose, chl_error *err)
{
    int index;
    *g = (drawn_groups){0};
    CHL_TRY(chl_frame_index(frame, "group", group, &index, err));
    CHL_TRY(chl_distinct_init(&g->values, frame->fields[index].column, err));
    g->count = g->values.count + g->values.missing;
    g->place = chl_alloc((size_t)g->count, sizeof *g->place);
    chl_status status = g->place ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_split_order(g->count, seed, purpose, &g->order, err);
    }
    if (status != CHL_OK) {
        drawn_reset(g);
    }
    return status;
}

/* Hands each row the place of its group and frees the groups. */
static void finish(drawn_groups *g, int64_t rows, int32_t *place)
{
    for (int64_t i = 0; i < rows; i++) {
        place[i] = g->place[g->values.codes[i]];
    }
    drawn_reset(g);
}

chl_status chl_split_groups(const chl_frame *frame, const double *shares, int parts,
                            const char *group, uint64_t seed, int32_t *part,
                            chl_error *err)
{
    drawn_groups g;
    CHL_TRY(chl_split_check_shares(shares, parts, err));
    CHL_TRY(draw_groups(&g, frame, group, seed, CHL_RNG_SPLIT, err));
    double rows = 0, end = shares[0] * (double)frame->rows;
    int p = 0;
    for (int64_t k = 0; k < g.count; k++) {
        int64_t which = g.order[k];
        double half = (double)g.values.counts[which] / 2;
        while (p < parts - 1 && rows + half > end) {
            end += shares[++p] * (double)frame->rows;
        }
        g.place[which] = p;
        rows += 2 * half;
    }
    finish(&g, frame->rows, part);
    return CHL_OK;
}

/* ---- folds ---- */

static void deal_by_size(const drawn_groups *g, int folds, int64_t *rows)
{
    for (int64_t k = 0; k < g->count; k++) {
        int least = 0;
        for (int f = 1; f < folds; f++) {
            least = rows[f] < rows[least] ? f : least;
        }
        g->place[g->order[k]] = least;
        rows[least] += g->values.counts[g->order[k]];
    }
}

/* What dealing by values needs. */
typedef struct dealing {
    chl_distinct values; /* of the stratifying column */
    int64_t strata;
    int64_t *rows;    /* [all]: the rows, group by group */
    int64_t *at;      /* [groups + 1]: where each group's rows begin */
    int64_t *held;    /* [folds × strata]: rows of each value in each fold */
    int64_t *touched; /* [strata]: values of this group */
    int64_t *counts;  /* [strata]: its rows of each value */
} dealing;

static void dealing_reset(dealing *d)
{
    chl_distinct_reset(&d->values);
    chl_free(d->rows);
    chl_free(d->at);
    chl_free(d->held);
    chl_free(d->touched);
    chl_free(d->counts);
}

/* Groups with many rows first; those of one size stay in their random order. */
static chl_status order_by_size(drawn_groups *g, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)g->count, sizeof *keys);
    if (!keys) {
        return chl_fail_memory(err);
    }
    for (int64_t k = 0; k < g->count; k++) {
        keys[k] = (uint64_t)(INT64_MAX - g->values.counts[k]);
    }
    chl_status status = chl_sort_order(keys, g->order, g->count, err);
    chl_free(keys);
    return status;
}

static chl_status dealing_init(dealing *d, const chl_frame *frame, const char *stratify,
                               int folds, const drawn_groups *g, chl_error *err)
{
    int index;
    *d = (dealing){0};
    CHL_TRY(chl_frame_index(frame, "stratify", stratify, &index, err));
    CHL_TRY(chl_distinct_init(&d->values, frame->fields[index].column, err));
    d->strata = d->values.count + d->values.missing;
    size_t strata = (size_t)d->strata;
    d->rows = chl_alloc((size_t)frame->rows, sizeof *d->rows);
    d->at = chl_calloc((size_t)g->count + 1, sizeof *d->at);
    d->held = chl_calloc(strata, (size_t)folds * sizeof *d->held);
    d->touched = chl_alloc(strata, sizeof *d->touched);
    d->counts = chl_calloc(strata, sizeof *d->counts);
    if (!d->rows || !d->at || !d->held || !d->touched || !d->counts) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < frame->rows; i++) {
        d->rows[i] = i;
    }
    for (int64_t k = 0; k < g->count; k++) {
        d->at[k + 1] = d->at[k] + g->values.counts[k];
    }
    /* codes are not negative: they serve as sort keys */
    return chl_sort_order((const uint64_t *)g->values.codes, d->rows, frame->rows, err);
}

/* How much less even the values are when fold f takes the group. */
static double cost(const dealing *d, int64_t values, int f)
{
    double sum = 0;
    for (int64_t v = 0; v < values; v++) {
        int64_t s = d->touched[v];
        double all = (double)d->values.counts[s];
        double had = (double)d->held[f * d->strata + s] / all;
        double has = had + (double)d->counts[s] / all;
        sum += has * has - had * had;
    }
    return sum;
}

static void deal_group(dealing *d, drawn_groups *g, int64_t group, int folds,
                       int64_t *sizes)
{
    int64_t values = 0;
    for (int64_t i = d->at[group]; i < d->at[group + 1]; i++) {
        int64_t s = d->values.codes[d->rows[i]];
        if (d->counts[s]++ == 0) {
            d->touched[values++] = s;
        }
    }
    int best = 0;
    double least = cost(d, values, 0);
    for (int f = 1; f < folds; f++) {
        double c = cost(d, values, f);
        if (c < least - 1e-12 || (c <= least + 1e-12 && sizes[f] < sizes[best])) {
            best = f;
            least = c;
        }
    }
    for (int64_t v = 0; v < values; v++) {
        int64_t s = d->touched[v];
        d->held[best * d->strata + s] += d->counts[s];
        d->counts[s] = 0;
    }
    g->place[group] = best;
    sizes[best] += g->values.counts[group];
}

static chl_status deal_by_values(drawn_groups *g, const chl_frame *frame,
                                 const char *stratify, int folds, int64_t *sizes,
                                 chl_error *err)
{
    dealing d;
    chl_status status = order_by_size(g, err);
    if (status != CHL_OK) {
        return status;
    }
    status = dealing_init(&d, frame, stratify, folds, g, err);
    for (int64_t k = 0; status == CHL_OK && k < g->count; k++) {
        deal_group(&d, g, g->order[k], folds, sizes);
    }
    dealing_reset(&d);
    return status;
}

static chl_status check_folds(const drawn_groups *g, int folds, const char *group,
                              chl_error *err)
{
    return folds >= 2 && folds <= g->count
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "folds: expected 2 to %lld folds (the number of groups in "
                          "'%s'), got %d",
                          (long long)g->count, group, folds);
}

chl_status chl_fold_groups(const chl_frame *frame, int folds, const char *group,
                           const char *stratify, uint64_t seed, int32_t *fold,
                           chl_error *err)
{
    drawn_groups g;
    CHL_TRY(draw_groups(&g, frame, group, seed, CHL_RNG_FOLDS, err));
    chl_status status = check_folds(&g, folds, group, err);
    int64_t *sizes = status == CHL_OK ? chl_calloc((size_t)folds, sizeof *sizes) : NULL;
    if (status == CHL_OK && !sizes) {
        status = chl_fail_memory(err);
    }
    if (status == CHL_OK && stratify) {
        status = deal_by_values(&g, frame, stratify, folds, sizes, err);
    } else if (status == CHL_OK) {
        deal_by_size(&g, folds, sizes);
    }
    chl_free(sizes);
    if (status != CHL_OK) {
        drawn_reset(&g);
        return status;
    }
    finish(&g, frame->rows, fold);
    return CHL_OK;
}
