/* SPDX-License-Identifier: MIT
 *
 * Gradient-boosted trees by libxgboost (Chen & Guestrin 2016), which is found at run time
 * and only trains: the forest scores without it. Layer: core/trees (on base).
 *
 * Options are one JSON object; all are optional, defaults shown:
 *
 *   {"rounds":2000, "eta":.05, "max_depth":4, "min_child_weight":1, "subsample":.8,
 *    "colsample_bytree":1, "colsample_bylevel":.8, "lambda":1, "alpha":0, "gamma":0,
 *    "early_stop":50, "seed":42}
 *
 * Penalties are the library's own defaults; it learns slower than by those, each tree
 * from a share of rows and each level from a share of columns (Friedman 2001, 2002),
 * until the validation rows no longer gain. The library gets one thread, the "hist"
 * method and the base score (the rate of class 1), so that a seed means the same trees
 * everywhere that its version is the same.
 */
#ifndef CHL_TREES_XGBOOST_H
#define CHL_TREES_XGBOOST_H

#include <jansson.h>

#include "core/base/control.h"
#include "core/trees/forest.h"

typedef struct chl_boost_set {
    const double *x;       /* n × inputs, row-major, finite */
    const double *y;       /* n: the class, 0 … classes - 1 */
    const double *weights; /* n sample weights > 0, or NULL */
    int64_t n;
} chl_boost_set;

typedef struct chl_boost_history {
    double *val_loss; /* [rounds]: unweighted log loss after each round; owned; NULL
                         without a validation set */
    int64_t rounds;   /* that were trained */
    int64_t best;     /* that were kept: of the least val_loss, else all */
} chl_boost_history;
void chl_boost_history_reset(chl_boost_history *history);

/* CHL_OK when the library is there and of a version that we know. */
CHL_MUST_CHECK chl_status chl_xgboost_available(chl_error *err);

/* Checks the options alone, before any work. */
CHL_MUST_CHECK chl_status chl_xgboost_check(const json_t *options, chl_error *err);

/* Trains on `train` (every class must occur); classes ≥ 2, two have one margin. `valid`
 * may be NULL, then nothing stops early. The forest's margins are compared with the
 * library's before it is given away. */
CHL_MUST_CHECK chl_status chl_xgboost_fit(const chl_boost_set *train,
                                          const chl_boost_set *valid, int64_t inputs,
                                          int64_t classes, const json_t *options,
                                          const chl_control *control, chl_forest *out,
                                          chl_boost_history *history, chl_error *err);

#endif
