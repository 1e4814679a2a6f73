/* SPDX-License-Identifier: MIT
 *
 * The classes of a target that has several: its values, in an order. Layer: core/data.
 *
 * Whole numbers are in numeric order, bools false before true, categories in the order of
 * their levels, strings in byte order. A class is known by the text that CSV would print,
 * so that the same target may be read as another type later.
 */
#ifndef CHL_DATA_CLASSES_H
#define CHL_DATA_CLASSES_H

#include "core/data/frame.h"

enum { CHL_CLASSES_MAX = 256 };

typedef struct chl_classes {
    int count;
    char **names;  /* [count], owned */
    chl_type type; /* of the target: i64, f64, bool, category or string */
    bool ordered;  /* the order means something: numbers, bools, ordered levels */
} chl_classes;

/* Whether the target is one of several classes and not one of two outcomes: no value of
 * it is named as positive, and it has 3 to CHL_CLASSES_MAX values, whole numbers or
 * texts. */
CHL_MUST_CHECK chl_status chl_frame_has_classes(const chl_frame *frame, bool *out,
                                                chl_error *err);

/* The values that occur in a column; `name` serves messages. At least two and at most
 * CHL_CLASSES_MAX, no dates, and no numbers with a fraction. */
CHL_MUST_CHECK chl_status chl_classes_init(chl_classes *classes, const chl_column *column,
                                           const char *name, chl_error *err);
CHL_MUST_CHECK chl_status chl_classes_copy(const chl_classes *classes, chl_classes *out,
                                           chl_error *err);
void chl_classes_reset(chl_classes *classes);

bool chl_classes_equal(const chl_classes *a, const chl_classes *b);
/* Classes from a file: each name is a value of the type. */
CHL_MUST_CHECK chl_status chl_classes_check(const chl_classes *classes, chl_error *err);
/* The class of that text, or -1. */
int chl_classes_find(const chl_classes *classes, const char *text, size_t length);

/* y[rows] = the class of each row from 0, NaN where the target is missing. A value that
 * is no class is an error that names its row. */
CHL_MUST_CHECK chl_status chl_classes_index(const chl_classes *classes,
                                            const chl_column *column, const char *name,
                                            double *y, chl_error *err);

/* A column of the target's type from classes, index[n] from 0. */
CHL_MUST_CHECK chl_status chl_classes_column(const chl_classes *classes, const int *index,
                                             int64_t n, chl_column **out, chl_error *err);

#endif
