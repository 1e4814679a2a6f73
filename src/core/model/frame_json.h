/* SPDX-License-Identifier: MIT
 *
 * A small frame as JSON and back, exactly: for the background rows inside a bundle.
 * Layer: core/model.
 *
 *   {"rows":2,"columns":[{"name":"Age","type":"f64","values":[41.5,null]}, …]}
 *
 * Dates are "2026-11-22", timestamps "2026-11-22 10:00:00", categories their level's
 * name; a category's levels come back in the order of their first appearance. Text must
 * be UTF-8.
 */
#ifndef CHL_MODEL_FRAME_JSON_H
#define CHL_MODEL_FRAME_JSON_H

#include <jansson.h>

#include "core/data/frame.h"

/* A new reference in *out. Text that JSON cannot hold is CHL_EINVAL with its column. */
CHL_MUST_CHECK chl_status chl_frame_to_json(const chl_frame *frame, json_t **out,
                                            chl_error *err);
/* CHL_EFORMAT with the column and row that is wrong. */
CHL_MUST_CHECK chl_status chl_frame_from_json(const json_t *json, chl_frame **out,
                                              chl_error *err);

#endif
