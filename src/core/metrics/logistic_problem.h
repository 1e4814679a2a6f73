/* SPDX-License-Identifier: MIT
 *
 * One logistic regression while it is fitted: the objective with its derivatives, and
 * Newton's direction. Layer: core/metrics, private.
 *
 * Unknowns: for each output the weights of d standardised columns, then the intercept:
 * `width` = d + 1 numbers, `unknowns` = outputs · width in all.
 */
#ifndef CHL_METRICS_LOGISTIC_PROBLEM_H
#define CHL_METRICS_LOGISTIC_PROBLEM_H

#include <stdbool.h>

#include "core/metrics/logistic.h"

enum {
    LOGISTIC_PARTS_MAX = 16, /* of the rows, added in order: independent of threads */
    LOGISTIC_BLOCK = 16      /* rows that are added to the derivatives at a time */
};

typedef struct logistic_part {
    double value;     /* sum of log losses */
    double *gradient; /* [unknowns] */
    double *hessian;  /* unknowns², lower triangle */
    double *z;        /* [block × width] standardised rows, then 1 */
    double *first;    /* [block × outputs] derivatives by the scores */
    double *second;   /* [block × outputs²], lower triangles */
} logistic_part;

typedef struct logistic_problem {
    const double *x, *y;
    int64_t n, d, outputs, width, unknowns;
    double l1, l2;
    const chl_control *control;
    double *mean, *scale; /* [d]; scale = 1/deviation, 0 for a constant column */
    double *w;            /* [unknowns]: where derivatives are taken */
    double *step, *trial; /* [unknowns] */
    double *change;       /* [unknowns] Hessian · (what coordinate descent moved) */
    double *memory;       /* what all of these point into */
    logistic_part parts[LOGISTIC_PARTS_MAX];
    int64_t part_count;
    bool second; /* the derivatives are wanted, not the value alone */
} logistic_problem;

/* From the fields x … control. The caller frees q->memory. */
CHL_MUST_CHECK chl_status logistic_problem_init(logistic_problem *q, chl_error *err);

/* The objective at q->trial, or with `second` at q->w with the derivatives of its smooth
 * part, which end in parts[0]. */
CHL_MUST_CHECK chl_status logistic_evaluate(logistic_problem *q, bool second,
                                            double *value, chl_error *err);

/* q->step = where the quadratic at q->w, with the l1 penalty, has its minimum, minus
 * q->w. Returns the largest move relative to the weights. Overwrites the derivatives. */
CHL_MUST_CHECK chl_status logistic_direction(logistic_problem *q, double *largest,
                                             chl_error *err);

/* probabilities in place of the scores of one row: sigmoid of one, softmax of several. */
void logistic_link(double *scores, int64_t outputs);

#endif
