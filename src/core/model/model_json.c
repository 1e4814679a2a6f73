/* SPDX-License-Identifier: MIT */
#include "core/model/model_json.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/model/frame_json.h"
#include "core/model/model_private.h"
#include "core/model/node_json.h"

enum { MEMBERS_MAX = 1000, PARTS_MAX = 1000 };

/* ---- to JSON ---- */

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* Puts a new reference; false when anything is missing. */
static bool put(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

static chl_status put_classes(const chl_classes *classes, json_t *signature,
                              chl_error *err)
{
    json_t *names = json_array();
    json_t *json = json_pack("{s:s, s:b, s:o}", "type", chl_type_name(classes->type),
                             "ordered", classes->ordered, "names", names);
    if (!json || !put(signature, "classes", json)) {
        return chl_fail_memory(err);
    }
    for (int c = 0; c < classes->count; c++) {
        if (json_array_append_new(names, json_string(classes->names[c])) != 0) {
            return chl_fail(err, CHL_EINVAL, "model: a class's name is not UTF-8");
        }
    }
    return CHL_OK;
}

static chl_status put_signature(const chl_model *model, json_t *json, chl_error *err)
{
    json_t *signature = json_object();
    bool done = signature && put(signature, "target", text_or_null(model->target)) &&
                put(signature, "positive", text_or_null(model->positive)) &&
                put(signature, "id", text_or_null(model->id));
    if (!done) {
        json_decref(signature);
        return chl_fail(err, CHL_EINVAL, "model: the target's name is not UTF-8");
    }
    if (!put(json, "signature", signature)) {
        return chl_fail_memory(err);
    }
    return model->classes.count > 0 ? put_classes(&model->classes, signature, err)
                                    : CHL_OK;
}

/* Nets from … to - 1 as the list `key`. */
static chl_status put_nets(const model_part *part, const char *key, int from, int to,
                           json_t *json, chl_error *err)
{
    json_t *list = json_array();
    if (!put(json, key, list)) {
        return chl_fail_memory(err);
    }
    for (int i = from; i < to; i++) {
        json_t *spec = NULL;
        CHL_TRY(chl_net_spec(part->nets[i], &spec, err));
        if (json_array_append_new(list, spec) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

static chl_status put_part(const model_part *part, json_t *json, chl_error *err)
{
    json_t *prep = NULL;
    CHL_TRY(chl_prep_to_json(part->prep, &prep, err));
    if (!put(json, "prep", prep)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(put_nets(part, "nets", 0, part->members, json, err));
    return part->held == part->members
               ? CHL_OK
               : put_nets(part, "whole", part->members, part->held, json, err);
}

/* Several parts and their mix. */
static chl_status put_mix(const chl_model *model, json_t *json, chl_error *err)
{
    json_t *list = json_array(), *mix = NULL;
    if (!put(json, "parts", list)) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < model->part_count; i++) {
        json_t *part = json_object();
        if (json_array_append_new(list, part) != 0) {
            return chl_fail_memory(err);
        }
        CHL_TRY(put_part(model->parts[i], part, err));
    }
    CHL_TRY(model_node_to_json(model->root, model->outputs, &mix, err));
    return put(json, "mix", mix) ? CHL_OK : chl_fail_memory(err);
}

static chl_status put_only_part(const chl_model *model, json_t *json, chl_error *err)
{
    CHL_TRY(put_part(model->parts[0], json, err));
    CHL_TRY(model_corrections_to_json(model->root, model->outputs, json, err));
    if (!model->root->calibration && !put(json, "calibration", json_null())) {
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

static chl_status put_parts(const chl_model *model, json_t *json, chl_error *err)
{
    CHL_TRY(put_signature(model, json, err));
    CHL_TRY(model->root->part >= 0 ? put_only_part(model, json, err)
                                   : put_mix(model, json, err));
    json_t *background = NULL;
    CHL_TRY(chl_frame_to_json(model->background, &background, err));
    return put(json, "background", background) ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_model_to_json(const chl_model *model, json_t **out, chl_error *err)
{
    *out = NULL;
    json_t *json = json_object();
    if (!json) {
        return chl_fail_memory(err);
    }
    chl_status status = put_parts(model, json, err);
    if (status != CHL_OK) {
        json_decref(json);
        return status;
    }
    *out = json;
    return CHL_OK;
}

/* ---- from JSON ---- */

static chl_status in_part(chl_status status, chl_error *err, const char *part)
{
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s", part);
    }
    return status;
}

/* What the layers hold at least: compare with the tensors, so that a small hostile file
 * cannot ask for much memory. */
static chl_status check_weights(const json_t *spec, double weight_bytes, chl_error *err)
{
    const json_t *layers = json_object_get(spec, "layers");
    double width = (double)json_integer_value(json_object_get(spec, "inputs"));
    double numbers = 0;
    for (size_t i = 0; i < json_array_size(layers); i++) {
        const json_t *layer = json_array_get(layers, i);
        const json_t *units = json_object_get(layer, "units");
        const char *type = json_string_value(json_object_get(layer, "type"));
        if (json_is_number(units)) {
            numbers += width * json_number_value(units);
            width = json_number_value(units);
        } else if (type && strcmp(type, "batch_norm") == 0) {
            numbers += width;
        }
    }
    if (!(width >= 1 && numbers * (double)sizeof(chl_real) <= weight_bytes)) {
        return chl_fail(err, CHL_EFORMAT, "the layers do not fit the tensors");
    }
    return CHL_OK;
}

/* What of the tensors' bytes is not yet spoken for goes into *weight_bytes. */
static chl_status read_net(const json_t *spec, int inputs, size_t *weight_bytes,
                           chl_net **out, chl_error *err)
{
    CHL_TRY(check_weights(spec, (double)*weight_bytes, err));
    CHL_TRY(chl_net_new(spec, inputs, out, err));
    size_t taken = (size_t)chl_net_parameters(*out) * sizeof(chl_real);
    *weight_bytes -= taken < *weight_bytes ? taken : *weight_bytes;
    return CHL_OK;
}

static chl_status read_nets(const json_t *list, const chl_prep *prep,
                            size_t *weight_bytes, chl_net **nets, chl_error *err)
{
    int inputs = chl_prep_encoded_count(prep);
    for (size_t i = 0; i < json_array_size(list); i++) {
        chl_status status =
            read_net(json_array_get(list, i), inputs, weight_bytes, &nets[i], err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "net %zu", i + 1);
            return status;
        }
    }
    return CHL_OK;
}

/* The part's nets; frees them again when the part cannot be made. */
static chl_status make_part(chl_prep *prep, const json_t *list, size_t *weight_bytes,
                            model_part **out, chl_error *err)
{
    size_t n = json_array_size(list);
    if (n < 1 || n > MEMBERS_MAX) {
        return chl_fail(err, CHL_EFORMAT, "nets: expected 1 to %d, got %zu", MEMBERS_MAX,
                        n);
    }
    chl_net **nets = chl_calloc(n, sizeof(chl_net *));
    chl_status status =
        nets ? read_nets(list, prep, weight_bytes, nets, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = model_part_new(prep, nets, (int)n, "nets", out, err);
    }
    for (size_t i = 0; status != CHL_OK && nets && i < n; i++) {
        chl_net_free(nets[i]);
    }
    chl_free(nets);
    return status;
}

/* The same nets with all heads, where the part has them. */
static chl_status read_whole(const json_t *list, size_t *weight_bytes, model_part *part,
                             chl_error *err)
{
    size_t n = json_array_size(list);
    if (n != (size_t)part->members) {
        return chl_fail(err, CHL_EFORMAT, "whole: expected %d nets, got %zu",
                        part->members, n);
    }
    chl_net **nets = chl_calloc(n, sizeof(chl_net *));
    chl_status status = nets ? read_nets(list, part->prep, weight_bytes, nets, err)
                             : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = model_part_keep(part, nets, (int)n, "whole", err);
    }
    for (size_t i = 0; status != CHL_OK && nets && i < n; i++) {
        chl_net_free(nets[i]);
    }
    chl_free(nets);
    return status;
}

static chl_status read_part(const json_t *json, size_t *weight_bytes, model_part **out,
                            chl_error *err)
{
    chl_prep *prep = NULL;
    CHL_TRY(in_part(chl_prep_from_json(json_object_get(json, "prep"), &prep, err), err,
                    "prep"));
    chl_status status =
        chl_prep_fitted(prep)
            ? make_part(prep, json_object_get(json, "nets"), weight_bytes, out, err)
            : chl_fail(err, CHL_EFORMAT, "prep: expected a fitted one");
    if (status != CHL_OK) {
        chl_prep_free(prep);
        return status;
    }
    const json_t *whole = json_object_get(json, "whole");
    return whole ? read_whole(whole, weight_bytes, *out, err) : CHL_OK;
}

/* Explanations mix a customer's cells with the background's, so it must have the raw
 * columns of the preps. */
static chl_status check_background(const chl_model *model, chl_error *err)
{
    const chl_frame *schema = model->schema, *background = model->background;
    int n = schema->columns;
    bool same = background->columns == n && (background->rows > 0 || n == 0);
    for (int i = 0; same && i < n; i++) {
        const chl_field *field = &schema->fields[i];
        const chl_column *column = chl_frame_column(background, field->name);
        same = column && column->type == field->column->type;
    }
    return same ? CHL_OK
                : chl_fail(err, CHL_EFORMAT,
                           "background: expected rows of the prep's raw columns");
}

typedef struct loading {
    model_part **parts; /* [count] */
    size_t count;
    model_node *root;
    int outputs;
    chl_classes classes;
    chl_frame *background;
} loading;

static void reset_loading(loading *l)
{
    for (size_t i = 0; l->parts && i < l->count; i++) {
        model_part_release(l->parts[i]);
    }
    model_node_free(l->root, l->outputs);
    chl_classes_reset(&l->classes);
    chl_frame_release(l->background);
}

static chl_status read_all_parts(const json_t *json, size_t weight_bytes, loading *l,
                                 chl_error *err)
{
    const json_t *list = json_object_get(json, "parts");
    l->count = list ? json_array_size(list) : 1;
    if (l->count < 1 || l->count > PARTS_MAX) {
        return chl_fail(err, CHL_EFORMAT, "parts: expected 1 to %d, got %zu", PARTS_MAX,
                        l->count);
    }
    l->parts = chl_calloc(l->count, sizeof(model_part *));
    if (!l->parts) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < l->count; i++) {
        const json_t *part = list ? json_array_get(list, i) : json;
        chl_status status = read_part(part, &weight_bytes, &l->parts[i], err);
        if (status != CHL_OK) {
            return list ? chl_error_prefix(err, "part %zu", i + 1) : status;
        }
    }
    l->outputs = model_part_outputs(l->parts[0]);
    return CHL_OK;
}

static chl_status read_root(const json_t *json, loading *l, chl_error *err)
{
    if (json_object_get(json, "parts")) {
        const json_t *mix = json_object_get(json, "mix");
        CHL_TRY(model_node_from_json(mix, (int)l->count, l->outputs, &l->root, err));
        bool leaf = l->root->part >= 0;
        return leaf ? chl_fail(err, CHL_EFORMAT, "mix: expected a mean or a stack")
                    : CHL_OK;
    }
    CHL_TRY(model_node_new(0, 0, &l->root, err));
    return model_corrections_from_json(json, l->outputs, l->root, err);
}

static chl_status read_names(const json_t *names, chl_classes *classes, chl_error *err)
{
    size_t n = json_array_size(names);
    bool fits = n >= 2 && n <= CHL_CLASSES_MAX;
    classes->names = chl_calloc(n, sizeof(char *));
    if (!classes->names) {
        return chl_fail_memory(err);
    }
    for (size_t c = 0; fits && c < n; c++) {
        const char *name = json_string_value(json_array_get(names, c));
        fits = name && chl_classes_find(classes, name, strlen(name)) < 0;
        char *copy = fits ? chl_strdup(name) : NULL;
        if (fits && !copy) {
            return chl_fail_memory(err);
        }
        if (copy) {
            classes->names[classes->count++] = copy;
        }
    }
    return fits ? CHL_OK
                : chl_fail(err, CHL_EFORMAT, "classes: expected 2 to %d different names",
                           CHL_CLASSES_MAX);
}

static chl_status read_classes(const json_t *json, chl_classes *classes, chl_error *err)
{
    if (!json) {
        return CHL_OK;
    }
    const char *type = json_string_value(json_object_get(json, "type"));
    CHL_TRY(read_names(json_object_get(json, "names"), classes, err));
    CHL_TRY(chl_type_parse(type ? type : "", &classes->type, err));
    classes->ordered = json_is_true(json_object_get(json, "ordered"));
    return chl_classes_check(classes, err);
}

static chl_status assemble(const json_t *signature, loading *l, chl_model **out,
                           chl_error *err)
{
    const json_t *id = json_object_get(signature, "id");
    const json_t *positive = json_object_get(signature, "positive");
    chl_model_makings makings = {
        .parts = l->parts,
        .part_count = (int)l->count,
        .root = l->root,
        .target = json_string_value(json_object_get(signature, "target")),
        .positive = json_string_value(positive),
        .id = json_string_value(id),
        .classes = &l->classes,
        .background = l->background,
    };
    bool without_positive = l->classes.count > 0 && json_is_null(positive);
    if (!makings.target || (!makings.positive && !without_positive) ||
        (!makings.id && !json_is_null(id))) {
        return chl_fail(err, CHL_EFORMAT, "signature: expected target, positive and id");
    }
    return chl_model_assemble(&makings, "nets", out, err);
}

static chl_status load(const json_t *json, size_t weight_bytes, loading *l,
                       chl_model **out, chl_error *err)
{
    const json_t *signature = json_object_get(json, "signature");
    CHL_TRY(read_all_parts(json, weight_bytes, l, err));
    CHL_TRY(read_root(json, l, err));
    CHL_TRY(in_part(read_classes(json_object_get(signature, "classes"), &l->classes, err),
                    err, "signature"));
    const json_t *background = json_object_get(json, "background");
    CHL_TRY(
        in_part(chl_frame_from_json(background, &l->background, err), err, "background"));
    return assemble(signature, l, out, err);
}

chl_status chl_model_from_json(const json_t *json, size_t weight_bytes, chl_model **out,
                               chl_error *err)
{
    *out = NULL;
    loading l = {0};
    chl_status status = load(json, weight_bytes, &l, out, err);
    if (status != CHL_OK) {
        reset_loading(&l);
    } else {
        status = check_background(*out, err);
        if (status != CHL_OK) {
            chl_model_release(*out);
            *out = NULL;
        }
    }
    chl_free(l.parts);
    return status;
}
