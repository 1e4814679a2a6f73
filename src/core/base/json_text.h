/* SPDX-License-Identifier: MIT
 *
 * The text of a JSON value in our own memory. Layer: core/base, on jansson.
 */
#ifndef CHL_BASE_JSON_TEXT_H
#define CHL_BASE_JSON_TEXT_H

#include <jansson.h>

#include "core/base/status.h"
#include "core/base/strbuf.h"

/* Appends the compact text with sorted keys: equal for equal values. Doubles survive. */
CHL_MUST_CHECK chl_status chl_json_text(const json_t *json, chl_strbuf *out,
                                        chl_error *err);

#endif
