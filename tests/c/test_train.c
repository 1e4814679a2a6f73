/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/train/train.h"

enum { N = 300, VALID = 100, D = 3 };

static const char SPEC[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":12,\"activation\":\"tanh\"},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dropout\",\"rate\":0.1},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";
static const char SHORT[] = "{\"epochs\":6,\"batch\":32,\"optimizer\":{\"type\":\"adam\","
                            "\"lr\":0.01},\"early_stop\":{\"patience\":2}}";

typedef struct fixture {
    double x[N * D], y[N];
    chl_dataset train, valid;
} fixture;

/* y depends on a product of two columns: a line cannot separate it. */
static void fill(fixture *f)
{
    chl_rng rng;
    chl_rng_init(&rng, 9, CHL_RNG_GENERAL, 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            f->x[i * D + j] = chl_rng_normal(&rng);
        }
        f->y[i] = f->x[i * D] * f->x[i * D + 1] + 0.3 * chl_rng_normal(&rng) > 0;
    }
    f->train = (chl_dataset){.x = f->x, .y = f->y, .n = N - VALID};
    f->valid =
        (chl_dataset){.x = f->x + (N - VALID) * D, .y = f->y + N - VALID, .n = VALID};
}

static void make_nets(const char *text, chl_net **nets, int n)
{
    json_t *spec = json_loads(text, 0, NULL);
    assert_non_null(spec);
    for (int i = 0; i < n; i++) {
        assert_ok(chl_net_new(spec, D, &nets[i], &err));
    }
    json_decref(spec);
}

static void free_nets(chl_net **nets, int n)
{
    for (int i = 0; i < n; i++) {
        chl_net_free(nets[i]);
    }
}

static bool same_tensors(chl_net *a, chl_net *b)
{
    for (int i = 0; i < chl_net_tensor_count(a); i++) {
        chl_tensor t = chl_net_tensor(a, i), u = chl_net_tensor(b, i);
        size_t n = (size_t)(t.shape[0] * (t.rank == 2 ? t.shape[1] : 1));
        if (memcmp(t.data, u.data, n * sizeof *t.data) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- callbacks ---- */

typedef struct heard {
    int epochs;
    int stop_at;                   /* ask to stop after this epoch; 0 = never */
    int fail_at;                   /* fail after this epoch; 0 = never */
    volatile sig_atomic_t *cancel; /* set after the second epoch; may be NULL */
    int cancel_at;
} heard;

static chl_status listen(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    heard *h = ctx;
    h->epochs++;
    *stop = h->stop_at > 0 && epoch->epoch >= h->stop_at;
    if (h->cancel && epoch->epoch == h->cancel_at) {
        *h->cancel = 1;
    }
    return epoch->epoch == h->fail_at ? chl_fail(err, CHL_EINVAL, "told to fail")
                                      : CHL_OK;
}

static chl_status run(chl_net **nets, int members, const fixture *f, const char *options,
                      const chl_control *control, heard *h, chl_history *history,
                      chl_error *err)
{
    json_t *json = json_loads(options, 0, NULL);
    assert_non_null(json);
    chl_status status =
        chl_train(nets, members, &f->train, f->valid.n > 0 ? &f->valid : NULL, json,
                  control, h ? listen : NULL, h, history, err);
    json_decref(json);
    return status;
}

/* ---- tests ---- */

static void learns(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net;
    make_nets(SPEC, &net, 1);
    chl_history history;
    assert_ok(
        run(&net, 1, &f,
            "{\"epochs\":60,\"batch\":32,\"optimizer\":{\"type\":\"adam\",\"lr\":0.02}}",
            NULL, NULL, &history, &err));
    assert_int_equal(history.count, 60);
    assert_int_equal(history.members, 1);
    assert_int_equal(history.best_epoch[0], 60);
    const chl_epoch *first = &history.epochs[0], *last = &history.epochs[59];
    assert_int_equal(first->epoch, 1);
    assert_true(last->loss < 0.7 * first->loss);
    assert_true(last->val_auc > 0.85 && last->val_auc <= 1);
    /* the figures are those of the net that is handed back */
    double p[VALID], loss = 0, wins = 0, pairs = 0;
    assert_ok(chl_net_predict(net, f.valid.x, VALID, p, &err));
    for (int i = 0; i < VALID; i++) {
        loss -= f.valid.y[i] > 0 ? log(p[i]) : log(1 - p[i]);
        for (int j = 0; j < VALID; j++) {
            bool pair = f.valid.y[i] > f.valid.y[j];
            pairs += pair;
            wins += pair ? (p[i] > p[j]) + 0.5 * (p[i] == p[j]) : 0;
        }
    }
    assert_near(last->val_loss, loss / VALID, 1e-9);
    assert_near(last->val_auc, wins / pairs, 1e-12);
    chl_history_reset(&history);
    chl_history_reset(&history);
    free_nets(&net, 1);
}

/* Every optimizer on the same net: a loss well below that of the start. */
static void optimizers_learn(void **state)
{
    (void)state;
    static const char *const options[] = {
        "{\"type\":\"adam\",\"lr\":0.02}",
        "{\"type\":\"adamw\",\"lr\":0.02}",
        "{\"type\":\"sgd\",\"lr\":0.3,\"momentum\":0.9}",
        "{\"type\":\"rmsprop\",\"lr\":0.01,\"momentum\":0.5}",
        "{\"type\":\"nadam\",\"lr\":0.02}",
        "{\"type\":\"muon\",\"lr\":0.05,\"adam_lr\":0.01}",
        "{\"type\":\"lbfgs\"}",
    };
    fixture f;
    fill(&f);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        chl_net *net;
        chl_history history;
        char text[200];
        snprintf(text, sizeof text, "{\"epochs\":30,\"batch\":32,\"optimizer\":%s}",
                 options[i]);
        make_nets(SPEC, &net, 1);
        assert_ok(run(&net, 1, &f, text, NULL, NULL, &history, &err));
        double first = history.epochs[0].loss,
               last = history.epochs[history.count - 1].loss;
        assert_true(last < 0.8 * first && last < 0.6);
        chl_history_reset(&history);
        free_nets(&net, 1);
    }
}

static void threads_change_nothing(void **state)
{
    (void)state;
    enum { M = 5 };
    fixture f;
    fill(&f);
    chl_net *alone[M], *threaded[M];
    make_nets(SPEC, alone, M);
    make_nets(SPEC, threaded, M);
    chl_history a, b;
    heard h = {0};
    chl_control two = {.threads = 2};
    assert_ok(run(alone, M, &f, SHORT, NULL, NULL, &a, &err));
    assert_ok(run(threaded, M, &f, SHORT, &two, &h, &b, &err));
    assert_int_equal(h.epochs, b.count);
    assert_int_equal(a.count, b.count);
    for (int i = 0; i < M; i++) {
        assert_true(same_tensors(alone[i], threaded[i]));
        assert_int_equal(a.best_epoch[i], b.best_epoch[i]);
    }
    assert_false(same_tensors(alone[0], alone[1]));
    for (int64_t i = 1; i < b.count; i++) {
        const chl_epoch *e = &b.epochs[i];
        assert_true(e->member > e[-1].member || e->epoch == e[-1].epoch + 1);
        assert_true(e->val_loss == a.epochs[i].val_loss);
    }
    chl_history_reset(&a);
    chl_history_reset(&b);
    free_nets(alone, M);
    free_nets(threaded, M);
}

/* Three data sets of other sizes, seeds and net counts, the last with one net of
 * number 1.
 */
static void make_tasks(const fixture *f, chl_net **nets, json_t **options,
                       chl_train_task *tasks)
{
    static const char *const texts[] = {
        "{\"epochs\":5,\"batch\":32,\"seed\":1}",
        "{\"epochs\":9,\"batch\":16,\"seed\":2,\"early_stop\":{\"patience\":9}}",
        "{\"epochs\":5,\"batch\":32,\"seed\":1}"};
    static const int members[] = {2, 3, 1};
    for (int k = 0, at = 0; k < 3; at += members[k++]) {
        options[k] = json_loads(texts[k], 0, NULL);
        assert_non_null(options[k]);
        tasks[k] = (chl_train_task){.nets = nets + at,
                                    .members = members[k],
                                    .train = f->train,
                                    .valid = k < 2 ? &f->valid : NULL,
                                    .options = options[k]};
    }
    tasks[1].train.n = 120;
    tasks[2].first = 1;
}

static void several_data_sets(void **state)
{
    (void)state;
    enum { NETS = 6 };
    fixture f;
    fill(&f);
    chl_net *pooled[NETS], *single[NETS];
    json_t *options[3];
    chl_train_task tasks[3];
    chl_history histories[3], one;
    make_nets(SPEC, single, NETS);
    make_nets(SPEC, pooled, NETS);
    make_tasks(&f, pooled, options, tasks);
    for (int threads = 1; threads <= 3; threads++) {
        chl_control control = {.threads = threads};
        heard h = {0};
        assert_ok(chl_train_all(tasks, 3, &control, listen, &h, histories, &err));
        assert_int_equal(h.epochs,
                         histories[0].count + histories[1].count + histories[2].count);
        for (int k = 0, at = 0; k < 3; at += tasks[k++].members) {
            assert_int_equal(histories[k].members, tasks[k].members);
            assert_int_equal(histories[k].epochs[0].task, k);
            if (k < 2) {
                assert_ok(chl_train(single + at, tasks[k].members, &tasks[k].train,
                                    &f.valid, options[k], NULL, NULL, NULL, &one, &err));
                chl_history_reset(&one);
                assert_true(same_tensors(pooled[at], single[at]));
                assert_true(same_tensors(pooled[at + 1], single[at + 1]));
            }
            chl_history_reset(&histories[k]);
        }
        /* number 1 of the seed, whether it is the second or the only one */
        assert_true(same_tensors(pooled[5], pooled[1]));
    }
    for (int k = 0; k < 3; k++) {
        json_decref(options[k]);
    }
    free_nets(pooled, NETS);
    free_nets(single, NETS);
}

static void several_data_sets_fail(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *nets[6];
    json_t *options[3];
    chl_train_task tasks[3];
    chl_history histories[3];
    make_nets(SPEC, nets, 6);
    make_tasks(&f, nets, options, tasks);
    assert_error(chl_train_all(tasks, 0, NULL, NULL, NULL, histories, &err),
                 "train: expected at least 1 task, got 0");
    tasks[1].train.n = 0;
    assert_error(chl_train_all(tasks, 3, NULL, NULL, NULL, histories, &err),
                 "task 2: train: expected 1 to 2147483647 rows, got 0");
    tasks[1].train.n = 120;
    chl_control two = {.threads = 2};
    heard h = {.fail_at = 7}; /* only the second task gets so far */
    assert_error(chl_train_all(tasks, 3, &two, listen, &h, histories, &err),
                 "task 2: told to fail");
    assert_null(histories[0].epochs);
    for (int k = 0; k < 3; k++) {
        json_decref(options[k]);
    }
    free_nets(nets, 6);
}

/* A net that stops early holds the weights that it had after its best epoch. */
static void early_stop_restores(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *stopped, *short_run;
    make_nets(SPEC, &stopped, 1);
    make_nets(SPEC, &short_run, 1);
    chl_history history, again;
    assert_ok(
        run(&stopped, 1, &f,
            "{\"epochs\":300,\"batch\":16,\"optimizer\":{\"type\":\"adam\",\"lr\":0.05},"
            "\"early_stop\":{\"patience\":4}}",
            NULL, NULL, &history, &err));
    int best = history.best_epoch[0];
    assert_int_equal(history.count, best + 4);
    for (int64_t i = 0; i < history.count; i++) {
        assert_true(history.epochs[i].val_loss >= history.epochs[best - 1].val_loss);
    }
    char options[256];
    snprintf(options, sizeof options,
             "{\"epochs\":%d,\"batch\":16,\"optimizer\":{\"type\":\"adam\",\"lr\":0.05}}",
             best);
    assert_ok(run(&short_run, 1, &f, options, NULL, NULL, &again, &err));
    assert_true(same_tensors(stopped, short_run));
    chl_history_reset(&history);
    chl_history_reset(&again);
    free_nets(&stopped, 1);
    free_nets(&short_run, 1);
}

/* The learning rates of the first steps of so many epochs. */
static void expect_rates(const char *options, const double *rates, int epochs)
{
    fixture f;
    fill(&f);
    chl_net *net;
    make_nets(SPEC, &net, 1);
    chl_history h;
    assert_ok(run(&net, 1, &f, options, NULL, NULL, &h, &err));
    assert_int_equal(h.count, epochs);
    for (int i = 0; i < epochs; i++) {
        assert_near(h.epochs[i].lr, rates[i], 1e-15);
    }
    chl_history_reset(&h);
    free_nets(&net, 1);
}

static void schedules(void **state)
{
    (void)state;
    static const double by_epoch[] = {0.8, 0.8, 0.8, 0.4, 0.4, 0.4, 0.2};
    expect_rates("{\"epochs\":7,\"optimizer\":{\"type\":\"sgd\",\"lr\":0.8},"
                 "\"schedules\":[{\"type\":\"step\",\"every\":3,\"factor\":0.5}]}",
                 by_epoch, 7);
    /* two steps an epoch: warm-up over the first four of eight, exponential after epochs
     */
    static const double by_step[] = {0.8 * 0.25, 0.4 * 0.75, 0.2, 0.1};
    expect_rates("{\"epochs\":4,\"batch\":100,\"optimizer\":{\"type\":\"sgd\",\"lr\":"
                 "0.8},\"schedules\":[{\"type\":\"warm_up\",\"share\":0.5},"
                 "{\"type\":\"exponential\",\"factor\":0.5}]}",
                 by_step, 4);
}

static void callbacks_stop_and_fail(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *nets[3];
    make_nets(SPEC, nets, 3);
    for (int threads = 1; threads <= 2; threads++) {
        chl_control control = {.threads = threads};
        chl_history history;
        heard h = {.stop_at = 2};
        assert_ok(run(nets, 3, &f, "{\"epochs\":50}", &control, &h, &history, &err));
        assert_int_equal(history.count, 6);
        chl_history_reset(&history);
        h = (heard){.fail_at = 3};
        assert_error(run(nets, 3, &f, "{\"epochs\":50}", &control, &h, &history, &err),
                     "told to fail");
        assert_null(history.epochs);
    }
    free_nets(nets, 3);
}

static void cancelling(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *nets[3], *expected;
    make_nets(SPEC, nets, 3);
    make_nets(SPEC, &expected, 1);
    volatile sig_atomic_t cancel = 0;
    chl_history history;
    for (int threads = 1; threads <= 2; threads++) {
        cancel = 0;
        chl_control control = {.threads = threads, .cancel = &cancel};
        heard h = {.cancel = &cancel, .cancel_at = 2};
        assert_error(run(nets, 3, &f, "{\"epochs\":500}", &control, &h, &history, &err),
                     "train: interrupted");
        assert_null(history.epochs);
    }
    /* what was learned until then is kept */
    cancel = 0;
    chl_control control = {.cancel = &cancel};
    heard h = {.cancel = &cancel, .cancel_at = 2};
    assert_int_equal(run(nets, 1, &f, "{\"epochs\":500}", &control, &h, &history, NULL),
                     CHL_ECANCELLED);
    assert_ok(run(&expected, 1, &f, "{\"epochs\":2}", NULL, NULL, &history, &err));
    assert_true(same_tensors(nets[0], expected));
    chl_history_reset(&history);
    free_nets(nets, 3);
    free_nets(&expected, 1);
}

static void weights_matter(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *nets[2];
    make_nets(SPEC, nets, 2);
    /* rows of weight 2 are rows that stand there twice: the balanced weights of a set
     * with p positives are n/(2p), given by hand */
    double positives = 0;
    for (int i = 0; i < f.train.n; i++) {
        positives += f.y[i];
    }
    double n = (double)f.train.n;
    char options[256];
    snprintf(options, sizeof options,
             "{\"epochs\":3,\"loss\":{\"type\":\"bce\",\"class_weight\":[%.17g,%.17g]}}",
             n / (2 * (n - positives)), n / (2 * positives));
    chl_history a, b;
    assert_ok(run(&nets[0], 1, &f, options, NULL, NULL, &a, &err));
    assert_ok(
        run(&nets[1], 1, &f,
            "{\"epochs\":3,\"loss\":{\"type\":\"bce\",\"class_weight\":\"balanced\"}}",
            NULL, NULL, &b, &err));
    assert_true(same_tensors(nets[0], nets[1]));
    chl_history_reset(&a);
    chl_history_reset(&b);
    double weights[N];
    for (int i = 0; i < N; i++) {
        weights[i] = f.y[i] > 0 ? n / (2 * positives) : n / (2 * (n - positives));
    }
    f.train.weights = weights;
    assert_ok(run(&nets[1], 1, &f, "{\"epochs\":3}", NULL, NULL, &b, &err));
    assert_true(same_tensors(nets[0], nets[1]));
    chl_history_reset(&b);
    free_nets(nets, 2);
}

static void numbers_that_are_none(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net;
    make_nets(SPEC, &net, 1);
    chl_history h;
    f.x[4 * D + 1] = NAN;
    assert_error(run(&net, 1, &f, "{}", NULL, NULL, &h, &err),
                 "train: row 5, column 2: expected a finite number, got NaN");
    f.x[4 * D + 1] = 1e300; /* beyond float */
    assert_error(run(&net, 1, &f, "{}", NULL, NULL, &h, &err),
                 "train: row 5, column 2: expected a finite number, got Inf");
    f.x[4 * D + 1] = 0;
    f.y[N - 1] = 0.5;
    assert_error(run(&net, 1, &f, "{}", NULL, NULL, &h, &err),
                 "valid: row 100: label: expected a whole number from 0 to 1, got 0.5");
    f.y[N - 1] = 0;
    free_nets(&net, 1);
    make_nets(
        "{\"layers\":[{\"type\":\"dense\",\"units\":9,\"activation\":\"relu\"},{\"type\":"
        "\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
        &net, 1);
    assert_error(
        run(&net, 1, &f,
            "{\"batch\":50,\"optimizer\":{\"type\":\"sgd\",\"lr\":1000,\"momentum\":"
            "0.99}}",
            NULL, NULL, &h, &err),
        "train: member 1, epoch ");
    free_nets(&net, 1);
}

static const char TWO_LAYERS[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":9,\"activation\":\"relu\"},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";

static void guard_case(const fixture *f, const char *options, const char *const *parts)
{
    static const char *const columns[] = {"Age", "Balance", "Tenure"};
    chl_error err = {0};
    chl_net *net;
    chl_history h;
    make_nets(TWO_LAYERS, &net, 1);
    json_t *json = json_loads(options, 0, NULL);
    chl_train_task task = {.nets = &net,
                           .members = 1,
                           .train = f->train,
                           .options = json,
                           .columns = columns};
    assert_int_equal(chl_train_all(&task, 1, NULL, NULL, NULL, &h, &err), CHL_ENUMERIC);
    for (int i = 0; parts[i]; i++) {
        if (!strstr(err.message, parts[i])) {
            fail_msg("expected '%s' in: %s", parts[i], err.message);
        }
    }
    json_decref(json);
    free_nets(&net, 1);
}

/* The guard names stage, batch, layer and column. */
static void what_went_wrong(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    guard_case(&f,
               "{\"batch\":50,\"optimizer\":{\"type\":\"sgd\",\"lr\":1000,"
               "\"momentum\":0.99}}",
               (const char *const[]){"train: member 1, epoch ",
                                     "expected a finite number",
                                     "a lower learning rate or clip_norm", NULL});
    f.x[4 * D + 1] = 3e38; /* a finite float, but no longer after the first layer */
    guard_case(
        &f, "{\"batch\":2,\"shuffle\":false}",
        (const char *const[]){", batch 3: loss: expected a finite number, got NaN",
                              "it began with the output of layer 1 'dense_1'",
                              "the largest input is 3e+38 in column 'Balance', row 5",
                              "(scale or clip that column)", NULL});
    f.x[4 * D + 1] = NAN;
    guard_case(
        &f, "{}",
        (const char *const[]){"train: row 5, column 'Balance': expected a finite", NULL});
}

/* A warm start begins where the other net ended: it is what one long training without
 * memory of its optimizer would be. */
static void warm_starts(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *nets[2];
    make_nets(SPEC, nets, 2);
    chl_history h;
    json_t *json = json_loads("{\"epochs\":1,\"shuffle\":false,\"optimizer\":{\"type\":"
                              "\"sgd\",\"lr\":1e-12}}",
                              0, NULL);
    assert_ok(run(&nets[0], 1, &f, SHORT, NULL, NULL, &h, &err));
    chl_history_reset(&h);
    assert_ok(chl_net_copy_numbers(nets[1], nets[0], "test", &err));
    chl_train_task task = {
        .nets = &nets[1], .members = 1, .train = f.train, .options = json, .warm = true};
    assert_ok(chl_train_all(&task, 1, NULL, NULL, NULL, &h, &err));
    chl_history_reset(&h);
    for (int i = 0; i < chl_net_tensor_count(nets[0]); i++) {
        chl_tensor a = chl_net_tensor(nets[0], i), b = chl_net_tensor(nets[1], i);
        assert_true(strstr(a.name, "running") ||
                    fabs((double)a.data[0] - (double)b.data[0]) < 1e-6);
    }
    chl_net *other;
    make_nets(TWO_LAYERS, &other, 1);
    assert_error(chl_net_copy_numbers(other, nets[0], "warm_start", &err),
                 "warm_start: expected a net with the same layers of weights");
    free_nets(&other, 1);
    make_nets("{\"layers\":[{\"type\":\"dense\",\"units\":9},{\"type\":\"batch_norm\"},"
              "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
              &other, 1);
    assert_error(
        chl_net_copy_numbers(other, nets[0], "warm_start", &err),
        "warm_start: layer 1 'dense_1': weight: expected 3 × 9 numbers, got 3 × 12");
    json_decref(json);
    free_nets(nets, 2);
    free_nets(&other, 1);
}

static void option_errors(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"epoch\":3}", "train: unknown option 'epoch' (did you mean 'epochs'?)"},
        {"{\"epochs\":0}", "train: option 'epochs': expected a number from 1"},
        {"{\"loss\":{\"type\":\"bec\"}}",
         "loss: unknown type 'bec' (did you mean 'bce'?)"},
        {"{\"loss\":{\"class_weight\":[1,-1]}}", "expected \"balanced\" or a list"},
        {"{\"optimizer\":{\"type\":\"adma\"}}", "(did you mean 'adam'?)"},
        {"{\"optimizer\":{\"type\":\"adam\",\"momentum\":0.9}}",
         "adam: unknown option 'momentum'"},
        {"{\"optimizer\":{\"type\":\"rmsprop\",\"alpha\":1}}", "rmsprop: option 'alpha'"},
        {"{\"optimizer\":{\"type\":\"muon\",\"adjust_lr\":\"orginal\"}}",
         "(did you mean 'original'?)"},
        {"{\"optimizer\":{\"type\":\"muon\",\"momentum\":0}}",
         "muon: option 'nesterov': expected a momentum above 0"},
        {"{\"optimizer\":{\"type\":\"lbfgs\",\"history\":101}}",
         "lbfgs: option 'history'"},
        {"{\"optimizer\":{\"type\":\"sgd\",\"nesterov\":true}}",
         "sgd: option 'nesterov': expected a momentum above 0"},
        {"{\"early_stop\":{\"monitor\":\"val_los\"}}", "(did you mean 'val_loss'?)"},
        {"{\"early_stop\":{\"patience\":0}}", "early_stop: option 'patience'"},
        {"{\"schedules\":[{\"type\":\"steps\"}]}", "(did you mean 'step'?)"},
        {"{\"schedules\":[{\"type\":\"step\"}]}", "step_lr: option 'every' is required"},
        {"{\"schedules\":[{\"type\":\"cosine\",\"lowest\":2}]}",
         "cosine: option 'lowest': expected a number from 0 to 1, got 2"},
        {"{\"schedules\":{}}", "train: option 'schedules': expected a list of up to 8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *options = json_loads(cases[i][0], 0, NULL);
        assert_non_null(options);
        assert_error(chl_train_check(options, &err), cases[i][1]);
        json_decref(options);
    }
    assert_ok(chl_train_check(NULL, &err));
}

static void sets_that_do_not_fit(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net;
    chl_history h;
    make_nets(
        "{\"layers\":[{\"type\":\"dense\",\"units\":2,\"activation\":\"sigmoid\"}]}",
        &net, 1);
    assert_error(
        run(&net, 1, &f, "{}", NULL, NULL, &h, &err),
        "bce: the net's last layer: expected 1 unit with sigmoid, got 2 with sigmoid");
    assert_error(
        run(&net, 1, &f, "{\"loss\":{\"type\":\"cross_entropy\"}}", NULL, NULL, &h, &err),
        "cross_entropy: the net's last layer: expected softmax");
    free_nets(&net, 1);
    make_nets(SPEC, &net, 1);
    assert_error(run(&net, 0, &f, "{}", NULL, NULL, &h, &err), "expected at least 1 net");
    f.valid.n = 1;
    assert_error(run(&net, 1, &f, "{\"early_stop\":{\"monitor\":\"val_auc\"}}", NULL,
                     NULL, &h, &err),
                 "train: monitor 'val_auc': expected a validation set with rows of "
                 "exactly two classes");
    f.valid.n = 0;
    assert_error(run(&net, 1, &f, "{\"early_stop\":{}}", NULL, NULL, &h, &err),
                 "early_stop: monitor 'val_loss': expected a validation set, got none");
    f.train.n = 0;
    assert_error(run(&net, 1, &f, "{}", NULL, NULL, &h, &err),
                 "train: expected 1 to 2147483647 rows, got 0");
    f.train.n = 1;
    assert_error(run(&net, 1, &f, "{\"loss\":{\"class_weight\":\"balanced\"}}", NULL,
                     NULL, &h, &err),
                 "has no rows");
    assert_ok(run(&net, 1, &f, "{\"epochs\":2}", NULL, NULL, &h, &err)); /* one row */
    chl_history_reset(&h);
    free_nets(&net, 1);
}

static void clipping_limits_the_step(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    chl_net *net, *start;
    make_nets(
        "{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
        &net, 1);
    chl_history h;
    assert_ok(chl_net_clone(net, &start, &err));
    chl_net_init_weights(start, 42, 0);
    assert_ok(
        run(&net, 1, &f,
            "{\"epochs\":1,\"batch\":1000,\"clip_norm\":0.001,\"optimizer\":{\"type\":"
            "\"sgd\",\"lr\":1}}",
            NULL, NULL, &h, &err));
    double moved = 0;
    for (int i = 0; i < 2; i++) {
        chl_tensor a = chl_net_tensor(net, i), b = chl_net_tensor(start, i);
        for (int64_t k = 0; k < a.shape[0]; k++) {
            moved += pow((double)a.data[k] - (double)b.data[k], 2);
        }
    }
    assert_near(sqrt(moved), 0.001, 2e-6);
    chl_history_reset(&h);
    free_nets(&net, 1);
    free_nets(&start, 1);
}

/* All inputs zero: only decay moves the weights, and nothing else tells runs apart. */
static void weight_decay_spares_biases(void **state)
{
    (void)state;
    static const char *const options[] = {
        "{\"epochs\":2,\"optimizer\":{\"type\":\"adamw\",\"weight_decay\":0}}",
        "{\"epochs\":2,\"optimizer\":{\"type\":\"adamw\",\"weight_decay\":50}}"};
    fixture f;
    fill(&f);
    memset(f.x, 0, sizeof f.x);
    chl_net *nets[2];
    make_nets(
        "{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
        nets, 2);
    for (int i = 0; i < 2; i++) {
        chl_history h;
        assert_ok(run(&nets[i], 1, &f, options[i], NULL, NULL, &h, &err));
        chl_history_reset(&h);
    }
    chl_tensor w[2] = {chl_net_tensor(nets[0], 0), chl_net_tensor(nets[1], 0)};
    chl_tensor b[2] = {chl_net_tensor(nets[0], 1), chl_net_tensor(nets[1], 1)};
    for (int k = 0; k < D; k++) { /* 4 steps of 1 - 0.001 · 50 */
        assert_near((double)w[1].data[k], (double)w[0].data[k] * pow(0.95, 4), 1e-6);
    }
    assert_true(b[0].data[0] != 0);
    assert_true(b[0].data[0] == b[1].data[0]);
    free_nets(nets, 2);
}

/* SGD with one step an epoch on a bias alone: the average can be followed by hand. */
static void the_average_is_kept(void **state)
{
    (void)state;
    fixture f;
    fill(&f);
    memset(f.x, 0, sizeof f.x);
    double bias = 0, average = 0, positive = 0;
    for (int64_t i = 0; i < f.train.n; i++) {
        positive += f.y[i] / (double)f.train.n;
    }
    for (int t = 1; t <= 20; t++) {
        bias -= 1 / (1 + exp(-bias)) - positive;
        double d = fmin(0.5, (1.0 + t) / (10.0 + t));
        average = t == 1 ? bias : d * average + (1 - d) * bias;
    }
    chl_net *net;
    chl_history h;
    make_nets(
        "{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
        &net, 1);
    assert_ok(run(&net, 1, &f,
                  "{\"epochs\":20,\"batch\":1000,\"ema\":0.5,"
                  "\"optimizer\":{\"type\":\"sgd\",\"lr\":1}}",
                  NULL, NULL, &h, &err));
    assert_near((double)chl_net_tensor(net, 1).data[0], average, 1e-6);
    assert_true(fabs(average - bias) > 1e-5);
    chl_history_reset(&h);
    free_nets(&net, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(learns),
        cmocka_unit_test(optimizers_learn),
        cmocka_unit_test(threads_change_nothing),
        cmocka_unit_test(several_data_sets),
        cmocka_unit_test(several_data_sets_fail),
        cmocka_unit_test(early_stop_restores),
        cmocka_unit_test(schedules),
        cmocka_unit_test(callbacks_stop_and_fail),
        cmocka_unit_test(cancelling),
        cmocka_unit_test(weights_matter),
        cmocka_unit_test(numbers_that_are_none),
        cmocka_unit_test(what_went_wrong),
        cmocka_unit_test(warm_starts),
        cmocka_unit_test(option_errors),
        cmocka_unit_test(sets_that_do_not_fit),
        cmocka_unit_test(clipping_limits_the_step),
        cmocka_unit_test(weight_decay_spares_biases),
        cmocka_unit_test(the_average_is_kept),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
