/* SPDX-License-Identifier: MIT
 *
 * The file of a checkpoint: header, writing, reading. Layer: core/train.
 */
#include "core/train/checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json_text.h"
#include "core/base/options.h"
#include "core/nn/layer.h"

#define HEADER_KEY "churnlab.checkpoint"
#define SHA256_KEY "churnlab.sha256"

static const char *const part_names[] = {"weights", "memory", "average", "best"};
static const size_t FILE_MAX = (size_t)1 << 34;
enum { NAME_SIZE = 64 };

/* ---- states ---- */

void chl_member_state_reset(chl_member_state *state)
{
    json_decref(state->facts);
    chl_free(state->numbers);
    *state = (chl_member_state){0};
}

static int64_t numbers_of(const chl_member_state *state)
{
    int64_t n = 0;
    for (int k = 0; k < CHL_CHECKPOINT_PARTS; k++) {
        n += state->size[k];
    }
    return n;
}

chl_status chl_member_state_init(chl_member_state *state,
                                 const int64_t size[CHL_CHECKPOINT_PARTS], chl_error *err)
{
    *state = (chl_member_state){0};
    memcpy(state->size, size, sizeof state->size);
    size_t n = (size_t)numbers_of(state);
    state->numbers = chl_alloc_aligned(n, sizeof *state->numbers);
    state->facts = json_object();
    if (!state->numbers || !state->facts) {
        chl_member_state_reset(state);
        return chl_fail_memory(err);
    }
    return CHL_OK;
}

chl_real *chl_member_state_part(const chl_member_state *state, chl_checkpoint_part part)
{
    chl_real *at = state->numbers;
    for (int k = 0; k < (int)part; k++) {
        at += state->size[k];
    }
    return at;
}

/* ---- the header: what a resume must agree with ---- */

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

static chl_status make_header(chl_checkpoint *c, const chl_train_task *task,
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

static chl_status check_header(const chl_checkpoint *c, const char *path,
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

/* ---- writing ---- */

static int fill_tensors(const chl_checkpoint *c, chl_safetensor *tensors,
                        char (*names)[NAME_SIZE])
{
    int n = 0;
    for (int i = 0; i < c->count; i++) {
        const chl_member_state *state = &c->members[i];
        for (int k = 0; state->facts && k < CHL_CHECKPOINT_PARTS; k++) {
            if (state->size[k] == 0) {
                continue;
            }
            snprintf(names[n], NAME_SIZE, "member.%d.%s", i, part_names[k]);
            tensors[n] = (chl_safetensor){
                .name = names[n],
                .dtype = sizeof(chl_real) == 4 ? CHL_DTYPE_F32 : CHL_DTYPE_F64,
                .rank = 1,
                .shape = {state->size[k]},
                .data = (const unsigned char *)chl_member_state_part(
                    state, (chl_checkpoint_part)k),
                .bytes = (size_t)state->size[k] * sizeof(chl_real)};
            n++;
        }
    }
    return n;
}

/* Over the header and the numbers of all members. */
static chl_status hash_all(const chl_checkpoint *c, const char *header,
                           char hex[CHL_SHA256_HEX], chl_error *err)
{
    chl_strbuf all;
    chl_strbuf_init(&all);
    chl_strbuf_puts(&all, header);
    for (int i = 0; i < c->count; i++) {
        size_t bytes = (size_t)numbers_of(&c->members[i]) * sizeof(chl_real);
        chl_sha256_hex(c->members[i].numbers ? (const void *)c->members[i].numbers : "",
                       bytes, hex);
        chl_strbuf_puts(&all, hex);
    }
    chl_status status = all.failed ? chl_fail_memory(err) : CHL_OK;
    if (status == CHL_OK) {
        chl_sha256_hex(all.data, all.length, hex);
    }
    chl_strbuf_reset(&all);
    return status;
}

static json_t *full_header(const chl_checkpoint *c)
{
    json_t *full = json_copy(c->header), *states = json_array();
    for (int i = 0; states && i < c->count; i++) {
        json_t *facts = c->members[i].facts;
        json_array_append_new(states, facts ? json_incref(facts) : json_null());
    }
    if (!full || !states || json_array_size(states) != (size_t)c->count ||
        json_object_set_new(full, "states", states) != 0) {
        json_decref(full);
        return NULL;
    }
    return full;
}

/* The metadata of the container: header and hash. */
static chl_status make_metadata(const chl_checkpoint *c, json_t **out, chl_error *err)
{
    chl_strbuf text;
    char hex[CHL_SHA256_HEX];
    json_t *header = full_header(c);
    chl_strbuf_init(&text);
    chl_status status = header ? chl_json_text(header, &text, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = hash_all(c, text.data, hex, err);
    }
    if (status == CHL_OK) {
        *out = json_pack("{s:s, s:s}", HEADER_KEY, text.data, SHA256_KEY, hex);
        status = *out ? CHL_OK : chl_fail_memory(err);
    }
    json_decref(header);
    chl_strbuf_reset(&text);
    return status;
}

static chl_status write_file(const chl_checkpoint *c, chl_error *err)
{
    size_t most = (size_t)c->count * CHL_CHECKPOINT_PARTS;
    chl_safetensor *tensors = chl_calloc(most, sizeof *tensors);
    char(*names)[NAME_SIZE] = chl_calloc(most, sizeof *names);
    json_t *metadata = NULL;
    chl_strbuf bytes;
    chl_strbuf_init(&bytes);
    chl_status status =
        tensors && names ? make_metadata(c, &metadata, err) : chl_fail_memory(err);
    if (status == CHL_OK) {
        int n = fill_tensors(c, tensors, names);
        status = chl_safetensors_format(tensors, n, metadata, &bytes, err);
    }
    if (status == CHL_OK) {
        status = chl_file_write(c->path, bytes.data, bytes.length, err);
    }
    chl_strbuf_reset(&bytes);
    json_decref(metadata);
    chl_free(names);
    chl_free(tensors);
    return status;
}

chl_status chl_checkpoint_put(chl_checkpoint *c, int member, chl_member_state *state,
                              chl_error *err)
{
    pthread_mutex_lock(&c->lock);
    chl_member_state_reset(&c->members[member]);
    c->members[member] = *state;
    *state = (chl_member_state){0};
    chl_status status = c->path ? write_file(c, err) : CHL_OK;
    pthread_mutex_unlock(&c->lock);
    return status;
}

/* ---- reading ---- */

static chl_status no_checkpoint(const char *path, const char *what, chl_error *err)
{
    return chl_fail(err, CHL_EFORMAT, "resume: %s: %s: this is no sound checkpoint", path,
                    what);
}

/* The parts of member i that the container has. */
static chl_status read_member(const chl_safetensors *file, const char *path, int i,
                              const json_t *facts, chl_member_state *state,
                              chl_error *err)
{
    const chl_safetensor *found[CHL_CHECKPOINT_PARTS];
    int64_t size[CHL_CHECKPOINT_PARTS] = {0};
    chl_dtype type = sizeof(chl_real) == 4 ? CHL_DTYPE_F32 : CHL_DTYPE_F64;
    for (int k = 0; k < CHL_CHECKPOINT_PARTS; k++) {
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "member.%d.%s", i, part_names[k]);
        found[k] = chl_safetensors_find(file, name);
        if (found[k] && (found[k]->dtype != type || found[k]->rank != 1)) {
            return no_checkpoint(path, name, err);
        }
        size[k] = found[k] ? found[k]->shape[0] : 0;
    }
    CHL_TRY(chl_member_state_init(state, size, err));
    for (int k = 0; k < CHL_CHECKPOINT_PARTS; k++) {
        if (found[k]) {
            memcpy(chl_member_state_part(state, (chl_checkpoint_part)k), found[k]->data,
                   found[k]->bytes);
        }
    }
    json_decref(state->facts);
    state->facts = json_incref((json_t *)facts);
    return CHL_OK;
}

static chl_status read_states(chl_checkpoint *c, const chl_safetensors *file,
                              const char *path, const json_t *header, chl_error *err)
{
    const json_t *states = json_object_get(header, "states");
    if (json_array_size(states) != (size_t)c->count) {
        return no_checkpoint(path, "states", err);
    }
    for (int i = 0; i < c->count; i++) {
        const json_t *facts = json_array_get(states, (size_t)i);
        if (json_is_object(facts)) {
            CHL_TRY(read_member(file, path, i, facts, &c->members[i], err));
        }
    }
    char hex[CHL_SHA256_HEX];
    CHL_TRY(hash_all(c, chl_safetensors_metadata(file, HEADER_KEY), hex, err));
    const char *expected = chl_safetensors_metadata(file, SHA256_KEY);
    return expected && strcmp(expected, hex) == 0 ? CHL_OK
                                                  : no_checkpoint(path, "hash", err);
}

static chl_status read_container(chl_checkpoint *c, const unsigned char *bytes, size_t n,
                                 const char *path, chl_error *err)
{
    chl_safetensors file;
    CHL_TRY(chl_safetensors_parse(bytes, n, path, &file, err));
    const char *text = chl_safetensors_metadata(&file, HEADER_KEY);
    json_t *header = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    chl_status status = json_is_object(header) ? check_header(c, path, header, err)
                                               : no_checkpoint(path, HEADER_KEY, err);
    if (status == CHL_OK) {
        status = read_states(c, &file, path, header, err);
    }
    json_decref(header);
    chl_safetensors_reset(&file);
    return status;
}

static chl_status read_file(chl_checkpoint *c, const char *path, chl_error *err)
{
    unsigned char *bytes;
    size_t n;
    CHL_TRY(chl_file_read(path, FILE_MAX, &bytes, &n, err));
    chl_status status = read_container(c, bytes, n, path, err);
    chl_free(bytes);
    return status;
}

/* ---- options ---- */

typedef struct where {
    const char *path;
    int64_t every;
} where;

static chl_status read_options(const json_t *options, where *out, chl_error *err)
{
    static const chl_option table[] = {
        {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},
        {"path", CHL_OPT_STRING, offsetof(where, path), 0, 0, NULL, 1},
        {"every", CHL_OPT_INT, offsetof(where, every), 1, 1e9, NULL, 0},
        {0}};
    *out = (where){.every = 10};
    return options && !json_is_null(options)
               ? chl_options_read(options, "checkpoint", table, out, err)
               : CHL_OK;
}

chl_status chl_checkpoint_check(const json_t *options, const char *resume, chl_error *err)
{
    where at;
    CHL_TRY(read_options(options, &at, err));
    if ((at.path && !*at.path) || (resume && !*resume)) {
        return chl_fail(err, CHL_EINVAL, "%s: expected a path, got an empty text",
                        resume && !*resume ? "resume" : "checkpoint: option 'path'");
    }
    return CHL_OK;
}

static chl_status open_checkpoint(chl_checkpoint *c, const chl_train_task *task,
                                  const char *path, const char *resume, chl_error *err)
{
    c->count = task->members;
    c->members = chl_calloc((size_t)c->count, sizeof *c->members);
    if (!c->members) {
        return chl_fail_memory(err);
    }
    pthread_mutex_init(&c->lock, NULL);
    CHL_TRY(make_header(c, task, err));
    if (path && !(c->path = chl_strdup(path))) {
        return chl_fail_memory(err);
    }
    return resume ? read_file(c, resume, err) : CHL_OK;
}

chl_status chl_checkpoint_init(chl_checkpoint *c, const chl_train_task *task,
                               chl_error *err)
{
    where at;
    const char *resume = json_string_value(json_object_get(task->options, "resume"));
    *c = (chl_checkpoint){0};
    CHL_TRY(read_options(json_object_get(task->options, "checkpoint"), &at, err));
    c->every = at.every;
    return at.path || resume ? open_checkpoint(c, task, at.path, resume, err) : CHL_OK;
}

void chl_checkpoint_reset(chl_checkpoint *c)
{
    for (int i = 0; c->members && i < c->count; i++) {
        chl_member_state_reset(&c->members[i]);
    }
    if (c->members) {
        pthread_mutex_destroy(&c->lock);
    }
    chl_free(c->members);
    chl_free(c->path);
    json_decref(c->header);
    *c = (chl_checkpoint){0};
}

bool chl_checkpoint_on(const chl_checkpoint *c)
{
    return c->members != NULL;
}
