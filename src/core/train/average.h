/* SPDX-License-Identifier: MIT
 *
 * The exponential moving average of a net's numbers over the optimizer's steps; it is
 * what validation judges and what training keeps. Layer: core/train, not for other rooms.
 *
 *   a = d·a + (1 - d)·p,  d = min(decay, (1 + t) / (10 + t)) at step t = 1, 2, …
 *
 * so that the first steps do not weigh on it (Polyak & Juditsky 1992; the warm-up is that
 * of TensorFlow's ExponentialMovingAverage). Running statistics of batch norm are taken
 * as they are.
 */
#ifndef CHL_TRAIN_AVERAGE_H
#define CHL_TRAIN_AVERAGE_H

#include "core/nn/layer.h"

typedef struct chl_average {
    double decay; /* 0 = off: then there are no numbers */
    chl_packed numbers;
} chl_average;

CHL_MUST_CHECK chl_status chl_average_init(chl_average *average, const chl_net *net,
                                           double decay, chl_error *err);
void chl_average_reset(chl_average *average);

/* After optimizer step t. */
void chl_average_update(chl_average *average, const chl_net *net, const chl_packed *now,
                        int64_t t);
/* The numbers to judge and keep: the average, or `now` when it is off. Borrowed. */
const chl_packed *chl_average_of(const chl_average *average, const chl_net *net,
                                 const chl_packed *now);

#endif
