/* SPDX-License-Identifier: MIT
 *
 * Training: mini-batches, loss, optimizer, schedules, early stopping, history. Layer:
 * core/train.
 *
 * Options are one JSON object, as Lua's cl.fit makes it; all are optional, defaults
 * shown:
 *
 *   {"loss":{"type":"bce"|"cross_entropy","weight":1,
 *            "class_weight":null|"balanced"|[w0,w1,…],"label_smoothing":0}
 *         | {"type":"focal","gamma":2,"alpha":null,"class_weight":…}
 *         | {"type":"hinge","squared":false,"class_weight":…}
 *         | {"type":"mse"} | {"type":"hazard"}
 *         | {"type":"lua","labels":1,"classes":null,"check":true}: the task's `custom`,
 *    or, for a net with several heads, "losses":{"<head>":{…}, …},
 *    "optimizer":{"type":"adam","lr":1e-3,"beta1":.9,"beta2":.999,"eps":1e-8}
 *              | {"type":"adamw",…,"weight_decay":.01}
 *              | {"type":"sgd","lr":1e-2,"momentum":0,"nesterov":false}
 *              | {"type":"rmsprop","lr":1e-2,"alpha":.99,"eps":1e-8,"momentum":0,
 *                 "centered":false}
 *              | {"type":"nadam","lr":2e-3,…,"momentum_decay":4e-3,"weight_decay":0}
 *              | {"type":"muon","lr":2e-2,"adam_lr":1e-3,"momentum":.95,
 *                 "nesterov":true,"weight_decay":.01,"adjust_lr":"original",…}
 *              | {"type":"lbfgs","lr":1,"history":10,"iterations":20,
 *                 "tolerance_grad":1e-7,"tolerance_change":1e-9},
 *    "epochs":100, "batch":128, "seed":42, "shuffle":true, "clip_norm":0, "ema":0,
 *    "mixup":0, "swap_noise":0, "noise":0,
 *    "early_stop":{"monitor":"val_loss","patience":10,"restore":true,"min_delta":0},
 *    "schedules":[{"type":"reduce_lr","monitor":"val_loss","factor":.5,"patience":5,
 *                  "threshold":1e-4,"cooldown":0,"min_lr":0},
 *                 {"type":"step","every":10,"factor":.5},
 * {"type":"exponential","factor":.95},
 *                 {"type":"warm_up","share":.05}, {"type":"cosine","lowest":0},
 *                 {"type":"one_cycle","share":.3,"start":.04,"finish":4e-6},
 *                 {"type":"coslog4"}, {"type":"flat_cos"}],
 *
 *    "time_limit":0, "memory_limit":0, "checkpoint":{"path":…,"every":10}, "resume":path}
 *
 * Monitors are "val_loss", "val_auc", "loss", and with several heads "val_loss_<head>".
 * "clip_norm" bounds the global norm of a
 * step's gradient (0 = off); "ema" is the decay of a moving average of the weights, which
 * is judged and kept instead of the last ones (0 = off; average.h). "mixup" (its
 * alpha), "swap_noise" (share of values) and "noise" (deviation) are those of augment.c.
 * "time_limit" (seconds, 0 = off) ends each net after the batch in which its share of the
 * time is over, by turns of as many nets as there are threads; its weights then depend on
 * the machine. "memory_limit" (bytes, 0 = off) refuses training that would need more.
 * "checkpoint" writes all that "resume" needs to go on to the same weights
 * (checkpoint.h). The same seed gives the same weights on any number of threads, with and
 * without a callback. Cancelling takes effect at the next batch.
 */
#ifndef CHL_TRAIN_TRAIN_H
#define CHL_TRAIN_TRAIN_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/data/matrix.h"
#include "core/train/loss.h"
#include "core/nn/net.h"

typedef struct chl_dataset {
    const double *x;       /* n × inputs, row-major, borrowed, finite */
    const double *y;       /* n × labels, borrowed: for each head in turn 0/1, the class
                              from 0, or what else its loss reads (its file says); NAN
                              = the row does not count for that head of several */
    const double *weights; /* n sample weights, or NULL */
    int64_t n;
    int labels; /* numbers in a row of y; 0 means 1 */
} chl_dataset;

/* One epoch's figures; NAN where there is none (no validation set). */
typedef struct chl_epoch {
    int task;        /* 0-based, of chl_train_all */
    int member;      /* 0-based member of its ensemble */
    int epoch;       /* 1-based */
    double lr;       /* of its first step */
    double loss;     /* mean training loss with penalties, as minimised */
    double val_loss; /* on the validation set: the heads' losses, each times its weight */
    double val_auc;  /* of the first head, when it has two classes */
    int heads;       /* figures in val_head: the net's heads, or 0 for one */
    double val_head[CHL_HEADS_MAX]; /* each head's own loss */
} chl_epoch;

/* Told once per epoch, always on the calling thread. Returning a status other than CHL_OK
 * ends training with it; *stop = true ends this member after the epoch. */
typedef chl_status chl_epoch_fn(void *ctx, const chl_epoch *epoch, bool *stop,
                                chl_error *err);

/* Why the training of a net ended. */
typedef enum chl_stop_reason {
    CHL_STOP_EPOCHS,   /* all epochs are done */
    CHL_STOP_EARLY,    /* early_stop */
    CHL_STOP_CALLBACK, /* the callback asked */
    CHL_STOP_TIME,     /* time_limit */
    CHL_STOP_CONVERGED /* lbfgs has nothing left to gain */
} chl_stop_reason;
extern const char *const chl_stop_names[]; /* "epochs" … */

typedef struct chl_history {
    chl_epoch *epochs; /* owned, by member, then epoch */
    int64_t count;
    int members;
    int *best_epoch; /* [members], owned: 1-based epoch whose weights were kept */
    int *stopped;    /* [members], owned: chl_stop_reason */
} chl_history;
void chl_history_reset(chl_history *history);

/* Nets that learn from one data set, each with its own random streams. */
typedef struct chl_train_task {
    chl_net *const *nets; /* [members], initialised here from (seed, number) */
    int members;
    int first; /* number of the first net, usually 0: net i is number first + i */
    chl_dataset train;
    const chl_dataset *valid;   /* or NULL */
    const json_t *options;      /* borrowed */
    const char *const *columns; /* [inputs] names for messages, or NULL; borrowed */
    const int32_t *groups;      /* [inputs]: swap_noise moves inputs with equal numbers
                                   together, such as a one-hot; or NULL; borrowed */
    bool warm; /* the nets hold the weights to start from: no initialisation */
    chl_custom_loss_fn *custom; /* losses of type "lua"; NULL = there are none */
    void *custom_ctx;
} chl_train_task;

/* Trains the nets of all tasks in one pool of control's threads. What a net becomes
 * depends on its task alone. Everything is checked before the first step. A data set is
 * held in single precision from its first net's start to its last one's end. histories
 * has one item a task. On CHL_ECANCELLED the nets that were at work hold the best weights
 * so far. */
CHL_MUST_CHECK chl_status chl_train_all(const chl_train_task *tasks, int count,
                                        const chl_control *control,
                                        chl_epoch_fn *on_epoch, void *ctx,
                                        chl_history *histories, chl_error *err);

/* One task: `members` nets from number 0. */
CHL_MUST_CHECK chl_status chl_train(chl_net *const *nets, int members,
                                    const chl_dataset *train, const chl_dataset *valid,
                                    const json_t *options, const chl_control *control,
                                    chl_epoch_fn *on_epoch, void *ctx,
                                    chl_history *history, chl_error *err);

/* Checks the options alone, before any work. */
CHL_MUST_CHECK chl_status chl_train_check(const json_t *options, chl_error *err);

#endif
