/* SPDX-License-Identifier: MIT
 *
 * CSV files to a frame on several threads. Layer: core/io.
 *
 * Each thread takes the next block of text (one at a time), parses it, and puts the
 * blocks that are next in the order of the file into the table. What comes out, an error
 * as well, depends neither on the number of threads nor on where the blocks end.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/io/csv_table.h"
#include "core/io/paths.h"

enum { BLOCK = 256 << 10, JOBS_A_THREAD = 2, SMALL = 4 };

/* Text of a pipe, kept in case that it must be read again. */
typedef struct kept {
    chl_block *blocks;
    size_t count, room;
    size_t next; /* when it is read again */
} kept;

typedef struct reading {
    csv_table *table;
    chl_blocks *blocks;
    const chl_control *control;
    pthread_t caller; /* whose progress line it is */
    csv_job *jobs;
    size_t job_count;
    bool keep;   /* the input cannot be read twice */
    bool replay; /* read from `kept` */
    kept kept;
    pthread_mutex_t source; /* guards blocks, kept, over */
    bool over;
    pthread_mutex_t order; /* guards what follows, and the table's placing */
    pthread_cond_t freed;  /* a job is free again */
    int64_t next;          /* the block to be placed next */
    bool failed;
    chl_status status;
    chl_error error;
} reading;

/* ---- the source ---- */

static chl_status keep_block(reading *r, const chl_block *block, chl_error *err)
{
    chl_block *grown =
        chl_grow(r->kept.blocks, &r->kept.room, r->kept.count + 1, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    r->kept.blocks = grown;
    grown[r->kept.count++] = *block;
    return CHL_OK;
}

static chl_status read_block(reading *r, chl_block *block, bool *more, chl_error *err)
{
    if (r->replay) {
        *more = r->kept.next < r->kept.count;
        if (*more) {
            *block = r->kept.blocks[r->kept.next++];
        }
        return CHL_OK;
    }
    if (r->keep) {
        *block = (chl_block){0}; /* its text is kept */
    }
    chl_status status = chl_blocks_next(r->blocks, block, more, err);
    if (status == CHL_OK && r->keep && *more) {
        status = keep_block(r, block, err);
    }
    if (status != CHL_OK && r->keep) {
        chl_block_reset(block);
    }
    return status;
}

/* The next block into the job; false when there is none. A failure counts as a block. */
static bool take_block(reading *r, csv_job *job)
{
    bool more = false;
    pthread_mutex_lock(&r->source);
    if (!r->over) {
        int64_t index = r->replay ? (int64_t)r->kept.next : r->blocks->index;
        job->status = chl_control_check(r->control, "read_csv", &job->error);
        if (job->status == CHL_OK) {
            job->status = read_block(r, &job->block, &more, &job->error);
        }
        job->error_line = -1;
        job->left = r->replay ? 0 : chl_blocks_left(r->blocks);
        r->over = !more;
        if (job->status != CHL_OK) {
            job->block.index = index;
            more = true;
        }
        if (pthread_equal(r->caller, pthread_self())) {
            chl_control_report(r->control, chl_blocks_progress(r->blocks),
                               r->table->paths[0]);
        }
    }
    pthread_mutex_unlock(&r->source);
    return more;
}

/* ---- jobs ---- */

static csv_job *take_job(reading *r)
{
    csv_job *job = NULL;
    pthread_mutex_lock(&r->order);
    while (!job && !r->failed) {
        for (size_t i = 0; i < r->job_count && !job; i++) {
            job = r->jobs[i].busy ? NULL : &r->jobs[i];
        }
        if (!job) {
            pthread_cond_wait(&r->freed, &r->order);
        }
    }
    if (job) {
        job->busy = true;
    }
    pthread_mutex_unlock(&r->order);
    return job;
}

static void free_job(reading *r, csv_job *job)
{
    if (r->keep) {
        job->block = (chl_block){0};
    }
    job->busy = job->ready = false;
    pthread_cond_signal(&r->freed);
}

static csv_job *next_ready(reading *r)
{
    for (size_t i = 0; i < r->job_count; i++) {
        if (r->jobs[i].ready && r->jobs[i].block.index == r->next) {
            return &r->jobs[i];
        }
    }
    return NULL;
}

/* Puts this job and those that waited for it into the table. */
static void deliver(reading *r, csv_job *done)
{
    pthread_mutex_lock(&r->order);
    done->ready = true;
    for (csv_job *job; !r->failed && (job = next_ready(r)) != NULL;) {
        r->status = csv_table_place(r->table, job, &r->error);
        r->next++;
        if (r->status != CHL_OK) {
            r->failed = true;
            break;
        }
        job->ready = false;
        pthread_mutex_unlock(&r->order);
        csv_table_copy(r->table, job);
        pthread_mutex_lock(&r->order);
        free_job(r, job);
    }
    if (r->failed) {
        pthread_cond_broadcast(&r->freed);
    }
    pthread_mutex_unlock(&r->order);
}

/* false: nothing more to read, or something failed. */
static bool do_block(reading *r)
{
    csv_job *job = take_job(r);
    if (!job) {
        return false;
    }
    if (!take_block(r, job)) {
        pthread_mutex_lock(&r->order);
        free_job(r, job);
        pthread_mutex_unlock(&r->order);
        return false;
    }
    if (job->status == CHL_OK) {
        csv_job_scan(r->table, job);
    }
    if (job->status == CHL_OK) {
        csv_job_parse(r->table, job, 1);
    }
    deliver(r, job);
    return true;
}

static chl_status work(void *ctx, size_t index, chl_error *err)
{
    (void)index;
    (void)err;
    while (do_block(ctx)) {
    }
    return CHL_OK;
}

/* ---- one pass ---- */

/* The block with the header alone: it tells the other threads what to expect. */
static chl_status read_pass(reading *r, int threads, chl_error *err)
{
    r->over = false;
    r->next = 0;
    bool more;
    do {
        more = do_block(r);
    } while (more && r->table->count < 0);
    bool small =
        chl_blocks_left(r->blocks) <= (double)r->blocks->size * SMALL && !r->keep;
    threads = small ? 1 : threads;
    if (!r->failed) {
        chl_status status = chl_parallel_for(threads, (size_t)threads, work, r, err);
        if (status != CHL_OK) {
            return status;
        }
    }
    if (r->failed && err) {
        *err = r->error;
    }
    return r->failed ? r->status : CHL_OK;
}

static chl_status read_again(reading *r, int threads, int64_t rows, chl_error *err)
{
    for (size_t i = 0; i < r->job_count; i++) {
        for (int64_t c = 0; c < r->jobs[i].piece_count; c++) {
            csv_piece_forget(&r->jobs[i].pieces[c]);
        }
    }
    r->replay = r->keep;
    r->kept.next = 0;
    if (!r->keep && !chl_blocks_rewind(r->blocks)) {
        return chl_fail(err, CHL_EIO, "%s: cannot be read a second time",
                        csv_path_name(r->table->paths[0]));
    }
    CHL_TRY(read_pass(r, threads, err));
    if (r->table->rows != rows) {
        return chl_fail(err, CHL_EIO, "%s: changed while it was read",
                        csv_path_name(r->table->paths[0]));
    }
    return CHL_OK;
}

static chl_status read_table(reading *r, int threads, chl_error *err)
{
    r->keep = !r->blocks->memory && !chl_blocks_rewind(r->blocks);
    CHL_TRY(read_pass(r, threads, err));
    int64_t rows = r->table->rows;
    while (csv_table_again(r->table)) {
        CHL_TRY(read_again(r, threads, rows, err));
    }
    return CHL_OK;
}

static void reset_reading(reading *r)
{
    for (size_t i = 0; i < r->job_count; i++) {
        if (r->keep) {
            r->jobs[i].block = (chl_block){0};
        }
        csv_job_reset(&r->jobs[i]);
    }
    for (size_t i = 0; i < r->kept.count; i++) {
        chl_block_reset(&r->kept.blocks[i]);
    }
    chl_free(r->kept.blocks);
    chl_free(r->jobs);
    pthread_cond_destroy(&r->freed);
    pthread_mutex_destroy(&r->order);
    pthread_mutex_destroy(&r->source);
}

static chl_status read_blocks(csv_table *table, chl_blocks *blocks,
                              const chl_control *control, chl_error *err)
{
    int threads = chl_control_threads(control);
    reading r = {.table = table,
                 .blocks = blocks,
                 .control = control,
                 .caller = pthread_self(),
                 .job_count = (size_t)threads * JOBS_A_THREAD};
    pthread_mutex_init(&r.source, NULL);
    pthread_mutex_init(&r.order, NULL);
    pthread_cond_init(&r.freed, NULL);
    r.jobs = chl_calloc(r.job_count, sizeof *r.jobs);
    chl_status status = r.jobs ? read_table(&r, threads, err) : chl_fail_memory(err);
    r.job_count = r.jobs ? r.job_count : 0;
    reset_reading(&r);
    return status;
}

/* ---- the functions of csv.h ---- */

static chl_status read_frame(chl_blocks *blocks, const chl_csv_options *options,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    static const chl_csv_options defaults = {0};
    csv_table table;
    options = options ? options : &defaults;
    chl_status status = csv_table_init(&table, options, blocks->paths, err);
    blocks->size = options->block ? options->block : BLOCK;
    blocks->quotes = true;
    blocks->first = csv_table_header;
    blocks->ctx = &table;
    if (status == CHL_OK) {
        status = read_blocks(&table, blocks, control, err);
    }
    if (status == CHL_OK) {
        status = csv_table_frame(&table, chl_control_threads(control), out, err);
    }
    chl_blocks_reset(blocks);
    blocks->ctx = NULL;
    csv_table_reset(&table);
    return status;
}

chl_status chl_csv_read_files(const char *const *paths, int n,
                              const chl_csv_options *options, const chl_control *control,
                              chl_frame **out, chl_error *err)
{
    *out = NULL;
    if (n < 1) {
        return chl_fail(err, CHL_EINVAL, "read_csv: expected at least one file");
    }
    chl_paths files;
    CHL_TRY(chl_paths_expand(paths, n, &files, err));
    chl_blocks blocks = {.paths = (const char *const *)files.items,
                         .path_count = files.count};
    chl_status status = read_frame(&blocks, options, control, out, err);
    chl_paths_reset(&files);
    return status;
}

chl_status chl_csv_read(const char *path, const chl_csv_options *options,
                        const chl_control *control, chl_frame **out, chl_error *err)
{
    return chl_csv_read_files(&path, 1, options, control, out, err);
}

chl_status chl_csv_read_bytes(const char *bytes, size_t n, const char *name,
                              const chl_csv_options *options, chl_frame **out,
                              chl_error *err)
{
    *out = NULL;
    chl_blocks blocks = {
        .paths = &name, .path_count = 1, .memory = bytes ? bytes : "", .memory_size = n};
    return read_frame(&blocks, options, NULL, out, err);
}
