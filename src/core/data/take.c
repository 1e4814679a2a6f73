/* SPDX-License-Identifier: MIT
 *
 * A task is a block of rows. Strings take two rounds: the lengths of the
 * blocks first, their bytes once it is known where they go. Layer: core/data.
 */
#include "core/data/take.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"

enum { BLOCK = 1 << 14 }; /* rows a task; a multiple of 64, for the bitmaps */

typedef struct take {
    chl_column *const *from;
    chl_column **to;
    int columns;
    const int64_t *indices;
    int64_t n;
    size_t blocks;
    bool absent;                   /* some index is -1 */
    const chl_column *string_from; /* the string column at work */
    chl_column *string_to;
    int64_t *bytes;   /* [blocks] its bytes: how many, then where they start */
    int64_t *sources; /* [n] where each string starts in the old column */
} take;

static int64_t block_rows(const take *t, size_t block)
{
    int64_t left = t->n - (int64_t)block * BLOCK;
    return left < BLOCK ? left : BLOCK;
}

/* ---- values ---- */

#define TAKE(type, missing)                                                              \
    do {                                                                                 \
        const type *values = from->values.any;                                           \
        type *out = (type *)to->values.any + start;                                      \
        if (!t->absent) {                                                                \
            for (int64_t i = 0; i < n; i++) {                                            \
                out[i] = values[at[i]];                                                  \
            }                                                                            \
            return;                                                                      \
        }                                                                                \
        for (int64_t i = 0; i < n; i++) {                                                \
            out[i] = at[i] < 0 ? (missing) : values[at[i]];                              \
        }                                                                                \
    } while (0)

static void take_values(const take *t, const chl_column *from, chl_column *to,
                        int64_t start, int64_t n)
{
    const int64_t *at = t->indices + start;
    switch (from->type) {
    case CHL_F64:
    case CHL_I64:
    case CHL_TIMESTAMP: TAKE(uint64_t, 0); break;
    case CHL_CATEGORY: TAKE(int32_t, -1); break;
    case CHL_DATE: TAKE(int32_t, 0); break;
    case CHL_BOOL: TAKE(uint8_t, 0); break;
    case CHL_STRING: break; /* take_strings */
    }
}

static void take_validity(const take *t, const chl_column *from, chl_column *to,
                          int64_t start, int64_t n)
{
    const int64_t *at = t->indices + start;
    uint8_t *out = to->validity + start / 8;
    for (int64_t i = 0; i < n; i += 8) {
        int64_t end = n - i < 8 ? n - i : 8;
        unsigned bits = 0xffu << end; /* beyond the end: present */
        for (int64_t k = 0; k < end; k++) {
            bool valid = at[i + k] >= 0 && chl_column_valid(from, at[i + k]);
            bits |= (unsigned)valid << k;
        }
        out[i / 8] = (uint8_t)bits;
    }
}

/* A task: a block of rows of all columns, while their indices are in the cache; of
 * strings only the bitmap. */
static chl_status take_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const take *t = ctx;
    int64_t start = (int64_t)block * BLOCK, n = block_rows(t, block);
    for (int c = 0; c < t->columns; c++) {
        if (t->to[c]->validity) {
            take_validity(t, t->from[c], t->to[c], start, n);
        }
        take_values(t, t->from[c], t->to[c], start, n);
    }
    return CHL_OK;
}

/* ---- strings, one column after another ---- */

/* Rows looked ahead: their memory is on its way while the rows before are copied. */
enum { AHEAD = 24 };

/* A task: the ends of a block's strings, counted from its start, and where they are. */
static chl_status take_lengths(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const take *t = ctx;
    int64_t start = (int64_t)block * BLOCK, n = block_rows(t, block), used = 0;
    const int64_t *offsets = t->string_from->values.offsets, *at = t->indices + start;
    int64_t *ends = t->string_to->values.offsets + start + 1;
    int64_t *sources = t->sources + start;
    for (int64_t i = 0; i < n; i++) {
        int64_t ahead = at[i + AHEAD < n ? i + AHEAD : i];
        __builtin_prefetch(&offsets[ahead < 0 ? 0 : ahead]);
        int64_t there = -(int64_t)(at[i] >= 0), row = at[i] & there; /* no branch */
        sources[i] = offsets[row];
        used += (offsets[row + 1] - sources[i]) & there;
        ends[i] = used;
    }
    t->bytes[block] = used;
    return CHL_OK;
}

/* From the lengths of the blocks to their starts; makes room for all bytes. */
static chl_status place_bytes(const take *t, chl_error *err)
{
    int64_t used = 0;
    for (size_t b = 0; b < t->blocks; b++) {
        int64_t more = t->bytes[b];
        t->bytes[b] = used;
        used += more;
    }
    t->string_to->bytes = chl_alloc((size_t)used, 1);
    return t->string_to->bytes ? CHL_OK : chl_fail_memory(err);
}

/* Copies strings one behind another; `bytes` … `end` is the room of all of them. Short
 * ones are copied in one move where that touches nothing else, so that their lengths are
 * no branches. */
static void copy_strings(const chl_column *from, const int64_t *sources,
                         const int64_t *ends, int64_t n, char *bytes, const char *end)
{
    enum { WIDE = 16 };
    int64_t all = from->values.offsets[from->length], start = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i + AHEAD < n) {
            __builtin_prefetch(from->bytes + sources[i + AHEAD]);
        }
        const char *source = from->bytes + sources[i];
        int64_t length = ends[i] - start;
        char *to = bytes + start;
        if (length <= WIDE && sources[i] <= all - WIDE && end - to >= WIDE) {
            memcpy(to, source, WIDE);
        } else if (length > 0) {
            memcpy(to, source, (size_t)length);
        }
        start = ends[i];
    }
}

/* A task: the bytes of a block of a string column. */
static chl_status take_bytes(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    const take *t = ctx;
    int64_t start = (int64_t)block * BLOCK, n = block_rows(t, block);
    chl_column *to = t->string_to;
    int64_t *ends = to->values.offsets + start + 1, base = t->bytes[block];
    char *bytes = to->bytes + base;
    copy_strings(t->string_from, t->sources + start, ends, n, bytes, bytes + ends[n - 1]);
    for (int64_t i = 0; i < n; i++) {
        ends[i] += base;
    }
    return CHL_OK;
}

static chl_status take_strings(take *t, int column, int threads, chl_error *err)
{
    t->string_from = t->from[column];
    t->string_to = t->to[column];
    CHL_TRY(chl_parallel_for(threads, t->blocks, take_lengths, t, err));
    CHL_TRY(place_bytes(t, err));
    return chl_parallel_for(threads, t->blocks, take_bytes, t, err);
}

/* ---- all ---- */

static bool any_absent(const int64_t *indices, int64_t n)
{
    int64_t signs = 0;
    for (int64_t i = 0; i < n; i++) {
        signs |= indices[i];
    }
    return signs < 0;
}

static bool any_strings(chl_column *const *columns, int n)
{
    for (int c = 0; c < n; c++) {
        if (columns[c]->type == CHL_STRING) {
            return true;
        }
    }
    return false;
}

static chl_status make_columns(const take *t, chl_error *err)
{
    for (int c = 0; c < t->columns; c++) {
        const chl_column *from = t->from[c];
        bool nullable = t->absent || from->validity;
        CHL_TRY(chl_column_new_unset(from->type, t->n, nullable, &t->to[c], err));
        if (from->levels) {
            t->to[c]->levels = chl_levels_retain(from->levels);
        }
    }
    return CHL_OK;
}

static chl_status fill_columns(take *t, const chl_control *control, chl_error *err)
{
    enum { ALONE = 1 << 17 }; /* below so many cells a second thread doesn't pay */
    bool large = t->n > ALONE / (t->columns + 1);
    int threads = large ? chl_control_threads(control) : 1;
    CHL_TRY(make_columns(t, err));
    CHL_TRY(chl_parallel_for(threads, t->blocks, take_block, t, err));
    for (int c = 0; c < t->columns; c++) {
        if (t->from[c]->type == CHL_STRING) {
            CHL_TRY(take_strings(t, c, threads, err));
        }
        chl_column_count_nulls(t->to[c]);
    }
    return CHL_OK;
}

chl_status chl_columns_take(chl_column *const *from, int columns, const int64_t *indices,
                            int64_t n, const chl_control *control, chl_column **to,
                            chl_error *err)
{
    take t = {.from = from, .to = to, .columns = columns, .indices = indices, .n = n};
    for (int c = 0; c < columns; c++) {
        to[c] = NULL;
    }
    t.blocks = (size_t)((n + BLOCK - 1) / BLOCK);
    t.absent = any_absent(indices, n);
    t.bytes = chl_alloc(t.blocks, sizeof *t.bytes);
    t.sources =
        any_strings(from, columns) ? chl_alloc((size_t)n, sizeof *t.sources) : NULL;
    bool room = t.bytes && (t.sources || !any_strings(from, columns));
    chl_status status = room ? fill_columns(&t, control, err) : chl_fail_memory(err);
    chl_free(t.bytes);
    chl_free(t.sources);
    for (int c = 0; c < columns && status != CHL_OK; c++) {
        chl_column_release(to[c]);
        to[c] = NULL;
    }
    return status;
}

chl_status chl_column_take(const chl_column *column, const int64_t *indices, int64_t n,
                           chl_column **out, chl_error *err)
{
    chl_column *from = (chl_column *)column; /* only read */
    return chl_columns_take(&from, 1, indices, n, NULL, out, err);
}
