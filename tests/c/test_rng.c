/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/rng.h"

/* Known answers of Random123 1.14 (kat_vectors, philox4x32 10). */
static void philox_known_answers(void **state)
{
    (void)state;
    uint32_t out[4];
    chl_philox((uint32_t[]){0, 0, 0, 0}, (uint32_t[]){0, 0}, out);
    assert_int_equal(out[0], 0x6627e8d5);
    assert_int_equal(out[1], 0xe169c58d);
    assert_int_equal(out[2], 0xbc57ac4c);
    assert_int_equal(out[3], 0x9b00dbd8);
    uint32_t ones[] = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    chl_philox(ones, ones, out);
    assert_int_equal(out[0], 0x408f276d);
    assert_int_equal(out[1], 0x41c83b0e);
    assert_int_equal(out[2], 0xa20bc7c6);
    assert_int_equal(out[3], 0x6d5451fd);
}

static void streams_differ_and_repeat(void **state)
{
    (void)state;
    chl_rng a, b, c;
    chl_rng_init(&a, 42, CHL_RNG_SPLIT, 0);
    chl_rng_init(&b, 42, CHL_RNG_SPLIT, 0);
    chl_rng_init(&c, 42, CHL_RNG_FOLDS, 0);
    for (int i = 0; i < 100; i++) {
        uint64_t word = chl_rng_u64(&a);
        assert_true(word == chl_rng_u64(&b));
        assert_true(word != chl_rng_u64(&c));
    }
}

static void moments(void **state)
{
    (void)state;
    chl_rng rng;
    chl_rng_init(&rng, 7, CHL_RNG_GENERAL, 3);
    double sum = 0, squares = 0, uniform = 0;
    enum { N = 100000 };
    for (int i = 0; i < N; i++) {
        double z = chl_rng_normal(&rng);
        sum += z;
        squares += z * z;
        double u = chl_rng_uniform(&rng);
        assert_true(u >= 0 && u < 1);
        uniform += u;
    }
    assert_true(sum / N > -0.02 && sum / N < 0.02);
    assert_true(squares / N > 0.97 && squares / N < 1.03);
    assert_true(uniform / N > 0.49 && uniform / N < 0.51);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(streams_differ_and_repeat),
        cmocka_unit_test(moments),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
