/* SPDX-License-Identifier: MIT
 *
 * What the layers of TabM share: k predictions for a row by one net, from numbers that
 * each copy has beside the shared weights (Gorishniy, Kotelnikov, Babenko: "TabM", ICLR
 * 2025; Wen, Tran, Ba: "BatchEnsemble", ICLR 2020). Layer: core/layers, not for other
 * rooms.
 */
#ifndef CHL_LAYERS_COPIES_H
#define CHL_LAYERS_COPIES_H

#include "core/nn/layer.h"

enum { CHL_COPIES_MAX = 1024 };

typedef enum chl_copies_init {
    CHL_INIT_AUTO, /* signs where the copies begin, ones elsewhere */
    CHL_INIT_ONES,
    CHL_INIT_SIGNS, /* 1 or -1 */
    CHL_INIT_NORMAL
} chl_copies_init;

extern const char *const chl_copies_init_names[]; /* NULL-terminated */

/* Options of a layer in which the copies begin or go on. */
#define CHL_COPIES_OPTIONS(required)                                                     \
    CHL_LAYER_OPTION(copies, CHL_OPT_INT, 2, CHL_COPIES_MAX, required),                  \
        {"init",                                                                         \
         CHL_OPT_CHOICE,                                                                 \
         offsetof(chl_layer_options, init),                                              \
         0,                                                                              \
         0,                                                                              \
         chl_copies_init_names,                                                          \
         0},                                                                             \
    {                                                                                    \
        "groups", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0                                       \
    }

/* Sets out.steps and reads `groups`, sizes of neighbouring columns that start with one
 * scale: they add up to the width. */
CHL_MUST_CHECK chl_status chl_copies_plan(chl_layer *layer, const json_t *spec,
                                          const char *where, chl_error *err);
chl_status chl_copies_spell(const chl_layer *layer, json_t *spec, chl_error *err);
/* The initial scales of tensor k [copies × width]. */
void chl_copies_init_scales(chl_net *net, int i, int k, chl_rng *rng);
/* numbers[n] uniform within ±1 / sqrt(in). */
void chl_uniform_init(chl_real *numbers, int64_t n, int in, chl_rng *rng);
static inline bool chl_copies_begin(const chl_layer *layer)
{
    return layer->in.steps == 1;
}

#endif
