/* SPDX-License-Identifier: MIT */
#include "core/data/text_rank.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

typedef struct text {
    uint64_t head; /* the first 8 bytes, the first one highest, zeros behind the end */
    const char *bytes;
    size_t length;
    int64_t row;
} text;

static uint64_t head_of(const char *bytes, size_t length)
{
    uint64_t head = 0;
    for (size_t i = 0; i < 8 && i < length; i++) {
        head |= (uint64_t)(unsigned char)bytes[i] << (56 - 8 * i);
    }
    return head;
}

static int compare_texts(const void *left, const void *right)
{
    const text *a = left, *b = right;
    if (a->head != b->head) {
        return a->head < b->head ? -1 : 1;
    }
    size_t common = a->length < b->length ? a->length : b->length;
    int order = common ? memcmp(a->bytes, b->bytes, common) : 0;
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

/* Appends the present rows of the column, whose first row has the number `from`. */
static size_t add_texts(const chl_column *column, int64_t from, text *texts, size_t n)
{
    for (int64_t i = 0; i < column->length; i++) {
        if (chl_column_valid(column, i)) {
            text *t = &texts[n++];
            t->row = from + i;
            t->bytes = chl_column_string(column, i, &t->length);
            t->head = head_of(t->bytes, t->length);
        }
    }
    return n;
}

chl_status chl_text_ranks(const chl_column *left, const chl_column *right,
                          const chl_control *control, uint64_t *ranks, uint64_t *last,
                          chl_error *err)
{
    *last = 0;
    CHL_TRY(chl_control_check(control, "sort", err));
    size_t rows = (size_t)left->length + (right ? (size_t)right->length : 0);
    text *texts = chl_alloc(rows, sizeof *texts);
    if (!texts) {
        return chl_fail_memory(err);
    }
    size_t n = add_texts(left, 0, texts, 0);
    n = right ? add_texts(right, left->length, texts, n) : n;
    memset(ranks, 0, rows * sizeof *ranks);
    qsort(texts, n, sizeof *texts, compare_texts);
    uint64_t rank = 1; /* 0 is the missing ones' own */
    for (size_t i = 0; i < n; i++) {
        rank += i > 0 && compare_texts(&texts[i - 1], &texts[i]) != 0;
        ranks[texts[i].row] = rank;
    }
    chl_free(texts);
    *last = rank;
    return CHL_OK;
}
