/* SPDX-License-Identifier: MIT */
#include "core/train/checkpoint_file.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json_text.h"

#define HEADER_KEY "churnlab.checkpoint"
#define SHA256_KEY "churnlab.sha256"

static const char *const part_names[] = {"weights", "memory", "average", "best"};
static const size_t FILE_MAX = (size_t)1 << 34;
enum { NAME_SIZE = 64 };

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
        size_t bytes =
            (size_t)chl_member_state_numbers(&c->members[i]) * sizeof(chl_real);
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

chl_status chl_checkpoint_write(const chl_checkpoint *c, chl_error *err)
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
    chl_status status = json_is_object(header)
                            ? chl_checkpoint_check_header(c, path, header, err)
                            : no_checkpoint(path, HEADER_KEY, err);
    if (status == CHL_OK) {
        status = read_states(c, &file, path, header, err);
    }
    json_decref(header);
    chl_safetensors_reset(&file);
    return status;
}

chl_status chl_checkpoint_read(chl_checkpoint *c, const char *path, chl_error *err)
{
    unsigned char *bytes;
    size_t n;
    CHL_TRY(chl_file_read(path, FILE_MAX, &bytes, &n, err));
    chl_status status = read_container(c, bytes, n, path, err);
    chl_free(bytes);
    return status;
}
