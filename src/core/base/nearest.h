/* SPDX-License-Identifier: MIT
 *
 * "Did you mean": the nearest known name by edit distance (insert, delete, replace, swap
 * of two neighbours; letter case counts for little). Layer: core/base.
 */
#ifndef CHL_BASE_NEAREST_H
#define CHL_BASE_NEAREST_H

#include <stddef.h>

#include "core/base/status.h"

/* Borrowed pointer to the best of `names`, or NULL when none is near enough to suggest.
 */
const char *chl_nearest(const char *name, const char *const *names, size_t n);

/* Fails with CHL_ENAME: "<where>: unknown <kind> '<name>' (did you mean 'x'?)"; without a
 * near name the known ones are listed. An empty `where` is left out. */
chl_status chl_fail_unknown(chl_error *err, const char *where, const char *kind,
                            const char *name, const char *const *names, size_t n);

#endif
