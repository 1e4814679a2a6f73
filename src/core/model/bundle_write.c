/* SPDX-License-Identifier: MIT */
#include "core/model/bundle.h"

#include <stdio.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/json_text.h"
#include "core/model/bundle_private.h"
#include "core/model/model_json.h"
#include "core/model/model_private.h"

/* Everything that goes into the file, while it is made. */
typedef struct parts {
    chl_safetensor *tensors;               /* [count] */
    char (*names)[CHL_BUNDLE_TENSOR_NAME]; /* [count] */
    unsigned char *data;                   /* all tensors' bytes */
    int count;
    json_t *metadata; /* of the container: key → text */
    json_t *hashes;   /* part → hex */
} parts;

static void reset_parts(parts *p)
{
    chl_free(p->tensors);
    chl_free(p->names);
    chl_free(p->data);
    json_decref(p->metadata);
    json_decref(p->hashes);
    *p = (parts){0};
}

static chl_status add_hash(parts *p, const char *name, const void *bytes, size_t n,
                           chl_error *err)
{
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(bytes, n, hex);
    return json_object_set_new(p->hashes, name, json_string(hex)) == 0
               ? CHL_OK
               : chl_fail_memory(err);
}

/* Stores a text in the container's metadata and hashes it. */
static chl_status add_text(parts *p, const char *key, const char *text, chl_error *err)
{
    CHL_TRY(add_hash(p, key, text, strlen(text), err));
    return json_object_set_new(p->metadata, key, json_string(text)) == 0
               ? CHL_OK
               : chl_fail_memory(err);
}

static chl_status add_json(parts *p, const char *key, const json_t *json, chl_error *err)
{
    chl_strbuf text = {0};
    chl_status status = chl_json_text(json, &text, err);
    if (status == CHL_OK) {
        status = add_text(p, key, text.data, err);
    }
    chl_strbuf_reset(&text);
    return status;
}

static chl_status add_model(const chl_model *model, parts *p, chl_error *err)
{
    if (model->text) {
        return add_text(p, CHL_BUNDLE_MODEL_KEY, model->text, err);
    }
    json_t *json = NULL;
    CHL_TRY(chl_model_to_json(model, &json, err));
    chl_status status = add_json(p, CHL_BUNDLE_MODEL_KEY, json, err);
    json_decref(json);
    return status;
}

static size_t count_numbers(const chl_model *model, int *tensors)
{
    size_t numbers = 0;
    for (int k = 0; k < model->part_count; k++) {
        for (int m = 0; m < model->parts[k]->held; m++) {
            chl_net *net = model->parts[k]->nets[m];
            for (int i = 0; i < chl_net_tensor_count(net); i++) {
                chl_tensor t = chl_net_tensor(net, i);
                numbers += bundle_tensor_length(&t);
                ++*tensors;
            }
        }
    }
    return numbers;
}

static chl_status allocate(const chl_model *model, parts *p, chl_error *err)
{
    size_t numbers = count_numbers(model, &p->count);
    p->tensors = chl_calloc((size_t)p->count, sizeof *p->tensors);
    p->names = chl_calloc((size_t)p->count, sizeof *p->names);
    p->data = chl_alloc(numbers, sizeof(chl_real));
    return p->tensors && p->names && p->data ? CHL_OK : chl_fail_memory(err);
}

static chl_status add_tensor(parts *p, int at, int net, const chl_tensor *tensor,
                             unsigned char *data, chl_error *err)
{
    size_t n = bundle_tensor_length(tensor);
    for (size_t i = 0; i < n; i++) {
        bundle_copy_real(data + i * sizeof(chl_real), &tensor->data[i]);
    }
    bundle_tensor_name(p->names[at], net, tensor);
    chl_safetensor *t = &p->tensors[at];
    *t = (chl_safetensor){.name = p->names[at],
                          .dtype = bundle_real_dtype(),
                          .rank = tensor->rank,
                          .data = data,
                          .bytes = n * sizeof(chl_real)};
    memcpy(t->shape, tensor->shape, sizeof tensor->shape);
    return add_hash(p, t->name, data, t->bytes, err);
}

static chl_status add_net(parts *p, int *at, int place, chl_net *net,
                          unsigned char **data, chl_error *err)
{
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        chl_tensor tensor = chl_net_tensor(net, i);
        CHL_TRY(add_tensor(p, *at, place, &tensor, *data, err));
        *data += p->tensors[(*at)++].bytes;
    }
    return CHL_OK;
}

static chl_status add_tensors(const chl_model *model, parts *p, chl_error *err)
{
    CHL_TRY(allocate(model, p, err));
    unsigned char *data = p->data;
    int at = 0, place = 0;
    for (int k = 0; k < model->part_count; k++) {
        for (int m = 0; m < model->parts[k]->held; m++) {
            CHL_TRY(add_net(p, &at, place++, model->parts[k]->nets[m], &data, err));
        }
    }
    return CHL_OK;
}

/* The identity's parts: the model's JSON and every tensor. */
static chl_status make_identity(const chl_model *model, parts *p, chl_error *err)
{
    *p = (parts){.metadata = json_object(), .hashes = json_object()};
    if (!p->metadata || !p->hashes) {
        return chl_fail_memory(err);
    }
    CHL_TRY(add_model(model, p, err));
    return add_tensors(model, p, err);
}

static chl_status make_parts(const chl_model *model, parts *p, chl_error *err)
{
    CHL_TRY(make_identity(model, p, err));
    CHL_TRY(add_json(p, CHL_BUNDLE_METADATA_KEY, model->metadata, err));
    chl_strbuf hashes = {0};
    char format[16];
    snprintf(format, sizeof format, "%d",
             model->text ? model->format : CHL_BUNDLE_FORMAT);
    chl_status status = chl_json_text(p->hashes, &hashes, err);
    if (status == CHL_OK && (json_object_set_new(p->metadata, CHL_BUNDLE_SHA256_KEY,
                                                 json_string(hashes.data)) != 0 ||
                             json_object_set_new(p->metadata, CHL_BUNDLE_FORMAT_KEY,
                                                 json_string(format)) != 0)) {
        status = chl_fail_memory(err);
    }
    chl_strbuf_reset(&hashes);
    return status;
}

chl_status chl_bundle_format(const chl_model *model, chl_strbuf *bytes, chl_error *err)
{
    parts p;
    chl_status status = make_parts(model, &p, err);
    if (status == CHL_OK) {
        status = chl_safetensors_format(p.tensors, p.count, p.metadata, bytes, err);
    }
    reset_parts(&p);
    return status;
}

chl_status chl_bundle_save(const chl_model *model, const char *path, chl_error *err)
{
    chl_strbuf bytes = {0};
    chl_status status = chl_bundle_format(model, &bytes, err);
    if (status == CHL_OK) {
        status = chl_file_write(path, bytes.data, bytes.length, err);
    } else {
        chl_error_prefix(err, "%s", path);
    }
    chl_strbuf_reset(&bytes);
    return status;
}

chl_status chl_bundle_hash(const chl_model *model, char hex[CHL_SHA256_HEX],
                           chl_error *err)
{
    parts p;
    hex[0] = '\0';
    chl_status status = make_identity(model, &p, err);
    chl_strbuf text = {0};
    if (status == CHL_OK) {
        status = chl_json_text(p.hashes, &text, err);
    }
    if (status == CHL_OK) {
        chl_sha256_hex(text.data, text.length, hex);
    }
    chl_strbuf_reset(&text);
    reset_parts(&p);
    return status;
}
