/* SPDX-License-Identifier: MIT
 *
 * Several models as one. Layer: core/model.
 */
#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/model_private.h"
#include "core/table/stack.h"

enum { MODELS_MAX = 1000 };

typedef struct joining {
    chl_model *const *models;
    int n;
    const chl_mix_options *options;
    model_part **parts; /* owned array of owned references */
    int part_count;
    int *places;      /* [parts of all models] */
    model_node *root; /* owned */
    chl_frame *background;
    chl_classes classes;
} joining;

/* ---- checks ---- */

static chl_status check_weights(const joining *j, double *sum, chl_error *err)
{
    const chl_mix_options *o = j->options;
    *sum = 0;
    for (int i = 0; i < j->n; i++) {
        double weight = o->weights ? o->weights[i] : 1;
        bool fits = isfinite(weight) && (o->mix == CHL_MIX_STACK || weight >= 0);
        if (!fits) {
            return chl_fail(
                err, CHL_EINVAL, "join: weight %d: expected a number%s, got %g", i + 1,
                o->mix == CHL_MIX_STACK ? "" : " that is not negative", weight);
        }
        *sum += weight;
    }
    if (o->mix == CHL_MIX_MEAN && !(*sum > 0 && isfinite(*sum))) {
        return chl_fail(err, CHL_EINVAL, "join: weights: expected a positive sum, got %g",
                        *sum);
    }
    if (o->mix == CHL_MIX_STACK && !o->weights) {
        return chl_fail(err, CHL_EINVAL, "join: a stack: expected weights, got none");
    }
    if (!isfinite(o->intercept)) {
        return chl_fail(err, CHL_EINVAL, "join: intercept: expected a number, got %g",
                        o->intercept);
    }
    return CHL_OK;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static chl_status check_models(const joining *j, chl_error *err)
{
    const chl_model *first = j->models[0];
    for (int i = 1; i < j->n; i++) {
        const chl_model *other = j->models[i];
        const char *what =
            !same_text(first->target, other->target)               ? "target"
            : !same_text(first->positive, other->positive)         ? "positive value"
            : !chl_classes_equal(&first->classes, &other->classes) ? "classes"
                                                                   : NULL;
        if (what) {
            return chl_fail(err, CHL_EINVAL,
                            "join: model %d: expected the %s of the first model (it "
                            "predicts %s = %s, this one %s = %s)",
                            i + 1, what, first->target,
                            first->positive ? first->positive : "a class", other->target,
                            other->positive ? other->positive : "a class");
        }
    }
    if (j->options->mix == CHL_MIX_STACK && first->outputs > 1) {
        return chl_fail(err, CHL_EINVAL,
                        "join: a stack: expected models of one probability, got %d "
                        "classes",
                        first->outputs);
    }
    return CHL_OK;
}

/* ---- parts and nodes ---- */

/* The place of a part in the joined model, new or known. */
static int place_part(joining *j, model_part *part)
{
    for (int i = 0; i < j->part_count; i++) {
        if (j->parts[i] == part) {
            return i;
        }
    }
    j->parts[j->part_count] = model_part_retain(part);
    return j->part_count++;
}

/* The model's nodes over the joined parts. */
static chl_status copy_nodes(joining *j, const chl_model *model, model_node **out,
                             chl_error *err)
{
    for (int i = 0; i < model->part_count; i++) {
        j->places[i] = place_part(j, model->parts[i]);
    }
    return model_node_clone(model->root, model->outputs, j->places, out, err);
}

static chl_status allocate(joining *j, chl_error *err)
{
    size_t most = 0;
    for (int i = 0; i < j->n; i++) {
        most += (size_t)j->models[i]->part_count;
    }
    j->parts = chl_calloc(most, sizeof(model_part *));
    j->places = chl_calloc(most, sizeof *j->places);
    return j->parts && j->places ? CHL_OK : chl_fail_memory(err);
}

static chl_status join_nodes(joining *j, double sum, chl_error *err)
{
    const chl_mix_options *o = j->options;
    CHL_TRY(allocate(j, err));
    CHL_TRY(model_node_new(-1, j->n, &j->root, err));
    j->root->mix = o->mix;
    j->root->intercept = o->mix == CHL_MIX_STACK ? o->intercept : 0;
    j->root->count = 0;
    for (int i = 0; i < j->n; i++) {
        double weight = o->weights ? o->weights[i] : 1;
        if (weight == 0) {
            continue; /* nothing to add: its parts would only cost time */
        }
        int at = j->root->count;
        CHL_TRY(copy_nodes(j, j->models[i], &j->root->of[at], err));
        j->root->weights[at] = o->mix == CHL_MIX_STACK ? weight : weight / sum;
        j->root->count++;
    }
    if (j->root->count == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "join: a stack: expected a weight that is not 0");
    }
    if (model_node_depth(j->root) > CHL_MODEL_DEPTH_MAX) {
        return chl_fail(err, CHL_EINVAL, "join: expected at most %d levels of mixes",
                        CHL_MODEL_DEPTH_MAX - 1);
    }
    return CHL_OK;
}

/* ---- background ---- */

static bool same_columns(const chl_frame *schema, const chl_frame *frame)
{
    bool same = schema->columns == frame->columns;
    for (int i = 0; same && i < schema->columns; i++) {
        same = chl_frame_find(frame, schema->fields[i].name) >= 0;
    }
    return same;
}

/* The rows of all models' backgrounds. */
static chl_status stack_backgrounds(const joining *j, const chl_frame *schema,
                                    chl_frame **out, chl_error *err)
{
    const chl_frame **frames = chl_alloc((size_t)j->n, sizeof *frames);
    if (!frames) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    int n = 0;
    for (int i = 0; i < j->n && status == CHL_OK; i++) {
        if (j->options->weights && j->options->weights[i] == 0) {
            continue;
        }
        frames[n++] = j->models[i]->background;
        if (!same_columns(schema, frames[n - 1])) {
            status =
                chl_fail(err, CHL_EINVAL,
                         "join: the models read different columns: expected rows "
                         "with all of them for the background (option 'background')");
        }
    }
    if (status == CHL_OK) {
        status = chl_frames_stack(frames, n, NULL, out, err);
    }
    chl_free(frames);
    return status;
}

static chl_status make_background(joining *j, chl_error *err)
{
    chl_frame *schema = NULL, *rows = NULL;
    CHL_TRY(chl_model_make_schema(j->parts, j->part_count, "join", &schema, err));
    chl_status status = CHL_OK;
    if (!j->options->rows) {
        status = stack_backgrounds(j, schema, &rows, err);
    }
    if (status == CHL_OK) {
        const chl_frame *from = j->options->rows ? j->options->rows : rows;
        status = chl_model_sample(schema, "join: background", from, j->options->seed,
                                  &j->background, err);
    }
    if (status == CHL_OK && j->background->rows < 1 && schema->columns > 0) {
        status = chl_fail(err, CHL_EINVAL, "join: background: expected at least one row");
    }
    chl_frame_release(schema);
    chl_frame_release(rows);
    return status;
}

/* ---- all of it ---- */

static const char *first_id(const joining *j)
{
    const char *id = NULL;
    for (int i = 0; i < j->n && !id; i++) {
        id = j->models[i]->id;
    }
    return id;
}

static chl_status join(joining *j, chl_model **out, chl_error *err)
{
    double sum;
    CHL_TRY(check_weights(j, &sum, err));
    CHL_TRY(check_models(j, err));
    CHL_TRY(join_nodes(j, sum, err));
    CHL_TRY(make_background(j, err));
    CHL_TRY(chl_classes_copy(&j->models[0]->classes, &j->classes, err));
    chl_model_makings makings = {.parts = j->parts,
                                 .part_count = j->part_count,
                                 .root = j->root,
                                 .target = j->models[0]->target,
                                 .positive = j->models[0]->positive,
                                 .id = first_id(j),
                                 .classes = &j->classes,
                                 .background = j->background};
    return chl_model_assemble(&makings, "join", out, err);
}

chl_status chl_model_join(chl_model *const *models, int n, const chl_mix_options *options,
                          chl_model **out, chl_error *err)
{
    *out = NULL;
    if (n < 1 || n > MODELS_MAX) {
        return chl_fail(err, CHL_EINVAL, "join: expected 1 to %d models, got %d",
                        MODELS_MAX, n);
    }
    joining j = {.models = models, .n = n, .options = options};
    chl_status status = join(&j, out, err);
    if (status != CHL_OK) {
        for (int i = 0; i < j.part_count; i++) {
            model_part_release(j.parts[i]);
        }
        model_node_free(j.root, models[0]->outputs);
        chl_frame_release(j.background);
        chl_classes_reset(&j.classes);
    }
    chl_free(j.parts);
    chl_free(j.places);
    return status;
}
