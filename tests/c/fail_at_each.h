/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n: runs a scenario with the first, the second, the third … allocation failing,
 * until it succeeds. Every failure must come back as CHL_ENOMEM, and nothing may stay
 * allocated. The linker (Makefile: --wrap) hands the core's allocations to the __wrap_
 * functions below; scenarios run on one thread.
 */
#ifndef FAIL_AT_EACH_H
#define FAIL_AT_EACH_H

#include "chl_test.h"

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t n);
void *__real_aligned_alloc(size_t alignment, size_t n);
void __real_free(void *ptr);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t n);
void *__wrap_aligned_alloc(size_t alignment, size_t n);
void __wrap_free(void *ptr);

static long until_failure = -1; /* allocations that still succeed; negative = all do */
static long live;               /* allocations not yet freed */

static int must_fail(void)
{
    return until_failure >= 0 && until_failure-- == 0;
}

static void *counted(void *ptr)
{
    live += ptr != NULL;
    return ptr;
}

void *__wrap_malloc(size_t n)
{
    return must_fail() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return must_fail() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *ptr, size_t n)
{
    if (must_fail()) {
        return NULL;
    }
    void *grown = __real_realloc(ptr, n);
    live += ptr == NULL && grown != NULL;
    return grown;
}

void *__wrap_aligned_alloc(size_t alignment, size_t n)
{
    return must_fail() ? NULL : counted(__real_aligned_alloc(alignment, n));
}

void __wrap_free(void *ptr)
{
    live -= ptr != NULL;
    __real_free(ptr);
}

typedef chl_status scenario(chl_error *err);

static void fail_at_each(const char *name, scenario *run)
{
    enum { MOST = 100000 };
    for (long n = 0; n < MOST; n++) {
        chl_error err = {0};
        long before = live;
        until_failure = n;
        chl_status status = run(&err);
        int exhausted =
            until_failure >= 0; /* it asked for fewer than n + 1 allocations */
        until_failure = -1;
        if (live != before) {
            fail_msg("%s: allocation %ld failed: %ld blocks leaked", name, n,
                     live - before);
        }
        if (status == CHL_OK) {
            assert_true(exhausted || n > 0);
            if (exhausted) {
                return;
            }
        } else if (status != CHL_ENOMEM) {
            fail_msg("%s: allocation %ld failed: status %d: %s", name, n, (int)status,
                     err.message);
        }
    }
    fail_msg("%s: more than %d allocations", name, MOST);
}

#endif
