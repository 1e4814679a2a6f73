/* SPDX-License-Identifier: MIT
 *
 * A loss that the caller computes, such as one written in Lua: it gets a batch in double
 * and gives sum and gradient. Layer: core/train.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/nn/layer.h"
#include "core/train/loss.h"

static const chl_option options[] = {CHL_LOSS_COMMON,
                                     CHL_LOSS_OPTION(labels, CHL_OPT_INT, 1, 65536),
                                     CHL_LOSS_OPTION(classes, CHL_OPT_INT, 2, 65536),
                                     CHL_LOSS_OPTION(check, CHL_OPT_BOOL, 0, 0),
                                     {0}};

static bool fits(int width, int activation)
{
    (void)width;
    (void)activation;
    return true;
}

static chl_status check(const chl_loss *loss, int width, chl_error *err)
{
    (void)width;
    return loss->classes > 0 && loss->labels > 1
               ? chl_fail(
                     err, CHL_EINVAL,
                     "lua_loss: option 'labels': expected 1 where there are classes, "
                     "got %lld",
                     (long long)loss->labels)
               : CHL_OK;
}

const chl_loss_class chl_custom_class = {
    .name = "lua", .options = options, .head = "any units", .fits = fits, .check = check};

/* ---- a batch ---- */

/* The batch in double, in one block that `z` owns. */
static chl_status open_batch(const chl_loss *loss, const chl_loss_batch *b,
                             chl_custom_batch *out, chl_error *err)
{
    int64_t n = b->rows * b->width;
    double *block = chl_alloc((size_t)(2 * n + b->rows), sizeof *block);
    *out = (chl_custom_batch){.head = loss->head,
                              .rows = b->rows,
                              .width = b->width,
                              .labels = (int)loss->labels,
                              .z = block,
                              .y = b->y};
    if (!block) {
        return chl_fail_memory(err);
    }
    out->g = block + n;
    out->w = block + 2 * n;
    for (int64_t i = 0; i < b->rows; i++) {
        for (int k = 0; k < b->width; k++) {
            out->z[i * b->width + k] = (double)b->z[i * b->ld + k];
        }
        out->w[i] = b->w ? b->w[i] : 1;
    }
    return CHL_OK;
}

static void write_gradient(const chl_custom_batch *from, const chl_loss_batch *b)
{
    memset(b->g, 0, (size_t)(b->rows * b->ld) * sizeof *b->g);
    for (int64_t i = 0; i < b->rows; i++) {
        for (int k = 0; k < b->width; k++) {
            b->g[i * b->ld + k] = (chl_real)(b->scale * from->g[i * b->width + k]);
        }
    }
}

chl_status chl_loss_evaluate(const chl_loss *loss, const chl_loss_batch *b, double *sum,
                             chl_error *err)
{
    if (loss->class != &chl_custom_class) {
        *sum = chl_loss_batch_sum(loss, b);
        return CHL_OK;
    }
    chl_custom_batch batch;
    CHL_TRY(open_batch(loss, b, &batch, err));
    chl_status status = loss->call(loss->call_ctx, &batch, err);
    if (status == CHL_OK) {
        *sum = batch.sum;
        if (b->g) {
            write_gradient(&batch, b);
        }
    }
    chl_free(batch.z);
    return status;
}

/* ---- its gradient against finite differences ---- */

enum { PROBES = 16 };
static const double STEP = 1e-4, TOLERANCE = 1e-3;

static chl_status loss_at(const chl_loss *loss, chl_custom_batch *batch, int64_t at,
                          double z, double *sum, chl_error *err)
{
    double held = batch->z[at];
    batch->z[at] = z;
    chl_status status = loss->call(loss->call_ctx, batch, err);
    batch->z[at] = held;
    *sum = batch->sum;
    return status;
}

/* One number of the gradient; where the loss has a bend nothing is said. */
static chl_status probe(const chl_loss *loss, chl_custom_batch *batch, int64_t at,
                        double middle, double given, chl_error *err)
{
    double up, down, z = batch->z[at], h = STEP * (1 + fabs(z));
    CHL_TRY(loss_at(loss, batch, at, z + h, &up, err));
    CHL_TRY(loss_at(loss, batch, at, z - h, &down, err));
    double right = (up - middle) / h, left = (middle - down) / h;
    double difference = (up - down) / (2 * h);
    double room =
        TOLERANCE * (1 + fmax(fabs(difference), fabs(given))) + fabs(middle) * 1e-12 / h;
    if (fabs(right - left) > 10 * room || fabs(difference - given) <= room) {
        return CHL_OK;
    }
    return chl_fail(err, CHL_EINVAL,
                    "lua_loss: row %lld of the first batch, output %d: the gradient is "
                    "%.6g, but finite differences of the loss give %.6g (check = false "
                    "leaves this test out)",
                    (long long)(at / batch->width) + 1, (int)(at % batch->width) + 1,
                    given, difference);
}

chl_status chl_loss_check_gradient(const chl_loss *loss, const chl_loss_batch *b,
                                   chl_error *err)
{
    if (loss->class != &chl_custom_class || !loss->check) {
        return CHL_OK;
    }
    chl_custom_batch batch;
    CHL_TRY(open_batch(loss, b, &batch, err));
    double given[PROBES], middle = 0;
    int64_t n = b->rows * b->width, probes = n < PROBES ? n : PROBES;
    chl_status status = loss->call(loss->call_ctx, &batch, err);
    middle = batch.sum;
    for (int64_t i = 0; status == CHL_OK && i < probes; i++) {
        given[i] = batch.g[i * n / probes];
    }
    for (int64_t i = 0; status == CHL_OK && i < probes; i++) {
        status = probe(loss, &batch, i * n / probes, middle, given[i], err);
    }
    chl_free(batch.z);
    return status;
}
