/* SPDX-License-Identifier: MIT
 *
 * Weights of a blend: Caruana, Niculescu-Mizil, Crew, Ksikes, "Ensemble selection from
 * libraries of models" (ICML 2004), greedy with replacement on the log loss. Layer:
 * core/metrics.
 *
 * Round by round the model joins whose probability, averaged with those that joined
 * before, gives the lowest log loss; the weights are the shares of the joins after the
 * best round. O(rounds · models · rows).
 */
#ifndef CHL_METRICS_BLEND_H
#define CHL_METRICS_BLEND_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"

enum { CHL_BLEND_MODELS_MAX = 1000, CHL_BLEND_ROUNDS_MAX = 10000 };

/* y: 0/1; p: models × n probabilities of rows that the models did not see.
 * weights[models] add up to 1; equal losses go to the earlier model. *loss is the blend's
 * log loss (may be NULL). The same on any number of threads. */
CHL_MUST_CHECK chl_status chl_blend_greedy(const double *y, const double *p, int models,
                                           int64_t n, int rounds,
                                           const chl_control *control, double *weights,
                                           double *loss, chl_error *err);

#endif
