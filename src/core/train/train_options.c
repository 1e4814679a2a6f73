/* SPDX-License-Identifier: MIT
 *
 * The options of training (train.h). Layer: core/train.
 */
#include "core/base/options.h"
#include "core/train/member.h"

typedef struct raw_options {
    const json_t *loss, *losses, *optimizer, *early_stop, *schedules;
    int64_t epochs, batch, seed;
    bool shuffle;
    double clip_norm, ema, mixup, swap_noise, noise, time_limit, memory_limit;
    const json_t *checkpoint;
    const char *resume;
} raw_options;

#define FIELD(name, type, low, high)                                                     \
    {                                                                                    \
#name, type, offsetof(raw_options, name), low, high, NULL, 0                     \
    }

static const chl_option train_options[] = {FIELD(loss, CHL_OPT_JSON, 0, 0),
                                           FIELD(losses, CHL_OPT_JSON, 0, 0),
                                           FIELD(optimizer, CHL_OPT_JSON, 0, 0),
                                           FIELD(early_stop, CHL_OPT_JSON, 0, 0),
                                           FIELD(schedules, CHL_OPT_JSON, 0, 0),
                                           FIELD(epochs, CHL_OPT_INT, 1, 1e6),
                                           FIELD(batch, CHL_OPT_INT, 1, 1 << 20),
                                           FIELD(seed, CHL_OPT_INT, 0, 0),
                                           FIELD(shuffle, CHL_OPT_BOOL, 0, 0),
                                           FIELD(clip_norm, CHL_OPT_DOUBLE, 0, 1e12),
                                           FIELD(ema, CHL_OPT_DOUBLE, 0, 0.999999),
                                           FIELD(mixup, CHL_OPT_DOUBLE, 0, 100),
                                           FIELD(swap_noise, CHL_OPT_DOUBLE, 0, 0.999),
                                           FIELD(noise, CHL_OPT_DOUBLE, 0, 1e6),
                                           FIELD(time_limit, CHL_OPT_DOUBLE, 0, 1e9),
                                           FIELD(memory_limit, CHL_OPT_DOUBLE, 0, 1e18),
                                           FIELD(checkpoint, CHL_OPT_JSON, 0, 0),
                                           FIELD(resume, CHL_OPT_STRING, 0, 0),
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
                             .ema = raw.ema,
                             .mixup = raw.mixup,
                             .swap_noise = raw.swap_noise,
                             .noise = raw.noise,
                             .time_limit = raw.time_limit,
                             .memory_limit = raw.memory_limit};
    CHL_TRY(chl_checkpoint_check(raw.checkpoint, raw.resume, err));
    CHL_TRY(chl_losses_read(raw.loss, raw.losses, &o->losses, err));
    CHL_TRY(chl_optimizer_read(raw.optimizer, &o->optimizer, err));
    CHL_TRY(chl_early_stop_read(raw.early_stop, &o->early_stop, err));
    return chl_schedules_read(raw.schedules, &o->schedules, err);
}

chl_status chl_train_check(const json_t *options, chl_error *err)
{
    chl_train_options o;
    return chl_train_options_read(options, &o, err);
}
