/* SPDX-License-Identifier: MIT */
#include "core/model/lineage.h"

#include <math.h>
#include <sodium.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

enum { PART = 512 };

/* ---- rows with a target ---- */

static chl_status keep_rows(const chl_frame *frame, const double *y, int64_t *rows,
                            chl_frame **out, chl_error *err)
{
    int64_t n = 0;
    for (int64_t i = 0; i < frame->rows; i++) {
        if (!isnan(y[i])) {
            rows[n++] = i;
        }
    }
    if (n == 0) {
        return chl_fail(err, CHL_EINVAL, "no row has a value in the target column '%s'",
                        frame->target);
    }
    if (n == frame->rows) {
        *out = chl_frame_retain((chl_frame *)(uintptr_t)frame);
        return CHL_OK;
    }
    return chl_frame_take(frame, rows, n, NULL, out, err);
}

/* 0 where the target is there, NaN where it is missing. */
static void mark_present(const chl_frame *frame, double *y)
{
    const chl_column *target = chl_frame_column(frame, frame->target);
    for (int64_t i = 0; i < frame->rows; i++) {
        y[i] = chl_column_valid(target, i) ? 0 : NAN;
    }
}

chl_status chl_frame_labelled(const chl_frame *frame, const char *where, bool any,
                              chl_frame **out, int64_t *dropped, chl_error *err)
{
    *out = NULL;
    *dropped = 0;
    if (!frame->target) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: the frame has no target column (read_csv's option 'target' "
                        "names it)",
                        where);
    }
    double *y = chl_alloc((size_t)frame->rows, sizeof *y);
    int64_t *rows = chl_alloc((size_t)frame->rows, sizeof *rows);
    chl_status status = y && rows ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK && any) {
        mark_present(frame, y);
    } else if (status == CHL_OK) {
        status = chl_frame_labels(frame, y, err);
    }
    if (status == CHL_OK) {
        status = keep_rows(frame, y, rows, out, err);
    }
    if (status == CHL_OK) {
        *dropped = frame->rows - (*out)->rows;
    } else {
        chl_error_prefix(err, "%s", where);
    }
    chl_free(y);
    chl_free(rows);
    return status;
}

/* ---- the hash ---- */

/* Feeds words little-endian through a buffer, so that the hash is the same everywhere. */
typedef struct feed {
    crypto_hash_sha256_state state;
    unsigned char buffer[PART * 8];
    size_t used;
} feed;

static void flush(feed *f)
{
    crypto_hash_sha256_update(&f->state, f->buffer, f->used);
    f->used = 0;
}

static void put_word(feed *f, uint64_t word)
{
    if (f->used + 8 > sizeof f->buffer) {
        flush(f);
    }
    unsigned char *to = f->buffer + f->used;
    for (int i = 0; i < 8; i++) {
        to[i] = (unsigned char)(word >> (8 * i));
    }
    f->used += 8;
}

/* Length first, so that neighbouring texts cannot be confused. */
static void put_text(feed *f, const char *text, size_t length)
{
    put_word(f, length);
    if (f->used + length > sizeof f->buffer) {
        flush(f);
    }
    if (length > sizeof f->buffer) {
        crypto_hash_sha256_update(&f->state, (const unsigned char *)text, length);
    } else {
        memcpy(f->buffer + f->used, text, length);
        f->used += length;
    }
}

/* Which rows have a value, 64 in a word. */
static void put_valid(feed *f, const chl_column *column)
{
    uint64_t word = 0;
    for (int64_t row = 0; row < column->length; row++) {
        word |= (uint64_t)chl_column_valid(column, row) << (row % 64);
        if (row % 64 == 63 || row == column->length - 1) {
            put_word(f, word);
            word = 0;
        }
    }
}

static void put_cell(feed *f, const chl_column *column, int64_t row)
{
    size_t length;
    const char *text;
    uint64_t word = 0;
    switch (column->type) {
    case CHL_F64: memcpy(&word, &column->values.f64[row], sizeof word); break;
    case CHL_I64: word = (uint64_t)column->values.i64[row]; break;
    case CHL_BOOL: word = column->values.boolean[row]; break;
    case CHL_DATE: word = (uint64_t)column->values.days[row]; break;
    case CHL_TIMESTAMP: word = (uint64_t)column->values.micros[row]; break;
    case CHL_CATEGORY:
        text = chl_levels_name(column->levels, column->values.codes[row], &length);
        put_text(f, text, length);
        return;
    case CHL_STRING:
        text = chl_column_string(column, row, &length);
        put_text(f, text, length);
        return;
    }
    put_word(f, word);
}

typedef unsigned char digest[crypto_hash_sha256_BYTES];

typedef struct hashing {
    const chl_frame *frame;
    digest *digests; /* [columns] */
} hashing;

static chl_status hash_column(void *ctx, size_t i, chl_error *err)
{
    (void)err;
    const hashing *h = ctx;
    const chl_column *column = h->frame->fields[i].column;
    feed f;
    f.used = 0;
    crypto_hash_sha256_init(&f.state);
    put_text(&f, h->frame->fields[i].name, strlen(h->frame->fields[i].name));
    put_word(&f, (uint64_t)column->type);
    put_valid(&f, column);
    for (int64_t row = 0; row < column->length; row++) {
        if (chl_column_valid(column, row)) {
            put_cell(&f, column, row);
        }
    }
    flush(&f);
    crypto_hash_sha256_final(&f.state, h->digests[i]);
    return CHL_OK;
}

chl_status chl_frame_sha256(const chl_frame *frame, const chl_control *control,
                            char hex[CHL_SHA256_HEX], chl_error *err)
{
    size_t columns = (size_t)frame->columns;
    hashing h = {frame, chl_alloc(columns, sizeof *h.digests)};
    chl_status status = h.digests ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status =
            chl_parallel_for(chl_control_threads(control), columns, hash_column, &h, err);
    }
    if (status == CHL_OK) {
        digest whole;
        crypto_hash_sha256(whole, (const unsigned char *)h.digests,
                           columns * sizeof *h.digests);
        sodium_bin2hex(hex, CHL_SHA256_HEX, whole, sizeof whole);
    }
    chl_free(h.digests);
    return status;
}
