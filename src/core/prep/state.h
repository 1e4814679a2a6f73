/* SPDX-License-Identifier: MIT
 *
 * Reading and writing what a step learned: members of a JSON object, each a list with one
 * item a column. Layer: core/prep. Reading trusts nothing: types, lengths and ranges are
 * checked.
 */
#ifndef CHL_PREP_STATE_H
#define CHL_PREP_STATE_H

#include <jansson.h>

#include "core/data/column.h"

/* Names that borrow from the JSON; each once, none empty, none with NUL. */
typedef struct chl_names {
    const char **list; /* the array is owned */
    int n;
} chl_names;

CHL_MUST_CHECK chl_status chl_names_read(const json_t *list, chl_names *out,
                                         chl_error *err);
void chl_names_reset(chl_names *names);

/* The member `key` as names. */
CHL_MUST_CHECK chl_status chl_state_names(const json_t *state, const char *key,
                                          chl_names *out, chl_error *err);
/* The member `key` as a list of exactly n finite numbers: *out is new, to be freed. */
CHL_MUST_CHECK chl_status chl_state_numbers(const json_t *state, const char *key, int n,
                                            double **out, chl_error *err);
/* As above with true and false. */
CHL_MUST_CHECK chl_status chl_state_flags(const json_t *state, const char *key, int n,
                                          bool **out, chl_error *err);
/* Item i of the member `key`, itself a list of distinct level names (maybe empty): their
 * codes are their positions. A new reference. */
CHL_MUST_CHECK chl_status chl_state_levels(const json_t *state, const char *key, int i,
                                           chl_levels **out, chl_error *err);
/* The member `key`, a list of exactly n items. Borrowed. */
CHL_MUST_CHECK chl_status chl_state_list(const json_t *state, const char *key, int n,
                                         const json_t **out, chl_error *err);
/* The same for any list value; `what` names it in messages. */
CHL_MUST_CHECK chl_status chl_json_numbers(const json_t *list, const char *what,
                                           int64_t n, double **out, chl_error *err);

CHL_MUST_CHECK chl_status chl_state_put_names(json_t *state, const char *key,
                                              const char *const *names, int n,
                                              chl_error *err);
CHL_MUST_CHECK chl_status chl_state_put_numbers(json_t *state, const char *key,
                                                const double *values, int n,
                                                chl_error *err);
CHL_MUST_CHECK chl_status chl_state_put_flags(json_t *state, const char *key,
                                              const bool *values, int n, chl_error *err);
/* Takes the item (NULL fails as out of memory) and appends it to the list `key`. */
CHL_MUST_CHECK chl_status chl_state_append(json_t *state, const char *key, json_t *item,
                                           chl_error *err);
/* The names of levels, and numbers, as new lists; NULL when memory is out. */
json_t *chl_levels_to_json(const chl_levels *levels);
json_t *chl_numbers_to_json(const double *values, int64_t n);

#endif
