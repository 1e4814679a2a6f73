/* SPDX-License-Identifier: MIT
 *
 * Long short-term memory (Hochreiter & Schmidhuber 1997; forget gate: Gers et al. 2000)
 * with PyTorch's equations: i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b),
 * c = f c + i g, h = o tanh(c). One bias a gate: the sum of PyTorch's two. Layer:
 * core/layers.
 */
#include "core/layers/recurrent.h"

static const chl_recurrent kind = {
    .gates = 4,
    .forget = 1,
    .cell = true,
    .x_at = {0, 1, 2, 3},
    .h_at = {0, 1, 2, 3},
};

const chl_layer_class chl_lstm_class = {
    .name = "lstm",
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
