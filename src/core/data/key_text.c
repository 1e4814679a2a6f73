/* SPDX-License-Identifier: MIT
 *
 * Words of texts: levels that two categories do not share; strings by their bytes where
 * they are short, else by number or rank; strings beside a category. Layer: core/data.
 */
#include "core/data/key_private.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/data/number.h"
#include "core/data/text_rank.h"

void key_side_reset(key_side *side)
{
    chl_free(side->recode);
    chl_free(side->words);
    *side = (key_side){0};
}

/* ---- categories ---- */

/* Ordered levels rise with their codes, others by their names. */
static chl_status rank_levels(key_side *side, chl_error *err)
{
    if (chl_levels_ordered(side->column->levels)) {
        return CHL_OK;
    }
    int32_t n = chl_levels_count(side->column->levels);
    int32_t *rank = chl_alloc((size_t)n, sizeof *rank);
    side->recode = chl_alloc((size_t)n, sizeof *side->recode);
    chl_status status = rank && side->recode
                            ? chl_levels_ranks(side->column->levels, rank, err)
                            : chl_fail_memory(err);
    for (int32_t code = 0; code < n && status == CHL_OK; code++) {
        side->recode[code] = (uint64_t)rank[code];
    }
    chl_free(rank);
    return status;
}

/* The word of a text beside a category: the code of its level; else `other` behind them.
 */
static uint64_t level_word(const chl_levels *levels, const char *text, size_t length,
                           int64_t other)
{
    int32_t code = chl_levels_find(levels, text, length);
    return (uint64_t)(code >= 0 ? code : chl_levels_count(levels) + other);
}

static chl_status recode_levels(key_side *side, const chl_levels *base, chl_error *err)
{
    int32_t n = chl_levels_count(side->column->levels);
    side->recode = chl_alloc((size_t)n, sizeof *side->recode);
    if (!side->recode) {
        return chl_fail_memory(err);
    }
    for (int32_t code = 0; code < n; code++) {
        size_t length;
        const char *name = chl_levels_name(side->column->levels, code, &length);
        side->recode[code] = level_word(base, name, length, code);
    }
    return CHL_OK;
}

/* ---- short strings: their bytes are the word ---- */

typedef struct text_shape {
    const char *prefix; /* what all texts so far begin with */
    int64_t common, longest, shortest;
} text_shape;

/* Takes the texts of a column into account; false once they need more than a word. */
static bool measure_texts(const chl_column *column, text_shape *shape)
{
    for (int64_t i = 0; column && i < column->length; i++) {
        if (!chl_column_valid(column, i)) {
            continue;
        }
        size_t length;
        const char *text = chl_column_string(column, i, &length);
        int64_t n = (int64_t)length;
        if (!shape->prefix) {
            *shape = (text_shape){text, n, n, n};
        }
        shape->longest = n > shape->longest ? n : shape->longest;
        shape->shortest = n < shape->shortest ? n : shape->shortest;
        int64_t common = shape->common < n ? shape->common : n;
        if (common > 0 && memcmp(text, shape->prefix, (size_t)common) != 0) {
            for (common = 0; text[common] == shape->prefix[common];) {
                common++;
            }
        }
        shape->common = common;
        if (shape->longest - common > 8) {
            return false;
        }
    }
    return true;
}

/* Whether the bytes of all texts fit into words; the sides know how, then. */
static bool use_tails(key_side sides[2])
{
    text_shape shape = {0};
    if (!measure_texts(sides[0].column, &shape) ||
        !measure_texts(sides[1].column, &shape)) {
        return false;
    }
    bool with_length = shape.longest != shape.shortest;
    int tail = (int)(shape.longest - shape.common);
    if (tail + with_length > 8) {
        return false;
    }
    for (int s = 0; s < 2; s++) {
        sides[s].skip = shape.common;
        sides[s].tail = tail;
        sides[s].with_length = with_length;
    }
    return true;
}

void key_fill_tails(const key_side *side, int64_t from, int64_t n, uint64_t *words)
{
    const int64_t *offsets = side->column->values.offsets + from;
    const char *bytes = side->column->bytes;
    for (int64_t i = 0; i < n; i++) {
        int64_t start = offsets[i] + side->skip, left = offsets[i + 1] - start;
        uint64_t word = 0;
        for (int k = 0; k < side->tail; k++) {
            word = word << 8 | (k < left ? (unsigned char)bytes[start + k] : 0);
        }
        words[i] = side->with_length ? word << 8 | (uint64_t)(left & 0xff) : word;
    }
}

/* ---- strings ---- */

static chl_status rank_strings(key_side *side, const chl_control *control, chl_error *err)
{
    uint64_t last;
    side->words = chl_alloc((size_t)side->column->length, sizeof *side->words);
    return side->words
               ? chl_text_ranks(side->column, NULL, control, side->words, &last, err)
               : chl_fail_memory(err);
}

/* Numbers of the texts of one column or of two. */
static chl_status number_strings(key_side sides[2], const chl_control *control,
                                 chl_error *err)
{
    const chl_column *left = sides[0].column, *right = sides[1].column;
    int64_t rows = left->length, more = right ? right->length : 0, count;
    int64_t *ids = chl_alloc((size_t)(rows + more), sizeof *ids);
    sides[0].words = (uint64_t *)ids; /* numbers are not negative */
    sides[1].words = right ? chl_alloc((size_t)more, sizeof *sides[1].words) : NULL;
    if (!ids || (right && !sides[1].words)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_number_texts(left, right, control, ids, &count, err));
    if (more) {
        memcpy(sides[1].words, ids + rows, (size_t)more * sizeof *ids);
    }
    return CHL_OK;
}

/* Numbers become words beside a category. */
static chl_status recode_strings(key_side *side, const chl_levels *levels, int64_t count,
                                 chl_error *err)
{
    int64_t rows = side->column->length;
    int64_t *first = chl_alloc((size_t)count, sizeof *first);
    uint64_t *word = chl_alloc((size_t)count, sizeof *word);
    if (first && word) {
        chl_first_rows((const int64_t *)side->words, rows, count, first);
        for (int64_t id = 0; id < count; id++) {
            size_t length;
            const char *text = chl_column_string(side->column, first[id], &length);
            word[id] = level_word(levels, text, length, id);
        }
        for (int64_t i = 0; i < rows; i++) {
            side->words[i] = word[side->words[i]];
        }
    }
    chl_status status = first && word ? CHL_OK : chl_fail_memory(err);
    chl_free(first);
    chl_free(word);
    return status;
}

static chl_status strings_beside(key_side *side, const chl_levels *levels,
                                 const chl_control *control, chl_error *err)
{
    int64_t count;
    side->words = chl_alloc((size_t)side->column->length, sizeof *side->words);
    if (!side->words) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_number_texts(side->column, NULL, control, (int64_t *)side->words, &count,
                             err));
    return recode_strings(side, levels, count, err);
}

/* ---- both ---- */

static chl_status order_texts(key_side *side, const chl_control *control, chl_error *err)
{
    switch (side->column->type) {
    case CHL_CATEGORY: return rank_levels(side, err);
    case CHL_STRING: return rank_strings(side, control, err);
    default: return CHL_OK;
    }
}

chl_status key_texts(key_side sides[2], bool ordered, const chl_control *control,
                     chl_error *err)
{
    const chl_column *left = sides[0].column, *right = sides[1].column;
    bool string = left->type == CHL_STRING, category = left->type == CHL_CATEGORY;
    bool strings = string && (!right || right->type == CHL_STRING);
    if (strings && use_tails(sides)) {
        return CHL_OK;
    }
    if (ordered) {
        return order_texts(&sides[0], control, err);
    }
    if (strings) {
        return number_strings(sides, control, err);
    }
    if (string && right->type == CHL_CATEGORY) {
        return strings_beside(&sides[0], right->levels, control, err);
    }
    if (category && right && right->type == CHL_STRING) {
        return strings_beside(&sides[1], left->levels, control, err);
    }
    if (category && right && right->levels != left->levels) {
        return recode_levels(&sides[1], left->levels, err);
    }
    return CHL_OK;
}
