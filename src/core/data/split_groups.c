/* SPDX-License-Identifier: MIT
 *
 * Partitions that keep groups of rows together. Layer: core/data.
 */
#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/data/distinct.h"
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

chl_status chl_fold_groups(const chl_frame *frame, int folds, const char *group,
                           uint64_t seed, int32_t *fold, chl_error *err)
{
    drawn_groups g;
    CHL_TRY(draw_groups(&g, frame, group, seed, CHL_RNG_FOLDS, err));
    chl_status status = CHL_OK;
    if (folds < 2 || folds > g.count) {
        status = chl_fail(err, CHL_EINVAL,
                          "folds: expected 2 to %lld folds (the number of groups in "
                          "'%s'), got %d",
                          (long long)g.count, group, folds);
    }
    int64_t *rows = status == CHL_OK ? chl_calloc((size_t)folds, sizeof *rows) : NULL;
    if (status == CHL_OK && !rows) {
        status = chl_fail_memory(err);
    }
    if (status != CHL_OK) {
        drawn_reset(&g);
        return status;
    }
    for (int64_t k = 0; k < g.count; k++) {
        int least = 0;
        for (int f = 1; f < folds; f++) {
            least = rows[f] < rows[least] ? f : least;
        }
        g.place[g.order[k]] = least;
        rows[least] += g.values.counts[g.order[k]];
    }
    chl_free(rows);
    finish(&g, frame->rows, fold);
    return CHL_OK;
}
