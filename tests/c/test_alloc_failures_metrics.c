/* SPDX-License-Identifier: MIT
 *
 * Fail-at-n for metrics, calibrations and Shapley values (fail_at_each.h).
 */
#include "chl_test.h"

#include "core/explain/shapley.h"
#include "core/metrics/calibration.h"
#include "core/metrics/logistic.h"
#include "core/metrics/scores.h"
#include "fail_at_each.h"

static const double labels[] = {0, 1, 0, 1, 1, 0};
static const double guesses[] = {.1, .7, .4, .3, .9, .2};

static chl_status run_metrics(chl_error *err)
{
    chl_scores low, high;
    double auc;
    chl_logistic model;
    CHL_TRY(chl_roc_auc(labels, guesses, 6, &auc, err));
    CHL_TRY(chl_scores_compute(labels, guesses, 6, 0.5, &low, err));
    CHL_TRY(chl_scores_bootstrap_difference(labels, guesses, guesses, 6, 0.5, 3, 1, NULL,
                                            &low, &high, err));
    CHL_TRY(chl_scores_bootstrap(labels, guesses, 6, 0.5, 3, 1, NULL, &low, &high, err));
    static const double kinds[] = {0, 1, 2, 0, 1, 2};
    chl_logistic_options two = {.l1 = 0.1, .l2 = 1}, three = {.l2 = 1, .classes = 3};
    CHL_TRY(chl_logistic_fit(guesses, labels, 6, 1, &two, NULL, &model, err));
    chl_logistic_reset(&model);
    CHL_TRY(chl_logistic_fit(guesses, kinds, 6, 1, &three, NULL, &model, err));
    chl_logistic_reset(&model);
    return CHL_OK;
}

/* Two trees: as nodes, as a net, as nodes again. */
static void metrics(void **state)
{
    (void)state;
    fail_at_each("metrics", run_metrics);
}

/* Rows 0 … 2 are guesses at two classes. */
static chl_status run_calibrations(chl_error *err)
{
    static const char *const methods[] = {"platt", "isotonic"};
    for (int i = 0; i < 3; i++) {
        chl_calibration *made = NULL, *read = NULL;
        json_t *json = NULL;
        CHL_TRY(i < 2 ? chl_calibration_fit(methods[i], labels, guesses, 6, &made, err)
                      : chl_calibration_fit_classes(labels, guesses, 3, 2, &made, err));
        chl_status status = chl_calibration_to_json(made, &json, err);
        if (status == CHL_OK) {
            status = chl_calibration_from_json(json, &read, err);
        }
        json_decref(json);
        chl_calibration_free(made);
        chl_calibration_free(read);
        CHL_TRY(status);
    }
    return CHL_OK;
}

static void calibrations(void **state)
{
    (void)state;
    fail_at_each("calibrations", run_calibrations);
}

static chl_status count_players(void *ctx, const uint64_t *sets, int64_t n,
                                double *values, chl_error *err)
{
    (void)ctx, (void)err;
    for (int64_t k = 0; k < n; k++) {
        values[k] = (double)(sets[k] % 5);
    }
    return CHL_OK;
}

static chl_status run_shapley(chl_error *err)
{
    chl_game game = {14, count_players, NULL};
    chl_shapley_options few = {.samples = 60}, all = {.exact_limit = 14};
    chl_shapley out;
    CHL_TRY(chl_shapley_compute(&game, &few, NULL, &out, err));
    return chl_shapley_compute(&game, &all, NULL, &out, err);
}

static void shapley(void **state)
{
    (void)state;
    fail_at_each("shapley", run_shapley);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics),
        cmocka_unit_test(calibrations),
        cmocka_unit_test(shapley),
    };
    return cmocka_run_group_tests_name("alloc_failures_metrics", tests, NULL, NULL);
}
