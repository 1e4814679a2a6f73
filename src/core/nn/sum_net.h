/* SPDX-License-Identifier: MIT
 *
 * A net ready for many rows whose first pre-activations are sums of a few tabulated rows,
 * such as the coalitions of a Shapley value. Layer: core/nn.
 *
 * A dense first layer is a sum over the inputs, so what some inputs add can be computed
 * once and shared. When the net starts with another layer, the sums are its inputs.
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

/* Numbers in a row of sums, padding included: a multiple of CHL_LANES. */
int chl_sum_net_width(const chl_sum_net *s);
/* Numbers of scratch that a prediction needs. */
size_t chl_sum_net_scratch(const chl_sum_net *s);

/* row[width] = the sums without any input: the bias. */
void chl_sum_net_start(const chl_sum_net *s, chl_real *row);
/* row[width] += what `input` adds at the value x. */
void chl_sum_net_add(const chl_sum_net *s, int input, chl_real x, chl_real *row);
/* out[rows × width] = the rows of sums. */
void chl_sum_net_gather(const chl_sum_net *s, const chl_row_sums *sums, chl_real *out);

/* out[rows × outputs] as chl_net_predict: fixed order per row, whatever rows are beside
 * it. Fails only where chl_net_is_custom. */
CHL_MUST_CHECK chl_status chl_sum_net_predict(const chl_sum_net *s,
                                              const chl_row_sums *sums, chl_real *scratch,
                                              double *out, chl_error *err);

#endif
