/* SPDX-License-Identifier: MIT
 *
 * A model as JSON, all but its tensors and free metadata. Layer: core/model.
 *
 *   {"signature":{"target":"Exited","positive":"1","id":"CustomerId"},
 *    "prep":{…}, "nets":[{"inputs":13,"layers":[…]}, …], "calibration":{…}|null,
 *    "background":{"rows":100,"columns":[…]}}
 *
 * That is format 1. Since format 2 there may be "priors" beside "calibration" (as in
 * node_json.h), the signature may have "classes":{"type":"i64","ordered":true,"names":
 * ["1","2","3"]}, with a calibration for each class or one of all, and instead of prep,
 * nets, calibration and priors there may be "parts":[{"prep":…,"nets":…}, …] and
 * "mix":node. "whole" beside "nets": the same nets with all of their heads.
 */
#ifndef CHL_MODEL_MODEL_JSON_H
#define CHL_MODEL_MODEL_JSON_H

#include <jansson.h>

#include "core/model/model.h"

/* A new reference. */
CHL_MUST_CHECK chl_status chl_model_to_json(const chl_model *model, json_t **out,
                                            chl_error *err);
/* A model whose nets hold zeros. A net that asks for more than `weight_bytes` of tensors
 * is refused before it is built. Messages start with the part: "prep: …". */
CHL_MUST_CHECK chl_status chl_model_from_json(const json_t *json, size_t weight_bytes,
                                              chl_model **out, chl_error *err);

#endif
