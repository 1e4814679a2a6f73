/* SPDX-License-Identifier: MIT */
#include "core/model/bundle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/model/bundle_private.h"
#include "core/model/model_json.h"
#include "core/model/model_private.h"

typedef struct bundle {
    const char *name; /* of the file, for messages */
    chl_safetensors file;
    json_t *hashes;   /* owned */
    json_t *model;    /* owned */
    json_t *metadata; /* owned */
} bundle;

static chl_status read_format(const bundle *b, int *out, chl_error *err)
{
    const char *format = chl_safetensors_metadata(&b->file, CHL_BUNDLE_FORMAT_KEY);
    if (!format) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: " CHL_BUNDLE_FORMAT_KEY ": missing (no churnlab model)",
                        b->name);
    }
    char *end;
    long number = strtol(format, &end, 10);
    if (*end != '\0' || end == format || number < 1) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: " CHL_BUNDLE_FORMAT_KEY ": expected a number", b->name);
    }
    if (number > CHL_BUNDLE_FORMAT) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: " CHL_BUNDLE_FORMAT_KEY
                        ": the file is of format %ld, this program "
                        "reads %d (a newer churnlab wrote it)",
                        b->name, number, CHL_BUNDLE_FORMAT);
    }
    *out = (int)number;
    return CHL_OK;
}

static chl_status parse_text(const bundle *b, const char *key, json_t **out,
                             chl_error *err)
{
    const char *text = chl_safetensors_metadata(&b->file, key);
    if (!text) {
        return chl_fail(err, CHL_EFORMAT, "%s: %s: missing", b->name, key);
    }
    json_error_t why;
    *out = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (!json_is_object(*out)) {
        return chl_fail(err, CHL_EFORMAT, "%s: %s: expected a JSON object%s%s", b->name,
                        key, *out ? "" : ": ", *out ? "" : why.text);
    }
    return CHL_OK;
}

static chl_status check_hash(const bundle *b, const char *kind, const char *part,
                             const void *bytes, size_t n, chl_error *err)
{
    char hex[CHL_SHA256_HEX];
    chl_sha256_hex(bytes, n, hex);
    const char *wanted = json_string_value(json_object_get(b->hashes, part));
    if (!wanted || strcmp(wanted, hex) != 0) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: %s%s: damaged (its SHA-256 is not the one stored)", b->name,
                        kind, part);
    }
    return CHL_OK;
}

/* Every part has a hash, and every hash a part. */
static chl_status check_hashes(const bundle *b, chl_error *err)
{
    static const char *const texts[] = {CHL_BUNDLE_MODEL_KEY, CHL_BUNDLE_METADATA_KEY};
    for (size_t i = 0; i < 2; i++) {
        const char *text = chl_safetensors_metadata(&b->file, texts[i]);
        if (!text) {
            return chl_fail(err, CHL_EFORMAT, "%s: %s: missing", b->name, texts[i]);
        }
        CHL_TRY(check_hash(b, "", texts[i], text, strlen(text), err));
    }
    for (int i = 0; i < b->file.count; i++) {
        const chl_safetensor *t = &b->file.tensors[i];
        CHL_TRY(check_hash(b, "tensor ", t->name, t->data, t->bytes, err));
    }
    if (json_object_size(b->hashes) != (size_t)b->file.count + 2) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: " CHL_BUNDLE_SHA256_KEY ": a part is missing", b->name);
    }
    return CHL_OK;
}

static bool same_shape(const chl_safetensor *stored, const chl_tensor *tensor)
{
    bool same = stored->dtype == bundle_real_dtype() && stored->rank == tensor->rank;
    for (int i = 0; same && i < tensor->rank; i++) {
        same = stored->shape[i] == tensor->shape[i];
    }
    return same;
}

static chl_status fill_tensor(const bundle *b, int net, const chl_tensor *tensor,
                              chl_error *err)
{
    char name[CHL_BUNDLE_TENSOR_NAME];
    bundle_tensor_name(name, net, tensor);
    const chl_safetensor *stored = chl_safetensors_find(&b->file, name);
    if (!stored) {
        return chl_fail(err, CHL_EFORMAT, "%s: tensor %s: missing", b->name, name);
    }
    if (!same_shape(stored, tensor)) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: tensor %s: its type or shape does not fit the layer",
                        b->name, name);
    }
    size_t n = bundle_tensor_length(tensor);
    for (size_t i = 0; i < n; i++) {
        bundle_copy_real(&tensor->data[i], stored->data + i * sizeof(chl_real));
        if (!isfinite(tensor->data[i])) {
            return chl_fail(err, CHL_EFORMAT, "%s: tensor %s: number %zu is not finite",
                            b->name, name, i + 1);
        }
    }
    return CHL_OK;
}

static chl_status fill_net(const bundle *b, chl_net *net, int place, int *filled,
                           chl_error *err)
{
    for (int i = 0; i < chl_net_tensor_count(net); i++) {
        chl_tensor tensor = chl_net_tensor(net, i);
        CHL_TRY(fill_tensor(b, place, &tensor, err));
        ++*filled;
    }
    chl_status status = chl_net_check_numbers(net, err);
    return status == CHL_OK ? CHL_OK
                            : chl_error_prefix(err, "%s: net %d", b->name, place + 1);
}

static chl_status fill_nets(const bundle *b, chl_model *model, chl_error *err)
{
    int filled = 0, place = 0;
    for (int k = 0; k < model->part_count; k++) {
        for (int m = 0; m < model->parts[k]->held; m++) {
            CHL_TRY(fill_net(b, model->parts[k]->nets[m], place++, &filled, err));
        }
    }
    if (filled != b->file.count) {
        return chl_fail(err, CHL_EFORMAT, "%s: tensors: expected %d, got %d", b->name,
                        filled, b->file.count);
    }
    return CHL_OK;
}

static size_t tensor_bytes(const bundle *b)
{
    size_t bytes = 0;
    for (int i = 0; i < b->file.count; i++) {
        bytes += b->file.tensors[i].bytes;
    }
    return bytes;
}

static chl_status read_bundle(bundle *b, chl_model **out, chl_error *err)
{
    int format = 0;
    CHL_TRY(read_format(b, &format, err));
    CHL_TRY(parse_text(b, CHL_BUNDLE_SHA256_KEY, &b->hashes, err));
    CHL_TRY(check_hashes(b, err));
    CHL_TRY(parse_text(b, CHL_BUNDLE_MODEL_KEY, &b->model, err));
    CHL_TRY(parse_text(b, CHL_BUNDLE_METADATA_KEY, &b->metadata, err));
    chl_status status = chl_model_from_json(b->model, tensor_bytes(b), out, err);
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s", b->name);
        return status;
    }
    CHL_TRY(fill_nets(b, *out, err));
    json_decref((*out)->metadata);
    (*out)->metadata = json_incref(b->metadata);
    (*out)->format = format;
    (*out)->text = chl_strdup(chl_safetensors_metadata(&b->file, CHL_BUNDLE_MODEL_KEY));
    return (*out)->text ? CHL_OK : chl_fail_memory(err);
}

chl_status chl_bundle_parse(const unsigned char *bytes, size_t n, const char *name,
                            chl_model **out, chl_error *err)
{
    *out = NULL;
    bundle b = {.name = name};
    CHL_TRY(chl_safetensors_parse(bytes, n, name, &b.file, err));
    chl_status status = read_bundle(&b, out, err);
    if (status != CHL_OK) {
        chl_model_release(*out);
        *out = NULL;
        if (status != CHL_ENOMEM) {
            status = CHL_EFORMAT; /* whatever a part complains of, the file is unsound */
        }
        if (err) {
            err->code = status;
        }
    }
    json_decref(b.hashes);
    json_decref(b.model);
    json_decref(b.metadata);
    chl_safetensors_reset(&b.file);
    return status;
}

chl_status chl_bundle_load(const char *path, chl_model **out, chl_error *err)
{
    *out = NULL;
    unsigned char *bytes;
    size_t n;
    CHL_TRY(chl_file_read(path, CHL_BUNDLE_BYTES_MAX, &bytes, &n, err));
    chl_status status = chl_bundle_parse(bytes, n, path, out, err);
    chl_free(bytes);
    return status;
}
