/* SPDX-License-Identifier: MIT
 *
 * Losses, computed from logits in double. Layer: core/nn.
 *
 * A mini-batch of B rows costs (1/B) · sum of w_i · loss_i, w_i = class weight · sample
 * weight (as in Keras; PyTorch's weighted cross-entropy divides by the sum of the weights
 * instead). Labels may be smoothed: t = (1-s) · onehot + s / classes.
 */
#ifndef CHL_NN_LOSS_H
#define CHL_NN_LOSS_H

#include <jansson.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/nn/net.h"

typedef enum chl_loss_type { CHL_LOSS_BCE, CHL_LOSS_CROSS_ENTROPY } chl_loss_type;

typedef struct chl_loss {
    int type;                   /* chl_loss_type */
    double label_smoothing;     /* in [0, 1) */
    const json_t *class_weight; /* borrowed: "balanced", a list of numbers, or NULL */
} chl_loss;

/* {"type":"bce"|"cross_entropy", "class_weight":…, "label_smoothing":0} */
CHL_MUST_CHECK chl_status chl_loss_read(const json_t *json, chl_loss *loss,
                                        chl_error *err);

/* The net ends as the loss needs: bce one unit with sigmoid, cross-entropy softmax. */
CHL_MUST_CHECK chl_status chl_loss_check_net(const chl_loss *loss, const chl_net *net,
                                             chl_error *err);
/* Labels are whole numbers from 0 to classes-1; `where` names the set in messages. */
CHL_MUST_CHECK chl_status chl_loss_check_labels(const chl_net *net, const double *y,
                                                int64_t n, const char *where,
                                                chl_error *err);
/* out[n] = class weight · sample weight. "balanced" is n / (classes · n_c). */
CHL_MUST_CHECK chl_status chl_loss_row_weights(const chl_loss *loss, const chl_net *net,
                                               const double *y, const double *weights,
                                               int64_t n, double *out, chl_error *err);

/* Returns sum of w_i · loss_i over the rows of logits z, each `ld` numbers long; w NULL =
 * ones. g[rows × ld], unless NULL, becomes the gradient of the sum times `scale`, its
 * padding zero. `classes` is 1 for bce. */
double chl_bce_batch(double smoothing, int64_t rows, int64_t ld, const chl_real *z,
                     const double *y, const double *w, double scale, chl_real *g);
double chl_cross_entropy_batch(double smoothing, int64_t classes, int64_t rows,
                               int64_t ld, const chl_real *z, const double *y,
                               const double *w, double scale, chl_real *g);

#endif
