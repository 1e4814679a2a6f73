/* SPDX-License-Identifier: MIT
 *
 * The inside of a prep, for prep.c and prep_json.c. Layer: core/prep.
 */
#ifndef CHL_PREP_PREP_PRIVATE_H
#define CHL_PREP_PREP_PRIVATE_H

#include "core/prep/prep.h"
#include "core/prep/raw.h"
#include "core/prep/step.h"

struct chl_prep {
    chl_step **steps; /* [n], owned */
    size_t n, capacity;
    bool fitted;
    chl_raws raws;     /* from here on: once fitted */
    chl_layout layout; /* all slots, from raw to encoded */
    int *encoded;      /* slots of the matrix's columns */
    int n_encoded;
};

/* From raw columns and fitted steps to layout and encoded columns: fitted afterwards. */
CHL_MUST_CHECK chl_status chl_prep_bind(chl_prep *prep, chl_error *err);

#endif
