/* SPDX-License-Identifier: MIT
 *
 * Reproducible numbers of rows: against Python's hashlib (SHA-256 over "salt\x1f" and
 * each cell with "\x1f" behind it, missing cells "\x1e"; the first 53 bits), batches,
 * errors.
 */
#include "chl_test.h"

#include "core/data/builder.h"
#include "core/data/row_hash.h"

/* Two rows: (1, "a"), (missing, "b"). */
static chl_frame *make_frame(void)
{
    static const char *const names[] = {"id", "name"};
    chl_builder ids, texts;
    chl_column *columns[2] = {NULL, NULL};
    chl_frame *frame = NULL;
    assert_ok(chl_builder_init(&ids, CHL_I64, NULL, &err));
    assert_ok(chl_builder_i64(&ids, 1, &err));
    assert_ok(chl_builder_null(&ids, &err));
    assert_ok(chl_builder_finish(&ids, &columns[0], &err));
    assert_ok(chl_builder_init(&texts, CHL_STRING, NULL, &err));
    assert_ok(chl_builder_text(&texts, "a", 1, &err));
    assert_ok(chl_builder_text(&texts, "b", 1, &err));
    assert_ok(chl_builder_finish(&texts, &columns[1], &err));
    assert_ok(chl_frame_new(names, columns, 2, &frame, &err));
    chl_column_release(columns[0]);
    chl_column_release(columns[1]);
    return frame;
}

static void test_golden(void **state)
{
    (void)state;
    static const char *const names[] = {"id", "name"};
    chl_frame *frame = make_frame();
    chl_column *u = NULL;
    assert_ok(chl_frame_row_uniform(frame, names, 2, "bank", &u, &err));
    assert_int_equal(u->type, CHL_F64);
    assert_int_equal(u->nulls, 0);
    assert_true(u->values.f64[0] == 0.017271480590075217);
    assert_true(u->values.f64[1] == 0.1376018260830869);
    chl_column_release(u);
    chl_frame_release(frame);
}

static void test_row_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"name"};
    chl_frame *frame = make_frame(), *last = NULL, *none = NULL;
    chl_column *both = NULL, *one = NULL, *empty = NULL;
    assert_ok(chl_frame_slice(frame, 1, 1, &last, &err));
    assert_ok(chl_frame_slice(frame, 0, 0, &none, &err));
    assert_ok(chl_frame_row_uniform(frame, names, 1, "p", &both, &err));
    assert_ok(chl_frame_row_uniform(last, names, 1, "p", &one, &err));
    assert_ok(chl_frame_row_uniform(none, names, 1, "p", &empty, &err));
    assert_true(both->values.f64[1] == one->values.f64[0]);
    assert_true(both->values.f64[0] != both->values.f64[1]);
    assert_int_equal(empty->length, 0);
    chl_column_release(both);
    chl_column_release(one);
    chl_column_release(empty);
    chl_frame_release(last);
    chl_frame_release(none);
    chl_frame_release(frame);
}

static void test_errors(void **state)
{
    (void)state;
    static const char *const names[] = {"nam"};
    chl_frame *frame = make_frame();
    chl_column *u = NULL;
    assert_error(chl_frame_row_uniform(frame, names, 1, "p", &u, &err),
                 "row_uniform: unknown column 'nam' (did you mean 'name'?)");
    assert_null(u);
    assert_error(chl_frame_row_uniform(frame, names, 0, "p", &u, &err),
                 "expected at least one column");
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_row_alone),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
