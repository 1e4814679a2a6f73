/* SPDX-License-Identifier: MIT */
#include "core/base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

static int multiply(size_t n, size_t size, size_t *bytes)
{
    if (size != 0 && n > (SIZE_MAX - ALIGNMENT) / size) {
        return 0;
    }
    size_t product = n * size;
    *bytes = product > 0 ? product : 1;
    return 1;
}

void *chl_alloc(size_t n, size_t size)
{
    size_t bytes;
    return multiply(n, size, &bytes) ? malloc(bytes) : NULL;
}

void *chl_calloc(size_t n, size_t size)
{
    size_t bytes;
    return multiply(n, size, &bytes) ? calloc(1, bytes) : NULL;
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
    return aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
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
