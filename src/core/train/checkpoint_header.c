/* SPDX-License-Identifier: MIT
 *
 * The header of a checkpoint: what a resume must agree with. Layer: core/train.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/nn/layer.h"
#include "core/train/checkpoint_file.h"

static void hash_numbers(const double *x, size_t n, chl_strbuf *out)
{
    char hex[CHL_SHA256_HEX] = "-";
    if (x) {
        chl_sha256_hex(x, n * sizeof *x, hex);
    }
    chl_strbuf_printf(out, "%zu:%s;", n, hex);
}

static size_t labels_of(const chl_dataset *set)
{
    return set->labels > 0 ? (size_t)set->labels : 1;
}

static void hash_set(const chl_dataset *set, int inputs, chl_strbuf *out)
{
    size_t n = set ? (size_t)set->n : 0;
    hash_numbers(set ? set->x : NULL, n * (size_t)inputs, out);
    hash_numbers(set ? set->y : NULL, set ? n * labels_of(set) : 0, out);
    hash_numbers(set ? set->weights : NULL, n, out);
}

/* SHA-256 over all numbers that training reads, those of a warm start too. */
static chl_status hash_data(const chl_train_task *task, char hex[CHL_SHA256_HEX],
                            chl_error *err)
{
    chl_strbuf all;
    chl_strbuf_init(&all);
    int inputs = task->nets[0]->inputs;
    hash_set(&task->train, inputs, &all);
    hash_set(task->valid, inputs, &all);
    for (int i = 0; task->warm && i < task->members; i++) {
        const chl_net *net = task->nets[i];
        chl_sha256_hex(net->params, (size_t)net->param_count * sizeof *net->params, hex);
        chl_strbuf_puts(&all, hex);
        chl_sha256_hex(net->state, (size_t)net->state_count * sizeof *net->state, hex);
        chl_strbuf_puts(&all, hex);
    }
    chl_sha256_hex(all.data ? all.data : "", all.length, hex);
    chl_status status = all.failed ? chl_fail_memory(err) : CHL_OK;
    chl_strbuf_reset(&all);
    return status;
}

/* The options but for those that change no weight. */
static json_t *lasting_options(const json_t *options)
{
    static const char *const free_ones[] = {"checkpoint", "resume", "time_limit",
                                            "memory_limit"};
    json_t *copy = options ? json_copy((json_t *)options) : json_object();
    for (size_t i = 0; copy && i < sizeof free_ones / sizeof *free_ones; i++) {
        json_object_del(copy, free_ones[i]);
    }
    return copy;
}

chl_status chl_checkpoint_make_header(chl_checkpoint *c, const chl_train_task *task,
                                      chl_error *err)
{
    char hex[CHL_SHA256_HEX];
    json_t *spec;
    CHL_TRY(hash_data(task, hex, err));
    CHL_TRY(chl_net_spec(task->nets[0], &spec, err));
    c->header = json_pack(
        "{s:i, s:s, s:i, s:i, s:o, s:o, s:s}", "format", CHL_CHECKPOINT_FORMAT, "number",
        sizeof(chl_real) == 4 ? "float" : "double", "members", task->members, "first",
        task->first, "net", spec, "options", lasting_options(task->options), "data", hex);
    return c->header ? CHL_OK : chl_fail_memory(err);
}

/* The first key whose value differs. */
static const char *first_difference(const json_t *now, const json_t *then)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)now, key, value) {
        if (!json_equal(value, json_object_get(then, key))) {
            return key;
        }
    }
    json_object_foreach ((json_t *)then, key, value) {
        if (!json_object_get(now, key)) {
            return key;
        }
    }
    return NULL;
}

static void describe(const json_t *value, char *out, size_t size)
{
    char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    snprintf(out, size, "%.60s", text ? text : "none");
    free(text);
}

static chl_status differs(const char *path, const char *what, const json_t *then,
                          const json_t *now, chl_error *err)
{
    char old[64], new[64];
    describe(then, old, sizeof old);
    describe(now, new, sizeof new);
    return chl_fail(err, CHL_EINVAL,
                    "resume: %s: %s: expected %s as in the checkpoint, got %s", path,
                    what, old, new);
}

chl_status chl_checkpoint_check_header(const chl_checkpoint *c, const char *path,
                                       const json_t *then, chl_error *err)
{
    const char *key = first_difference(c->header, then);
    const json_t *a = key ? json_object_get(then, key) : NULL;
    const json_t *b = key ? json_object_get(c->header, key) : NULL;
    if (!key || strcmp(key, "states") == 0) {
        return CHL_OK;
    }
    if (strcmp(key, "options") == 0) {
        char what[96];
        const char *option = first_difference(b, a);
        snprintf(what, sizeof what, "option '%s'", option ? option : "?");
        return differs(path, what, json_object_get(a, option), json_object_get(b, option),
                       err);
    }
    if (strcmp(key, "data") == 0 || strcmp(key, "net") == 0) {
        return chl_fail(err, CHL_EINVAL,
                        "resume: %s: expected the %s of the checkpoint, got another",
                        path, key[0] == 'd' ? "training and validation rows" : "net");
    }
    return differs(path, key, a, b, err);
}
