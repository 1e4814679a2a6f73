/* SPDX-License-Identifier: MIT
 *
 * Options and data of training: everything is checked and converted once, before the
 * first step. Layer: core/nn.
 */
#include "core/nn/train.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/nn/layer.h"
#include "core/nn/member.h"

/* ---- options ---- */

typedef struct raw_options {
    const json_t *loss, *optimizer, *early_stop, *schedules;
    int64_t epochs, batch, seed;
    bool shuffle;
    double clip_norm, ema;
} raw_options;

#define FIELD(name, type, low, high)                                                     \
    {                                                                                    \
#name, type, offsetof(raw_options, name), low, high, NULL, 0                     \
    }

static const chl_option train_options[] = {FIELD(loss, CHL_OPT_JSON, 0, 0),
                                           FIELD(optimizer, CHL_OPT_JSON, 0, 0),
                                           FIELD(early_stop, CHL_OPT_JSON, 0, 0),
                                           FIELD(schedules, CHL_OPT_JSON, 0, 0),
                                           FIELD(epochs, CHL_OPT_INT, 1, 1e6),
                                           FIELD(batch, CHL_OPT_INT, 1, 1 << 20),
                                           FIELD(seed, CHL_OPT_INT, 0, 0),
                                           FIELD(shuffle, CHL_OPT_BOOL, 0, 0),
                                           FIELD(clip_norm, CHL_OPT_DOUBLE, 0, 1e12),
                                           FIELD(ema, CHL_OPT_DOUBLE, 0, 0.999999),
                                           {0}};

chl_status chl_train_options_read(const json_t *json, chl_train_options *o,
                                  chl_error *err)
{
    raw_options raw = {.epochs = 100, .batch = 128, .seed = 42, .shuffle = true};
    CHL_TRY(chl_options_read(json, "train", train_options, &raw, err));
    *o = (chl_train_options){.epochs = raw.epochs,
                             .batch = raw.batch,
                             .seed = raw.seed,
                             .shuffle = raw.shuffle,
                             .clip_norm = raw.clip_norm,
                             .ema = raw.ema};
    CHL_TRY(chl_loss_read(raw.loss, &o->loss, err));
    CHL_TRY(chl_optimizer_read(raw.optimizer, &o->optimizer, err));
    CHL_TRY(chl_early_stop_read(raw.early_stop, &o->early_stop, err));
    return chl_schedules_read(raw.schedules, &o->schedules, err);
}

chl_status chl_train_check(const json_t *options, chl_error *err)
{
    chl_train_options o;
    return chl_train_options_read(options, &o, err);
}

static chl_status check_monitors(const chl_train_options *o, bool has_valid,
                                 chl_error *err)
{
    if (o->early_stop.on) {
        CHL_TRY(chl_monitor_check(o->early_stop.monitor, "early_stop", has_valid, err));
    }
    for (int i = 0; i < o->schedules.count; i++) {
        if (o->schedules.list[i].type == CHL_REDUCE_LR) {
            CHL_TRY(chl_monitor_check(o->schedules.list[i].monitor, "reduce_lr",
                                      has_valid, err));
        }
    }
    return CHL_OK;
}

/* ---- data ---- */

static chl_status check_values(const chl_real *x, int64_t n, int cols, int64_t ld,
                               const char *where, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < cols; j++) {
            double value = (double)x[i * ld + j];
            if (!isfinite(value)) {
                return chl_fail(err, CHL_ENUMERIC,
                                "%s: row %lld, column %d: expected a finite number, got "
                                "%s",
                                where, (long long)i + 1, j + 1,
                                isnan(value) ? "NaN" : "Inf");
            }
        }
    }
    return CHL_OK;
}

/* rows->x is filled and checked; the caller frees it in any case. */
static chl_status convert_rows(const chl_dataset *set, const chl_net *net,
                               const char *where, chl_rows *rows, chl_error *err)
{
    if (set->n < 1 || set->n > INT32_MAX) {
        return chl_fail(err, CHL_EINVAL, "%s: expected 1 to %d rows, got %lld", where,
                        INT32_MAX, (long long)set->n);
    }
    int64_t ld = chl_padded(net->inputs);
    size_t row_bytes = (size_t)ld * sizeof *rows->x;
    rows->x = chl_alloc_aligned((size_t)set->n, row_bytes);
    if (!rows->x) {
        return chl_fail_memory(err);
    }
    memset(rows->x, 0, (size_t)set->n * row_bytes);
    chl_kernels_best()->convert(set->x, set->n, net->inputs, rows->x, ld);
    rows->y = set->y;
    rows->n = set->n;
    CHL_TRY(check_values(rows->x, set->n, net->inputs, ld, where, err));
    return chl_loss_check_labels(net, set->y, set->n, where, err);
}

static chl_status check_nets(chl_net *const *nets, int members, const chl_loss *loss,
                             chl_error *err)
{
    if (members < 1) {
        return chl_fail(err, CHL_EINVAL, "train: expected at least 1 net, got %d",
                        members);
    }
    for (int i = 0; i < members; i++) {
        CHL_TRY(chl_loss_check_net(loss, nets[i], err));
        if (nets[i]->inputs != nets[0]->inputs || nets[i]->outputs != nets[0]->outputs) {
            return chl_fail(err, CHL_EINVAL,
                            "train: net %d: expected %d inputs and %d outputs like the "
                            "first, got %d and %d",
                            i + 1, nets[0]->inputs, nets[0]->outputs, nets[i]->inputs,
                            nets[i]->outputs);
        }
    }
    return CHL_OK;
}

static chl_status prepare(chl_job *job, const chl_dataset *train,
                          const chl_dataset *valid, chl_error *err)
{
    const chl_net *net = job->nets[0];
    CHL_TRY(convert_rows(train, net, "train", &job->train, err));
    if (valid) {
        CHL_TRY(convert_rows(valid, net, "valid", &job->valid, err));
    }
    job->train.weights = chl_alloc((size_t)train->n, sizeof *job->train.weights);
    job->series = chl_calloc((size_t)job->members, sizeof *job->series);
    if (!job->train.weights || !job->series) {
        return chl_fail_memory(err);
    }
    return chl_loss_row_weights(&job->options->loss, net, train->y, train->weights,
                                train->n, job->train.weights, err);
}

static bool watches_auc(const chl_train_options *o)
{
    bool watches = o->early_stop.on && o->early_stop.monitor == CHL_VAL_AUC;
    for (int i = 0; i < o->schedules.count; i++) {
        watches = watches || o->schedules.list[i].monitor == CHL_VAL_AUC;
    }
    return watches;
}

/* An AUC that is watched must exist. */
static chl_status check_auc(const chl_job *job, chl_error *err)
{
    double positives = 0;
    for (int64_t i = 0; i < job->valid.n; i++) {
        positives += job->valid.y[i] > 0;
    }
    bool exists =
        job->nets[0]->outputs <= 2 && positives > 0 && positives < (double)job->valid.n;
    return !watches_auc(job->options) || exists
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "train: monitor 'val_auc': expected a validation set with rows "
                          "of exactly two classes");
}

static void reset_job(chl_job *job)
{
    chl_free(job->train.x);
    chl_free(job->train.weights);
    chl_free(job->valid.x);
    for (int i = 0; job->series && i < job->members; i++) {
        chl_free(job->series[i].epochs);
    }
    chl_free(job->series);
}

/* ---- history ---- */

void chl_history_reset(chl_history *history)
{
    chl_free(history->epochs);
    chl_free(history->best_epoch);
    *history = (chl_history){0};
}

static chl_status collect(const chl_job *job, chl_history *history, chl_error *err)
{
    size_t n = 0;
    for (int i = 0; i < job->members; i++) {
        n += job->series[i].count;
    }
    history->epochs = chl_alloc(n, sizeof *history->epochs);
    history->best_epoch = chl_alloc((size_t)job->members, sizeof *history->best_epoch);
    if (!history->epochs || !history->best_epoch) {
        chl_history_reset(history);
        return chl_fail_memory(err);
    }
    for (int i = 0; i < job->members; i++) {
        const chl_series *s = &job->series[i];
        memcpy(history->epochs + history->count, s->epochs, s->count * sizeof *s->epochs);
        history->count += (int64_t)s->count;
        history->best_epoch[i] = s->best_epoch;
    }
    history->members = job->members;
    return CHL_OK;
}

chl_status chl_train(chl_net *const *nets, int members, const chl_dataset *train,
                     const chl_dataset *valid, const json_t *options,
                     const chl_control *control, chl_epoch_fn *on_epoch, void *ctx,
                     chl_history *history, chl_error *err)
{
    chl_train_options o;
    *history = (chl_history){0};
    CHL_TRY(chl_train_options_read(options, &o, err));
    CHL_TRY(check_nets(nets, members, &o.loss, err));
    CHL_TRY(check_monitors(&o, valid != NULL, err));
    chl_job job = {.nets = nets, .members = members, .options = &o, .control = control};
    atomic_init(&job.abort, false);
    chl_status status = prepare(&job, train, valid, err);
    if (status == CHL_OK) {
        status = check_auc(&job, err);
    }
    if (status == CHL_OK) {
        status = chl_ensemble_train(&job, on_epoch, ctx, err);
    }
    if (status == CHL_OK) {
        status = collect(&job, history, err);
    }
    reset_job(&job);
    return status;
}
