/* SPDX-License-Identifier: MIT */
#include "core/data/row_hash.h"

#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/base/strbuf.h"

enum { SEPARATOR = 0x1F, MISSING = 0x1E };

/* The first 53 bits of the digest as a fraction. */
static double uniform_of(const chl_strbuf *buf)
{
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(buf->data, buf->length, hex);
    hex[16] = '\0';
    return (double)(strtoull(hex, NULL, 16) >> 11) * 0x1p-53;
}

static void put_row(const chl_frame *frame, const int *indices, int n, int64_t row,
                    chl_strbuf *buf)
{
    for (int j = 0; j < n; j++) {
        const chl_column *column = frame->fields[indices[j]].column;
        if (chl_column_valid(column, row)) {
            chl_column_format(column, row, buf);
        } else {
            chl_strbuf_putc(buf, MISSING);
        }
        chl_strbuf_putc(buf, SEPARATOR);
    }
}

static chl_status fill(const chl_frame *frame, const int *indices, int n,
                       const char *salt, double *values, chl_error *err)
{
    chl_strbuf buf = {0};
    chl_strbuf_puts(&buf, salt);
    chl_strbuf_putc(&buf, SEPARATOR);
    size_t start = buf.length;
    for (int64_t row = 0; row < frame->rows && !buf.failed; row++) {
        buf.length = start;
        put_row(frame, indices, n, row, &buf);
        values[row] = buf.failed ? 0 : uniform_of(&buf);
    }
    bool failed = buf.failed;
    chl_strbuf_reset(&buf);
    return failed ? chl_fail_memory(err) : CHL_OK;
}

static chl_status make_column(const chl_frame *frame, const int *indices, int n,
                              const char *salt, chl_column **out, chl_error *err)
{
    chl_column *column = NULL;
    CHL_TRY(chl_column_new(CHL_F64, frame->rows, false, &column, err));
    chl_status status = fill(frame, indices, n, salt, column->values.f64, err);
    if (status != CHL_OK) {
        chl_column_release(column);
        return status;
    }
    chl_column_seal(column);
    *out = column;
    return CHL_OK;
}

chl_status chl_frame_row_uniform(const chl_frame *frame, const char *const *names, int n,
                                 const char *salt, chl_column **out, chl_error *err)
{
    *out = NULL;
    if (n < 1) {
        return chl_fail(err, CHL_EINVAL, "row_uniform: expected at least one column");
    }
    int *indices = chl_calloc((size_t)n, sizeof *indices);
    if (!indices) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int j = 0; j < n && status == CHL_OK; j++) {
        status = chl_frame_index(frame, "row_uniform", names[j], &indices[j], err);
    }
    if (status == CHL_OK) {
        status = make_column(frame, indices, n, salt, out, err);
    }
    chl_free(indices);
    return status;
}
