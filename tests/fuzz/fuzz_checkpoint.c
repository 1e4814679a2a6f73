/* SPDX-License-Identifier: MIT
 *
 * Checkpoints from anybody. Hashes would stop every change at the door, so an input is
 * what a sound checkpoint says of its one net, as JSON, behind a byte that changes the
 * sizes of its numbers; it is written with fitting hashes. Training that goes on from it
 * ends well, or refuses it with a message.
 */
#include "fuzz.h"

#include <jansson.h>
#include <math.h>

#include "core/nn/net.h"
#include "core/train/checkpoint.h"
#include "core/train/train.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { INPUTS = 2, ROWS = 24, EPOCHS = 4, KINDS = 3 };

static const char SPEC[] =
    "{\"layers\":[{\"type\":\"dense\",\"units\":3,\"activation\":\"tanh\"},"
    "{\"type\":\"batch_norm\"},{\"type\":\"dense\",\"units\":1,\"activation\":"
    "\"sigmoid\"}]}";
static const char *const OPTIONS[KINDS] = {
    "{\"epochs\":4,\"batch\":8,\"ema\":0.5,\"early_stop\":{\"patience\":2},"
    "\"schedules\":[{\"type\":\"reduce_lr\",\"patience\":0},{\"type\":\"cosine\"}]}",
    "{\"epochs\":4,\"batch\":24,\"optimizer\":{\"type\":\"lbfgs\",\"history\":3}}",
    "{\"epochs\":4,\"batch\":8,\"optimizer\":{\"type\":\"nadam\"}}"};

static char path[64];
static char *sound[2 * KINDS];             /* facts after two epochs, and at the end */
static chl_member_state states[2 * KINDS]; /* … and their numbers */

static json_t *options_of(int kind, int resume)
{
    json_t *options = json_loads(OPTIONS[kind], 0, NULL);
    json_object_set_new(options, "checkpoint",
                        json_pack("{s:s, s:i}", "path", path, "every", 2));
    if (resume) {
        json_object_set_new(options, "resume", json_string(path));
    }
    return options;
}

static chl_status break_off(void *ctx, const chl_epoch *epoch, bool *stop, chl_error *err)
{
    (void)stop;
    return ctx && epoch->epoch == EPOCHS - 1 ? chl_fail(err, CHL_EINVAL, "broken off")
                                             : CHL_OK;
}

typedef struct run {
    double x[ROWS * INPUTS], y[ROWS];
    chl_net *net;
    chl_train_task task;
    chl_dataset valid;
} run;

static void run_init(run *r, const json_t *options)
{
    json_t *spec = json_loads(SPEC, 0, NULL);
    check(chl_net_new(spec, INPUTS, &r->net, NULL) == CHL_OK);
    json_decref(spec);
    for (int i = 0; i < ROWS * INPUTS; i++) {
        r->x[i] = sin(i * i);
    }
    for (int i = 0; i < ROWS; i++) {
        r->y[i] = r->x[i * INPUTS] > r->x[i * INPUTS + 1];
    }
    r->valid = (chl_dataset){.x = r->x, .y = r->y, .n = ROWS};
    r->task = (chl_train_task){.nets = &r->net,
                               .members = 1,
                               .train = r->valid,
                               .valid = &r->valid,
                               .options = options};
}

static chl_status go(run *r, bool broken, chl_error *err)
{
    chl_history history = {0};
    chl_status status =
        chl_train_all(&r->task, 1, NULL, break_off, broken ? r : NULL, &history, err);
    chl_history_reset(&history);
    return status;
}

/* Takes what the file at `path` holds. */
static void keep(int kind, int at)
{
    run r;
    chl_checkpoint c;
    json_t *options = options_of(kind, 1);
    run_init(&r, options);
    check(chl_checkpoint_init(&c, &r.task, NULL) == CHL_OK);
    states[at] = c.members[0];
    c.members[0] = (chl_member_state){0};
    sound[at] = json_dumps(states[at].facts, JSON_COMPACT);
    chl_checkpoint_reset(&c);
    chl_net_free(r.net);
    json_decref(options);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    snprintf(path, sizeof path, "/tmp/churnlab-fuzz-%ld.ckpt", (long)getpid());
    for (int i = 0; i < 2 * KINDS; i++) {
        run r;
        chl_error err = {0};
        json_t *options = options_of(i / 2, 0);
        run_init(&r, options);
        check((go(&r, i % 2 == 0, &err) == CHL_OK) == (i % 2 == 1));
        chl_net_free(r.net);
        json_decref(options);
        keep(i / 2, i);
    }
    return 0;
}

/* The state with other facts; bits 3 to 6 of `change` make a part one number longer, or
 * leave it out. */
static void write_state(chl_checkpoint *c, int at, const json_t *facts, uint8_t change)
{
    chl_member_state state;
    int64_t size[CHL_CHECKPOINT_PARTS];
    for (int k = 0; k < CHL_CHECKPOINT_PARTS; k++) {
        int64_t other = change & 0x80 ? 0 : states[at].size[k] + 1;
        size[k] = change >> (3 + k) & 1 ? other : states[at].size[k];
    }
    check(chl_member_state_init(&state, size, NULL) == CHL_OK);
    for (int k = 0; k < CHL_CHECKPOINT_PARTS; k++) {
        chl_checkpoint_part part = (chl_checkpoint_part)k;
        int64_t n = size[k] < states[at].size[k] ? size[k] : states[at].size[k];
        chl_real *to = chl_member_state_part(&state, part);
        for (int64_t i = 0; i < size[k]; i++) {
            to[i] = i < n ? chl_member_state_part(&states[at], part)[i] : 0;
        }
    }
    json_decref(state.facts);
    state.facts = json_incref((json_t *)facts);
    check(chl_checkpoint_put(c, 0, &state, NULL) == CHL_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *facts = size ? json_loadb((const char *)data + 1, size - 1, 0, NULL) : NULL;
    if (json_is_object(facts)) {
        int at = data[0] & 7;
        at = at < 2 * KINDS ? at : 0;
        run r;
        chl_checkpoint c;
        chl_error err = {0};
        json_t *options = options_of(at / 2, 0);
        run_init(&r, options);
        check(chl_checkpoint_init(&c, &r.task, NULL) == CHL_OK);
        write_state(&c, at, facts, data[0]);
        chl_checkpoint_reset(&c);
        json_object_del(options, "checkpoint");
        json_object_set_new(options, "resume", json_string(path));
        check(go(&r, false, &err) == CHL_OK || err.message[0] != '\0');
        unlink(path);
        chl_net_free(r.net);
        json_decref(options);
    }
    json_decref(facts);
    return 0;
}

/* Puts an extreme number in the place of one of the numbers. */
static size_t change_number(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    static const char *const numbers[] = {"0",
                                          "-1",
                                          "1",
                                          "3",
                                          "9223372036854775807",
                                          "4611686018427387903",
                                          "2147483647",
                                          "-2147483649",
                                          "1e308",
                                          "-1e-308",
                                          "null"};
    const char *number = numbers[seed % (sizeof numbers / sizeof *numbers)];
    size_t n = strlen(number), from = 1 + seed / 16 % size, to;
    while (from < size && !strchr("-0123456789", data[from])) {
        from++;
    }
    for (to = from; to < size && strchr("-.e0123456789", data[to]);) {
        to++;
    }
    if (to == from || size + n > max) {
        return LLVMFuzzerMutate(data, size, max);
    }
    memmove(data + from + n, data + to, size - to);
    memcpy(data + from, number, n);
    return size - (to - from) + n;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    int at = (int)(seed / 8 % (2 * KINDS));
    size_t n = strlen(sound[at]);
    if ((size < 2 || seed % 8 == 0) && n < max) {
        data[0] = (uint8_t)at;
        memcpy(data + 1, sound[at], n);
        return n + 1;
    }
    if (seed % 8 < 5 && size > 2) {
        return change_number(data, size, max, seed / 8);
    }
    return LLVMFuzzerMutate(data, size, max);
}
