/* SPDX-License-Identifier: MIT
 *
 * The role `positive`: the target's value that counts as 1, or several. Layer: core/data.
 *
 * It is one text, so that frames, column files and models can carry it: the value as CSV
 * prints it, or a JSON list of such values, such as ["4","5"]. A single value that looks
 * like a list is written as a list of one.
 */
#ifndef CHL_DATA_POSITIVE_H
#define CHL_DATA_POSITIVE_H

#include <jansson.h>

#include "core/data/column.h"

/* The values as a new list of strings, empty for NULL; NULL when memory is out. */
json_t *chl_positive_list(const char *positive);
/* The text of a list of at least one string; chl_free. NULL when memory is out or the
 * values are not UTF-8. */
char *chl_positive_text(const json_t *list);
/* Whether a cell's text is that value: as text, or in a column of numbers as number
 * ("true" is 1). */
bool chl_positive_is(const char *value, chl_type type, const char *text);

#endif
