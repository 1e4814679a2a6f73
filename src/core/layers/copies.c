/* SPDX-License-Identifier: MIT
 *
 * Layer `copies`: out[c] = x · scale[c] for each copy c; all of TabM-mini that an
 * ordinary net lacks, but for its heads. Layer: core/layers.
 */
#include "core/layers/copies.h"

#include <math.h>
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

const char *const chl_copies_init_names[] = {"auto", "ones", "signs", "normal", NULL};

/* ---- for the other layers of TabM ---- */

static chl_status read_groups(chl_layer *layer, const json_t *spec, const char *where,
                              chl_error *err)
{
    int64_t sum = 0;
    CHL_TRY(chl_layer_read_list(layer, spec, "groups", where, 1, layer->in.width, err));
    for (int64_t i = 0; i < layer->indices; i++) {
        sum += layer->index[i];
    }
    return !layer->index || sum == layer->in.width
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "%s: option 'groups': expected sizes that add up to %d, got "
                          "%lld",
                          where, layer->in.width, (long long)sum);
}

chl_status chl_copies_plan(chl_layer *layer, const json_t *spec, const char *where,
                           chl_error *err)
{
    int64_t *copies = &layer->options.copies;
    if (!chl_copies_begin(layer)) {
        if (*copies > 0 && *copies != layer->in.steps) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: option 'copies': its source has %d copies, not %lld",
                            where, layer->in.steps, (long long)*copies);
        }
        *copies = layer->in.steps;
    } else if (*copies == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'copies' is required where its source has none",
                        where);
    }
    if (layer->options.init == CHL_INIT_AUTO) {
        layer->options.init = chl_copies_begin(layer) ? CHL_INIT_SIGNS : CHL_INIT_ONES;
    }
    layer->out.steps = (int)*copies;
    return read_groups(layer, spec, where, err);
}

chl_status chl_copies_spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    return chl_layer_spell_list(layer, "groups", spec, err);
}

static double draw_scale(int init, chl_rng *rng)
{
    switch ((chl_copies_init)init) {
    case CHL_INIT_SIGNS: return chl_rng_u32(rng) & 1 ? 1 : -1;
    case CHL_INIT_NORMAL: return chl_rng_normal(rng);
    case CHL_INIT_AUTO:
    case CHL_INIT_ONES: break;
    }
    return 1;
}

void chl_copies_init_scales(chl_net *net, int i, int k, chl_rng *rng)
{
    const chl_layer *layer = &net->layers[i];
    chl_real *scale = chl_layer_numbers(net, i, k);
    for (int c = 0; c < layer->out.steps; c++) {
        int64_t left = 0, group = 0;
        double drawn = 1;
        for (int j = 0; j < layer->in.width; j++, left--) {
            if (left == 0) {
                left = layer->index ? layer->index[group++] : 1;
                drawn = draw_scale(layer->options.init, rng);
            }
            *scale++ = (chl_real)drawn;
        }
    }
}

void chl_uniform_init(chl_real *numbers, int64_t n, int in, chl_rng *rng)
{
    double limit = 1 / sqrt(in);
    for (int64_t k = 0; k < n; k++) {
        numbers[k] = (chl_real)(limit * (2 * chl_rng_uniform(rng) - 1));
    }
}

/* ---- the layer ---- */

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS, CHL_COPIES_OPTIONS(1), {0}};

enum { SCALE };

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    CHL_TRY(chl_copies_plan(layer, spec, where, err));
    chl_param scale = {.name = "scale",
                       .role = CHL_ROLE_SCALE,
                       .rows = layer->out.steps,
                       .cols = layer->in.width};
    return chl_net_add_tensor(net, layer, scale, err);
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    chl_copies_init_scales(net, i, SCALE, &rng);
}

static chl_copies describe(const chl_layer *layer, int64_t rows, const chl_real *scale)
{
    return (chl_copies){.rows = rows,
                        .copies = layer->out.steps,
                        .ld = chl_padded(layer->in.width),
                        .spread = chl_copies_begin(layer),
                        .scale = scale};
}

static void forward(chl_pass *pass, int i)
{
    chl_copies s =
        describe(&pass->net->layers[i], pass->rows, chl_pass_params(pass, i, SCALE));
    pass->kernels->scale_copies(&s, chl_pass_in(pass, i, 0), pass->slots[i].out);
}

static void backward(chl_pass *pass, int i)
{
    chl_copies s =
        describe(&pass->net->layers[i], pass->rows, chl_pass_params(pass, i, SCALE));
    chl_real *dscale = chl_pass_grads(pass, i, SCALE);
    memset(dscale, 0, (size_t)(s.copies * s.ld) * sizeof *dscale);
    pass->kernels->scale_copies_back(&s, chl_pass_in(pass, i, 0), pass->slots[i].gradient,
                                     chl_pass_source_gradient(pass, i, 0), dscale, NULL);
    chl_pass_source_done(pass, i, 0);
}

static void infer(chl_run *run, int i)
{
    int64_t row;
    chl_copies s =
        describe(&run->net->layers[i], run->rows, chl_run_params(run, i, SCALE));
    run->kernels->scale_copies(&s, chl_run_in(run, i, 0, &row), chl_run_out(run, i));
}

const chl_layer_class chl_copies_class = {
    .name = "copies",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .infer = infer,
    .spell = chl_copies_spell,
};
