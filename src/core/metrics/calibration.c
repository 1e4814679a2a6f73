/* SPDX-License-Identifier: MIT */
#include "core/metrics/calibration.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/metrics/calibrators.h"
#include "core/metrics/class_scores.h"
#include "core/metrics/ranking.h"

typedef enum method { PLATT, ISOTONIC, TEMPERATURE } method;

static const char *const method_names[] = {"platt", "isotonic", "temperature", NULL};
enum { METHODS = sizeof method_names / sizeof method_names[0] - 1 };

struct chl_calibration {
    method method;
    int64_t rows; /* it was fitted on */
    int classes;  /* of one temperature for all; else 0 */
    chl_platt platt;
    chl_isotonic isotonic;
};

/* ---- fit and apply ---- */

static chl_status find_method(const char *name, method *out, chl_error *err)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(method_names[i], name) == 0) {
            *out = (method)i;
            return CHL_OK;
        }
    }
    return chl_fail_unknown(err, "calibration", "method", name, method_names, METHODS);
}

static chl_status check_sample(const double *y, const double *p, int64_t n,
                               chl_error *err)
{
    CHL_TRY(chl_check_labels("calibration", y, n, err));
    CHL_TRY(chl_check_probabilities("calibration", p, n, err));
    int64_t positives = 0;
    for (int64_t i = 0; i < n; i++) {
        positives += y[i] != 0;
    }
    if (positives == 0 || positives == n) {
        return chl_fail(err, CHL_EINVAL,
                        "calibration: y: expected both classes, got %lld rows of class "
                        "%d",
                        (long long)n, positives ? 1 : 0);
    }
    return CHL_OK;
}

chl_status chl_calibration_fit(const char *name, const double *y, const double *p,
                               int64_t n, chl_calibration **out, chl_error *err)
{
    *out = NULL;
    method how = PLATT;
    CHL_TRY(find_method(name, &how, err));
    CHL_TRY(check_sample(y, p, n, err));
    chl_calibration *c = chl_calloc(1, sizeof *c);
    if (!c) {
        return chl_fail_memory(err);
    }
    c->method = how;
    c->rows = n;
    chl_status status = how == ISOTONIC ? chl_isotonic_fit(y, p, n, &c->isotonic, err)
                        : how == PLATT  ? chl_platt_fit(y, p, n, &c->platt, err)
                                        : chl_temperature_fit(y, p, n, &c->platt, err);
    if (status != CHL_OK) {
        chl_calibration_free(c);
        return status;
    }
    *out = c;
    return CHL_OK;
}

chl_status chl_calibration_fit_classes(const double *y, const double *p, int64_t n,
                                       int classes, chl_calibration **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_class_scores_check("calibration", y, p, n, classes, err));
    chl_calibration *c = chl_calloc(1, sizeof *c);
    if (!c) {
        return chl_fail_memory(err);
    }
    *c = (chl_calibration){.method = TEMPERATURE, .rows = n, .classes = classes};
    chl_status status = chl_class_temperature_fit(y, p, n, classes, &c->platt.a, err);
    if (status != CHL_OK) {
        chl_calibration_free(c);
        return status;
    }
    *out = c;
    return CHL_OK;
}

int chl_calibration_classes(const chl_calibration *calibration)
{
    return calibration->classes;
}

void chl_calibration_free(chl_calibration *calibration)
{
    if (calibration) {
        chl_isotonic_reset(&calibration->isotonic);
        chl_free(calibration);
    }
}

const char *chl_calibration_method(const chl_calibration *calibration)
{
    return method_names[calibration->method];
}

void chl_calibration_apply(const chl_calibration *calibration, double *p, int64_t n)
{
    if (!calibration) {
        return;
    }
    if (calibration->classes > 0) {
        chl_class_temperature_apply(calibration->platt.a, p, n, calibration->classes);
        return;
    }
    double least = 0.5 / (double)calibration->rows;
    for (int64_t i = 0; i < n; i++) {
        if (calibration->method != ISOTONIC) {
            p[i] = chl_platt_apply(&calibration->platt, p[i]);
        } else {
            double answer = chl_isotonic_apply(&calibration->isotonic, p[i]);
            p[i] = fmin(fmax(answer, least), 1 - least);
        }
    }
}

/* ---- to JSON ---- */

static json_t *list_of(const double *values, int64_t n)
{
    json_t *list = json_array();
    for (int64_t i = 0; list && i < n; i++) {
        if (json_array_append_new(list, json_real(values[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

chl_status chl_calibration_to_json(const chl_calibration *c, json_t **out, chl_error *err)
{
    const char *name = method_names[c->method];
    json_int_t rows = c->rows;
    if (c->method != ISOTONIC) {
        *out = json_pack("{s:s, s:I, s:f, s:f}", "method", name, "rows", rows, "a",
                         c->platt.a, "b", c->platt.b);
    } else {
        json_t *x = list_of(c->isotonic.x, c->isotonic.n);
        json_t *y = list_of(c->isotonic.y, c->isotonic.n);
        *out = json_pack("{s:s, s:I, s:o, s:o}", "method", name, "rows", rows, "x", x,
                         "y", y);
    }
    if (c->classes > 0 &&
        json_object_set_new(*out, "classes", json_integer(c->classes)) != 0) {
        json_decref(*out);
        *out = NULL;
    }
    return *out ? CHL_OK : chl_fail_memory(err);
}

/* ---- from JSON ---- */

typedef struct stored {
    int method;
    int64_t rows, classes;
    double a, b;
    const json_t *x, *y;
} stored;

static chl_status damaged(chl_error *err, const char *field, const char *expected)
{
    return chl_fail(err, CHL_EFORMAT, "calibration: %s: expected %s", field, expected);
}

/* A list of n numbers in [0, 1] that never fall. */
static chl_status read_list(const json_t *list, const char *field, double *values,
                            chl_error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        double value = json_is_number(item) ? json_number_value(item) : NAN;
        if (!(value >= 0 && value <= 1) || (i > 0 && value < values[i - 1])) {
            return damaged(err, field, "numbers from 0 to 1 that never fall");
        }
        values[i] = value;
    }
    return CHL_OK;
}

static chl_status read_isotonic(const stored *s, chl_isotonic *out, chl_error *err)
{
    size_t n = json_array_size(s->x);
    if (n == 0 || json_array_size(s->y) != n) {
        return damaged(err, "x, y", "two lists of one length");
    }
    out->x = chl_alloc(n, sizeof *out->x);
    out->y = chl_alloc(n, sizeof *out->y);
    if (!out->x || !out->y) {
        return chl_fail_memory(err);
    }
    out->n = (int64_t)n;
    CHL_TRY(read_list(s->x, "x", out->x, err));
    CHL_TRY(read_list(s->y, "y", out->y, err));
    for (size_t i = 1; i < n; i++) {
        if (out->x[i] == out->x[i - 1]) {
            return damaged(err, "x", "numbers that rise");
        }
    }
    return CHL_OK;
}

/* Keys of the other method are damage as well. */
static chl_status check_keys(const json_t *json, int how, chl_error *err)
{
    const json_t *a = json_object_get(json, "a"), *b = json_object_get(json, "b");
    const json_t *x = json_object_get(json, "x"), *y = json_object_get(json, "y");
    bool curve = how != ISOTONIC;
    bool whole = curve ? json_is_number(a) && json_is_number(b)
                       : json_is_array(x) && json_is_array(y);
    size_t keys = how == TEMPERATURE && json_object_get(json, "classes") ? 5 : 4;
    if (!whole || json_object_size(json) != keys) {
        return damaged(err, method_names[how],
                       curve ? "rows, numbers a and b" : "rows, lists x and y");
    }
    return CHL_OK;
}

chl_status chl_calibration_from_json(const json_t *json, chl_calibration **out,
                                     chl_error *err)
{
    static const chl_option table[] = {
        {"method", CHL_OPT_CHOICE, offsetof(stored, method), 0, 0, method_names, 1},
        {"rows", CHL_OPT_INT, offsetof(stored, rows), 1, INT32_MAX, NULL, 1},
        {"a", CHL_OPT_DOUBLE, offsetof(stored, a), 0, 0, NULL, 0},
        {"b", CHL_OPT_DOUBLE, offsetof(stored, b), 0, 0, NULL, 0},
        {"classes", CHL_OPT_INT, offsetof(stored, classes), 2, CHL_CLASS_SCORES_MAX, NULL,
         0},
        {"x", CHL_OPT_JSON, offsetof(stored, x), 0, 0, NULL, 0},
        {"y", CHL_OPT_JSON, offsetof(stored, y), 0, 0, NULL, 0},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    *out = NULL;
    stored s = {0};
    CHL_TRY(chl_options_read(json, "calibration", table, &s, err));
    CHL_TRY(check_keys(json, s.method, err));
    if (s.classes > 0 && !(s.a > 0 && s.a <= 1e3)) {
        return damaged(err, "a", "a number above 0");
    }
    chl_calibration *c = chl_calloc(1, sizeof *c);
    if (!c) {
        return chl_fail_memory(err);
    }
    *c = (chl_calibration){
        .method = (method)s.method, .rows = s.rows, .classes = (int)s.classes};
    c->platt = (chl_platt){s.a, s.b};
    chl_status status =
        c->method == ISOTONIC ? read_isotonic(&s, &c->isotonic, err) : CHL_OK;
    if (status != CHL_OK) {
        chl_calibration_free(c);
        return status;
    }
    *out = c;
    return CHL_OK;
}
