/* SPDX-License-Identifier: MIT
 *
 * Losses, their labels, weights and heads: against PyTorch (tests/golden/losses.py), and
 * a training step over two heads against finite differences of the total.
 */
#include "chl_test.h"

#include <jansson.h>
#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/nn/layer.h"
#include "core/train/targets.h"

static double number(const json_t *list, size_t i)
{
    return json_number_value(json_array_get(list, i));
}

static double *numbers(const json_t *item, const char *name)
{
    const json_t *list = json_object_get(item, name);
    double *out = chl_alloc(json_array_size(list), sizeof *out);
    for (size_t i = 0; i < json_array_size(list); i++) {
        out[i] = number(list, i);
    }
    return out;
}

static chl_net *net_of(const char *text, int inputs)
{
    json_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    chl_net *net = NULL;
    assert_ok(chl_net_new(spec, inputs, &net, &err));
    json_decref(spec);
    return net;
}

/* ---- against PyTorch ---- */

static chl_net *net_for(const json_t *item)
{
    char text[128];
    snprintf(text, sizeof text,
             "{\"layers\":[{\"type\":\"dense\",\"units\":%d,\"activation\":\"%s\"}]}",
             (int)json_integer_value(json_object_get(item, "width")),
             json_string_value(json_object_get(item, "activation")));
    return net_of(text, 1);
}

static void check_gradient(const json_t *item, int64_t rows, int width, const double *g)
{
    int64_t ld = chl_padded(width);
    for (int64_t i = 0; i < rows * ld; i++) {
        int64_t row = i / ld, k = i % ld;
        double expected = 0; /* of the padding */
        if (k < width) {
            expected =
                number(json_object_get(item, "gradient"), (size_t)(row * width + k));
        }
        assert_near(g[i], 0.25 * expected, 1e-13 * (1 + fabs(expected)));
    }
}

static void check_case(const json_t *item)
{
    chl_losses losses;
    chl_targets targets;
    chl_net *net = net_for(item);
    double *z = numbers(item, "z"), *y = numbers(item, "y"), *w = numbers(item, "w");
    int64_t rows = (int64_t)json_array_size(json_object_get(item, "w"));
    int width = net->outputs;
    assert_ok(chl_losses_read(json_object_get(item, "loss"), NULL, &losses, &err));
    assert_ok(chl_losses_bind(&losses, net, &err));
    chl_dataset set = {.y = y, .weights = w, .n = rows, .labels = losses.labels};
    assert_ok(chl_targets_init(&targets, &losses, &set, true, "train", &err));
    int64_t ld = chl_padded(width);
    double *logits = chl_calloc((size_t)(rows * ld), sizeof *logits);
    double *g = chl_alloc((size_t)(rows * ld), sizeof *g);
    for (int64_t i = 0; i < rows; i++) {
        memcpy(logits + i * ld, z + i * width, (size_t)width * sizeof *z);
    }
    chl_loss_batch batch = {.rows = rows,
                            .width = width,
                            .ld = ld,
                            .z = logits,
                            .y = targets.heads[0].y,
                            .w = targets.heads[0].w,
                            .scale = 0.25,
                            .g = g};
    double expected = json_number_value(json_object_get(item, "value"));
    double sum = chl_loss_batch_sum(&losses.heads[0].loss, &batch);
    assert_near(sum, expected, 1e-12 * (1 + expected));
    check_gradient(item, rows, width, g);
    batch.g = NULL;
    assert_true(chl_loss_batch_sum(&losses.heads[0].loss, &batch) == sum);
    chl_targets_reset(&targets);
    chl_net_free(net);
    chl_free(z);
    chl_free(y);
    chl_free(w);
    chl_free(logits);
    chl_free(g);
}

static void as_pytorch(void **state)
{
    (void)state;
    json_t *golden = json_load_file("tests/golden/losses.json", 0, NULL);
    assert_non_null(golden);
    size_t i;
    const json_t *item;
    json_array_foreach (golden, i, item) {
        check_case(item);
    }
    assert_int_equal(i, 16);
    json_decref(golden);
}

/* Far from 0 the losses are what their limits are. */
static void extremes(void **state)
{
    (void)state;
    static const double z[] = {800, -800}, ones[] = {1, 0};
    static const char *const types[] = {"bce", "focal"};
    for (size_t i = 0; i < 2; i++) {
        json_t *json = json_pack("{s:s}", "type", types[i]);
        chl_loss loss;
        assert_ok(chl_loss_read(json, &loss, &err));
        for (int k = 0; k < 2; k++) {
            double g, right = loss.class->row(&loss, 1, &z[k], &ones[k], 1, &g);
            assert_true(right >= 0 && right < 1e-300 && fabs(g) < 1e-300);
            double wrong = loss.class->row(&loss, 1, &z[k], &ones[1 - k], 1, &g);
            assert_near(wrong, 800, 1e-9);
            assert_near(fabs(g), 1, 1e-12);
        }
        json_decref(json);
    }
}

static void survival(void **state)
{
    (void)state;
    static const double h[] = {0.5, 0, 0.2};
    double s[3];
    chl_hazard_survival(h, 3, s);
    assert_near(s[0], 0.5, 0);
    assert_near(s[1], 0.5, 0);
    assert_near(s[2], 0.4, 1e-16);
}

/* ---- two heads ---- */

enum { N = 9, INPUTS = 3, LABELS = 3 };

static const char TWO[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":4,\"activation\":\"tanh\",\"name\":"
    "\"trunk\"},{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\",\"name\":"
    "\"churn\"},{\"type\":\"dense\",\"units\":3,\"activation\":\"sigmoid\",\"name\":"
    "\"when\",\"from\":\"trunk\"}],\"heads\":[\"churn\",\"when\"]}";
static const char LOSSES[] =
    "{\"losses\":{\"when\":{\"type\":\"hazard\",\"weight\":0.3},\"churn\":{\"type\":"
    "\"bce\",\"class_weight\":[1,2]}},\"epochs\":1,\"batch\":100,\"optimizer\":{\"type\":"
    "\"sgd\",\"lr\":1}}";

typedef struct fixture {
    double x[N * INPUTS], y[N * LABELS], w[N];
    chl_dataset set;
    json_t *options;
} fixture;

static void fill(fixture *f)
{
    chl_rng rng;
    chl_rng_init(&rng, 5, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N * INPUTS; i++) {
        f->x[i] = chl_rng_normal(&rng);
    }
    for (int i = 0; i < N; i++) {
        f->w[i] = 0.5 + chl_rng_uniform(&rng);
        f->y[i * LABELS] = i % 2;
        f->y[i * LABELS + 1] = 1 + i % 3;
        f->y[i * LABELS + 2] = i % 4 == 0;
    }
    f->y[2 * LABELS] = NAN; /* two rows do not count for churn */
    f->y[5 * LABELS] = NAN;
    f->y[4 * LABELS + 1] = NAN; /* and one not for when */
    f->set =
        (chl_dataset){.x = f->x, .y = f->y, .weights = f->w, .n = N, .labels = LABELS};
    f->options = json_loads(LOSSES, 0, NULL);
    assert_non_null(f->options);
}

static double log_loss(double p, double y)
{
    return y > 0.5 ? -log(p) : -log(1 - p);
}

/* The loss of both heads straight from the net's outputs; class weights as given. */
static double total(const fixture *f, chl_net *net, double positive, double each[2],
                    bool mean_of_weights)
{
    double p[N * 4], sum[2] = {0, 0}, count[2] = {0, 0};
    assert_ok(chl_net_predict(net, f->x, N, p, &err));
    for (int i = 0; i < N; i++) {
        const double *y = f->y + i * LABELS;
        if (!isnan(y[0])) {
            sum[0] += f->w[i] * (y[0] > 0 ? positive : 1) * log_loss(p[i * 4], y[0]);
            count[0] += mean_of_weights ? f->w[i] : 1;
        }
        if (!isnan(y[1])) {
            for (int j = 0; j < (int)y[1]; j++) {
                sum[1] +=
                    f->w[i] * log_loss(p[i * 4 + 1 + j], j == (int)y[1] - 1 ? y[2] : 0);
            }
            count[1] += mean_of_weights ? f->w[i] : 1;
        }
    }
    each[0] = sum[0] / count[0];
    each[1] = sum[1] / count[1];
    return each[0] + 0.3 * each[1];
}

static void heads_descend(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net = net_of(TWO, INPUTS), *start = net_of(TWO, INPUTS);
    chl_history h;
    double each[2];
    chl_net_init_weights(start, 42, 0);
    assert_ok(chl_train(&net, 1, &f.set, &f.set, f.options, NULL, NULL, NULL, &h, &err));
    assert_near(h.epochs[0].loss, total(&f, start, 2, each, false), 1e-12);
    for (int i = 0; i < chl_net_tensor_count(start); i++) {
        chl_tensor before = chl_net_tensor(start, i), after = chl_net_tensor(net, i);
        for (int64_t k = 0; k < before.shape[0] * before.shape[1]; k++) {
            double held = before.data[k], step = 1e-5;
            before.data[k] = held + step;
            double up = total(&f, start, 2, each, false);
            before.data[k] = held - step;
            double down = total(&f, start, 2, each, false);
            before.data[k] = held;
            assert_near(held - after.data[k], (up - down) / (2 * step), 1e-8);
        }
    }
    double expected = total(&f, net, 1, each, true);
    assert_int_equal(h.epochs[0].heads, 2);
    assert_near(h.epochs[0].val_loss, expected, 1e-12);
    assert_near(h.epochs[0].val_head[0], each[0], 1e-12);
    assert_near(h.epochs[0].val_head[1], each[1], 1e-12);
    chl_history_reset(&h);
    chl_net_free(net);
    chl_net_free(start);
    json_decref(f.options);
}

/* The AUC of weighted rows is that of rows which stand there as often. */
static void weighted_auc(void **state)
{
    (void)state;
    static const double y[] = {0, 1, 0, 1, 1}, w[] = {2, 1, 3, 0, 1};
    static const double x[] = {1, 1, 2, 5, 3};
    chl_dataset set = {.x = x, .y = y, .weights = w, .n = 5};
    chl_net *net = net_of("{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":"
                          "\"sigmoid\"}]}",
                          1);
    json_t *options = json_loads("{\"epochs\":1,\"optimizer\":{\"type\":\"sgd\",\"lr\":"
                                 "1e-12}}",
                                 0, NULL);
    chl_history h;
    assert_ok(chl_train(&net, 1, &set, &set, options, NULL, NULL, NULL, &h, &err));
    double up = chl_net_tensor(net, 0).data[0] > 0 ? 1 : 0;
    /* the positives are 1 (ties with 2 negatives, below 3) and 3 (above all) */
    double auc = (0.5 * 2 + 0 * 3 + 5) / (2 * 5.0);
    assert_near(h.epochs[0].val_auc, up > 0 ? auc : 1 - auc, 1e-15);
    chl_history_reset(&h);
    chl_net_free(net);
    json_decref(options);
}

/* ---- refusals ---- */

static chl_status bind(const char *spec, const char *loss, const char *losses,
                       chl_error *err)
{
    chl_net *net = net_of(spec, INPUTS);
    json_t *one = loss ? json_loads(loss, 0, NULL) : NULL;
    json_t *list = losses ? json_loads(losses, 0, NULL) : NULL;
    chl_losses out;
    chl_status status = chl_losses_read(one, list, &out, err);
    if (status == CHL_OK) {
        status = chl_losses_bind(&out, net, err);
    }
    json_decref(one);
    json_decref(list);
    chl_net_free(net);
    return status;
}

#define DENSE(units, activation)                                                         \
    "{\"layers\":[{\"type\":\"dense\",\"units\":" units ",\"activation\":\"" activation  \
    "\"}]}"

static void heads_that_do_not_fit(void **state)
{
    (void)state;
    assert_error(bind(DENSE("1", "linear"), "{}", NULL, &err),
                 "bce: the net's last layer: expected 1 unit with sigmoid, got 1 with "
                 "linear");
    assert_error(bind(DENSE("2", "sigmoid"), "{\"type\":\"focal\"}", NULL, &err),
                 "focal: the net's last layer: expected 1 unit with sigmoid, or softmax "
                 "over the classes, got 2 with sigmoid");
    assert_error(
        bind(DENSE("2", "softmax"), "{\"type\":\"focal\",\"alpha\":0.3}", NULL, &err),
        "focal: option 'alpha': expected a head of 1 unit, got 2");
    assert_error(bind(DENSE("2", "softmax"), "{\"type\":\"mse\"}", NULL, &err),
                 "mse: the net's last layer: expected units without sigmoid or softmax");
    assert_error(bind(DENSE("1", "tanh"), "{\"type\":\"hinge\"}", NULL, &err),
                 "hinge: the net's last layer: expected 1 unit, linear or with sigmoid");
    assert_error(bind(DENSE("3", "softmax"), "{\"type\":\"hazard\"}", NULL, &err),
                 "hazard: the net's last layer: expected a unit a period with sigmoid");
    assert_error(
        bind(TWO, "{}", NULL, &err),
        "train: the net has 2 heads: expected option 'losses' with one for each");
    assert_error(bind(TWO, NULL, "{\"churn\":{}}", &err),
                 "train: option 'losses': expected a loss for the head 'when'");
    assert_error(
        bind(TWO, NULL, "{\"churn\":{},\"when\":{\"type\":\"hazard\"},\"wen\":{}}", &err),
        "train: losses: unknown head 'wen' (did you mean 'when'?)");
    assert_error(bind(TWO, NULL, "{\"churn\":{},\"when\":{}}", &err),
                 "bce: head 'when': expected 1 unit with sigmoid, got 3 with sigmoid");
    assert_error(bind(TWO, NULL, "{\"churn\":{\"type\":\"bec\"}}", &err),
                 "head 'churn': loss: unknown type 'bec' (did you mean 'bce'?)");
    assert_error(bind(TWO, "{}", "{\"churn\":{}}", &err), "either 'loss' or 'losses'");
    assert_error(bind(TWO, NULL, "[]", &err), "option 'losses': expected a table");
    assert_error(bind(TWO, "{\"type\":\"hinge\",\"gamma\":2}", NULL, &err),
                 "hinge: unknown option 'gamma'");
    assert_error(bind(TWO, "{\"type\":7}", NULL, &err),
                 "loss: option 'type': expected a string, got an integer");
    assert_error(bind(TWO, "{\"weight\":0}", NULL, &err),
                 "bce: option 'weight': expected a number from 1e-09");
}

static void labels_that_do_not_fit(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net = net_of(TWO, INPUTS);
    chl_history h;
#define TRAIN chl_train(&net, 1, &f.set, &f.set, f.options, NULL, NULL, NULL, &h, &err)
    f.y[1] = 4;
    assert_error(TRAIN, "train: head 'when': row 1: label: expected a whole number of "
                        "periods from 1 to 3, got 4");
    f.y[1] = 0;
    assert_error(TRAIN, "periods from 1 to 3, got 0"); /* an event needs a period */
    f.y[2] = 0.5;
    assert_error(TRAIN, "a period and an event that is 0 or 1");
    f.y[1] = 1;
    f.y[2] = 1;
    f.w[3] = -1;
    assert_error(TRAIN, "train: head 'churn': row 4: weight: expected a number >= 0");
    f.w[3] = 1;
    f.set.labels = 2;
    assert_error(TRAIN, "train: labels: expected 3 numbers a row, got 2");
    f.set.labels = LABELS;
    for (int i = 0; i < N; i++) {
        f.y[i * LABELS] = NAN;
    }
    assert_error(TRAIN, "train: head 'churn': expected rows with a label, got none");
    json_object_set_new(f.options, "early_stop",
                        json_pack("{s:s}", "monitor", "val_loss_wenn"));
    assert_error(TRAIN, "early_stop: unknown head of the monitor 'wenn' (did you mean "
                        "'when'?)");
    chl_net_free(net);
    json_decref(f.options);
    net = net_of(DENSE("2", "linear"), INPUTS);
    f.options = json_loads("{\"loss\":{\"type\":\"mse\"}}", 0, NULL);
    f.set.labels = 2;
    f.y[0] = f.y[1] = 1;
    f.y[3] = INFINITY;
    assert_error(TRAIN, "train: row 2: label: expected a finite number, got");
    memset(f.y, 0, sizeof f.y);
    memset(f.w, 0, sizeof f.w);
    assert_error(TRAIN, "valid: expected rows with a weight above 0, got none");
    chl_net_free(net);
    json_decref(f.options);
}

/* ---- a loss of the caller's ---- */

/* Half of the squares, from the logits to the labels; ctx: a factor of the gradient. */
static chl_status squares(void *ctx, chl_custom_batch *b, chl_error *err)
{
    (void)err;
    b->sum = 0;
    for (int64_t i = 0; i < b->rows * b->width; i++) {
        double d = b->z[i] - b->y[i], w = b->w[i / b->width];
        b->sum += w * d * d / 2;
        b->g[i] = w * d * *(const double *)ctx;
    }
    return CHL_OK;
}

static void custom_losses(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    for (int i = 0; i < N * 2; i++) {
        f.y[i] = 0.1 * i;
    }
    f.set.labels = 2;
    json_t *own =
        json_loads("{\"epochs\":4,\"loss\":{\"type\":\"lua\",\"labels\":2}}", 0, NULL);
    json_t *mse = json_loads("{\"epochs\":4,\"loss\":{\"type\":\"mse\"}}", 0, NULL);
    chl_net *nets[2] = {net_of(DENSE("2", "linear"), INPUTS),
                        net_of(DENSE("2", "linear"), INPUTS)};
    double factor = 1;
    chl_train_task tasks[2] = {
        {.nets = nets, .members = 1, .train = f.set, .options = mse},
        {.nets = nets + 1, .members = 1, .train = f.set, .options = own}};
    chl_history h[2];
    assert_error(chl_train_all(tasks, 2, NULL, NULL, NULL, h, &err),
                 "task 2: train: a loss of type 'lua': expected its function, got none");
    tasks[1].custom = squares;
    tasks[1].custom_ctx = &factor;
    assert_ok(chl_train_all(tasks, 2, NULL, NULL, NULL, h, &err));
    for (int i = 0; i < 4; i++) {
        assert_near(h[1].epochs[i].loss, h[0].epochs[i].loss, 1e-12);
    }
    chl_history_reset(&h[0]);
    chl_history_reset(&h[1]);
    factor = -1;
    assert_error(chl_train_all(tasks, 2, NULL, NULL, NULL, h, &err),
                 "lua_loss: row 1 of the first batch, output 1: the gradient is");
    for (int i = 0; i < 2; i++) {
        chl_net_free(nets[i]);
    }
    json_decref(own);
    json_decref(mse);
    json_decref(f.options);
}

/* A head's own figure can be watched. */
static void monitors_of_heads(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net = net_of(TWO, INPUTS);
    chl_history h;
    json_object_set_new(f.options, "epochs", json_integer(40));
    json_object_set_new(
        f.options, "early_stop",
        json_pack("{s:s, s:i}", "monitor", "val_loss_when", "patience", 40));
    assert_ok(TRAIN);
    int best = 0;
    for (int i = 1; i < h.count; i++) {
        best = h.epochs[i].val_head[1] < h.epochs[best].val_head[1] ? i : best;
    }
    assert_int_equal(h.best_epoch[0], best + 1);
    chl_history_reset(&h);
    chl_net_free(net);
    json_decref(f.options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_pytorch),
        cmocka_unit_test(extremes),
        cmocka_unit_test(survival),
        cmocka_unit_test(heads_descend),
        cmocka_unit_test(weighted_auc),
        cmocka_unit_test(heads_that_do_not_fit),
        cmocka_unit_test(labels_that_do_not_fit),
        cmocka_unit_test(custom_losses),
        cmocka_unit_test(monitors_of_heads),
    };
    return cmocka_run_group_tests_name("losses", tests, NULL, NULL);
}
