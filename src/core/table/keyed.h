/* SPDX-License-Identifier: MIT
 *
 * The groups of some key columns in sort order. Layer: core/table; inside the room only.
 */
#ifndef CHL_TABLE_KEYED_H
#define CHL_TABLE_KEYED_H

#include "core/data/group.h"

typedef struct keyed {
    int64_t count;   /* groups */
    int64_t *group;  /* [rows] group of each row; groups are numbered in sort order */
    int64_t *first;  /* [count] first row of each group */
    chl_frame *keys; /* the keys of each group, one row a group */
} keyed;

/* Missing keys are a group, sorted last. Zero keys make one group, also of no rows. */
CHL_MUST_CHECK chl_status keyed_init(keyed *k, const chl_frame *frame,
                                     const char *const *names, int n, chl_error *err);
void keyed_reset(keyed *k);

/* The key of group g as text, several columns joined by "_", missing as "NA"; appended to
 * buf, whose `failed` the caller checks. */
struct chl_strbuf;
void keyed_name(const keyed *k, int64_t g, struct chl_strbuf *buf);

#endif
