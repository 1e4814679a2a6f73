/* SPDX-License-Identifier: MIT
 *
 * Inside the CSV reader: one column of one block as typed values. Layer: core/io, private
 * to csv_*.c.
 *
 * Without a declared type a piece has the first of i64, f64, bool, date, timestamp that
 * all its present cells fit, else text: a category (codes) while there are few levels,
 * then strings. csv_kind_join says what two pieces are together; since every i64 cell
 * fits f64, every date fits timestamp, and nothing else overlaps, joining pieces gives
 * what looking at the whole column would.
 */
#ifndef CHL_IO_CSV_PIECE_H
#define CHL_IO_CSV_PIECE_H

#include <stdatomic.h>

#include "core/data/text.h"
#include "core/io/csv.h"
#include "core/io/csv_scan.h"

enum { CSV_NOTHING = -1 };    /* the kind of a piece without present cells */
enum { CSV_LEVELS_MAX = 50 }; /* of a category by inference */

/* The NA strings, with a quick way to say no. */
typedef struct csv_na {
    const char *const *words;
    int count;
    size_t longest;
    bool first[256]; /* some word starts with this byte */
} csv_na;
void csv_na_init(csv_na *na, const chl_csv_options *options);
/* Of text without blanks around it; the empty text is missing. */
bool csv_na_match(const csv_na *na, const char *text, size_t length);

typedef struct csv_field {
    char *name;                    /* owned */
    int type;                      /* chl_type, or -1 to infer it */
    const chl_time_format *format; /* of a date or timestamp; NULL = ISO 8601 */
    bool drop;                     /* left out of the frame */
    bool skip;                     /* dropped, or read already */
    bool fixed;      /* the type was inferred from earlier rows, not declared */
    atomic_int hint; /* what the blocks so far are together: where inference begins */
} csv_field;

int csv_kind_join(int a, int b);

typedef struct csv_cell {
    const char *text;
    size_t length;
    bool quoted;
} csv_cell;

/* A column of a scanned block. */
typedef struct csv_view {
    const char *text;
    const csv_index *index;
    int64_t column;
    int64_t first, rows; /* of these rows */
    bool blanks;         /* separated by blanks: no cell has any around it */
} csv_view;

/* Recently seen texts of up to 16 bytes and their codes. */
typedef struct csv_seen {
    uint64_t low, high;
    uint32_t length;
    int32_t code;
} csv_seen;
enum { CSV_SEEN = 128 };

typedef struct csv_piece {
    int kind;     /* chl_type or CSV_NOTHING */
    void *values; /* 8 bytes a row at most; strings: int64_t ends in `bytes` */
    size_t values_room;
    uint8_t *missing; /* one byte a row; valid when any_missing */
    size_t missing_room;
    bool any_missing;
    char *bytes; /* strings; the last bytes are padding */
    size_t used, room;
    chl_levels *levels; /* codes; kept from block to block */
    csv_seen *seen;
    int32_t *map; /* local code → code in the column; for the collector */
    size_t map_room, mapped;
    size_t base; /* where its strings begin in the column; for the collector */
    int to;      /* the column's kind when the piece was placed; for the collector */
    char *plain; /* a cell without its doubled quotes */
    size_t plain_room;
} csv_piece;

void csv_piece_reset(csv_piece *piece);
/* Forgets levels, for another table; keeps the memory. */
void csv_piece_forget(csv_piece *piece);

/* *bad_row is the row (of the view, from 0) that does not fit a declared type, with the
 * message's end in err ("expected a number, got …"), or -1. */
CHL_MUST_CHECK chl_status csv_piece_fill(csv_piece *piece, const csv_view *view,
                                         csv_field *field, const csv_na *na,
                                         int64_t *bad_row, chl_error *err);

/* csv_text.c: the same for text; kind is CHL_CATEGORY or CHL_STRING. *fits = false: more
 * than `levels_max` levels (-1 = any number). */
CHL_MUST_CHECK chl_status csv_piece_codes(csv_piece *piece, const csv_view *view,
                                          bool protect, const csv_na *na,
                                          int32_t levels_max, bool *fits, chl_error *err);
CHL_MUST_CHECK chl_status csv_piece_strings(csv_piece *piece, const csv_view *view,
                                            bool protect, const csv_na *na,
                                            chl_error *err);

/* The cell with quotes taken off, blanks kept; doubled quotes are undone in *plain. */
CHL_MUST_CHECK chl_status csv_cell_text(const csv_view *view, int64_t row, char **plain,
                                        size_t *plain_room, csv_cell *cell,
                                        chl_error *err);

/* The raw bytes of a cell, quotes included. */
static inline void csv_cell_raw(const csv_view *v, int64_t row, csv_cell *cell,
                                bool *doubled)
{
    int64_t at = (v->first + row) * v->index->columns + v->column;
    const uint32_t *ends = v->index->ends;
    uint32_t start =
        v->column ? (ends[at - 1] & ~CSV_DOUBLED) + 1 : v->index->starts[v->first + row];
    uint32_t end = ends[at];
    *doubled = end & CSV_DOUBLED;
    cell->text = v->text + start;
    cell->length = (end & ~CSV_DOUBLED) - start;
    cell->quoted = false;
}

/* Without blanks and quotes around it; doubled quotes stay. For values other than text.
 */
static inline csv_cell csv_cell_value(const csv_view *v, int64_t row)
{
    csv_cell cell;
    bool doubled;
    csv_cell_raw(v, row, &cell, &doubled);
    (void)doubled;
    if (cell.length && ((unsigned char)cell.text[0] <= '"' ||
                        (unsigned char)cell.text[cell.length - 1] <= '"')) {
        chl_trim(&cell.text, &cell.length);
        if (cell.length && *cell.text == '"') {
            cell.text++;
            cell.length -= 2;
            chl_trim(&cell.text, &cell.length);
        }
    }
    return cell;
}

#endif
