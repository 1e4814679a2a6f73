/* SPDX-License-Identifier: MIT
 *
 * Lua patterns that a whole text must match, in time linear in the text. Layer:
 * core/data.
 *
 * Single characters, "." (any byte), classes (%a %d %l %s %u %w %x %p %c %g and their
 * upper-case complements), sets [A-Z_], [^0-9], each with *, +, - or ? after it. Both
 * ends are anchored, with or without ^ and $. There are no captures, no %b, %f, %1:
 * without them all ways to match can be followed at once, one bit each, so no pattern
 * runs long.
 */
#ifndef CHL_DATA_PATTERN_H
#define CHL_DATA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

enum { CHL_PATTERN_MAX = 63 };

typedef struct chl_pattern {
    int n;
    struct {
        uint64_t set[4];         /* the bytes that fit */
        bool optional, repeated; /* none will do; several in a row too */
    } items[CHL_PATTERN_MAX];
} chl_pattern;

/* `pattern "[A-": position 1: expected ']'`. */
CHL_MUST_CHECK chl_status chl_pattern_init(chl_pattern *pattern, const char *text,
                                           size_t length, chl_error *err);

bool chl_pattern_matches(const chl_pattern *pattern, const char *text, size_t length);

#endif
