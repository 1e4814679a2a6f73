/* SPDX-License-Identifier: MIT */
#include "core/model/model_json.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/model/frame_json.h"
#include "core/model/model_private.h"

enum { MEMBERS_MAX = 1000 };

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
    return put(json, "signature", signature) ? CHL_OK : chl_fail_memory(err);
}

static chl_status put_nets(const chl_model *model, json_t *json, chl_error *err)
{
    json_t *list = json_array();
    if (!put(json, "nets", list)) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < model->members; i++) {
        json_t *spec = NULL;
        CHL_TRY(chl_net_spec(model->nets[i], &spec, err));
        if (json_array_append_new(list, spec) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

static chl_status put_parts(const chl_model *model, json_t *json, chl_error *err)
{
    CHL_TRY(put_signature(model, json, err));
    json_t *part = NULL;
    CHL_TRY(chl_prep_to_json(model->prep, &part, err));
    if (!put(json, "prep", part)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(put_nets(model, json, err));
    part = json_null();
    if (model->calibration) {
        CHL_TRY(chl_calibration_to_json(model->calibration, &part, err));
    }
    if (!put(json, "calibration", part)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_frame_to_json(model->background, &part, err));
    return put(json, "background", part) ? CHL_OK : chl_fail_memory(err);
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

static chl_status read_net(const json_t *spec, int inputs, size_t weight_bytes,
                           chl_net **out, chl_error *err)
{
    CHL_TRY(check_weights(spec, (double)weight_bytes, err));
    return chl_net_new(spec, inputs, out, err);
}

static chl_status read_nets(const json_t *list, const chl_prep *prep, size_t weight_bytes,
                            chl_net **nets, chl_error *err)
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

/* Explanations mix a customer's cells with the background's, so both must have the raw
 * columns of the prep. */
static chl_status check_background(const chl_prep *prep, const chl_frame *background,
                                   chl_error *err)
{
    int n = chl_prep_raw_count(prep);
    bool same = background->columns == n && (background->rows > 0 || n == 0);
    for (int i = 0; same && i < n; i++) {
        const chl_column *column =
            chl_frame_column(background, chl_prep_raw_name(prep, i));
        same = column && column->type == chl_prep_raw_type(prep, i);
    }
    return same ? CHL_OK
                : chl_fail(err, CHL_EFORMAT, "expected rows of the prep's raw columns");
}

typedef struct loading {
    chl_prep *prep;
    chl_net **nets;
    size_t members;
    chl_frame *background;
    chl_calibration *calibration;
} loading;

static chl_status read_parts(const json_t *json, size_t weight_bytes, loading *l,
                             chl_error *err)
{
    CHL_TRY(in_part(chl_prep_from_json(json_object_get(json, "prep"), &l->prep, err), err,
                    "prep"));
    if (!chl_prep_fitted(l->prep)) {
        return chl_fail(err, CHL_EFORMAT, "prep: expected a fitted one");
    }
    const json_t *nets = json_object_get(json, "nets");
    if (json_array_size(nets) < 1 || json_array_size(nets) > MEMBERS_MAX) {
        return chl_fail(err, CHL_EFORMAT, "nets: expected 1 to %d, got %zu", MEMBERS_MAX,
                        json_array_size(nets));
    }
    l->nets = chl_calloc(json_array_size(nets), sizeof(chl_net *));
    if (!l->nets) {
        return chl_fail_memory(err);
    }
    l->members = json_array_size(nets);
    CHL_TRY(read_nets(nets, l->prep, weight_bytes, l->nets, err));
    const json_t *background = json_object_get(json, "background");
    CHL_TRY(
        in_part(chl_frame_from_json(background, &l->background, err), err, "background"));
    CHL_TRY(in_part(check_background(l->prep, l->background, err), err, "background"));
    const json_t *calibration = json_object_get(json, "calibration");
    if (json_is_null(calibration)) {
        return CHL_OK;
    }
    return in_part(chl_calibration_from_json(calibration, &l->calibration, err), err,
                   "calibration");
}

static chl_status assemble(const json_t *json, const loading *l, chl_model **out,
                           chl_error *err)
{
    const json_t *signature = json_object_get(json, "signature");
    const json_t *id = json_object_get(signature, "id");
    chl_model_parts parts = {
        .prep = l->prep,
        .nets = l->nets,
        .members = (int)l->members,
        .target = json_string_value(json_object_get(signature, "target")),
        .positive = json_string_value(json_object_get(signature, "positive")),
        .id = json_string_value(id),
        .background = l->background,
    };
    if (!parts.target || !parts.positive || (!parts.id && !json_is_null(id))) {
        return chl_fail(err, CHL_EFORMAT, "signature: expected target, positive and id");
    }
    return chl_model_assemble(&parts, "nets", out, err);
}

chl_status chl_model_from_json(const json_t *json, size_t weight_bytes, chl_model **out,
                               chl_error *err)
{
    *out = NULL;
    loading l = {0};
    chl_status status = read_parts(json, weight_bytes, &l, err);
    if (status == CHL_OK) {
        status = assemble(json, &l, out, err);
    }
    if (status == CHL_OK) {
        (*out)->calibration = l.calibration;
    } else {
        for (size_t i = 0; i < l.members; i++) {
            chl_net_free(l.nets[i]);
        }
        chl_prep_free(l.prep);
        chl_frame_release(l.background);
        chl_calibration_free(l.calibration);
    }
    chl_free(l.nets);
    return status;
}
