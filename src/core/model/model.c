/* SPDX-License-Identifier: MIT */
#include "core/model/model.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/data/positive.h"
#include "core/model/model_private.h"
#include "core/model/raw_mix.h"
#include "core/table/stack.h"

enum { BACKGROUND_ROWS = 100 };

/* ---- making ---- */

static bool copy_text(const char *text, char **out)
{
    *out = text ? chl_strdup(text) : NULL;
    return !text || *out;
}

static chl_status check_outputs(const chl_model_makings *m, const char *where,
                                chl_error *err)
{
    int classes = m->classes->count, outputs = model_part_outputs(m->parts[0]);
    if (outputs != (classes ? classes : 1)) {
        return chl_fail(err, CHL_EINVAL, "%s: nets: expected %s, got %d outputs", where,
                        classes ? "one output a class" : "one output", outputs);
    }
    for (int i = 1; i < m->part_count; i++) {
        if (model_part_outputs(m->parts[i]) != outputs) {
            return chl_fail(err, CHL_EINVAL, "%s: part %d: expected %d outputs, got %d",
                            where, i + 1, outputs, model_part_outputs(m->parts[i]));
        }
    }
    return CHL_OK;
}

static chl_status fill(chl_model *model, const chl_model_makings *m, const char *where,
                       chl_error *err)
{
    model->parts = chl_calloc((size_t)m->part_count, sizeof(model_part *));
    model->encoder = chl_calloc((size_t)m->part_count, sizeof *model->encoder);
    model->metadata = json_object();
    if (!copy_text(m->target, &model->target) || !copy_text(m->id, &model->id) ||
        !copy_text(m->positive, &model->positive) || !model->parts || !model->encoder ||
        !model->metadata) {
        return chl_fail_memory(err);
    }
    CHL_TRY(model_find_encoders(m->parts, m->part_count, model->encoder, err));
    return chl_model_make_schema(m->parts, m->part_count, where, &model->schema, err);
}

/* Notes which classes are among the positive values; each of these is a class. */
static chl_status mark_positive(chl_model *model, const chl_classes *classes,
                                const char *where, chl_error *err)
{
    json_t *list = chl_positive_list(model->positive);
    model->is_positive = chl_calloc((size_t)classes->count, sizeof *model->is_positive);
    chl_status status = list && model->is_positive ? CHL_OK : chl_fail_memory(err);
    for (size_t i = 0; i < json_array_size(list) && status == CHL_OK; i++) {
        const char *value = json_string_value(json_array_get(list, i));
        bool found = classes->count == 0;
        for (int c = 0; c < classes->count; c++) {
            if (chl_positive_is(value, classes->type, classes->names[c])) {
                found = model->is_positive[c] = true;
            }
        }
        if (!found) {
            status = chl_fail(err, CHL_EINVAL,
                              "%s: target '%s': the positive value '%s' never occurs",
                              where, model->target, value);
        }
    }
    json_decref(list);
    return status;
}

chl_status chl_model_assemble(const chl_model_makings *makings, const char *where,
                              chl_model **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(check_outputs(makings, where, err));
    chl_model *model = chl_calloc(1, sizeof *model);
    if (!model) {
        return chl_fail_memory(err);
    }
    atomic_init(&model->refs, 1);
    model->outputs = model_part_outputs(makings->parts[0]);
    chl_status status = fill(model, makings, where, err);
    if (status == CHL_OK) {
        status = mark_positive(model, makings->classes, where, err);
    }
    if (status != CHL_OK) {
        chl_model_release(model);
        return status;
    }
    memcpy(model->parts, makings->parts,
           (size_t)makings->part_count * sizeof *model->parts);
    model->part_count = makings->part_count;
    model->root = makings->root;
    model->background = makings->background;
    model->classes = *makings->classes;
    *makings->classes = (chl_classes){0};
    *out = model;
    return CHL_OK;
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
    for (int i = 0; i < model->part_count; i++) {
        model_part_release(model->parts[i]);
    }
    chl_free(model->parts);
    chl_free(model->encoder);
    model_node_free(model->root, model->outputs);
    chl_frame_release(model->schema);
    chl_frame_release(model->background);
    chl_classes_reset(&model->classes);
    chl_free(model->target);
    chl_free(model->positive);
    chl_free(model->is_positive);
    chl_free(model->id);
    chl_free(model->text);
    json_decref(model->metadata);
    chl_free(model);
}

/* ---- raw columns ---- */

/* A column that two parts read must have one type. */
static chl_status check_types(const chl_frame *const *frames, int n, const char *where,
                              chl_error *err)
{
    for (int k = 1; k < n; k++) {
        for (int i = 0; i < frames[k]->columns; i++) {
            const chl_field *field = &frames[k]->fields[i];
            for (int before = 0; before < k; before++) {
                const chl_column *other = chl_frame_column(frames[before], field->name);
                if (other && other->type != field->column->type) {
                    return chl_fail(
                        err, CHL_EINVAL,
                        "%s: column '%s': expected one type, got %s in part %d and "
                        "%s in part %d",
                        where, field->name, chl_type_name(other->type), before + 1,
                        chl_type_name(field->column->type), k + 1);
                }
            }
        }
    }
    return CHL_OK;
}

static chl_status stack_schemas(model_part *const *parts, int n, const char *where,
                                chl_frame **schemas, chl_frame **out, chl_error *err)
{
    for (int i = 0; i < n; i++) {
        CHL_TRY(chl_prep_schema(parts[i]->prep, &schemas[i], err));
    }
    const chl_frame *const *frames = (const chl_frame *const *)schemas;
    CHL_TRY(check_types(frames, n, where, err));
    return chl_frames_stack(frames, n, NULL, out, err);
}

chl_status chl_model_make_schema(model_part *const *parts, int n, const char *where,
                                 chl_frame **out, chl_error *err)
{
    *out = NULL;
    if (n == 1) {
        return chl_prep_schema(parts[0]->prep, out, err);
    }
    chl_frame **schemas = chl_calloc((size_t)n, sizeof(chl_frame *));
    if (!schemas) {
        return chl_fail_memory(err);
    }
    chl_status status = stack_schemas(parts, n, where, schemas, out, err);
    for (int i = 0; i < n; i++) {
        chl_frame_release(schemas[i]);
    }
    chl_free(schemas);
    return status;
}

/* Up to BACKGROUND_ROWS rows, in their order. */
static chl_status sample_rows(const chl_frame *frame, uint64_t seed, chl_frame **out,
                              chl_error *err)
{
    int64_t rows[BACKGROUND_ROWS], n = 0;
    int64_t wanted = frame->rows < BACKGROUND_ROWS ? frame->rows : BACKGROUND_ROWS;
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_BACKGROUND, 0);
    for (int64_t i = 0; n < wanted; i++) { /* selection sampling: Knuth 3.4.2, S */
        if ((double)(frame->rows - i) * chl_rng_uniform(&rng) < (double)(wanted - n)) {
            rows[n++] = i;
        }
    }
    return chl_frame_take(frame, rows, n, NULL, out, err);
}

chl_status chl_model_sample(const chl_frame *schema, const char *where,
                            const chl_frame *frame, uint64_t seed, chl_frame **out,
                            chl_error *err)
{
    *out = NULL;
    chl_frame *raw = NULL;
    CHL_TRY(chl_raw_columns(schema, where, frame, &raw, err));
    chl_status status = sample_rows(raw, seed, out, err);
    chl_frame_release(raw);
    return status;
}

/* ---- a model of one part ---- */

/* What counts as 1 where the frame names no positive value; NULL for classes that are
 * not 0 and 1. */
static const char *default_positive(const chl_frame *train, const chl_classes *classes)
{
    const chl_column *target = chl_frame_column(train, train->target);
    if (target && target->type == CHL_BOOL) {
        return "true";
    }
    bool binary = classes->count == 0 ||
                  (classes->count == 2 && strcmp(classes->names[0], "0") == 0 &&
                   strcmp(classes->names[1], "1") == 0);
    return binary ? "1" : NULL;
}

/* Names the classes that nets with several outputs predict. */
static chl_status find_classes(const chl_frame *train, int outputs, chl_classes *classes,
                               chl_error *err)
{
    if (outputs == 1) {
        return CHL_OK;
    }
    const chl_column *target = chl_frame_column(train, train->target);
    CHL_TRY(chl_classes_init(classes, target, train->target, err));
    if (classes->count != outputs) {
        return chl_fail(err, CHL_EINVAL,
                        "model: nets: expected %d outputs, one for each value of the "
                        "target '%s', got %d",
                        classes->count, train->target, outputs);
    }
    return CHL_OK;
}

static chl_status assemble_one(model_part *part, const chl_frame *train, uint64_t seed,
                               chl_model_makings *m, chl_model **out, chl_error *err)
{
    CHL_TRY(find_classes(train, model_part_outputs(part), m->classes, err));
    m->positive = train->positive ? train->positive : default_positive(train, m->classes);
    CHL_TRY(model_node_new(0, 0, &m->root, err));
    chl_frame *schema = NULL;
    CHL_TRY(chl_prep_schema(part->prep, &schema, err));
    chl_status status =
        chl_model_sample(schema, "model", train, seed, &m->background, err);
    chl_frame_release(schema);
    CHL_TRY(status);
    return chl_model_assemble(m, "model", out, err);
}

/* Frees the part without what it would have taken. */
static void give_back(model_part *part)
{
    part->prep = NULL;
    part->members = part->held = 0;
    model_part_release(part);
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
    model_part *part = NULL;
    CHL_TRY(model_part_new(prep, nets, n, "model", &part, err));
    chl_classes classes = {0};
    chl_model_makings m = {.parts = &part,
                           .part_count = 1,
                           .target = train->target,
                           .id = train->id,
                           .classes = &classes};
    chl_status status = assemble_one(part, train, seed, &m, out, err);
    if (status != CHL_OK) {
        model_node_free(m.root, 0);
        chl_frame_release(m.background);
        chl_classes_reset(&classes);
        give_back(part);
    }
    return status;
}

/* ---- looking ---- */

int chl_model_raw_count(const chl_model *model)
{
    return model->schema->columns;
}

const char *chl_model_raw_name(const chl_model *model, int i)
{
    return model->schema->fields[i].name;
}

const chl_frame *chl_model_schema(const chl_model *model)
{
    return model->schema;
}

int chl_model_parts(const chl_model *model)
{
    return model->part_count;
}

const chl_prep *chl_model_prep(const chl_model *model, int part)
{
    return model->parts[part]->prep;
}

int chl_model_members(const chl_model *model, int part)
{
    return model->parts[part]->members;
}

const chl_net *chl_model_net(const chl_model *model, int part, int member)
{
    return model->parts[part]->nets[member];
}

int model_threads(const chl_model *model, const chl_control *control)
{
    for (int i = 0; i < model->part_count; i++) {
        if (chl_net_is_custom(model->parts[i]->nets[0])) {
            return 1;
        }
    }
    return chl_control_threads(control);
}

void chl_model_set_custom(chl_model *model, const chl_custom_host *host)
{
    for (int i = 0; i < model->part_count; i++) {
        for (int m = 0; m < model->parts[i]->held; m++) {
            chl_net_set_custom(model->parts[i]->nets[m], host);
        }
    }
}

static bool has_stack(const model_node *node)
{
    bool found = node->part < 0 && node->mix == CHL_MIX_STACK;
    for (int i = 0; i < node->count && !found; i++) {
        found = has_stack(node->of[i]);
    }
    return found;
}

bool chl_model_stacked(const chl_model *model)
{
    return has_stack(model->root);
}

static double weight_of(const model_node *node, int part)
{
    double weight = node->part == part;
    for (int i = 0; i < node->count; i++) {
        weight += node->weights[i] * weight_of(node->of[i], part);
    }
    return weight;
}

double chl_model_weight(const chl_model *model, int part)
{
    return weight_of(model->root, part);
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

const chl_classes *chl_model_classes(const chl_model *model)
{
    return &model->classes;
}

int chl_model_outputs(const chl_model *model)
{
    return model->outputs;
}

bool chl_model_class_positive(const chl_model *model, int c)
{
    return model->is_positive[c];
}

const chl_frame *chl_model_background(const chl_model *model)
{
    return model->background;
}

const char *chl_model_calibration(const chl_model *model)
{
    chl_calibration **calibration = model->root->calibration;
    return calibration ? chl_calibration_method(calibration[0]) : NULL;
}

chl_status chl_model_calibration_json(const chl_model *model, json_t **out,
                                      chl_error *err)
{
    *out = NULL;
    chl_calibration **calibration = model->root->calibration;
    if (calibration && model->outputs > 1 && calibration[1]) {
        return chl_fail(err, CHL_EINVAL,
                        "calibration: expected one of all %d classes, got one for each",
                        model->outputs);
    }
    return calibration ? chl_calibration_to_json(calibration[0], out, err) : CHL_OK;
}

json_t *chl_model_metadata(chl_model *model)
{
    return model->metadata;
}
