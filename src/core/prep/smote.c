/* SPDX-License-Identifier: MIT */
#include "core/prep/smote.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/prep/neighbours.h"

/* One class's rows as points, and who is near to whom. */
typedef struct space {
    const chl_smote *smote;
    chl_points points;
    double *x;           /* numbers of the points */
    int32_t *codes;      /* nominals of the points */
    int *votes;          /* [k] scratch */
    int64_t *order;      /* [n] points as bases: base i is order[i mod n] */
    int64_t *neighbours; /* of the first min(count, n) bases, k each */
    int k;
} space;

static void space_reset(space *s)
{
    chl_free(s->x);
    chl_free(s->codes);
    chl_free(s->votes);
    chl_free(s->order);
    chl_free(s->neighbours);
}

static const double *point_row(const space *s, int64_t point)
{
    return chl_matrix_row(s->smote->x, s->smote->rows[point]);
}

/* ---- points ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The code of a nominal of several columns is the first that is not zero, 0 when all are.
 */
static int32_t one_hot_code(const int *group, int64_t cols, int wanted, const double *row)
{
    int32_t position = 0;
    for (int64_t j = 0; j < cols; j++) {
        if (group[j] == wanted) {
            position++;
            if (row[j] != 0) {
                return position;
            }
        }
    }
    return 0;
}

/* The code of a nominal of one column is its value's rank among the class's values. */
static chl_status code_column(space *s, int64_t column, int nominal, double *sorted,
                              chl_error *err)
{
    int64_t n = s->points.n, distinct = 0;
    for (int64_t i = 0; i < n; i++) {
        sorted[i] = point_row(s, i)[column];
    }
    qsort(sorted, (size_t)n, sizeof *sorted, by_value);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || sorted[i] != sorted[distinct - 1]) {
            sorted[distinct++] = sorted[i];
        }
    }
    for (int64_t i = 0; i < n; i++) {
        const double *at = bsearch(&point_row(s, i)[column], sorted, (size_t)distinct,
                                   sizeof *sorted, by_value);
        if (!at) {
            return chl_fail(err, CHL_ENUMERIC, "smote_nc: a value is not a number");
        }
        s->codes[i * s->points.nominals + nominal] = (int32_t)(at - sorted);
    }
    return CHL_OK;
}

static chl_status code_nominal(space *s, int nominal, double *sorted, chl_error *err)
{
    const int *group = s->smote->group;
    int64_t cols = s->smote->x->cols, members = 0, last = 0;
    for (int64_t j = 0; j < cols; j++) {
        if (group[j] == nominal + 1) {
            members++;
            last = j;
        }
    }
    if (members == 1) {
        return code_column(s, last, nominal, sorted, err);
    }
    for (int64_t i = 0; i < s->points.n; i++) {
        s->codes[i * s->points.nominals + nominal] =
            one_hot_code(group, cols, nominal + 1, point_row(s, i));
    }
    return CHL_OK;
}

static double deviation(const space *s, int j)
{
    int64_t n = s->points.n;
    int width = s->points.numbers;
    double mean = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        mean += s->x[i * width + j];
    }
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double d = s->x[i * width + j] - mean;
        sum += d * d;
    }
    return sqrt(sum / (double)n);
}

/* The squared median of the numbers' standard deviations; 1 when there is none or it is 0
 * (then nominals alone decide, and only their count matters). */
static double squared_difference(const space *s, double *scratch)
{
    int width = s->points.numbers;
    for (int j = 0; j < width; j++) {
        scratch[j] = deviation(s, j);
    }
    qsort(scratch, (size_t)width, sizeof *scratch, by_value);
    double median = width == 0 ? 0 : (scratch[(width - 1) / 2] + scratch[width / 2]) / 2;
    return median > 0 ? median * median : 1;
}

static void gather_numbers(space *s)
{
    const chl_smote *m = s->smote;
    for (int64_t i = 0; i < m->n; i++) {
        const double *row = point_row(s, i);
        double *x = s->x + i * s->points.numbers;
        for (int64_t j = 0; j < m->x->cols; j++) {
            if (m->group[j] == 0) {
                *x++ = row[j];
            }
        }
    }
}

static chl_status make_points(space *s, chl_error *err)
{
    const chl_smote *m = s->smote;
    int numbers = 0;
    for (int64_t j = 0; j < m->x->cols; j++) {
        numbers += m->group[j] == 0;
    }
    s->points = (chl_points){.n = m->n, .numbers = numbers, .nominals = m->groups};
    size_t n = (size_t)m->n, most = n > (size_t)numbers ? n : (size_t)numbers;
    s->x = chl_alloc(n, (size_t)numbers * sizeof *s->x);
    s->codes = chl_alloc(n, (size_t)m->groups * sizeof *s->codes);
    double *scratch = chl_alloc(most, sizeof *scratch);
    chl_status status = s->x && s->codes && scratch ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        gather_numbers(s);
        s->points.differ = m->groups ? squared_difference(s, scratch) : 0;
    }
    for (int g = 0; g < m->groups && status == CHL_OK; g++) {
        status = code_nominal(s, g, scratch, err);
    }
    s->points.x = s->x;
    s->points.codes = s->codes;
    chl_free(scratch);
    return status;
}

/* ---- new rows ---- */

static chl_status find_neighbours(space *s, int64_t count, chl_error *err)
{
    const chl_smote *m = s->smote;
    int64_t bases = count < m->n ? count : m->n;
    s->k = m->k < m->n - 1 ? m->k : (int)(m->n - 1);
    s->votes = chl_alloc((size_t)s->k, sizeof *s->votes);
    s->order = chl_alloc((size_t)m->n, sizeof *s->order);
    s->neighbours = chl_alloc((size_t)bases, (size_t)s->k * sizeof *s->neighbours);
    if (!s->votes || !s->order || !s->neighbours) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < m->n; i++) {
        s->order[i] = i;
    }
    chl_rng rng;
    chl_rng_init(&rng, m->seed, CHL_RNG_RESAMPLE, m->stream);
    chl_rng_shuffle(&rng, s->order, (size_t)m->n);
    return chl_neighbours(&s->points, s->order, bases, s->k, m->control, s->neighbours,
                          err);
}

/* Which of the k neighbours has the code that most of them have, the nearest of those. */
static int64_t elect(space *s, const int64_t *neighbours, int nominal)
{
    int best = 0;
    for (int a = 0; a < s->k; a++) {
        int32_t code = s->codes[neighbours[a] * s->points.nominals + nominal];
        s->votes[a] = 0;
        for (int b = 0; b < s->k; b++) {
            s->votes[a] += s->codes[neighbours[b] * s->points.nominals + nominal] == code;
        }
        best = s->votes[a] > s->votes[best] ? a : best;
    }
    return neighbours[best];
}

static void draw_row(space *s, int64_t i, double *out)
{
    const chl_smote *m = s->smote;
    const int64_t *neighbours = s->neighbours + (i % m->n) * s->k;
    chl_rng rng;
    chl_rng_init(&rng, m->seed, CHL_RNG_RESAMPLE, m->stream + 1 + (uint64_t)i);
    const double *base = point_row(s, s->order[i % m->n]);
    const double *other = point_row(s, neighbours[chl_rng_below(&rng, (uint64_t)s->k)]);
    double share = chl_rng_uniform(&rng);
    for (int64_t j = 0; j < m->x->cols; j++) {
        out[j] = base[j] + share * (other[j] - base[j]);
    }
    for (int g = 0; g < m->groups; g++) {
        const double *winner = point_row(s, elect(s, neighbours, g));
        for (int64_t j = 0; j < m->x->cols; j++) {
            out[j] = m->group[j] == g + 1 ? winner[j] : out[j];
        }
    }
}

chl_status chl_smote_fill(const chl_smote *smote, int64_t count, double *out,
                          int64_t *origin, chl_error *err)
{
    space s = {.smote = smote};
    chl_status status = make_points(&s, err);
    if (status == CHL_OK) {
        status = find_neighbours(&s, count, err);
    }
    for (int64_t i = 0; i < count && status == CHL_OK; i++) {
        draw_row(&s, i, out + i * smote->x->cols);
        origin[i] = smote->rows[s.order[i % smote->n]];
    }
    space_reset(&s);
    return status;
}
