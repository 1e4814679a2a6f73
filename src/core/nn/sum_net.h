/* SPDX-License-Identifier: MIT
 *
 * A net ready for many rows whose first pre-activations are sums of a few tabulated rows,
 * such as the coalitions of a Shapley value. Layer: core/nn.
 *
 * A first layer that is `dense` or `batch_ensemble` (TabM) is a sum over the inputs, so
 * what some inputs add can be computed once and shared. When the net starts with another
 * layer, the sums are its inputs.
 *
 * The sums of a row come in slices of equal width, each with tables of its own. Where
 * one hidden layer of rectified units is all of the net, a slice is some of the units
 * (shallow.h), few enough for tables in the first cache; otherwise there is one slice.
 */
#ifndef CHL_NN_SUM_NET_H
#define CHL_NN_SUM_NET_H

#include "core/nn/kernels.h"
#include "core/nn/net.h"

typedef struct chl_sum_net chl_sum_net; /* immutable; shared by threads */

/* The net is borrowed and must outlive it. */
CHL_MUST_CHECK chl_status chl_sum_net_new(const chl_net *net, chl_sum_net **out,
                                          chl_error *err);
void chl_sum_net_free(chl_sum_net *s); /* NULL allowed */

int chl_sum_net_slices(const chl_sum_net *s);
/* Numbers in a slice's row of sums, padding included: a multiple of CHL_LANES. */
int chl_sum_net_width(const chl_sum_net *s);

/* row[width] = the sums without any input: the bias. */
void chl_sum_net_start(const chl_sum_net *s, int slice, chl_real *row);
/* row[width] += what `count` inputs add at the values x. */
void chl_sum_net_add(const chl_sum_net *s, int slice, const int *inputs, int count,
                     const chl_real *x, chl_real *row);
/* row[width] += other */
void chl_sum_net_add_row(const chl_sum_net *s, const chl_real *other, chl_real *row);
/* out[rows × width] = the rows of sums. */
void chl_sum_net_gather(const chl_sum_net *s, const chl_row_sums *sums, chl_real *out);

/* Predictions of some rows: every slice in order, then finish. A row's numbers do not
 * depend on the rows beside it. */
typedef struct chl_sum_batch {
    const chl_sum_net *net;
    int64_t rows;
    chl_real *scratch; /* chl_sum_net_scratch numbers, borrowed */
    double *out;       /* [rows × outputs] as chl_net_predict */
} chl_sum_batch;

/* Numbers of scratch that a batch of so many rows needs. */
size_t chl_sum_net_scratch(const chl_sum_net *s, int64_t rows);
/* A slice of all the rows. Fails only where chl_net_is_custom. */
CHL_MUST_CHECK chl_status chl_sum_net_rows(const chl_sum_batch *b, int slice,
                                           const chl_row_sums *sums, chl_error *err);
void chl_sum_net_finish(const chl_sum_batch *b);

/* Instead of rows, for all subsets of a few numbers of which each adds to the sums on its
 * own: much faster. The batch has a row a subset, CHL_CUBE_LANES for each row of `cube`,
 * whose steps, rows, count and ld are read. */
bool chl_sum_net_is_shallow(const chl_sum_net *s);
void chl_sum_net_cube(const chl_sum_batch *b, int slice, const chl_relu_cube *cube);
/* As finish, but out[n × outputs] = the batch's rows at[n]. */
void chl_sum_net_pick(const chl_sum_batch *b, const int32_t *at, int64_t n);

#endif
