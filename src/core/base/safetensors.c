/* SPDX-License-Identifier: MIT */
#include "core/base/safetensors.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/json_text.h"

enum { PREFIX = 8, ALIGN = 8 };

static const struct {
    const char *name;
    size_t size;
} dtypes[] = {
    [CHL_DTYPE_BOOL] = {"BOOL", 1}, [CHL_DTYPE_U8] = {"U8", 1},
    [CHL_DTYPE_I8] = {"I8", 1},     [CHL_DTYPE_I16] = {"I16", 2},
    [CHL_DTYPE_U16] = {"U16", 2},   [CHL_DTYPE_F16] = {"F16", 2},
    [CHL_DTYPE_BF16] = {"BF16", 2}, [CHL_DTYPE_I32] = {"I32", 4},
    [CHL_DTYPE_U32] = {"U32", 4},   [CHL_DTYPE_F32] = {"F32", 4},
    [CHL_DTYPE_F64] = {"F64", 8},   [CHL_DTYPE_I64] = {"I64", 8},
    [CHL_DTYPE_U64] = {"U64", 8},
};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

const char *chl_dtype_name(chl_dtype dtype)
{
    return dtypes[dtype].name;
}

size_t chl_dtype_size(chl_dtype dtype)
{
    return dtypes[dtype].size;
}

/* Bytes of a tensor by its type and shape; false when that overflows. */
static bool shape_bytes(const chl_safetensor *t, size_t *bytes)
{
    size_t total = chl_dtype_size(t->dtype);
    bool empty = false;
    for (int i = 0; i < t->rank; i++) {
        empty = empty || t->shape[i] == 0;
        if (t->shape[i] != 0 && total > SIZE_MAX / (size_t)t->shape[i]) {
            return false;
        }
        total *= t->shape[i] != 0 ? (size_t)t->shape[i] : 1;
    }
    *bytes = empty ? 0 : total;
    return true;
}

/* ---- writing ---- */

static json_t *header_entry(const chl_safetensor *t, size_t start)
{
    json_t *shape = json_array();
    for (int i = 0; shape && i < t->rank; i++) {
        if (json_array_append_new(shape, json_integer(t->shape[i])) != 0) {
            json_decref(shape);
            shape = NULL;
        }
    }
    if (!shape) {
        return NULL;
    }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", chl_dtype_name(t->dtype), "shape",
                     shape, "data_offsets", (json_int_t)start,
                     (json_int_t)(start + t->bytes));
}

static chl_status fill_header(json_t *header, const chl_safetensor *tensors, int n,
                              const json_t *metadata, chl_error *err)
{
    if (metadata &&
        json_object_set(header, "__metadata__", (json_t *)(uintptr_t)metadata) != 0) {
        return chl_fail_memory(err);
    }
    size_t start = 0;
    for (int i = 0; i < n; i++) {
        const chl_safetensor *t = &tensors[i];
        size_t wanted;
        if (!shape_bytes(t, &wanted) || wanted != t->bytes) {
            return chl_fail(err, CHL_EINVAL,
                            "safetensors: tensor '%s': the shape does not fit %zu bytes",
                            t->name, t->bytes);
        }
        if (json_object_get(header, t->name)) {
            return chl_fail(err, CHL_EINVAL, "safetensors: tensor '%s' is there twice",
                            t->name);
        }
        json_t *entry = header_entry(t, start);
        if (!entry || json_object_set_new(header, t->name, entry) != 0) {
            return chl_fail(err, CHL_EINVAL, "safetensors: tensor '%s': not a name",
                            t->name);
        }
        start += t->bytes;
    }
    return CHL_OK;
}

static void append_prefix(chl_strbuf *out, uint64_t length)
{
    for (int i = 0; i < PREFIX; i++) {
        chl_strbuf_putc(out, (char)(unsigned char)(length >> (8 * i)));
    }
}

chl_status chl_safetensors_format(const chl_safetensor *tensors, int n,
                                  const json_t *metadata, chl_strbuf *out, chl_error *err)
{
    json_t *header = json_object();
    if (!header) {
        return chl_fail_memory(err);
    }
    chl_strbuf text = {0};
    chl_status status = fill_header(header, tensors, n, metadata, err);
    if (status == CHL_OK) {
        status = chl_json_text(header, &text, err);
    }
    json_decref(header);
    if (status != CHL_OK) {
        chl_strbuf_reset(&text);
        return status;
    }
    size_t padded = (text.length + ALIGN - 1) / ALIGN * ALIGN;
    append_prefix(out, padded);
    chl_strbuf_append(out, text.data, text.length);
    chl_strbuf_append(out, "        ", padded - text.length);
    chl_strbuf_reset(&text);
    for (int i = 0; i < n; i++) {
        chl_strbuf_append(out, (const char *)tensors[i].data, tensors[i].bytes);
    }
    return out->failed ? chl_fail_memory(err) : CHL_OK;
}

/* ---- reading ---- */

typedef struct reader {
    const char *name;          /* of the file, for messages */
    const unsigned char *data; /* after the header */
    size_t bytes;              /* of the data */
    chl_error *err;
} reader;

static chl_status bad_tensor(const reader *r, const char *tensor, const char *what)
{
    return chl_fail(r->err, CHL_EFORMAT, "%s: tensor '%s': %s", r->name, tensor, what);
}

static bool read_dtype(const json_t *value, chl_dtype *dtype)
{
    const char *text = json_string_value(value);
    for (int i = 0; text && i < DTYPES; i++) {
        if (strcmp(dtypes[i].name, text) == 0) {
            *dtype = (chl_dtype)i;
            return true;
        }
    }
    return false;
}

static bool read_shape(const json_t *value, chl_safetensor *t)
{
    size_t rank = json_array_size(value);
    if (!json_is_array(value) || rank > CHL_SAFETENSOR_RANK_MAX) {
        return false;
    }
    t->rank = (int)rank;
    for (size_t i = 0; i < rank; i++) {
        const json_t *extent = json_array_get(value, i);
        if (!json_is_integer(extent) || json_integer_value(extent) < 0) {
            return false;
        }
        t->shape[i] = json_integer_value(extent);
    }
    return true;
}

static chl_status read_entry(const reader *r, const char *name, const json_t *entry,
                             chl_safetensor *t)
{
    *t = (chl_safetensor){.name = name};
    if (!json_is_object(entry) || json_object_size(entry) != 3) {
        return bad_tensor(r, name, "expected dtype, shape and data_offsets");
    }
    if (!read_dtype(json_object_get(entry, "dtype"), &t->dtype)) {
        return bad_tensor(r, name, "unknown dtype");
    }
    size_t wanted;
    if (!read_shape(json_object_get(entry, "shape"), t) || !shape_bytes(t, &wanted)) {
        return bad_tensor(r, name, "the shape is not valid");
    }
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *start = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    if (json_array_size(offsets) != 2 || !json_is_integer(start) ||
        !json_is_integer(end)) {
        return bad_tensor(r, name, "data_offsets: expected two integers");
    }
    json_int_t from = json_integer_value(start), to = json_integer_value(end);
    if (from < 0 || to < from || (uint64_t)to > r->bytes) {
        return bad_tensor(r, name, "data_offsets lie outside the file (truncated?)");
    }
    if ((uint64_t)(to - from) != wanted) {
        return bad_tensor(r, name, "the shape does not fit data_offsets");
    }
    t->data = r->data + from;
    t->bytes = wanted;
    return CHL_OK;
}

static int by_data(const void *left, const void *right)
{
    const chl_safetensor *a = left, *b = right;
    if (a->data != b->data) {
        return a->data < b->data ? -1 : 1;
    }
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? -1 : 1; /* empty tensors before what starts there */
    }
    return strcmp(a->name, b->name);
}

static chl_status check_cover(const reader *r, const chl_safetensors *file)
{
    const unsigned char *at = r->data;
    for (int i = 0; i < file->count; i++) {
        const chl_safetensor *t = &file->tensors[i];
        if (t->data != at) {
            return bad_tensor(r, t->name, "its data overlaps another's or leaves a gap");
        }
        at += t->bytes;
    }
    if (at != r->data + r->bytes) {
        return chl_fail(r->err, CHL_EFORMAT, "%s: %zu bytes after the last tensor",
                        r->name, (size_t)(r->data + r->bytes - at));
    }
    return CHL_OK;
}

static chl_status check_metadata(const reader *r, const json_t *metadata)
{
    if (metadata && !json_is_object(metadata)) {
        return chl_fail(r->err, CHL_EFORMAT, "%s: __metadata__: expected an object",
                        r->name);
    }
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)metadata, key, value) {
        if (!json_is_string(value)) {
            return chl_fail(r->err, CHL_EFORMAT,
                            "%s: __metadata__: '%s': expected a string", r->name, key);
        }
    }
    return CHL_OK;
}

static chl_status read_entries(const reader *r, chl_safetensors *file)
{
    CHL_TRY(check_metadata(r, json_object_get(file->header, "__metadata__")));
    file->tensors = chl_calloc(json_object_size(file->header), sizeof *file->tensors);
    if (!file->tensors) {
        return chl_fail_memory(r->err);
    }
    const char *key;
    json_t *entry;
    json_object_foreach (file->header, key, entry) {
        if (strcmp(key, "__metadata__") != 0) {
            CHL_TRY(read_entry(r, key, entry, &file->tensors[file->count]));
            file->count++;
        }
    }
    qsort(file->tensors, (size_t)file->count, sizeof *file->tensors, by_data);
    return check_cover(r, file);
}

static chl_status read_header(const unsigned char *bytes, size_t n, const char *name,
                              size_t *length, json_t **header, chl_error *err)
{
    if (n < PREFIX) {
        return chl_fail(err, CHL_EFORMAT, "%s: header: expected 8 bytes, got %zu", name,
                        n);
    }
    uint64_t size = 0;
    for (int i = 0; i < PREFIX; i++) {
        size |= (uint64_t)bytes[i] << (8 * i);
    }
    if (size > n - PREFIX || size > CHL_SAFETENSORS_HEADER_MAX) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: header: its length is beyond the end (truncated, or no "
                        "safetensors file)",
                        name);
    }
    const char *text = (const char *)bytes + PREFIX;
    *length = (size_t)size;
    while (size > 0 && text[size - 1] == ' ') {
        size--;
    }
    if (size == 0 || text[0] != '{' || text[size - 1] != '}') {
        return chl_fail(err, CHL_EFORMAT, "%s: header: expected a JSON object", name);
    }
    json_error_t why;
    *header = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &why);
    if (!*header) {
        return chl_fail(err, CHL_EFORMAT, "%s: header: %s", name, why.text);
    }
    return CHL_OK;
}

chl_status chl_safetensors_parse(const unsigned char *bytes, size_t n, const char *name,
                                 chl_safetensors *out, chl_error *err)
{
    *out = (chl_safetensors){0};
    size_t length = 0;
    CHL_TRY(read_header(bytes, n, name, &length, &out->header, err));
    reader r = {name, bytes + PREFIX + length, n - PREFIX - length, err};
    chl_status status = read_entries(&r, out);
    if (status != CHL_OK) {
        chl_safetensors_reset(out);
    }
    return status;
}

void chl_safetensors_reset(chl_safetensors *file)
{
    json_decref(file->header);
    chl_free(file->tensors);
    *file = (chl_safetensors){0};
}

const chl_safetensor *chl_safetensors_find(const chl_safetensors *file, const char *name)
{
    for (int i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0) {
            return &file->tensors[i];
        }
    }
    return NULL;
}

const char *chl_safetensors_metadata(const chl_safetensors *file, const char *key)
{
    return json_string_value(
        json_object_get(json_object_get(file->header, "__metadata__"), key));
}
