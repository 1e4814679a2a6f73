/* SPDX-License-Identifier: MIT
 *
 * Losses, computed from logits in double. Layer: core/train.
 *
 * A mini-batch of B rows costs (1/B) · sum of w_i · loss_i, w_i = class weight · sample
 * weight (as in Keras; PyTorch's weighted cross-entropy divides by the sum of the weights
 * instead). A loss is a class: one file and one chl_loss_class each, listed in loss.c.
 *
 * Training minimises the whole of it. Validation shows sum w_i · loss_i / sum w_i of the
 * same formula with sample weights, but without class weights and label smoothing.
 */
#ifndef CHL_TRAIN_LOSS_H
#define CHL_TRAIN_LOSS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/options.h"
#include "core/base/status.h"
#include "core/nn/net.h"

enum { CHL_LOSS_TEXT = 96 };

typedef struct chl_loss_class chl_loss_class;

/* A batch for a loss that the caller computes. Weights are for it to multiply with. */
typedef struct chl_custom_batch {
    int task, head; /* 0-based */
    int64_t rows;
    int width, labels;
    double *z;       /* [rows × width]: logits */
    const double *y; /* [rows × labels] */
    double *w;       /* [rows] */
    double sum;      /* [OUT] sum of w_i · loss_i */
    double *g;       /* [OUT] [rows × width]: its gradient by z */
} chl_custom_batch;

typedef chl_status chl_custom_loss_fn(void *ctx, chl_custom_batch *batch, chl_error *err);

/* A class and the options of all of them; a class's table says which of them it has. */
typedef struct chl_loss {
    const chl_loss_class *class;
    double label_smoothing;     /* in [0, 1): t = (1-s) · onehot + s / classes */
    const json_t *class_weight; /* borrowed: "balanced", a list of numbers, or NULL */
    double gamma, alpha;        /* focal; alpha NAN = both outcomes count alike */
    bool squared;               /* hinge */
    double weight;              /* of its head in the total */
    int64_t labels, classes;    /* custom: numbers in a row of labels; 0 = no classes */
    bool check;                 /* custom: its gradient */
    int head;                   /* custom: its own, 0-based */
    chl_custom_loss_fn *call;   /* custom */
    void *call_ctx;
} chl_loss;

/* Rows of one head. */
typedef struct chl_loss_batch {
    int64_t rows;
    int width;         /* outputs of the head */
    int64_t ld;        /* numbers of a row of z and of g */
    const chl_real *z; /* [rows × ld]: logits */
    const double *y;   /* [rows × labels] */
    const double *w;   /* [rows]; NULL = ones */
    double scale;
    chl_real *g; /* [rows × ld], or NULL: becomes the gradient of the sum of w_i · loss_i
                    times `scale`, its padding zero */
} chl_loss_batch;

struct chl_loss_class {
    const char *name;
    const chl_option *options; /* into chl_loss, begins with CHL_LOSS_COMMON */
    const char *head;          /* what `fits` wants: "1 unit with sigmoid" */
    bool (*fits)(int width, int activation);
    int (*labels)(int width); /* numbers in a row of y; NULL: 1 */
    int (*classes)(int width); /* labels are 0 … classes - 1; NULL: they are no classes */
    /* For labels that are no classes: false, and what was expected of a row. */
    bool (*accepts)(int width, const double *y, char expected[CHL_LOSS_TEXT]);
    /* For options that only fit some heads; NULL: all do. */
    chl_status (*check)(const chl_loss *loss, int width, chl_error *err);
    /* The loss of one row; with g its gradient times `factor` in g[width]. */
    double (*row)(const chl_loss *loss, int width, const chl_real *z, const double *y,
                  double factor, chl_real *g);
};

#define CHL_LOSS_OPTION(name, type, low, high)                                           \
    {                                                                                    \
#name, type, offsetof(chl_loss, name), low, high, NULL, 0                        \
    }
#define CHL_LOSS_COMMON                                                                  \
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},                                          \
        CHL_LOSS_OPTION(weight, CHL_OPT_DOUBLE, 1e-9, 1e9)

/* All kinds, NULL-terminated. */
extern const chl_loss_class *const chl_loss_classes[];
extern const chl_loss_class chl_bce_class, chl_cross_entropy_class, chl_focal_class,
    chl_hazard_class, chl_hinge_class, chl_mse_class, chl_custom_class;

/* {"type":"bce", "weight":1, "class_weight":…, "label_smoothing":0}; without a type bce.
 */
CHL_MUST_CHECK chl_status chl_loss_read(const json_t *json, chl_loss *loss,
                                        chl_error *err);

/* Numbers in a row of labels of a head with so many outputs. */
int chl_loss_labels(const chl_loss *loss, int width);
/* Classes of such a head; 0 = its labels are none. */
int chl_loss_class_count(const chl_loss *loss, int width);

/* The head ends as the loss needs it. */
CHL_MUST_CHECK chl_status chl_loss_check_head(const chl_loss *loss, const chl_net *net,
                                              int head, chl_error *err);
/* One row of labels; `where` and the 0-based row stand in the message. */
CHL_MUST_CHECK chl_status chl_loss_check_label(const chl_loss *loss, int width,
                                               const double *y, const char *where,
                                               int64_t row, chl_error *err);
/* by_class[classes] for n rows of checked labels, `stride` numbers apart, of which NANs
 * do not count. "balanced" is n / (classes · n_c). */
CHL_MUST_CHECK chl_status chl_loss_class_weights(const chl_loss *loss, int classes,
                                                 const double *y, int64_t stride,
                                                 int64_t n, double *by_class,
                                                 chl_error *err);

/* *sum = the sum of w_i · loss_i of any loss; writes b->g. */
CHL_MUST_CHECK chl_status chl_loss_evaluate(const chl_loss *loss, const chl_loss_batch *b,
                                            double *sum, chl_error *err);
/* Fails when a custom loss gives a gradient that finite differences do not. */
CHL_MUST_CHECK chl_status chl_loss_check_gradient(const chl_loss *loss,
                                                  const chl_loss_batch *b,
                                                  chl_error *err);
/* As chl_loss_evaluate, of all but custom losses. Returns the sum of w_i · loss_i and
 * writes b->g. */
double chl_loss_batch_sum(const chl_loss *loss, const chl_loss_batch *b);

/* The survival curve of hazards h[periods]: s[j] = (1 - h[0]) … (1 - h[j]). */
void chl_hazard_survival(const double *h, int periods, double *s);

#endif
