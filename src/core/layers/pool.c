/* SPDX-License-Identifier: MIT
 *
 * One row from the steps of a sequence that count: their mean, their maximum, or the last
 * of them. A row without any gives zeros. Layer: core/layers.
 */
#include <string.h>

#include "core/nn/pass.h"
#include "core/nn/run.h"

enum { MEAN, MAX, LAST };
static const char *const kinds[] = {"mean", "max", "last", NULL};

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    {"kind", CHL_OPT_CHOICE, offsetof(chl_layer_options, pooling), 0, 0, kinds, 0},
    {0}};

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    (void)net;
    (void)spec;
    (void)where;
    (void)err;
    layer->out.steps = 1;
    return CHL_OK;
}

/* max: where each maximum was found. */
static void room(const chl_net *net, int i, int64_t batch, chl_room *out)
{
    const chl_layer *layer = &net->layers[i];
    bool max = layer->options.pooling == MAX;
    out->kept = max ? batch * chl_row_size(layer->out) : 0;
}

static void pool_mean(const chl_kernels *kernels, int64_t length, int64_t ld,
                      const chl_real *x, chl_real *out)
{
    chl_real share = (chl_real)(1.0 / (double)length);
    memset(out, 0, (size_t)ld * sizeof *out);
    for (int64_t t = 0; t < length; t++) {
        kernels->add_scaled(ld, share, x + t * ld, out);
    }
}

/* The first of equal ones; `found` may be NULL. */
static void pool_max(int64_t length, int64_t ld, const chl_real *x, chl_real *out,
                     int32_t *found)
{
    for (int64_t j = 0; j < ld; j++) {
        int64_t best = 0;
        for (int64_t t = 1; t < length; t++) {
            best = x[t * ld + j] > x[best * ld + j] ? t : best;
        }
        out[j] = x[best * ld + j];
        if (found) {
            found[j] = (int32_t)best;
        }
    }
}

static void pool_rows(const chl_layer *layer, const chl_kernels *kernels, int64_t rows,
                      const int32_t *lengths, const chl_real *x, chl_real *out,
                      int32_t *found)
{
    int64_t ld = chl_padded(layer->out.width);
    for (int64_t r = 0; r < rows; r++, x += layer->in.steps * ld, out += ld) {
        int64_t length = lengths ? lengths[r] : layer->in.steps;
        if (length == 0) {
            memset(out, 0, (size_t)ld * sizeof *out);
        } else if (layer->options.pooling == MEAN) {
            pool_mean(kernels, length, ld, x, out);
        } else if (layer->options.pooling == MAX) {
            pool_max(length, ld, x, out, found ? found + r * ld : NULL);
        } else {
            memcpy(out, x + (length - 1) * ld, (size_t)ld * sizeof *out);
        }
    }
}

static void forward(chl_pass *pass, int i)
{
    const chl_slot *slot = &pass->slots[i];
    pool_rows(&pass->net->layers[i], pass->kernels, pass->rows,
              chl_pass_lengths(pass, chl_source_mask(pass->net, i)),
              chl_pass_in(pass, i, 0), slot->out, (void *)slot->kept);
}

/* dx[steps × ld] is zero before. */
static void spread(const chl_layer *layer, const chl_kernels *kernels, int64_t length,
                   const chl_real *g, const int32_t *found, chl_real *dx)
{
    int64_t ld = chl_padded(layer->out.width);
    switch (layer->options.pooling) {
    case MEAN:
        for (int64_t t = 0; t < length; t++) {
            kernels->add_scaled(ld, (chl_real)(1.0 / (double)length), g, dx + t * ld);
        }
        break;
    case MAX:
        for (int64_t j = 0; j < ld; j++) {
            dx[found[j] * ld + j] = g[j];
        }
        break;
    default: memcpy(dx + (length - 1) * ld, g, (size_t)ld * sizeof *dx); break;
    }
}

static void backward(chl_pass *pass, int i)
{
    const chl_layer *layer = &pass->net->layers[i];
    const int32_t *lengths = chl_pass_lengths(pass, chl_source_mask(pass->net, i));
    int64_t ld = chl_padded(layer->out.width), row = chl_row_size(layer->in);
    const chl_slot *slot = &pass->slots[i];
    const int32_t *found = (const void *)slot->kept;
    chl_real *dx = chl_pass_source_gradient(pass, i, 0);
    if (!dx) {
        return;
    }
    memset(dx, 0, (size_t)(pass->rows * row) * sizeof *dx);
    for (int64_t r = 0; r < pass->rows; r++) {
        int64_t length = lengths ? lengths[r] : layer->in.steps;
        if (length > 0) {
            spread(layer, pass->kernels, length, slot->gradient + r * ld,
                   found ? found + r * ld : NULL, dx + r * row);
        }
    }
    chl_pass_source_done(pass, i, 0);
}

static void infer(chl_run *run, int i)
{
    int64_t row;
    const chl_real *x = chl_run_in(run, i, 0, &row);
    pool_rows(&run->net->layers[i], run->kernels, run->rows,
              chl_run_lengths(run, chl_source_mask(run->net, i)), x, chl_run_out(run, i),
              NULL);
}

const chl_layer_class chl_pool_class = {
    .name = "pool",
    .options = options,
    .most_sources = 1,
    .plan = plan,
    .room = room,
    .forward = forward,
    .backward = backward,
    .infer = infer,
};
