/* SPDX-License-Identifier: MIT
 *
 * Heads, their losses, labels and row weights. Layer: core/train.
 */
#include "core/train/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/nn/layer.h"

/* ---- losses of heads ---- */

static chl_status read_list(const json_t *json, chl_losses *out, chl_error *err)
{
    size_t n = json_object_size(json);
    if (!json_is_object(json) || n < 1 || n > CHL_HEADS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "train: option 'losses': expected a table of up to %d losses by "
                        "the heads' names",
                        CHL_HEADS_MAX);
    }
    const char *name;
    json_t *loss;
    json_object_foreach ((json_t *)(uintptr_t)json, name, loss) {
        chl_head_loss *head = &out->heads[out->count++];
        head->name = name;
        chl_status status = chl_loss_read(loss, &head->loss, err);
        if (status != CHL_OK) {
            chl_error_prefix(err, "head '%s'", name);
            return status;
        }
    }
    return CHL_OK;
}

chl_status chl_losses_read(const json_t *loss, const json_t *losses, chl_losses *out,
                           chl_error *err)
{
    *out = (chl_losses){0};
    bool several = losses && !json_is_null(losses);
    if (several && loss && !json_is_null(loss)) {
        return chl_fail(err, CHL_EINVAL,
                        "train: expected either 'loss' or 'losses', got both");
    }
    if (several) {
        return read_list(losses, out, err);
    }
    out->count = 1;
    return chl_loss_read(loss, &out->heads[0].loss, err);
}

static chl_status unknown_head(const chl_net *net, const char *name, chl_error *err)
{
    const char *names[CHL_HEADS_MAX];
    for (int h = 0; h < net->heads; h++) {
        names[h] = chl_net_head_name(net, h);
    }
    return chl_fail_unknown(err, "train: losses", "head", name, names,
                            (size_t)net->heads);
}

static const chl_head_loss *find(const chl_losses *losses, const char *name)
{
    for (int i = 0; i < losses->count; i++) {
        if (strcmp(losses->heads[i].name, name) == 0) {
            return &losses->heads[i];
        }
    }
    return NULL;
}

static chl_status order(chl_losses *losses, const chl_net *net, chl_error *err)
{
    chl_losses ordered = {.count = net->heads};
    for (int h = 0; h < net->heads; h++) {
        const char *name = chl_net_head_name(net, h);
        const chl_head_loss *found = find(losses, name);
        if (!found) {
            return chl_fail(err, CHL_EINVAL,
                            "train: option 'losses': expected a loss for the head '%s'",
                            name);
        }
        ordered.heads[h] = *found;
    }
    for (int i = 0; i < losses->count; i++) {
        if (!find(&ordered, losses->heads[i].name)) {
            return unknown_head(net, losses->heads[i].name, err);
        }
    }
    *losses = ordered;
    return CHL_OK;
}

chl_status chl_losses_bind(chl_losses *losses, const chl_net *net, chl_error *err)
{
    if (losses->heads[0].name) {
        CHL_TRY(order(losses, net, err));
    } else if (net->heads > 1) {
        return chl_fail(err, CHL_EINVAL,
                        "train: the net has %d heads: expected option 'losses' with one "
                        "for each",
                        net->heads);
    }
    losses->labels = 0;
    for (int h = 0; h < losses->count; h++) {
        chl_head_loss *head = &losses->heads[h];
        CHL_TRY(chl_loss_check_head(&head->loss, net, h, err));
        head->width = net->head[h].width;
        head->copies = net->head[h].copies;
        head->labels = chl_loss_labels(&head->loss, head->width);
        head->at = losses->labels;
        losses->labels += head->labels;
    }
    return CHL_OK;
}

chl_status chl_losses_check(const chl_losses *losses, const chl_net *net, int number,
                            chl_error *err)
{
    bool same = net->heads == losses->count;
    for (int h = 0; same && h < losses->count; h++) {
        CHL_TRY(chl_loss_check_head(&losses->heads[h].loss, net, h, err));
        same = net->head[h].width == losses->heads[h].width &&
               net->head[h].copies == losses->heads[h].copies;
    }
    return same ? CHL_OK
                : chl_fail(err, CHL_EINVAL,
                           "train: net %d: expected outputs like those of the first",
                           number + 1);
}

/* ---- labels and weights of a set ---- */

typedef struct reader {
    const chl_losses *losses;
    const chl_dataset *set;
    const chl_head_loss *head;
    bool training;
    char where[64]; /* starts messages: the set, and with several heads the head */
} reader;

static bool counts(const reader *r, const double *y)
{
    bool none = false;
    for (int k = 0; r->losses->count > 1 && k < r->head->labels; k++) {
        none = none || isnan(y[k]);
    }
    return !none;
}

static const double *labels_of(const reader *r, int64_t row)
{
    return r->set->y + row * r->losses->labels + r->head->at;
}

/* Checks every row's labels and weight; how many rows count, and their weight. */
static chl_status check_rows(const reader *r, int64_t *rows, double *weight,
                             chl_error *err)
{
    *rows = 0;
    *weight = 0;
    for (int64_t i = 0; i < r->set->n; i++) {
        double w = r->set->weights ? r->set->weights[i] : 1;
        if (!(w >= 0 && isfinite(w))) {
            return chl_fail(err, CHL_EINVAL,
                            "%s: row %lld: weight: expected a number >= 0, got %g",
                            r->where, (long long)i + 1, w);
        }
        if (counts(r, labels_of(r, i))) {
            CHL_TRY(chl_loss_check_label(&r->head->loss, r->head->width, labels_of(r, i),
                                         r->where, i, err));
            *weight += w;
            ++*rows;
        }
    }
    if (*rows == 0 || (!r->training && !(*weight > 0))) {
        return chl_fail(err, CHL_EINVAL, "%s: expected rows with %s, got none", r->where,
                        *rows ? "a weight above 0" : "a label");
    }
    return CHL_OK;
}

/* out[n] = what each row weighs. by_class NULL: classes weigh alike. */
static void weigh(const reader *r, int64_t rows, const double *by_class, double *out)
{
    double scale = r->training ? (double)r->set->n / (double)rows : 1;
    for (int64_t i = 0; i < r->set->n; i++) {
        const double *y = labels_of(r, i);
        out[i] = 0;
        if (counts(r, y)) {
            double weight = by_class ? by_class[(int)y[0]] : 1;
            out[i] = scale * weight * (r->set->weights ? r->set->weights[i] : 1);
        }
    }
}

static chl_status weigh_classes(const reader *r, int64_t rows, double *out,
                                chl_error *err)
{
    int classes = chl_loss_class_count(&r->head->loss, r->head->width);
    if (!r->training || classes == 0) {
        weigh(r, rows, NULL, out);
        return CHL_OK;
    }
    double *by_class = chl_calloc((size_t)classes, sizeof *by_class);
    if (!by_class) {
        return chl_fail_memory(err);
    }
    chl_status status =
        chl_loss_class_weights(&r->head->loss, classes, r->set->y + r->head->at,
                               r->losses->labels, r->set->n, by_class, err);
    if (status == CHL_OK) {
        weigh(r, rows, by_class, out);
    }
    chl_free(by_class);
    return status;
}

/* The head's labels alone, 0 where the row does not count. */
static void copy_labels(const reader *r, double *out)
{
    int labels = r->head->labels;
    for (int64_t i = 0; i < r->set->n; i++) {
        const double *y = labels_of(r, i);
        bool used = counts(r, y);
        for (int k = 0; k < labels; k++) {
            out[i * labels + k] = used ? y[k] : 0;
        }
    }
}

static chl_status init_head(const reader *r, chl_target *t, chl_error *err)
{
    int64_t rows, n = r->set->n;
    double weight;
    CHL_TRY(check_rows(r, &rows, &weight, err));
    bool alone = r->losses->count == 1;
    bool weighs = r->training || r->set->weights || rows < n;
    t->owned = chl_alloc((size_t)n,
                         (alone ? 1 : (size_t)r->head->labels + 1) * sizeof *t->owned);
    if (!t->owned) {
        return chl_fail_memory(err);
    }
    t->y = r->set->y;
    if (!alone) {
        copy_labels(r, t->owned + n);
        t->y = t->owned + n;
    }
    if (weighs) {
        t->w = t->owned;
        return weigh_classes(r, rows, t->owned, err);
    }
    return CHL_OK;
}

chl_status chl_targets_init(chl_targets *t, const chl_losses *losses,
                            const chl_dataset *set, bool training, const char *where,
                            chl_error *err)
{
    *t = (chl_targets){0};
    int labels = set->labels > 0 ? set->labels : 1;
    if (labels != losses->labels) {
        return chl_fail(err, CHL_EINVAL, "%s: labels: expected %d numbers a row, got %d",
                        where, losses->labels, labels);
    }
    for (int h = 0; h < losses->count; h++) {
        const chl_head_loss *head = &losses->heads[h];
        bool several = losses->count > 1;
        reader r = {.losses = losses, .set = set, .head = head, .training = training};
        snprintf(r.where, sizeof r.where, "%s%s%s%s", where, several ? ": head '" : "",
                 several ? head->name : "", several ? "'" : "");
        chl_status status = init_head(&r, &t->heads[h], err);
        if (status != CHL_OK) {
            chl_targets_reset(t);
            return status;
        }
    }
    return CHL_OK;
}

void chl_targets_reset(chl_targets *t)
{
    for (int h = 0; h < CHL_HEADS_MAX; h++) {
        chl_free(t->heads[h].owned);
    }
    *t = (chl_targets){0};
}
