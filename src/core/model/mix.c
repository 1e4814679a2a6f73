/* SPDX-License-Identifier: MIT
 *
 * Nodes: what is made of the parts' answers (model_private.h). Layer: core/model.
 *
 * mean     p = sum of w_i · p_i, added in the nodes' order; the weights add up to 1
 * stack    p = sigmoid(b + sum of w_i · logit(p_i))
 * shift    of the classes' rates: p_c ~ p_c · to_c / from_c, and again a distribution
 *          (Saerens, Latinne, Decaestecker 2002). For one probability that is
 *          logit(p) + logit(to) - logit(from).
 * calibration  as it says; several classes share one temperature, or are calibrated one
 *          by one and divided by their sum (Zadrozny & Elkan 2002)
 *
 * Every step treats each row on its own.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/logit.h"
#include "core/model/model_private.h"

/* ---- making ---- */

chl_status model_node_new(int part, int count, model_node **out, chl_error *err)
{
    *out = NULL;
    model_node *node = chl_calloc(1, sizeof *node);
    if (!node) {
        return chl_fail_memory(err);
    }
    node->part = part;
    node->of = chl_calloc((size_t)count, sizeof(model_node *));
    node->weights = chl_calloc((size_t)count, sizeof *node->weights);
    if (!node->of || !node->weights) {
        model_node_free(node, 0);
        return chl_fail_memory(err);
    }
    node->count = count;
    *out = node;
    return CHL_OK;
}

void model_node_free(model_node *node, int outputs)
{
    if (!node) {
        return;
    }
    for (int i = 0; i < node->count; i++) {
        model_node_free(node->of[i], outputs);
    }
    for (int c = 0; node->calibration && c < outputs; c++) {
        chl_calibration_free(node->calibration[c]);
    }
    chl_free(node->of);
    chl_free(node->weights);
    chl_free(node->from);
    chl_free(node->to);
    chl_free(node->calibration);
    chl_free(node);
}

static chl_status copy_numbers(const double *numbers, int n, double **out, chl_error *err)
{
    if (!numbers) {
        return CHL_OK;
    }
    *out = chl_alloc((size_t)n, sizeof **out);
    if (!*out) {
        return chl_fail_memory(err);
    }
    memcpy(*out, numbers, (size_t)n * sizeof **out);
    return CHL_OK;
}

/* Calibrations have no copy of their own, but a JSON form that keeps every bit. */
static chl_status copy_calibration(const model_node *node, int outputs, model_node *copy,
                                   chl_error *err)
{
    if (!node->calibration) {
        return CHL_OK;
    }
    copy->calibration = chl_calloc((size_t)outputs, sizeof(chl_calibration *));
    if (!copy->calibration) {
        return chl_fail_memory(err);
    }
    for (int c = 0; c < outputs && node->calibration[c]; c++) {
        json_t *json = NULL;
        CHL_TRY(chl_calibration_to_json(node->calibration[c], &json, err));
        chl_status status = chl_calibration_from_json(json, &copy->calibration[c], err);
        json_decref(json);
        CHL_TRY(status);
    }
    return CHL_OK;
}

static chl_status copy_content(const model_node *node, int outputs, const int *places,
                               model_node *copy, chl_error *err)
{
    copy->mix = node->mix;
    copy->intercept = node->intercept;
    CHL_TRY(copy_numbers(node->from, outputs, &copy->from, err));
    CHL_TRY(copy_numbers(node->to, outputs, &copy->to, err));
    CHL_TRY(copy_calibration(node, outputs, copy, err));
    for (int i = 0; i < node->count; i++) {
        copy->weights[i] = node->weights[i];
        CHL_TRY(model_node_clone(node->of[i], outputs, places, &copy->of[i], err));
    }
    return CHL_OK;
}

chl_status model_node_clone(const model_node *node, int outputs, const int *places,
                            model_node **out, chl_error *err)
{
    int part = node->part < 0 ? -1 : places[node->part];
    CHL_TRY(model_node_new(part, node->count, out, err));
    chl_status status = copy_content(node, outputs, places, *out, err);
    if (status != CHL_OK) {
        model_node_free(*out, outputs);
        *out = NULL;
    }
    return status;
}

int model_node_depth(const model_node *node)
{
    int deepest = 0;
    for (int i = 0; i < node->count; i++) {
        int depth = model_node_depth(node->of[i]);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* ---- answers ---- */

typedef struct run {
    double *const *part_p; /* [parts][n × outputs] */
    int64_t n;
    int outputs;
} run;

static void shift_row(const model_node *node, int outputs, double *p)
{
    if (outputs == 1) {
        double for_one = *p * (node->to[0] / node->from[0]);
        double for_none = (1 - *p) * ((1 - node->to[0]) / (1 - node->from[0]));
        *p = for_one / (for_one + for_none);
        return;
    }
    double sum = 0;
    for (int c = 0; c < outputs; c++) {
        p[c] *= node->to[c] / node->from[c];
        sum += p[c];
    }
    for (int c = 0; c < outputs; c++) {
        p[c] = sum > 0 ? p[c] / sum : node->to[c];
    }
}

static void calibrate(const model_node *node, const run *r, double *p)
{
    int outputs = r->outputs;
    if (outputs == 1 || chl_calibration_classes(node->calibration[0]) > 0) {
        chl_calibration_apply(node->calibration[0], p, r->n);
        return;
    }
    for (int64_t i = 0; i < r->n; i++, p += outputs) {
        double sum = 0;
        for (int c = 0; c < outputs; c++) {
            chl_calibration_apply(node->calibration[c], &p[c], 1);
            sum += p[c];
        }
        for (int c = 0; c < outputs; c++) {
            p[c] = sum > 0 ? p[c] / sum : 1.0 / outputs;
        }
    }
}

static void mix_mean(const double *p, double weight, int64_t n, double *sum)
{
    for (int64_t i = 0; i < n; i++) {
        sum[i] += weight * p[i];
    }
}

static void mix_stack(const double *p, double weight, int64_t n, double *sum)
{
    for (int64_t i = 0; i < n; i++) {
        sum[i] += weight * chl_logit(p[i]);
    }
}

/* `scratch` has room for the answers of as many nodes as are below this one. */
static void run_node(const model_node *node, const run *r, bool raw, double *scratch,
                     double *p)
{
    int64_t numbers = r->n * r->outputs;
    if (node->part >= 0 && p != r->part_p[node->part]) {
        memcpy(p, r->part_p[node->part], (size_t)numbers * sizeof *p);
    }
    for (int64_t i = 0; node->part < 0 && i < numbers; i++) {
        p[i] = node->intercept;
    }
    for (int i = 0; i < node->count; i++) {
        run_node(node->of[i], r, false, scratch + numbers, scratch);
        (node->mix == CHL_MIX_STACK ? mix_stack : mix_mean)(scratch, node->weights[i],
                                                            numbers, p);
    }
    for (int64_t i = 0; node->part < 0 && i < numbers; i++) { /* rounded weights' sum */
        p[i] = node->mix == CHL_MIX_STACK ? chl_sigmoid(p[i]) : fmin(p[i], 1);
    }
    for (int64_t i = 0; node->from && i < r->n; i++) {
        shift_row(node, r->outputs, p + i * r->outputs);
    }
    if (node->calibration && !raw) {
        calibrate(node, r, p);
    }
}

chl_status model_node_run(const model_node *root, int outputs, double *const *part_p,
                          int64_t n, bool raw, double *p, chl_error *err)
{
    run r = {part_p, n, outputs};
    size_t levels = (size_t)model_node_depth(root) - 1;
    double *scratch = NULL;
    if (levels > 0) {
        scratch = chl_alloc((size_t)(n * outputs), levels * sizeof *scratch);
        if (!scratch) {
            return chl_fail_memory(err);
        }
    }
    run_node(root, &r, raw, scratch, p);
    chl_free(scratch);
    return CHL_OK;
}

void model_pick(int outputs, const bool *counted, const double *p, int64_t n, double *out)
{
    for (int64_t i = 0; i < n; i++, p += outputs) {
        double sum = outputs == 1 ? p[0] : 0;
        for (int c = 0; outputs > 1 && c < outputs; c++) {
            sum += counted[c] ? p[c] : 0;
        }
        out[i] = fmin(sum, 1);
    }
}
