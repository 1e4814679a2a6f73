/* SPDX-License-Identifier: MIT
 *
 * Predicting many rows: blocks that stay in the cache. Layer: core/nn.
 */
#include "core/nn/run.h"

static chl_status predict_block(chl_run *run, const double *x, int64_t rows, double *out,
                                chl_error *err)
{
    const chl_net *net = run->net;
    run->rows = rows;
    if (net->input_row == net->inputs) { /* no padding: the block is one long row */
        run->kernels->convert(x, 1, rows * net->inputs, chl_run_input(run),
                              rows * net->inputs);
    } else {
        run->kernels->convert(x, rows, net->inputs, chl_run_input(run), net->input_row);
    }
    chl_run_layers(run, 0);
    CHL_TRY(chl_run_status(run, err));
    chl_run_finish(run, out);
    return CHL_OK;
}

chl_status chl_net_predict(const chl_net *net, const double *x, int64_t n, double *out,
                           chl_error *err)
{
    chl_packed packed;
    chl_run run;
    int64_t block = chl_run_capacity(net);
    block = n < 1 ? 1 : n < block ? n : block;
    CHL_TRY(chl_packed_init(&packed, net, err));
    chl_packed_load(&packed, net);
    chl_packed_fold(&packed, net);
    chl_packed_turn_single(&packed, net);
    chl_status status = chl_run_init(&run, net, &packed, block, err);
    for (int64_t i = 0; status == CHL_OK && i < n; i += block) {
        status = predict_block(&run, x + i * net->inputs, n - i < block ? n - i : block,
                               out + i * net->outputs, err);
    }
    chl_run_reset(&run);
    chl_packed_reset(&packed);
    return status;
}
