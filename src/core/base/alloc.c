/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* madvise */
#include "core/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64 };

/* From LARGE bytes on, memory is asked for in huge pages: the first touch of 8 MB in
 * small pages costs more than filling them. */
enum { HUGE_PAGE = 2 << 20, LARGE = HUGE_PAGE };

static int multiply(size_t n, size_t size, size_t *bytes)
{
    if (size != 0 && n > (SIZE_MAX - ALIGNMENT) / size) {
        return 0;
    }
    size_t product = n * size;
    *bytes = product > 0 ? product : 1;
    return 1;
}

static size_t round_up(size_t bytes, size_t unit)
{
    return (bytes + unit - 1) / unit * unit;
}

static void *alloc_large(size_t bytes)
{
    if (bytes > SIZE_MAX - HUGE_PAGE) {
        return NULL;
    }
    size_t whole = round_up(bytes, HUGE_PAGE); /* what aligned_alloc must be asked for */
    void *ptr = aligned_alloc(HUGE_PAGE, whole);
#ifdef MADV_HUGEPAGE
    if (ptr) { /* only a hint; the last page, too, unless that wastes much */
        (void)madvise(ptr, whole - bytes <= bytes / 3 ? whole : bytes, MADV_HUGEPAGE);
    }
#endif
    return ptr;
}

void *chl_alloc(size_t n, size_t size)
{
    size_t bytes;
    if (!multiply(n, size, &bytes)) {
        return NULL;
    }
    return bytes >= LARGE ? alloc_large(bytes) : malloc(bytes);
}

void *chl_calloc(size_t n, size_t size)
{
    size_t bytes;
    if (!multiply(n, size, &bytes)) {
        return NULL;
    }
    void *ptr = bytes >= LARGE ? alloc_large(bytes) : calloc(1, bytes);
    if (ptr && bytes >= LARGE) {
        memset(ptr, 0, bytes);
    }
    return ptr;
}

void *chl_realloc(void *ptr, size_t n, size_t size)
{
    size_t bytes;
    return multiply(n, size, &bytes) ? realloc(ptr, bytes) : NULL;
}

void *chl_alloc_aligned(size_t n, size_t size)
{
    size_t bytes;
    if (!multiply(n, size, &bytes)) {
        return NULL;
    }
    return bytes >= LARGE ? alloc_large(bytes)
                          : aligned_alloc(ALIGNMENT, round_up(bytes, ALIGNMENT));
}

void chl_free(void *ptr)
{
    free(ptr);
}

char *chl_strndup(const char *text, size_t n)
{
    char *copy = chl_alloc(n + 1, 1);
    if (copy) {
        memcpy(copy, text, n);
        copy[n] = '\0';
    }
    return copy;
}

char *chl_strdup(const char *text)
{
    return chl_strndup(text, strlen(text));
}

void *chl_grow(void *array, size_t *capacity, size_t need, size_t size)
{
    if (array && need <= *capacity) {
        return array;
    }
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < need) {
        wanted = wanted > SIZE_MAX / 2 ? need : wanted * 2;
    }
    void *grown = chl_realloc(array, wanted, size);
    if (grown) {
        *capacity = wanted;
    }
    return grown;
}
