/* SPDX-License-Identifier: MIT */
#include "core/model/model.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/model/model_private.h"

enum { BACKGROUND_ROWS = 100 };

/* ---- making ---- */

static chl_status check_fit(const chl_model_parts *parts, const char *where,
                            chl_error *err)
{
    if (!chl_prep_fitted(parts->prep)) {
        return chl_fail(err, CHL_EINVAL, "%s: prep: expected a fitted one", where);
    }
    if (parts->members < 1) {
        return chl_fail(err, CHL_EINVAL, "%s: nets: expected at least one", where);
    }
    int encoded = chl_prep_encoded_count(parts->prep);
    for (int i = 0; i < parts->members; i++) {
        if (chl_net_inputs(parts->nets[i]) != encoded) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: net %d: expected %d inputs as the prep gives, got %d",
                            where, i + 1, encoded, chl_net_inputs(parts->nets[i]));
        }
        if (chl_net_outputs(parts->nets[i]) != 1) {
            return chl_fail(err, CHL_EINVAL, "%s: net %d: expected one output, got %d",
                            where, i + 1, chl_net_outputs(parts->nets[i]));
        }
    }
    return CHL_OK;
}

static bool copy_text(const char *text, char **out)
{
    *out = text ? chl_strdup(text) : NULL;
    return !text || *out;
}

chl_status chl_model_assemble(const chl_model_parts *parts, const char *where,
                              chl_model **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(check_fit(parts, where, err));
    chl_model *model = chl_calloc(1, sizeof *model);
    if (!model) {
        return chl_fail_memory(err);
    }
    atomic_init(&model->refs, 1);
    model->nets = chl_calloc((size_t)parts->members, sizeof *model->nets);
    model->metadata = json_object();
    if (!copy_text(parts->target, &model->target) || !copy_text(parts->id, &model->id) ||
        !copy_text(parts->positive, &model->positive) || !model->nets ||
        !model->metadata) {
        chl_model_release(model);
        return chl_fail_memory(err);
    }
    memcpy(model->nets, parts->nets, (size_t)parts->members * sizeof *model->nets);
    model->members = parts->members;
    model->prep = parts->prep;
    model->background = parts->background;
    *out = model;
    return CHL_OK;
}

/* A seeded sample of up to BACKGROUND_ROWS rows, in their order. */
static chl_status sample_background(const chl_frame *train, uint64_t seed,
                                    chl_frame **out, chl_error *err)
{
    int64_t rows[BACKGROUND_ROWS], n = 0;
    int64_t wanted = train->rows < BACKGROUND_ROWS ? train->rows : BACKGROUND_ROWS;
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_BACKGROUND, 0);
    for (int64_t i = 0; n < wanted; i++) { /* selection sampling: Knuth 3.4.2, S */
        if ((double)(train->rows - i) * chl_rng_uniform(&rng) < (double)(wanted - n)) {
            rows[n++] = i;
        }
    }
    return chl_frame_take(train, rows, n, NULL, out, err);
}

static chl_status make_background(const chl_prep *prep, const chl_frame *train,
                                  uint64_t seed, chl_frame **out, chl_error *err)
{
    int n = chl_prep_raw_count(prep);
    const char **names = chl_alloc((size_t)n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        names[i] = chl_prep_raw_name(prep, i);
    }
    chl_frame *raw = NULL;
    chl_status status = chl_frame_select(train, names, n, &raw, err);
    chl_free(names);
    CHL_TRY(status);
    status = sample_background(raw, seed, out, err);
    chl_frame_release(raw);
    return status;
}

/* What counts as 1 where the frame names no positive value. */
static const char *default_positive(const chl_frame *train)
{
    const chl_column *target = chl_frame_column(train, train->target);
    return target && target->type == CHL_BOOL ? "true" : "1";
}

chl_status chl_model_new(chl_prep *prep, chl_net *const *nets, int n,
                         const chl_frame *train, uint64_t seed, chl_model **out,
                         chl_error *err)
{
    *out = NULL;
    if (!train->target) {
        return chl_fail(err, CHL_EINVAL,
                        "model: the training frame has no target column (read_csv's "
                        "option 'target' names it)");
    }
    if (train->rows < 1) {
        return chl_fail(err, CHL_EINVAL, "model: the training frame has no rows");
    }
    chl_model_parts parts = {
        .prep = prep,
        .nets = nets,
        .members = n,
        .target = train->target,
        .positive = train->positive ? train->positive : default_positive(train),
        .id = train->id,
    };
    CHL_TRY(check_fit(&parts, "model", err));
    CHL_TRY(make_background(prep, train, seed, &parts.background, err));
    chl_status status = chl_model_assemble(&parts, "model", out, err);
    if (status != CHL_OK) {
        chl_frame_release(parts.background);
    }
    return status;
}

chl_model *chl_model_retain(chl_model *model)
{
    atomic_fetch_add(&model->refs, 1);
    return model;
}

void chl_model_release(chl_model *model)
{
    if (!model || atomic_fetch_sub(&model->refs, 1) != 1) {
        return;
    }
    for (int i = 0; i < model->members; i++) {
        chl_net_free(model->nets[i]);
    }
    chl_free(model->nets);
    chl_prep_free(model->prep);
    chl_frame_release(model->background);
    chl_calibration_free(model->calibration);
    chl_free(model->target);
    chl_free(model->positive);
    chl_free(model->id);
    json_decref(model->metadata);
    chl_free(model);
}

/* ---- looking ---- */

const chl_prep *chl_model_prep(const chl_model *model)
{
    return model->prep;
}

int chl_model_members(const chl_model *model)
{
    return model->members;
}

const chl_net *chl_model_net(const chl_model *model, int i)
{
    return model->nets[i];
}

const char *chl_model_target(const chl_model *model)
{
    return model->target;
}

const char *chl_model_positive(const chl_model *model)
{
    return model->positive;
}

const char *chl_model_id(const chl_model *model)
{
    return model->id;
}

const chl_frame *chl_model_background(const chl_model *model)
{
    return model->background;
}

const char *chl_model_calibration(const chl_model *model)
{
    return model->calibration ? chl_calibration_method(model->calibration) : NULL;
}

json_t *chl_model_metadata(chl_model *model)
{
    return model->metadata;
}

/* ---- calibration ---- */

/* Keeps the rows whose target is known, in place; returns how many. */
static int64_t keep_labelled(double *y, double *p, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(y[i])) {
            y[kept] = y[i];
            p[kept++] = p[i];
        }
    }
    return kept;
}

/* The labels with the model's target and positive value, whatever the frame's own roles.
 */
static chl_status read_labels(const chl_model *model, const chl_frame *frame, double *y,
                              chl_error *err)
{
    chl_frame *with = NULL;
    if (chl_frame_find(frame, model->target) < 0) {
        return chl_fail(err, CHL_ENAME, "calibrate: the frame has no target column '%s'",
                        model->target);
    }
    CHL_TRY(
        chl_frame_with_roles(frame, model->target, model->positive, NULL, &with, err));
    chl_status status = chl_frame_labels(with, y, err);
    chl_frame_release(with);
    return status;
}

void chl_model_set_calibration(chl_model *model, chl_calibration *calibration)
{
    chl_calibration_free(model->calibration);
    model->calibration = calibration;
}

chl_status chl_model_calibrate(chl_model *model, const chl_frame *valid,
                               const char *method, const chl_control *control,
                               chl_error *err)
{
    double *y = chl_alloc((size_t)valid->rows, sizeof *y);
    double *p = chl_alloc((size_t)valid->rows, sizeof *p);
    chl_calibration *fitted = NULL;
    chl_status status = y && p ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = read_labels(model, valid, y, err);
    }
    if (status == CHL_OK) {
        status = chl_model_score_frame(model, valid, true, control, p, NULL, err);
    }
    if (status == CHL_OK) {
        int64_t n = keep_labelled(y, p, valid->rows);
        status = chl_calibration_fit(method, y, p, n, &fitted, err);
    }
    if (status == CHL_OK) {
        chl_model_set_calibration(model, fitted);
    }
    chl_free(y);
    chl_free(p);
    return status;
}
