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

#include "core/base/file.h"
#include "core/io/csv_cells.h"

typedef struct writer {
    const chl_frame *frame;
    char separator;
    csv_na na;
    chl_strbuf *out;
} writer;

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

static bool wants_quotes(const writer *w, const char *text, size_t length)
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

static void put_text(const writer *w, const char *text, size_t length)
{
    if (wants_quotes(w, text, length)) {
        put_quoted(w->out, text, length);
    } else {
        chl_strbuf_append(w->out, text, length);
    }
}

static void put_cell(const writer *w, const chl_column *column, int64_t i)
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

static void put_row(const writer *w, int64_t i)
{
    for (int c = 0; c < w->frame->columns; c++) {
        if (c > 0) {
            chl_strbuf_putc(w->out, w->separator);
        }
        put_cell(w, w->frame->fields[c].column, i);
    }
    chl_strbuf_putc(w->out, '\n');
}

chl_status chl_csv_format(const chl_frame *frame, char separator, chl_strbuf *out,
                          chl_error *err)
{
    writer w = {.frame = frame, .separator = separator ? separator : ',', .out = out};
    if (w.separator == '"' || w.separator == '\n' || w.separator == '\r') {
        return chl_fail(err, CHL_EINVAL,
                        "write_csv: separator: expected no quote and no line end");
    }
    csv_na_init(&w.na, NULL);
    for (int c = 0; c < frame->columns; c++) {
        if (c > 0) {
            chl_strbuf_putc(out, w.separator);
        }
        put_text(&w, frame->fields[c].name, strlen(frame->fields[c].name));
    }
    chl_strbuf_putc(out, '\n');
    for (int64_t i = 0; frame->columns > 0 && i < frame->rows; i++) {
        put_row(&w, i);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

static chl_status write_stdout(const chl_strbuf *text, chl_error *err)
{
    if (fwrite(text->data, 1, text->length, stdout) != text->length ||
        fflush(stdout) != 0) {
        return chl_fail(err, CHL_EIO, "stdout: cannot write: %s", strerror(errno));
    }
    return CHL_OK;
}

chl_status chl_csv_write(const chl_frame *frame, const char *path, char separator,
                         chl_error *err)
{
    chl_strbuf text = {0};
    chl_status status = chl_csv_format(frame, separator, &text, err);
    if (status == CHL_OK) {
        status = strcmp(path, "-") == 0
                     ? write_stdout(&text, err)
                     : chl_file_write(path, text.data, text.length, err);
    }
    chl_strbuf_reset(&text);
    return status;
}
