/* SPDX-License-Identifier: MIT
 *
 * The first record of a CSV file: the columns' names, and what the options say of them.
 * Layer: core/io.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/io/csv_table.h"

/* The name in header cell i, borrowed from the view or *plain. */
static chl_status header_name(const csv_table *t, const csv_view *view, int64_t i,
                              char **plain, size_t *room, csv_cell *cell, chl_error *err)
{
    csv_view at = *view;
    at.column = i;
    CHL_TRY(csv_cell_text(&at, 0, plain, room, cell, err));
    if (!cell->quoted) {
        chl_trim(&cell->text, &cell->length);
    }
    if (t->options->no_header) {
        cell->length = 0;
    }
    if (t->options->name_count) {
        cell->text = t->options->names[i];
        cell->length = strlen(cell->text);
    }
    if (cell->length && memchr(cell->text, '\0', cell->length)) {
        return chl_fail(err, CHL_EPARSE, "column %lld: the name holds a NUL byte",
                        (long long)i + 1);
    }
    return CHL_OK;
}

static chl_status name_field(csv_table *t, int64_t i, const csv_cell *cell,
                             chl_error *err)
{
    char numbered[32];
    const char *text = cell->text;
    size_t length = cell->length;
    if (length == 0) {
        length =
            (size_t)snprintf(numbered, sizeof numbered, "column_%lld", (long long)i + 1);
        text = numbered;
    }
    t->fields[i].type = -1;
    t->gathers[i].kind = CSV_NOTHING;
    atomic_init(&t->fields[i].hint, CSV_NOTHING);
    t->fields[i].name = chl_strndup(text, length);
    return t->fields[i].name ? CHL_OK : chl_fail_memory(err);
}

/* ---- options ---- */

static chl_status find_field(csv_table *t, const char *what, const char *name,
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
    chl_status status =
        chl_fail_unknown(err, what, "column", name, names, (size_t)t->count);
    chl_free(names);
    return status;
}

/* Without a declared type the column is a timestamp if the format has a clock, else a
 * date. */
static chl_status set_format(csv_field *field, const chl_time_format *format,
                             chl_error *err)
{
    if (field->type < 0) {
        field->type = format->has_clock ? CHL_TIMESTAMP : CHL_DATE;
    }
    if (field->type != CHL_DATE && field->type != CHL_TIMESTAMP) {
        return chl_fail(err, CHL_EINVAL,
                        "formats: column '%s': expected a date or a timestamp, got %s",
                        field->name, chl_type_name((chl_type)field->type));
    }
    field->format = format;
    return CHL_OK;
}

static chl_status apply_options(csv_table *t, chl_error *err)
{
    const chl_csv_options *o = t->options;
    csv_field *field = NULL;
    for (int i = 0; i < o->typed_count; i++) {
        CHL_TRY(find_field(t, "types", o->typed[i], &field, err));
        field->type = (int)o->types[i];
    }
    for (int i = 0; i < o->formatted_count; i++) {
        CHL_TRY(find_field(t, "formats", o->formatted[i], &field, err));
        CHL_TRY(set_format(field, &o->formats[i], err));
    }
    for (int i = 0; i < o->drop_count; i++) {
        CHL_TRY(find_field(t, "drop", o->drop[i], &field, err));
        field->drop = field->skip = true;
    }
    return CHL_OK;
}

/* ---- headers ---- */

static chl_status make_fields(csv_table *t, const csv_view *view, char **plain,
                              size_t *room, chl_error *err)
{
    int64_t n = view->index->columns;
    if (t->options->name_count && t->options->name_count != n) {
        return chl_fail(err, CHL_EINVAL, "names: expected %lld, got %d", (long long)n,
                        t->options->name_count);
    }
    t->fields = chl_calloc((size_t)n, sizeof *t->fields);
    t->gathers = chl_calloc((size_t)n, sizeof *t->gathers);
    if (!t->fields || !t->gathers) {
        return chl_fail_memory(err);
    }
    t->count = n;
    for (int64_t i = 0; i < n; i++) {
        csv_cell cell;
        CHL_TRY(header_name(t, view, i, plain, room, &cell, err));
        CHL_TRY(name_field(t, i, &cell, err));
    }
    return apply_options(t, err);
}

/* Another file's header, or the same once more. */
static chl_status compare_fields(csv_table *t, const csv_view *view, char **plain,
                                 size_t *room, chl_error *err)
{
    if (view->index->columns != t->count) {
        return chl_fail(err, CHL_EPARSE, "expected %lld columns as in %s, got %lld",
                        (long long)t->count, csv_path_name(t->paths[0]),
                        (long long)view->index->columns);
    }
    for (int64_t i = 0; i < t->count; i++) {
        csv_cell cell;
        const char *wanted = t->fields[i].name;
        CHL_TRY(header_name(t, view, i, plain, room, &cell, err));
        if (cell.length && (strlen(wanted) != cell.length ||
                            memcmp(wanted, cell.text, cell.length) != 0)) {
            char shown[CHL_EXCERPT];
            return chl_fail(err, CHL_EPARSE,
                            "column %lld: expected '%s' as in %s, got '%s'",
                            (long long)i + 1, wanted, csv_path_name(t->paths[0]),
                            chl_excerpt(cell.text, cell.length, shown));
        }
    }
    return CHL_OK;
}

static chl_status take_header(csv_table *t, const chl_block *block,
                              const csv_index *index, chl_error *err)
{
    csv_view view = {
        .text = block->text, .index = index, .rows = 1, .blanks = t->separator == ' '};
    char *plain = NULL;
    size_t room = 0;
    chl_status status = t->count < 0 ? make_fields(t, &view, &plain, &room, err)
                                     : compare_fields(t, &view, &plain, &room, err);
    chl_free(plain);
    return status;
}

/* ---- the beginning of a file ---- */

static chl_status skip_bom(chl_block *block, chl_error *err)
{
    size_t n = block->end - block->begin;
    const char *text = block->text + block->begin;
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        block->begin += 3;
    } else if (n >= 2 &&
               (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0)) {
        return chl_fail(err, CHL_EPARSE, "expected UTF-8 text, got UTF-16");
    }
    return CHL_OK;
}

/* *line: the one that messages name. */
static chl_status look_for_header(csv_table *t, chl_block *block, csv_index *index,
                                  bool *found, int64_t *line, chl_error *err)
{
    CHL_TRY(csv_scan(index, block->text, block->begin, block->end, !block->too_large,
                     t->separator, -1, 1, err));
    *found = index->rows > 0;
    if (index->fault != CSV_FINE) {
        *line += index->fault_line;
        return csv_fail_fault(index, 0, err);
    }
    if (!*found && block->last) {
        *line = 1;
        return chl_fail(err, CHL_EPARSE, "expected a header, got an empty file");
    }
    if (*found) {
        *line += csv_count_lines(block->text, block->begin, index->starts[0]);
        CHL_TRY(take_header(t, block, index, err));
    }
    if (!*found || !t->options->no_header) {
        block->line += index->lines;
        block->begin = index->used;
    }
    return CHL_OK;
}

chl_status csv_table_header(void *ctx, chl_block *block, const char *name, bool *found,
                            chl_error *err)
{
    csv_table *t = ctx;
    csv_index index = {0};
    int64_t line = block->line;
    chl_status status = block->begin == 0 && line == 1 ? skip_bom(block, err) : CHL_OK;
    if (status == CHL_OK) {
        status = look_for_header(t, block, &index, found, &line, err);
    }
    csv_index_reset(&index);
    if (status == CHL_EINVAL || status == CHL_ENAME) { /* an option is at fault */
        return chl_error_prefix(err, "%s", name);
    }
    return status == CHL_OK ? CHL_OK
                            : chl_error_prefix(err, "%s:%lld", name, (long long)line);
}
