/* SPDX-License-Identifier: MIT
 *
 * SMOTE and SMOTE-NC for one class (resample.h has the definitions). Layer: core/prep.
 */
#ifndef CHL_PREP_SMOTE_H
#define CHL_PREP_SMOTE_H

#include "core/base/control.h"
#include "core/data/matrix.h"

typedef struct chl_smote {
    const chl_matrix *x; /* all training rows */
    const int64_t *rows; /* [n] those of the class */
    int64_t n;           /* at least 2 */
    const int *group;    /* [x->cols] 0 = a number; else the nominal that it belongs to */
    int groups;          /* nominals, numbered from 1 */
    int k;               /* neighbours; more than n - 1 count as n - 1 */
    uint64_t seed;
    uint64_t stream; /* of the generator; the low 40 bits are free */
    const chl_control *control;
} chl_smote;

/* Fills `count` new rows from `out` on (count × x->cols) and the training row that each
 * was drawn from. */
CHL_MUST_CHECK chl_status chl_smote_fill(const chl_smote *smote, int64_t count,
                                         double *out, int64_t *origin, chl_error *err);

#endif
