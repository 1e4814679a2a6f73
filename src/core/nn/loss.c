/* SPDX-License-Identifier: MIT
 *
 * Options, labels and row weights of the losses. Layer: core/nn.
 */
#include "core/nn/loss.h"

#include <math.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/nn/layer.h"

static const char *const loss_names[] = {"bce", "cross_entropy", NULL};

static const chl_option loss_options[] = {
    {"type", CHL_OPT_CHOICE, offsetof(chl_loss, type), 0, 0, loss_names, 0},
    {"class_weight", CHL_OPT_JSON, offsetof(chl_loss, class_weight), 0, 0, NULL, 0},
    {"label_smoothing", CHL_OPT_DOUBLE, offsetof(chl_loss, label_smoothing), 0, 0.999999,
     NULL, 0},
    {0}};

static chl_status check_class_weight(const json_t *json, chl_error *err)
{
    if (!json || json_is_null(json) ||
        (json_is_string(json) && strcmp(json_string_value(json), "balanced") == 0)) {
        return CHL_OK;
    }
    bool good = json_is_array(json) && json_array_size(json) >= 2;
    for (size_t i = 0; good && i < json_array_size(json); i++) {
        const json_t *item = json_array_get(json, i);
        double value = json_number_value(item);
        good = json_is_number(item) && value >= 0 && isfinite(value);
    }
    return good ? CHL_OK
                : chl_fail(err, CHL_EINVAL,
                           "loss: option 'class_weight': expected \"balanced\" or a list "
                           "of one number >= 0 for each class");
}

chl_status chl_loss_read(const json_t *json, chl_loss *loss, chl_error *err)
{
    *loss = (chl_loss){0};
    CHL_TRY(chl_options_read(json, "loss", loss_options, loss, err));
    return check_class_weight(loss->class_weight, err);
}

chl_status chl_loss_check_net(const chl_loss *loss, const chl_net *net, chl_error *err)
{
    int final = chl_head_activation(net, 0);
    if (loss->type == CHL_LOSS_BCE) {
        return net->outputs == 1 && final == CHL_SIGMOID
                   ? CHL_OK
                   : chl_fail(err, CHL_EINVAL,
                              "bce: the net's last layer: expected 1 unit with sigmoid, "
                              "got %d with %s",
                              net->outputs, chl_activation_names[final]);
    }
    return final == CHL_SOFTMAX
               ? CHL_OK
               : chl_fail(
                     err, CHL_EINVAL,
                     "cross_entropy: the net's last layer: expected softmax over the "
                     "classes, got %s",
                     chl_activation_names[final]);
}

static int classes_of(const chl_net *net)
{
    return net->outputs < 2 ? 2 : net->outputs;
}

chl_status chl_loss_check_labels(const chl_net *net, const double *y, int64_t n,
                                 const char *where, chl_error *err)
{
    int classes = classes_of(net);
    for (int64_t i = 0; i < n; i++) {
        if (!(y[i] >= 0 && y[i] < classes && y[i] == floor(y[i]))) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: row %lld: label: expected a whole number from 0 to %d, "
                            "got %g",
                            where, (long long)i + 1, classes - 1, y[i]);
        }
    }
    return CHL_OK;
}

static chl_status balance(const double *y, int64_t n, int classes, double *weights,
                          chl_error *err)
{
    for (int64_t i = 0; i < n; i++) {
        weights[(int)y[i]]++;
    }
    for (int c = 0; c < classes; c++) {
        if (weights[c] == 0) {
            return chl_fail(err, CHL_EINVAL,
                            "loss: class_weight 'balanced': class %d has no rows", c);
        }
        weights[c] = (double)n / (classes * weights[c]);
    }
    return CHL_OK;
}

static chl_status class_weights(const chl_loss *loss, const double *y, int64_t n,
                                int classes, double *weights, chl_error *err)
{
    const json_t *json = loss->class_weight;
    if (json_is_string(json)) {
        return balance(y, n, classes, weights, err);
    }
    if (json_is_array(json) && json_array_size(json) != (size_t)classes) {
        return chl_fail(err, CHL_EINVAL,
                        "loss: option 'class_weight': expected %d numbers, got %zu",
                        classes, json_array_size(json));
    }
    for (int c = 0; c < classes; c++) {
        weights[c] =
            json_is_array(json) ? json_number_value(json_array_get(json, (size_t)c)) : 1;
    }
    return CHL_OK;
}

chl_status chl_loss_row_weights(const chl_loss *loss, const chl_net *net, const double *y,
                                const double *weights, int64_t n, double *out,
                                chl_error *err)
{
    int classes = classes_of(net);
    double *by_class = chl_calloc((size_t)classes, sizeof *by_class);
    if (!by_class) {
        return chl_fail_memory(err);
    }
    chl_status status = class_weights(loss, y, n, classes, by_class, err);
    for (int64_t i = 0; status == CHL_OK && i < n; i++) {
        out[i] = by_class[(int)y[i]] * (weights ? weights[i] : 1);
        if (!(out[i] >= 0 && isfinite(out[i]))) {
            status = chl_fail(err, CHL_EINVAL,
                              "train: row %lld: weight: expected a number >= 0, got %g",
                              (long long)i + 1, weights ? weights[i] : out[i]);
        }
    }
    chl_free(by_class);
    return status;
}
