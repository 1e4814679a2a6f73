/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/data/builder.h"

static void test_each_type(void **state)
{
    (void)state;
    chl_builder b;
    chl_column *column = NULL;
    assert_ok(chl_builder_init(&b, CHL_I64, NULL, &err));
    for (int i = 0; i < 100; i++) {
        assert_ok(i == 50 ? chl_builder_null(&b, &err) : chl_builder_i64(&b, i, &err));
    }
    assert_ok(chl_builder_finish(&b, &column, &err));
    assert_int_equal(column->length, 100);
    assert_int_equal(column->nulls, 1);
    assert_false(chl_column_valid(column, 50));
    assert_int_equal(column->values.i64[50], 0);
    assert_int_equal(column->values.i64[99], 99);
    chl_column_release(column);

    assert_ok(chl_builder_init(&b, CHL_BOOL, NULL, &err));
    assert_ok(chl_builder_null(&b, &err)); /* the first row may be missing */
    assert_ok(chl_builder_bool(&b, true, &err));
    assert_ok(chl_builder_finish(&b, &column, &err));
    assert_int_equal(column->nulls, 1);
    assert_int_equal(column->values.boolean[1], 1);
    chl_column_release(column);
}

static void test_text(void **state)
{
    (void)state;
    chl_builder b;
    chl_column *column = NULL;
    size_t n;
    assert_ok(chl_builder_init(&b, CHL_STRING, NULL, &err));
    assert_ok(chl_builder_text(&b, "a\0b", 3, &err));
    assert_ok(chl_builder_null(&b, &err));
    assert_ok(chl_builder_text(&b, "", 0, &err));
    assert_ok(chl_builder_finish(&b, &column, &err));
    assert_memory_equal(chl_column_string(column, 0, &n), "a\0b", 3);
    assert_int_equal(n, 3);
    assert_false(chl_column_valid(column, 1));
    assert_true(chl_column_valid(column, 2));
    chl_column_release(column);
    assert_ok(chl_builder_init(&b, CHL_STRING, NULL, &err));
    assert_ok(chl_builder_finish(&b, &column, &err)); /* no rows */
    assert_int_equal(column->length, 0);
    chl_column_release(column);
}

static void test_given_levels_keep_their_order(void **state)
{
    (void)state;
    chl_levels *levels = NULL;
    chl_builder b;
    chl_column *column = NULL;
    int32_t code;
    assert_ok(chl_levels_new(&levels, &err));
    assert_ok(chl_levels_intern(levels, "z", 1, &code, &err));
    assert_ok(chl_builder_init(&b, CHL_CATEGORY, levels, &err));
    assert_ok(chl_builder_text(&b, "a", 1, &err));
    assert_ok(chl_builder_text(&b, "z", 1, &err));
    assert_ok(chl_builder_null(&b, &err));
    assert_ok(chl_builder_finish(&b, &column, &err));
    assert_int_equal(column->values.codes[0], 1);
    assert_int_equal(column->values.codes[1], 0);
    assert_int_equal(column->values.codes[2], -1);
    assert_ptr_equal(column->levels, levels);
    chl_column_release(column);
    chl_levels_release(levels);
}

static void test_parse(void **state)
{
    (void)state;
    chl_builder b;
    bool fits;
    assert_ok(chl_builder_init(&b, CHL_DATE, NULL, &err));
    assert_ok(chl_builder_parse(&b, "2026-11-22", 10, &fits, &err));
    assert_true(fits);
    assert_ok(chl_builder_parse(&b, "22.11.2026", 10, &fits, &err));
    assert_false(fits);
    assert_int_equal(b.length, 1); /* nothing was appended */
    chl_builder_reset(&b);
    chl_builder_reset(&b); /* idempotent */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_type),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_given_levels_keep_their_order),
        cmocka_unit_test(test_parse),
    };
    return cmocka_run_group_tests_name("builder", tests, NULL, NULL);
}
