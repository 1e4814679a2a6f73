/* SPDX-License-Identifier: MIT
 *
 * Percentile bootstrap of the scores (Efron & Tibshirani 1993, ch. 13). A resample is a
 * count per row, so that each replicate is n draws and one pass over the ranked rows.
 */
#include <math.h>

#include "core/base/alloc.h"
#include "core/metrics/intervals.h"
#include "core/metrics/judged.h"

typedef struct bootstrap {
    chl_judged judged[2]; /* [1].rows is NULL unless differences are wanted */
    uint64_t seed;
    const chl_control *control;
    chl_scores *scores; /* [replicates] */
} bootstrap;

/* ---- fields ---- */

#define FIELD(name) offsetof(chl_scores, name)
static const size_t real_fields[] = {FIELD(threshold), FIELD(accuracy), FIELD(precision),
                                     FIELD(recall),    FIELD(f1),       FIELD(roc_auc),
                                     FIELD(pr_auc),    FIELD(log_loss), FIELD(brier),
                                     FIELD(lift_10),   FIELD(ece)};
static const size_t count_fields[] = {FIELD(rows), FIELD(positives), FIELD(tp),
                                      FIELD(fp),   FIELD(fn),        FIELD(tn)};
enum {
    REAL_FIELDS = sizeof real_fields / sizeof real_fields[0],
    COUNT_FIELDS = sizeof count_fields / sizeof count_fields[0]
};

static double *real_at(chl_scores *s, int field)
{
    return (double *)(void *)((char *)s + real_fields[field]);
}

static int64_t *count_at(chl_scores *s, int field)
{
    return (int64_t *)(void *)((char *)s + count_fields[field]);
}

static void subtract(chl_scores *a, chl_scores *b)
{
    for (int f = 0; f < REAL_FIELDS; f++) {
        *real_at(a, f) -= *real_at(b, f);
    }
    for (int f = 0; f < COUNT_FIELDS; f++) {
        *count_at(a, f) -= *count_at(b, f);
    }
}

/* ---- replicates ---- */

static chl_status run_replicate(void *ctx, size_t replicate, chl_error *err)
{
    bootstrap *b = ctx;
    int64_t n = b->judged[0].n;
    uint32_t *counts = chl_alloc((size_t)n, sizeof *counts);
    if (!counts) {
        return chl_fail_memory(err);
    }
    chl_resample_counts(b->seed, replicate, n, counts);
    chl_scores *out = &b->scores[replicate];
    chl_judged_scores(&b->judged[0], counts, n, out);
    if (b->judged[1].rows) {
        chl_scores other;
        chl_judged_scores(&b->judged[1], counts, n, &other);
        subtract(out, &other);
    }
    chl_free(counts);
    return CHL_OK;
}

/* ---- intervals ---- */

static void all_intervals(chl_scores *scores, int n, double *values, chl_scores *low,
                          chl_scores *high)
{
    for (int f = 0; f < REAL_FIELDS; f++) {
        for (int i = 0; i < n; i++) {
            values[i] = *real_at(&scores[i], f);
        }
        chl_percentile_interval(values, n, real_at(low, f), real_at(high, f));
    }
    for (int f = 0; f < COUNT_FIELDS; f++) {
        double from, to;
        for (int i = 0; i < n; i++) {
            values[i] = (double)*count_at(&scores[i], f);
        }
        chl_percentile_interval(values, n, &from, &to);
        *count_at(low, f) = llround(from);
        *count_at(high, f) = llround(to);
    }
}

static chl_status run(bootstrap *b, int replicates, chl_scores *low, chl_scores *high,
                      chl_error *err)
{
    b->scores = chl_alloc((size_t)replicates, sizeof *b->scores);
    double *values = chl_alloc((size_t)replicates, sizeof *values);
    chl_status status = b->scores && values ? chl_run_replicates(b->control, replicates,
                                                                 run_replicate, b, err)
                                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        all_intervals(b->scores, replicates, values, low, high);
    }
    chl_free(values);
    chl_free(b->scores);
    return status;
}

chl_status chl_scores_bootstrap(const double *y, const double *p, int64_t n,
                                double threshold, int replicates, uint64_t seed,
                                const chl_control *control, chl_scores *low,
                                chl_scores *high, chl_error *err)
{
    *low = *high = (chl_scores){0};
    CHL_TRY(chl_check_replicates(replicates, err));
    bootstrap b = {.seed = seed, .control = control};
    CHL_TRY(chl_judged_init("bootstrap", y, p, n, threshold, &b.judged[0], err));
    chl_status status = run(&b, replicates, low, high, err);
    chl_judged_reset(&b.judged[0]);
    return status;
}

chl_status chl_scores_bootstrap_difference(const double *y, const double *p,
                                           const double *q, int64_t n, double threshold,
                                           int replicates, uint64_t seed,
                                           const chl_control *control, chl_scores *low,
                                           chl_scores *high, chl_error *err)
{
    *low = *high = (chl_scores){0};
    CHL_TRY(chl_check_replicates(replicates, err));
    bootstrap b = {.seed = seed, .control = control};
    CHL_TRY(chl_judged_init("bootstrap", y, p, n, threshold, &b.judged[0], err));
    chl_status status =
        chl_judged_init("bootstrap: second p", y, q, n, threshold, &b.judged[1], err);
    if (status == CHL_OK) {
        status = run(&b, replicates, low, high, err);
    }
    chl_judged_reset(&b.judged[0]);
    chl_judged_reset(&b.judged[1]);
    return status;
}
