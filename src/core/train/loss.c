/* SPDX-License-Identifier: MIT
 *
 * The kinds of losses, their options, labels and class weights. Layer: core/train.
 */
#include "core/train/loss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/nearest.h"
#include "core/nn/layer.h"

const chl_loss_class *const chl_loss_classes[] = {
    &chl_bce_class,   &chl_cross_entropy_class, &chl_focal_class,  &chl_mse_class,
    &chl_hinge_class, &chl_hazard_class,        &chl_custom_class, NULL,
};

enum { KINDS = sizeof chl_loss_classes / sizeof *chl_loss_classes - 1 };

/* ---- options ---- */

static chl_status read_class(const json_t *json, chl_loss *loss, chl_error *err)
{
    const char *names[KINDS];
    size_t n = 0;
    const json_t *type = json_object_get(json, "type");
    loss->class = &chl_bce_class;
    if (!type || json_is_null(type)) {
        return CHL_OK;
    }
    if (!json_is_string(type)) {
        return chl_fail(err, CHL_ETYPE, "loss: option 'type': expected a string, got %s",
                        chl_json_type_name(type));
    }
    for (; n < KINDS; n++) {
        names[n] = chl_loss_classes[n]->name;
        if (strcmp(names[n], json_string_value(type)) == 0) {
            loss->class = chl_loss_classes[n];
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "loss", "type", json_string_value(type), names, n);
}

static chl_status check_class_weight(const chl_loss *loss, chl_error *err)
{
    const json_t *json = loss->class_weight;
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
                           "%s: option 'class_weight': expected \"balanced\" or a list "
                           "of one number >= 0 for each class",
                           loss->class->name);
}

chl_status chl_loss_read(const json_t *json, chl_loss *loss, chl_error *err)
{
    *loss = (chl_loss){.gamma = 2, .alpha = NAN, .weight = 1, .labels = 1, .check = true};
    CHL_TRY(read_class(json, loss, err));
    CHL_TRY(chl_options_read(json, loss->class->name, loss->class->options, loss, err));
    return check_class_weight(loss, err);
}

/* ---- heads and labels ---- */

int chl_loss_labels(const chl_loss *loss, int width)
{
    if (loss->class == &chl_custom_class) {
        return (int)loss->labels;
    }
    return loss->class->labels ? loss->class->labels(width) : 1;
}

int chl_loss_class_count(const chl_loss *loss, int width)
{
    if (loss->class == &chl_custom_class) {
        return (int)loss->classes;
    }
    return loss->class->classes ? loss->class->classes(width) : 0;
}

chl_status chl_loss_check_head(const chl_loss *loss, const chl_net *net, int head,
                               chl_error *err)
{
    int width = net->head[head].width, activation = chl_head_activation(net, head);
    if (loss->class->fits(width, activation)) {
        return loss->class->check ? loss->class->check(loss, width, err) : CHL_OK;
    }
    char where[64] = "the net's last layer";
    if (net->heads > 1) {
        snprintf(where, sizeof where, "head '%s'",
                 net->layers[net->head[head].layer].name);
    }
    return chl_fail(err, CHL_EINVAL, "%s: %s: expected %s, got %d with %s",
                    loss->class->name, where, loss->class->head, width,
                    chl_activation_names[activation]);
}

/* Labels that are no classes. */
static bool accepts(const chl_loss *loss, int width, const double *y,
                    char expected[CHL_LOSS_TEXT])
{
    if (loss->class->accepts) {
        return loss->class->accepts(width, y, expected);
    }
    snprintf(expected, CHL_LOSS_TEXT, "a finite number");
    for (int k = 0; k < chl_loss_labels(loss, width); k++) {
        if (!isfinite(y[k])) {
            return false;
        }
    }
    return true;
}

chl_status chl_loss_check_label(const chl_loss *loss, int width, const double *y,
                                const char *where, int64_t row, chl_error *err)
{
    char expected[CHL_LOSS_TEXT];
    int classes = chl_loss_class_count(loss, width);
    bool good = classes ? y[0] >= 0 && y[0] < classes && y[0] == floor(y[0])
                        : accepts(loss, width, y, expected);
    if (good) {
        return CHL_OK;
    }
    if (classes) {
        snprintf(expected, sizeof expected, "a whole number from 0 to %d", classes - 1);
    }
    return chl_fail(err, CHL_EINVAL, "%s: row %lld: label: expected %s, got %g", where,
                    (long long)row + 1, expected, y[0]);
}

/* ---- class weights ---- */

static chl_status balance(const chl_loss *loss, int classes, const double *y,
                          int64_t stride, int64_t n, double *by_class, chl_error *err)
{
    int64_t count = 0;
    memset(by_class, 0, (size_t)classes * sizeof *by_class);
    for (int64_t i = 0; i < n; i++) {
        if (!isnan(y[i * stride])) {
            by_class[(int)y[i * stride]]++;
            count++;
        }
    }
    for (int c = 0; c < classes; c++) {
        if (by_class[c] == 0) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: class_weight 'balanced': class %d has no rows",
                            loss->class->name, c);
        }
        by_class[c] = (double)count / (classes * by_class[c]);
    }
    return CHL_OK;
}

chl_status chl_loss_class_weights(const chl_loss *loss, int classes, const double *y,
                                  int64_t stride, int64_t n, double *by_class,
                                  chl_error *err)
{
    const json_t *json = loss->class_weight;
    if (json_is_string(json)) {
        return balance(loss, classes, y, stride, n, by_class, err);
    }
    if (json_is_array(json) && json_array_size(json) != (size_t)classes) {
        return chl_fail(err, CHL_EINVAL,
                        "%s: option 'class_weight': expected %d numbers, got %zu",
                        loss->class->name, classes, json_array_size(json));
    }
    for (int c = 0; c < classes; c++) {
        by_class[c] =
            json_is_array(json) ? json_number_value(json_array_get(json, (size_t)c)) : 1;
    }
    return CHL_OK;
}

/* ---- batches ---- */

double chl_loss_batch_sum(const chl_loss *loss, const chl_loss_batch *b)
{
    int labels = chl_loss_labels(loss, b->width);
    double sum = 0;
    if (b->g) {
        memset(b->g, 0, (size_t)(b->rows * b->ld) * sizeof *b->g);
    }
    for (int64_t i = 0; i < b->rows; i++) {
        double weight = b->w ? b->w[i] : 1;
        sum +=
            weight * loss->class->row(loss, b->width, b->z + i * b->ld, b->y + i * labels,
                                      weight * b->scale, b->g ? b->g + i * b->ld : NULL);
    }
    return sum;
}
