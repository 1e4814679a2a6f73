/* SPDX-License-Identifier: MIT
 *
 * The kernels of one instruction set: included by kernels.c once for each, with VARIANT
 * (a name) and WIDTH (bytes of a vector). Layer: core/nn. No include guard on purpose.
 */
#include "core/nn/kernels_vector.h"

#include "core/nn/kernels_product.h"

#include "core/nn/kernels_turn.h"

#include "core/nn/kernels_elementwise.h"

#include "core/nn/kernels_finish.h"

#include "core/nn/kernels_sums.h"

#include "core/nn/kernels_train.h"

#include "core/nn/kernels_recurrent.h"

#include "core/nn/kernels_softmax.h"

#include "core/nn/kernels_step.h"

#include "core/nn/kernels_copies.h"

#include "core/nn/kernels_rows.h"

static const chl_kernels KERNEL(kernels) = {
    .name = KERNEL(variant_name),
    .product = KERNEL(product),
    .turn = KERNEL(turn),
    .convert = KERNEL(convert),
    .activate = KERNEL(activate),
    .activate_back = KERNEL(activate_back),
    .dot = KERNEL(dot),
    .sigmoid = KERNEL(sigmoid),
    .affine = KERNEL(affine),
    .column_sums = KERNEL(column_sums),
    .multiply = KERNEL(multiply),
    .add_scaled = KERNEL(add_scaled),
    .row_sums = KERNEL(row_sums),
    .add_rows = KERNEL(add_rows),
    .relu_sums = KERNEL(relu_sums),
    .relu_cube = KERNEL(relu_cube),
    .mask = KERNEL(mask),
    .drop = KERNEL(drop),
    .drop_back = KERNEL(drop_back),
    .norm = KERNEL(norm),
    .norm_back = KERNEL(norm_back),
    .adam = KERNEL(adam),
    .nadam = KERNEL(nadam),
    .rmsprop = KERNEL(rmsprop),
    .sgd = KERNEL(sgd),
    .scale_copies = KERNEL(scale_copies),
    .scale_copies_back = KERNEL(scale_copies_back),
    .add_products = KERNEL(add_products),
    .row_norm = KERNEL(row_norm),
    .row_norm_back = KERNEL(row_norm_back),
    .waves = KERNEL(waves),
    .waves_back = KERNEL(waves_back),
    .units_back = KERNEL(units_back),
    .square_sum = KERNEL(square_sum),
    .penalty = KERNEL(penalty),
    .lstm = KERNEL(lstm),
    .lstm_back = KERNEL(lstm_back),
    .gru = KERNEL(gru),
    .gru_back = KERNEL(gru_back),
    .row_softmax = KERNEL(row_softmax),
    .row_softmax_back = KERNEL(row_softmax_back),
};

#undef V
#undef I
#undef U64
#undef VL
#undef SPLAT
#undef FMA
#undef SQRT
#undef MAX
#undef MIN
#undef MUL32
#undef ROWS
