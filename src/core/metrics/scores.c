/* SPDX-License-Identifier: MIT */
#include "core/metrics/scores.h"

#include <math.h>

#include "core/base/alloc.h"
#include "core/metrics/judged.h"
#include "core/metrics/ranking.h"

/* ---- judged rows ---- */

static double log_loss(double y, double p)
{
    double clipped = fmin(fmax(p, 0x1p-52), 1 - 0x1p-52);
    return y != 0 ? -log(clipped) : -log1p(-clipped);
}

static chl_judged_row judge(const chl_ranked *item, double p, double threshold, bool last)
{
    double y = item->y;
    double bin = fmin(floor(p * CHL_ECE_BINS), CHL_ECE_BINS - 1);
    return (chl_judged_row){.p = p,
                            .loss = log_loss(y, p),
                            .square = (p - y) * (p - y),
                            .row = item->row,
                            .y = (uint8_t)item->y,
                            .predicted = p >= threshold,
                            .bin = (uint8_t)bin,
                            .last = last};
}

chl_status chl_judged_init(const char *where, const double *y, const double *p, int64_t n,
                           double threshold, chl_judged *out, chl_error *err)
{
    *out = (chl_judged){0};
    if (!(threshold >= 0 && threshold <= 1)) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: threshold: expected a number from 0 to 1, got %g", where,
                        threshold);
    }
    CHL_TRY(chl_check_labels(where, y, n, err));
    CHL_TRY(chl_check_probabilities(where, p, n, err));
    chl_ranked *items;
    CHL_TRY(chl_rank(y, p, n, &items, err));
    chl_judged_row *rows = chl_alloc((size_t)n, sizeof *rows);
    if (!rows) {
        chl_free(items);
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < n; i++) {
        bool last = i + 1 == n || items[i + 1].key != items[i].key;
        rows[i] = judge(&items[i], p[items[i].row], threshold, last);
    }
    chl_free(items);
    *out = (chl_judged){.n = n, .threshold = threshold, .rows = rows};
    return CHL_OK;
}

void chl_judged_reset(chl_judged *judged)
{
    chl_free(judged->rows);
    *judged = (chl_judged){0};
}

/* ---- one pass ---- */

typedef struct tally {
    int64_t cut;             /* rows that make the top 10 % */
    int64_t rows, positives; /* of the closed groups of equal score */
    int64_t group_rows, group_positives;
    int64_t twice_area;    /* 2 × pairs in the right order, ties counting half */
    double precision_area; /* sum of (positives of a group) · precision after it */
    double cut_positives;  /* positives in the top 10 % */
    int64_t true_positives, false_positives;
    double loss, square;
    int64_t bin_positives[CHL_ECE_BINS];
    double bin_sum[CHL_ECE_BINS]; /* of p */
} tally;

/* A group of equal scores enters the ranking as a whole. */
static void close_group(tally *t)
{
    int64_t n = t->group_rows, positives = t->group_positives;
    if (n == 0) {
        return;
    }
    int64_t room = t->cut - t->rows;
    if (room > 0) {
        double share = room < n ? (double)room / (double)n : 1;
        t->cut_positives += share * (double)positives;
    }
    t->twice_area += (n - positives) * (2 * t->positives + positives);
    t->rows += n;
    t->positives += positives;
    t->precision_area += (double)positives * ((double)t->positives / (double)t->rows);
    t->group_rows = t->group_positives = 0;
}

static void add_row(tally *t, const chl_judged_row *row, int64_t count)
{
    int64_t positives = row->y ? count : 0;
    double times = (double)count;
    t->group_rows += count;
    t->group_positives += positives;
    t->loss += times * row->loss;
    t->square += times * row->square;
    t->bin_positives[row->bin] += positives;
    t->bin_sum[row->bin] += times * row->p;
    if (row->predicted) {
        t->true_positives += positives;
        t->false_positives += count - positives;
    }
}

static double ratio(double part, double whole, double otherwise)
{
    return whole > 0 ? part / whole : otherwise;
}

static void set_decisions(const tally *t, chl_scores *s)
{
    s->tp = t->true_positives;
    s->fp = t->false_positives;
    s->fn = s->positives - s->tp;
    s->tn = s->rows - s->positives - s->fp;
    s->accuracy = (double)(s->tp + s->tn) / (double)s->rows;
    s->precision = ratio((double)s->tp, (double)(s->tp + s->fp), 0);
    s->recall = ratio((double)s->tp, (double)s->positives, 0);
    s->f1 = ratio(2 * (double)s->tp, (double)(2 * s->tp + s->fp + s->fn), 0);
}

static void set_ranking(const tally *t, chl_scores *s)
{
    double n = (double)s->rows, positives = (double)s->positives;
    s->roc_auc = ratio((double)t->twice_area, 2 * positives * (n - positives), NAN);
    s->pr_auc = ratio(t->precision_area, positives, NAN);
    s->lift_10 = ratio(t->cut_positives / (double)t->cut, positives / n, NAN);
}

static void set_probabilities(const tally *t, chl_scores *s)
{
    double n = (double)s->rows, gap = 0;
    for (int b = 0; b < CHL_ECE_BINS; b++) {
        gap += fabs((double)t->bin_positives[b] - t->bin_sum[b]);
    }
    s->log_loss = t->loss / n;
    s->brier = t->square / n;
    s->ece = gap / n;
}

void chl_judged_scores(const chl_judged *judged, const uint32_t *counts, int64_t total,
                       chl_scores *out)
{
    tally t = {.cut = (total + 9) / 10};
    for (int64_t i = 0; i < judged->n; i++) {
        const chl_judged_row *row = &judged->rows[i];
        uint32_t count = counts ? counts[row->row] : 1;
        if (count) {
            add_row(&t, row, count);
        }
        if (row->last) {
            close_group(&t);
        }
    }
    *out = (chl_scores){
        .rows = t.rows, .positives = t.positives, .threshold = judged->threshold};
    set_decisions(&t, out);
    set_ranking(&t, out);
    set_probabilities(&t, out);
}

chl_status chl_scores_compute(const double *y, const double *p, int64_t n,
                              double threshold, chl_scores *out, chl_error *err)
{
    *out = (chl_scores){0};
    chl_judged judged;
    CHL_TRY(chl_judged_init("scores", y, p, n, threshold, &judged, err));
    chl_judged_scores(&judged, NULL, n, out);
    chl_judged_reset(&judged);
    return CHL_OK;
}
