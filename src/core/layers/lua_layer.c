/* SPDX-License-Identifier: MIT
 *
 * Layer `lua`: a function that the script registered computes it (nn/custom_layer.h).
 * Layer: core/layers.
 *
 * The spec is data: the function's name, the width, and the tensors, {name, rows, cols,
 * init}, where init is a number or "normal": deviation 1 / sqrt(rows).
 */
#include "core/layers/lua_layer.h"

#include <math.h>
#include <string.h>

enum { NAME_MAX = 24 };

static const chl_option options[] = {
    CHL_LAYER_COMMON_OPTIONS,
    {"function", CHL_OPT_IGNORE, 0, 0, 0, NULL, 1},
    {"tensors", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
    CHL_LAYER_OPTION(width, CHL_OPT_INT, 1, CHL_UNITS_MAX, 0),
    CHL_LAYER_OPTION(check, CHL_OPT_BOOL, 0, 0, 0),
    {0}};

/* ---- the spec ---- */

typedef struct declared {
    const char *name;
    int64_t rows, cols;
    const json_t *init;
} declared;

static const chl_option tensor_options[] = {
    {"name", CHL_OPT_STRING, offsetof(declared, name), 0, 0, NULL, 1},
    {"rows", CHL_OPT_INT, offsetof(declared, rows), 1, CHL_UNITS_MAX, NULL, 0},
    {"cols", CHL_OPT_INT, offsetof(declared, cols), 1, CHL_UNITS_MAX, NULL, 0},
    {"init", CHL_OPT_JSON, offsetof(declared, init), 0, 0, NULL, 0},
    {0}};

static bool is_word(const char *text, size_t most)
{
    size_t n = strlen(text);
    bool good = n > 0 && n <= most && !(text[0] >= '0' && text[0] <= '9');
    for (size_t i = 0; good && i < n; i++) {
        char c = text[i];
        good = c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    }
    return good;
}

static bool is_init(const json_t *init)
{
    const char *text = json_string_value(init);
    return !init || json_is_null(init) || (text && strcmp(text, "normal") == 0) ||
           (json_is_number(init) && fabs(json_number_value(init)) < 1e30);
}

static chl_status check_tensor(const chl_net *net, const chl_layer *layer,
                               const declared *d, const char *where, chl_error *err)
{
    if (!is_word(d->name, NAME_MAX)) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: parameters: name: expected letters, digits and _, at most "
                        "%d",
                        where, (int)NAME_MAX);
    }
    for (int k = 0; k < layer->tensors; k++) {
        if (strcmp(net->tensors[layer->tensor + k].name, d->name) == 0) {
            return chl_fail(err, CHL_EINVAL, "%s: parameters: '%s' is given twice", where,
                            d->name);
        }
    }
    return is_init(d->init)
               ? CHL_OK
               : chl_fail(err, CHL_EINVAL,
                          "%s: parameters: '%s': init: expected a number or \"normal\"",
                          where, d->name);
}

static chl_status add_tensor(chl_net *net, chl_layer *layer, const json_t *item,
                             const char *where, chl_error *err)
{
    declared d = {.rows = 1, .cols = 1};
    CHL_TRY(chl_options_read(item, where, tensor_options, &d, err));
    CHL_TRY(check_tensor(net, layer, &d, where, err));
    return chl_net_add_tensor(
        net, layer,
        (chl_param){.name = d.name,
                    .role = d.rows > 1 ? CHL_ROLE_WEIGHT : CHL_ROLE_BIAS,
                    .rows = d.rows,
                    .cols = d.cols},
        err);
}

static chl_status plan_tensors(chl_net *net, chl_layer *layer, const char *where,
                               chl_error *err)
{
    const json_t *list = json_object_get(layer->own, "tensors");
    size_t n = json_array_size(list);
    if (list && !json_is_null(list) &&
        (!json_is_array(list) || n > CHL_CUSTOM_TENSORS_MAX)) {
        return chl_fail(err, CHL_EINVAL, "%s: parameters: expected a list of at most %d",
                        where, (int)CHL_CUSTOM_TENSORS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_object(item)) {
            return chl_fail(err, CHL_ETYPE, "%s: parameters: item %zu: expected a table",
                            where, i + 1);
        }
        CHL_TRY(add_tensor(net, layer, item, where, err));
    }
    return CHL_OK;
}

static chl_status plan(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err)
{
    const char *function = json_string_value(json_object_get(spec, "function"));
    if (!function || !is_word(function, NAME_MAX)) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'function': expected the name of a layer", where);
    }
    if (layer->options.width < 1) {
        return chl_fail(err, CHL_EINVAL, "%s: option 'width' is required", where);
    }
    if (layer->in.steps != 1) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: a layer written in Lua reads rows of one step, not %d",
                        where, layer->in.steps);
    }
    layer->out.width = (int)layer->options.width;
    layer->own = json_deep_copy(spec); /* the names of tensors live there */
    return layer->own ? plan_tensors(net, layer, where, err) : chl_fail_memory(err);
}

static chl_status spell(const chl_layer *layer, json_t *spec, chl_error *err)
{
    static const char *const keys[] = {"function", "tensors"};
    for (int k = 0; k < 2; k++) {
        json_t *value = json_object_get(layer->own, keys[k]);
        if (value && json_object_set_new(spec, keys[k], json_deep_copy(value)) != 0) {
            return chl_fail_memory(err);
        }
    }
    return CHL_OK;
}

static void init(chl_net *net, int i, uint64_t seed, uint64_t member)
{
    const chl_layer *layer = &net->layers[i];
    const json_t *list = json_object_get(layer->own, "tensors");
    chl_rng rng;
    chl_layer_rng(&rng, seed, member, i);
    for (int k = 0; k < layer->tensors; k++) {
        const chl_param *p = chl_layer_tensor(net, i, k);
        const json_t *value = json_object_get(json_array_get(list, (size_t)k), "init");
        chl_real *numbers = chl_layer_numbers(net, i, k);
        double deviation = 1 / sqrt((double)p->rows);
        for (int64_t j = 0; j < chl_param_size(p); j++) {
            numbers[j] = json_is_string(value)
                             ? (chl_real)(deviation * chl_rng_normal(&rng))
                             : (chl_real)json_number_value(value);
        }
    }
}

/* ---- the class ---- */

const chl_layer_class chl_lua_class = {
    .name = "lua",
    .options = options,
    .most_sources = 1,
    .whole_batch = true,
    .plan = plan,
    .spell = spell,
    .init = init,
    .forward = lua_layer_forward,
    .backward = lua_layer_backward,
    .infer = lua_layer_infer,
};
