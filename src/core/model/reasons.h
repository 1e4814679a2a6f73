/* SPDX-License-Identifier: MIT
 *
 * Reasons in words: the raw columns that raise a customer's churn most. Layer:
 * core/model.
 */
#ifndef CHL_MODEL_REASONS_H
#define CHL_MODEL_REASONS_H

#include "core/model/model.h"

enum { CHL_REASONS_MAX = CHL_SHAPLEY_PLAYERS_MAX };

/* Effects up to this are rounding of the nets' floats, and no reason. */
#define CHL_REASON_LEAST 1e-6

/* phi[rows × raw columns] as chl_explainer_rows gives it. Two frames with frame's rows:
 *   texts  reason_1 ("Age = 58", string), reason_1_effect (f64) … reason_k,
 * reason_k_effect names  reason_1 ("Age", string) … reason_k in falling order of the
 * effect (equal ones in the order of the raw columns). Only what raises churn is a
 * reason; where fewer than k do, the cells are missing. */
CHL_MUST_CHECK chl_status chl_reasons_make(const chl_model *model, const chl_frame *frame,
                                           const double *phi, int k, chl_frame **texts,
                                           chl_frame **names, chl_error *err);

#endif
