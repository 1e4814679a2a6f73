/* SPDX-License-Identifier: MIT */
#include "core/metrics/class_scores.h"

#include <math.h>
#include <stddef.h>

#include "core/base/alloc.h"
#include "core/metrics/intervals.h"
#include "core/metrics/ranking.h"

/* Predictions with each row's share of every score worked out, so that the scores of a
 * resample need no logarithm and no sorting. */
typedef struct judged {
    int64_t n;
    int classes;
    uint16_t *actual, *predicted; /* [n] */
    double *loss;                 /* [n] */
    chl_ranked **ranks;           /* [classes][n] by falling probability */
} judged;

/* ---- judging ---- */

static void reset(judged *j)
{
    for (int c = 0; j->ranks && c < j->classes; c++) {
        chl_free(j->ranks[c]);
    }
    chl_free(j->ranks);
    chl_free(j->actual);
    chl_free(j->predicted);
    chl_free(j->loss);
    *j = (judged){0};
}

chl_status chl_class_scores_check(const char *where, const double *y, const double *p,
                                  int64_t n, int classes, chl_error *err)
{
    if (classes < 2 || classes > CHL_CLASS_SCORES_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected 2 to %d classes, got %d", where,
                        CHL_CLASS_SCORES_MAX, classes);
    }
    if (n < 1 || n > INT32_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected 1 to 2147483647 rows, got %lld",
                        where, (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        if (!(y[i] >= 0 && y[i] < classes && y[i] == floor(y[i]))) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: row %lld: expected a class from 0 to %d, got %g", where,
                            (long long)i + 1, classes - 1, y[i]);
        }
        for (int c = 0; c < classes; c++) {
            double value = p[i * classes + c];
            if (!(value >= 0 && value <= 1)) {
                return chl_fail(err, CHL_EINVAL,
                                "%s: row %lld: expected a probability, got %g", where,
                                (long long)i + 1, value);
            }
        }
    }
    return CHL_OK;
}

static void judge_rows(judged *j, const double *y, const double *p)
{
    for (int64_t i = 0; i < j->n; i++, p += j->classes) {
        int best = 0;
        for (int c = 1; c < j->classes; c++) {
            best = p[c] > p[best] ? c : best;
        }
        j->actual[i] = (uint16_t)y[i];
        j->predicted[i] = (uint16_t)best;
        j->loss[i] = -log(fmin(fmax(p[j->actual[i]], 0x1p-52), 1 - 0x1p-52));
    }
}

static chl_status rank_class(judged *j, int c, const double *p, double *scratch,
                             chl_error *err)
{
    double *y = scratch, *own = scratch + j->n;
    for (int64_t i = 0; i < j->n; i++) {
        y[i] = j->actual[i] == c;
        own[i] = p[i * j->classes + c];
    }
    return chl_rank(y, own, j->n, &j->ranks[c], err);
}

static chl_status fill(judged *j, const double *y, const double *p, chl_error *err)
{
    size_t n = (size_t)j->n;
    j->actual = chl_alloc(n, sizeof *j->actual);
    j->predicted = chl_alloc(n, sizeof *j->predicted);
    j->loss = chl_alloc(n, sizeof *j->loss);
    j->ranks = chl_calloc((size_t)j->classes, sizeof(chl_ranked *));
    double *scratch = chl_alloc(n, 2 * sizeof *scratch);
    bool ready = j->actual && j->predicted && j->loss && j->ranks && scratch;
    chl_status status = ready ? CHL_OK : chl_fail_memory(err);
    if (ready) {
        judge_rows(j, y, p);
    }
    for (int c = 0; c < j->classes && status == CHL_OK; c++) {
        status = rank_class(j, c, p, scratch, err);
    }
    chl_free(scratch);
    return status;
}

static chl_status judge(const char *where, const double *y, const double *p, int64_t n,
                        int classes, judged *out, chl_error *err)
{
    *out = (judged){.n = n, .classes = classes};
    CHL_TRY(chl_class_scores_check(where, y, p, n, classes, err));
    chl_status status = fill(out, y, p, err);
    if (status != CHL_OK) {
        reset(out);
    }
    return status;
}

/* ---- scores ---- */

static int64_t count_of(const uint32_t *counts, int64_t row)
{
    return counts ? counts[row] : 1;
}

/* Twice the pairs in the right order, ties counting half, as an integer (ranking.c). */
static double area(const judged *j, int c, const uint32_t *counts)
{
    const chl_ranked *items = j->ranks[c];
    double twice = 0;
    int64_t positives = 0, negatives = 0;
    for (int64_t i = 0; i < j->n;) {
        int64_t own = 0, others = 0;
        for (uint64_t key = items[i].key; i < j->n && items[i].key == key; i++) {
            int64_t count = count_of(counts, items[i].row);
            own += items[i].y ? count : 0;
            others += items[i].y ? 0 : count;
        }
        twice += (double)others * (double)(2 * positives + own);
        positives += own;
        negatives += others;
    }
    return positives && negatives ? twice / (2 * (double)positives * (double)negatives)
                                  : NAN;
}

static double mean_area(const judged *j, const uint32_t *counts)
{
    double sum = 0;
    int n = 0;
    for (int c = 0; c < j->classes; c++) {
        double own = area(j, c, counts);
        sum += isnan(own) ? 0 : own;
        n += !isnan(own);
    }
    return n > 0 ? sum / n : NAN;
}

static double macro_f1(const int64_t *confusion, int classes)
{
    double sum = 0;
    int n = 0;
    for (int c = 0; c < classes; c++) {
        int64_t actual = 0, predicted = 0, hits = confusion[c * classes + c];
        for (int k = 0; k < classes; k++) {
            actual += confusion[c * classes + k];
            predicted += confusion[k * classes + c];
        }
        if (actual + predicted > 0) {
            sum += 2 * (double)hits / (double)(actual + predicted);
            n++;
        }
    }
    return n > 0 ? sum / n : NAN;
}

static double weighted_kappa(const int64_t *confusion, int classes)
{
    double actual[CHL_CLASS_SCORES_MAX] = {0}, predicted[CHL_CLASS_SCORES_MAX] = {0};
    double rows = 0, seen = 0, expected = 0;
    for (int a = 0; a < classes; a++) {
        for (int b = 0; b < classes; b++) {
            double count = (double)confusion[a * classes + b];
            actual[a] += count;
            predicted[b] += count;
            seen += count * (a - b) * (a - b);
            rows += count;
        }
    }
    for (int a = 0; a < classes; a++) {
        for (int b = 0; b < classes; b++) {
            expected += actual[a] * predicted[b] / rows * (a - b) * (a - b);
        }
    }
    return expected > 0 ? 1 - seen / expected : NAN;
}

/* When row i counts counts[i] times; NULL = once each. confusion[classes²] is filled. */
static void score(const judged *j, const uint32_t *counts, int64_t *confusion,
                  chl_class_scores *out)
{
    int64_t hits = 0;
    double loss = 0;
    for (int i = 0; i < j->classes * j->classes; i++) {
        confusion[i] = 0;
    }
    for (int64_t i = 0; i < j->n; i++) {
        int64_t count = count_of(counts, i);
        confusion[j->actual[i] * j->classes + j->predicted[i]] += count;
        hits += j->actual[i] == j->predicted[i] ? count : 0;
        loss += (double)count * j->loss[i];
    }
    *out = (chl_class_scores){.accuracy = (double)hits / (double)j->n,
                              .macro_f1 = macro_f1(confusion, j->classes),
                              .log_loss = loss / (double)j->n,
                              .roc_auc = mean_area(j, counts),
                              .kappa = weighted_kappa(confusion, j->classes)};
}

chl_status chl_class_scores_compute(const double *y, const double *p, int64_t n,
                                    int classes, chl_class_scores *out,
                                    int64_t *confusion, chl_error *err)
{
    *out = (chl_class_scores){0};
    judged j;
    CHL_TRY(judge("class_scores", y, p, n, classes, &j, err));
    int64_t *own = chl_alloc((size_t)classes * (size_t)classes, sizeof *own);
    chl_status status = own ? CHL_OK : chl_fail_memory(err);
    if (own) {
        score(&j, NULL, own, out);
        for (int i = 0; confusion && i < classes * classes; i++) {
            confusion[i] = own[i];
        }
    }
    chl_free(own);
    reset(&j);
    return status;
}

/* ---- bootstrap ---- */

#define FIELD(name) offsetof(chl_class_scores, name)
static const size_t fields[] = {FIELD(accuracy), FIELD(macro_f1), FIELD(log_loss),
                                FIELD(roc_auc), FIELD(kappa)};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static double *field_at(chl_class_scores *s, int field)
{
    return (double *)(void *)((char *)s + fields[field]);
}

typedef struct bootstrap {
    judged judged[2]; /* [1].actual is NULL unless differences are wanted */
    uint64_t seed;
    const chl_control *control;
    chl_class_scores *scores; /* [replicates] */
} bootstrap;

static chl_status run_replicate(void *ctx, size_t replicate, chl_error *err)
{
    bootstrap *b = ctx;
    const judged *first = &b->judged[0];
    size_t cells = (size_t)first->classes * (size_t)first->classes;
    uint32_t *counts = chl_alloc((size_t)first->n, sizeof *counts);
    int64_t *confusion = chl_alloc(cells, sizeof *confusion);
    if (!counts || !confusion) {
        chl_free(counts);
        chl_free(confusion);
        return chl_fail_memory(err);
    }
    chl_resample_counts(b->seed, replicate, first->n, counts);
    chl_class_scores *out = &b->scores[replicate], other;
    score(first, counts, confusion, out);
    if (b->judged[1].actual) {
        score(&b->judged[1], counts, confusion, &other);
        for (int f = 0; f < FIELDS; f++) {
            *field_at(out, f) -= *field_at(&other, f);
        }
    }
    chl_free(counts);
    chl_free(confusion);
    return CHL_OK;
}

static chl_status run(bootstrap *b, int replicates, chl_class_scores *low,
                      chl_class_scores *high, chl_error *err)
{
    b->scores = chl_alloc((size_t)replicates, sizeof *b->scores);
    double *values = chl_alloc((size_t)replicates, sizeof *values);
    chl_status status = b->scores && values ? chl_run_replicates(b->control, replicates,
                                                                 run_replicate, b, err)
                                            : chl_fail_memory(err);
    for (int f = 0; f < FIELDS && status == CHL_OK; f++) {
        for (int i = 0; i < replicates; i++) {
            values[i] = *field_at(&b->scores[i], f);
        }
        chl_percentile_interval(values, replicates, field_at(low, f), field_at(high, f));
    }
    chl_free(values);
    chl_free(b->scores);
    return status;
}

chl_status chl_class_scores_bootstrap(const double *y, const double *p, const double *q,
                                      int64_t n, int classes, int replicates,
                                      uint64_t seed, const chl_control *control,
                                      chl_class_scores *low, chl_class_scores *high,
                                      chl_error *err)
{
    *low = *high = (chl_class_scores){0};
    CHL_TRY(chl_check_replicates(replicates, err));
    bootstrap b = {.seed = seed, .control = control};
    CHL_TRY(judge("bootstrap", y, p, n, classes, &b.judged[0], err));
    chl_status status = CHL_OK;
    if (q) {
        status = judge("bootstrap: second p", y, q, n, classes, &b.judged[1], err);
    }
    if (status == CHL_OK) {
        status = run(&b, replicates, low, high, err);
    }
    reset(&b.judged[0]);
    reset(&b.judged[1]);
    return status;
}
