/* SPDX-License-Identifier: MIT
 *
 * A growing byte string. Layer: core/base. Init with {0} or chl_strbuf_init; after a
 * failed append `failed` is set and later appends do nothing, so callers check once at
 * the end.
 */
#ifndef CHL_BASE_STRBUF_H
#define CHL_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/decimal.h"
#include "core/base/status.h"

typedef struct chl_strbuf {
    char *data;      /* NUL-terminated once anything was appended; NULL before */
    size_t length;   /* bytes without the NUL */
    size_t capacity; /* bytes allocated */
    bool failed;     /* an append ran out of memory */
} chl_strbuf;

void chl_strbuf_init(chl_strbuf *buf);
void chl_strbuf_reset(chl_strbuf *buf);

void chl_strbuf_append(chl_strbuf *buf, const char *bytes, size_t n);
void chl_strbuf_puts(chl_strbuf *buf, const char *text);
void chl_strbuf_putc(chl_strbuf *buf, char c);
void chl_strbuf_printf(chl_strbuf *buf, const char *fmt, ...) CHL_PRINTF(2, 3);

/* n bytes behind the text for the caller to fill, who then adds to `length` and puts a
 * NUL behind; NULL without memory. */
char *chl_strbuf_room(chl_strbuf *buf, size_t n);

#endif
