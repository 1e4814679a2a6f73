/* SPDX-License-Identifier: MIT */
#include "core/prep/resample.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/prep/smote.h"

enum { OVER, UNDER, SMOTE, SMOTE_NC };
static const char *const methods[] = {"over", "under", "smote", "smote_nc", NULL};
enum { STEPS_MAX = 8, CLASSES_MAX = 65536, NEIGHBOURS_MAX = 1000 };

typedef struct settings {
    int method;
    double ratio;
    int64_t k;
} settings;

/* The rows of each class, and how many there are to be. */
typedef struct classes {
    int n;
    int64_t *counts; /* [n] */
    int64_t *wanted; /* [n] */
    int64_t *first;  /* [n + 1] where its rows begin in `rows` */
    int64_t *rows;   /* by class, rising */
} classes;

void chl_resampled_reset(chl_resampled *r)
{
    chl_matrix_reset(&r->x);
    chl_free(r->y);
    chl_free(r->origin);
    *r = (chl_resampled){0};
}

/* ---- options ---- */

static chl_status read_step(const json_t *step, settings *out, chl_error *err)
{
    static const chl_option table[] = {
        {.name = "type",
         .type = CHL_OPT_CHOICE,
         .offset = offsetof(settings, method),
         .choices = methods,
         .required = 1},
        {.name = "ratio",
         .type = CHL_OPT_DOUBLE,
         .offset = offsetof(settings, ratio),
         .min = 1e-9,
         .max = 1},
        {.name = "k",
         .type = CHL_OPT_INT,
         .offset = offsetof(settings, k),
         .min = 1,
         .max = NEIGHBOURS_MAX},
        {.name = NULL},
    };
    *out = (settings){.ratio = 1, .k = 5};
    CHL_TRY(chl_options_read(step, "resample", table, out, err));
    if (out->method < SMOTE && json_object_get(step, "k")) {
        return chl_fail(err, CHL_EINVAL, "resample: option 'k': %s has no neighbours",
                        methods[out->method]);
    }
    return CHL_OK;
}

static size_t count_steps(const json_t *steps)
{
    return json_is_array(steps) ? json_array_size(steps) : 1;
}

static const json_t *get_step(const json_t *steps, size_t i)
{
    return json_is_array(steps) ? json_array_get(steps, i) : steps;
}

chl_status chl_resample_check(const json_t *steps, chl_error *err)
{
    settings s;
    size_t n = count_steps(steps);
    if (n < 1 || n > STEPS_MAX) {
        return chl_fail(err, CHL_EINVAL, "resample: expected 1 to %d steps, got %zu",
                        STEPS_MAX, n);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *step = get_step(steps, i);
        if (!json_is_object(step)) {
            return chl_fail(err, CHL_ETYPE, "resample: step %zu: expected a table",
                            i + 1);
        }
        CHL_TRY(read_step(step, &s, err));
    }
    return CHL_OK;
}

/* ---- classes ---- */

static void classes_reset(classes *c)
{
    chl_free(c->counts);
    chl_free(c->wanted);
    chl_free(c->first);
    chl_free(c->rows);
}

static chl_status check_classes(const double *y, int64_t rows, int *n, chl_error *err)
{
    *n = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (!(y[i] >= 0 && y[i] < CLASSES_MAX) || y[i] != floor(y[i])) {
            return chl_fail(err, CHL_EINVAL,
                            "resample: row %lld: expected a class from 0 to %d, got %g",
                            (long long)i + 1, CLASSES_MAX - 1, y[i]);
        }
        *n = y[i] >= *n ? (int)y[i] + 1 : *n;
    }
    return CHL_OK;
}

static chl_status classes_init(classes *c, const double *y, int64_t rows, chl_error *err)
{
    CHL_TRY(check_classes(y, rows, &c->n, err));
    size_t n = (size_t)c->n;
    c->counts = chl_calloc(n, sizeof *c->counts);
    c->wanted = chl_calloc(n, sizeof *c->wanted);
    c->first = chl_calloc(n + 1, sizeof *c->first);
    c->rows = chl_alloc((size_t)rows, sizeof *c->rows);
    if (!c->counts || !c->wanted || !c->first || !c->rows) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < rows; i++) {
        c->counts[(int)y[i]]++;
    }
    for (int k = 0; k < c->n; k++) {
        c->first[k + 1] = c->first[k] + c->counts[k];
    }
    for (int64_t i = 0; i < rows; i++) {
        int k = (int)y[i];
        c->rows[c->first[k] + c->wanted[k]++] = i;
    }
    return CHL_OK;
}

/* Sets `wanted`: what the ratio asks of each class. Classes without rows stay so. */
static void want(classes *c, const settings *s)
{
    int64_t largest = 0, smallest = INT64_MAX;
    for (int k = 0; k < c->n; k++) {
        largest = c->counts[k] > largest ? c->counts[k] : largest;
        smallest = c->counts[k] > 0 && c->counts[k] < smallest ? c->counts[k] : smallest;
    }
    for (int k = 0; k < c->n; k++) {
        int64_t bound = s->method == UNDER ? llround((double)smallest / s->ratio)
                                           : llround((double)largest * s->ratio);
        bool apart = s->method == UNDER ? c->counts[k] > bound : c->counts[k] < bound;
        c->wanted[k] = apart && c->counts[k] > 0 ? bound : c->counts[k];
    }
}

/* ---- one step ---- */

typedef struct job {
    const settings *settings;
    const chl_matrix *x;
    const double *y;
    const int *group;
    int groups;
    classes classes;
    uint64_t seed;
    uint64_t stream; /* the step's number, in the highest bits */
    const chl_control *control;
} job;

static uint64_t class_stream(const job *j, int k)
{
    return j->stream | (uint64_t)k << 40;
}

/* The rows of a class in random order: in `out`. */
static void shuffle_class(const job *j, int k, int64_t *out)
{
    const classes *c = &j->classes;
    chl_rng rng;
    chl_rng_init(&rng, j->seed, CHL_RNG_RESAMPLE, class_stream(j, k));
    memcpy(out, c->rows + c->first[k], (size_t)c->counts[k] * sizeof *out);
    chl_rng_shuffle(&rng, out, (size_t)c->counts[k]);
}

/* Flags the rows that stay: of a class that is too large a random part. */
static void keep_rows(const job *j, int64_t *scratch, bool *keep)
{
    const classes *c = &j->classes;
    for (int k = 0; k < c->n; k++) {
        shuffle_class(j, k, scratch);
        for (int64_t i = 0; i < c->counts[k]; i++) {
            keep[scratch[i]] = i < c->wanted[k];
        }
    }
}

/* Each row of the class as often as another, up to one. */
static void repeat_rows(const job *j, int k, int64_t count, double *x, int64_t *origin,
                        int64_t *scratch)
{
    int64_t cols = j->x->cols;
    shuffle_class(j, k, scratch);
    for (int64_t i = 0; i < count; i++) {
        origin[i] = scratch[i % j->classes.counts[k]];
        memcpy(x + i * cols, chl_matrix_row(j->x, origin[i]),
               (size_t)cols * sizeof(double));
    }
}

static chl_status draw_rows(const job *j, int k, int64_t count, double *x,
                            int64_t *origin, chl_error *err)
{
    const classes *c = &j->classes;
    const char *method = methods[j->settings->method];
    if (c->counts[k] < 2) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: class %d: expected at least two rows to draw between, got "
                        "one (\"over\" repeats it)",
                        method, k);
    }
    chl_smote smote = {.x = j->x,
                       .rows = c->rows + c->first[k],
                       .n = c->counts[k],
                       .group = j->group,
                       .groups = j->groups,
                       .k = (int)j->settings->k,
                       .seed = j->seed,
                       .stream = class_stream(j, k),
                       .control = j->control};
    return chl_smote_fill(&smote, count, x, origin, err);
}

/* The rows that stay, in their order; returns how many. */
static int64_t copy_rows(const job *j, const bool *keep, chl_resampled *out)
{
    int64_t at = 0, cols = j->x->cols;
    for (int64_t i = 0; i < j->x->rows; i++) {
        if (keep[i]) {
            memcpy(chl_matrix_row(&out->x, at), chl_matrix_row(j->x, i),
                   (size_t)cols * sizeof(double));
            out->y[at] = j->y[i];
            out->origin[at++] = i;
        }
    }
    return at;
}

static chl_status add_rows(const job *j, int64_t at, int64_t *scratch, chl_resampled *out,
                           chl_error *err)
{
    const classes *c = &j->classes;
    for (int k = 0; k < c->n; k++) {
        int64_t count = c->wanted[k] - c->counts[k];
        if (count <= 0) {
            continue;
        }
        double *x = chl_matrix_row(&out->x, at);
        if (j->settings->method == OVER) {
            repeat_rows(j, k, count, x, out->origin + at, scratch);
        } else {
            CHL_TRY(draw_rows(j, k, count, x, out->origin + at, err));
        }
        for (int64_t i = 0; i < count; i++) {
            out->y[at++] = k;
        }
    }
    return CHL_OK;
}

static chl_status fill(const job *j, chl_resampled *out, chl_error *err)
{
    size_t n = (size_t)j->x->rows;
    int64_t *scratch = chl_alloc(n, sizeof *scratch);
    bool *keep = chl_alloc(n, sizeof *keep);
    chl_status status = scratch && keep ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        keep_rows(j, scratch, keep);
        int64_t at = copy_rows(j, keep, out);
        status = add_rows(j, at, scratch, out, err);
    }
    chl_free(scratch);
    chl_free(keep);
    return status;
}

static chl_status run_step(job *j, chl_resampled *out, chl_error *err)
{
    int64_t rows = 0;
    CHL_TRY(chl_control_check(j->control, "resample", err));
    CHL_TRY(classes_init(&j->classes, j->y, j->x->rows, err));
    want(&j->classes, j->settings);
    for (int k = 0; k < j->classes.n; k++) {
        rows += j->classes.wanted[k];
    }
    CHL_TRY(chl_matrix_init(&out->x, rows, j->x->cols, err));
    out->y = chl_alloc((size_t)rows, sizeof *out->y);
    out->origin = chl_alloc((size_t)rows, sizeof *out->origin);
    return out->y && out->origin ? fill(j, out, err) : chl_fail_memory(err);
}

/* ---- nominals ---- */

static bool two_valued(const chl_matrix *x, int64_t j)
{
    double first = x->data[j], second = first;
    for (int64_t i = 1; i < x->rows; i++) {
        double value = chl_matrix_row(x, i)[j];
        if (value != first && value != second) {
            if (second != first) {
                return false;
            }
            second = value;
        }
    }
    return second != first;
}

/* The groups numbered 1, 2 … without gaps; two-valued columns become nominals. *group is
 * new. */
static chl_status number_groups(const chl_matrix *x, const int *given, bool nominals,
                                int **group, int *groups, chl_error *err)
{
    *groups = 0;
    *group = chl_calloc((size_t)x->cols, sizeof **group);
    if (!*group) {
        return chl_fail_memory(err);
    }
    for (int64_t j = 0; nominals && j < x->cols; j++) {
        if (!given || given[j] == 0) {
            (*group)[j] = two_valued(x, j) ? ++*groups : 0;
            continue;
        }
        int64_t same = 0;
        while (given[same] != given[j]) {
            same++;
        }
        (*group)[j] = same < j ? (*group)[same] : ++*groups;
    }
    return CHL_OK;
}

/* ---- all steps ---- */

static chl_status next_step(const chl_matrix *x, const double *y, const int *group,
                            const settings *s, job *j, chl_resampled *out, chl_error *err)
{
    int *numbered = NULL;
    chl_status status =
        number_groups(x, group, s->method == SMOTE_NC, &numbered, &j->groups, err);
    if (status == CHL_OK) {
        j->settings = s;
        j->x = x;
        j->y = y;
        j->group = numbered;
        j->classes = (classes){0};
        status = run_step(j, out, err);
        classes_reset(&j->classes);
    }
    chl_free(numbered);
    if (status != CHL_OK) {
        chl_resampled_reset(out);
    }
    return status;
}

chl_status chl_resample(const chl_matrix *x, const double *y, const int *group,
                        const json_t *steps, uint64_t seed, const chl_control *control,
                        chl_resampled *out, chl_error *err)
{
    *out = (chl_resampled){0};
    CHL_TRY(chl_resample_check(steps, err));
    if (x->rows == 0) {
        return chl_fail(err, CHL_EINVAL, "resample: there are no rows");
    }
    size_t n = count_steps(steps);
    for (size_t i = 0; i < n; i++) {
        settings s;
        chl_resampled made = {0}, *before = i ? out : NULL;
        job j = {.seed = seed, .stream = (uint64_t)i << 56, .control = control};
        CHL_TRY(read_step(get_step(steps, i), &s, err));
        chl_status status = next_step(before ? &before->x : x, before ? before->y : y,
                                      group, &s, &j, &made, err);
        for (int64_t r = 0; before && r < made.x.rows; r++) {
            made.origin[r] = before->origin[made.origin[r]];
        }
        chl_resampled_reset(out);
        if (status != CHL_OK) {
            return status;
        }
        *out = made;
    }
    return CHL_OK;
}
