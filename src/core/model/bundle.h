/* SPDX-License-Identifier: MIT
 *
 * A saved model: one file in the safetensors format (8-byte little-endian header length,
 * JSON header, tensors). Layer: core/model.
 *
 * Header: one entry a tensor ("net.0.0.weight": dtype, shape, data_offsets; nets are
 * counted over all parts) and "__metadata__", whose values are strings, as the format
 * demands:
 *
 *   churnlab.format    "2"; "1" of a model that was loaded from that format and has not
 *                      changed
 *   churnlab.model     the JSON of signature, prep, architecture, calibration, background
 *   churnlab.metadata  the JSON of what else the model carries (training lineage,
 *                      thresholds, the logistic baseline …)
 *   churnlab.sha256    the JSON of one SHA-256 per part: the two above and every tensor
 *
 * Loading never runs code, checks every length, offset, shape, number and hash, and names
 * the part that is wrong.
 */
#ifndef CHL_MODEL_BUNDLE_H
#define CHL_MODEL_BUNDLE_H

#include "core/base/hash.h"
#include "core/base/strbuf.h"
#include "core/model/model.h"

enum { CHL_BUNDLE_FORMAT = 2, CHL_BUNDLE_BYTES_MAX = 1 << 30 };

/* Writes to a temporary file in the same folder, syncs, renames. */
CHL_MUST_CHECK chl_status chl_bundle_save(const chl_model *model, const char *path,
                                          chl_error *err);
/* CHL_EIO when the file cannot be read, CHL_EFORMAT when it is no sound bundle. */
CHL_MUST_CHECK chl_status chl_bundle_load(const char *path, chl_model **out,
                                          chl_error *err);

/* The same in memory. `bytes` is appended to; `name` serves messages. */
CHL_MUST_CHECK chl_status chl_bundle_format(const chl_model *model, chl_strbuf *bytes,
                                            chl_error *err);
CHL_MUST_CHECK chl_status chl_bundle_parse(const unsigned char *bytes, size_t n,
                                           const char *name, chl_model **out,
                                           chl_error *err);

/* SHA-256 over all parts but the free metadata: the model's identity, equal for equal
 * weights, prep, calibration and background. A model that was loaded keeps that of its
 * file until it changes. */
CHL_MUST_CHECK chl_status chl_bundle_hash(const chl_model *model,
                                          char hex[CHL_SHA256_HEX], chl_error *err);

#endif
