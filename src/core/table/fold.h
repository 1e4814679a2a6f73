/* SPDX-License-Identifier: MIT
 *
 * chl_frame_aggregate for rows that come in chunks: memory grows with the groups, not
 * with the rows. Layer: core/table.
 *
 * The result equals the aggregate of all rows at once, to the last bit but for var and
 * std (about 1e-12 of their value). median, quantile and other aggregates that need all
 * values at once are errors; n_distinct keeps every distinct value.
 */
#ifndef CHL_TABLE_FOLD_H
#define CHL_TABLE_FOLD_H

#include "core/base/control.h"
#include "core/data/frame.h"
#include "core/expr/expr.h"

typedef struct chl_fold chl_fold;

/* As chl_frame_aggregate on frames with the columns of `schema`, whose rows do not
 * count. Expressions are retained. */
CHL_MUST_CHECK chl_status chl_fold_new(const chl_frame *schema, const char *const *keys,
                                       int n_keys, const char *const *names,
                                       chl_expr *const *exprs, int n_exprs,
                                       chl_fold **out, chl_error *err);
/* The next rows: a frame with the schema's columns. */
CHL_MUST_CHECK chl_status chl_fold_add(chl_fold *fold, const chl_frame *chunk,
                                       const chl_control *control, chl_error *err);
/* The aggregate of everything added so far; more may follow. */
CHL_MUST_CHECK chl_status chl_fold_result(const chl_fold *fold,
                                          const chl_control *control, chl_frame **out,
                                          chl_error *err);
void chl_fold_free(chl_fold *fold); /* NULL allowed */

#endif
