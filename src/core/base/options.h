/* SPDX-License-Identifier: MIT
 *
 * Option tables as data. Layer: core/base, on jansson.
 *
 * Every specification (a prep step, a layer, training options) reaches the core as one
 * JSON object; a table of chl_option says which keys exist, their types and bounds, and
 * where each value goes in a struct. Unknown keys are errors with a suggestion. Defaults
 * are what the struct holds before the call.
 */
#ifndef CHL_BASE_OPTIONS_H
#define CHL_BASE_OPTIONS_H

#include <jansson.h>
#include <stddef.h>

#include "core/base/status.h"

typedef enum chl_option_type {
    CHL_OPT_DOUBLE, /* double: a finite JSON number in [min, max] */
    CHL_OPT_INT,    /* int64_t: an integral JSON number in [min, max] */
    CHL_OPT_BOOL,   /* bool */
    CHL_OPT_CHOICE, /* int: the position of the string in `choices` */
    CHL_OPT_STRING, /* const char *: borrowed from the JSON object */
    CHL_OPT_JSON,   /* const json_t *: borrowed, any value; the caller checks it */
    CHL_OPT_IGNORE  /* known here, read by somebody else */
} chl_option_type;

typedef struct chl_option {
    const char *name; /* the key */
    chl_option_type type;
    size_t offset;              /* offsetof the target in the struct */
    double min, max;            /* closed bounds; both 0 = unbounded */
    const char *const *choices; /* CHL_OPT_CHOICE: NULL-terminated words */
    int required;               /* the key must be there */
} chl_option;

/* Reads `object` (an object, or NULL for "all defaults") into the struct at `out`.
 * `where` starts the messages ("dense", "fit"). The table ends with a NULL name. JSON
 * null counts as absent. */
CHL_MUST_CHECK chl_status chl_options_read(const json_t *object, const char *where,
                                           const chl_option *table, void *out,
                                           chl_error *err);

/* The other way: sets every double, integer, boolean and choice of the table in the JSON
 * object. */
CHL_MUST_CHECK chl_status chl_options_write(const chl_option *table, const void *values,
                                            json_t *object, chl_error *err);

/* "a number", "a string", "a list" … : for messages. */
const char *chl_json_type_name(const json_t *value);

#endif
