/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/strbuf.h"
#include "core/model/explain.h"
#include "core/model/explain_private.h"
#include "core/model/reasons.h"
#include "model_fixture.h"

static chl_frame *customers;
static chl_model *model;

static int set_up(void **state)
{
    (void)state;
    customers = make_customers(400, 5);
    model = make_model(customers);
    chl_error err = {0};
    must(chl_model_calibrate(model, customers, "platt", NULL, &err), &err);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    chl_model_release(model);
    chl_frame_release(customers);
    return 0;
}

/* Every coalition of the five raw columns, by tables and the slow way. */
static void check_values(const chl_model *m, const chl_frame *background, int64_t row)
{
    enum { N = 32 };
    uint64_t coalitions[N];
    double values[N];
    chl_explainer *e;
    assert_int_equal(chl_model_raw_count(m), 5);
    for (uint64_t s = 0; s < N; s++) {
        coalitions[s] = s * 13 % N; /* in no special order */
    }
    assert_ok(chl_explainer_new(m, background, CHL_EXPLAIN_POSITIVE, &e, &err));
    assert_ok(chl_explainer_values(e, customers, row, coalitions, N, values, &err));
    background = background ? background : chl_model_background(m);
    for (int k = 0; k < N; k++) {
        assert_near(values[k],
                    slow_value(m, customers, background, row, coalitions[k], -1), 2e-6);
    }
    chl_explainer_free(e);
}

static void values_equal_scores_of_mixed_rows(void **state)
{
    (void)state;
    check_values(model, NULL, 0);
    check_values(model, NULL, 17);
    check_values(model, customers, 3); /* 400 rows: several blocks */
    chl_model *norm = make_model_of(customers, FIXTURE_NORM, 2, true);
    check_values(norm, NULL, 5); /* the first layer is not dense */
    chl_model *plain = make_model_of(customers, FIXTURE_DENSE, 1, false);
    check_values(plain, NULL, 5); /* no derived columns: nothing to mix */
    chl_frame *one;
    assert_ok(chl_frame_slice(customers, 9, 1, &one, &err));
    check_values(plain, one, 5);
    chl_frame_release(one);
    chl_model_release(norm);
    chl_model_release(plain);
}

#define ONE_UNIT "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}"
#define SHALLOW                                                                          \
    "{\"layers\":[{\"type\":\"dense\",\"units\":70,\"activation\":\"relu\"},"            \
    "{\"type\":\"dropout\",\"rate\":0.2}," ONE_UNIT "]}"
#define LOGISTIC "{\"layers\":[" ONE_UNIT "]}"
#define COPIES                                                                           \
    "{\"type\":\"batch_ensemble\",\"copies\":3,\"units\":20,\"activation\":\"relu\"},"
#define MEMBERS "{\"type\":\"member_dense\",\"units\":1,\"activation\":\"sigmoid\"}]}"
#define TABM    "{\"layers\":[" COPIES MEMBERS
#define TABM_DEEP                                                                        \
    "{\"layers\":[" COPIES "{\"type\":\"batch_ensemble\",\"units\":8,"                   \
    "\"activation\":\"gelu\"}," MEMBERS

/* The nets of the default recipe, and one that is deeper. */
static const char *const recipes[] = {SHALLOW, LOGISTIC, TABM, TABM_DEEP};
enum { RECIPES = sizeof recipes / sizeof *recipes };

static void tabulated_nets_equal_scores_of_mixed_rows(void **state)
{
    (void)state;
    for (int i = 0; i < RECIPES; i++) {
        chl_model *derived = make_model_of(customers, recipes[i], 2, true);
        chl_model *plain = make_model_of(customers, recipes[i], 2, false);
        check_values(derived, NULL, 5);
        check_values(plain, NULL, 5);
        chl_model_release(derived);
        chl_model_release(plain);
    }
}

static void check_effects(const chl_model *m)
{
    double p[400];
    assert_ok(chl_model_score(m, customers, NULL, p, NULL, &err));
    for (int64_t row = 0; row < 400; row += 57) {
        chl_shapley s;
        assert_ok(chl_model_explain(m, customers, row, NULL, CHL_EXPLAIN_POSITIVE, NULL,
                                    NULL, &s, &err));
        assert_true(s.exact && s.players == 5);
        assert_true(s.total == p[row]); /* the very bits */
        double sum = s.base;
        for (int j = 0; j < s.players; j++) {
            sum += s.phi[j];
        }
        assert_near(sum, s.total, 1e-12);
    }
}

static void effects_add_up_to_the_score(void **state)
{
    (void)state;
    check_effects(model);
    for (int i = 0; i < RECIPES; i++) {
        chl_model *m = make_model_of(customers, recipes[i], 2, i % 2);
        check_effects(m);
        chl_model_release(m);
    }
}

/* A column with the same cells as every background row cannot matter. */
static void an_equal_cell_has_no_effect(void **state)
{
    (void)state;
    chl_frame *one;
    chl_shapley s;
    assert_ok(chl_frame_slice(customers, 7, 1, &one, &err));
    assert_ok(chl_model_explain(model, customers, 7, one, CHL_EXPLAIN_POSITIVE, NULL,
                                NULL, &s, &err));
    assert_true(s.base == s.total);
    for (int j = 0; j < s.players; j++) {
        assert_near(s.phi[j], 0, 1e-6);
    }
    chl_frame_release(one);
}

static void check_threads(const chl_model *m)
{
    enum { ROWS = 60 };
    double phi[ROWS * 5], again[ROWS * 5];
    chl_frame *few;
    assert_ok(chl_frame_slice(customers, 100, ROWS, &few, &err));
    chl_control one = {.threads = 1}, two = {.threads = 2};
    chl_explainer *e;
    chl_shapley s, t;
    assert_ok(chl_explainer_new(m, NULL, CHL_EXPLAIN_POSITIVE, &e, &err));
    assert_ok(chl_explainer_rows(e, few, NULL, &one, phi, &err));
    assert_ok(chl_explainer_rows(e, few, NULL, &two, again, &err));
    assert_memory_equal(phi, again, sizeof phi);
    assert_ok(chl_explainer_row(e, customers, 123, NULL, &one, &s, &err));
    assert_ok(chl_explainer_row(e, customers, 123, NULL, &two, &t, &err));
    assert_memory_equal(s.phi, phi + (size_t)23 * 5, 5 * sizeof *phi);
    assert_memory_equal(s.phi, t.phi, sizeof s.phi);
    chl_explainer_free(e);
    chl_frame_release(few);
}

static void the_same_twice_and_on_threads(void **state)
{
    (void)state;
    check_threads(model);
    for (int i = 0; i < RECIPES; i++) {
        chl_model *m = make_model_of(customers, recipes[i], 2, i % 2);
        check_threads(m);
        chl_model_release(m);
    }
}

static void samples_come_near_the_exact_values(void **state)
{
    (void)state;
    chl_shapley exact, sampled;
    chl_shapley_options options = {.samples = 24, .seed = 1, .exact_limit = 3};
    assert_ok(chl_model_explain(model, customers, 2, NULL, CHL_EXPLAIN_POSITIVE, NULL,
                                NULL, &exact, &err));
    assert_ok(chl_model_explain(model, customers, 2, NULL, CHL_EXPLAIN_POSITIVE, &options,
                                NULL, &sampled, &err));
    assert_false(sampled.exact);
    assert_true(sampled.total == exact.total);
    for (int j = 0; j < exact.players; j++) {
        assert_near(sampled.phi[j], exact.phi[j], 0.02);
    }
}

static void errors_name_the_row(void **state)
{
    (void)state;
    chl_shapley s;
    chl_explainer *e;
    chl_frame *none, *narrow;
    assert_error(chl_model_explain(model, customers, 400, NULL, CHL_EXPLAIN_POSITIVE,
                                   NULL, NULL, &s, &err),
                 "explain: expected a row from 1 to 400, got 401");
    assert_ok(chl_frame_slice(customers, 0, 0, &none, &err));
    assert_error(chl_explainer_new(model, none, CHL_EXPLAIN_POSITIVE, &e, &err),
                 "background: expected at least one row");
    assert_ok(chl_frame_drop(customers, (const char *[]){"Age"}, 1, &narrow, &err));
    assert_error(chl_model_explain(model, narrow, 3, NULL, CHL_EXPLAIN_POSITIVE, NULL,
                                   NULL, &s, &err),
                 "row 4: explain: unknown column 'Age'");
    chl_frame_release(none);
    chl_frame_release(narrow);
    volatile sig_atomic_t stop = 1;
    chl_control control = {.cancel = &stop, .threads = 1};
    assert_int_equal(chl_model_explain(model, customers, 1, NULL, CHL_EXPLAIN_POSITIVE,
                                       NULL, &control, &s, NULL),
                     CHL_ECANCELLED);
}

/* Columns c0, c1 … of random numbers and the target y; `product` names them all. */
static chl_frame *make_wide(int columns, int rows, chl_strbuf *product)
{
    chl_strbuf csv = {0};
    chl_rng rng;
    chl_error error = {0};
    chl_frame *read = NULL, *frame = NULL;
    chl_rng_init(&rng, 1, CHL_RNG_SIMULATE, 0);
    for (int j = 0; j < columns; j++) {
        chl_strbuf_printf(&csv, "c%d,", j);
        chl_strbuf_printf(product, "%sc%d", j ? " * " : "", j);
    }
    chl_strbuf_puts(&csv, "y\n");
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
            chl_strbuf_printf(&csv, "%.3f,", 0.5 + chl_rng_uniform(&rng));
        }
        chl_strbuf_printf(&csv, "%d\n", i % 2);
    }
    must(chl_csv_read_bytes(csv.data, csv.length, "t", NULL, &read, &error), &error);
    must(chl_frame_with_roles(read, "y", "1", NULL, &frame, &error), &error);
    chl_frame_release(read);
    chl_strbuf_reset(&csv);
    return frame;
}

/* A derived column of 14 raw ones is beyond tables: every mixed row goes through the
 * prep. */
static void many_parents_go_through_the_prep(void **state)
{
    (void)state;
    enum { COLUMNS = 14, ROWS = 30, N = 6 };
    static const uint64_t coalitions[N] = {0, 1, 0x2aaa, 0x3fff, 0x1234, 0x0007};
    chl_error error = {0};
    chl_strbuf product = {0};
    chl_frame *frame = make_wide(COLUMNS, ROWS, &product);
    json_t *step = json_pack("{s:s, s:[[s, s]]}", "step", "derive", "columns", "product",
                             product.data);
    chl_prep *prep = NULL;
    chl_matrix x;
    chl_model *m = NULL;
    must(chl_prep_new(&prep, &error), &error);
    must(chl_prep_add(prep, step, &error), &error);
    must(chl_prep_fit_transform(prep, frame, &x, &error), &error);
    chl_net *net = make_net(FIXTURE_DENSE, chl_prep_encoded_count(prep), 3);
    must(chl_model_new(prep, &net, 1, frame, 1, &m, &error), &error);
    chl_explainer *e = NULL;
    double values[N];
    must(chl_explainer_new(m, NULL, CHL_EXPLAIN_POSITIVE, &e, &error), &error);
    assert_true(e->direct && e->parts[0].direct);
    assert_ok(chl_explainer_values(e, frame, 4, coalitions, N, values, &err));
    for (int k = 0; k < N; k++) {
        assert_near(values[k],
                    slow_value(m, frame, chl_model_background(m), 4, coalitions[k], -1),
                    1e-9);
    }
    chl_explainer_free(e);
    chl_matrix_reset(&x);
    chl_model_release(m);
    chl_frame_release(frame);
    json_decref(step);
    chl_strbuf_reset(&product);
}

/* A model of the columns as they are. */
static chl_model *make_wide_model(const chl_frame *frame, const char *spec)
{
    chl_error error = {0};
    chl_prep *prep = NULL;
    chl_matrix x;
    chl_model *m = NULL;
    json_t *step = json_pack("{s:s, s:s}", "step", "scale", "method", "standard");
    must(chl_prep_new(&prep, &error), &error);
    must(chl_prep_add(prep, step, &error), &error);
    must(chl_prep_fit_transform(prep, frame, &x, &error), &error);
    chl_net *net = make_net(spec, chl_prep_encoded_count(prep), 3);
    must(chl_model_new(prep, &net, 1, frame, 1, &m, &error), &error);
    chl_matrix_reset(&x);
    json_decref(step);
    return m;
}

/* The values of coalitions that are asked for together, and how many background rows had
 * all subsets run. */
static int ask(const chl_explainer *e, const chl_frame *frame, const uint64_t *coalitions,
               int n, double *values)
{
    explain_game g;
    int cubes = 0;
    assert_ok(explain_game_init(&g, e, NULL, &err));
    assert_ok(explain_game_start(&g, frame, 3, &err));
    assert_ok(explain_game_value(&g, coalitions, n, values, &err));
    for (int64_t row = 0; row < g.rows; row++) {
        cubes += explain_is_cube(&g, 0, row);
    }
    explain_game_reset(&g);
    return cubes;
}

/* Many coalitions take all subsets of the columns that differ, few the terms' tables. */
static void subsets_and_tables_agree(void **state)
{
    (void)state;
    enum { COLUMNS = 9, ROWS = 30, N = 1 << COLUMNS, FEW = 16 };
    chl_strbuf product = {0};
    chl_frame *frame = make_wide(COLUMNS, ROWS, &product);
    for (int i = 0; i < RECIPES; i++) {
        chl_model *m = make_wide_model(frame, recipes[i]);
        chl_explainer *e;
        uint64_t coalitions[N];
        double all[N], few[FEW];
        for (uint64_t k = 0; k < N; k++) {
            coalitions[k] = k * 11 % N;
        }
        assert_ok(chl_explainer_new(m, NULL, CHL_EXPLAIN_POSITIVE, &e, &err));
        bool shallow = recipes[i] != recipes[RECIPES - 1];
        assert_int_equal(ask(e, frame, coalitions, N, all), shallow ? ROWS : 0);
        assert_int_equal(ask(e, frame, coalitions, FEW, few), shallow ? 1 : 0);
        for (int k = 0; k < FEW; k++) { /* the row itself is in its background */
            assert_near(few[k], all[k], 1e-6);
        }
        chl_explainer_free(e);
        chl_model_release(m);
    }
    chl_frame_release(frame);
    chl_strbuf_reset(&product);
}

/* ---- bits and reasons ---- */

static void bits_gather_and_scatter(void **state)
{
    (void)state;
    assert_int_equal(explain_gather_bits(0xb4, 0xf0), 0xb);
    assert_int_equal(explain_gather_bits(0x12, 0x92), 3);
    assert_int_equal(explain_gather_bits(7, 0), 0);
    assert_int_equal(explain_scatter_bits(3, 0x92), 0x12);
    assert_int_equal(explain_count_bits(0), 0);
    assert_int_equal(explain_count_bits(UINT64_C(0x8000000000000005)), 3);
    assert_true(explain_scatter_bits(1, UINT64_C(1) << 63) == UINT64_C(1) << 63);
    for (uint64_t s = 0; s < 8; s++) {
        assert_true(explain_gather_bits(explain_scatter_bits(s, 0x49), 0x49) == s);
    }
}

static const char *cell(const chl_frame *frame, const char *name, int64_t row)
{
    static char text[64];
    chl_strbuf buf = {0};
    const chl_column *column = chl_frame_column(frame, name);
    assert_non_null(column);
    if (chl_column_valid(column, row)) {
        chl_column_format(column, row, &buf);
    } else {
        chl_strbuf_puts(&buf, "(missing)");
    }
    snprintf(text, sizeof text, "%s", buf.data);
    chl_strbuf_reset(&buf);
    return text;
}

static void reasons(void **state)
{
    (void)state;
    static const char csv[] = "Age,Balance,Salary,Country,Active\n"
                              "58,,7.5,France,true\n18,1,2,Spain,false\n";
    static const double phi[] = {0.2, 0.3, -0.5, 0.2, 1e-9, /* row 2 */
                                 0,   -1,  0,    0,   0.1};
    chl_frame *frame, *texts, *names;
    assert_ok(chl_csv_read_bytes(csv, sizeof csv - 1, "t", NULL, &frame, &err));
    assert_ok(chl_reasons_make(model, frame, phi, 2, &texts, &names, &err));
    assert_int_equal(texts->columns, 4);
    assert_string_equal(cell(texts, "reason_1", 0), "Balance = NA");
    assert_string_equal(cell(texts, "reason_1_effect", 0), "0.3");
    assert_string_equal(cell(texts, "reason_2", 0), "Age = 58"); /* before Country */
    assert_string_equal(cell(names, "reason_2", 0), "Age");
    assert_string_equal(cell(texts, "reason_1", 1), "Active = false");
    assert_string_equal(cell(texts, "reason_2", 1), "(missing)");
    assert_string_equal(cell(texts, "reason_2_effect", 1), "(missing)");
    assert_string_equal(cell(names, "reason_2", 1), "(missing)");
    chl_frame_release(texts);
    chl_frame_release(names);
    assert_ok(chl_reasons_make(model, frame, phi, 5, &texts, &names, &err));
    assert_string_equal(cell(texts, "reason_3", 0), "Country = France");
    assert_string_equal(cell(texts, "reason_4", 0), "(missing)");
    chl_frame_release(texts);
    chl_frame_release(names);
    assert_error(chl_reasons_make(model, frame, phi, 0, &texts, &names, &err),
                 "reasons: expected 1 to 63, got 0");
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_equal_scores_of_mixed_rows),
        cmocka_unit_test(tabulated_nets_equal_scores_of_mixed_rows),
        cmocka_unit_test(effects_add_up_to_the_score),
        cmocka_unit_test(an_equal_cell_has_no_effect),
        cmocka_unit_test(the_same_twice_and_on_threads),
        cmocka_unit_test(samples_come_near_the_exact_values),
        cmocka_unit_test(errors_name_the_row),
        cmocka_unit_test(many_parents_go_through_the_prep),
        cmocka_unit_test(subsets_and_tables_agree),
        cmocka_unit_test(bits_gather_and_scatter),
        cmocka_unit_test(reasons),
    };
    return cmocka_run_group_tests_name("explain", tests, set_up, tear_down);
}
