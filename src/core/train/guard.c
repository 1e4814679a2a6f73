/* SPDX-License-Identifier: MIT
 *
 * Where a number stopped being finite: the message names the net, the epoch, the batch,
 * the first layer or tensor at fault and the largest input of the batch. Layer:
 * core/train.
 */
#include <math.h>
#include <stdio.h>

#include "core/train/trainer.h"

static const double LARGE_INPUT = 100; /* scaled columns stay far below */

static bool all_finite(const chl_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite((double)x[i])) {
            return false;
        }
    }
    return true;
}

/* The first tensor with a number in `from` that is not finite, -1 = none; from the last
 * one on when `backwards`, which is the order of gradients. */
static int bad_tensor(const chl_net *net, const chl_real *from, bool backwards)
{
    for (int k = 0; k < net->tensor_count; k++) {
        int i = backwards ? net->tensor_count - 1 - k : k;
        const chl_param *p = &net->tensors[i];
        if (p->role != CHL_ROLE_STATE &&
            !all_finite(from + p->pack_at, chl_param_packed(p))) {
            return i;
        }
    }
    return -1;
}

static int bad_layer(const chl_pass *pass)
{
    for (int i = 0; i < pass->net->count; i++) {
        int64_t n = pass->rows * chl_row_size(pass->net->layers[i].out);
        if (!all_finite(pass->slots[i].out, n)) {
            return i;
        }
    }
    return -1;
}

typedef struct finding {
    char text[160];
} finding;

static void tell_tensor(const chl_net *net, int i, const char *of, finding *out)
{
    const chl_param *p = &net->tensors[i];
    snprintf(out->text, sizeof out->text, "it began with %s of layer %d '%s' (%s)", of,
             p->layer + 1, net->layers[p->layer].name, p->name);
}

/* What is not finite first. */
static void find(const chl_trainer *t, chl_guard_stage stage, finding *out)
{
    const chl_net *net = t->net;
    int tensor = bad_tensor(net, t->pass.packed.params, false), layer = -1;
    if (tensor >= 0) {
        tell_tensor(net, tensor, "a number", out);
    } else if (stage != CHL_GUARD_WEIGHTS && (layer = bad_layer(&t->pass)) >= 0) {
        snprintf(out->text, sizeof out->text, "it began with the output of layer %d '%s'",
                 layer + 1, net->layers[layer].name);
    } else if (stage == CHL_GUARD_GRADIENT &&
               (tensor = bad_tensor(net, t->pass.grads, true)) >= 0) {
        tell_tensor(net, tensor, "the gradient", out);
    } else {
        snprintf(out->text, sizeof out->text,
                 "the numbers of all layers are finite, their sum is not");
    }
}

typedef struct largest {
    double value;
    int64_t row;
    int column;
} largest;

static largest largest_input(const chl_trainer *t)
{
    largest found = {0};
    int64_t ld = chl_padded(t->net->inputs);
    for (int64_t i = 0; i < t->pass.rows; i++) {
        for (int j = 0; j < t->net->inputs; j++) {
            double value = (double)t->pass.input[i * ld + j];
            if (!(fabs(value) <= fabs(found.value))) {
                found = (largest){value, i, j};
            }
        }
    }
    return found;
}

static chl_status explain(chl_trainer *t, chl_guard_stage stage, double value,
                          const char *what, int epoch, int64_t batch, chl_error *err)
{
    finding first = {{0}};
    char column[CHL_COLUMN_TEXT];
    find(t, stage, &first);
    largest input = largest_input(t);
    chl_task_column(t->job->task, input.column, column, sizeof column);
    int64_t row = t->order[batch * t->pass.batch + input.row];
    return chl_fail(
        err, CHL_ENUMERIC,
        "train: member %d, epoch %d, batch %lld: %s: expected a finite number, got %s: "
        "%s; the largest input is %.4g in %s, row %lld (%s)",
        t->member + 1, epoch, (long long)batch + 1, what, isnan(value) ? "NaN" : "Inf",
        first.text, input.value, column, (long long)row + 1,
        fabs(input.value) > LARGE_INPUT ? "scale or clip that column"
                                        : "a lower learning rate or clip_norm may help");
}

chl_status chl_trainer_check(chl_trainer *t, chl_guard_stage stage, double value,
                             int epoch, int64_t batch, chl_error *err)
{
    static const char *const words[] = {
        [CHL_GUARD_LOSS] = "loss",
        [CHL_GUARD_GRADIENT] = "gradient",
        [CHL_GUARD_WEIGHTS] = "weights",
    };
    return isfinite(value) ? CHL_OK
                           : explain(t, stage, value, words[stage], epoch, batch, err);
}

chl_status chl_trainer_check_weights(chl_trainer *t, int epoch, chl_error *err)
{
    bool finite = bad_tensor(t->net, t->pass.packed.params, false) < 0;
    int64_t last = (t->job->train.n - 1) / t->pass.batch;
    return chl_trainer_check(t, CHL_GUARD_WEIGHTS, finite ? 0 : INFINITY, epoch, last,
                             err);
}
