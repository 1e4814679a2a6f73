/* SPDX-License-Identifier: MIT
 *
 * Corrections of a model's probabilities: prior shift and calibration. Layer: core/model.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/model_private.h"

/* What a bundle said of the model holds no longer. */
static void forget_text(chl_model *model)
{
    chl_free(model->text);
    model->text = NULL;
}

/* ---- prior shift ---- */

static chl_status check_rates(const char *name, const double *rates, int n,
                              chl_error *err)
{
    double sum = 0;
    for (int c = 0; c < n; c++) {
        if (!(rates[c] > 0 && rates[c] < 1)) {
            return chl_fail(err, CHL_EINVAL,
                            "prior_shift: %s: expected a rate between 0 and 1, got %g",
                            name, rates[c]);
        }
        sum += rates[c];
    }
    if (n > 1 && !(fabs(sum - 1) <= 1e-6)) {
        return chl_fail(err, CHL_EINVAL,
                        "prior_shift: %s: expected rates that add up to 1, got %g", name,
                        sum);
    }
    return CHL_OK;
}

chl_status chl_model_prior_shift(chl_model *model, const double *from, const double *to,
                                 chl_error *err)
{
    size_t n = (size_t)model->outputs;
    CHL_TRY(check_rates("rates in training", from, model->outputs, err));
    CHL_TRY(check_rates("true rates", to, model->outputs, err));
    if (model->root->calibration) {
        return chl_fail(err, CHL_EINVAL,
                        "prior_shift: the model is calibrated already: shift first, then "
                        "calibrate");
    }
    double *own_from = chl_alloc(n, sizeof *own_from);
    double *own_to = chl_alloc(n, sizeof *own_to);
    if (!own_from || !own_to) {
        chl_free(own_from);
        chl_free(own_to);
        return chl_fail_memory(err);
    }
    memcpy(own_from, from, n * sizeof *from);
    memcpy(own_to, to, n * sizeof *to);
    chl_free(model->root->from);
    chl_free(model->root->to);
    forget_text(model);
    model->root->from = own_from;
    model->root->to = own_to;
    return CHL_OK;
}

bool chl_model_priors(const chl_model *model, const double **from, const double **to)
{
    *from = model->root->from;
    *to = model->root->to;
    return *from != NULL;
}

/* ---- labels ---- */

chl_status chl_model_labels(const chl_model *model, const chl_frame *frame,
                            const char *where, double *y, chl_error *err)
{
    int at = chl_frame_find(frame, model->target);
    if (at < 0) {
        return chl_fail(err, CHL_ENAME, "%s: the frame has no target column '%s'", where,
                        model->target);
    }
    if (model->classes.count > 0) {
        return chl_classes_index(&model->classes, frame->fields[at].column, model->target,
                                 y, err);
    }
    chl_frame *with = NULL;
    CHL_TRY(
        chl_frame_with_roles(frame, model->target, model->positive, NULL, &with, err));
    chl_status status = chl_frame_labels(with, y, err);
    chl_frame_release(with);
    return status;
}

/* ---- calibration ---- */

/* Keeps the rows whose target is known, in place; returns how many. */
static int64_t keep_labelled(double *y, double *p, int outputs, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(y[i])) {
            y[kept] = y[i];
            memmove(p + kept * outputs, p + i * outputs, (size_t)outputs * sizeof *p);
            kept++;
        }
    }
    return kept;
}

static void free_all(chl_calibration **calibration, int n)
{
    for (int c = 0; calibration && c < n; c++) {
        chl_calibration_free(calibration[c]);
    }
    chl_free(calibration);
}

/* Class c against all others. `one` is scratch of 2·n numbers. */
static chl_status fit_class(const chl_model *model, int c, const char *method,
                            const double *y, const double *p, int64_t n, double *one,
                            chl_calibration **out, chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        one[i] = y[i] == c;
        one[n + i] = p[i * model->outputs + c];
    }
    chl_status status = chl_calibration_fit(method, one, one + n, n, out, err);
    if (status != CHL_OK) {
        chl_error_prefix(err, "class '%s'", model->classes.names[c]);
    }
    return status;
}

static chl_status fit_all(const chl_model *model, const char *method, const double *y,
                          const double *p, int64_t n, chl_calibration **out,
                          chl_error *err)
{
    if (model->outputs == 1) {
        return chl_calibration_fit(method, y, p, n, &out[0], err);
    }
    if (strcmp(method, "temperature") == 0) {
        return chl_calibration_fit_classes(y, p, n, model->outputs, &out[0], err);
    }
    double *one = chl_alloc((size_t)n, 2 * sizeof *one);
    chl_status status = one ? CHL_OK : chl_fail_memory(err);
    for (int c = 0; c < model->outputs && status == CHL_OK; c++) {
        status = fit_class(model, c, method, y, p, n, one, &out[c], err);
    }
    chl_free(one);
    return status;
}

/* Takes calibration[outputs], NULL for none. */
static void replace(chl_model *model, chl_calibration **calibration)
{
    forget_text(model);
    free_all(model->root->calibration, model->outputs);
    model->root->calibration = calibration;
}

chl_status chl_model_set_calibration(chl_model *model, chl_calibration *calibration,
                                     chl_error *err)
{
    if (!calibration) {
        replace(model, NULL);
        return CHL_OK;
    }
    int classes = model->outputs > 1 ? model->outputs : 0;
    if (chl_calibration_classes(calibration) != classes) {
        return chl_fail(
            err, CHL_EINVAL,
            "set_calibration: expected a calibration of %d classes, got one of "
            "%d (0: of one probability)",
            classes, chl_calibration_classes(calibration));
    }
    chl_calibration **own = chl_calloc((size_t)model->outputs, sizeof(chl_calibration *));
    if (!own) {
        return chl_fail_memory(err);
    }
    own[0] = calibration;
    replace(model, own);
    return CHL_OK;
}

chl_status chl_model_calibrate(chl_model *model, const chl_frame *valid,
                               const char *method, const chl_control *control,
                               chl_error *err)
{
    int outputs = model->outputs;
    double *y = chl_alloc((size_t)valid->rows, sizeof *y);
    double *p = chl_alloc((size_t)valid->rows, (size_t)outputs * sizeof *p);
    chl_calibration **fitted = chl_calloc((size_t)outputs, sizeof(chl_calibration *));
    chl_status status = y && p && fitted ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_model_labels(model, valid, "calibrate", y, err);
    }
    if (status == CHL_OK) {
        status = chl_model_score_frame(model, valid, true, control, p, NULL, err);
    }
    if (status == CHL_OK) {
        int64_t n = keep_labelled(y, p, outputs, valid->rows);
        status = fit_all(model, method, y, p, n, fitted, err);
    }
    if (status == CHL_OK) {
        replace(model, fitted);
    } else {
        free_all(fitted, outputs);
    }
    chl_free(y);
    chl_free(p);
    return status;
}
