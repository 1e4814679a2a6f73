/* SPDX-License-Identifier: MIT */
#include "core/table/windows.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/times.h"
#include "core/table/windows_cells.h"
#include "core/table/windows_events.h"
#include "core/table/windows_features.h"
#include "core/table/windows_plan.h"

/* ---- the rows, customer by customer ---- */

enum { CHUNK = 512 }; /* customers a task */

typedef struct job {
    const chl_frame *log; /* as it was given */
    const windows_plan *plan;
    const windows_events *events;
    const chl_control *control;
    int64_t *offsets; /* [customers + 1] first row of each */
    window_columns features;
    int64_t *id_rows;   /* [rows] row of the id */
    chl_column *cutoff; /* [rows] */
    chl_column *label;  /* [rows], or NULL */
    int64_t cells;      /* of one row */
} job;

static int64_t chunk_end(const job *j, size_t index)
{
    int64_t end = ((int64_t)index + 1) * CHUNK;
    return end < j->events->customers ? end : j->events->customers;
}

/* Task: offsets[c + 1] = how many rows customer c gets. */
static chl_status count_rows(void *ctx, size_t index, chl_error *err)
{
    job *j = ctx;
    CHL_TRY(chl_control_check(j->control, "windows", err));
    for (int64_t c = (int64_t)index * CHUNK; c < chunk_end(j, index); c++) {
        int64_t n = 0;
        for (int k = 0; k < j->plan->n_cutoffs; k++) {
            n += windows_in_population(j->plan, j->events, c, j->plan->cutoffs[k]);
        }
        j->offsets[c + 1] = n;
    }
    return CHL_OK;
}

static void write_row(job *j, int64_t row, int64_t customer, int64_t t, double *cells)
{
    windows_cells(j->plan, j->events, customer, t, cells);
    for (size_t i = 0; i < j->features.count; i++) {
        const window_column *f = &j->features.items[i];
        if (f->column->type == CHL_I64) {
            f->column->values.i64[row] = (int64_t)cells[f->cell];
        } else {
            f->column->values.f64[row] = cells[f->cell]; /* NaN becomes missing */
        }
    }
    j->id_rows[row] = j->events->id_row[customer];
    chl_column_set_time(j->cutoff, row, t);
}

/* Task: the rows of a chunk. The label's bitmap is shared between tasks: missing labels
 * are marked as 2 and cleared afterwards. */
static chl_status fill_rows(void *ctx, size_t index, chl_error *err)
{
    job *j = ctx;
    double *cells = chl_alloc((size_t)j->cells, sizeof *cells);
    if (!cells) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int64_t c = (int64_t)index * CHUNK; c < chunk_end(j, index); c++) {
        int64_t row = j->offsets[c];
        for (int k = 0; k < j->plan->n_cutoffs && row < j->offsets[c + 1]; k++) {
            int64_t t = j->plan->cutoffs[k];
            if (!windows_in_population(j->plan, j->events, c, t)) {
                continue;
            }
            write_row(j, row, c, t, cells);
            if (j->label) {
                int label = windows_label(j->plan, j->events, c, t);
                j->label->values.boolean[row] = label < 0 ? 2 : (uint8_t)label;
            }
            row++;
        }
        if (c % 64 == 0 && (status = chl_control_check(j->control, "windows", err))) {
            break;
        }
    }
    chl_free(cells);
    return status;
}

/* ---- the frame ---- */

static chl_status alloc_columns(job *j, int64_t rows, chl_error *err)
{
    for (size_t i = 0; i < j->features.count; i++) {
        window_column *f = &j->features.items[i];
        CHL_TRY(chl_column_new(f->count ? CHL_I64 : CHL_F64, rows, !f->count, &f->column,
                               err));
    }
    CHL_TRY(chl_column_new(j->plan->clock.type, rows, false, &j->cutoff, err));
    if (j->plan->outcome.kind != OUTCOME_NONE) {
        CHL_TRY(chl_column_new(CHL_BOOL, rows, true, &j->label, err));
    }
    j->id_rows = chl_alloc((size_t)rows, sizeof *j->id_rows);
    return j->id_rows ? CHL_OK : chl_fail_memory(err);
}

/* Task: counts the missing values of a feature. */
static chl_status seal_feature(void *ctx, size_t index, chl_error *err)
{
    job *j = ctx;
    (void)err;
    chl_column_seal(j->features.items[index].column);
    return CHL_OK;
}

static void seal_label(chl_column *label)
{
    for (int64_t i = 0; i < label->length; i++) {
        if (label->values.boolean[i] == 2) {
            chl_column_set_null(label, i);
        }
    }
    chl_column_seal(label);
}

static chl_status seal_columns(job *j, chl_error *err)
{
    chl_column_seal(j->cutoff);
    if (j->label) {
        seal_label(j->label);
    }
    return chl_parallel_for(chl_control_threads(j->control), j->features.count,
                            seal_feature, j, err);
}

/* A personal id stays personal. */
static chl_status set_roles(chl_frame *plain, const job *j, chl_frame **out,
                            chl_error *err)
{
    CHL_TRY(chl_frame_copy_roles(j->log, plain, err));
    chl_roles roles = {.id = j->plan->id, .time = "cutoff"};
    if (j->label) {
        roles.target = j->plan->outcome.name;
    }
    return chl_frame_set_roles(plain, &roles, out, err);
}

static chl_status name_columns(const job *j, chl_column *id, const char **names,
                               chl_column **columns, chl_frame **out, chl_error *err)
{
    int n = 0;
    names[n] = j->plan->id;
    columns[n++] = id;
    names[n] = "cutoff";
    columns[n++] = j->cutoff;
    for (size_t i = 0; i < j->features.count; i++) {
        names[n] = j->features.items[i].name;
        columns[n++] = j->features.items[i].column;
    }
    if (j->label) {
        names[n] = j->plan->outcome.name;
        columns[n++] = j->label;
    }
    chl_frame *plain;
    chl_status status = chl_frame_new(names, columns, n, &plain, err);
    if (status != CHL_OK) {
        return err ? chl_error_prefix(err, "windows") : status;
    }
    status = set_roles(plain, j, out, err);
    chl_frame_release(plain);
    return status;
}

static chl_status make_frame(const job *j, int64_t rows, chl_frame **out, chl_error *err)
{
    chl_column *id = NULL;
    size_t room = j->features.count + 3;
    const char **names = chl_alloc(room, sizeof *names);
    chl_column **columns = chl_alloc(room, sizeof *columns);
    chl_status status = names && columns ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_column_take(j->events->ids, j->id_rows, rows, &id, err);
    }
    if (status == CHL_OK) {
        status = name_columns(j, id, names, columns, out, err);
    }
    chl_column_release(id);
    chl_free(names);
    chl_free((void *)columns);
    return status;
}

static chl_status run(job *j, chl_frame **out, chl_error *err)
{
    const windows_events *events = j->events;
    size_t chunks = (size_t)((events->customers + CHUNK - 1) / CHUNK);
    int threads = chl_control_threads(j->control);
    CHL_TRY(windows_features_init(&j->features, j->plan, events, err));
    j->cells =
        windows_sequence_at(j->plan, events) + windows_sequence_cells(j->plan, events);
    j->offsets = chl_calloc((size_t)events->customers + 1, sizeof *j->offsets);
    if (!j->offsets) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_parallel_for(threads, chunks, count_rows, j, err));
    for (int64_t c = 0; c < events->customers; c++) {
        j->offsets[c + 1] += j->offsets[c];
    }
    int64_t rows = j->offsets[events->customers];
    CHL_TRY(alloc_columns(j, rows, err));
    CHL_TRY(chl_parallel_for(threads, chunks, fill_rows, j, err));
    CHL_TRY(seal_columns(j, err));
    return make_frame(j, rows, out, err);
}

chl_status chl_windows(const chl_frame *events, const chl_frame *customers,
                       const json_t *options, const chl_control *control, chl_frame **out,
                       int64_t *skipped, chl_error *err)
{
    windows_plan plan;
    windows_events log;
    *out = NULL;
    *skipped = 0;
    CHL_TRY(windows_plan_init(&plan, events, customers, options, err));
    chl_status status = windows_events_init(&log, &plan, events, customers, control, err);
    if (status == CHL_OK) {
        job j = {.log = events, .plan = &plan, .events = &log, .control = control};
        status = run(&j, out, err);
        *skipped = log.skipped;
        windows_features_reset(&j.features);
        chl_column_release(j.cutoff);
        chl_column_release(j.label);
        chl_free(j.offsets);
        chl_free(j.id_rows);
        windows_events_reset(&log, &plan);
    }
    windows_plan_reset(&plan);
    return status;
}
