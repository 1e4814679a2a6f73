/* SPDX-License-Identifier: MIT
 *
 * Calibration of probabilities: none, Platt (Platt 1999; Lin, Lin, Weng 2007),
 * temperature (Guo et al. 2017) and isotonic (Zadrozny & Elkan 2002, pool adjacent
 * violators). Layer: core/metrics.
 *
 * Platt: sigmoid(a·logit(p) + b), logit cut at ±36, fitted to the smoothed targets
 * (N1 + 1)/(N1 + 2) and 1/(N0 + 2). Temperature: the same with b = 0, so that ranking
 * and the decisions at 1/2 stay. Isotonic: piecewise linear between block means as in
 * scikit-learn's IsotonicRegression (out_of_bounds = "clip"), equal p averaged first.
 *
 * Several classes share one temperature: p_c ~ p_c^a (Guo et al. 2017). The most probable
 * class stays.
 *
 * No calibration answers exactly 0 or 1, which no finite sample can prove and which makes
 * one surprise cost an infinite log loss. Isotonic answers stay in [1/(2n), 1 - 1/(2n)]
 * for n calibration rows (half an event in n rows: below what the sample can tell from
 * none), Platt's in [2^-52, 1 - 2^-52]. That is the one difference from scikit-learn.
 */
#ifndef CHL_METRICS_CALIBRATION_H
#define CHL_METRICS_CALIBRATION_H

#include <jansson.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_calibration chl_calibration;

/* method: "platt", "temperature" or "isotonic". y is 0/1 with both classes, p in [0, 1];
 * held-out rows, never those that the nets were trained on. */
CHL_MUST_CHECK chl_status chl_calibration_fit(const char *method, const double *y,
                                              const double *p, int64_t n,
                                              chl_calibration **out, chl_error *err);
/* One temperature of several classes: y[n] is the class from 0, p[n × classes]. */
CHL_MUST_CHECK chl_status chl_calibration_fit_classes(const double *y, const double *p,
                                                      int64_t n, int classes,
                                                      chl_calibration **out,
                                                      chl_error *err);
void chl_calibration_free(chl_calibration *calibration); /* NULL allowed */

const char *chl_calibration_method(const chl_calibration *calibration);

/* 0 where it is of one probability. */
int chl_calibration_classes(const chl_calibration *calibration);

/* In place, p[n], or p[n × classes]; each row on its own, so order and batch never
 * matter. NULL = identity. */
void chl_calibration_apply(const chl_calibration *calibration, double *p, int64_t n);

/* {"method":"platt"|"temperature","rows":n,"a":…,"b":…} or
 * {"method":"isotonic","rows":n,"x":[…], "y":[…]}; of classes with "classes":5; a new
 * reference. Doubles survive exactly. */
CHL_MUST_CHECK chl_status chl_calibration_to_json(const chl_calibration *calibration,
                                                  json_t **out, chl_error *err);
/* Reads untrusted JSON: x must rise and y not fall, both in [0, 1] and of one length. */
CHL_MUST_CHECK chl_status chl_calibration_from_json(const json_t *json,
                                                    chl_calibration **out,
                                                    chl_error *err);

#endif
