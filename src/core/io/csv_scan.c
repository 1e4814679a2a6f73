/* SPDX-License-Identifier: MIT */
#include "core/io/csv_scan.h"

#include "core/base/alloc.h"
#include "core/io/bytes.h"

enum { GROUP = 64 };

typedef struct scanner {
    csv_index *index;
    const char *text;
    size_t end;
    char separator;
    int64_t max_rows;
    size_t at;        /* the next byte to look at */
    size_t row_start; /* where the open row began */
    size_t row_cell;  /* its first cell's number in `ends` */
    size_t cell;      /* where the open cell began */
    size_t cells;     /* cells in `ends` */
    bool inside;      /* a quote is open … */
    bool doubled;     /* … and had doubled quotes in it */
    int64_t open_line;
    bool stop;
} scanner;

void csv_index_reset(csv_index *index)
{
    chl_free(index->ends);
    chl_free(index->starts);
    *index = (csv_index){0};
}

int64_t csv_count_lines(const char *text, size_t begin, size_t end)
{
    int64_t lines = 0;
    for (size_t i = begin; i < end; i++) {
        lines += text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n');
    }
    return lines;
}

/* Room for the cells of one more group and its rows. */
static bool make_room(scanner *s)
{
    csv_index *x = s->index;
    uint32_t *ends = chl_grow(x->ends, &x->ends_room, s->cells + GROUP + 1, sizeof *ends);
    x->ends = ends ? ends : x->ends;
    uint32_t *starts =
        chl_grow(x->starts, &x->starts_room, (size_t)x->rows + GROUP + 1, sizeof *starts);
    x->starts = starts ? starts : x->starts;
    return ends && starts;
}

static void fail(scanner *s, csv_fault fault, size_t cells, int64_t line)
{
    s->index->fault = fault;
    s->index->cells = (int64_t)cells;
    s->index->fault_line = line;
    s->cells = s->row_cell;
    s->stop = true;
}

static void begin_row(scanner *s, size_t at)
{
    s->row_start = s->cell = at;
    s->row_cell = s->cells;
    s->index->used = at;
}

/* A line of blanks, in quotes or not. */
static bool is_blank(const scanner *s, size_t end)
{
    size_t at = s->row_start;
    bool quoted = at < end && s->text[at] == '"';
    end -= quoted;
    for (at += quoted; at < end && (s->text[at] == ' ' || s->text[at] == '\t'); at++) {
    }
    return at >= end;
}

/* The line ends at `end`, the next one begins at `next`; the last cell is in `ends`. */
static void end_row(scanner *s, size_t end, size_t next)
{
    csv_index *x = s->index;
    size_t cells = s->cells - s->row_cell;
    if (x->columns < 0) {
        x->columns = (int64_t)cells;
    }
    if ((int64_t)cells == x->columns) {
        x->starts[x->rows++] = (uint32_t)s->row_start;
        s->stop = s->max_rows && x->rows == s->max_rows;
    } else if (cells == 1 && is_blank(s, end)) {
        s->cells = s->row_cell;
    } else {
        fail(s, CSV_RAGGED, cells,
             x->lines - csv_count_lines(s->text, s->row_start, end));
        return;
    }
    x->lines++;
    begin_row(s, next);
}

static void end_cell(scanner *s, size_t at)
{
    s->index->ends[s->cells++] = (uint32_t)at | (s->doubled ? CSV_DOUBLED : 0);
    s->doubled = false;
    s->cell = at + 1;
}

static void end_line(scanner *s, size_t at)
{
    size_t next =
        at + 1 + (s->text[at] == '\r' && at + 1 < s->end && s->text[at + 1] == '\n');
    if (at == s->row_start) {
        s->index->lines++;
        begin_row(s, next);
    } else {
        end_cell(s, at);
        end_row(s, at, next);
    }
    s->at = next;
}

/* ---- byte by byte ---- */

/* A quote, or a line end in quotes. */
static void inside_quotes(scanner *s, size_t at)
{
    char c = s->text[at], next = at + 1 < s->end ? s->text[at + 1] : '\n';
    if (c == '\n' || (c == '\r' && next != '\n')) {
        s->index->lines++;
    } else if (c == '"' && next == '"') {
        s->doubled = true;
        s->at = at + 2;
    } else if (c == '"' && (next == s->separator || next == '\n' || next == '\r')) {
        s->inside = false;
    } else if (c == '"') {
        fail(s, CSV_STRAY, s->cells - s->row_cell + 1, s->index->lines);
    }
}

static void take_byte(scanner *s, size_t at)
{
    char c = s->text[at];
    s->at = at + 1;
    if (s->inside) {
        inside_quotes(s, at);
    } else if (c == s->separator) {
        end_cell(s, at);
    } else if (c != '"') {
        end_line(s, at);
    } else if (at == s->cell) {
        s->inside = true;
        s->open_line = s->index->lines;
    } else {
        fail(s, CSV_STRAY, s->cells - s->row_cell + 1, s->index->lines);
    }
}

/* ---- 64 bytes at a time ---- */

static chl_marks marks_at(const scanner *s, size_t group)
{
    chl_marks marks = chl_mark_bytes(s->text + group, s->separator);
    if (s->end - group < GROUP) {
        uint64_t valid = (UINT64_C(1) << (s->end - group)) - 1;
        marks.separator &= valid;
        marks.newline &= valid;
        marks.special &= valid;
    }
    return marks;
}

/* A group with quotes, carriage returns, ragged or empty lines. */
static void take_carefully(scanner *s, size_t group, chl_marks marks)
{
    uint64_t mask = marks.separator | marks.newline | marks.special;
    for (; mask && !s->stop; mask &= mask - 1) {
        size_t at = group + chl_lowest_bit(mask);
        if (at >= s->at) {
            take_byte(s, at);
        }
    }
}

/* A group of plain cells. False, and nothing done, when a line in it is not one of
 * `columns` cells. */
static bool take_quickly(scanner *s, size_t group, chl_marks marks)
{
    csv_index *x = s->index;
    uint32_t *end = x->ends + s->cells;
    size_t columns = (size_t)x->columns, row_cell = s->row_cell, start = s->row_start;
    for (uint64_t mask = marks.separator | marks.newline; mask; mask &= mask - 1) {
        *end++ = (uint32_t)(group + chl_lowest_bit(mask));
    }
    size_t cells = (size_t)(end - x->ends);
    int64_t rows = x->rows;
    for (uint64_t mask = marks.newline; mask; mask &= mask - 1) {
        size_t at = group + chl_lowest_bit(mask);
        row_cell += columns;
        if (row_cell > cells || x->ends[row_cell - 1] != at || at == start) {
            return false;
        }
        x->starts[rows++] = (uint32_t)start;
        start = at + 1;
    }
    if (cells - row_cell > columns) {
        return false;
    }
    x->lines += rows - x->rows;
    x->rows = rows;
    s->cells = cells;
    s->row_cell = row_cell;
    s->row_start = start;
    s->cell = cells > row_cell ? x->ends[cells - 1] + (size_t)1 : start;
    x->used = start;
    return true;
}

static chl_status scan_groups(scanner *s, chl_error *err)
{
    for (size_t group = s->at; group < s->end && !s->stop; group += GROUP) {
        if (!make_room(s)) {
            return chl_fail_memory(err);
        }
        chl_marks marks = marks_at(s, group);
        bool quick = !marks.special && !s->inside && !s->doubled &&
                     s->index->columns > 0 && !s->max_rows && s->at <= group;
        if (!quick || !take_quickly(s, group, marks)) {
            take_carefully(s, group, marks);
        }
    }
    return CHL_OK;
}

/* ---- runs of blanks as separators ---- */

static bool is_blank_byte(char c)
{
    return c == ' ' || c == '\t';
}

static void take_quoted(scanner *s)
{
    s->open_line = s->index->lines;
    s->inside = true;
    s->at++;
    while (s->inside && !s->stop && s->at < s->end) {
        size_t at = s->at++;
        char next = at + 1 < s->end ? s->text[at + 1] : '\n';
        if (s->text[at] == '"' && is_blank_byte(next)) {
            s->inside = false;
        } else {
            inside_quotes(s, at);
        }
    }
}

static void take_plain(scanner *s)
{
    for (; s->at < s->end && !s->stop; s->at++) {
        char c = s->text[s->at];
        if (is_blank_byte(c) || c == '\n' || c == '\r') {
            break;
        }
        if (c == '"') {
            fail(s, CSV_STRAY, s->cells - s->row_cell + 1, s->index->lines);
        }
    }
}

static void skip_blanks(scanner *s)
{
    while (s->at < s->end && is_blank_byte(s->text[s->at])) {
        s->at++;
    }
}

static void end_blank_line(scanner *s)
{
    size_t at = s->at, next = at;
    if (at < s->end) {
        next += 1 + (s->text[at] == '\r' && at + 1 < s->end && s->text[at + 1] == '\n');
    }
    if (s->cells > s->row_cell) {
        end_row(s, at, next);
    } else {
        s->index->lines += at < s->end;
        begin_row(s, next);
    }
    s->at = next;
}

static chl_status scan_blanks(scanner *s, chl_error *err)
{
    while (s->at < s->end && !s->stop) {
        if (!make_room(s)) {
            return chl_fail_memory(err);
        }
        skip_blanks(s);
        if (s->cells == s->row_cell) {
            s->row_start = s->at;
        }
        if (s->at == s->end || s->text[s->at] == '\n' || s->text[s->at] == '\r') {
            end_blank_line(s);
            continue;
        }
        if (s->text[s->at] == '"') {
            take_quoted(s);
        } else {
            take_plain(s);
        }
        if (!s->inside && !s->stop) {
            end_cell(s, s->at);
        }
    }
    return CHL_OK;
}

/* ---- the whole ---- */

/* What is left behind the last line end. */
static chl_status end_text(scanner *s, bool whole, chl_error *err)
{
    bool open = s->cells > s->row_cell || s->row_start < s->end;
    if (!make_room(s)) {
        return chl_fail_memory(err);
    }
    if (s->stop || !open) {
        return CHL_OK;
    }
    if (s->inside) {
        fail(s, CSV_OPEN, s->cells - s->row_cell + 1, s->open_line);
    } else if (!whole) {
        fail(s, CSV_TOO_LARGE, 0,
             s->index->lines - csv_count_lines(s->text, s->row_start, s->end));
    } else {
        if (s->separator != ' ') {
            end_cell(s, s->end);
        }
        end_row(s, s->end, s->end);
        s->index->lines -= !s->stop || s->index->fault == CSV_FINE;
    }
    return CHL_OK;
}

chl_status csv_scan(csv_index *index, const char *text, size_t begin, size_t end,
                    bool whole, char separator, int64_t columns, int64_t max_rows,
                    chl_error *err)
{
    *index = (csv_index){.ends = index->ends,
                         .starts = index->starts,
                         .ends_room = index->ends_room,
                         .starts_room = index->starts_room,
                         .columns = columns};
    scanner s = {.index = index,
                 .text = text,
                 .end = end,
                 .separator = separator,
                 .max_rows = max_rows,
                 .at = begin};
    begin_row(&s, begin);
    CHL_TRY((separator == ' ' ? scan_blanks : scan_groups)(&s, err));
    return end_text(&s, whole, err);
}
