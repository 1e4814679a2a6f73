/* SPDX-License-Identifier: MIT
 *
 * What watches an epoch's figures: early stopping and learning rate schedules. Layer:
 * core/train. Each is options and state in one struct; a member of an ensemble has its
 * own.
 */
#ifndef CHL_TRAIN_MONITOR_H
#define CHL_TRAIN_MONITOR_H

#include <stdbool.h>

#include "core/train/train.h"

typedef enum chl_figure { CHL_VAL_LOSS, CHL_VAL_AUC, CHL_LOSS, CHL_VAL_HEAD } chl_figure;

/* A figure of an epoch that is watched. */
typedef struct chl_monitor {
    const char *name; /* as the options have it, borrowed; NULL = "val_loss" */
    int figure;       /* chl_figure */
    int head;         /* of CHL_VAL_HEAD, once bound */
} chl_monitor;

/* Finds out what m->name is. */
CHL_MUST_CHECK chl_status chl_monitor_read(chl_monitor *m, const char *where,
                                           chl_error *err);
/* CHL_EINVAL when it needs a validation set and there is none, CHL_ENAME when the net has
 * no such head. */
CHL_MUST_CHECK chl_status chl_monitor_bind(chl_monitor *m, const chl_net *net,
                                           const char *where, bool has_valid,
                                           chl_error *err);
double chl_monitor_value(const chl_monitor *m, const chl_epoch *epoch);
/* AUC is better when higher, the losses when lower. */
bool chl_monitor_higher(const chl_monitor *m);

/* Keras's rule: better means by more than min_delta; after `patience` epochs in a row
 * that are not, training ends. */
typedef struct chl_early_stop {
    bool on;
    chl_monitor monitor;
    int64_t patience; /* epochs */
    bool restore;     /* end with the best epoch's weights */
    double min_delta; /* absolute */
    double best;      /* state: the best value so far, NAN before the first epoch */
    int best_epoch;   /* state: its 1-based epoch */
    int64_t waited;   /* state: epochs since */
} chl_early_stop;

/* NULL or JSON null: off. */
CHL_MUST_CHECK chl_status chl_early_stop_read(const json_t *json, chl_early_stop *s,
                                              chl_error *err);
/* Takes note of an epoch; *best tells whether it is the best so far. Returns true when
 * training should end. */
bool chl_early_stop_update(chl_early_stop *s, const chl_epoch *epoch, bool *best);

enum { CHL_SCHEDULES_MAX = 8 };

typedef enum chl_schedule_type {
    CHL_REDUCE_LR,
    CHL_STEP_LR,
    CHL_EXPONENTIAL_LR,
    CHL_WARM_UP,
    CHL_COSINE,
    CHL_ONE_CYCLE,
    CHL_COSLOG4,
    CHL_FLAT_COS
} chl_schedule_type;

/* After an epoch: reduce_lr is PyTorch's ReduceLROnPlateau (threshold relative): after
 * more than `patience` bad epochs lr becomes max(lr · factor, min_lr). step multiplies by
 * `factor` after each `every` epochs, exponential after each epoch. The others multiply
 * the rate of each optimizer step, see chl_schedules_factor. */
typedef struct chl_schedule {
    int type; /* chl_schedule_type */
    double factor;
    chl_monitor monitor;
    int64_t patience, cooldown;
    double min_lr, threshold;
    int64_t every;
    double share;         /* warm_up, one_cycle: of the steps that rise */
    double lowest;        /* cosine: the factor at the end */
    double start, finish; /* one_cycle: factors at the ends */
    double best;          /* state */
    int64_t bad;          /* state: bad epochs in a row */
    int64_t cooling;      /* state: epochs of cool-down left */
} chl_schedule;

typedef struct chl_schedules {
    chl_schedule list[CHL_SCHEDULES_MAX];
    int count;
} chl_schedules;

CHL_MUST_CHECK chl_status chl_schedules_read(const json_t *json, chl_schedules *s,
                                             chl_error *err);
/* What optimizer step i = 0, 1 … of `total` multiplies the epoch's learning rate by.
 *
 *   warm_up    (i + 1) / (share · total) up to 1
 *   cosine     lowest + (1 - lowest) (1 + cos(pi i / total)) / 2 (Loshchilov & Hutter
 * 2017) one_cycle  from `start` up to 1 and down to `finish` in half cosines, as
 * PyTorch's OneCycleLR (Smith & Topin 2018) coslog4    (1 - cos(2 pi log2(1 + 15 i /
 * total))) / 2: four cycles that get longer flat_cos   1 for the first half, then a half
 * cosine to 0 (the last two: Holzmüller, Grinsztajn, Steinwart 2024, RealMLP) */
double chl_schedules_factor(const chl_schedules *s, int64_t i, int64_t total);
/* The learning rate of the next epoch. */
double chl_schedules_update(chl_schedules *s, const chl_epoch *epoch, double lr);

#endif
