/* SPDX-License-Identifier: MIT
 *
 * Checkpoints: interrupted or killed training goes on to the same bits.
 */
#include "train_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/train/checkpoint.h"

enum { MEMBERS = 3 };

static const char SPEC[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":12,\"activation\":\"tanh\",\"l2\":1e-4},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dropout\",\"rate\":0.1},"
    "{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}";

static char path[] = "/tmp/churnlab-checkpoint-XXXXXX";

static int make_path(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0 ? -1 : 0;
}

static int remove_path(void **state)
{
    (void)state;
    return unlink(path);
}

/* {options…, "checkpoint":{path, every}, "resume":path} as asked. */
static json_t *options_of(const char *text, int every, bool resume)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    if (every > 0) {
        json_object_set_new(json, "checkpoint",
                            json_pack("{s:s, s:i}", "path", path, "every", every));
    }
    if (resume) {
        json_object_set_new(json, "resume", json_string(path));
    }
    return json;
}

typedef struct breaker {
    int member, epoch; /* fails after this epoch of this member */
} breaker;

static chl_status break_off(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    (void)stop;
    const breaker *b = ctx;
    return b && epoch->member == b->member && epoch->epoch == b->epoch
               ? chl_fail(err, CHL_EINVAL, "broken off")
               : CHL_OK;
}

static chl_status run(chl_net **nets, int members, const train_data *f, json_t *options,
                      int threads, breaker *b, chl_history *history, chl_error *err)
{
    chl_control control = {.threads = threads};
    return chl_train(nets, members, &f->train, &f->valid, options, &control, break_off, b,
                     history, err);
}

static void same_history(const chl_history *a, const chl_history *b)
{
    assert_int_equal(a->count, b->count);
    for (int64_t i = 0; i < a->count; i++) {
        assert_int_equal(a->epochs[i].epoch, b->epochs[i].epoch);
        assert_true(a->epochs[i].lr == b->epochs[i].lr);
        assert_true(a->epochs[i].loss == b->epochs[i].loss);
        assert_true(a->epochs[i].val_loss == b->epochs[i].val_loss);
        assert_true(a->epochs[i].val_auc == b->epochs[i].val_auc);
    }
    for (int i = 0; i < a->members; i++) {
        assert_int_equal(a->best_epoch[i], b->best_epoch[i]);
        assert_int_equal(a->stopped[i], b->stopped[i]);
    }
}

/* Trains once in one go, once broken off and resumed: equal nets and histories. */
static void check_resume(const char *text, breaker b, int threads)
{
    train_data f;
    train_data_fill(&f);
    chl_net *whole[MEMBERS], *again[MEMBERS];
    chl_history first, second;
    nets_new(SPEC, whole, MEMBERS);
    nets_new(SPEC, again, MEMBERS);
    json_t *plain = options_of(text, 0, false), *writing = options_of(text, 2, false);
    json_t *resuming = options_of(text, 3, true);
    assert_ok(run(whole, MEMBERS, &f, plain, 1, NULL, &first, &err));
    assert_error(run(again, MEMBERS, &f, writing, threads, &b, &second, &err),
                 "broken off");
    assert_ok(run(again, MEMBERS, &f, resuming, threads, NULL, &second, &err));
    for (int i = 0; i < MEMBERS; i++) {
        assert_true(nets_equal(whole[i], again[i]));
    }
    same_history(&first, &second);
    chl_history_reset(&second);
    /* what is over stays as it is */
    assert_ok(run(again, MEMBERS, &f, resuming, 1, NULL, &second, &err));
    assert_true(nets_equal(whole[1], again[1]));
    same_history(&first, &second);
    chl_history_reset(&first);
    chl_history_reset(&second);
    json_decref(plain);
    json_decref(writing);
    json_decref(resuming);
    nets_free(whole, MEMBERS);
    nets_free(again, MEMBERS);
}

static void resumes_to_the_same_bits(void **state)
{
    (void)state;
    static const char *const optimizers[] = {
        "{\"type\":\"adam\",\"lr\":0.01}",
        "{\"type\":\"sgd\",\"lr\":0.1,\"momentum\":0.9,\"nesterov\":true}",
        "{\"type\":\"rmsprop\",\"momentum\":0.5,\"centered\":true}",
        "{\"type\":\"nadam\",\"lr\":0.01,\"weight_decay\":0.01}",
        "{\"type\":\"muon\"}",
        "{\"type\":\"lbfgs\",\"iterations\":3}",
    };
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        char text[400];
        snprintf(
            text, sizeof text,
            "{\"epochs\":14,\"batch\":32,\"optimizer\":%s,\"ema\":0.9,\"schedules\":["
            "{\"type\":\"reduce_lr\",\"patience\":0,\"cooldown\":1},"
            "{\"type\":\"cosine\"}],\"early_stop\":{\"patience\":5}}",
            optimizers[i]);
        check_resume(text, (breaker){0, 7}, 1);
        check_resume(text, (breaker){1, 5}, 2);
    }
    check_resume("{\"epochs\":9,\"shuffle\":false,\"clip_norm\":0.5}", (breaker){2, 8},
                 1);
}

static void wait_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* A process that trains is killed from outside, wherever it is. */
static void survives_kill(void **state)
{
    (void)state;
    static const char text[] =
        "{\"epochs\":2000,\"batch\":32,\"optimizer\":{\"type\":\"adam\",\"lr\":0.003}}";
    train_data f;
    train_data_fill(&f);
    chl_net *whole[MEMBERS], *again[MEMBERS];
    chl_history history;
    nets_new(SPEC, whole, MEMBERS);
    nets_new(SPEC, again, MEMBERS);
    unlink(path);
    pid_t child = fork();
    assert_true(child >= 0);
    json_t *writing = options_of(text, 20, false), *resuming = options_of(text, 0, true);
    if (child == 0) {
        chl_error err;
        (void)!run(again, MEMBERS, &f, writing, 2, NULL, &history, &err);
        _exit(0);
    }
    while (access(path, R_OK) != 0) {
        wait_ms(1);
    }
    wait_ms(5);
    assert_int_equal(kill(child, SIGKILL), 0);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_ok(run(again, MEMBERS, &f, resuming, 1, NULL, &history, &err));
    chl_history_reset(&history);
    json_object_del(writing, "checkpoint");
    assert_ok(run(whole, MEMBERS, &f, writing, 1, NULL, &history, &err));
    chl_history_reset(&history);
    for (int i = 0; i < MEMBERS; i++) {
        assert_true(nets_equal(whole[i], again[i]));
    }
    json_decref(writing);
    json_decref(resuming);
    nets_free(whole, MEMBERS);
    nets_free(again, MEMBERS);
}

/* ---- what does not fit ---- */

static void refused(const train_data *f, const char *spec, const char *text, int members,
                    const char *message)
{
    chl_net *nets[MEMBERS];
    chl_history history;
    nets_new(spec, nets, members);
    json_t *options = options_of(text, 0, true);
    assert_error(run(nets, members, f, options, 1, NULL, &history, &err), message);
    json_decref(options);
    nets_free(nets, members);
}

/* Trains one net to the end; the file is its checkpoint. */
static void write_file(const train_data *f, const char *text)
{
    chl_net *net;
    chl_history history;
    nets_new(SPEC, &net, 1);
    json_t *writing = options_of(text, 1, false);
    assert_ok(run(&net, 1, f, writing, 1, NULL, &history, &err));
    json_decref(writing);
    chl_history_reset(&history);
    nets_free(&net, 1);
}

static void other_training_is_refused(void **state)
{
    (void)state;
    static const char text[] = "{\"epochs\":4,\"batch\":32}";
    train_data f;
    train_data_fill(&f);
    write_file(&f, text);
    refused(&f, SPEC, "{\"epochs\":4,\"batch\":16}", 1,
            "option 'batch': expected 32 as in the checkpoint, got 16");
    refused(&f, SPEC, "{\"epochs\":4,\"batch\":32,\"ema\":0.5}", 1,
            "option 'ema': expected none as in the checkpoint, got 0.5");
    refused(&f, SPEC, "{\"epochs\":4}", 1,
            "option 'batch': expected 32 as in the checkpoint, got none");
    refused(&f, SPEC, text, 2, "members: expected 1 as in the checkpoint, got 2");
    refused(&f,
            "{\"layers\":[{\"type\":\"dense\",\"units\":1,\"activation\":\"sigmoid\"}]}",
            text, 1, "expected the net of the checkpoint, got another");
    f.x[5] += 1e-9;
    refused(&f, SPEC, text, 1,
            "expected the training and validation rows of the checkpoint, got another");
}

/* Opens the checkpoint that the options resume, and takes its first member's state. */
static chl_member_state take_state(chl_checkpoint *c, chl_net **net, train_data *f,
                                   const json_t *options)
{
    chl_train_task task = {.nets = net,
                           .members = 1,
                           .train = f->train,
                           .valid = &f->valid,
                           .options = options};
    assert_ok(chl_checkpoint_init(c, &task, &err));
    chl_member_state state = c->members[0];
    c->members[0] = (chl_member_state){0};
    return state;
}

/* A file whose hash is right but whose numbers are no places in anything. */
static void impossible_facts_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *key, *value;
    } cases[] = {{"stopped", "9"},
                 {"stopped", "-1"},
                 {"epoch", "3"},
                 {"best_epoch", "5"},
                 {"steps", "-1"},
                 {"schedules", "[[null,0,0]]"},
                 {"schedules", "[[-1,9223372036854775807,0],[null,0,0]]"},
                 {"schedules", "[[0.5,0,-1],[null,0,0]]"},
                 {"optimizer", "[4,1,-1]"}};
    train_data f;
    train_data_fill(&f);
    chl_net *net;
    nets_new(SPEC, &net, 1);
    json_t *options =
        options_of("{\"epochs\":4,\"batch\":32,\"schedules\":[{\"type\":\"reduce_lr\"},"
                   "{\"type\":\"cosine\"}]}",
                   1, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        chl_history history;
        json_object_del(options, "resume");
        assert_ok(run(&net, 1, &f, options, 1, NULL, &history, &err));
        chl_history_reset(&history);
        json_object_set_new(options, "resume", json_string(path));
        chl_checkpoint c;
        chl_member_state state_now = take_state(&c, &net, &f, options);
        json_object_set_new(state_now.facts, cases[i].key,
                            json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        assert_ok(chl_checkpoint_put(&c, 0, &state_now, &err));
        chl_checkpoint_reset(&c);
        assert_error(run(&net, 1, &f, options, 1, NULL, &history, &err),
                     "resume: member 1: expected the numbers of this net and optimizer");
    }
    json_decref(options);
    nets_free(&net, 1);
}

/* Early stopping that knows a best epoch has its weights as well. */
static void best_weights_are_there(void **state)
{
    (void)state;
    train_data f;
    train_data_fill(&f);
    chl_net *net;
    nets_new(SPEC, &net, 1);
    json_t *options = options_of("{\"epochs\":8,\"early_stop\":{}}", 2, false);
    chl_history history;
    breaker b = {0, 5};
    assert_error(run(&net, 1, &f, options, 1, &b, &history, &err), "broken off");
    json_object_set_new(options, "resume", json_string(path));
    chl_checkpoint c;
    chl_member_state state_now = take_state(&c, &net, &f, options);
    assert_true(state_now.size[CHL_PART_BEST] > 0);
    state_now.size[CHL_PART_BEST] = 0; /* the last of the parts */
    assert_ok(chl_checkpoint_put(&c, 0, &state_now, &err));
    chl_checkpoint_reset(&c);
    assert_error(run(&net, 1, &f, options, 1, NULL, &history, &err),
                 "resume: member 1: expected the numbers of this net and optimizer");
    json_decref(options);
    nets_free(&net, 1);
}

static void damage_is_found(void **state)
{
    (void)state;
    static const char text[] = "{\"epochs\":4,\"batch\":32}";
    train_data f;
    train_data_fill(&f);
    unsigned char *bytes;
    size_t n;
    write_file(&f, text);
    assert_ok(chl_file_read(path, 1 << 24, &bytes, &n, &err));
    bytes[n - 5] ^= 1;
    assert_ok(chl_file_write(path, bytes, n, &err));
    refused(&f, SPEC, text, 1, "hash: this is no sound checkpoint");
    assert_ok(chl_file_write(path, bytes, n / 2, &err));
    refused(&f, SPEC, text, 1, path);
    assert_ok(chl_file_write(path, "{}", 2, &err));
    refused(&f, SPEC, text, 1, path);
    chl_free(bytes);
    unlink(path);
    refused(&f, SPEC, text, 1, "No such file");
    assert_ok(chl_file_write(path, "", 0, &err));
    json_t *bad = json_loads("{\"checkpoint\":{\"every\":2}}", 0, NULL);
    assert_error(chl_train_check(bad, &err), "checkpoint: option 'path' is required");
    json_decref(bad);
    bad = json_loads("{\"resume\":\"\"}", 0, NULL);
    assert_error(chl_train_check(bad, &err), "resume: expected a path");
    json_decref(bad);
}

/* ---- budgets ---- */

static void time_ends_training(void **state)
{
    (void)state;
    train_data f;
    train_data_fill(&f);
    chl_net *nets[MEMBERS];
    chl_history h;
    nets_new(SPEC, nets, MEMBERS);
    json_t *options = options_of("{\"epochs\":1000000,\"time_limit\":0.15}", 0, false);
    for (int threads = 1; threads <= 2; threads++) {
        assert_ok(run(nets, MEMBERS, &f, options, threads, NULL, &h, &err));
        for (int i = 0; i < MEMBERS; i++) {
            assert_int_equal(h.stopped[i], CHL_STOP_TIME);
            assert_true(h.best_epoch[i] >= 1);
        }
        chl_history_reset(&h);
    }
    json_decref(options);
    options = options_of("{\"epochs\":3,\"time_limit\":1000}", 0, false);
    assert_ok(run(nets, 1, &f, options, 1, NULL, &h, &err));
    assert_int_equal(h.stopped[0], CHL_STOP_EPOCHS);
    chl_history_reset(&h);
    json_decref(options);
    nets_free(nets, MEMBERS);
}

static void memory_is_known_before(void **state)
{
    (void)state;
    train_data f;
    train_data_fill(&f);
    chl_net *nets[MEMBERS];
    chl_history h;
    nets_new(SPEC, nets, MEMBERS);
    json_t *options = options_of("{\"epochs\":1,\"memory_limit\":50000}", 0, false);
    assert_error(run(nets, MEMBERS, &f, options, 2, NULL, &h, &err),
                 "train: option 'memory_limit': training needs 0.2 MB, 2 nets at a time");
    json_object_set_new(options, "memory_limit", json_integer(1000000));
    assert_ok(run(nets, MEMBERS, &f, options, 2, NULL, &h, &err));
    chl_history_reset(&h);
    json_decref(options);
    nets_free(nets, MEMBERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes_to_the_same_bits),
        cmocka_unit_test(survives_kill),
        cmocka_unit_test(other_training_is_refused),
        cmocka_unit_test(impossible_facts_are_refused),
        cmocka_unit_test(best_weights_are_there),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(time_ends_training),
        cmocka_unit_test(memory_is_known_before),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, make_path, remove_path);
}
