/* SPDX-License-Identifier: MIT
 *
 * What is known about the columns between the steps of a prep before any row is read:
 * names, types, lineage. Layer: core/prep.
 *
 * Slots are only ever appended. A step that replaces a column kills its slot and adds new
 * ones, so the number of a slot stands for one column during the whole run, and fitted
 * steps work by number. The first slots are the raw columns, in their order.
 */
#ifndef CHL_PREP_LAYOUT_H
#define CHL_PREP_LAYOUT_H

#include <stdbool.h>

#include "core/data/column.h"
#include "core/data/frame.h"

/* Which types a step can work on. */
enum { CHL_TAKES_NUMBERS = 1, CHL_TAKES_TEXT = 2, CHL_TAKES_DATES = 4 };

typedef struct chl_slot {
    char *name;         /* owned; unique among the living */
    chl_type type;      /* as derive sees it; a number that a step changed is f64 */
    chl_levels *levels; /* category only: an owned reference */
    int lineage;        /* index of its chl_lineage */
    bool alive;         /* not yet replaced or dropped */
    bool indicator;     /* a 0/1 column that one-hot or a missing flag made, or one of a
                           sequence: later steps leave it alone */
    int nominal;        /* equal, from 1, for the indicators of one feature; 0 = none */
    bool touched;       /* some step other than drop read it */
    bool exact;         /* an expression reads it: categories keep the training codes */
} chl_slot;

/* The raw columns that a column is computed from: rising numbers without repeats. */
typedef struct chl_lineage {
    int *raws;
    int n;
} chl_lineage;

typedef struct chl_layout {
    chl_slot *slots;
    int n;
    size_t capacity;
    chl_lineage *lineages;
    int n_lineages;
    size_t lineage_capacity, lineage_items;
    chl_levels *names; /* every name ever used … */
    int *latest;       /* … and the last slot that took it */
    size_t latest_capacity;
} chl_layout;

CHL_MUST_CHECK chl_status chl_layout_init(chl_layout *layout, chl_error *err);
void chl_layout_reset(chl_layout *layout); /* also after a failed or no init */

/* A raw column: its lineage is itself. `levels` (category only) is retained. */
CHL_MUST_CHECK chl_status chl_layout_add_raw(chl_layout *layout, const char *name,
                                             chl_type type, chl_levels *levels,
                                             chl_error *err);
/* A made column. Fails when a living column has the name. */
CHL_MUST_CHECK chl_status chl_layout_add(chl_layout *layout, const char *name,
                                         chl_type type, int lineage, int *slot,
                                         chl_error *err);
/* The lineage of something computed from these slots: a new number. */
CHL_MUST_CHECK chl_status chl_layout_join(chl_layout *layout, const int *slots, int n,
                                          int *lineage, chl_error *err);

/* The living slot of that name, or -1. */
int chl_layout_find(const chl_layout *layout, const char *name);
/* As above; a missing name fails with the nearest living one. */
CHL_MUST_CHECK chl_status chl_layout_require(const chl_layout *layout, const char *where,
                                             const char *name, int *slot, chl_error *err);

/* CHL_TAKES_… of a type. */
int chl_layout_kind(chl_type type);

/* A zero-row frame of these slots: what an expression over them is checked against. A new
 * reference. */
CHL_MUST_CHECK chl_status chl_layout_schema(const chl_layout *layout, const int *slots,
                                            int n, chl_frame **out, chl_error *err);

#endif
