/* SPDX-License-Identifier: MIT
 *
 * Gaussian noise (as in Keras; Bishop 1995 on why it regularises): in training N(0,
 * stddev²) is added to each input; inference passes through. Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_LAYER_OPTION(stddev, CHL_OPT_DOUBLE, 0, 1e6, 1), {0}};

/* Goes on with the pass's stream of draws, and leaves it behind them. */
static void add_noise(chl_mask_stream *stream, double stddev, int64_t rows, int width,
                      chl_real *x)
{
    chl_rng rng = {.used = 4};
    memcpy(rng.key, stream->key, sizeof rng.key);
    memcpy(rng.counter, stream->counter, sizeof rng.counter);
    for (int64_t i = 0; i < rows; i++) {
        for (int j = 0; j < width; j++) { /* the padding stays zero */
            x[i * chl_padded(width) + j] += (chl_real)(stddev * chl_rng_normal(&rng));
        }
    }
    memcpy(stream->counter, rng.counter, sizeof rng.counter);
}

static void forward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    chl_real *out = pass->slots[i].out;
    int64_t rows = pass->rows * layer->out.steps;
    memcpy(out, chl_pass_in(pass, i, 0),
           (size_t)(pass->rows * chl_row_size(layer->out)) * sizeof *out);
    add_noise(&pass->masks, layer->options.stddev, rows, layer->out.width, out);
}

static void backward(chl_pass *pass, int i)
{
    chl_pass_turn(pass, i);
    chl_pass_turned(pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_run_in_place(run, i);
}

const chl_layer_class chl_gaussian_noise_class = {
    .name = "gaussian_noise",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
