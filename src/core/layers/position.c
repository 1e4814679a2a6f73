/* SPDX-License-Identifier: MIT
 *
 * Adds to every step of a sequence what says where it stands: `learned` numbers (initial:
 * normal, deviation 0.02, as BERT: Devlin et al. 2018), or sines and cosines of growing
 * wavelength (Vaswani et al. 2017): column 2k is sin(t / 10000^(2k/width)), column 2k + 1
 * the cosine. Layer: core/layers.
 */
#include <math.h>
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { LEARNED, SINUSOIDAL };
static const char *const kinds[] = {"learned", "sinusoidal", NULL};

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    {"kind", CHL_OPT_CHOICE, offsetof(chl_layer_options, position), 0, 0, kinds, 0},
    {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)spec;
    (void)where;
    bool learned = layer->options.position == LEARNED;
    return chl_net_add_tensor(
        net, layer,
        (chl_param){.name = "position",
                    .role = learned ? CHL_ROLE_EMBEDDING : CHL_ROLE_STATE,
                    .rows = layer->out.steps,
                    .cols = layer->out.width},
        err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    chl_real *p = chl_layer_numbers(net, i, 0);
    int width = layer->out.width;
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int64_t k = 0; k < (int64_t)layer->out.steps * width; k++) {
        int64_t t = k / width, j = k % width;
        double angle = (double)t / pow(10000, (double)(j - j % 2) / width);
        p[k] = layer->options.position == LEARNED
                   ? (chl_real)(0.02 * chl_rng_normal(&rng))
                   : (chl_real)(j % 2 ? cos(angle) : sin(angle));
    }
}

/* x and the table have the same rows. */
static void add_table(const chl_net *net, int i, const chl_kernels *kernels,
                      const chl_packed *packed, int64_t rows, chl_real *x)
{
    const chl_param *p = chl_layer_tensor(net, i, 0);
    const chl_real *table =
        (p->role == CHL_ROLE_STATE ? packed->state : packed->params) + p->pack_at;
    int64_t row = chl_row_size(net->layers[i].out);
    for (int64_t r = 0; r < rows; r++) {
        kernels->add_scaled(row, 1, table, x + r * row);
    }
}

static void forward(chl_pass *pass, int i)
{
    chl_real *out = pass->slots[i].out;
    int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
    memcpy(out, chl_pass_in(pass, i, 0), (size_t)n * sizeof *out);
    add_table(pass->net, i, pass->kernels, &pass->packed, pass->rows, out);
}

/* Steps that do not count have no gradient. */
static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const chl_real *g = pass->slots[i].gradient;
    if (layer->options.position == LEARNED) {
        pass->kernels->column_sums(pass->rows, chl_row_size(layer->out), g,
                                   chl_pass_grads(pass, i, 0));
    }
    chl_pass_turn(pass, i);
    chl_pass_turned(pass, i);
}

static void infer(chl_run *run, int i)
{
    chl_real *x = chl_run_in_place(run, i);
    add_table(run->net, i, run->kernels, run->packed, run->rows, x);
}

const chl_layer_class chl_position_class = {
    .name = "position",
    .options = options,
    .most_sources = 1,
    .in_place = true,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
