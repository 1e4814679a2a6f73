/* SPDX-License-Identifier: MIT
 *
 * What fuzzers share.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/data/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(int condition)
{
    if (!condition) {
        abort();
    }
}

/* Names and types of a frame's columns, as the options of readers take them. */
typedef struct typed_columns {
    const char **names;
    chl_type *types;
    int count;
} typed_columns;

static inline typed_columns typed_columns_of(const chl_frame *frame)
{
    size_t n = (size_t)frame->columns;
    typed_columns t = {.names = chl_alloc(n, sizeof *t.names),
                       .types = chl_alloc(n, sizeof *t.types),
                       .count = frame->columns};
    check(t.names && t.types);
    for (size_t i = 0; i < n; i++) {
        t.names[i] = frame->fields[i].name;
        t.types[i] = frame->fields[i].column->type;
    }
    return t;
}

static inline void typed_columns_reset(typed_columns *t)
{
    chl_free(t->names);
    chl_free(t->types);
}

#endif
