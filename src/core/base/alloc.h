/* SPDX-License-Identifier: MIT
 *
 * Overflow-checked allocation. Layer: core/base.
 *
 * All heap memory of the core comes from here and goes back through chl_free. Zero-sized
 * requests return a valid pointer, so NULL always means failure.
 */
#ifndef CHL_BASE_ALLOC_H
#define CHL_BASE_ALLOC_H

#include <stddef.h>

/* n × size bytes, uninitialised; NULL when the product overflows or memory is out. */
void *chl_alloc(size_t n, size_t size);

/* As chl_alloc, filled with zero bytes. */
void *chl_calloc(size_t n, size_t size);

/* Grows or shrinks; on failure returns NULL and `ptr` stays valid. */
void *chl_realloc(void *ptr, size_t n, size_t size);

/* As chl_alloc, aligned to 64 bytes (a cache line, an AVX-512 register). */
void *chl_alloc_aligned(size_t n, size_t size);

/* Frees what any of the above returned; NULL is allowed. */
void chl_free(void *ptr);

/* A heap copy of a NUL-terminated string, or of its first n bytes; NULL on failure. */
char *chl_strdup(const char *text);
char *chl_strndup(const char *text, size_t n);

/* Doubles *capacity of a growing array until it holds `need`; keeps *array on failure.
 * Returns the array's new address or NULL. */
void *chl_grow(void *array, size_t *capacity, size_t need, size_t size);

#endif
