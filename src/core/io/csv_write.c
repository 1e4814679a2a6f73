/* SPDX-License-Identifier: MIT
 *
 * Frame to CSV. Layer: core/io.
 *
 * Text is quoted where reading would change it: separator, quote, line ends, spaces at an
 * end, nothing at all, an NA word. In a frame of one column a missing cell is written NA,
 * because an empty line would be no row.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/io/csv_piece.h"

typedef struct cells_writer {
    const chl_frame *frame;
    char separator;
    csv_na na;
    chl_strbuf *out;
} cells_writer;

static bool is_na_text(const csv_na *na, const char *text, size_t length)
{
    for (int i = 0; i < na->count; i++) {
        if (strlen(na->words[i]) == length && memcmp(na->words[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

/* At the start of a file these bytes would be taken for a mark of its encoding. */
static bool looks_like_bom(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    return first >= 0xfe || (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0);
}

static bool wants_quotes(const cells_writer *w, const char *text, size_t length)
{
    if (length == 0 || strchr(" \t", text[0]) || strchr(" \t", text[length - 1])) {
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] == w->separator || text[i] == '"' || text[i] == '\n' ||
            text[i] == '\r') {
            return true;
        }
    }
    return looks_like_bom(text, length) || is_na_text(&w->na, text, length);
}

static void put_quoted(chl_strbuf *out, const char *text, size_t length)
{
    chl_strbuf_putc(out, '"');
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '"') {
            chl_strbuf_putc(out, '"');
        }
        chl_strbuf_putc(out, text[i]);
    }
    chl_strbuf_putc(out, '"');
}

static void put_text(const cells_writer *w, const char *text, size_t length)
{
    if (wants_quotes(w, text, length)) {
        put_quoted(w->out, text, length);
    } else {
        chl_strbuf_append(w->out, text, length);
    }
}

static void put_cell(const cells_writer *w, const chl_column *column, int64_t i)
{
    if (!chl_column_valid(column, i)) {
        if (w->frame->columns == 1) {
            chl_strbuf_puts(w->out, "NA");
        }
    } else if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        size_t length;
        const char *text = chl_column_text(column, i, &length);
        put_text(w, text, length);
    } else {
        size_t start = w->out->length;
        chl_column_format(column, i, w->out);
        /* "-" or "." may be the separator; a number in quotes reads as a number */
        if (!w->out->failed &&
            memchr(w->out->data + start, w->separator, w->out->length - start)) {
            chl_strbuf copy = {0};
            chl_column_format(column, i, &copy);
            w->out->length = start;
            put_quoted(w->out, copy.data ? copy.data : "", copy.length);
            w->out->failed = w->out->failed || copy.failed;
            chl_strbuf_reset(&copy);
        }
    }
}

static void put_row(const cells_writer *w, int64_t i)
{
    for (int c = 0; c < w->frame->columns; c++) {
        if (c > 0) {
            chl_strbuf_putc(w->out, w->separator);
        }
        put_cell(w, w->frame->fields[c].column, i);
    }
    chl_strbuf_putc(w->out, '\n');
}

static chl_status cells_writer_init(cells_writer *w, const chl_frame *frame,
                                    char separator, chl_strbuf *out, chl_error *err)
{
    *w = (cells_writer){
        .frame = frame, .separator = separator ? separator : ',', .out = out};
    if (w->separator == '"' || w->separator == '\n' || w->separator == '\r') {
        return chl_fail(err, CHL_EINVAL,
                        "write_csv: separator: expected no quote and no line end");
    }
    csv_na_init(&w->na, NULL);
    return CHL_OK;
}

static void put_header(const cells_writer *w)
{
    for (int c = 0; c < w->frame->columns; c++) {
        if (c > 0) {
            chl_strbuf_putc(w->out, w->separator);
        }
        put_text(w, w->frame->fields[c].name, strlen(w->frame->fields[c].name));
    }
    chl_strbuf_putc(w->out, '\n');
}

chl_status chl_csv_format(const chl_frame *frame, char separator, chl_strbuf *out,
                          chl_error *err)
{
    cells_writer w;
    CHL_TRY(cells_writer_init(&w, frame, separator, out, err));
    put_header(&w);
    for (int64_t i = 0; frame->columns > 0 && i < frame->rows; i++) {
        put_row(&w, i);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

/* ---- files ---- */

enum { FLUSH_FROM = 1 << 20 }; /* bytes of text that are worth a write */

struct chl_csv_writer {
    char separator;
    bool is_stdout;
    chl_file_writer file; /* when it is not standard output */
    chl_strbuf text;      /* not written yet */
    chl_frame *first;     /* without rows: the columns that every frame must have */
};

static chl_status flush_text(chl_csv_writer *writer, chl_error *err)
{
    size_t n = writer->text.length;
    writer->text.length = 0;
    if (writer->text.failed) {
        return chl_fail_memory(err);
    }
    if (!writer->is_stdout) {
        return chl_file_writer_put(&writer->file, writer->text.data, n, err);
    }
    if (fwrite(writer->text.data, 1, n, stdout) != n || fflush(stdout) != 0) {
        return chl_fail(err, CHL_EIO, "stdout: cannot write: %s", strerror(errno));
    }
    return CHL_OK;
}

chl_status chl_csv_writer_open(const char *path, char separator, chl_csv_writer **out,
                               chl_error *err)
{
    *out = NULL;
    cells_writer w;
    CHL_TRY(cells_writer_init(&w, NULL, separator, NULL, err));
    chl_csv_writer *made = chl_calloc(1, sizeof *made);
    if (!made) {
        return chl_fail_memory(err);
    }
    made->separator = w.separator;
    made->is_stdout = strcmp(path, "-") == 0;
    chl_status status =
        made->is_stdout ? CHL_OK : chl_file_writer_open(&made->file, path, err);
    if (status != CHL_OK) {
        chl_free(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

static chl_status check_columns(const chl_frame *first, const chl_frame *frame,
                                chl_error *err)
{
    bool same = first->columns == frame->columns;
    for (int i = 0; same && i < frame->columns; i++) {
        same = strcmp(first->fields[i].name, frame->fields[i].name) == 0;
    }
    return same ? CHL_OK
                : chl_fail(err, CHL_EINVAL,
                           "write_csv: expected the columns of the frame before");
}

chl_status chl_csv_writer_put(chl_csv_writer *writer, const chl_frame *frame,
                              chl_error *err)
{
    cells_writer w;
    CHL_TRY(cells_writer_init(&w, frame, writer->separator, &writer->text, err));
    if (writer->first) {
        CHL_TRY(check_columns(writer->first, frame, err));
    } else {
        CHL_TRY(chl_frame_slice(frame, 0, 0, &writer->first, err));
        put_header(&w);
    }
    for (int64_t i = 0; frame->columns > 0 && i < frame->rows; i++) {
        put_row(&w, i);
        if (writer->text.length >= FLUSH_FROM) {
            CHL_TRY(flush_text(writer, err));
        }
    }
    /* a pipe's reader wants to see what is there */
    return writer->is_stdout ? flush_text(writer, err) : CHL_OK;
}

chl_status chl_csv_writer_commit(chl_csv_writer *writer, chl_error *err)
{
    CHL_TRY(flush_text(writer, err));
    return writer->is_stdout ? CHL_OK : chl_file_writer_commit(&writer->file, err);
}

void chl_csv_writer_close(chl_csv_writer *writer)
{
    if (writer) {
        if (!writer->is_stdout) {
            chl_file_writer_reset(&writer->file);
        }
        chl_strbuf_reset(&writer->text);
        chl_frame_release(writer->first);
        chl_free(writer);
    }
}

chl_status chl_csv_write(const chl_frame *frame, const char *path, char separator,
                         chl_error *err)
{
    chl_csv_writer *writer;
    CHL_TRY(chl_csv_writer_open(path, separator, &writer, err));
    chl_status status = chl_csv_writer_put(writer, frame, err);
    if (status == CHL_OK) {
        status = chl_csv_writer_commit(writer, err);
    }
    chl_csv_writer_close(writer);
    return status;
}
