/* SPDX-License-Identifier: MIT */
#include "core/base/cholesky.h"

#include "chl_test.h"
#include "core/base/rng.h"

static void it_solves_small_systems(void **state)
{
    (void)state;
    double a[] = {4, 99, 99, 2, 5, 99, -2, 1, 6}; /* the upper triangle is not read */
    double b[] = {4 - 4 - 6, 2 - 10 + 3, -2 - 2 + 18}; /* A · (1, -2, 3) */
    assert_int_equal(chl_cholesky(a, 3), 3);
    assert_near(a[0], 2, 1e-15);
    chl_cholesky_solve(a, 3, b);
    assert_near(b[0], 1, 1e-14);
    assert_near(b[1], -2, 1e-14);
    assert_near(b[2], 3, 1e-14);
    assert_int_equal(chl_cholesky(NULL, 0), 0);
}

static void it_solves_larger_ones(void **state)
{
    (void)state;
    enum { D = 37, N = 60 };
    static double x[N][D], a[D * D], want[D], b[D];
    chl_rng rng;
    chl_rng_init(&rng, 1, CHL_RNG_GENERAL, 0);
    for (int j = 0; j < D; j++) {
        want[j] = chl_rng_normal(&rng);
        for (int i = 0; i < N; i++) {
            x[i][j] = chl_rng_normal(&rng);
        }
    }
    for (int j = 0; j < D; j++) {
        for (int k = 0; k < D; k++) {
            for (int i = 0; i < N; i++) {
                a[j * D + k] += x[i][j] * x[i][k];
            }
            b[j] += a[j * D + k] * want[k];
        }
    }
    assert_int_equal(chl_cholesky(a, D), D);
    chl_cholesky_solve(a, D, b);
    for (int j = 0; j < D; j++) {
        assert_near(b[j], want[j], 1e-10);
    }
}

static void dependent_columns_are_dropped(void **state)
{
    (void)state;
    double a[] = {1, 0, 0, 2, 4, 0, 0, 0, 9}; /* column 2 is twice column 1 */
    double b[] = {3, 6, 18};
    assert_int_equal(chl_cholesky(a, 3), 2);
    chl_cholesky_solve(a, 3, b);
    assert_near(b[0], 3, 1e-15);
    assert_true(b[1] == 0);
    assert_near(b[2], 2, 1e-15);
    double zero[] = {0, 0, 0, 0}, any[] = {1, 2};
    assert_int_equal(chl_cholesky(zero, 2), 0);
    chl_cholesky_solve(zero, 2, any);
    assert_true(any[0] == 0 && any[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_solves_small_systems),
        cmocka_unit_test(it_solves_larger_ones),
        cmocka_unit_test(dependent_columns_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
