/* SPDX-License-Identifier: MIT
 *
 * The JSON that XGBoost saves a model as, to a forest. Layer: core/trees, on jansson.
 *
 * Read: "gbtree" with splits on numbers, of the objectives binary:logistic (one margin)
 * and multi:softprob (one a class), as versions 1.6 to 3 write them
 * (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html). The text is not
 * trusted: every number is checked, whatever it says rows stay inside.
 */
#ifndef CHL_TREES_XGBOOST_MODEL_H
#define CHL_TREES_XGBOOST_MODEL_H

#include <stddef.h>

#include "core/trees/forest.h"

/* The first `rounds` rounds of boosting, fewer when the model has fewer. CHL_EFORMAT. */
CHL_MUST_CHECK chl_status chl_forest_from_xgboost(const char *text, size_t n,
                                                  int64_t rounds, chl_forest *out,
                                                  chl_error *err);

#endif
