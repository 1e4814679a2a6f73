/* SPDX-License-Identifier: MIT
 *
 * What writing and reading a bundle share: keys, names of tensors, the stored number.
 */
#ifndef CHL_MODEL_BUNDLE_PRIVATE_H
#define CHL_MODEL_BUNDLE_PRIVATE_H

#include <stdio.h>
#include <string.h>

#include "core/base/safetensors.h"
#include "core/nn/net.h"

/* Keys of the container's metadata. */
#define CHL_BUNDLE_FORMAT_KEY   "churnlab.format"
#define CHL_BUNDLE_MODEL_KEY    "churnlab.model"
#define CHL_BUNDLE_METADATA_KEY "churnlab.metadata"
#define CHL_BUNDLE_SHA256_KEY   "churnlab.sha256"

enum { CHL_BUNDLE_TENSOR_NAME = 80 };

/* "net.<net>.<tensor>": nets are counted over all parts */
static inline void bundle_tensor_name(char name[CHL_BUNDLE_TENSOR_NAME], int net,
                                      const chl_tensor *tensor)
{
    snprintf(name, CHL_BUNDLE_TENSOR_NAME, "net.%d.%s", net, tensor->name);
}

static inline size_t bundle_tensor_length(const chl_tensor *tensor)
{
    size_t n = 1;
    for (int i = 0; i < tensor->rank; i++) {
        n *= (size_t)tensor->shape[i];
    }
    return n;
}

static inline chl_dtype bundle_real_dtype(void)
{
    return sizeof(chl_real) == 4 ? CHL_DTYPE_F32 : CHL_DTYPE_F64;
}

/* Copies one number between the machine's order of bytes and the file's, which is
 * little-endian; either way. Neither side needs to be aligned. */
static inline void bundle_copy_real(void *to, const void *from)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < sizeof(chl_real); i++) {
        ((unsigned char *)to)[i] =
            ((const unsigned char *)from)[sizeof(chl_real) - 1 - i];
    }
#else
    memcpy(to, from, sizeof(chl_real));
#endif
}

#endif
