/* SPDX-License-Identifier: MIT
 *
 * What a model is trained on: the rows whose target is known, and their hash. Layer:
 * core/model.
 */
#ifndef CHL_MODEL_LINEAGE_H
#define CHL_MODEL_LINEAGE_H

#include "core/base/control.h"
#include "core/base/hash.h"
#include "core/data/frame.h"

/* The rows with a target, as a new reference; *dropped counts the others. A frame without
 * a target, or none of whose rows has one, is an error that starts with `where`, and so
 * is a target whose positive values are not known, unless `any` value will do. */
CHL_MUST_CHECK chl_status chl_frame_labelled(const chl_frame *frame, const char *where,
                                             bool any, chl_frame **out, int64_t *dropped,
                                             chl_error *err);

/* SHA-256 of the columns' SHA-256, in their order; each over name, type, missing rows and
 * cells: equal for equal frames, whatever file or verb they come from. */
CHL_MUST_CHECK chl_status chl_frame_sha256(const chl_frame *frame,
                                           const chl_control *control,
                                           char hex[CHL_SHA256_HEX], chl_error *err);

#endif
