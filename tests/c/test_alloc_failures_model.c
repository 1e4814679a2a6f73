/* SPDX-License-Identifier: MIT
 *
 * Models, also of several parts and classes, when memory runs out (fail_at_each.h).
 */
#include "chl_test.h"

#include "core/metrics/class_scores.h"
#include "core/model/bundle.h"
#include "core/model/explain.h"
#include "core/model/reasons.h"
#include "fail_at_each.h"
#include "model_fixture.h"

static chl_frame *few;  /* customers */
static chl_model *tiny; /* fitted on them while every allocation succeeds */

static chl_status score_and_explain(const chl_model *model, chl_error *err)
{
    double p[8 * 3], phi[8];
    chl_explainer *explainer = NULL;
    chl_frame *one = NULL, *texts = NULL, *names = NULL;
    CHL_TRY(chl_model_score(model, few, NULL, p, NULL, err));
    CHL_TRY(chl_frame_slice(few, 3, 1, &one, err));
    chl_status status =
        chl_explainer_new(model, one, CHL_EXPLAIN_POSITIVE, &explainer, err);
    if (status == CHL_OK) {
        status = chl_explainer_rows(explainer, one, NULL, NULL, phi, err);
    }
    if (status == CHL_OK) {
        status = chl_reasons_make(model, one, phi, 2, &texts, &names, err);
    }
    chl_frame_release(one);
    chl_frame_release(texts);
    chl_frame_release(names);
    chl_explainer_free(explainer);
    return status;
}

static chl_status run_model(chl_error *err)
{
    chl_strbuf bytes = {0};
    chl_model *model = NULL;
    chl_status status = chl_bundle_format(tiny, &bytes, err);
    if (status == CHL_OK) {
        status = chl_bundle_parse((const unsigned char *)bytes.data, bytes.length, "m",
                                  &model, err);
    }
    if (status == CHL_OK) {
        status = chl_model_calibrate(model, few, "platt", NULL, err);
    }
    if (status == CHL_OK) {
        status = score_and_explain(model, err);
    }
    chl_model_release(model);
    chl_strbuf_reset(&bytes);
    return status;
}

/* A blend of the model with a shifted copy of itself and, of one probability, a stack. */
static chl_status run_mix(chl_error *err)
{
    static const double from[] = {0.5, 0.3, 0.2}, to[] = {0.2, 0.3, 0.5};
    static const double weights[] = {2, 1};
    bool classes = chl_model_outputs(tiny) > 1;
    chl_model *models[2] = {tiny, NULL}, *joined = NULL;
    chl_mix_options options = {.mix = classes ? CHL_MIX_MEAN : CHL_MIX_STACK,
                               .weights = weights,
                               .intercept = 0.5};
    chl_mix_options equal = {0};
    chl_frame *columns = NULL;
    CHL_TRY(chl_model_join(models, 1, &equal, &models[1], err));
    chl_status status = chl_model_prior_shift(models[1], from, to, err);
    if (status == CHL_OK) {
        const char *method = classes ? "temperature" : "platt";
        status = chl_model_calibrate(models[1], few, method, NULL, err);
    }
    if (status == CHL_OK) {
        status = chl_model_join(models, 2, &options, &joined, err);
    }
    if (status == CHL_OK) {
        status = score_and_explain(joined, err);
    }
    if (status == CHL_OK) {
        status = chl_model_score_columns(joined, few, NULL, &columns, NULL, err);
    }
    chl_strbuf bytes = {0};
    if (status == CHL_OK) {
        status = chl_bundle_format(joined, &bytes, err);
    }
    chl_model *back = NULL;
    if (status == CHL_OK) {
        status = chl_bundle_parse((const unsigned char *)bytes.data, bytes.length, "m",
                                  &back, err);
    }
    chl_strbuf_reset(&bytes);
    chl_frame_release(columns);
    chl_model_release(back);
    chl_model_release(joined);
    chl_model_release(models[1]);
    return status;
}

static chl_status run_new_model(chl_error *err)
{
    /* the prep and the net are made while every allocation succeeds */
    long saved = until_failure;
    until_failure = -1;
    chl_frame *train = NULL;
    must(chl_frame_with_roles(few, "Country", "Spain", NULL, &train, err), err);
    chl_prep *prep = make_prep(train, false);
    chl_net *net = make_net(FIXTURE_CLASSES, chl_prep_encoded_count(prep), 1);
    until_failure = saved;
    chl_model *model = NULL;
    chl_status status = chl_model_new(prep, &net, 1, train, 1, &model, err);
    if (status != CHL_OK) {
        chl_prep_free(prep);
        chl_net_free(net);
    }
    chl_model_release(model);
    chl_frame_release(train);
    return status;
}

/* A model that keeps a net with two heads, saved, read, and asked. */
static chl_status save_heads(chl_model *model, chl_error *err)
{
    double out[8 * 3];
    chl_strbuf bytes = {0};
    chl_model *back = NULL;
    chl_status status = chl_bundle_format(model, &bytes, err);
    if (status == CHL_OK) {
        status = chl_bundle_parse((const unsigned char *)bytes.data, bytes.length, "m",
                                  &back, err);
    }
    if (status == CHL_OK) {
        status = chl_model_predict_heads(back, few, out, err);
    }
    chl_model_release(back);
    chl_strbuf_reset(&bytes);
    return status;
}

static chl_status run_heads(chl_error *err)
{
    long saved = until_failure;
    until_failure = -1;
    chl_model *model = make_model_of(few, FIXTURE_NORM, 1, false);
    chl_net *whole =
        make_net(FIXTURE_HEADS, chl_prep_encoded_count(chl_model_prep(model, 0)), 1);
    until_failure = saved;
    chl_status status = chl_model_keep_heads(model, &whole, 1, err);
    if (status != CHL_OK) {
        chl_net_free(whole);
    } else {
        status = save_heads(model, err);
    }
    chl_model_release(model);
    return status;
}

static chl_status run_class_scores(chl_error *err)
{
    static const double y[] = {0, 2, 1}, p[] = {0.5, 0.5, 0, 0, 0.2, 0.8, 0.1, 0.6, 0.3};
    chl_class_scores low, high;
    CHL_TRY(chl_class_scores_compute(y, p, 3, 3, &low, NULL, err));
    return chl_class_scores_bootstrap(y, p, p, 3, 3, 2, 1, NULL, &low, &high, err);
}

static void models(void **state)
{
    (void)state;
    few = make_customers(8, 1);
    tiny = make_model_of(few, FIXTURE_NORM, 1, true);
    fail_at_each("model", run_model);
    fail_at_each("mixed", run_mix);
    chl_model_release(tiny);
    tiny = make_class_model(few, 1, "[\"Spain\",\"France\"]");
    fail_at_each("mixed classes", run_mix);
    fail_at_each("new model", run_new_model);
    fail_at_each("heads", run_heads);
    chl_model_release(tiny);
    chl_frame_release(few);
    fail_at_each("class scores", run_class_scores);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(models)};
    return cmocka_run_group_tests_name("alloc_failures_model", tests, NULL, NULL);
}
