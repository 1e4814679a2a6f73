/* SPDX-License-Identifier: MIT
 *
 * A CSV file in portions of rows: a block at a time, its columns on several threads.
 * Layer: core/io.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/parallel.h"
#include "core/io/csv_table.h"
#include "core/io/paths.h"

enum { USUAL_BYTES = 8 << 20 };

struct chl_csv_reader {
    chl_paths files;
    chl_csv_options options;
    chl_blocks blocks;
    csv_table table;
    csv_job job;
    bool given;         /* a frame went out */
    bool ahead, over;   /* the job has rows to give, or tells that there are none */
    const char **names; /* of the columns; NULL until somebody asked */
};

void chl_csv_close(chl_csv_reader *reader)
{
    if (reader) {
        csv_job_reset(&reader->job);
        chl_blocks_reset(&reader->blocks);
        csv_table_reset(&reader->table);
        chl_free((void *)reader->names);
        chl_paths_reset(&reader->files);
        chl_free(reader);
    }
}

double chl_csv_progress(const chl_csv_reader *reader)
{
    return chl_blocks_progress(&reader->blocks);
}

/* Opens the files now, so that a wrong path fails here. */
static chl_status check_paths(const chl_paths *files, chl_error *err)
{
    for (int i = 0; i < files->count; i++) {
        chl_input *input = NULL;
        if (strcmp(files->items[i], "-") != 0) {
            CHL_TRY(chl_input_open(files->items[i], &input, err));
            chl_input_close(input);
        }
    }
    return CHL_OK;
}

static chl_status start_reader(chl_csv_reader *r, const char *const *paths, int n,
                               const chl_csv_options *options, chl_error *err)
{
    if (n < 1) {
        return chl_fail(err, CHL_EINVAL, "read_csv: expected at least one file");
    }
    CHL_TRY(chl_paths_expand(paths, n, &r->files, err));
    CHL_TRY(check_paths(&r->files, err));
    r->options = options ? *options : (chl_csv_options){0};
    r->blocks = (chl_blocks){.paths = (const char *const *)r->files.items,
                             .path_count = r->files.count,
                             .quotes = true,
                             .first = csv_table_header,
                             .ctx = &r->table};
    return csv_table_init(&r->table, &r->options, r->blocks.paths, err);
}

chl_status chl_csv_open_files(const char *const *paths, int n,
                              const chl_csv_options *options, chl_csv_reader **out,
                              chl_error *err)
{
    *out = NULL;
    chl_csv_reader *r = chl_calloc(1, sizeof *r);
    if (!r) {
        return chl_fail_memory(err);
    }
    chl_status status = start_reader(r, paths, n, options, err);
    if (status != CHL_OK) {
        chl_csv_close(r);
        return status;
    }
    *out = r;
    return CHL_OK;
}

chl_status chl_csv_open(const char *path, const chl_csv_options *options,
                        chl_csv_reader **out, chl_error *err)
{
    return chl_csv_open_files(&path, 1, options, out, err);
}

static chl_status give_up(const csv_job *job, chl_error *err)
{
    if (err) {
        *err = job->error;
    }
    return job->status;
}

/* Makes sure that the job has rows that were not given out. Before the first frame an
 * empty job will do at the end of the file; later *over tells that. */
static chl_status need_rows(chl_csv_reader *r, size_t max_bytes, bool *over,
                            chl_error *err)
{
    csv_job *job = &r->job;
    bool more = true;
    *over = false;
    job->first += job->rows;
    job->rows = job->index.rows - job->first;
    r->blocks.size = max_bytes;
    while (job->rows == 0 && job->index.fault == CSV_FINE) {
        CHL_TRY(chl_blocks_next(&r->blocks, &job->block, &more, err));
        if (!more) {
            *over = r->given;
            return CHL_OK;
        }
        csv_job_scan(&r->table, job);
        if (job->status != CHL_OK) {
            return give_up(job, err);
        }
        if (job->rows == 0) { /* a header, empty lines */
            int64_t line = job->block.line ? job->block.line : r->table.line;
            r->table.line = line + job->index.lines;
        }
    }
    return CHL_OK;
}

static chl_status look_ahead(chl_csv_reader *r, size_t max_bytes, chl_error *err)
{
    if (!r->ahead) {
        CHL_TRY(need_rows(r, max_bytes ? max_bytes : USUAL_BYTES, &r->over, err));
        r->ahead = true;
    }
    return CHL_OK;
}

chl_status chl_csv_columns(chl_csv_reader *reader, const char *const **names, int *n,
                           chl_error *err)
{
    *n = 0;
    CHL_TRY(look_ahead(reader, 0, err));
    csv_table *t = &reader->table;
    if (!reader->names) {
        reader->names = chl_alloc((size_t)t->count, sizeof *reader->names);
        if (!reader->names) {
            return chl_fail_memory(err);
        }
    }
    for (int64_t i = 0; i < t->count; i++) {
        if (!t->fields[i].drop) {
            reader->names[(*n)++] = t->fields[i].name;
        }
    }
    *names = reader->names;
    return CHL_OK;
}

chl_status chl_csv_declare(chl_csv_reader *reader, const char *const *typed,
                           const chl_type *types, int n, chl_error *err)
{
    const char *const *names;
    int known;
    CHL_TRY(chl_csv_columns(reader, &names, &known, err));
    for (int i = 0; i < n; i++) {
        int64_t k = 0;
        while (k < reader->table.count &&
               strcmp(reader->table.fields[k].name, typed[i]) != 0) {
            k++;
        }
        if (k == reader->table.count) {
            return chl_fail_unknown(err, "types", "column", typed[i], names,
                                    (size_t)known);
        }
        reader->table.fields[k].type = (int)types[i];
    }
    return CHL_OK;
}

static chl_status give_frame(chl_csv_reader *r, int64_t max_rows, int threads,
                             chl_frame **out, chl_error *err)
{
    csv_job *job = &r->job;
    if (max_rows > 0 && job->rows > max_rows) {
        job->rows = max_rows;
    }
    for (int64_t c = 0; c < job->piece_count; c++) {
        csv_piece_forget(&job->pieces[c]);
    }
    csv_job_parse(&r->table, job, threads);
    CHL_TRY(csv_table_place(&r->table, job, err));
    csv_table_copy(&r->table, job);
    CHL_TRY(csv_table_frame(&r->table, threads, out, err));
    csv_table_clear(&r->table);
    r->given = true;
    return CHL_OK;
}

chl_status chl_csv_next(chl_csv_reader *reader, int64_t max_rows, size_t max_bytes,
                        const chl_control *control, chl_frame **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "read_csv", err));
    CHL_TRY(look_ahead(reader, max_bytes, err));
    reader->ahead = false;
    return reader->over
               ? CHL_OK
               : give_frame(reader, max_rows, chl_control_threads(control), out, err);
}
