/* SPDX-License-Identifier: MIT */
#include "core/io/csv_lines.h"

#include <string.h>

/* libcsv's states; 3 is "a quote that may have closed the cell". */
enum { BETWEEN_RECORDS = 0, IN_CELL = 2 };
enum { BUFFER_STEP = 4096 };

/* ---- libcsv's side ---- */

static int no_space(unsigned char c)
{
    (void)c;
    return 0;
}

/* Moves the scan over cell `index` of the line and tells whether it was quoted. Cells are
 * asked for in rising order, so a line is scanned once. */
static bool find_quotes(csv_lines *l, int64_t index)
{
    const char *at = l->scan;
    bool quoted = false;
    for (; l->scan_cell <= index; l->scan_cell++) {
        bool inside = l->scan_inside;
        quoted = l->scan_quoted || (at < l->scan_end && *at == '"');
        l->scan_quoted = l->scan_inside = false;
        while (at < l->scan_end && (inside || *at != l->separator)) {
            inside ^= *at++ == '"';
        }
        at += at < l->scan_end;
    }
    l->scan = at;
    return quoted;
}

/* The scan starts at a portion's begin, maybe in the middle of a cell. */
static void start_scan(csv_lines *l, const char *line, size_t n)
{
    l->scan = line;
    l->scan_end = line + n;
    l->scan_cell = l->cell;
    l->scan_quoted = l->parser.pstate >= IN_CELL && l->parser.quoted;
    l->scan_inside = l->parser.pstate == IN_CELL && l->parser.quoted;
}

static void on_cell(void *bytes, size_t length, void *ctx)
{
    csv_lines *l = ctx;
    int64_t cell = l->cell++;
    if (l->status == CHL_OK) {
        bool quoted = find_quotes(l, cell);
        l->status =
            l->sink.cell(l->sink.ctx, cell, length ? bytes : "", length, quoted, l->err);
    }
}

static void end_record(csv_lines *l)
{
    if (l->status == CHL_OK) {
        l->status = l->sink.record(l->sink.ctx, l->cell, l->first_line, l->err);
    }
    l->cell = 0;
}

static void on_record(int end, void *ctx)
{
    (void)end;
    end_record(ctx);
}

static chl_status fail_parse(csv_lines *l)
{
    if (csv_error(&l->parser) != CSV_EPARSE) {
        return chl_fail_memory(l->err);
    }
    return chl_fail(l->err, CHL_EPARSE,
                    "%s:%lld: cell %lld: expected quotes only around a whole cell and "
                    "doubled inside it",
                    l->name, (long long)l->line, (long long)l->cell + 1);
}

/* One line, or the piece of one that is here. */
static void parse_line(csv_lines *l, const char *line, size_t n)
{
    int64_t first_cell = l->cell;
    start_scan(l, line, n);
    bool was_quoted = l->scan_quoted;
    if (csv_parse(&l->parser, line, n, on_cell, on_record, l) != n &&
        l->status == CHL_OK) {
        l->status = fail_parse(l);
    }
    if (l->parser.quoted && (!was_quoted || l->cell != first_cell)) {
        l->quote_line = l->line;
    }
}

/* ---- the quick way ---- */

static void cut_line(csv_lines *l, const char *line, const char *end)
{
    while (end > line && (end[-1] == '\n' || end[-1] == '\r')) {
        end--;
    }
    const char *start = line;
    for (const char *at = line; l->status == CHL_OK; at++) {
        if (at == end || *at == l->separator) {
            l->status = l->sink.cell(l->sink.ctx, l->cell++, start, (size_t)(at - start),
                                     false, l->err);
            start = at + 1;
        }
        if (at == end) {
            break;
        }
    }
    end_record(l);
}

/* ---- lines ---- */

static void take_line(csv_lines *l, const char *line, const char *end, bool whole)
{
    bool fresh = l->parser.pstate == BETWEEN_RECORDS;
    size_t n = (size_t)(end - line);
    if (fresh) {
        l->first_line = l->line;
    }
    if (!fresh || !whole || memchr(line, '"', n)) {
        parse_line(l, line, n);
    } else if (line[0] != '\n' && line[0] != '\r') {
        cut_line(l, line, end);
    }
}

/* The end of the line at `at`, behind its LF, CR or CR LF; NULL when it is not here. `lf`
 * is the next line feed or `end`. */
static const char *line_end(const char *at, const char *lf, const char *end)
{
    const char *cr = memchr(at, '\r', (size_t)(lf - at));
    if (cr && cr + 1 != lf) {
        return cr + 1;
    }
    return lf < end ? lf + 1 : cr ? cr + 1 : NULL;
}

static void take_lines(csv_lines *l, const char *at, const char *end)
{
    if (l->after_cr && at < end && *at == '\n') {
        parse_line(l, at++, 1); /* the LF of a CR LF: the line is counted already */
    }
    l->after_cr = l->after_cr && at == end;
    const char *lf = at - 1;
    while (at < end && l->status == CHL_OK) {
        if (lf < at) {
            lf = memchr(at, '\n', (size_t)(end - at));
            lf = lf ? lf : end;
        }
        const char *next = line_end(at, lf, end);
        take_line(l, at, next ? next : end, next != NULL);
        l->line += next != NULL;
        l->after_cr = next == end && end[-1] == '\r';
        at = next ? next : end;
    }
}

/* ---- the whole ---- */

chl_status csv_lines_init(csv_lines *lines, const char *name, char separator,
                          csv_sink sink, chl_error *err)
{
    *lines = (csv_lines){.sink = sink, .name = name, .separator = separator, .line = 1};
    if (csv_init(&lines->parser, CSV_STRICT | CSV_STRICT_FINI) != 0) {
        return chl_fail_memory(err);
    }
    lines->opened = true;
    csv_set_delim(&lines->parser, (unsigned char)separator);
    csv_set_space_func(&lines->parser, no_space);
    csv_set_blk_size(&lines->parser, BUFFER_STEP);
    return CHL_OK;
}

void csv_lines_reset(csv_lines *lines)
{
    if (lines->opened) {
        csv_free(&lines->parser);
    }
    *lines = (csv_lines){0};
}

static chl_status skip_bom(csv_lines *l, const char **bytes, size_t *n)
{
    if (*n >= 3 && memcmp(*bytes, "\xef\xbb\xbf", 3) == 0) {
        *bytes += 3;
        *n -= 3;
    } else if (*n >= 2 && (memcmp(*bytes, "\xff\xfe", 2) == 0 ||
                           memcmp(*bytes, "\xfe\xff", 2) == 0)) {
        return chl_fail(l->err, CHL_EPARSE, "%s:1: expected UTF-8 text, got UTF-16",
                        l->name);
    }
    return CHL_OK;
}

chl_status csv_lines_feed(csv_lines *lines, const char *bytes, size_t n, chl_error *err)
{
    lines->err = err;
    if (!lines->started) {
        lines->started = true;
        CHL_TRY(skip_bom(lines, &bytes, &n));
    }
    take_lines(lines, bytes, bytes + n);
    return lines->status;
}

chl_status csv_lines_finish(csv_lines *lines, chl_error *err)
{
    lines->err = err;
    start_scan(lines, "", 0);
    if (csv_fini(&lines->parser, on_cell, on_record, lines) != 0) {
        return chl_fail(
            err, CHL_EPARSE, "%s:%lld: cell %lld: a quote opens here and never closes",
            lines->name, (long long)lines->quote_line, (long long)lines->cell + 1);
    }
    return lines->status;
}
