/* SPDX-License-Identifier: MIT */
#include "core/nn/evaluate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

chl_status chl_evaluator_init(chl_evaluator *e, const chl_net *net, int64_t n,
                              chl_error *err)
{
    *e = (chl_evaluator){.net = net, .kernels = chl_kernels_best()};
    CHL_TRY(chl_packed_init(&e->folded, net, err));
    size_t rows = (size_t)n;
    e->logits =
        chl_alloc_aligned(rows, (size_t)chl_padded(net->outputs) * sizeof(chl_real));
    e->keys = chl_alloc(rows, 2 * sizeof *e->keys);
    e->merged =
        chl_alloc((size_t)(chl_run_capacity(net) * net->outputs), sizeof *e->merged);
    chl_status status = e->logits && e->keys && e->merged ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_run_init(&e->run, net, &e->folded, chl_run_capacity(net), err);
    }
    if (status != CHL_OK) {
        chl_evaluator_reset(e);
    }
    return status;
}

void chl_evaluator_reset(chl_evaluator *e)
{
    chl_packed_reset(&e->folded);
    chl_run_reset(&e->run);
    chl_free(e->logits);
    chl_free(e->keys);
    chl_free(e->merged);
    *e = (chl_evaluator){0};
}

static void copy_rows(chl_real *to, int64_t to_row, const chl_real *from,
                      int64_t from_row, int64_t rows)
{
    int64_t n = to_row < from_row ? to_row : from_row;
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * to_row, from + i * from_row, (size_t)n * sizeof *to);
    }
}

/* The logits whose sigmoid or softmax is the mean of the copies' probabilities. */
static void merge_copies(chl_evaluator *e, chl_real *logits)
{
    const chl_net *net = e->net;
    int64_t ld = chl_padded(net->outputs);
    bool pair = chl_head_activation(net, 0) == CHL_SIGMOID;
    for (int64_t i = 0; i < e->run.rows; i++) {
        const double *p = e->merged + i * net->outputs;
        for (int j = 0; j < net->outputs; j++) {
            double z = log(fmax(p[j], DBL_MIN));
            z -= pair ? log(fmax(1 - p[j], DBL_EPSILON / 2)) : 0;
            logits[i * ld + j] = (chl_real)z;
        }
    }
}

static void take_logits(chl_evaluator *e, chl_real *logits)
{
    if (e->net->head[0].copies > 1) {
        chl_run_finish(&e->run, e->merged);
        merge_copies(e, logits);
    } else {
        memcpy(logits, chl_run_logits(&e->run, 0),
               (size_t)(e->run.rows * chl_padded(e->net->outputs)) * sizeof *logits);
    }
}

static void compute_logits(chl_evaluator *e, const chl_rows *set)
{
    chl_run *run = &e->run;
    int64_t in = chl_padded(e->net->inputs), out = chl_padded(e->net->outputs);
    for (int64_t i = 0; i < set->n; i += run->capacity) {
        run->rows = set->n - i < run->capacity ? set->n - i : run->capacity;
        copy_rows(chl_run_input(run), e->net->input_row, set->x + i * in, in, run->rows);
        chl_run_layers(run, 0);
        take_logits(e, e->logits + i * out);
    }
}

/* ---- AUC by radix sort ---- */

/* The order of the keys is the order of the scores; the label sits in the lowest bit. */
static uint64_t sort_key(float score, double label)
{
    uint32_t bits;
    score += 0.0f; /* -0 and 0 are a tie */
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
    return (uint64_t)bits << 1 | (label > 0.5);
}

/* Sorts by bits 1 … 33 in three passes; the result is in `b`. */
static void radix_sort(uint64_t *a, uint64_t *b, int64_t n)
{
    for (int shift = 1; shift <= 1 + 2 * DIGIT_BITS; shift += DIGIT_BITS) {
        int64_t at[DIGITS] = {0}, sum = 0;
        for (int64_t i = 0; i < n; i++) {
            at[a[i] >> shift & (DIGITS - 1)]++;
        }
        for (int d = 0; d < DIGITS; d++) {
            int64_t count = at[d];
            at[d] = sum;
            sum += count;
        }
        for (int64_t i = 0; i < n; i++) {
            b[at[a[i] >> shift & (DIGITS - 1)]++] = a[i];
        }
        uint64_t *held = a;
        a = b;
        b = held;
    }
}

static double sorted_auc(const uint64_t *keys, int64_t n)
{
    double positives = 0, negatives = 0, wins = 0;
    for (int64_t i = 0; i < n;) {
        double p = 0, q = 0; /* this group of ties */
        uint64_t score = keys[i] >> 1;
        for (; i < n && keys[i] >> 1 == score; i++) {
            *(keys[i] & 1 ? &p : &q) += 1;
        }
        wins += p * (negatives + q / 2);
        positives += p;
        negatives += q;
    }
    return positives > 0 && negatives > 0 ? wins / (positives * negatives) : NAN;
}

static double compute_auc(chl_evaluator *e, const chl_rows *set)
{
    int64_t ld = chl_padded(e->net->outputs);
    bool pair = e->net->outputs == 2;
    if (e->net->outputs > 2) {
        return NAN;
    }
    for (int64_t i = 0; i < set->n; i++) {
        const chl_real *z = e->logits + i * ld;
        e->keys[i] = sort_key((float)(pair ? z[1] - z[0] : z[0]), set->y[i]);
    }
    radix_sort(e->keys, e->keys + set->n, set->n);
    return sorted_auc(e->keys + set->n, set->n);
}

void chl_evaluate(chl_evaluator *e, const chl_packed *weights, const chl_loss *loss,
                  const chl_rows *set, double *log_loss, double *auc)
{
    size_t n = (size_t)(e->net->pack_params + e->net->pack_state);
    memcpy(e->folded.params, weights->params, n * sizeof(chl_real));
    chl_packed_fold(&e->folded, e->net);
    chl_packed_turn_single(&e->folded, e->net);
    compute_logits(e, set);
    int64_t ld = chl_padded(e->net->outputs);
    double sum = loss->type == CHL_LOSS_BCE
                     ? chl_bce_batch(0, set->n, ld, e->logits, set->y, NULL, 0, NULL)
                     : chl_cross_entropy_batch(0, e->net->outputs, set->n, ld, e->logits,
                                               set->y, NULL, 0, NULL);
    *log_loss = sum / (double)set->n;
    *auc = compute_auc(e, set);
}
