/* SPDX-License-Identifier: MIT
 *
 * Resampling: neighbours, distances and counts against imbalanced-learn (smote.py), the
 * rest by what its definition fixes.
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/prep/neighbours.h"
#include "core/prep/resample.h"
#include "golden.h"

enum { CLASSES = 3 };

typedef struct fixture {
    json_t *golden;
    chl_matrix x;
    double *y;
    int group[8];
    int64_t rows[CLASSES][200]; /* of each class */
    int64_t counts[CLASSES];
    int k;
} fixture;

static void setup(fixture *f)
{
    size_t n, cells;
    *f = (fixture){.golden = golden_load("tests/golden/smote.json")};
    double *x = golden_numbers(f->golden, "x", &cells);
    double *group = golden_numbers(f->golden, "group", &n);
    int cols = (int)n;
    for (int j = 0; j < cols; j++) {
        f->group[j] = (int)group[j];
    }
    f->y = golden_numbers(f->golden, "y", &n);
    assert_ok(chl_matrix_init(&f->x, (int64_t)n, cols, &err));
    memcpy(f->x.data, x, n * (size_t)cols * sizeof *x);
    for (int64_t i = 0; i < (int64_t)n; i++) {
        int c = (int)f->y[i];
        f->rows[c][f->counts[c]++] = i;
    }
    f->k = (int)golden_number(f->golden, "k");
    free(x);
    free(group);
}

static void teardown(fixture *f)
{
    json_decref(f->golden);
    chl_matrix_reset(&f->x);
    free(f->y);
}

static chl_status resample(const fixture *f, const int *group, const char *text,
                           uint64_t seed, const chl_control *control, chl_resampled *out,
                           chl_error *err)
{
    json_t *steps = json_loads(text, 0, NULL);
    assert_non_null(steps);
    chl_status status = chl_resample(&f->x, f->y, group, steps, seed, control, out, err);
    json_decref(steps);
    return status;
}

static void count(const chl_resampled *r, int64_t counts[CLASSES])
{
    memset(counts, 0, CLASSES * sizeof *counts);
    for (int64_t i = 0; i < r->x.rows; i++) {
        counts[(int)r->y[i]]++;
    }
}

/* The given rows come first, as they are. */
static void assert_kept(const fixture *f, const chl_resampled *r)
{
    size_t row = (size_t)f->x.cols * sizeof(double);
    assert_memory_equal(r->x.data, f->x.data, (size_t)f->x.rows * row);
    for (int64_t i = 0; i < f->x.rows; i++) {
        assert_int_equal(r->origin[i], i);
        assert_true(r->y[i] == f->y[i]);
    }
}

static int64_t place(const fixture *f, int c, int64_t row)
{
    int64_t at = 0;
    while (f->rows[c][at] != row) {
        at++;
    }
    return at;
}

/* The row number of the golden neighbour b (from 0) of a row of class c. */
static int64_t neighbour(const fixture *f, const char *key, int c, int64_t row, int b)
{
    const json_t *of_class = json_array_get(json_object_get(f->golden, key), c - 1);
    const json_t *near = json_array_get(of_class, (size_t)place(f, c, row));
    return json_integer_value(json_array_get(near, (size_t)b));
}

/* All numbers of the new row lie at one share of the way from `from` to `to`. */
static bool between(const fixture *f, const double *made, int64_t from, int64_t to,
                    const int *group)
{
    const double *a = chl_matrix_row(&f->x, from), *b = chl_matrix_row(&f->x, to);
    double share = (made[0] - a[0]) / (b[0] - a[0]);
    for (int64_t j = 0; j < f->x.cols; j++) {
        if (!(group && group[j]) && fabs(a[j] + share * (b[j] - a[j]) - made[j]) > 1e-9) {
            return false;
        }
    }
    return share >= 0 && share < 1;
}

static void assert_drawn(const fixture *f, const chl_resampled *r, const char *key,
                         const int *group)
{
    for (int64_t i = f->x.rows; i < r->x.rows; i++) {
        int c = (int)r->y[i];
        bool found = false;
        assert_true(f->y[r->origin[i]] == c);
        for (int b = 0; b < f->k && !found; b++) {
            found = between(f, chl_matrix_row(&r->x, i), r->origin[i],
                            neighbour(f, key, c, r->origin[i], b), group);
        }
        if (!found) {
            fail_msg("%s: row %d lies on the way to no neighbour", key, (int)i);
        }
    }
}

static void test_smote(void **state)
{
    (void)state;
    fixture f;
    chl_resampled r;
    int64_t counts[CLASSES], uses[200] = {0};
    size_t n;
    setup(&f);
    double *wanted = golden_numbers(f.golden, "counts", &n);
    assert_ok(
        resample(&f, NULL, "{\"type\":\"smote\",\"ratio\":0.7}", 42, NULL, &r, &err));
    count(&r, counts);
    for (int c = 0; c < CLASSES; c++) {
        assert_int_equal(counts[c], (int64_t)wanted[c]);
    }
    assert_kept(&f, &r);
    assert_drawn(&f, &r, "smote", NULL);
    for (int64_t i = f.x.rows; i < r.x.rows; i++) {
        uses[r.origin[i]]++;
    }
    for (int64_t i = 0; i < f.counts[2]; i++) { /* 52 new rows from 11 */
        int64_t used = uses[f.rows[2][i]];
        assert_true(used == 4 || used == 5);
    }
    free(wanted);
    chl_resampled_reset(&r);
    teardown(&f);
}

/* How many golden neighbours have the value of column j that the new row has. */
static int votes(const fixture *f, const chl_resampled *r, int64_t i, int64_t j,
                 double value)
{
    int n = 0;
    for (int b = 0; b < f->k; b++) {
        int64_t near = neighbour(f, "smote_nc", (int)r->y[i], r->origin[i], b);
        n += chl_matrix_row(&f->x, near)[j] == value;
    }
    return n;
}

static void test_smote_nc(void **state)
{
    (void)state;
    fixture f;
    chl_resampled r;
    setup(&f);
    assert_ok(resample(&f, f.group, "[{\"type\":\"smote_nc\"}]", 1, NULL, &r, &err));
    assert_kept(&f, &r);
    assert_drawn(&f, &r, "smote_nc", f.group);
    for (int64_t i = f.x.rows; i < r.x.rows; i++) {
        const double *made = chl_matrix_row(&r.x, i);
        int most = 0, mine = 0;
        assert_true(made[1] + made[2] + made[3] == 1); /* a valid one-hot */
        for (int64_t j = 1; j <= 3; j++) {
            int n = votes(&f, &r, i, j, 1);
            most = n > most ? n : most;
            mine = made[j] == 1 ? n : mine;
        }
        assert_int_equal(mine, most);
        assert_true(votes(&f, &r, i, 5, made[5]) * 2 > f.k);
    }
    chl_resampled_reset(&r);
    f.group[5] = 0; /* two values: found without being told */
    chl_resampled told, untold;
    assert_ok(resample(&f, f.group, "{\"type\":\"smote_nc\"}", 1, NULL, &untold, &err));
    f.group[5] = 9;
    assert_ok(resample(&f, f.group, "{\"type\":\"smote_nc\"}", 1, NULL, &told, &err));
    assert_int_equal(told.x.rows, untold.x.rows);
    assert_memory_equal(told.x.data, untold.x.data,
                        (size_t)(told.x.rows * told.x.cols) * sizeof(double));
    chl_resampled_reset(&told);
    chl_resampled_reset(&untold);
    teardown(&f);
}

static void test_over_and_under(void **state)
{
    (void)state;
    fixture f;
    chl_resampled r;
    int64_t counts[CLASSES];
    setup(&f);
    assert_ok(resample(&f, NULL, "{\"type\":\"over\"}", 5, NULL, &r, &err));
    count(&r, counts);
    assert_true(counts[0] == 90 && counts[1] == 90 && counts[2] == 90);
    assert_kept(&f, &r);
    for (int64_t i = f.x.rows; i < r.x.rows; i++) {
        assert_memory_equal(chl_matrix_row(&r.x, i), chl_matrix_row(&f.x, r.origin[i]),
                            (size_t)f.x.cols * sizeof(double));
    }
    chl_resampled_reset(&r);
    assert_ok(
        resample(&f, NULL, "{\"type\":\"under\",\"ratio\":0.5}", 5, NULL, &r, &err));
    count(&r, counts);
    assert_true(counts[0] == 22 && counts[1] == 22 && counts[2] == 11);
    for (int64_t i = 1; i < r.x.rows; i++) {
        assert_true(r.origin[i] > r.origin[i - 1]); /* each once, in the given order */
    }
    chl_resampled_reset(&r);
    assert_ok(resample(&f, NULL,
                       "[{\"type\":\"smote\",\"ratio\":0.5},{\"type\":\"under\"}]", 5,
                       NULL, &r, &err));
    count(&r, counts);
    assert_true(counts[0] == 45 && counts[1] == 45 && counts[2] == 45);
    for (int64_t i = 0; i < r.x.rows; i++) {
        assert_true(f.y[r.origin[i]] == r.y[i]);
    }
    chl_resampled_reset(&r);
    teardown(&f);
}

static void test_deterministic(void **state)
{
    (void)state;
    fixture f;
    chl_resampled one, two, other;
    chl_control control = {.threads = 3};
    setup(&f);
    const char *step = "{\"type\":\"smote_nc\",\"k\":3}";
    assert_ok(resample(&f, f.group, step, 8, NULL, &one, &err));
    assert_ok(resample(&f, f.group, step, 8, &control, &two, &err));
    assert_ok(resample(&f, f.group, step, 9, NULL, &other, &err));
    size_t bytes = (size_t)(one.x.rows * one.x.cols) * sizeof(double);
    assert_memory_equal(one.x.data, two.x.data, bytes);
    assert_memory_not_equal(one.x.data, other.x.data, bytes);
    chl_resampled_reset(&one);
    chl_resampled_reset(&two);
    chl_resampled_reset(&other);
    teardown(&f);
}

/* A hundred points on a line: the neighbours are the next ones, of ties the lower. */
static void test_neighbours(void **state)
{
    (void)state;
    enum { N = 100, K = 3 };
    double x[N];
    int32_t codes[N];
    int64_t queries[N], out[N * K];
    for (int i = 0; i < N; i++) {
        x[i] = i;
        codes[i] = i % 2;
        queries[i] = i;
    }
    chl_points p = {.n = N, .numbers = 1, .x = x};
    chl_control control = {.threads = 2};
    assert_ok(chl_neighbours(&p, queries, N, K, &control, out, &err));
    int64_t middle[] = {49, 51, 48}, first[] = {1, 2, 3};
    assert_memory_equal(out + 50 * K, middle, sizeof middle);
    assert_memory_equal(out, first, sizeof first);
    p.nominals = 1; /* odd and even are 10 apart */
    p.codes = codes;
    p.differ = 100;
    assert_ok(chl_neighbours(&p, queries, N, K, NULL, out, &err));
    int64_t even[] = {48, 52, 46};
    assert_memory_equal(out + 50 * K, even, sizeof even);
}

static void test_boundaries(void **state)
{
    (void)state;
    double data[] = {1, 5, 2, 5, 3, 5}, y[] = {0, 0, 1};
    chl_matrix x = {.rows = 3, .cols = 2, .data = data};
    fixture f = {.x = x, .y = y};
    chl_resampled r;
    assert_error(resample(&f, NULL, "{\"type\":\"smote\"}", 1, NULL, &r, &err),
                 "smote: class 1: expected at least two rows to draw between, got one");
    assert_null(r.y);
    assert_ok(resample(&f, NULL, "{\"type\":\"over\"}", 1, NULL, &r, &err));
    assert_int_equal(r.x.rows, 4);
    chl_resampled_reset(&r);
    y[1] = 1; /* k = 5 with two rows of a class: one neighbour */
    f.x.rows = 2;
    y[0] = 1;
    assert_ok(resample(&f, NULL, "{\"type\":\"smote\"}", 1, NULL, &r, &err));
    assert_int_equal(r.x.rows, 2);
    chl_resampled_reset(&r);
    double wide[] = {1, 5, 2, 5, 3, 5, 4, 5, 6, 5}, z[] = {0, 0, 0, 1, 1};
    f.x = (chl_matrix){.rows = 5, .cols = 2, .data = wide};
    f.y = z;
    assert_ok(resample(&f, NULL, "{\"type\":\"smote\"}", 1, NULL, &r, &err));
    assert_int_equal(r.x.rows, 6);
    assert_true(r.x.data[10] >= 4 && r.x.data[10] <= 6 && r.x.data[11] == 5);
    chl_resampled_reset(&r);
    z[4] = 0.5;
    assert_error(resample(&f, NULL, "{\"type\":\"over\"}", 1, NULL, &r, &err),
                 "resample: row 5: expected a class from 0 to 65535, got 0.5");
    f.x.rows = 0;
    assert_error(resample(&f, NULL, "{\"type\":\"over\"}", 1, NULL, &r, &err),
                 "there are no rows");
}

static void test_options(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"type\":\"smot\"}", "'smot' (did you mean 'smote'?)"},
        {"{\"type\":\"over\",\"ration\":1}", "unknown option 'ration'"},
        {"{\"type\":\"over\",\"ratio\":0}", "option 'ratio'"},
        {"{\"type\":\"under\",\"k\":5}", "option 'k': under has no neighbours"},
        {"[]", "expected 1 to 8 steps, got 0"},
        {"[1]", "step 1: expected a table"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *steps = json_loads(cases[i][0], 0, NULL);
        assert_error(chl_resample_check(steps, &err), cases[i][1]);
        json_decref(steps);
    }
}

static void test_cancel(void **state)
{
    (void)state;
    fixture f;
    chl_resampled r;
    volatile sig_atomic_t stop = 1;
    chl_control control = {.cancel = &stop, .threads = 1};
    setup(&f);
    assert_error(resample(&f, NULL, "{\"type\":\"smote\"}", 1, &control, &r, &err),
                 "resample: interrupted");
    teardown(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smote),          cmocka_unit_test(test_smote_nc),
        cmocka_unit_test(test_over_and_under), cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_neighbours),     cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_options),        cmocka_unit_test(test_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
