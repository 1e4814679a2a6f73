/* SPDX-License-Identifier: MIT
 *
 * The nets' number: float, or double in the build that serves the gradient checks
 * (-DCHL_REAL_DOUBLE). Layer: core/nn.
 */
#ifndef CHL_NN_REAL_H
#define CHL_NN_REAL_H

#ifdef CHL_REAL_DOUBLE
typedef double chl_real;
#else
typedef float chl_real;
#endif

#endif
