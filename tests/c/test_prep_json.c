/* SPDX-License-Identifier: MIT
 *
 * Saved preps: exact round trips, and thousands of damaged ones that must be refused or
 * work, never crash.
 */
#include "prep_fixture.h"

#include "core/base/rng.h"

static const char csv[] =
    "age,town,balance,plan,y\n"
    "20,a,1.5,basic,1\n31,b,,gold,0\n,a,0.1,gold,1\n"
    "53,c,4.25,,0\n24,d,1e-300,b\xc3\xa4r,0\n65,a,123456.789,gold,1\n";
static const char steps[] =
    "[{'step':'derive','columns':[['gold','plan == `gold`'],['share','balance / age']]},"
    " {'step':'impute','flag':true}, {'step':'clip','quantile':[0.1,0.9]},"
    " {'step':'target_encode','columns':['town'],'folds':2},"
    " {'step':'derive','columns':[['kind','if_else(age > 30, `old`, `young`)']]},"
    " {'step':'ordinal','columns':['kind'],'order':{'kind':['young','old']}},"
    " {'step':'onehot','min_count':2}, {'step':'quantile','columns':['share','balance']},"
    " {'step':'piecewise','columns':['share'],'min_rows':1},"
    " {'step':'piecewise','columns':['balance'],'bins':'quantile','max_bins':3},"
    " {'step':'scale','method':'robust'}]";

static void assert_same_matrix(const chl_prep *a, const chl_prep *b,
                               const chl_frame *frame)
{
    chl_matrix x, y;
    assert_ok(chl_prep_transform(a, frame, &x, NULL, &err));
    assert_ok(chl_prep_transform(b, frame, &y, NULL, &err));
    assert_int_equal(x.cols, y.cols);
    assert_memory_equal(x.data, y.data, (size_t)(x.rows * x.cols) * sizeof(double));
    chl_matrix_reset(&x);
    chl_matrix_reset(&y);
}

/* Through text, as a bundle does it. */
static json_t *through_text(const chl_prep *prep)
{
    json_t *json = NULL;
    assert_ok(chl_prep_to_json(prep, &json, &err));
    char *text = json_dumps(json, JSON_REAL_PRECISION(17) | JSON_COMPACT);
    assert_non_null(text);
    json_decref(json);
    json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

static void fitted_preps_survive_exactly(void **state)
{
    (void)state;
    chl_frame *train = frame_of(csv, "town plan");
    chl_prep *prep = fitted_prep(steps, train, NULL), *back = NULL;
    json_t *json = through_text(prep), *again = NULL;
    assert_ok(chl_prep_from_json(json, &back, &err));
    assert_true(chl_prep_fitted(back));
    assert_same_matrix(prep, back, train);
    assert_int_equal(chl_prep_raw_count(back), 4);
    for (int j = 0; j < chl_prep_encoded_count(prep); j++) {
        assert_string_equal(chl_prep_encoded_name(prep, j),
                            chl_prep_encoded_name(back, j));
        for (int i = 0; i < chl_prep_raw_count(prep); i++) {
            assert_int_equal(chl_prep_depends(prep, j, i), chl_prep_depends(back, j, i));
        }
    }
    assert_ok(chl_prep_to_json(back, &again, &err));
    assert_true(json_equal(json, again));
    json_decref(again);
    json_decref(json);
    chl_prep_free(back);
    chl_prep_free(prep);
    chl_frame_release(train);
}

static void unfitted_preps_survive(void **state)
{
    (void)state;
    chl_prep *prep = prep_of(steps), *back = NULL;
    json_t *json = through_text(prep);
    assert_ok(chl_prep_from_json(json, &back, &err));
    assert_false(chl_prep_fitted(back));
    json_decref(json);
    chl_prep_free(back);
    chl_prep_free(prep);
}

/* ---- damage ---- */

static chl_status load(const char *text, chl_error *err)
{
    chl_prep *prep = NULL;
    json_t *json = json_of(text);
    chl_status status = chl_prep_from_json(json, &prep, err);
    json_decref(json);
    chl_prep_free(prep);
    return status;
}

static void damage_is_named(void **state)
{
    (void)state;
#define RAW          "'raw':[{'name':'a','type':'f64'}]"
#define SCALE(state) "{'steps':[{'step':'scale','state':" state "}]," RAW "}"
    assert_ok(load(SCALE("{'columns':['a'],'center':[1],'factor':[2]}"), &err));
#define TARGET(classes, mean, values)                                                    \
    "{'steps':[{'step':'target_encode','state':{'columns':['t']," classes "'mean':" mean \
    ",'levels':[['x']],'values':[" values "]}}],'raw':[{'name':'t','type':'string'}]}"
    assert_ok(load(TARGET("", "[0.5]", "[1]"), &err));
    assert_ok(load(TARGET("'classes':3,", "[0.2,0.3,0.5]", "[1,0,0]"), &err));
    assert_error(load(TARGET("'classes':2,", "[0.5,0.5]", "[1,0]"), &err),
                 "target_encode: classes: expected a number from 3 to 256");
    assert_error(load(TARGET("'classes':'x',", "[0.5]", "[1]"), &err),
                 "classes: expected a number from 3");
    assert_error(load(TARGET("'classes':3,", "[0.5]", "[1,0,0]"), &err),
                 "mean: expected 3 numbers, got 1");
    assert_error(load(TARGET("'classes':3,", "[0.2,0.3,0.5]", "[1]"), &err),
                 "values: expected 3 numbers, got 1");
    assert_error(load("[]", &err), "prep: expected a list of steps");
    assert_error(load("{'steps':[{'step':'scale'}]," RAW "}", &err),
                 "prep: scale: expected a fitted state");
    assert_error(load(SCALE("{'columns':['a'],'center':[1],'factor':[0]}"), &err),
                 "prep: scale: factor: item 1: expected more than 0");
    assert_error(load(SCALE("{'columns':['a'],'center':[],'factor':[1]}"), &err),
                 "center: expected 1 numbers, got 0");
    assert_error(load(SCALE("{'columns':['a'],'center':['x'],'factor':[1]}"), &err),
                 "center: item 1: expected a finite number");
    assert_error(load(SCALE("{'columns':['b'],'center':[1],'factor':[1]}"), &err),
                 "prep: scale: unknown column 'b'");
    assert_error(load(SCALE("{'columns':['a','a'],'center':[1,1],'factor':[1,1]}"), &err),
                 "'a' stands there twice");
    assert_error(load("{'steps':[],'raw':[{'name':'a','type':'f65'}]}", &err),
                 "prep: raw: column 1");
    assert_error(load("{'steps':[],'raw':[{'name':'a','type':'category'}]}", &err),
                 "levels: expected a list");
    assert_error(load("{'steps':[],'raw':[{'name':'a','type':'string'}]}", &err),
                 "is text");
    assert_error(load("{'steps':[],'raw':[{'name':'a','type':'f64'},"
                      "{'name':'a','type':'f64'}]}",
                      &err),
                 "there is already a column 'a'");
    assert_error(load("{'steps':[{'step':'impute','state':{'columns':['a'],"
                      "'flag':[false],'fill':['word']}}]," RAW "}",
                      &err),
                 "prep: impute: column 'a': what to fill in does not fit");
    assert_error(load("{'steps':[{'step':'onehot','state':{'columns':['c'],'kept':[2],"
                      "'levels':[['x']]}}],'raw':[{'name':'c','type':'string'}]}",
                      &err),
                 "prep: onehot: kept: item 1 is out of range");
#undef SCALE
#undef RAW
}

static void damaged_maps_are_named(void **state)
{
    (void)state;
#define LEARNT(step, state)                                                              \
    "{'steps':[{'step':'" step "','state':{'columns':['a']," state                       \
    "}}],'raw':[{'name':'a','type':'f64'}]}"
    assert_ok(load(LEARNT("piecewise", "'edges':[[0,0.5,1]]"), &err));
    assert_error(load(LEARNT("piecewise", "'edges':[[1]]"), &err),
                 "piecewise: edges: expected 2 to 4097 numbers, got 1");
    assert_error(load(LEARNT("piecewise", "'edges':[[0,2,1]]"), &err),
                 "piecewise: edges: item 3 is below the one before");
    assert_error(load(LEARNT("piecewise", "'edges':[]"), &err), "edges");
    assert_ok(load(LEARNT("quantile", "'from':[[0,1]],'to':[[-1,1]]"), &err));
    assert_error(load(LEARNT("quantile", "'from':[[0,0]],'to':[[-1,1]]"), &err),
                 "quantile: from: item 2 does not rise");
    assert_error(load(LEARNT("quantile", "'from':[[0,1]],'to':[[-1]]"), &err), "to");
    assert_error(load(LEARNT("quantile", "'from':[[]],'to':[[]]"), &err),
                 "from: expected 1 to 100000 numbers, got 0");
#undef LEARNT
}

/* A random replacement for a value. */
static json_t *strange_value(chl_rng *rng)
{
    switch (chl_rng_below(rng, 12)) {
    case 0: return json_null();
    case 1: return json_true();
    case 2: return json_integer(-1);
    case 3: return json_integer(1000000);
    case 4: return json_real(-1e308);
    case 5: return json_real(0.5);
    case 6: return json_string("");
    case 7: return json_string("age");
    case 8: return json_string("balance + age");
    case 9: return json_array();
    case 10: return json_pack("[i,s]", 1, "plan");
    default: return json_object();
    }
}

/* Replaces, removes or doubles one member somewhere below `json`. */
static void damage(json_t *json, chl_rng *rng)
{
    size_t n = json_is_object(json) ? json_object_size(json) : json_array_size(json);
    if (n == 0) {
        return;
    }
    size_t at = (size_t)chl_rng_below(rng, n);
    json_t *child = NULL;
    const char *key = NULL;
    if (json_is_object(json)) {
        void *iter = json_object_iter(json);
        for (size_t i = 0; i < at; i++) {
            iter = json_object_iter_next(json, iter);
        }
        key = json_object_iter_key(iter);
        child = json_object_iter_value(iter);
    } else {
        child = json_array_get(json, at);
    }
    bool deeper = json_object_size(child) + json_array_size(child) > 0;
    if (deeper && chl_rng_below(rng, 8) != 0) {
        damage(child, rng);
    } else if (key) {
        char copy[64];
        snprintf(copy, sizeof copy, "%s", key);
        chl_rng_below(rng, 4) == 0 ? json_object_del(json, copy)
                                   : json_object_set_new(json, copy, strange_value(rng));
    } else if (chl_rng_below(rng, 4) == 0) {
        json_array_remove(json, at);
    } else if (chl_rng_below(rng, 4) == 0) {
        json_array_insert(json, at, child);
    } else {
        json_array_set_new(json, at, strange_value(rng));
    }
}

static void damaged_preps_are_refused_or_work(void **state)
{
    (void)state;
    enum { ROUNDS = 4000 };
    chl_frame *train = frame_of(csv, "town plan");
    chl_prep *prep = fitted_prep(steps, train, NULL);
    json_t *json = through_text(prep);
    int refused = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        chl_rng rng;
        chl_error err = {0};
        chl_rng_init(&rng, 99, CHL_RNG_GENERAL, round);
        chl_prep *back = NULL;
        json_t *copy = json_deep_copy(json);
        for (uint64_t k = chl_rng_below(&rng, 3) + 1; k > 0; k--) {
            damage(copy, &rng);
        }
        if (chl_prep_from_json(copy, &back, &err) != CHL_OK) {
            assert_null(back);
            assert_true(strlen(err.message) > 0);
            refused++;
        } else if (chl_prep_fitted(back)) {
            chl_matrix x;
            if (chl_prep_transform(back, train, &x, NULL, &err) == CHL_OK) {
                chl_matrix_reset(&x);
            }
        }
        chl_prep_free(back);
        json_decref(copy);
    }
    assert_true(refused > ROUNDS / 2);
    assert_true(refused < ROUNDS);
    json_decref(json);
    chl_prep_free(prep);
    chl_frame_release(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fitted_preps_survive_exactly),
        cmocka_unit_test(unfitted_preps_survive),
        cmocka_unit_test(damage_is_named),
        cmocka_unit_test(damaged_maps_are_named),
        cmocka_unit_test(damaged_preps_are_refused_or_work),
    };
    return cmocka_run_group_tests_name("prep_json", tests, NULL, NULL);
}
