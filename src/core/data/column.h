/* SPDX-License-Identifier: MIT
 *
 * A typed column: values with a validity bitmap, immutable once built, shared by
 * reference count. Layer: core/data.
 *
 * Invariants: a valid f64 is finite (a kernel whose result is NaN or Inf marks the row
 * missing); i64 keeps all 64 bits; a valid category code is in 0 … levels-1; strings are
 * UTF-8 bytes without a check and may hold NUL. The value behind a missing row is zero
 * (codes: -1), so that hashes and comparisons of buffers are stable.
 */
#ifndef CHL_DATA_COLUMN_H
#define CHL_DATA_COLUMN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/status.h"

typedef enum chl_type {
    CHL_F64,      /* double */
    CHL_I64,      /* int64_t */
    CHL_BOOL,     /* one byte, 0 or 1 */
    CHL_CATEGORY, /* int32_t code into levels */
    CHL_STRING,   /* offsets into bytes */
    CHL_DATE,     /* int32_t days since 1970-01-01, proleptic Gregorian */
    CHL_TIMESTAMP /* int64_t microseconds since 1970-01-01T00:00:00Z */
} chl_type;

/* "f64", "i64", "bool", "category", "string", "date", "timestamp". */
const char *chl_type_name(chl_type type);
/* "a number", "an integer" …: what a message says that it expected. */
const char *chl_type_expected(chl_type type);
/* Bytes of one value (string: of one offset). */
size_t chl_type_size(chl_type type);
/* The type of that name; fails with the known names. */
CHL_MUST_CHECK chl_status chl_type_parse(const char *name, chl_type *type,
                                         chl_error *err);

/* The names of a category's levels: an interned, append-only string table, shared by
 * columns. */
typedef struct chl_levels chl_levels;

CHL_MUST_CHECK chl_status chl_levels_new(chl_levels **out, chl_error *err);
chl_levels *chl_levels_retain(chl_levels *levels);
void chl_levels_release(chl_levels *levels);
int32_t chl_levels_count(const chl_levels *levels);
/* Borrowed until the next intern, NUL-terminated; *length (when not NULL) excludes the
 * NUL. */
const char *chl_levels_name(const chl_levels *levels, int32_t code, size_t *length);
/* The code of a name, or -1. */
int32_t chl_levels_find(const chl_levels *levels, const char *name, size_t length);
/* Finds or appends; only while the levels are being built (not yet shared). */
CHL_MUST_CHECK chl_status chl_levels_intern(chl_levels *levels, const char *name,
                                            size_t length, int32_t *code, chl_error *err);
/* rank[code] = position of the name in byte order; rank has chl_levels_count entries. */
CHL_MUST_CHECK chl_status chl_levels_ranks(const chl_levels *levels, int32_t *rank,
                                           chl_error *err);
/* The same names in byte order: code c becomes rank[c]. */
CHL_MUST_CHECK chl_status chl_levels_sorted(const chl_levels *levels, const int32_t *rank,
                                            chl_levels **out, chl_error *err);
/* Whether the order of the levels means something, as that of bands of numbers: then
 * columns sort by it, else by the bytes of the names. Set while the levels are built. */
void chl_levels_set_ordered(chl_levels *levels);
bool chl_levels_ordered(const chl_levels *levels);

typedef struct chl_column {
    atomic_int refs; /* owners */
    chl_type type;
    int64_t length;    /* rows */
    int64_t nulls;     /* rows that are missing */
    uint8_t *validity; /* bit i%8 of byte i/8 set = row i present; NULL when nulls == 0 */
    union {
        double *f64;
        int64_t *i64;
        uint8_t *boolean;
        int32_t *codes;   /* category */
        int32_t *days;    /* date */
        int64_t *micros;  /* timestamp */
        int64_t *offsets; /* string: length + 1 offsets into bytes */
        void *any;
    } values;                 /* 64-byte aligned, from chl_alloc_aligned */
    char *bytes;              /* string only */
    chl_levels *levels;       /* category only */
    struct chl_file_map *map; /* the map that the buffers point into (read-only), or NULL:
                                 they are the column's own */
} chl_column;

/* A column under construction: zeroed values and, when `nullable`, an all-present bitmap.
 * The caller fills it and calls chl_column_seal, or chl_column_release. String columns
 * are built with chl_builder (builder.h). */
CHL_MUST_CHECK chl_status chl_column_new(chl_type type, int64_t length, bool nullable,
                                         chl_column **out, chl_error *err);
/* The same with values that are not set, but for a string's first offset, and a bitmap
 * only when `nullable`. The caller sets every value, finite and zero behind missing rows,
 * and then calls chl_column_count_nulls instead of chl_column_seal. */
CHL_MUST_CHECK chl_status chl_column_new_unset(chl_type type, int64_t length,
                                               bool nullable, chl_column **out,
                                               chl_error *err);
/* Counts the missing rows and drops a bitmap without any. */
void chl_column_count_nulls(chl_column *column);
/* Marks row i missing (under construction, nullable columns). */
void chl_column_set_null(chl_column *column, int64_t i);
/* Counts the missing rows, drops a bitmap without any, zeroes the values behind missing
 * rows and turns non-finite f64 into missing rows. */
void chl_column_seal(chl_column *column);

/* A sealed column that takes the memory of `parts` (everything but refs is set, values
 * and validity as above) when it succeeds. */
CHL_MUST_CHECK chl_status chl_column_adopt(const chl_column *parts, chl_column **out,
                                           chl_error *err);

chl_column *chl_column_retain(chl_column *column);
void chl_column_release(chl_column *column); /* NULL allowed */

static inline bool chl_column_valid(const chl_column *c, int64_t i)
{
    return !c->validity || (c->validity[i >> 3] >> (i & 7) & 1);
}

/* The bytes of string row i; *length excludes any NUL. */
const char *chl_column_string(const chl_column *column, int64_t i, size_t *length);

/* The same for a string or category row; the row must be valid. */
const char *chl_column_text(const chl_column *column, int64_t i, size_t *length);

/* True for f64, i64, bool: types with arithmetic. */
bool chl_type_numeric(chl_type type);
/* A numeric row (bool 0/1), a date's days or a timestamp's microseconds as double; the
 * row must be valid. */
double chl_column_number(const chl_column *column, int64_t i);

/* New columns from old ones. `indices` select rows, -1 makes a missing row. */
CHL_MUST_CHECK chl_status chl_column_take(const chl_column *column,
                                          const int64_t *indices, int64_t n,
                                          chl_column **out, chl_error *err);
CHL_MUST_CHECK chl_status chl_column_slice(const chl_column *column, int64_t start,
                                           int64_t n, chl_column **out, chl_error *err);
/* Converts between types where each value can be kept exactly: numbers and bool, text and
 * categories, dates and timestamps (of midnight), i64 and dates (days since 1970) or
 * timestamps (microseconds), anything and its text. A value that cannot be kept is an
 * error that names its row. */
CHL_MUST_CHECK chl_status chl_column_cast(const chl_column *column, chl_type type,
                                          chl_column **out, chl_error *err);
/* The same, but a value that cannot be kept becomes missing; *lost counts them. */
CHL_MUST_CHECK chl_status chl_column_cast_lossy(const chl_column *column, chl_type type,
                                                chl_column **out, int64_t *lost,
                                                chl_error *err);
/* The same cell by cell through its text, as a file is read: blank is missing, "5.0" an
 * integer. What does not fit is missing in *out and true in *bad (bool). `format` (NULL:
 * ISO 8601) is for dates and timestamps. */
struct chl_time_format;
CHL_MUST_CHECK chl_status chl_column_read(const chl_column *column, chl_type type,
                                          const struct chl_time_format *format,
                                          chl_column **out, chl_column **bad,
                                          chl_error *err);
/* The text of row i as CSV would print it ("" when missing). Appends to buf. */
struct chl_strbuf;
void chl_column_format(const chl_column *column, int64_t i, struct chl_strbuf *buf);

/* Calendar: days since 1970-01-01 ↔ year, month 1–12, day 1–31 (Hinnant,
 * "chrono-compatible low-level date algorithms"). */
int32_t chl_date_from_civil(int year, int month, int day);
void chl_date_to_civil(int32_t days, int *year, int *month, int *day);
/* "2026-11-22" exactly; false when the text is no date. */
bool chl_date_parse(const char *text, size_t length, int32_t *days);

#endif
