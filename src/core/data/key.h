/* SPDX-License-Identifier: MIT
 *
 * The key of a row, of one or more columns, as one 64-bit number. Layer: core/data.
 *
 * Grouping, joining, sorting and finding duplicates all work on these words: each column
 * becomes numbers in 0 … span, the columns are packed as digits of one number, and what
 * does not fit into 64 bits is numbered anew. So a key of a few integers, dates and
 * categories costs one pass and no hashing.
 */
#ifndef CHL_DATA_KEY_H
#define CHL_DATA_KEY_H

#include "core/base/control.h"
#include "core/data/column.h"

/* One key column; in a join the two columns that are compared. */
typedef struct chl_key_part {
    const chl_column *left;  /* its rows come first */
    const chl_column *right; /* its rows follow; NULL: there are none */
    bool descending;         /* chl_keys_order only */
} chl_key_part;

typedef struct chl_keys {
    int64_t rows;    /* of left and right together */
    uint64_t *words; /* [rows] */
    uint64_t last;   /* words are in 0 … last */
} chl_keys;

/* Equal words where all parts are equal: -0 equals 0, a missing value equals a missing
 * value, i64 and f64 compare exactly, strings and categories by their text. Columns of
 * types that cannot be equal (chl_types_comparable) are the caller's error. Zero parts
 * give equal words. */
CHL_MUST_CHECK chl_status chl_keys_equal(chl_keys *keys, const chl_key_part *parts, int n,
                                         int64_t rows, const chl_control *control,
                                         chl_error *err);

/* Words that rise in the order of the rows, first part first: text by bytes, missing
 * values last also where a part is descending. Parts have a left column only. */
CHL_MUST_CHECK chl_status chl_keys_order(chl_keys *keys, const chl_key_part *parts, int n,
                                         int64_t rows, const chl_control *control,
                                         chl_error *err);
void chl_keys_reset(chl_keys *keys);

/* Whether values of the two types can be equal: the same type, i64 and f64, string and
 * category. */
bool chl_types_comparable(chl_type a, chl_type b);

#endif
