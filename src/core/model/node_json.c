/* SPDX-License-Identifier: MIT */
#include "core/model/node_json.h"

#include <math.h>

#include "core/base/alloc.h"

/* ---- to JSON ---- */

static chl_status put(json_t *object, const char *key, json_t *value, chl_error *err)
{
    return json_object_set_new(object, key, value) == 0 ? CHL_OK : chl_fail_memory(err);
}

static json_t *numbers_to_json(const double *numbers, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        if (json_array_append_new(list, json_real(numbers[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static chl_status priors_to_json(const model_node *node, int outputs, json_t *json,
                                 chl_error *err)
{
    json_t *priors = json_object();
    CHL_TRY(put(json, "priors", priors, err));
    CHL_TRY(put(priors, "from", numbers_to_json(node->from, outputs), err));
    return put(priors, "to", numbers_to_json(node->to, outputs), err);
}

static chl_status calibration_to_json(const model_node *node, int outputs, json_t *json,
                                      chl_error *err)
{
    json_t *one = NULL;
    if (outputs == 1 || chl_calibration_classes(node->calibration[0]) > 0) {
        CHL_TRY(chl_calibration_to_json(node->calibration[0], &one, err));
        return put(json, "calibration", one, err);
    }
    json_t *list = json_array();
    CHL_TRY(put(json, "calibration", list, err));
    for (int c = 0; c < outputs; c++) {
        CHL_TRY(chl_calibration_to_json(node->calibration[c], &one, err));
        if (json_array_append_new(list, one) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

chl_status model_corrections_to_json(const model_node *node, int outputs, json_t *json,
                                     chl_error *err)
{
    if (node->from) {
        CHL_TRY(priors_to_json(node, outputs, json, err));
    }
    return node->calibration ? calibration_to_json(node, outputs, json, err) : CHL_OK;
}

static chl_status mixed_to_json(const model_node *node, int outputs, json_t *list,
                                chl_error *err)
{
    for (int i = 0; i < node->count; i++) {
        json_t *item = json_object(), *of = NULL;
        if (json_array_append_new(list, item) != 0) {
            return chl_fail_memory(err);
        }
        CHL_TRY(put(item, "weight", json_real(node->weights[i]), err));
        CHL_TRY(model_node_to_json(node->of[i], outputs, &of, err));
        CHL_TRY(put(item, "of", of, err));
    }
    return CHL_OK;
}

static chl_status fill_json(const model_node *node, int outputs, json_t *json,
                            chl_error *err)
{
    if (node->part >= 0) {
        CHL_TRY(put(json, "part", json_integer(node->part), err));
    } else {
        json_t *list = json_array();
        bool stack = node->mix == CHL_MIX_STACK;
        CHL_TRY(put(json, stack ? "stack" : "mean", list, err));
        CHL_TRY(mixed_to_json(node, outputs, list, err));
        if (stack) {
            CHL_TRY(put(json, "intercept", json_real(node->intercept), err));
        }
    }
    return model_corrections_to_json(node, outputs, json, err);
}

chl_status model_node_to_json(const model_node *node, int outputs, json_t **out,
                              chl_error *err)
{
    *out = NULL;
    json_t *json = json_object();
    chl_status status = json ? fill_json(node, outputs, json, err) : chl_fail_memory(err);
    if (status != CHL_OK) {
        json_decref(json);
        return status;
    }
    *out = json;
    return CHL_OK;
}

/* ---- from JSON ---- */

static chl_status read_rates(const json_t *list, int n, double **out, chl_error *err)
{
    double sum = 0;
    bool fits = json_array_size(list) == (size_t)n;
    *out = chl_calloc((size_t)n, sizeof **out);
    if (!*out) {
        return chl_fail_memory(err);
    }
    for (int c = 0; fits && c < n; c++) {
        const json_t *rate = json_array_get(list, (size_t)c);
        (*out)[c] = json_number_value(rate);
        fits = (*out)[c] > 0 && (*out)[c] < 1;
        sum += (*out)[c];
    }
    fits = fits && (n == 1 || fabs(sum - 1) <= 1e-6);
    return fits ? CHL_OK
                : chl_fail(err, CHL_EFORMAT, "priors: expected %d rates between 0 and 1",
                           n);
}

static chl_status read_calibration(const json_t *json, int outputs, model_node *node,
                                   chl_error *err)
{
    bool several = json_is_array(json);
    int count = several ? outputs : 1;
    if (several && (outputs == 1 || json_array_size(json) != (size_t)outputs)) {
        return chl_fail(err, CHL_EFORMAT, "calibration: expected one for each class");
    }
    node->calibration = chl_calloc((size_t)outputs, sizeof(chl_calibration *));
    if (!node->calibration) {
        return chl_fail_memory(err);
    }
    for (int c = 0; c < count; c++) {
        const json_t *one = several ? json_array_get(json, (size_t)c) : json;
        chl_calibration **made = &node->calibration[c];
        chl_status status = chl_calibration_from_json(one, made, err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "calibration");
            return status;
        }
        if (chl_calibration_classes(*made) != (several || outputs == 1 ? 0 : outputs)) {
            return chl_fail(err, CHL_EFORMAT, "calibration: expected one of %d classes",
                            outputs);
        }
    }
    return CHL_OK;
}

chl_status model_corrections_from_json(const json_t *json, int outputs, model_node *node,
                                       chl_error *err)
{
    const json_t *priors = json_object_get(json, "priors");
    const json_t *calibration = json_object_get(json, "calibration");
    if (priors) {
        CHL_TRY(read_rates(json_object_get(priors, "from"), outputs, &node->from, err));
        CHL_TRY(read_rates(json_object_get(priors, "to"), outputs, &node->to, err));
    }
    if (!calibration || json_is_null(calibration)) {
        return CHL_OK;
    }
    return read_calibration(calibration, outputs, node, err);
}

typedef struct reading {
    int parts, outputs;
    bool *used; /* [parts] */
} reading;

static chl_status read_node(const reading *r, const json_t *json, int depth,
                            model_node **out, chl_error *err);

static chl_status read_weight(const json_t *item, chl_mix mix, double *out,
                              chl_error *err)
{
    const json_t *weight = json_object_get(item, "weight");
    *out = json_number_value(weight);
    bool fits = json_is_number(weight) &&
                (mix == CHL_MIX_STACK || (*out >= 0 && *out <= 1 + 1e-9));
    return fits ? CHL_OK : chl_fail(err, CHL_EFORMAT, "mix: expected weights");
}

static chl_status read_mixed(const reading *r, const json_t *list, int depth,
                             model_node *node, chl_error *err)
{
    double sum = 0;
    for (int i = 0; i < node->count; i++) {
        const json_t *item = json_array_get(list, (size_t)i);
        CHL_TRY(read_weight(item, node->mix, &node->weights[i], err));
        sum += node->weights[i];
        CHL_TRY(read_node(r, json_object_get(item, "of"), depth + 1, &node->of[i], err));
    }
    if (node->mix == CHL_MIX_MEAN && !(fabs(sum - 1) <= 1e-9)) {
        return chl_fail(err, CHL_EFORMAT, "mix: expected weights that add up to 1");
    }
    return CHL_OK;
}

static chl_status read_leaf(const reading *r, const json_t *part, model_node **out,
                            chl_error *err)
{
    json_int_t place = json_integer_value(part);
    if (!json_is_integer(part) || place < 0 || place >= r->parts) {
        return chl_fail(err, CHL_EFORMAT, "mix: expected a part from 0 to %d",
                        r->parts - 1);
    }
    r->used[place] = true;
    return model_node_new((int)place, 0, out, err);
}

static chl_status read_mix(const reading *r, const json_t *json, int depth,
                           model_node **out, chl_error *err)
{
    const json_t *mean = json_object_get(json, "mean");
    const json_t *stack = json_object_get(json, "stack");
    const json_t *list = mean ? mean : stack;
    size_t n = json_array_size(list);
    if (n < 1 || n > INT32_MAX || depth >= CHL_MODEL_DEPTH_MAX) {
        return chl_fail(err, CHL_EFORMAT,
                        "mix: expected a part, a mean or a stack, at most %d deep",
                        CHL_MODEL_DEPTH_MAX);
    }
    CHL_TRY(model_node_new(-1, (int)n, out, err));
    (*out)->mix = mean ? CHL_MIX_MEAN : CHL_MIX_STACK;
    if (!mean) {
        const json_t *intercept = json_object_get(json, "intercept");
        (*out)->intercept = json_number_value(intercept);
        if (r->outputs > 1 || !json_is_number(intercept)) {
            return chl_fail(err, CHL_EFORMAT,
                            "mix: a stack: expected one probability and an intercept");
        }
    }
    return read_mixed(r, list, depth, *out, err);
}

static chl_status read_node(const reading *r, const json_t *json, int depth,
                            model_node **out, chl_error *err)
{
    const json_t *part = json_object_get(json, "part");
    chl_status status =
        part ? read_leaf(r, part, out, err) : read_mix(r, json, depth, out, err);
    if (status == CHL_OK) {
        status = model_corrections_from_json(json, r->outputs, *out, err);
    }
    if (status != CHL_OK) {
        model_node_free(*out, r->outputs);
        *out = NULL;
    }
    return status;
}

static chl_status check_used(const reading *r, chl_error *err)
{
    for (int i = 0; i < r->parts; i++) {
        if (!r->used[i]) {
            return chl_fail(err, CHL_EFORMAT, "mix: part %d is not in it", i);
        }
    }
    return CHL_OK;
}

chl_status model_node_from_json(const json_t *json, int parts, int outputs,
                                model_node **out, chl_error *err)
{
    *out = NULL;
    reading r = {.parts = parts, .outputs = outputs};
    r.used = chl_calloc((size_t)parts, sizeof *r.used);
    chl_status status = r.used ? read_node(&r, json, 1, out, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = check_used(&r, err);
        if (status != CHL_OK) {
            model_node_free(*out, outputs);
            *out = NULL;
        }
    }
    chl_free(r.used);
    return status;
}
