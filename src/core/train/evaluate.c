/* SPDX-License-Identifier: MIT */
#include "core/train/evaluate.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };
static const uint64_t ROW = (UINT64_C(1) << 31) - 1, LABEL = UINT64_C(1) << 31;

static chl_status init_pieces(chl_evaluator *e, chl_error *err)
{
    int64_t capacity = chl_run_capacity(e->net);
    e->piece = chl_calloc((size_t)e->pieces, sizeof *e->piece);
    for (int i = 0; e->piece && i < e->pieces; i++) {
        chl_evaluator_piece *p = &e->piece[i];
        CHL_TRY(chl_run_init(&p->run, e->net, &e->folded, capacity, err));
        p->merged = chl_alloc((size_t)(capacity * e->net->outputs), sizeof *p->merged);
        if (!p->merged) {
            return chl_fail_memory(err);
        }
    }
    return e->piece ? CHL_OK : chl_fail_memory(err);
}

static chl_status allocate(chl_evaluator *e, int64_t n, chl_error *err)
{
    const chl_net *net = e->net;
    int64_t width = 0;
    for (int h = 0; h < net->heads; h++) {
        width += chl_padded(net->head[h].width);
    }
    e->logits[0] = chl_alloc_aligned((size_t)n, (size_t)width * sizeof(chl_real));
    for (int h = 1; e->logits[0] && h < net->heads; h++) {
        e->logits[h] = e->logits[h - 1] + n * chl_padded(net->head[h - 1].width);
    }
    e->keys = chl_alloc((size_t)n, 2 * sizeof *e->keys);
    CHL_TRY(chl_packed_init(&e->folded, net, err));
    CHL_TRY(init_pieces(e, err));
    return e->logits[0] && e->keys ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_evaluator_init(chl_evaluator *e, const chl_net *net, int64_t n, int pieces,
                              chl_error *err)
{
    /* a host's layers are asked one after another */
    *e = (chl_evaluator){.net = net, .pieces = chl_net_is_custom(net) ? 1 : pieces};
    chl_status status = allocate(e, n, err);
    if (status != CHL_OK) {
        chl_evaluator_reset(e);
    }
    return status;
}

void chl_evaluator_reset(chl_evaluator *e)
{
    chl_packed_reset(&e->folded);
    for (int i = 0; e->piece && i < e->pieces; i++) {
        chl_run_reset(&e->piece[i].run);
        chl_free(e->piece[i].merged);
    }
    chl_free(e->piece);
    chl_free(e->logits[0]);
    chl_free(e->keys);
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

/* The logits that give the means of the copies' predictions. */
static void merge_copies(const chl_net *net, const chl_evaluator_piece *piece, int h,
                         chl_real *logits)
{
    const chl_head *head = &net->head[h];
    int64_t ld = chl_padded(head->width);
    int activation = chl_head_activation(net, h);
    for (int64_t i = 0; i < piece->run.rows; i++) {
        const double *p = piece->merged + i * net->outputs + head->at;
        for (int j = 0; j < head->width; j++) {
            double z = p[j];
            if (activation == CHL_SIGMOID || activation == CHL_SOFTMAX) {
                z = log(fmax(p[j], DBL_MIN));
            }
            if (activation == CHL_SIGMOID) {
                z -= log(fmax(1 - p[j], DBL_EPSILON / 2));
            }
            logits[i * ld + j] = (chl_real)z;
        }
    }
}

/* Of the rows that have run, which are row `from` of the set and those after it. */
static void take_logits(const chl_evaluator *e, const chl_evaluator_piece *piece,
                        int64_t from)
{
    bool finished = false;
    for (int h = 0; h < e->net->heads; h++) {
        int64_t ld = chl_padded(e->net->head[h].width);
        chl_real *logits = e->logits[h] + from * ld;
        if (e->net->head[h].copies == 1) {
            memcpy(logits, chl_run_logits(&piece->run, h),
                   (size_t)(piece->run.rows * ld) * sizeof *logits);
            continue;
        }
        if (!finished) {
            chl_run_finish(&piece->run, piece->merged);
            finished = true;
        }
        merge_copies(e->net, piece, h, logits);
    }
}

typedef struct judgement {
    chl_evaluator *evaluator;
    const chl_rows *set;
} judgement;

/* The logits of the rows of one piece. */
static void compute_piece(void *ctx, int k)
{
    const judgement *j = ctx;
    chl_evaluator *e = j->evaluator;
    chl_evaluator_piece *piece = &e->piece[k];
    chl_run *run = &piece->run;
    int64_t in = chl_padded(e->net->inputs);
    int64_t end = j->set->n * (k + 1) / e->pieces;
    run->caller = e->caller;
    piece->status = CHL_OK;
    for (int64_t i = j->set->n * k / e->pieces; i < end && piece->status == CHL_OK;
         i += run->rows) {
        run->rows = end - i < run->capacity ? end - i : run->capacity;
        copy_rows(chl_run_input(run), e->net->input_row, j->set->x + i * in, in,
                  run->rows);
        chl_run_layers(run, 0);
        piece->status = chl_run_status(run, &piece->error);
        if (piece->status == CHL_OK) {
            take_logits(e, piece, i);
        }
    }
}

static chl_status compute_logits(chl_evaluator *e, const chl_rows *set, chl_error *err)
{
    chl_crew_call(e->crew, e->pieces, compute_piece, &(judgement){e, set});
    for (int k = 0; k < e->pieces; k++) {
        if (e->piece[k].status != CHL_OK) {
            if (err) {
                *err = e->piece[k].error;
            }
            return e->piece[k].status;
        }
    }
    return CHL_OK;
}

/* ---- AUC by radix sort ---- */

/* The order of the keys is the order of the scores; below lie the label's bit and the
 * row's 31. */
static uint64_t sort_key(float score, double label, int64_t row)
{
    uint32_t bits;
    score += 0.0f; /* -0 and 0 are a tie */
    memcpy(&bits, &score, sizeof bits);
    bits = bits >> 31 ? ~bits : bits | UINT32_C(0x80000000);
    return (uint64_t)bits << 32 | (uint64_t)(label > 0.5) << 31 | (uint64_t)row;
}

/* Sorts by the upper 32 bits in three passes; the result is in `b`. */
static void radix_sort(uint64_t *a, uint64_t *b, int64_t n)
{
    for (int shift = 32; shift < 64; shift += DIGIT_BITS) {
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

static double sorted_auc(const uint64_t *keys, const double *w, int64_t n)
{
    double positives = 0, negatives = 0, wins = 0;
    for (int64_t i = 0; i < n;) {
        double p = 0, q = 0; /* this group of ties */
        uint64_t score = keys[i] >> 32;
        for (; i < n && keys[i] >> 32 == score; i++) {
            *(keys[i] & LABEL ? &p : &q) += w ? w[keys[i] & ROW] : 1;
        }
        wins += p * (negatives + q / 2);
        positives += p;
        negatives += q;
    }
    return positives > 0 && negatives > 0 ? wins / (positives * negatives) : NAN;
}

static double compute_auc(chl_evaluator *e, const chl_head_loss *head,
                          const chl_target *target, int64_t n)
{
    int64_t ld = chl_padded(head->width);
    if (chl_loss_class_count(&head->loss, head->width) != 2) {
        return NAN;
    }
    for (int64_t i = 0; i < n; i++) {
        const chl_real *z = e->logits[0] + i * ld;
        float score = (float)(head->width == 2 ? z[1] - z[0] : z[0]);
        e->keys[i] = sort_key(score, target->y[i], i);
    }
    radix_sort(e->keys, e->keys + n, n);
    return sorted_auc(e->keys + n, target->w, n);
}

/* ---- losses ---- */

static chl_status mean_loss(const chl_evaluator *e, const chl_head_loss *head, int h,
                            const chl_target *target, int64_t n, double *mean,
                            chl_error *err)
{
    double weight = target->w ? 0 : (double)n;
    for (int64_t i = 0; target->w && i < n; i++) {
        weight += target->w[i];
    }
    chl_loss loss = head->loss;
    loss.label_smoothing = 0;
    chl_loss_batch batch = {.rows = n,
                            .width = head->width,
                            .ld = chl_padded(head->width),
                            .z = e->logits[h],
                            .y = target->y,
                            .w = target->w};
    CHL_TRY(chl_loss_evaluate(&loss, &batch, mean, err));
    *mean /= weight;
    return CHL_OK;
}

chl_status chl_evaluate(chl_evaluator *e, const chl_packed *weights,
                        const chl_losses *losses, const chl_rows *set, chl_epoch *record,
                        chl_error *err)
{
    size_t n = (size_t)(e->net->pack_params + e->net->pack_state);
    memcpy(e->folded.params, weights->params, n * sizeof(chl_real));
    chl_packed_fold(&e->folded, e->net);
    chl_packed_turn_single(&e->folded, e->net);
    CHL_TRY(compute_logits(e, set, err));
    record->heads = losses->count > 1 ? losses->count : 0;
    record->val_loss = 0;
    for (int h = 0; h < losses->count; h++) {
        const chl_head_loss *head = &losses->heads[h];
        CHL_TRY(mean_loss(e, head, h, &set->targets.heads[h], set->n,
                          &record->val_head[h], err));
        record->val_loss += head->loss.weight * record->val_head[h];
    }
    record->val_auc = compute_auc(e, &losses->heads[0], &set->targets.heads[0], set->n);
    return CHL_OK;
}
