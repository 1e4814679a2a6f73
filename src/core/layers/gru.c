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

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    return chl_recurrent_plan(&kind, net, layer, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    chl_recurrent_init(&kind, net, i, seed, member);
}

static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    chl_recurrent_room(&kind, net, i, batch, out);
}

static void forward(chl_pass *pass, int i)
{
    chl_recurrent_forward(&kind, pass, i);
}

static void backward(chl_pass *pass, int i)
{
    chl_recurrent_backward(&kind, pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_recurrent_infer(&kind, run, i);
}

const chl_layer_class chl_gru_class = {
    .name = "gru",
    .options = chl_recurrent_options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
