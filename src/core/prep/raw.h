/* SPDX-License-Identifier: MIT
 *
 * The raw columns of a fitted prep: what training read and scoring asks for. Layer:
 * core/prep.
 */
#ifndef CHL_PREP_RAW_H
#define CHL_PREP_RAW_H

#include <jansson.h>

#include "core/prep/layout.h"
#include "core/prep/work.h"

typedef struct chl_raw {
    char *name; /* owned */
    chl_type type;
    chl_levels *levels; /* category only: the training frame's, an owned reference */
} chl_raw;

typedef struct chl_raws {
    chl_raw *list;
    int n;
} chl_raws;

void chl_raws_reset(chl_raws *raws);
/* Every column of the frame but target and id. Names and levels must be UTF-8. */
CHL_MUST_CHECK chl_status chl_raws_from_frame(const chl_frame *frame, chl_raws *out,
                                              chl_error *err);
/* Keeps the raw columns i with keep[i]. */
void chl_raws_filter(chl_raws *raws, const bool *keep);

/* Starts a layout: raw column i is slot i. */
CHL_MUST_CHECK chl_status chl_raws_bind(const chl_raws *raws, chl_layout *layout,
                                        chl_error *err);
/* Fills the cells of the raw slots from a frame's columns, found by name and cast where
 * every value can be kept. */
CHL_MUST_CHECK chl_status chl_raws_read(const chl_raws *raws, const chl_layout *layout,
                                        const chl_frame *frame, chl_work *work,
                                        chl_error *err);

CHL_MUST_CHECK chl_status chl_raws_to_json(const chl_raws *raws, json_t **out,
                                           chl_error *err);
CHL_MUST_CHECK chl_status chl_raws_from_json(const json_t *json, chl_raws *out,
                                             chl_error *err);

#endif
