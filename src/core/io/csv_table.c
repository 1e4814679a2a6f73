/* SPDX-License-Identifier: MIT */
#include "core/io/csv_table.h"

#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

void csv_job_reset(csv_job *job)
{
    for (int64_t i = 0; i < job->piece_count; i++) {
        csv_piece_reset(&job->pieces[i]);
    }
    chl_free(job->pieces);
    csv_index_reset(&job->index);
    chl_block_reset(&job->block);
    *job = (csv_job){0};
}

static void reset_gather(csv_gather *g)
{
    chl_free(g->values);
    chl_free(g->missing);
    chl_free(g->bytes);
    chl_levels_release(g->levels);
    *g = (csv_gather){.kind = CSV_NOTHING};
}

static bool ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n > m && strcmp(path + n - m, end) == 0;
}

chl_status csv_table_init(csv_table *table, const chl_csv_options *options,
                          const char *const *paths, chl_error *err)
{
    bool tabs = ends_with(paths[0], ".tsv") || ends_with(paths[0], ".tsv.gz");
    *table = (csv_table){.options = options, .paths = paths, .count = -1};
    table->separator = options->separator ? options->separator : tabs ? '\t' : ',';
    csv_na_init(&table->na, options);
    pthread_rwlock_init(&table->moving, NULL);
    if (memchr("\"\r\n", table->separator, 3)) {
        return chl_fail(err, CHL_EINVAL,
                        "read_csv: separator: expected no quote and no line end");
    }
    return CHL_OK;
}

void csv_table_reset(csv_table *table)
{
    for (int64_t i = 0; i < table->count; i++) {
        chl_free(table->fields[i].name);
        if (table->gathers) {
            reset_gather(&table->gathers[i]);
        }
    }
    chl_free(table->fields);
    chl_free(table->gathers);
    chl_free(table->files);
    if (table->paths) { /* it was initialized */
        pthread_rwlock_destroy(&table->moving);
    }
    *table = (csv_table){.count = -1};
}

/* ---- parsing ---- */

static void fail_job(csv_job *job, chl_status status, int64_t line)
{
    job->status = status;
    job->error_line = line;
}

chl_status csv_fail_fault(const csv_index *index, int64_t columns, chl_error *err)
{
    long long cells = (long long)index->cells;
    switch (index->fault) {
    case CSV_RAGGED:
        return chl_fail(err, CHL_EPARSE, "expected %lld fields, got %lld",
                        (long long)columns, cells);
    case CSV_STRAY:
        return chl_fail(err, CHL_EPARSE,
                        "cell %lld: expected quotes only around a whole cell and "
                        "doubled inside it",
                        cells);
    case CSV_OPEN:
        return chl_fail(err, CHL_EPARSE, "cell %lld: a quote opens here and never closes",
                        cells);
    case CSV_TOO_LARGE:
        return chl_fail(err, CHL_EPARSE, "a record begins here that is longer than %d MB",
                        CHL_RECORD_MAX >> 20);
    case CSV_FINE: break;
    }
    return CHL_OK;
}

void csv_job_scan(const csv_table *table, csv_job *job)
{
    const chl_block *b = &job->block;
    job->status = CHL_OK;
    chl_status status = csv_scan(&job->index, b->text, b->begin, b->end, !b->too_large,
                                 table->separator, table->count, 0, &job->error);
    job->first = 0;
    job->rows = job->index.rows;
    if (status != CHL_OK) {
        fail_job(job, status, -1);
    }
}

static chl_status fill_piece(const csv_table *t, csv_job *job, int64_t c,
                             int64_t *bad_row, chl_error *err)
{
    csv_field *field = &t->fields[c];
    csv_view view = {.text = job->block.text,
                     .index = &job->index,
                     .column = c,
                     .first = job->first,
                     .rows = job->rows,
                     .blanks = t->separator == ' '};
    *bad_row = -1;
    if (field->skip) {
        return CHL_OK;
    }
    chl_status status =
        csv_piece_fill(&job->pieces[c], &view, field, &t->na, bad_row, err);
    return *bad_row < 0 ? status : chl_error_prefix(err, "column '%s'", field->name);
}

/* Parses the rows before the first that has a cell that does not fit. */
static void parse_in_order(const csv_table *t, csv_job *job)
{
    int64_t all = job->rows;
    for (int64_t c = 0; c < t->count; c++) {
        chl_error error = {0};
        int64_t bad_row;
        chl_status status = fill_piece(t, job, c, &bad_row, &error);
        if (status != CHL_OK) {
            job->error = error;
            fail_job(job, status, -1);
            if (bad_row < 0) {
                return;
            }
            job->rows = bad_row;
        }
    }
    if (job->rows < all) {
        size_t at = job->index.starts[job->first + job->rows];
        job->error_line = csv_count_lines(job->block.text, job->block.begin, at);
    }
}

typedef struct column_work {
    const csv_table *table;
    csv_job *job;
} column_work;

static chl_status parse_column(void *ctx, size_t index, chl_error *err)
{
    column_work *work = ctx;
    int64_t bad_row;
    return fill_piece(work->table, work->job, (int64_t)index, &bad_row, err);
}

static bool make_pieces(csv_job *job, int64_t count)
{
    if (!job->pieces && count > 0) {
        job->pieces = chl_calloc((size_t)count, sizeof *job->pieces);
        job->piece_count = job->pieces ? count : 0;
    }
    return job->pieces || count <= 0;
}

void csv_job_parse(const csv_table *table, csv_job *job, int threads)
{
    if (!make_pieces(job, table->count)) {
        fail_job(job, chl_fail_memory(&job->error), -1);
        return;
    }
    column_work work = {table, job};
    if (threads < 2 || chl_parallel_for(threads, (size_t)table->count, parse_column,
                                        &work, NULL) != CHL_OK) {
        parse_in_order(table, job);
    }
    bool last = job->first + job->rows == job->index.rows;
    if (job->status == CHL_OK && last && job->index.fault != CSV_FINE) {
        fail_job(job, csv_fail_fault(&job->index, table->count, &job->error),
                 job->index.fault_line);
    }
}

/* ---- placing ---- */

static double row_bytes(const csv_table *t)
{
    double sum = 0;
    for (int64_t c = 0; c < t->count; c++) {
        const csv_gather *g = &t->gathers[c];
        sum += g->values ? (double)chl_type_size((chl_type)g->kind) : 0;
    }
    return sum;
}

/* A machine that hands out more memory than it has ends the process; this one fails. */
static chl_status check_memory(const csv_table *t, double rows, chl_error *err)
{
#ifdef _SC_PHYS_PAGES
    double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    double need = rows * row_bytes(t);
    for (int64_t c = 0; c < t->count; c++) {
        need += (double)t->gathers[c].used;
    }
    if (memory > 0 && need > memory) {
        return chl_fail(
            err, CHL_ENOMEM,
            "%s: %.0f rows need %.1f GB, the machine has %.1f (scan_csv reads "
            "in portions)",
            csv_path_name(t->paths[0]), rows, need / 1e9, memory / 1e9);
    }
#endif
    (void)rows;
    (void)err;
    return CHL_OK;
}

static size_t value_bytes(int kind, int64_t rows)
{
    return ((size_t)rows + (kind == CHL_STRING)) * chl_type_size((chl_type)kind);
}

static chl_status move_values(csv_gather *g, int64_t rows, int64_t room, chl_error *err)
{
    if (g->values) {
        void *moved = chl_alloc_aligned(value_bytes(g->kind, room), 1);
        if (!moved) {
            return chl_fail_memory(err);
        }
        memcpy(moved, g->values, value_bytes(g->kind, rows));
        chl_free(g->values);
        g->values = moved;
    }
    if (g->missing) {
        uint8_t *moved = chl_calloc((size_t)room, 1);
        if (!moved) {
            return chl_fail_memory(err);
        }
        memcpy(moved, g->missing, (size_t)rows);
        chl_free(g->missing);
        g->missing = moved;
    }
    return CHL_OK;
}

/* Room for `rows` more rows, and for those that `left` bytes of text are likely to give.
 */
static chl_status widen_table(csv_table *t, int64_t rows, double left, chl_error *err)
{
    int64_t need = t->rows + rows;
    if (need <= t->room) {
        return CHL_OK;
    }
    double guess = (double)need * 1.02 * left / (t->bytes > 0 ? t->bytes : 1);
    double most = 4096 * (double)need + 1e6; /* a guess from few rows may be far off */
    guess = guess < most ? guess : most;
    int64_t room = need + (int64_t)guess;
    room = left <= 0 && t->rows > 0 && room < t->room * 2 ? t->room * 2 : room;
    CHL_TRY(check_memory(t, (double)need, err));
    pthread_rwlock_wrlock(&t->moving);
    chl_status status = CHL_OK;
    for (int64_t c = 0; c < t->count && status == CHL_OK; c++) {
        status = move_values(&t->gathers[c], t->rows, room, err);
    }
    pthread_rwlock_unlock(&t->moving);
    t->room = status == CHL_OK ? room : t->room;
    return status;
}

/* The values of rows that are all missing so far. */
static void fill_missing(csv_gather *g, int kind, int64_t from, int64_t rows)
{
    char *values = g->values;
    size_t size = chl_type_size((chl_type)kind);
    if (kind == CHL_STRING) {
        int64_t *offsets = g->values;
        for (int64_t i = from; i < from + rows; i++) {
            offsets[i + 1] = offsets[from];
        }
    } else {
        memset(values + (size_t)from * size, kind == CHL_CATEGORY ? 0xff : 0,
               (size_t)rows * size);
    }
}

static chl_status start_values(csv_table *t, csv_gather *g, int kind, chl_error *err)
{
    g->values = chl_alloc_aligned(value_bytes(kind, t->room), 1);
    if (!g->values) {
        return chl_fail_memory(err);
    }
    g->kind = kind;
    if (kind == CHL_STRING) {
        *(int64_t *)g->values = 0;
    } else if (kind == CHL_CATEGORY && !g->levels) {
        CHL_TRY(chl_levels_new(&g->levels, err));
    }
    fill_missing(g, kind, 0, t->rows);
    return CHL_OK;
}

static bool joins(int kind, int other)
{
    return kind == other || other == CSV_NOTHING ||
           ((kind == CHL_F64 || kind == CHL_STRING) &&
            other == (kind == CHL_F64 ? (int)CHL_I64 : (int)CHL_CATEGORY));
}

/* Codes of the piece to codes of the column. */
static chl_status map_levels(csv_gather *g, csv_piece *p, chl_error *err)
{
    size_t n = (size_t)chl_levels_count(p->levels);
    int32_t *map = chl_grow(p->map, &p->map_room, n + 1, sizeof *map);
    if (!map) {
        return chl_fail_memory(err);
    }
    p->map = map;
    for (; p->mapped < n; p->mapped++) {
        size_t length;
        const char *name = chl_levels_name(p->levels, (int32_t)p->mapped, &length);
        CHL_TRY(chl_levels_intern(g->levels, name, length, &map[p->mapped], err));
    }
    return CHL_OK;
}

/* Bytes of the piece's strings, or of its codes as strings. */
static size_t text_bytes(const csv_piece *p, int64_t rows)
{
    if (p->kind != CHL_CATEGORY) {
        return p->kind == CHL_STRING ? p->used : 0;
    }
    const int32_t *codes = p->values;
    size_t sum = 0;
    for (int64_t i = 0; i < rows; i++) {
        size_t length = 0;
        if (codes[i] >= 0) {
            (void)chl_levels_name(p->levels, codes[i], &length);
        }
        sum += length;
    }
    return sum;
}

static chl_status place_bytes(csv_table *t, csv_gather *g, csv_piece *p, int64_t rows,
                              chl_error *err)
{
    p->base = g->used;
    g->used += text_bytes(p, rows);
    if (g->used <= g->bytes_room && g->bytes) {
        return CHL_OK;
    }
    double share =
        (double)(t->rows + rows) > 0 ? (double)t->room / (double)(t->rows + rows) : 1;
    size_t room = g->used + (size_t)((share - 1) * 1.02 * (double)g->used);
    room = room < g->used + g->used / 2 && share > 1 ? g->used + g->used / 2 : room;
    char *moved = chl_alloc(room, 1);
    if (!moved) {
        return chl_fail_memory(err);
    }
    pthread_rwlock_wrlock(&t->moving);
    if (p->base) {
        memcpy(moved, g->bytes, p->base);
    }
    chl_free(g->bytes);
    g->bytes = moved;
    g->bytes_room = room;
    pthread_rwlock_unlock(&t->moving);
    return CHL_OK;
}

static chl_status become_strings(csv_table *t, csv_gather *g, chl_error *err)
{
    pthread_rwlock_wrlock(&t->moving);
    chl_status status = csv_gather_strings(g, t->rows, t->room, err);
    pthread_rwlock_unlock(&t->moving);
    return status;
}

static void give_up_values(csv_table *t, csv_gather *g)
{
    pthread_rwlock_wrlock(&t->moving);
    int kind = g->kind;
    reset_gather(g);
    g->kind = kind;
    pthread_rwlock_unlock(&t->moving);
}

/* Settles the column's kind with the piece's. */
static chl_status join_kinds(csv_table *t, csv_gather *g, const csv_piece *p,
                             chl_error *err)
{
    int kind = csv_kind_join(g->kind, p->kind);
    if (g->again || (g->kind != CSV_NOTHING && !joins(kind, g->kind)) ||
        !joins(kind, p->kind)) {
        give_up_values(t, g);
        g->again = true;
        g->kind = kind;
        return CHL_OK;
    }
    if (g->kind == CHL_CATEGORY && kind == CHL_STRING) {
        return become_strings(t, g, err);
    }
    if (g->kind == CHL_I64 && kind == CHL_F64) {
        g->integers = t->rows;
    }
    g->kind = kind;
    return CHL_OK;
}

static chl_status place_text(csv_table *t, csv_gather *g, csv_piece *p,
                             const csv_field *f, int64_t rows, chl_error *err)
{
    if (g->kind == CHL_CATEGORY && p->kind == CHL_CATEGORY) {
        CHL_TRY(map_levels(g, p, err));
        if (f->type < 0 && chl_levels_count(g->levels) > CSV_LEVELS_MAX) {
            CHL_TRY(become_strings(t, g, err));
        }
    }
    return g->kind == CHL_STRING ? place_bytes(t, g, p, rows, err) : CHL_OK;
}

static chl_status place_piece(csv_table *t, int64_t c, csv_piece *p, int64_t rows,
                              chl_error *err)
{
    csv_gather *g = &t->gathers[c];
    csv_field *f = &t->fields[c];
    bool fresh = g->kind == CSV_NOTHING;
    if (fresh && p->kind != CSV_NOTHING && !g->again) {
        CHL_TRY(start_values(t, g, p->kind, err));
    }
    CHL_TRY(join_kinds(t, g, p, err));
    if (!g->again) {
        CHL_TRY(place_text(t, g, p, f, rows, err));
        if (p->any_missing && !g->missing) {
            g->missing = chl_calloc((size_t)t->room, 1);
            if (!g->missing) {
                return chl_fail_memory(err);
            }
        }
    }
    atomic_store_explicit(&f->hint, g->kind, memory_order_relaxed);
    p->to = g->again ? CSV_NOTHING : g->kind;
    return CHL_OK;
}

static chl_status note_file(csv_table *t, const csv_job *job, chl_error *err)
{
    size_t n = t->file_count;
    if (n && t->files[n - 1].file == job->block.file) {
        return CHL_OK;
    }
    csv_file_start *grown = chl_grow(t->files, &t->file_room, n + 1, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    t->files = grown;
    grown[t->file_count++] = (csv_file_start){.file = job->block.file, .row = t->rows};
    return CHL_OK;
}

static chl_status fail_placed(const csv_table *t, const csv_job *job, int64_t line,
                              chl_error *err)
{
    if (err) {
        *err = job->error;
    }
    if (job->error_line >= 0) {
        chl_error_prefix(err, "%s:%lld", csv_path_name(t->paths[job->block.file]),
                         (long long)(line + job->error_line));
    }
    return job->status;
}

chl_status csv_table_place(csv_table *table, csv_job *job, chl_error *err)
{
    int64_t line = job->block.line ? job->block.line : table->line;
    if (job->status != CHL_OK) {
        return fail_placed(table, job, line, err);
    }
    if (job->first + job->rows == job->index.rows) {
        table->line = line + job->index.lines;
    }
    table->bytes += (double)(job->block.end - job->block.begin);
    CHL_TRY(note_file(table, job, err));
    CHL_TRY(widen_table(table, job->rows, job->left, err));
    for (int64_t c = 0; c < table->count; c++) {
        if (!table->fields[c].skip) {
            CHL_TRY(place_piece(table, c, &job->pieces[c], job->rows, err));
        }
    }
    job->at = table->rows;
    table->rows += job->rows;
    pthread_rwlock_rdlock(&table->moving);
    return CHL_OK;
}

/* ---- copying ---- */

static void copy_codes(csv_gather *g, const csv_piece *p, int64_t at, int64_t rows)
{
    const int32_t *from = p->values;
    int32_t *to = (int32_t *)g->values + at;
    for (int64_t i = 0; i < rows; i++) {
        to[i] = from[i] < 0 ? -1 : p->map[from[i]];
    }
}

static void copy_strings(csv_gather *g, const csv_piece *p, int64_t at, int64_t rows)
{
    const int64_t *ends = p->values;
    int64_t *to = (int64_t *)g->values + at + 1;
    for (int64_t i = 0; i < rows; i++) {
        to[i] = (int64_t)p->base + ends[i];
    }
    if (p->used) {
        memcpy(g->bytes + p->base, p->bytes, p->used);
    }
}

static void copy_codes_as_strings(csv_gather *g, const csv_piece *p, int64_t at,
                                  int64_t rows)
{
    const int32_t *codes = p->values;
    int64_t *to = (int64_t *)g->values + at + 1;
    size_t used = p->base;
    for (int64_t i = 0; i < rows; i++) {
        if (codes[i] >= 0) {
            size_t length;
            const char *name = chl_levels_name(p->levels, codes[i], &length);
            if (length) {
                memcpy(g->bytes + used, name, length);
            }
            used += length;
        }
        to[i] = (int64_t)used;
    }
}

static void copy_integers(csv_gather *g, const csv_piece *p, int64_t at, int64_t rows)
{
    const int64_t *from = p->values;
    double *to = (double *)g->values + at;
    for (int64_t i = 0; i < rows; i++) {
        to[i] = (double)from[i];
    }
}

static void copy_missing_values(csv_gather *g, const csv_piece *p, int64_t at,
                                int64_t rows)
{
    if (p->to == CHL_STRING) {
        for (int64_t i = 0; i < rows; i++) {
            ((int64_t *)g->values)[at + i + 1] = (int64_t)p->base;
        }
    } else {
        fill_missing(g, p->to, at, rows);
    }
}

static void copy_piece(csv_gather *g, const csv_piece *p, int64_t at, int64_t rows)
{
    if (p->any_missing && g->missing) {
        memcpy(g->missing + at, p->missing, (size_t)rows);
    }
    if (p->to == CSV_NOTHING) {
        return;
    }
    if (p->kind == CSV_NOTHING) {
        copy_missing_values(g, p, at, rows);
    } else if (p->to == CHL_STRING) {
        (p->kind == CHL_STRING ? copy_strings : copy_codes_as_strings)(g, p, at, rows);
    } else if (p->to == CHL_CATEGORY) {
        copy_codes(g, p, at, rows);
    } else if (p->to == CHL_F64 && p->kind == CHL_I64) {
        copy_integers(g, p, at, rows);
    } else {
        size_t size = chl_type_size((chl_type)p->to);
        memcpy((char *)g->values + (size_t)at * size, p->values, (size_t)rows * size);
    }
}

void csv_table_copy(csv_table *table, csv_job *job)
{
    for (int64_t c = 0; c < table->count; c++) {
        if (!table->fields[c].skip) {
            copy_piece(&table->gathers[c], &job->pieces[c], job->at, job->rows);
        }
    }
    pthread_rwlock_unlock(&table->moving);
}

/* ---- once more ---- */

void csv_table_clear(csv_table *table)
{
    table->rows = table->room = 0;
    table->bytes = 0;
    table->file_count = 0;
}

bool csv_table_again(csv_table *table)
{
    bool again = false;
    for (int64_t c = 0; c < table->count; c++) {
        again = again || table->gathers[c].again;
    }
    for (int64_t c = 0; again && c < table->count; c++) {
        csv_gather *g = &table->gathers[c];
        bool wanted = g->again;
        if (wanted) {
            atomic_store(&table->fields[c].hint, g->kind);
            reset_gather(g);
        }
        table->fields[c].skip = table->fields[c].drop || !wanted;
    }
    if (again) {
        table->rows = 0;
        table->file_count = 0;
        table->line = 0;
    }
    return again;
}
