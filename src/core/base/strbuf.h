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

/* The shortest decimal text that reads back as exactly this double; an integral value
 * below 1e15 has no point ("3", not "3.0"). At most 32 bytes with the NUL. */
void chl_format_double(double value, char text[32]);

#endif
