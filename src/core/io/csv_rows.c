/* SPDX-License-Identifier: MIT */
#include "core/io/csv_rows.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"

enum { PORTION = 1 << 18 };

void chl_csv_rows_init(chl_csv_rows *s, char separator, bool single, bool header,
                       const int64_t *rows, int64_t n, int64_t *lines)
{
    *s = (chl_csv_rows){.separator = separator ? separator : ',',
                        .single = single,
                        .rows = rows,
                        .n = n,
                        .lines = lines,
                        .line = 1,
                        .start = 1,
                        .row = header ? -1 : 0,
                        .field = true,
                        .blank = true,
                        .empty = true};
    for (int64_t i = 0; i < n; i++) {
        lines[i] = 0;
    }
}

static void end_record(chl_csv_rows *s)
{
    if (!(s->empty || (s->blank && !s->single))) {
        while (s->found < s->n && s->rows[s->found] == s->row) {
            s->lines[s->found++] = s->start;
        }
        s->row++;
    }
    s->start = s->line;
    s->field = s->blank = s->empty = true;
    s->closed = false;
}

/* A byte that ends no line. */
static void take_byte(chl_csv_rows *s, char c)
{
    bool space = c == ' ' || c == '\t';
    s->empty = false;
    if (s->quoted) {
        s->quoted = c != '"';
        s->closed = c == '"';
        return;
    }
    if (c == '"' && (s->field || s->closed)) {
        s->quoted = true;
        s->field = s->blank = false;
    } else if (c == s->separator) {
        s->field = true;
        s->blank = false;
    } else if (!space) {
        s->field = s->blank = false;
    }
    s->closed = false;
}

void chl_csv_rows_feed(chl_csv_rows *s, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && s->found < s->n; i++) {
        char c = bytes[i];
        bool second = s->cr && c == '\n'; /* of a CR LF */
        s->cr = c == '\r';
        if (c != '\n' && c != '\r') {
            take_byte(s, c);
        } else if (!second) {
            s->line++;
            if (!s->quoted) {
                end_record(s);
            }
        }
    }
}

void chl_csv_rows_finish(chl_csv_rows *s)
{
    end_record(s);
}

static chl_status read_file(chl_csv_rows *s, FILE *file, char *buffer, const char *path,
                            chl_error *err)
{
    bool first = true;
    while (s->found < s->n) {
        size_t n = fread(buffer, 1, PORTION, file);
        if (ferror(file)) {
            return chl_fail(err, CHL_EIO, "%s: cannot read: %s", path, strerror(errno));
        }
        if (first && n >= 2 && memcmp(buffer, "\x1f\x8b", 2) == 0) {
            return CHL_OK; /* gzip */
        }
        first = false;
        chl_csv_rows_feed(s, buffer, n);
        if (n < PORTION) {
            chl_csv_rows_finish(s);
            return CHL_OK;
        }
    }
    return CHL_OK;
}

chl_status chl_csv_row_lines(const char *path, char separator, bool single, bool header,
                             const int64_t *rows, int64_t n, int64_t *lines,
                             chl_error *err)
{
    chl_csv_rows state;
    chl_csv_rows_init(&state, separator, single, header, rows, n, lines);
    FILE *file = fopen(path, "rb");
    if (!file) {
        return chl_fail(err, CHL_EIO, "%s: cannot open: %s", path, strerror(errno));
    }
    char *buffer = chl_alloc(PORTION, 1);
    chl_status status =
        buffer ? read_file(&state, file, buffer, path, err) : chl_fail_memory(err);
    chl_free(buffer);
    fclose(file);
    return status;
}
