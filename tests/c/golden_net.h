/* SPDX-License-Identifier: MIT
 *
 * Tensors of nets from golden files: {"0.weight":[…], …}.
 */
#ifndef CHL_TEST_GOLDEN_NET_H
#define CHL_TEST_GOLDEN_NET_H

#include "golden.h"

#include "core/nn/net.h"

/* The numbers of a tensor of these values; free() them. */
static inline double *golden_tensor(const json_t *values, const chl_tensor *t)
{
    size_t n;
    double *numbers = golden_numbers(values, t->name, &n);
    assert_int_equal(n, t->shape[0] * (t->rank == 2 ? t->shape[1] : 1));
    return numbers;
}

/* The net's tensors become these. */
static inline void golden_set_tensors(chl_net *net, const json_t *values)
{
    assert_int_equal(chl_net_tensor_count(net), json_object_size(values));
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        chl_tensor t = chl_net_tensor(net, i);
        double *numbers = golden_tensor(values, &t);
        for (int64_t k = 0; k < t.shape[0] * (t.rank == 2 ? t.shape[1] : 1); k++) {
            t.data[k] = (chl_real)numbers[k];
        }
        free(numbers);
    }
}

/* The net's tensors are these. */
static inline void golden_check_tensors(const char *name, chl_net *net,
                                        const json_t *values, double tolerance)
{
    assert_int_equal(chl_net_tensor_count(net), json_object_size(values));
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        chl_tensor t = chl_net_tensor(net, i);
        double *numbers = golden_tensor(values, &t);
        for (int64_t k = 0; k < t.shape[0] * (t.rank == 2 ? t.shape[1] : 1); k++) {
            if (!(fabs((double)t.data[k] - numbers[k]) <= tolerance)) {
                fail_msg("%s: %s [%lld]: %.9g, not %.9g", name, t.name, (long long)k,
                         (double)t.data[k], numbers[k]);
            }
        }
        free(numbers);
    }
}

#endif
