/* SPDX-License-Identifier: MIT */
#include "core/train/checkpoint.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/train/checkpoint_file.h"

/* ---- states ---- */

void chl_member_state_reset(chl_member_state *state)
{
    json_decref(state->facts);
    chl_free(state->numbers);
    *state = (chl_member_state){0};
}

int64_t chl_member_state_numbers(const chl_member_state *state)
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
    size_t n = (size_t)chl_member_state_numbers(state);
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
    CHL_TRY(chl_checkpoint_make_header(c, task, err));
    if (path && !(c->path = chl_strdup(path))) {
        return chl_fail_memory(err);
    }
    return resume ? chl_checkpoint_read(c, resume, err) : CHL_OK;
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

chl_status chl_checkpoint_put(chl_checkpoint *c, int member, chl_member_state *state,
                              chl_error *err)
{
    pthread_mutex_lock(&c->lock);
    chl_member_state_reset(&c->members[member]);
    c->members[member] = *state;
    *state = (chl_member_state){0};
    chl_status status = c->path ? chl_checkpoint_write(c, err) : CHL_OK;
    pthread_mutex_unlock(&c->lock);
    return status;
}
