/* SPDX-License-Identifier: MIT
 *
 * Calibration of probabilities: none, Platt (Platt 1999; Lin, Lin, Weng 2007) and
 * isotonic (Zadrozny & Elkan 2002, pool adjacent violators). Layer: core/metrics.
 *
 * Platt works on the logit of p. Isotonic is piecewise linear between block means as in
 * scikit-learn's IsotonicRegression (out_of_bounds = "clip").
 */
#ifndef CHL_METRICS_CALIBRATION_H
#define CHL_METRICS_CALIBRATION_H

#include <jansson.h>
#include <stdint.h>

#include "core/base/status.h"

typedef struct chl_calibration chl_calibration;

/* method: "platt" or "isotonic". y is 0/1, p in [0, 1]. */
CHL_MUST_CHECK chl_status chl_calibration_fit(const char *method, const double *y,
                                              const double *p, int64_t n,
                                              chl_calibration **out, chl_error *err);
void chl_calibration_free(chl_calibration *calibration); /* NULL allowed */
/* In place; each value on its own, so order and batch never matter. NULL = identity. */
void chl_calibration_apply(const chl_calibration *calibration, double *p, int64_t n);
CHL_MUST_CHECK chl_status chl_calibration_to_json(const chl_calibration *calibration,
                                                  json_t **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_calibration_from_json(const json_t *json,
                                                    chl_calibration **out,
                                                    chl_error *err);

#endif
