/* SPDX-License-Identifier: MIT
 *
 * One aggregate call whose rows come in chunks: what is kept of each group between them.
 * Layer: core/table, private to fold*.c.
 *
 * Sums, means, counts, extremes and picks go on where the last chunk ended, so they are
 * the same doubles as over all rows at once. Variances are those of each chunk's part of
 * a group, put together (Chan, Golub, LeVeque 1983): equal up to rounding.
 */
#ifndef CHL_TABLE_FOLD_STATE_H
#define CHL_TABLE_FOLD_STATE_H

#include "core/base/strbuf.h"
#include "core/data/column.h"

typedef enum fold_kind {
    FOLD_COUNT,
    FOLD_COUNT_IF,
    FOLD_SUM,
    FOLD_MEAN,
    FOLD_VAR,
    FOLD_STD,
    FOLD_MIN,
    FOLD_MAX,
    FOLD_ANY,
    FOLD_ALL,
    FOLD_FIRST,
    FOLD_LAST,
    FOLD_N_DISTINCT,
    FOLD_NONE /* not among them */
} fold_kind;

fold_kind fold_kind_of(const char *name);
/* The names of all kinds, NULL at the end. */
extern const char *const fold_names[];

/* The rows of one chunk: group[i] is the group of row i. */
typedef struct fold_rows {
    int64_t rows;
    const int64_t *group;
    int64_t groups; /* so far, those of this chunk among them */
} fold_rows;

typedef struct fold_cell {
    int64_t count; /* rows or values that counted */
    double sum;    /* variance: the mean */
    double lost;   /* low part of the sum; variance: sum of squared deviations */
    int64_t whole; /* integers: sum or extreme; picks: 1 + row among the picks */
    bool flag;     /* seen; integer sums: overflow */
} fold_cell;

typedef struct fold_state {
    fold_kind kind;
    chl_column *schema; /* the values' type and levels, no rows; NULL: count() */
    fold_cell *cells;   /* [groups] */
    int64_t groups;
    size_t room;
    chl_column **picks; /* first, last: the rows that were picked, in columns */
    size_t n_picks, picks_room;
    int64_t picked;    /* rows of all picks */
    chl_levels *pairs; /* n_distinct: group and value, as bytes */
} fold_state;

/* `values` (borrowed) is the call's column of the schema. */
CHL_MUST_CHECK chl_status fold_state_init(fold_state *state, fold_kind kind,
                                          chl_column *values, chl_error *err);
void fold_state_reset(fold_state *state);
/* values: as chl_expr_call_values gives them. */
CHL_MUST_CHECK chl_status fold_state_add(fold_state *state, const chl_column *values,
                                         const fold_rows *rows, chl_error *err);
/* One row a group; groups that no chunk had are those of an empty table. */
CHL_MUST_CHECK chl_status fold_state_result(const fold_state *state, int64_t groups,
                                            chl_column **out, chl_error *err);

/* Appends bytes that are equal for equal cells of columns of one type, and only then;
 * none is the beginning of another's. -0 equals 0, missing equals missing. */
void fold_cell_bytes(const chl_column *column, int64_t i, chl_strbuf *out);

#endif
