/* SPDX-License-Identifier: MIT
 *
 * An aggregate expression in two halves, for rows that come in chunks: what each of its
 * aggregate calls reads, row by row, and the expression over the results of the calls.
 * Layer: core/expr. "sum(fee * 12) / count()" has the calls sum and count.
 */
#ifndef CHL_EXPR_CALLS_H
#define CHL_EXPR_CALLS_H

#include "core/expr/expr.h"

typedef struct chl_expr_call {
    const char *name; /* "sum", lives as long as the process */
    bool nested;      /* it stands in another call: mean(x - mean(x)) */
} chl_expr_call;

/* The calls in the order in which they are taken; *calls goes back through chl_free. */
CHL_MUST_CHECK chl_status chl_expr_calls(const chl_expr *expr, chl_expr_call **calls,
                                         int *n, chl_error *err);

/* The column that each call is taken of, values[number of calls]: new references, NULL
 * for count(). No call may be nested. */
CHL_MUST_CHECK chl_status chl_expr_call_values(const chl_expr *expr,
                                               const chl_frame *frame,
                                               const chl_control *control,
                                               chl_column **values, chl_error *err);

/* One value a group from the results of the calls, which have one row a group and the
 * types that chl_expr_aggregate's would have. `schema`: the frame's columns. */
CHL_MUST_CHECK chl_status chl_expr_combine(const chl_expr *expr, const chl_frame *schema,
                                           chl_column *const *results, int64_t groups,
                                           const chl_control *control, chl_column **out,
                                           chl_error *err);

#endif
