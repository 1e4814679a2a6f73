/* SPDX-License-Identifier: MIT
 *
 * A model's nodes as JSON. Layer: core/model, private.
 *
 *   leaf   {"part":0, …}
 *   mean   {"mean":[{"weight":0.5,"of":node}, …], …}
 *   stack  {"stack":[{"weight":1.2,"of":node}, …],"intercept":-0.1, …}
 *   each   "priors":{"from":[0.5],"to":[0.2]} and "calibration":{…} where it has them; of
 *          classes one number a class, and a list of calibrations or one of all
 */
#ifndef CHL_MODEL_NODE_JSON_H
#define CHL_MODEL_NODE_JSON_H

#include <jansson.h>

#include "core/model/model_private.h"

/* Puts the node's own corrections into an object. */
CHL_MUST_CHECK chl_status model_corrections_to_json(const model_node *node, int outputs,
                                                    json_t *json, chl_error *err);
/* Reads them into a node without any. */
CHL_MUST_CHECK chl_status model_corrections_from_json(const json_t *json, int outputs,
                                                      model_node *node, chl_error *err);

/* A new reference. */
CHL_MUST_CHECK chl_status model_node_to_json(const model_node *node, int outputs,
                                             json_t **out, chl_error *err);
/* Every part of 0 … parts-1 must be some leaf's. */
CHL_MUST_CHECK chl_status model_node_from_json(const json_t *json, int parts, int outputs,
                                               model_node **out, chl_error *err);

#endif
