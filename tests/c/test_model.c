/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/model/bundle.h"
#include "core/model/explain.h"
#include "core/model/lineage.h"
#include "core/model/reasons.h"
#include "model_fixture.h"

static chl_frame *customers;
static chl_model *model;

static int set_up(void **state)
{
    (void)state;
    customers = make_customers(3000, 1);
    model = make_model(customers);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chl_model_release(model);
    chl_frame_release(customers);
    return 0;
}

static double *score(const chl_model *m, const chl_frame *frame, int threads)
{
    chl_control control = {.threads = threads};
    double *p = malloc((size_t)frame->rows * sizeof *p + 1);
    assert_ok(chl_model_score(m, frame, &control, p, NULL, &err));
    return p;
}

static double score_one(const chl_model *m, const chl_frame *frame, int64_t row)
{
    chl_frame *one;
    double p;
    assert_ok(chl_frame_slice(frame, row, 1, &one, &err));
    assert_ok(chl_model_score(m, one, NULL, &p, NULL, &err));
    chl_frame_release(one);
    return p;
}

static void same_bits(const double *a, const double *b, int64_t n)
{
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

/* ---- scoring ---- */

static void signature(void **state)
{
    (void)state;
    assert_string_equal(chl_model_target(model), "Exited");
    assert_string_equal(chl_model_positive(model), "1");
    assert_string_equal(chl_model_id(model), "Id");
    assert_int_equal(chl_model_members(model, 0), 3);
    const chl_frame *background = chl_model_background(model);
    assert_int_equal(background->rows, 100);
    assert_int_equal(background->columns, chl_prep_raw_count(chl_model_prep(model, 0)));
    assert_int_equal(chl_frame_find(background, "Exited"), -1);
    assert_int_equal(chl_frame_find(background, "Id"), -1);
}

static void the_same_bits_alone_in_batches_and_on_threads(void **state)
{
    (void)state;
    double *all = score(model, customers, 1), *two = score(model, customers, 2);
    same_bits(all, two, customers->rows);
    for (int64_t row = 0; row < customers->rows; row += 37) {
        double one = score_one(model, customers, row);
        same_bits(&one, &all[row], 1);
    }
    chl_frame *part;
    assert_ok(chl_frame_slice(customers, 1000, 1111, &part, &err));
    double *some = score(model, part, 2);
    same_bits(some, all + 1000, 1111);
    chl_frame_release(part);
    free(some);
    free(all);
    free(two);
}

static void the_mean_of_the_members(void **state)
{
    (void)state;
    double *all = score(model, customers, 1);
    chl_matrix x;
    assert_ok(chl_prep_transform(chl_model_prep(model, 0), customers, &x, NULL, &err));
    double p[3];
    for (int64_t row = 0; row < 50; row++) {
        for (int m = 0; m < 3; m++) {
            assert_ok(chl_net_predict(chl_model_net(model, 0, m), chl_matrix_row(&x, row),
                                      1, &p[m], &err));
        }
        assert_near(all[row], (p[0] + p[1] + p[2]) / 3, 1e-15);
    }
    chl_matrix_reset(&x);
    free(all);
}

static void rows_may_be_none(void **state)
{
    (void)state;
    chl_frame *none, *narrow;
    double p;
    chl_prep_unseen unseen = {.cells = 7};
    assert_ok(chl_frame_slice(customers, 0, 0, &none, &err));
    assert_ok(chl_model_score(model, none, NULL, &p, &unseen, &err));
    assert_int_equal(unseen.cells, 0);
    assert_ok(chl_frame_drop(none, (const char *[]){"Age"}, 1, &narrow, &err));
    assert_error(chl_model_score(model, narrow, NULL, &p, NULL, &err), "Age");
    chl_frame_release(none);
    chl_frame_release(narrow);
}

static void unseen_levels_are_counted(void **state)
{
    (void)state;
    static const char csv[] = "Age,Balance,Salary,Country,Active\n"
                              "40,1,2,Atlantis,true\n41,1,2,France,true\n";
    chl_frame *frame;
    double p[2];
    chl_prep_unseen unseen;
    assert_ok(chl_csv_read_bytes(csv, sizeof csv - 1, "t", NULL, &frame, &err));
    assert_ok(chl_model_score(model, frame, NULL, p, &unseen, &err));
    assert_int_equal(unseen.cells, 1);
    chl_frame_release(frame);
}

static void a_failing_row_is_named_by_its_place(void **state)
{
    (void)state;
    chl_column *age;
    chl_frame *frame;
    double *p = malloc((size_t)customers->rows * sizeof *p);
    assert_ok(chl_column_new(CHL_F64, customers->rows, false, &age, &err));
    for (int64_t i = 0; i < customers->rows; i++) {
        age->values.f64[i] = i == 2500 ? 40.5 : 40; /* no integer: cannot be cast */
    }
    chl_column_seal(age);
    assert_ok(chl_frame_with(customers, "Age", age, &frame, &err));
    assert_error(chl_model_score(model, frame, NULL, p, NULL, &err), "2501");
    chl_column_release(age);
    chl_frame_release(frame);
    free(p);
}

static void not_a_number_is_an_error(void **state)
{
    (void)state;
    chl_model *sick = make_model(customers);
    chl_tensor bias = chl_net_tensor((chl_net *)(uintptr_t)chl_model_net(sick, 0, 1), 1);
    bias.data[0] = (chl_real)NAN;
    double p[3000];
    assert_error(chl_model_score(sick, customers, NULL, p, NULL, &err),
                 "score: row 1: expected a probability, got");
    chl_model_release(sick);
}

static void calibration(void **state)
{
    (void)state;
    chl_model *m = make_model(customers);
    double *before = score(m, customers, 1);
    assert_null(chl_model_calibration(m));
    assert_ok(chl_model_calibrate(m, customers, "isotonic", NULL, &err));
    assert_string_equal(chl_model_calibration(m), "isotonic");
    double *after = score(m, customers, 1), mean = 0, rate = 0;
    double *y = malloc((size_t)customers->rows * sizeof *y);
    assert_ok(chl_frame_labels(customers, y, &err));
    for (int64_t i = 0; i < customers->rows; i++) {
        mean += after[i] / (double)customers->rows;
        rate += y[i] / (double)customers->rows;
    }
    assert_near(mean, rate, 1e-3); /* what isotonic regression keeps */
    /* a second calibration starts from the nets again, not from the first */
    assert_ok(chl_model_calibrate(m, customers, "platt", NULL, &err));
    assert_ok(chl_model_calibrate(m, customers, "isotonic", NULL, &err));
    double *again = score(m, customers, 1);
    same_bits(after, again, customers->rows);
    assert_true(memcmp(before, after, sizeof *after) != 0);
    assert_error(chl_model_calibrate(m, customers, "isotonc", NULL, &err), "isotonic");
    const chl_frame *background = chl_model_background(m);
    assert_error(chl_model_calibrate(m, background, "platt", NULL, &err),
                 "the frame has no target column 'Exited'");
    free(before);
    free(after);
    free(again);
    free(y);
    chl_model_release(m);
}

static void a_stop_request_ends_scoring(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 1;
    chl_control control = {.cancel = &stop, .threads = 2};
    double *p = malloc((size_t)customers->rows * sizeof *p);
    assert_int_equal(chl_model_score(model, customers, &control, p, NULL, NULL),
                     CHL_ECANCELLED);
    free(p);
}

static void parts_that_do_not_fit(void **state)
{
    (void)state;
    chl_model *m;
    chl_prep *prep = make_prep(customers, true);
    chl_net *net = make_net(FIXTURE_DENSE, 3, 1);
    assert_error(chl_model_new(prep, &net, 1, customers, 1, &m, &err), "net 1: expected");
    assert_null(m);
    assert_error(chl_model_new(prep, &net, 0, customers, 1, &m, &err), "at least one");
    const chl_frame *no_target = chl_model_background(model);
    assert_error(chl_model_new(prep, &net, 1, no_target, 1, &m, &err),
                 "no target column");
    chl_prep *unfitted;
    assert_ok(chl_prep_clone_unfitted(prep, &unfitted, &err));
    assert_error(chl_model_new(unfitted, &net, 1, customers, 1, &m, &err),
                 "expected a fitted one");
    chl_prep_free(unfitted);
    chl_prep_free(prep);
    chl_net_free(net);
}

/* ---- training data ---- */

static void labelled_rows(void **state)
{
    (void)state;
    static const char csv[] = "x,y\n1,1\n2,\n3,0\n";
    static const char empty[] = "x,y\n1,\n";
    chl_frame *read, *frame, *kept;
    int64_t dropped;
    assert_ok(chl_csv_read_bytes(csv, sizeof csv - 1, "t", NULL, &read, &err));
    assert_error(chl_frame_labelled(read, "fit", false, &kept, &dropped, &err),
                 "fit: the frame has no target column");
    assert_ok(chl_frame_with_roles(read, "y", "1", NULL, &frame, &err));
    assert_ok(chl_frame_labelled(frame, "fit", false, &kept, &dropped, &err));
    assert_int_equal(kept->rows, 2);
    assert_int_equal(dropped, 1);
    char before[CHL_SHA256_HEX], after[CHL_SHA256_HEX];
    assert_ok(chl_frame_sha256(frame, NULL, before, &err));
    assert_ok(chl_frame_sha256(kept, NULL, after, &err));
    assert_string_not_equal(before, after);
    chl_frame_release(kept);
    chl_frame_release(frame);
    chl_frame_release(read);
    assert_ok(chl_csv_read_bytes(empty, sizeof empty - 1, "t", NULL, &read, &err));
    assert_ok(chl_frame_with_roles(read, "y", "1", NULL, &frame, &err));
    assert_int_not_equal(chl_frame_labelled(frame, "fit", false, &kept, &dropped, NULL),
                         CHL_OK);
    chl_frame_release(frame);
    chl_frame_release(read);
}

static void the_data_hash_sees_cells_not_storage(void **state)
{
    (void)state;
    char a[CHL_SHA256_HEX], b[CHL_SHA256_HEX];
    chl_frame *reversed, *back;
    int64_t *rows = malloc((size_t)customers->rows * sizeof *rows);
    for (int64_t i = 0; i < customers->rows; i++) {
        rows[i] = customers->rows - 1 - i;
    }
    assert_ok(chl_frame_take(customers, rows, customers->rows, NULL, &reversed, &err));
    assert_ok(chl_frame_take(reversed, rows, customers->rows, NULL, &back, &err));
    assert_ok(chl_frame_sha256(customers, NULL, a, &err));
    assert_ok(chl_frame_sha256(back, NULL, b, &err));
    assert_string_equal(a, b);
    assert_ok(chl_frame_sha256(reversed, NULL, b, &err));
    assert_string_not_equal(a, b);
    free(rows);
    chl_frame_release(reversed);
    chl_frame_release(back);
}

/* ---- nets with several heads ---- */

static void whole_nets_say_what_all_heads_predict(void **state)
{
    (void)state;
    enum { N = 20 };
    chl_frame *rows = make_customers(N, 5);
    chl_model *m = make_model_of(rows, FIXTURE_NORM, 2, false);
    int inputs = chl_prep_encoded_count(chl_model_prep(m, 0));
    double out[N * 3], one[N * 3];
    assert_int_equal(chl_model_head_outputs(m), 0);
    assert_error(chl_model_predict_heads(m, rows, out, &err),
                 "heads: expected a model whose nets were trained with several heads");
    chl_net *whole[] = {make_net(FIXTURE_HEADS, inputs, 1),
                        make_net(FIXTURE_HEADS, inputs, 2)};
    chl_net *narrow = make_net(FIXTURE_HEADS, inputs + 1, 1);
    chl_net *wrong[] = {whole[0], narrow};
    assert_error(chl_model_keep_heads(m, whole, 1, &err),
                 "heads: expected 2 whole nets, got 1");
    assert_error(chl_model_keep_heads(m, wrong, 2, &err), "heads: net 2: expected");
    chl_net_free(narrow);
    assert_ok(chl_model_keep_heads(m, whole, 2, &err));
    assert_int_equal(chl_model_head_outputs(m), 3);
    assert_int_equal(chl_model_members(m, 0), 2);
    assert_ok(chl_model_predict_heads(m, rows, out, &err));
    chl_matrix x;
    assert_ok(chl_prep_transform(chl_model_prep(m, 0), rows, &x, NULL, &err));
    for (int k = 0; k < 2; k++) {
        assert_ok(chl_net_predict(whole[k], x.data, N, one, &err));
        for (int i = 0; i < N * 3; i++) {
            out[i] -= one[i] / 2;
        }
    }
    for (int i = 0; i < N * 3; i++) {
        assert_near(out[i], 0, 1e-15);
    }
    chl_matrix_reset(&x);
    chl_model_release(m);
    chl_frame_release(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature),
        cmocka_unit_test(the_same_bits_alone_in_batches_and_on_threads),
        cmocka_unit_test(the_mean_of_the_members),
        cmocka_unit_test(rows_may_be_none),
        cmocka_unit_test(unseen_levels_are_counted),
        cmocka_unit_test(a_failing_row_is_named_by_its_place),
        cmocka_unit_test(not_a_number_is_an_error),
        cmocka_unit_test(whole_nets_say_what_all_heads_predict),
        cmocka_unit_test(calibration),
        cmocka_unit_test(a_stop_request_ends_scoring),
        cmocka_unit_test(parts_that_do_not_fit),
        cmocka_unit_test(labelled_rows),
        cmocka_unit_test(the_data_hash_sees_cells_not_storage),
    };
    return cmocka_run_group_tests_name("model", tests, set_up, tear_down);
}
