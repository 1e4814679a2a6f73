/* SPDX-License-Identifier: MIT
 *
 * The safetensors container: named arrays and a map of strings in one run of bytes.
 * Layer: core/base.
 *
 *   u64 little-endian header length · JSON header, padded with spaces to 8 bytes · data
 *   header: {"__metadata__":{"key":"text"},"name":{"dtype":"F32","shape":[2,3],
 *            "data_offsets":[0,24]}, …}
 *
 * Reading trusts nothing: lengths, types, shapes and offsets are checked, tensors must
 * cover the data without gap or overlap, and the message names the entry that is wrong.
 */
#ifndef CHL_BASE_SAFETENSORS_H
#define CHL_BASE_SAFETENSORS_H

#include <jansson.h>
#include <stdint.h>

#include "core/base/status.h"
#include "core/base/strbuf.h"

enum { CHL_SAFETENSOR_RANK_MAX = 8, CHL_SAFETENSORS_HEADER_MAX = 100 * 1000 * 1000 };

typedef enum chl_dtype {
    CHL_DTYPE_BOOL,
    CHL_DTYPE_U8,
    CHL_DTYPE_I8,
    CHL_DTYPE_I16,
    CHL_DTYPE_U16,
    CHL_DTYPE_F16,
    CHL_DTYPE_BF16,
    CHL_DTYPE_I32,
    CHL_DTYPE_U32,
    CHL_DTYPE_F32,
    CHL_DTYPE_F64,
    CHL_DTYPE_I64,
    CHL_DTYPE_U64
} chl_dtype;

/* "F32" … and the bytes of one element. */
const char *chl_dtype_name(chl_dtype dtype);
size_t chl_dtype_size(chl_dtype dtype);

typedef struct chl_safetensor {
    const char *name; /* borrowed; when read: owned by the chl_safetensors */
    chl_dtype dtype;
    int rank;                               /* 0 = a single number */
    int64_t shape[CHL_SAFETENSOR_RANK_MAX]; /* [rank] */
    const unsigned char *data;              /* little-endian elements, borrowed */
    size_t bytes;                           /* product of shape × element size */
} chl_safetensor;

/* Appends the whole container to `out`, tensors in the order given. `bytes` of each
 * tensor is checked against its shape; names must be unique UTF-8. `metadata` is an
 * object of strings or NULL. */
CHL_MUST_CHECK chl_status chl_safetensors_format(const chl_safetensor *tensors, int n,
                                                 const json_t *metadata, chl_strbuf *out,
                                                 chl_error *err);

/* A container that was read: a view of the caller's bytes, which must outlive it. */
typedef struct chl_safetensors {
    json_t *header;          /* owned: names and metadata live here */
    chl_safetensor *tensors; /* owned array, in the order of their data */
    int count;
} chl_safetensors;

/* CHL_EFORMAT with "<name>: <part>: <what>" when anything is wrong. */
CHL_MUST_CHECK chl_status chl_safetensors_parse(const unsigned char *bytes, size_t n,
                                                const char *name, chl_safetensors *out,
                                                chl_error *err);
void chl_safetensors_reset(chl_safetensors *file);

/* Borrowed, or NULL. */
const chl_safetensor *chl_safetensors_find(const chl_safetensors *file, const char *name);
const char *chl_safetensors_metadata(const chl_safetensors *file, const char *key);

#endif
