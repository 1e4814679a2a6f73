/* SPDX-License-Identifier: MIT
 *
 * Nets over sequences for tests: the flat columns of T steps of F numbers, then the
 * length.
 */
#ifndef CHL_TEST_SEQUENCE_H
#define CHL_TEST_SEQUENCE_H

#include "chl_test.h"

#include <stdio.h>

#include "core/base/rng.h"
#include "core/nn/layer.h"

enum { STEPS = 5, FEATURES = 3, INPUTS = STEPS * FEATURES + 1 };

/* The spec of a `sequence` layer and those in `rest`, "{…},{…}". */
static inline json_t *sequence_spec(const char *rest, bool reverse)
{
    char text[4096];
    int used = snprintf(text, sizeof text,
                        "{\"layers\":[{\"type\":\"sequence\",\"steps\":%d,\"reverse\":%s,"
                        "\"length\":%d,\"columns\":[1",
                        STEPS, reverse ? "true" : "false", INPUTS);
    for (int k = 2; k < INPUTS; k++) {
        used += snprintf(text + used, sizeof text - (size_t)used, ",%d", k);
    }
    snprintf(text + used, sizeof text - (size_t)used, "]}%s%s]}", *rest ? "," : "", rest);
    json_error_t problem;
    json_t *spec = json_loads(text, 0, &problem);
    if (!spec) {
        fail_msg("%s: %s", text, problem.text);
    }
    return spec;
}

static inline chl_net *sequence_net(const char *rest, bool reverse)
{
    json_t *spec = sequence_spec(rest, reverse);
    chl_net *net;
    assert_ok(chl_net_new(spec, INPUTS, &net, &err));
    json_decref(spec);
    chl_net_init_weights(net, 3, 1);
    chl_rng rng;
    chl_rng_init(&rng, 11, CHL_RNG_GENERAL, 0);
    for (int64_t i = 0; i < net->param_count; i++) {
        net->params[i] += (chl_real)(0.1 * chl_rng_normal(&rng)); /* biases too */
    }
    return net;
}

/* Rows of lengths 3, 0, 5, 1, 3, 4, 2 and so on; what does not count holds `filler`. */
static inline void sequence_row(int row, double filler, double *x)
{
    static const int lengths[] = {3, 0, 5, 1, 3, 4, 2};
    int length = lengths[row % 7];
    chl_rng rng;
    chl_rng_init(&rng, 12, CHL_RNG_GENERAL, (uint64_t)row);
    for (int k = 0; k < STEPS * FEATURES; k++) {
        double value = chl_rng_normal(&rng);
        x[k] = k < length * FEATURES ? value : filler;
    }
    x[INPUTS - 1] = length;
}

#endif
