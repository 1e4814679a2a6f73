/* SPDX-License-Identifier: MIT
 *
 * A saved model: one file in the safetensors format (8-byte little-endian header length,
 * JSON header, tensors). Layer: core/model.
 *
 * Header: one entry a tensor ("net.0.0.weight": dtype, shape, data_offsets) and
 * "__metadata__", whose values are strings, as the format demands: "churnlab.format" =
 * "1", "churnlab.model" = the JSON of signature, prep, architecture, calibration,
 * thresholds and lineage, "churnlab.sha256" = the JSON of one SHA-256 per part (the model
 * JSON and every tensor). Loading never runs code, checks every length, offset, shape and
 * hash, and names the part that is wrong.
 */
#ifndef CHL_MODEL_BUNDLE_H
#define CHL_MODEL_BUNDLE_H

#include "core/model/model.h"

enum { CHL_BUNDLE_FORMAT = 1 };

/* Writes to a temporary file in the same folder, syncs, renames. */
CHL_MUST_CHECK chl_status chl_bundle_save(const chl_model *model, const char *path,
                                          chl_error *err);
CHL_MUST_CHECK chl_status chl_bundle_load(const char *path, chl_model **out,
                                          chl_error *err);
/* The same from memory, for tests and fuzzers; `name` serves messages. */
CHL_MUST_CHECK chl_status chl_bundle_parse(const unsigned char *bytes, size_t n,
                                           const char *name, chl_model **out,
                                           chl_error *err);
/* SHA-256 over all parts: the model's identity, equal for equal weights, prep and
 * calibration. */
CHL_MUST_CHECK chl_status chl_bundle_hash(const chl_model *model, char hex[65],
                                          chl_error *err);

#endif
