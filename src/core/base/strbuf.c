/* SPDX-License-Identifier: MIT */
#include "core/base/strbuf.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

void chl_strbuf_init(chl_strbuf *buf)
{
    *buf = (chl_strbuf){0};
}

void chl_strbuf_reset(chl_strbuf *buf)
{
    chl_free(buf->data);
    chl_strbuf_init(buf);
}

static bool reserve(chl_strbuf *buf, size_t extra)
{
    if (buf->failed) {
        return false;
    }
    char *grown = chl_grow(buf->data, &buf->capacity, buf->length + extra + 1, 1);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->data = grown;
    return true;
}

char *chl_strbuf_room(chl_strbuf *buf, size_t n)
{
    return reserve(buf, n) ? buf->data + buf->length : NULL;
}

void chl_strbuf_append(chl_strbuf *buf, const char *bytes, size_t n)
{
    if (reserve(buf, n)) {
        if (n) {
            memcpy(buf->data + buf->length, bytes, n);
        }
        buf->length += n;
        buf->data[buf->length] = '\0';
    }
}

void chl_strbuf_puts(chl_strbuf *buf, const char *text)
{
    chl_strbuf_append(buf, text, strlen(text));
}

void chl_strbuf_putc(chl_strbuf *buf, char c)
{
    chl_strbuf_append(buf, &c, 1);
}

void chl_strbuf_printf(chl_strbuf *buf, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (need < 0 || !reserve(buf, (size_t)need)) {
        buf->failed = true;
        return;
    }
    va_start(args, fmt);
    vsnprintf(buf->data + buf->length, (size_t)need + 1, fmt, args);
    va_end(args);
    buf->length += (size_t)need;
}
