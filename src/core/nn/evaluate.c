/* SPDX-License-Identifier: MIT */
#include "core/nn/evaluate.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

enum { BLOCK = 32, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

chl_status chl_evaluator_init(chl_evaluator *e, const chl_net *net, int64_t n,
                              chl_error *err)
{
    *e = (chl_evaluator){.net = net, .kernels = chl_kernels_best()};
    CHL_TRY(chl_packed_init(&e->folded, net, err));
    size_t rows = (size_t)n;
    e->logits =
        chl_alloc_aligned(rows, (size_t)chl_padded(net->outputs) * sizeof(chl_real));
    e->scratch =
        chl_alloc_aligned(2 * BLOCK, (size_t)chl_net_widest(net) * sizeof(chl_real));
    e->keys = chl_alloc(rows, 2 * sizeof *e->keys);
    if (!e->logits || !e->scratch || !e->keys) {
        chl_evaluator_reset(e);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

void chl_evaluator_reset(chl_evaluator *e)
{
    chl_packed_reset(&e->folded);
    chl_free(e->logits);
    chl_free(e->scratch);
    chl_free(e->keys);
    *e = (chl_evaluator){0};
}

static void compute_logits(chl_evaluator *e, const chl_rows *set)
{
    const chl_net *net = e->net;
    int64_t in = chl_padded(net->inputs), out = chl_padded(net->outputs);
    chl_real *even = e->scratch, *odd = e->scratch + BLOCK * chl_net_widest(net);
    for (int64_t i = 0; i < set->n; i += BLOCK) {
        int64_t rows = set->n - i < BLOCK ? set->n - i : BLOCK;
        memcpy(even, set->x + i * in, (size_t)(rows * in) * sizeof *even);
        const chl_real *z =
            chl_packed_forward(&e->folded, net, e->kernels, 0, rows, even, in, even, odd);
        memcpy(e->logits + i * out, z, (size_t)(rows * out) * sizeof *z);
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
    chl_packed_fold_norms(&e->folded, e->net);
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
