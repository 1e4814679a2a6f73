/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n for prep and resampling (fail_at_each.h).
 */
#include "alloc_fixture.h"

#include "core/prep/prep.h"
#include "core/prep/resample.h"

static const char *const prep_steps[] = {
    "[{\"step\":\"derive\",\"columns\":[[\"old\",\"age > 30 or plan == 'basic'\"]]},"
    "{\"step\":\"impute\",\"flag\":true},{\"step\":\"clip\",\"quantile\":[0.1,0.9]},"
    "{\"step\":\"ordinal\",\"columns\":[\"plan\"]},{\"step\":\"drop\",\"columns\":["
    "\"when\"]},"
    "{\"step\":\"scale\"}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\"]},{\"step\":\"impute\"},"
    "{\"step\":\"target_encode\",\"folds\":2,\"columns\":[\"plan\"]},"
    "{\"step\":\"scale\",\"method\":\"robust\",\"columns\":[\"age\"]}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\"]},{\"step\":\"impute\"},"
    "{\"step\":\"onehot\",\"min_count\":2,\"unseen\":\"other\"},"
    "{\"step\":\"scale\",\"method\":\"minmax\"}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\",\"plan\"]},"
    "{\"step\":\"impute\"},{\"step\":\"quantile\"},"
    "{\"step\":\"piecewise\",\"columns\":[\"age\"],\"min_rows\":1},"
    "{\"step\":\"piecewise\",\"bins\":\"quantile\",\"max_bins\":3}]",
    "[{\"step\":\"drop\",\"columns\":[\"when\",\"active\",\"plan\"]},{\"step\":"
    "\"impute\"},"
    "{\"step\":\"derive\",\"columns\":[[\"seq_1_x\",\"age\"],[\"seq_length\",\"age * 0 + "
    "1\"]]},"
    "{\"step\":\"sequence\",\"log\":[\"x\"]}]",
};

static chl_status fit_and_transform(chl_prep *prep, const json_t *steps,
                                    const chl_frame *frame, chl_error *err)
{
    chl_matrix x;
    chl_strbuf text = {0};
    for (size_t i = 0; i < json_array_size(steps); i++) {
        CHL_TRY(chl_prep_add(prep, json_array_get(steps, i), err));
    }
    CHL_TRY(chl_prep_fit_transform(prep, frame, &x, err));
    chl_matrix_reset(&x);
    CHL_TRY(chl_prep_transform(prep, frame, &x, NULL, err));
    chl_matrix_reset(&x);
    chl_status status = chl_prep_describe(prep, &text, err);
    chl_strbuf_reset(&text);
    return status;
}

static chl_status save_and_load(const chl_prep *prep, chl_error *err)
{
    json_t *json = NULL;
    chl_prep *back = NULL;
    chl_frame *schema = NULL;
    CHL_TRY(chl_prep_to_json(prep, &json, err));
    chl_status status = chl_prep_from_json(json, &back, err);
    if (status == CHL_OK) {
        status = chl_prep_schema(back, &schema, err);
    }
    chl_frame_release(schema);
    chl_prep_free(back);
    json_decref(json);
    return status;
}

/* With the target that target_encode wants: without a positive value one of classes. */
static chl_frame *target_frame(const char *positive)
{
    chl_frame *frame = example_frame(), *asked = NULL;
    long saved = until_failure;
    until_failure = -1;
    assert_ok(chl_frame_with_roles(frame, "id", positive, NULL, &asked, &err));
    until_failure = saved;
    chl_frame_release(frame);
    return asked;
}

static chl_status run_steps(const char *text, const char *positive, chl_error *err)
{
    chl_prep *prep = NULL;
    chl_frame *frame = target_frame(positive);
    json_t *steps = json_loads(text, 0, NULL);
    chl_status status = chl_prep_new(&prep, err);
    if (status == CHL_OK) {
        status = fit_and_transform(prep, steps, frame, err);
    }
    if (status == CHL_OK) {
        status = save_and_load(prep, err);
    }
    chl_prep_free(prep);
    chl_frame_release(frame);
    json_decref(steps);
    return status;
}

static chl_status run_prep(chl_error *err)
{
    for (size_t i = 0; i < sizeof prep_steps / sizeof prep_steps[0]; i++) {
        CHL_TRY(run_steps(prep_steps[i], "3", err));
    }
    CHL_TRY(run_steps(prep_steps[1], NULL, err));
    return run_steps(prep_steps[3], NULL, err);
}

static void preps(void **state)
{
    (void)state;
    fail_at_each("prep", run_prep);
}

static chl_status run_resampling(chl_error *err)
{
    double data[] = {0, 1, 2, 0, 3, 1, 4, 0, 5, 1, 6, 0, 7, 1},
           y[] = {0, 0, 0, 0, 1, 1, 1};
    chl_matrix x = {.rows = 7, .cols = 2, .data = data};
    static const char text[] = "[{\"type\":\"smote_nc\",\"k\":2},{\"type\":\"under\"}]";
    long saved = until_failure;
    until_failure = -1;
    json_t *steps = json_loads(text, 0, NULL);
    until_failure = saved;
    chl_resampled made;
    chl_status status = chl_resample(&x, y, NULL, steps, 1, NULL, &made, err);
    chl_resampled_reset(&made);
    json_decref(steps);
    return status;
}

static void resampling(void **state)
{
    (void)state;
    fail_at_each("resampling", run_resampling);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preps),
        cmocka_unit_test(resampling),
    };
    return cmocka_run_group_tests_name("alloc_failures_prep", tests, NULL, NULL);
}
