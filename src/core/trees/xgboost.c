/* SPDX-License-Identifier: MIT */
#include "core/trees/xgboost.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/decimal.h"
#include "core/base/options.h"
#include "core/trees/xgboost_data.h"
#include "core/trees/xgboost_model.h"

/* ---- options ---- */

typedef struct settings {
    int64_t rounds, max_depth, early_stop, seed;
    double eta, min_child_weight, subsample, colsample_bytree, colsample_bylevel;
    double lambda, alpha, gamma;
} settings;

static chl_status read_settings(const json_t *options, settings *s, chl_error *err)
{
#define NUMBER(name, low, high)                                                          \
    {                                                                                    \
#name, CHL_OPT_DOUBLE, offsetof(settings, name), low, high, NULL, 0              \
    }
#define WHOLE(name, low, high)                                                           \
    {                                                                                    \
#name, CHL_OPT_INT, offsetof(settings, name), low, high, NULL, 0                 \
    }
    static const chl_option table[] = {WHOLE(rounds, 1, 100000),
                                       WHOLE(max_depth, 1, 24),
                                       WHOLE(early_stop, 0, 100000),
                                       WHOLE(seed, 0, INT32_MAX),
                                       NUMBER(eta, 1e-6, 1),
                                       NUMBER(min_child_weight, 0, 1e9),
                                       NUMBER(subsample, 1e-3, 1),
                                       NUMBER(colsample_bytree, 1e-3, 1),
                                       NUMBER(colsample_bylevel, 1e-3, 1),
                                       NUMBER(lambda, 0, 1e9),
                                       NUMBER(alpha, 0, 1e9),
                                       NUMBER(gamma, 0, 1e9),
                                       {NULL, 0, 0, 0, 0, NULL, 0}};
#undef NUMBER
#undef WHOLE
    *s = (settings){.rounds = 2000,
                    .max_depth = 4,
                    .early_stop = 50,
                    .seed = 42,
                    .eta = 0.05,
                    .min_child_weight = 1,
                    .subsample = 0.8,
                    .colsample_bytree = 1,
                    .colsample_bylevel = 0.8,
                    .lambda = 1};
    return chl_options_read(options, "trees", table, s, err);
}

chl_status chl_xgboost_check(const json_t *options, chl_error *err)
{
    settings s;
    return read_settings(options, &s, err);
}

chl_status chl_xgboost_available(chl_error *err)
{
    xgboost_library api;
    return xgboost_library_load(&api, err);
}

void chl_boost_history_reset(chl_boost_history *history)
{
    chl_free(history->val_loss);
    *history = (chl_boost_history){0};
}

/* ---- one training ---- */

typedef struct booster {
    xgboost_library api;
    settings settings;
    int64_t inputs, classes, outputs;
    const chl_boost_set *train, *valid;
    void *train_matrix, *valid_matrix; /* the library's */
    void *handle;
    const chl_control *control;
} booster;

#define CALL(b, call) XGBOOST_CALL(&(b)->api, call)

static void close_booster(booster *b)
{
    if (b->handle) {
        b->api.booster_free(b->handle);
    }
    if (b->valid_matrix) {
        b->api.matrix_free(b->valid_matrix);
    }
    if (b->train_matrix) {
        b->api.matrix_free(b->train_matrix);
    }
}

/* ---- parameters ---- */

static chl_status set_number(booster *b, const char *name, double value, chl_error *err)
{
    char text[32];
    chl_format_double(value, text);
    CALL(b, set_param(b->handle, name, text));
    return CHL_OK;
}

static chl_status set_numbers(booster *b, double base, chl_error *err)
{
    const settings *s = &b->settings;
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"eta", s->eta},
                   {"max_depth", (double)s->max_depth},
                   {"min_child_weight", s->min_child_weight},
                   {"subsample", s->subsample},
                   {"colsample_bytree", s->colsample_bytree},
                   {"colsample_bylevel", s->colsample_bylevel},
                   {"lambda", s->lambda},
                   {"alpha", s->alpha},
                   {"gamma", s->gamma},
                   {"seed", (double)s->seed},
                   {"base_score", base},
                   {"nthread", 1},
                   {"verbosity", 0}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        CHL_TRY(set_number(b, numbers[i].name, numbers[i].value, err));
    }
    return CHL_OK;
}

/* The weighted share of each class must be positive; *rate is that of class 1. */
static chl_status check_classes(const booster *b, double *rate, chl_error *err)
{
    double *sums = chl_calloc((size_t)b->classes, sizeof *sums), all = 0;
    chl_status status = sums ? CHL_OK : chl_fail_memory(err);
    for (int64_t i = 0; sums && i < b->train->n; i++) {
        double w = b->train->weights ? b->train->weights[i] : 1;
        sums[(int64_t)b->train->y[i]] += w;
        all += w;
    }
    for (int64_t k = 0; k < b->classes && status == CHL_OK; k++) {
        if (!(sums[k] > 0)) {
            status = chl_fail(err, CHL_EINVAL,
                              "trees: y: expected every class to occur, got no row of "
                              "class %lld",
                              (long long)k);
        }
    }
    *rate = status == CHL_OK ? sums[1] / all : 0;
    chl_free(sums);
    return status;
}

static chl_status set_parameters(booster *b, chl_error *err)
{
    double rate;
    CHL_TRY(check_classes(b, &rate, err));
    CALL(b, set_param(b->handle, "tree_method", "hist"));
    CALL(b, set_param(b->handle, "objective",
                      b->classes > 2 ? "multi:softprob" : "binary:logistic"));
    if (b->classes > 2) {
        CHL_TRY(set_number(b, "num_class", (double)b->classes, err));
        rate = 0.5; /* the same for all classes: it cancels */
    }
    return set_numbers(b, rate, err);
}

static chl_status open_booster(booster *b, chl_error *err)
{
    CHL_TRY(xgboost_matrix_new(&b->api, b->train, b->inputs, b->classes, &b->train_matrix,
                               err));
    if (b->valid) {
        CHL_TRY(xgboost_matrix_new(&b->api, b->valid, b->inputs, b->classes,
                                   &b->valid_matrix, err));
    }
    void *matrices[] = {b->train_matrix, b->valid_matrix};
    CALL(b, booster_new(matrices, b->valid ? 2 : 1, &b->handle));
    return set_parameters(b, err);
}

/* ---- rounds ---- */

/* The library's margins after `rounds` rounds (0 = all): n × outputs, its memory. */
static chl_status predict(booster *b, void *matrix, int64_t n, int64_t rounds,
                          const float **margins, chl_error *err)
{
    char config[128];
    const uint64_t *shape = NULL;
    uint64_t dimensions = 0, numbers = 1;
    snprintf(config, sizeof config,
             "{\"type\":1,\"training\":false,\"iteration_begin\":0,"
             "\"iteration_end\":%lld,\"strict_shape\":false}",
             (long long)rounds);
    CALL(b, predict(b->handle, matrix, config, &shape, &dimensions, margins));
    for (uint64_t i = 0; i < dimensions; i++) {
        numbers *= shape[i];
    }
    if (numbers != (uint64_t)(n * b->outputs)) {
        return chl_fail(err, CHL_EFORMAT, "XGBoost: expected %lld margins, got %llu",
                        (long long)(n * b->outputs), (unsigned long long)numbers);
    }
    return CHL_OK;
}

/* -log of the probability of class y. */
static double row_loss(const float *margins, int64_t outputs, double y)
{
    if (outputs == 1) {
        double z = y != 0 ? (double)margins[0] : -(double)margins[0];
        return log1p(exp(-fabs(z))) + fmax(-z, 0);
    }
    double highest = (double)margins[0], sum = 0;
    for (int64_t k = 1; k < outputs; k++) {
        highest = fmax(highest, (double)margins[k]);
    }
    for (int64_t k = 0; k < outputs; k++) {
        sum += exp((double)margins[k] - highest);
    }
    return log(fmax(sum, 1)) + highest - (double)margins[(int64_t)y];
}

static chl_status judge(booster *b, double *loss, chl_error *err)
{
    const float *margins;
    CHL_TRY(predict(b, b->valid_matrix, b->valid->n, 0, &margins, err));
    *loss = 0;
    for (int64_t i = 0; i < b->valid->n; i++) {
        *loss += row_loss(margins + i * b->outputs, b->outputs, b->valid->y[i]);
    }
    *loss /= (double)b->valid->n;
    return CHL_OK;
}

static void tell(const booster *b, const chl_boost_history *h)
{
    char text[96];
    double share = (double)h->rounds / (double)b->settings.rounds;
    if (b->valid) {
        snprintf(text, sizeof text, "trees: round %lld val_loss %.4f",
                 (long long)h->rounds, h->val_loss[h->rounds - 1]);
    } else {
        snprintf(text, sizeof text, "trees: round %lld", (long long)h->rounds);
    }
    chl_control_report(b->control, share, text);
}

static chl_status run(booster *b, chl_boost_history *h, chl_error *err)
{
    double least = INFINITY;
    for (int64_t i = 0; i < b->settings.rounds; i++) {
        CHL_TRY(chl_control_check(b->control, "trees", err));
        CALL(b, update(b->handle, (int)i, b->train_matrix));
        h->rounds = i + 1;
        if (!b->valid) {
            h->best = h->rounds;
        } else {
            CHL_TRY(judge(b, &h->val_loss[i], err));
            if (h->val_loss[i] < least) {
                least = h->val_loss[i];
                h->best = h->rounds;
            }
        }
        tell(b, h);
        if (b->settings.early_stop > 0 && h->rounds - h->best >= b->settings.early_stop) {
            break;
        }
    }
    return CHL_OK;
}

/* ---- the forest ---- */

/* Ours and the library's margins of the first rows agree. */
static chl_status compare(booster *b, const chl_forest *f, int64_t rounds, chl_error *err)
{
    enum { ROWS = 256 };
    int64_t n = b->train->n < ROWS ? b->train->n : ROWS;
    const float *theirs;
    CHL_TRY(predict(b, b->train_matrix, b->train->n, rounds, &theirs, err));
    float *x = chl_alloc((size_t)n, (size_t)(b->inputs + b->outputs) * sizeof *x);
    if (!x) {
        return chl_fail_memory(err);
    }
    float *ours = x + n * b->inputs;
    chl_status status = xgboost_floats(b->train->x, n, b->inputs, "x", x, err);
    if (status == CHL_OK) {
        chl_forest_margins(f, n, x, b->inputs, ours, b->outputs);
    }
    for (int64_t i = 0; i < n * b->outputs && status == CHL_OK; i++) {
        double gap = fabs((double)ours[i] - (double)theirs[i]);
        if (!(gap <= 1e-5 * fmax(1, fabs((double)theirs[i])))) {
            status = chl_fail(err, CHL_EFORMAT,
                              "XGBoost: row %lld: the saved trees answer %g, expected %g "
                              "as the library does: its version is not supported",
                              (long long)(i / b->outputs) + 1, (double)ours[i],
                              (double)theirs[i]);
        }
    }
    chl_free(x);
    return status;
}

static chl_status take_forest(booster *b, int64_t rounds, chl_forest *out, chl_error *err)
{
    uint64_t n = 0;
    const char *text = NULL;
    CALL(b, save(b->handle, "{\"format\":\"json\"}", &n, &text));
    CHL_TRY(chl_forest_from_xgboost(text, (size_t)n, rounds, out, err));
    if (out->inputs != b->inputs || out->outputs != b->outputs) {
        return chl_fail(err, CHL_EFORMAT,
                        "XGBoost's model: expected %lld columns and %lld margins, got %d "
                        "and %d",
                        (long long)b->inputs, (long long)b->outputs, (int)out->inputs,
                        (int)out->outputs);
    }
    return compare(b, out, rounds, err);
}

static chl_status fit(booster *b, chl_forest *out, chl_boost_history *h, chl_error *err)
{
    CHL_TRY(xgboost_library_load(&b->api, err));
    CHL_TRY(open_booster(b, err));
    if (b->valid) {
        h->val_loss = chl_alloc((size_t)b->settings.rounds, sizeof *h->val_loss);
        if (!h->val_loss) {
            return chl_fail_memory(err);
        }
    }
    CHL_TRY(run(b, h, err));
    return take_forest(b, h->best, out, err);
}

chl_status chl_xgboost_fit(const chl_boost_set *train, const chl_boost_set *valid,
                           int64_t inputs, int64_t classes, const json_t *options,
                           const chl_control *control, chl_forest *out,
                           chl_boost_history *history, chl_error *err)
{
    *out = (chl_forest){0};
    *history = (chl_boost_history){0};
    booster b = {.inputs = inputs,
                 .classes = classes,
                 .outputs = classes > 2 ? classes : 1,
                 .train = train,
                 .valid = valid,
                 .control = control};
    CHL_TRY(read_settings(options, &b.settings, err));
    if (inputs < 1 || classes < 2 || classes > CHL_FOREST_OUTPUTS_MAX || train->n < 1 ||
        (valid && valid->n < 1)) {
        return chl_fail(err, CHL_EINVAL,
                        "trees: expected rows, a column and two or more classes, got "
                        "%lld rows, %lld columns, %lld classes",
                        (long long)(valid && valid->n < 1 ? 0 : train->n),
                        (long long)inputs, (long long)classes);
    }
    chl_status status = fit(&b, out, history, err);
    close_booster(&b);
    if (status != CHL_OK) {
        chl_forest_reset(out);
        chl_boost_history_reset(history);
    }
    return status;
}
