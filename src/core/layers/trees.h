/* SPDX-License-Identifier: MIT
 *
 * Boosted trees as a net, so that a model of them is saved, scored and explained as any
 * other. Layer: core/layers (on trees).
 */
#ifndef CHL_LAYERS_TREES_H
#define CHL_LAYERS_TREES_H

#include "core/nn/net.h"
#include "core/trees/forest.h"

/* Two layers: the forest's margins, then sigmoid (one) or softmax (one a class). */
CHL_MUST_CHECK chl_status chl_net_from_forest(const chl_forest *f, chl_net **out,
                                              chl_error *err);

#endif
