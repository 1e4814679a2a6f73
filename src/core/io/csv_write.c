/* SPDX-License-Identifier: MIT
 *
 * Frame to CSV. Layer: core/io.
 *
 * Text is quoted where reading would change it: separator, quote, line ends, spaces at an
 * end, nothing at all, an NA word. In a frame of one column a missing cell is written NA,
 * because an empty line would be no row.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/calendar.h"
#include "core/io/csv_piece.h"
#include "core/io/input.h"
#include "core/io/output.h"

enum {
    NUMBER_ROOM = CHL_TIME_TEXT + 2
}; /* the longest number, date or timestamp with quotes */

typedef struct cells_writer {
    const chl_frame *frame;
    char separator;
    bool quote_numbers; /* the separator is one of a number's bytes */
    csv_na na;
    chl_strbuf *out;
} cells_writer;

/* At the start of a file these bytes would be taken for a mark of its encoding. */
static bool looks_like_bom(const char *text, size_t length)
{
    unsigned char first = (unsigned char)text[0];
    return first >= 0xfe || (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\0';
}

static bool wants_quotes(const cells_writer *w, const char *text, size_t length)
{
    if (length == 0 || is_blank(text[0]) || is_blank(text[length - 1])) {
        return true;
    }
    bool special = false;
    for (size_t i = 0; i < length; i++) {
        special |= text[i] == w->separator || text[i] == '"' || text[i] == '\n' ||
                   text[i] == '\r' || (w->separator == ' ' && text[i] == '\t');
    }
    if (special) {
        return true;
    }
    return looks_like_bom(text, length) || csv_na_match(&w->na, text, length);
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

static size_t put_two(char *to, int value)
{
    to[0] = (char)('0' + value / 10);
    to[1] = (char)('0' + value % 10);
    return 2;
}

static size_t format_date(int32_t days, char *to)
{
    int year, month, day;
    chl_date_to_civil(days, &year, &month, &day);
    if (year < 0 || year > 9999) {
        return chl_date_format(days, to);
    }
    put_two(to, year / 100);
    put_two(to + 2, year % 100);
    to[4] = to[7] = '-';
    put_two(to + 5, month);
    put_two(to + 8, day);
    return 10;
}

/* The value of a row that is no text, in NUMBER_ROOM bytes. */
static size_t format_value(const chl_column *column, int64_t i, char *to)
{
    switch (column->type) {
    case CHL_I64: return chl_format_i64(column->values.i64[i], to);
    case CHL_F64:
        if (column->values.f64[i] == 0 && signbit(column->values.f64[i])) {
            memcpy(to, "-0", 2);
            return 2;
        }
        return chl_format_double(column->values.f64[i], to);
    case CHL_BOOL:
        memcpy(to, column->values.boolean[i] ? "true" : "false", 5);
        return column->values.boolean[i] ? 4 : 5;
    case CHL_DATE: return format_date(column->values.days[i], to);
    case CHL_TIMESTAMP: return chl_timestamp_format(column->values.micros[i], to);
    case CHL_STRING:
    case CHL_CATEGORY: break; /* put_text's */
    }
    return 0;
}

static void put_value(const cells_writer *w, const chl_column *column, int64_t i)
{
    char *to = chl_strbuf_room(w->out, NUMBER_ROOM);
    if (!to) {
        return;
    }
    size_t n = format_value(column, i, to);
    if (w->quote_numbers && memchr(to, w->separator, n)) {
        /* the separator is one of its bytes; a number in quotes reads as a number */
        memmove(to + 1, to, n);
        to[0] = to[n + 1] = '"';
        n += 2;
    }
    to[n] = '\0';
    w->out->length += n;
}

static void put_cell(const cells_writer *w, const chl_column *column, int64_t i)
{
    if (!chl_column_valid(column, i)) {
        if (w->frame->columns == 1 || w->separator == ' ') {
            chl_strbuf_puts(w->out, "NA");
        }
    } else if (column->type == CHL_STRING || column->type == CHL_CATEGORY) {
        size_t length;
        const char *text = chl_column_text(column, i, &length);
        put_text(w, text, length);
    } else {
        put_value(w, column, i);
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
    w->quote_numbers = strchr("0123456789-+.: eETZtrufals", w->separator) != NULL;
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

struct chl_csv_writer {
    char separator;
    int threads;
    chl_output output;
    chl_frame *first; /* without rows: the columns that every frame must have */
};

static bool is_tsv(const char *path)
{
    size_t n = strlen(path);
    n -= chl_path_packed(path) ? 3 : 0;
    return n > 4 && memcmp(path + n - 4, ".tsv", 4) == 0;
}

static chl_status open_writer(chl_csv_writer *writer, const char *path, char separator,
                              int threads, chl_error *err)
{
    cells_writer w;
    separator = separator ? separator : is_tsv(path) ? '\t' : ',';
    CHL_TRY(cells_writer_init(&w, NULL, separator, NULL, err));
    writer->separator = separator;
    writer->output.is_stdout = true; /* nothing to close yet */
    writer->threads = threads;
    return chl_output_open(&writer->output, path, err);
}

chl_status chl_csv_writer_open_threads(const char *path, char separator, int threads,
                                       chl_csv_writer **out, chl_error *err)
{
    *out = NULL;
    chl_csv_writer *made = chl_calloc(1, sizeof *made);
    if (!made) {
        return chl_fail_memory(err);
    }
    chl_status status =
        open_writer(made, path, separator, threads < 1 ? 1 : threads, err);
    if (status != CHL_OK) {
        chl_csv_writer_close(made);
        return status;
    }
    *out = made;
    return CHL_OK;
}

chl_status chl_csv_writer_open(const char *path, char separator, chl_csv_writer **out,
                               chl_error *err)
{
    return chl_csv_writer_open_threads(path, separator, 1, out, err);
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

static chl_status put_rows(void *ctx, int64_t first, int64_t end, chl_strbuf *out,
                           chl_error *err)
{
    cells_writer w = *(const cells_writer *)ctx;
    w.out = out;
    for (int64_t row = first; w.frame->columns > 0 && row < end; row++) {
        put_row(&w, row);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

static chl_status write_header(chl_csv_writer *writer, const cells_writer *cells,
                               chl_error *err)
{
    chl_output_piece piece = {0};
    cells_writer w = *cells;
    w.out = &piece.text;
    put_header(&w);
    chl_status status = chl_output_pack(&writer->output, &piece, err);
    if (status == CHL_OK) {
        status = chl_output_put(&writer->output, &piece, err);
    }
    chl_output_piece_reset(&piece);
    return status;
}

static chl_status put_frame(chl_csv_writer *writer, const chl_frame *frame,
                            const chl_control *control, chl_error *err)
{
    cells_writer w;
    CHL_TRY(cells_writer_init(&w, frame, writer->separator, NULL, err));
    if (writer->first) {
        CHL_TRY(check_columns(writer->first, frame, err));
    } else {
        CHL_TRY(chl_frame_slice(frame, 0, 0, &writer->first, err));
        CHL_TRY(write_header(writer, &w, err));
    }
    return chl_output_rows(&writer->output, frame->rows, put_rows, &w, control,
                           "write_csv", err);
}

chl_status chl_csv_writer_put(chl_csv_writer *writer, const chl_frame *frame,
                              chl_error *err)
{
    chl_control control = {.threads = writer->threads};
    return put_frame(writer, frame, &control, err);
}

chl_status chl_csv_writer_commit(chl_csv_writer *writer, chl_error *err)
{
    return chl_output_commit(&writer->output, err);
}

void chl_csv_writer_close(chl_csv_writer *writer)
{
    if (writer) {
        chl_output_reset(&writer->output);
        chl_frame_release(writer->first);
        chl_free(writer);
    }
}

chl_status chl_csv_write(const chl_frame *frame, const char *path, char separator,
                         const chl_control *control, chl_error *err)
{
    chl_csv_writer *writer;
    int threads = chl_control_threads(control);
    CHL_TRY(chl_csv_writer_open_threads(path, separator, threads, &writer, err));
    chl_status status = put_frame(writer, frame, control, err);
    if (status == CHL_OK) {
        status = chl_csv_writer_commit(writer, err);
    }
    chl_csv_writer_close(writer);
    return status;
}
