/* SPDX-License-Identifier: MIT
 *
 * Gated recurrent unit (Cho et al. 2014) with PyTorch's equations: r, z = sigmoid(W x +
 * U h + b), n = tanh(W x + b + r (U h + recurrent_bias)), h = (1 - z) n + z h. The bias
 * of r and of z is the sum of PyTorch's two. Layer: core/layers.
 */
#include "core/layers/recurrent.h"

static const chl_recurrent kind = {
    .gates = 3,
    .forget = -1,
    .split = true,
    .x_at = {1, 2, 0},
    .h_at = {1, 2, 3},
};

const chl_layer_class chl_gru_class = {
    .name = "gru",
    .options = chl_recurrent_options,
    .most_sources = 1,
    .kind = &kind,
    .plan = chl_recurrent_plan,
    .init = chl_recurrent_init,
    .room = chl_recurrent_room,
    .forward = chl_recurrent_forward,
    .backward = chl_recurrent_backward,
    .infer = chl_recurrent_infer,
};
