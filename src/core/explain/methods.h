/* SPDX-License-Identifier: MIT
 *
 * The two ways behind chl_shapley_compute. Layer: core/explain, internal to it.
 */
#ifndef CHL_EXPLAIN_METHODS_H
#define CHL_EXPLAIN_METHODS_H

#include <stdint.h>

#include "core/base/control.h"
#include "core/base/status.h"
#include "core/explain/shapley.h"

/* values[k] = v(coalitions[k]), in chunks, with progress, stop requests and a check that
 * values are finite. */
CHL_MUST_CHECK chl_status chl_game_values(const chl_game *game,
                                          const uint64_t *coalitions, int64_t n,
                                          const chl_control *control, double *values,
                                          chl_error *err);

/* Fills base, total, phi by all 2^M values; M ≤ CHL_SHAPLEY_EXACT_MAX. */
CHL_MUST_CHECK chl_status chl_shapley_enumerate(const chl_game *game,
                                                const chl_control *control,
                                                chl_shapley *out, chl_error *err);

/* Fills base, total, phi and error by constrained least squares on drawn coalitions;
 * M ≥ 3. */
CHL_MUST_CHECK chl_status chl_shapley_sample(const chl_game *game, int64_t samples,
                                             uint64_t seed, const chl_control *control,
                                             chl_shapley *out, chl_error *err);

#endif
