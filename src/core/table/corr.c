/* SPDX-License-Identifier: MIT */
#include "core/table/corr.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/data/builder.h"
#include "core/data/sort.h"
#include "core/table/made.h"

typedef struct variable {
    const chl_column *column;
    double *x;      /* [rows] */
    int64_t *order; /* [rows] rows by rising x, Spearman only */
} variable;

typedef struct correlating {
    variable *variables;
    int n;
    int64_t rows;
    chl_corr_method method;
    double *r; /* [n × n] */
} correlating;

/* ---- one pair ---- */

/* x and y over the rows that are present in both, in row order. */
static int64_t common_values(const variable *a, const variable *b, int64_t rows,
                             double *x, double *y)
{
    int64_t n = 0;
    for (int64_t i = 0; i < rows; i++) {
        if (chl_column_valid(a->column, i) && chl_column_valid(b->column, i)) {
            x[n] = a->x[i];
            y[n++] = b->x[i];
        }
    }
    return n;
}

/* ranks[row] among the rows that are present in both; ties share their mean rank. */
static void rank_common(const variable *v, const variable *other, int64_t rows,
                        double *ranks)
{
    int64_t seen = 0;
    for (int64_t start = 0, end; start < rows; start = end) {
        int64_t tied = 0;
        double x = v->x[v->order[start]];
        for (end = start; end < rows && v->x[v->order[end]] == x; end++) {
            int64_t row = v->order[end];
            tied +=
                chl_column_valid(v->column, row) && chl_column_valid(other->column, row);
        }
        for (int64_t k = start; k < end; k++) {
            ranks[v->order[k]] = (double)seen + ((double)tied + 1) / 2;
        }
        seen += tied;
    }
}

static double mean_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += x[i];
    }
    return sum / (double)n;
}

/* Two passes: the means, then the products of the distances from them. */
static double pearson(const double *x, const double *y, int64_t n)
{
    double xx = 0, yy = 0, xy = 0, mx = mean_of(x, n), my = mean_of(y, n);
    bool constant_x = true, constant_y = true;
    for (int64_t i = 0; i < n; i++) {
        double dx = x[i] - mx, dy = y[i] - my;
        xx += dx * dx;
        yy += dy * dy;
        xy += dx * dy;
        constant_x = constant_x && x[i] == x[0];
        constant_y = constant_y && y[i] == y[0];
    }
    if (n < 2 || constant_x || constant_y) {
        return NAN;
    }
    double r = isnormal(xx * yy) ? xy / sqrt(xx * yy) : xy / sqrt(xx) / sqrt(yy);
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

static double correlate(const correlating *c, int i, int j, double *scratch)
{
    int64_t n = c->rows;
    double *x = scratch, *y = scratch + n;
    variable a = c->variables[i], b = c->variables[j];
    if (c->method == CHL_SPEARMAN) {
        double *ranks_a = scratch + 2 * n, *ranks_b = scratch + 3 * n;
        rank_common(&a, &b, n, ranks_a);
        rank_common(&b, &a, n, ranks_b);
        a.x = ranks_a;
        b.x = ranks_b;
    }
    int64_t common = common_values(&a, &b, n, x, y);
    return pearson(x, y, common);
}

/* A task: variable i with itself and those after it. */
static chl_status correlate_row(void *ctx, size_t i, chl_error *err)
{
    correlating *c = ctx;
    double *scratch = chl_alloc((size_t)c->rows, 4 * sizeof *scratch);
    if (!scratch) {
        return chl_fail_memory(err);
    }
    for (int j = (int)i; j < c->n; j++) {
        double r = correlate(c, (int)i, j, scratch);
        c->r[i * (size_t)c->n + (size_t)j] = c->r[(size_t)j * (size_t)c->n + i] = r;
    }
    chl_free(scratch);
    return CHL_OK;
}

/* ---- all of them ---- */

/* Rows by rising value; missing ones (0 behind them) anywhere among their equals. */
static chl_status order_values(variable *v, int64_t rows, chl_error *err)
{
    uint64_t *keys = chl_alloc((size_t)rows, sizeof *keys);
    chl_column *values = NULL;
    chl_status status = keys ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_column_new(CHL_F64, rows, false, &values, err);
    }
    if (status == CHL_OK) {
        for (int64_t i = 0; i < rows; i++) {
            values->values.f64[i] = v->x[i];
            v->order[i] = i;
        }
        status = chl_sort_keys(values, keys, err);
    }
    if (status == CHL_OK) {
        status = chl_sort_order(keys, v->order, rows, err);
    }
    chl_column_release(values);
    chl_free(keys);
    return status;
}

/* A task: variable i as doubles, and in order when ranks are wanted. */
static chl_status read_variable(void *ctx, size_t i, chl_error *err)
{
    correlating *c = ctx;
    variable *v = &c->variables[i];
    v->x = chl_alloc((size_t)c->rows, sizeof *v->x);
    v->order = chl_alloc((size_t)c->rows, sizeof *v->order);
    if (!v->x || !v->order) {
        return chl_fail_memory(err);
    }
    for (int64_t row = 0; row < c->rows; row++) {
        v->x[row] = chl_column_number(v->column, row);
    }
    return c->method == CHL_SPEARMAN ? order_values(v, c->rows, err) : CHL_OK;
}

static chl_status find_variables(correlating *c, const chl_frame *frame,
                                 const char *const *names, chl_error *err)
{
    for (int i = 0; i < c->n; i++) {
        int at;
        CHL_TRY(chl_frame_index(frame, "corr", names[i], &at, err));
        c->variables[i].column = frame->fields[at].column;
        if (!chl_type_numeric(c->variables[i].column->type)) {
            return chl_fail(err, CHL_ETYPE,
                            "corr: column '%s': expected a column of numbers, got %s",
                            names[i], chl_type_name(c->variables[i].column->type));
        }
    }
    return CHL_OK;
}

static chl_status add_names(made *m, const char *const *names, int n, chl_error *err)
{
    chl_builder to;
    chl_column *column = NULL;
    chl_status status = chl_builder_init(&to, CHL_STRING, NULL, err);
    for (int i = 0; i < n && status == CHL_OK; i++) {
        status = chl_builder_text(&to, names[i], strlen(names[i]), err);
    }
    if (status == CHL_OK) {
        status = chl_builder_finish(&to, &column, err);
    }
    chl_builder_reset(&to);
    return status == CHL_OK ? made_add(m, "column", 6, column, err) : status;
}

static chl_status make_frame(const correlating *c, const char *const *names,
                             chl_frame **out, chl_error *err)
{
    made m;
    chl_status status = made_init(&m, c->n + 1, err);
    if (status == CHL_OK) {
        status = add_names(&m, names, c->n, err);
    }
    for (int i = 0; i < c->n && status == CHL_OK; i++) {
        chl_column *column = NULL;
        status = chl_column_new(CHL_F64, c->n, true, &column, err);
        if (status == CHL_OK) {
            memcpy(column->values.f64, c->r + (size_t)i * (size_t)c->n,
                   (size_t)c->n * sizeof(double));
            chl_column_seal(column);
            status = made_add(&m, names[i], strlen(names[i]), column, err);
        }
    }
    if (status == CHL_OK) {
        status = made_finish(&m, "corr", out, err);
    }
    made_reset(&m);
    return status;
}

static chl_status run(correlating *c, const chl_frame *frame, const char *const *names,
                      const chl_control *control, chl_frame **out, chl_error *err)
{
    int threads = chl_control_threads(control);
    CHL_TRY(find_variables(c, frame, names, err));
    CHL_TRY(chl_parallel_for(threads, (size_t)c->n, read_variable, c, err));
    CHL_TRY(chl_control_check(control, "corr", err));
    CHL_TRY(chl_parallel_for(threads, (size_t)c->n, correlate_row, c, err));
    return make_frame(c, names, out, err);
}

chl_status chl_frame_corr(const chl_frame *frame, const char *const *names, int n,
                          chl_corr_method method, const chl_control *control,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    correlating c = {.n = n, .rows = frame->rows, .method = method};
    c.variables = chl_calloc((size_t)n, sizeof *c.variables);
    c.r = chl_alloc((size_t)n * (size_t)n, sizeof *c.r);
    chl_status status = c.variables && c.r ? run(&c, frame, names, control, out, err)
                                           : chl_fail_memory(err);
    for (int i = 0; c.variables && i < n; i++) {
        chl_free(c.variables[i].x);
        chl_free(c.variables[i].order);
    }
    chl_free(c.variables);
    chl_free(c.r);
    return status;
}
