/* SPDX-License-Identifier: MIT
 *
 * CSV to frame: records into the columns' cells, then a typed column from each, in
 * parallel. Layer: core/io.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/nearest.h"
#include "core/base/parallel.h"
#include "core/io/csv_cells.h"
#include "core/io/csv_lines.h"
#include "core/data/text.h"

enum { PORTION = 1 << 20 };

typedef struct csv_field {
    char *name; /* owned */
    int type;   /* chl_type, or -1 to infer */
    bool skip;  /* dropped */
    csv_cells cells;
    chl_column *column; /* owned until the frame has it */
} csv_field;

/* Row numbers and line numbers rise together except at these rows (blank lines, line ends
 * inside cells). */
typedef struct line_jump {
    int64_t row, line;
} line_jump;

typedef struct table {
    const char *name;
    const chl_csv_options *options;
    csv_na na;
    csv_lines lines;
    csv_cells first; /* cells of the first record, before the fields exist */
    csv_field *fields;
    int64_t count; /* fields; -1 before the first record */
    int64_t rows;
    size_t before; /* the first field's bytes before this record */
    line_jump *jumps;
    size_t jump_count, jump_room;
    int64_t next_line; /* where the next row begins unless it jumps */
} table;

static void table_reset(table *t)
{
    for (int64_t i = 0; t->fields && i < t->count; i++) {
        chl_free(t->fields[i].name);
        chl_free(t->fields[i].cells.bytes);
        chl_column_release(t->fields[i].column);
    }
    chl_free(t->fields);
    chl_free(t->first.bytes);
    chl_free(t->jumps);
    csv_lines_reset(&t->lines);
}

/* ---- the header ---- */

static chl_status name_field(table *t, int64_t i, const csv_cell *cell, chl_error *err)
{
    const char *text = cell->text;
    size_t length = cell->length;
    if (!cell->quoted) {
        chl_trim(&text, &length);
    }
    if (length && memchr(text, '\0', length)) {
        return chl_fail(err, CHL_EPARSE, "%s:1: column %lld: the name holds a NUL byte",
                        t->name, (long long)i + 1);
    }
    char numbered[32];
    if (t->options->no_header || length == 0) {
        length =
            (size_t)snprintf(numbered, sizeof numbered, "column_%lld", (long long)i + 1);
        text = numbered;
    }
    t->fields[i].type = -1;
    t->fields[i].name = chl_strndup(text, length);
    return t->fields[i].name ? CHL_OK : chl_fail_memory(err);
}

static chl_status find_field(table *t, const char *what, const char *name,
                             csv_field **field, chl_error *err)
{
    for (int64_t i = 0; i < t->count; i++) {
        if (strcmp(t->fields[i].name, name) == 0) {
            *field = &t->fields[i];
            return CHL_OK;
        }
    }
    const char **names = chl_alloc((size_t)t->count, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < t->count; i++) {
        names[i] = t->fields[i].name;
    }
    chl_fail_unknown(err, what, "column", name, names, (size_t)t->count);
    chl_free(names);
    return chl_error_prefix(err, "%s", t->name);
}

/* Without a declared type the column is a timestamp if the format has a clock, else a
 * date.
 */
static chl_status set_format(const table *t, csv_field *field,
                             const chl_time_format *format, chl_error *err)
{
    if (field->type < 0) {
        field->type = format->has_clock ? CHL_TIMESTAMP : CHL_DATE;
    }
    if (field->type != CHL_DATE && field->type != CHL_TIMESTAMP) {
        return chl_fail(
            err, CHL_EINVAL,
            "%s: formats: column '%s': expected a date or a timestamp, got %s", t->name,
            field->name, chl_type_name((chl_type)field->type));
    }
    field->cells.format = format;
    return CHL_OK;
}

static chl_status apply_options(table *t, chl_error *err)
{
    const chl_csv_options *o = t->options;
    csv_field *field = NULL;
    for (int i = 0; i < o->typed_count; i++) {
        CHL_TRY(find_field(t, "types", o->typed[i], &field, err));
        field->type = (int)o->types[i];
    }
    for (int i = 0; i < o->formatted_count; i++) {
        CHL_TRY(find_field(t, "formats", o->formatted[i], &field, err));
        CHL_TRY(set_format(t, field, &o->formats[i], err));
    }
    for (int i = 0; i < o->drop_count; i++) {
        CHL_TRY(find_field(t, "drop", o->drop[i], &field, err));
        field->skip = true;
    }
    return CHL_OK;
}

static chl_status make_fields(table *t, int64_t cells, chl_error *err)
{
    t->fields = chl_calloc((size_t)cells, sizeof *t->fields);
    if (!t->fields) {
        return chl_fail_memory(err);
    }
    t->count = cells;
    const unsigned char *at = t->first.bytes;
    for (int64_t i = 0; i < cells; i++) {
        csv_cell cell;
        at = csv_cells_next(at, &cell);
        CHL_TRY(name_field(t, i, &cell, err));
    }
    return apply_options(t, err);
}

/* ---- records ---- */

static chl_status on_cell(void *ctx, int64_t cell, const char *text, size_t length,
                          bool quoted, chl_error *err)
{
    table *t = ctx;
    csv_cells *cells = &t->first;
    if (t->count >= 0) {
        if (cell >= t->count || t->fields[cell].skip) {
            return CHL_OK;
        }
        cells = &t->fields[cell].cells;
        t->before = cell == 0 ? cells->used : t->before;
    }
    return csv_cells_add(cells, text, length, quoted) ? CHL_OK : chl_fail_memory(err);
}

static chl_status note_line(table *t, int64_t line, chl_error *err)
{
    if (line != t->next_line) {
        line_jump *grown =
            chl_grow(t->jumps, &t->jump_room, t->jump_count + 1, sizeof *grown);
        if (!grown) {
            return chl_fail_memory(err);
        }
        t->jumps = grown;
        grown[t->jump_count++] = (line_jump){.row = t->rows, .line = line};
    }
    t->next_line = line + 1;
    return CHL_OK;
}

static int64_t line_of(const table *t, int64_t row)
{
    line_jump last = {.row = 0, .line = 0};
    for (size_t i = 0; i < t->jump_count && t->jumps[i].row <= row; i++) {
        last = t->jumps[i];
    }
    return last.line + (row - last.row);
}

/* A record of spaces only, in a table of several columns, is an empty line. */
static bool is_blank_record(const table *t, int64_t cells)
{
    if (cells != 1 || t->count == 1 || t->fields[0].skip) {
        return false;
    }
    csv_cell cell;
    csv_cells_next(t->fields[0].cells.bytes + t->before, &cell);
    chl_trim(&cell.text, &cell.length);
    return cell.length == 0;
}

static chl_status replay_first(table *t, chl_error *err)
{
    const unsigned char *at = t->first.bytes;
    for (int64_t i = 0; i < t->count; i++) {
        csv_cell cell;
        at = csv_cells_next(at, &cell);
        CHL_TRY(on_cell(t, i, cell.text, cell.length, cell.quoted, err));
    }
    return CHL_OK;
}

static chl_status on_record(void *ctx, int64_t cells, int64_t line, chl_error *err)
{
    table *t = ctx;
    if (t->count < 0) {
        CHL_TRY(make_fields(t, cells, err));
        if (!t->options->no_header) {
            return CHL_OK;
        }
        CHL_TRY(replay_first(t, err));
    }
    if (cells != t->count && is_blank_record(t, cells)) {
        t->fields[0].cells.used = t->before;
        return CHL_OK;
    }
    if (cells != t->count) {
        return chl_fail(err, CHL_EPARSE, "%s:%lld: expected %lld fields, got %lld",
                        t->name, (long long)line, (long long)t->count, (long long)cells);
    }
    CHL_TRY(note_line(t, line, err));
    t->rows++;
    return CHL_OK;
}

/* ---- columns ---- */

static chl_status type_field(void *ctx, size_t index, chl_error *err)
{
    table *t = ctx;
    csv_field *field = &t->fields[index];
    int64_t bad_row;
    if (field->skip) {
        return CHL_OK;
    }
    chl_status status = csv_cells_column(&field->cells, t->rows, &t->na, field->type,
                                         &field->column, &bad_row, err);
    chl_free(field->cells.bytes);
    field->cells = (csv_cells){.format = field->cells.format};
    if (status != CHL_OK && bad_row >= 0) {
        return chl_error_prefix(err, "%s:%lld: column '%s'", t->name,
                                (long long)line_of(t, bad_row), field->name);
    }
    return status;
}

static chl_status fill_frame(table *t, const char **names, chl_column **columns,
                             chl_frame **out, chl_error *err)
{
    int n = 0;
    for (int64_t i = 0; i < t->count; i++) {
        if (!t->fields[i].skip) {
            names[n] = t->fields[i].name;
            columns[n++] = t->fields[i].column;
        }
    }
    if (chl_frame_new(names, columns, n, out, err) != CHL_OK) {
        return chl_error_prefix(err, "%s:1", t->name);
    }
    (*out)->rows = t->rows;
    return CHL_OK;
}

static chl_status make_frame(table *t, int threads, chl_frame **out, chl_error *err)
{
    if (t->count < 0) {
        return chl_fail(err, CHL_EPARSE, "%s:1: expected a header, got an empty file",
                        t->name);
    }
    CHL_TRY(chl_parallel_for(threads, (size_t)t->count, type_field, t, err));
    const char **names = chl_alloc((size_t)t->count, sizeof *names);
    chl_column **columns = chl_alloc((size_t)t->count, sizeof *columns);
    chl_status status =
        names && columns ? fill_frame(t, names, columns, out, err) : chl_fail_memory(err);
    chl_free(names);
    chl_free(columns);
    return status;
}

/* ---- sources ---- */

static chl_status table_init(table *t, const char *name, const chl_csv_options *options,
                             chl_error *err)
{
    static const chl_csv_options defaults = {0};
    options = options ? options : &defaults;
    char separator = options->separator ? options->separator : ',';
    *t = (table){.name = name, .options = options, .count = -1};
    csv_na_init(&t->na, options);
    if (separator == '"' || separator == '\n' || separator == '\r') {
        return chl_fail(err, CHL_EINVAL,
                        "read_csv: separator: expected no quote and no line end");
    }
    csv_sink sink = {.cell = on_cell, .record = on_record, .ctx = t};
    return csv_lines_init(&t->lines, name, separator, sink, err);
}

chl_status chl_csv_read_bytes(const char *bytes, size_t n, const char *name,
                              const chl_csv_options *options, chl_frame **out,
                              chl_error *err)
{
    *out = NULL;
    table t;
    chl_status status = table_init(&t, name, options, err);
    if (status == CHL_OK) {
        status = csv_lines_feed(&t.lines, bytes, n, err);
    }
    if (status == CHL_OK) {
        status = csv_lines_finish(&t.lines, err);
    }
    if (status == CHL_OK) {
        status = make_frame(&t, 1, out, err);
    }
    table_reset(&t);
    return status;
}

static chl_status fail_system(const char *path, const char *what, chl_error *err)
{
    return chl_fail(err, CHL_EIO, "%s: %s: %s", path, what, strerror(errno));
}

/* One full portion, or less at the end of the file. */
static chl_status read_portion(int fd, const char *path, char *buffer, size_t *n,
                               chl_error *err)
{
    *n = 0;
    while (*n < PORTION) {
        ssize_t got = read(fd, buffer + *n, PORTION - *n);
        if (got < 0 && errno != EINTR) {
            return fail_system(path, "cannot read", err);
        }
        if (got == 0) {
            break;
        }
        *n += got > 0 ? (size_t)got : 0;
    }
    return CHL_OK;
}

static chl_status read_all(table *t, int fd, char *buffer, const chl_control *control,
                           chl_error *err)
{
    struct stat info;
    double size =
        fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? (double)info.st_size : 0;
    double done = 0;
    size_t n;
    do {
        CHL_TRY(chl_control_check(control, "read_csv", err));
        CHL_TRY(read_portion(fd, t->name, buffer, &n, err));
        CHL_TRY(csv_lines_feed(&t->lines, buffer, n, err));
        done += (double)n;
        chl_control_report(control, size > 0 ? done / size : 0, t->name);
    } while (n == PORTION);
    return CHL_OK;
}

static chl_status read_file(table *t, int fd, const chl_control *control, chl_frame **out,
                            chl_error *err)
{
    char *buffer = chl_alloc(PORTION, 1);
    if (!buffer) {
        return chl_fail_memory(err);
    }
    chl_status status = read_all(t, fd, buffer, control, err);
    chl_free(buffer);
    CHL_TRY(status);
    CHL_TRY(csv_lines_finish(&t->lines, err));
    return make_frame(t, chl_control_threads(control), out, err);
}

chl_status chl_csv_read(const char *path, const chl_csv_options *options,
                        const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = NULL;
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail_system(path, "cannot open", err);
    }
    table t;
    chl_status status = table_init(&t, is_stdin ? "stdin" : path, options, err);
    if (status == CHL_OK) {
        status = read_file(&t, fd, control, out, err);
    }
    table_reset(&t);
    if (!is_stdin) {
        close(fd);
    }
    return status;
}

/* ---- portions ---- */

enum { USUAL_BYTES = 8 << 20, STEP = 64 << 10 };

struct chl_csv_reader {
    table t;
    int fd;
    bool opened, over, given; /* file to close; no more text; a frame went out */
    double size, done;        /* bytes of the file */
    char *buffer;
    chl_frame *rest; /* rows that were too many */
};

void chl_csv_close(chl_csv_reader *reader)
{
    if (reader) {
        table_reset(&reader->t);
        if (reader->opened && reader->fd != STDIN_FILENO) {
            close(reader->fd);
        }
        chl_free(reader->buffer);
        chl_frame_release(reader->rest);
        chl_free(reader);
    }
}

double chl_csv_progress(const chl_csv_reader *reader)
{
    return reader->size > 0 && reader->done < reader->size ? reader->done / reader->size
           : reader->size > 0                              ? 1
                                                           : 0;
}

static chl_status open_reader(chl_csv_reader *r, const char *path,
                              const chl_csv_options *options, chl_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    CHL_TRY(table_init(&r->t, is_stdin ? "stdin" : path, options, err));
    r->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    r->opened = r->fd >= 0;
    if (!r->opened) {
        return fail_system(path, "cannot open", err);
    }
    struct stat info;
    if (fstat(r->fd, &info) == 0 && S_ISREG(info.st_mode)) {
        r->size = (double)info.st_size;
    }
    r->buffer = chl_alloc(PORTION, 1);
    return r->buffer ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_csv_open(const char *path, const chl_csv_options *options,
                        chl_csv_reader **out, chl_error *err)
{
    *out = NULL;
    chl_csv_reader *r = chl_calloc(1, sizeof *r);
    if (!r) {
        return chl_fail_memory(err);
    }
    chl_status status = open_reader(r, path, options, err);
    if (status != CHL_OK) {
        chl_csv_close(r);
        return status;
    }
    *out = r;
    return CHL_OK;
}

/* Feeds text until there is enough of it or the file is over. */
static chl_status feed_portion(chl_csv_reader *r, int64_t max_rows, size_t max_bytes,
                               const chl_control *control, chl_error *err)
{
    for (size_t fed = 0; fed < max_bytes && (!max_rows || r->t.rows < max_rows);) {
        CHL_TRY(chl_control_check(control, "read_csv", err));
        ssize_t n = read(r->fd, r->buffer, STEP);
        if (n < 0 && errno != EINTR) {
            return fail_system(r->t.name, "cannot read", err);
        }
        if (n == 0) {
            r->over = true;
            return csv_lines_finish(&r->t.lines, err);
        }
        fed += n > 0 ? (size_t)n : 0;
        r->done += n > 0 ? (double)n : 0;
        CHL_TRY(csv_lines_feed(&r->t.lines, r->buffer, n > 0 ? (size_t)n : 0, err));
    }
    return CHL_OK;
}

static chl_status fix_types(chl_csv_reader *r, const chl_frame *frame)
{
    for (int64_t i = 0, c = 0; i < r->t.count; i++) {
        csv_field *field = &r->t.fields[i];
        if (!field->skip) {
            field->type = (int)frame->fields[c++].column->type;
        }
        chl_column_release(field->column);
        field->column = NULL;
    }
    r->t.jump_count = 0;
    r->t.rows = 0;
    r->t.next_line = 0;
    return CHL_OK;
}

static chl_status next_frame(chl_csv_reader *r, int64_t max_rows, size_t max_bytes,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    do {
        CHL_TRY(feed_portion(r, max_rows, max_bytes, control, err));
    } while (!r->over && (r->t.count < 0 || r->t.rows == 0));
    if (r->over && r->given && r->t.rows == 0) {
        return CHL_OK;
    }
    CHL_TRY(make_frame(&r->t, chl_control_threads(control), out, err));
    r->given = true;
    return fix_types(r, *out);
}

/* Keeps what is above max_rows for the next call. */
static chl_status split_rows(chl_csv_reader *r, int64_t max_rows, chl_frame **out,
                             chl_error *err)
{
    chl_frame *whole = *out;
    *out = NULL;
    chl_status status = chl_frame_slice(whole, 0, max_rows, out, err);
    if (status == CHL_OK) {
        status = chl_frame_slice(whole, max_rows, whole->rows - max_rows, &r->rest, err);
    }
    chl_frame_release(whole);
    return status;
}

chl_status chl_csv_next(chl_csv_reader *reader, int64_t max_rows, size_t max_bytes,
                        const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = reader->rest;
    reader->rest = NULL;
    chl_status status = CHL_OK;
    if (!*out) {
        status = next_frame(reader, max_rows, max_bytes ? max_bytes : USUAL_BYTES,
                            control, out, err);
    }
    if (status == CHL_OK && *out && max_rows > 0 && (*out)->rows > max_rows) {
        status = split_rows(reader, max_rows, out, err);
    }
    if (status != CHL_OK) {
        chl_frame_release(*out);
        *out = NULL;
    }
    return status;
}
