/* SPDX-License-Identifier: MIT
 *
 * Frame to JSON lines. Layer: core/io.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/calendar.h"
#include "core/io/jsonl.h"
#include "core/io/output.h"

typedef struct object_writer {
    const chl_frame *frame;
    chl_strbuf *names; /* of each column, escaped: `"Age":` */
} object_writer;

/* ---- text ---- */

/* Bytes of the UTF-8 character at `at`, 0 when it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80             ? 1
               : (at[0] & 0xe0) == 0xc0 ? 2
               : (at[0] & 0xf0) == 0xe0 ? 3
               : (at[0] & 0xf8) == 0xf0 ? 4
                                        : 0;
    if (n < 2 || n > left) {
        return n > left ? 0 : n;
    }
    uint32_t code = at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3fu);
    }
    return code >= least[n] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? n
                                                                                    : 0;
}

static void put_escaped(chl_strbuf *out, unsigned char c)
{
    static const char short_ones[] = "\bb\ff\nn\rr\tt\"\"\\\\";
    for (const char *at = short_ones; *at; at += 2) {
        if ((unsigned char)*at == c) {
            chl_strbuf_putc(out, '\\');
            chl_strbuf_putc(out, at[1]);
            return;
        }
    }
    chl_strbuf_printf(out, "\\u%04x", c);
}

/* false: not UTF-8. */
static bool put_string(chl_strbuf *out, const char *text, size_t n)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t plain = 0; /* where the bytes that stand for themselves begin */
    chl_strbuf_putc(out, '"');
    for (size_t i = 0; i < n;) {
        size_t length = character(at + i, n - i);
        if (length == 0) {
            return false;
        }
        if (at[i] < 0x20 || at[i] == '"' || at[i] == '\\') {
            chl_strbuf_append(out, text + plain, i - plain);
            put_escaped(out, at[i]);
            plain = i + 1;
        }
        i += length;
    }
    chl_strbuf_append(out, text + plain, n - plain);
    chl_strbuf_putc(out, '"');
    return true;
}

/* ---- values ---- */

static void put_double(chl_strbuf *out, double value)
{
    char text[32];
    size_t n = chl_format_double(value, text);
    if (value == 0 && signbit(value)) {
        chl_strbuf_putc(out, '-');
    }
    chl_strbuf_append(out, text, n);
    if (!memchr(text, '.', n) && !memchr(text, 'e', n)) {
        chl_strbuf_puts(out, ".0");
    }
}

static bool put_value(chl_strbuf *out, const chl_column *column, int64_t i)
{
    char text[CHL_TIME_TEXT];
    size_t n;
    switch (column->type) {
    case CHL_F64: put_double(out, column->values.f64[i]); return true;
    case CHL_I64:
        n = chl_format_i64(column->values.i64[i], text);
        chl_strbuf_append(out, text, n);
        return true;
    case CHL_BOOL:
        chl_strbuf_puts(out, column->values.boolean[i] ? "true" : "false");
        return true;
    case CHL_DATE:
        n = chl_date_format(column->values.days[i], text);
        return put_string(out, text, n);
    case CHL_TIMESTAMP:
        n = chl_timestamp_format(column->values.micros[i], text);
        return put_string(out, text, n);
    case CHL_STRING:
    case CHL_CATEGORY: break;
    }
    const char *string = chl_column_text(column, i, &n);
    return put_string(out, string, n);
}

static chl_status put_object(const object_writer *w, int64_t row, chl_strbuf *out,
                             chl_error *err)
{
    for (int c = 0; c < w->frame->columns; c++) {
        const chl_column *column = w->frame->fields[c].column;
        chl_strbuf_putc(out, c ? ',' : '{');
        chl_strbuf_append(out, w->names[c].data, w->names[c].length);
        if (!chl_column_valid(column, row)) {
            chl_strbuf_puts(out, "null");
        } else if (!put_value(out, column, row)) {
            return chl_fail(err, CHL_EINVAL,
                            "write_jsonl: column '%s': row %lld: expected UTF-8 text",
                            w->frame->fields[c].name, (long long)row + 1);
        }
    }
    chl_strbuf_puts(out, "}\n");
    return CHL_OK;
}

static chl_status put_objects(void *ctx, int64_t first, int64_t end, chl_strbuf *out,
                              chl_error *err)
{
    const object_writer *w = ctx;
    for (int64_t row = first; w->frame->columns > 0 && row < end; row++) {
        CHL_TRY(put_object(w, row, out, err));
    }
    return CHL_OK;
}

/* ---- the whole ---- */

static chl_status write_rows(const object_writer *w, const char *path,
                             const chl_control *control, chl_error *err)
{
    chl_output output;
    CHL_TRY(chl_output_open(&output, path, err));
    chl_status status =
        chl_output_rows(&output, w->frame->rows, put_objects, (void *)(uintptr_t)w,
                        control, "write_jsonl", err);
    if (status == CHL_OK) {
        status = chl_output_commit(&output, err);
    }
    chl_output_reset(&output);
    return status;
}

static chl_status escape_names(object_writer *w, chl_error *err)
{
    for (int c = 0; c < w->frame->columns; c++) {
        const char *name = w->frame->fields[c].name;
        if (!put_string(&w->names[c], name, strlen(name))) {
            return chl_fail(err, CHL_EINVAL,
                            "write_jsonl: column %d: expected a name in UTF-8", c + 1);
        }
        chl_strbuf_putc(&w->names[c], ':');
        if (w->names[c].failed) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

chl_status chl_jsonl_write(const chl_frame *frame, const char *path,
                           const chl_control *control, chl_error *err)
{
    object_writer w = {.frame = frame};
    w.names = chl_calloc((size_t)frame->columns, sizeof *w.names);
    if (!w.names) {
        return chl_fail_memory(err);
    }
    chl_status status = escape_names(&w, err);
    if (status == CHL_OK) {
        status = write_rows(&w, path, control, err);
    }
    for (int c = 0; c < frame->columns; c++) {
        chl_strbuf_reset(&w.names[c]);
    }
    chl_free(w.names);
    return status;
}
