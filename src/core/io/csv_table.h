/* SPDX-License-Identifier: MIT
 *
 * Inside the CSV reader: the columns while blocks come in. Layer: core/io, private to
 * csv_*.c.
 *
 * Blocks are parsed on any thread into pieces; in the order of the file, csv_table_place
 * finds out which rows a block's pieces are and what type that makes the columns; then
 * csv_table_copy, again on any thread, puts them there. When the pieces of a column turn
 * out to be of types that no conversion joins (numbers first, text later), the column is
 * marked `again`: the file is read once more for it, by then with the right type.
 */
#ifndef CHL_IO_CSV_TABLE_H
#define CHL_IO_CSV_TABLE_H

#include <pthread.h>

#include "core/io/blocks.h"
#include "core/io/csv_piece.h"

/* A block on its way: text, where its cells are, its typed pieces. */
typedef struct csv_job {
    chl_block block;
    csv_index index;
    csv_piece *pieces; /* one a field */
    int64_t piece_count;
    int64_t first, rows; /* the rows that are parsed */
    int64_t at;          /* their first row in the table */
    double left;         /* bytes of text that follow the block, as far as known */
    bool busy, ready;    /* for the driver */
    chl_status status;
    chl_error error;    /* the end of the message … */
    int64_t error_line; /* … and its line, counted from the block's; -1 = has no line */
} csv_job;

void csv_job_reset(csv_job *job);

/* A column while it grows. */
typedef struct csv_gather {
    int kind;         /* as csv_piece.kind */
    void *values;     /* of that kind; strings: offsets; NULL while there are none */
    uint8_t *missing; /* one byte a row; NULL while no row is */
    char *bytes;      /* strings */
    size_t used, bytes_room;
    chl_levels *levels;
    int64_t integers; /* rows at the beginning that are i64 though the kind is f64 */
    bool again;       /* to be read once more, as `kind` */
} csv_gather;

typedef struct csv_file_start {
    int file;
    int64_t row;
} csv_file_start;

typedef struct csv_table {
    const chl_csv_options *options;
    char separator;
    csv_na na;
    csv_field *fields;
    csv_gather *gathers;
    int64_t count; /* fields; -1 before the first header */
    int64_t rows, room;
    double bytes; /* text that gave these rows */
    int64_t line; /* where the next block begins */
    const char *const *paths;
    csv_file_start *files; /* where the rows of each file begin */
    size_t file_count, file_room;
    pthread_rwlock_t moving; /* read: values are copied in; write: they are moved */
} csv_table;

/* A path as messages show it. */
static inline const char *csv_path_name(const char *path)
{
    return path[0] == '-' && !path[1] ? "standard input" : path;
}

/* All borrowed; paths[0] decides on the separator. */
CHL_MUST_CHECK chl_status csv_table_init(csv_table *table, const chl_csv_options *options,
                                         const char *const *paths, chl_error *err);
void csv_table_reset(csv_table *table);

/* csv_header.c: chl_blocks.first with the table as ctx: skips a BOM, reads the header of
 * the first file and compares those of the others. */
chl_status csv_table_header(void *ctx, chl_block *block, const char *name, bool *found,
                            chl_error *err);

/* The message for what stopped a scan, without the place. */
chl_status csv_fail_fault(const csv_index *index, int64_t columns, chl_error *err);

/* Finds the cells of the job's block. */
void csv_job_scan(const csv_table *table, csv_job *job);
/* Types job->rows rows from job->first on, a column a thread. Both leave failures in the
 * job. */
void csv_job_parse(const csv_table *table, csv_job *job, int threads);

/* Gives the job its rows in the table. In the order of the blocks. A failed job fails,
 * with the line. On success the lock `moving` is held for reading until csv_table_copy.
 */
CHL_MUST_CHECK chl_status csv_table_place(csv_table *table, csv_job *job, chl_error *err);
void csv_table_copy(csv_table *table, csv_job *job);

/* After csv_table_frame: ready for the next rows. */
void csv_table_clear(csv_table *table);

/* Whether a column wants to be read again. Prepares that: the others are skipped, rows
 * and lines start over. */
bool csv_table_again(csv_table *table);

/* csv_finish.c: the frame of all rows; the table is left without columns, with its fields
 * of the types that they have. */
CHL_MUST_CHECK chl_status csv_table_frame(csv_table *table, int threads, chl_frame **out,
                                          chl_error *err);
/* Category codes to strings, in place. */
CHL_MUST_CHECK chl_status csv_gather_strings(csv_gather *gather, int64_t rows,
                                             int64_t room, chl_error *err);

#endif
