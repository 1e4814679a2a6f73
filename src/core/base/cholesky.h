/* SPDX-License-Identifier: MIT
 *
 * Small symmetric positive (semi-)definite systems by Cholesky factors, in a fixed order
 * of additions. Layer: core/base.
 *
 * Made for a few hundred unknowns (normal equations). A pivot that cancels to less than
 * 1e-11 of its diagonal entry belongs to a column that depends on earlier ones: it is
 * dropped, and its unknown is 0 in every solution.
 */
#ifndef CHL_BASE_CHOLESKY_H
#define CHL_BASE_CHOLESKY_H

#include <stdint.h>

/* a: d × d row-major, its lower triangle is read and replaced by L with a = L·L'.
 * Returns the rank: d when nothing was dropped. */
int64_t chl_cholesky(double *a, int64_t d);

/* Solves L·L'·x = b in place (b becomes x). */
void chl_cholesky_solve(const double *l, int64_t d, double *b);

#endif
