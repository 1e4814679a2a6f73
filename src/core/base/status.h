/* SPDX-License-Identifier: MIT
 *
 * Status codes and the error record. Layer: core/base, depends on nothing.
 *
 * Every function that can fail returns a chl_status and takes a `chl_error *err` last;
 * err may be NULL. A message reads "where: what: expected, got". On failure all outputs
 * are left reset.
 */
#ifndef CHL_BASE_STATUS_H
#define CHL_BASE_STATUS_H

#include <stdarg.h>

typedef enum chl_status {
    CHL_OK = 0,
    CHL_ENOMEM,     /* allocation failed or a size overflowed */
    CHL_EINVAL,     /* an argument or option is out of its range */
    CHL_ETYPE,      /* a value has the wrong type */
    CHL_ENAME,      /* an unknown column, option, level, function … */
    CHL_EPARSE,     /* text that does not follow its grammar */
    CHL_EIO,        /* the operating system refused */
    CHL_EFORMAT,    /* a file is damaged, truncated or of a newer format */
    CHL_ENUMERIC,   /* NaN or Inf where numbers must be finite; a solver that diverged */
    CHL_ECANCELLED, /* the caller asked to stop (Ctrl-C) */
    CHL_ERAISED     /* a function of the script raised; the bindings have its object */
} chl_status;

enum { CHL_MESSAGE_MAX = 1024 };

typedef struct chl_error {
    chl_status code;               /* CHL_OK while nothing failed */
    char message[CHL_MESSAGE_MAX]; /* NUL-terminated, without a newline */
} chl_error;

#if defined(__GNUC__)
#define CHL_MUST_CHECK   __attribute__((warn_unused_result))
#define CHL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define CHL_MUST_CHECK
#define CHL_PRINTF(f, a)
#endif

/* Fills *err (when not NULL) and returns `code`, so that a caller writes `return
 * chl_fail(…)`. */
chl_status chl_fail(chl_error *err, chl_status code, const char *fmt, ...)
    CHL_PRINTF(3, 4);
chl_status chl_vfail(chl_error *err, chl_status code, const char *fmt, va_list args)
    CHL_PRINTF(3, 0);

/* The one message for a failed allocation. */
chl_status chl_fail_memory(chl_error *err);

/* Puts "<fmt>: " before the message that stands in *err; returns err's code. */
chl_status chl_error_prefix(chl_error *err, const char *fmt, ...) CHL_PRINTF(2, 3);

void chl_error_reset(chl_error *err);

/* Returns the status of `expr` from the enclosing function unless it is CHL_OK. */
#define CHL_TRY(expr)                                                                    \
    do {                                                                                 \
        chl_status chl_try_status_ = (expr);                                             \
        if (chl_try_status_ != CHL_OK) {                                                 \
            return chl_try_status_;                                                      \
        }                                                                                \
    } while (0)

#endif
