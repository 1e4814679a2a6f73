/* SPDX-License-Identifier: MIT
 *
 * The kinds of layers, and what their classes share. Layer: core/layers.
 */
#include "core/base/alloc.h"
#include "core/nn/layer.h"

const char *const chl_activation_names[] = {"linear",  "relu", "leaky_relu", "tanh",
                                            "sigmoid", "gelu", "selu",       "elu",
                                            "silu",    "mish", "softmax",    NULL};

/* clang-format off */
const chl_layer_class *const chl_layer_classes[] = {
    &chl_dense_class,
    &chl_activation_class,
    &chl_batch_norm_class,
    &chl_dropout_class,
    &chl_gaussian_noise_class,
    &chl_trees_class,
    &chl_sequence_class,
    &chl_pool_class,
    &chl_position_class,
    &chl_gru_class,
    &chl_lstm_class,
    &chl_transformer_class,
    &chl_copies_class,
    &chl_batch_ensemble_class,
    &chl_member_dense_class,
    &chl_add_class,
    &chl_concat_class,
    &chl_columns_class,
    &chl_layer_norm_class,
    &chl_embedding_class,
    &chl_scale_class,
    &chl_parametric_class,
    &chl_periodic_class,
    &chl_piecewise_linear_class,
    &chl_lua_class,
    NULL,
};
/* clang-format on */

chl_status chl_net_add_tensor(chl_net *net, chl_layer *layer, chl_param tensor,
                              chl_error *err)
{
    if (net->tensor_count == net->tensor_capacity) {
        size_t capacity = (size_t)net->tensor_capacity;
        chl_param *grown =
            chl_grow(net->tensors, &capacity, capacity + 1, sizeof *net->tensors);
        if (!grown) {
            return chl_fail_memory(err);
        }
        net->tensors = grown;
        net->tensor_capacity = (int)capacity;
    }
    bool state = tensor.role == CHL_ROLE_STATE;
    tensor.blocks = tensor.blocks ? tensor.blocks : 1;
    tensor.rows = tensor.rows ? tensor.rows : 1;
    tensor.layer = (int)(layer - net->layers);
    tensor.trained = !state && layer->options.trainable;
    tensor.at = state ? net->state_count : net->param_count;
    tensor.pack_at = state ? net->pack_state : net->pack_params;
    *(state ? &net->state_count : &net->param_count) += chl_param_size(&tensor);
    *(state ? &net->pack_state : &net->pack_params) += chl_param_packed(&tensor);
    net->tensors[net->tensor_count++] = tensor;
    layer->tensors++;
    return CHL_OK;
}

chl_status chl_net_add_weight_and_bias(chl_net *net, chl_layer *layer, int64_t in,
                                       int64_t out, chl_error *err)
{
    CHL_TRY(chl_net_add_tensor(net, layer,
                               (chl_param){.name = "weight",
                                           .role = CHL_ROLE_WEIGHT,
                                           .form = CHL_FORM_PANELS,
                                           .rows = in,
                                           .cols = out},
                               err));
    return chl_net_add_tensor(
        net, layer,
        (chl_param){.name = "bias", .role = CHL_ROLE_BIAS, .vector = true, .cols = out},
        err);
}

static bool is_whole(const json_t *item, int64_t low, int64_t high)
{
    json_int_t value = json_integer_value(item);
    return json_is_integer(item) && value >= low && value <= high;
}

chl_status chl_layer_read_list(chl_layer *layer, const json_t *spec, const char *key,
                               const char *where, int64_t low, int64_t high,
                               chl_error *err)
{
    const json_t *list = json_object_get(spec, key);
    size_t n = json_array_size(list);
    if (!list || json_is_null(list)) {
        return CHL_OK;
    }
    bool good = n > 0 && n <= CHL_UNITS_MAX;
    for (size_t i = 0; good && i < n; i++) {
        good = is_whole(json_array_get(list, i), low, high);
    }
    if (!good) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option '%s': expected a list of whole numbers from %lld to "
                        "%lld",
                        where, key, (long long)low, (long long)high);
    }
    layer->index = chl_alloc(n, sizeof *layer->index);
    if (!layer->index) {
        return chl_fail_memory(err);
    }
    layer->indices = (int64_t)n;
    for (size_t i = 0; i < n; i++) {
        layer->index[i] = (int32_t)json_integer_value(json_array_get(list, i));
    }
    return CHL_OK;
}

chl_status chl_layer_spell_list(const chl_layer *layer, const char *key, json_t *spec,
                                chl_error *err)
{
    json_t *list = layer->index ? json_array() : json_null();
    bool done = json_object_set_new(spec, key, list) == 0;
    for (int64_t i = 0; done && i < layer->indices; i++) {
        done = json_array_append_new(list, json_integer(layer->index[i])) == 0;
    }
    return done ? CHL_OK : chl_fail_memory(err);
}

chl_real *chl_layer_numbers(chl_net *net, int layer, int k)
{
    const chl_param *p = chl_layer_tensor(net, layer, k);
    return (p->role == CHL_ROLE_STATE ? net->state : net->params) + p->at;
}

void chl_layer_rng(chl_rng *rng, uint64_t seed, uint64_t member, int layer)
{
    chl_rng_init(rng, seed, CHL_RNG_WEIGHTS, member << 32 | (uint32_t)layer);
}
