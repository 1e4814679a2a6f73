/* SPDX-License-Identifier: MIT */
#include "core/table/keyed.h"

#include "core/base/alloc.h"
#include "core/base/strbuf.h"

void keyed_reset(keyed *k)
{
    chl_free(k->group);
    chl_free(k->first);
    chl_frame_release(k->keys);
    *k = (keyed){0};
}

/* Renumbers the groups: order[g] is the old number of the new group g. */
static chl_status renumber(keyed *k, const chl_groups *groups, const int64_t *order,
                           int64_t rows, chl_error *err)
{
    int64_t *number = chl_alloc((size_t)groups->count, sizeof *number);
    if (!number) {
        return chl_fail_memory(err);
    }
    for (int64_t g = 0; g < groups->count; g++) {
        number[order[g]] = g;
        k->first[g] = groups->first[order[g]];
    }
    for (int64_t i = 0; i < rows; i++) {
        k->group[i] = number[groups->group[i]];
    }
    chl_free(number);
    return CHL_OK;
}

static chl_status order_groups(keyed *k, const chl_frame *keys, const chl_groups *groups,
                               const char *const *names, int n, chl_error *err)
{
    chl_frame *found = NULL;
    int64_t *order = chl_alloc((size_t)groups->count, sizeof *order);
    bool *descending = chl_calloc((size_t)n, sizeof *descending);
    chl_status status = order && descending ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_frame_take(keys, groups->first, groups->count, NULL, &found, err);
    }
    if (status == CHL_OK) {
        status = chl_frame_order(found, names, descending, n, order, err);
    }
    if (status == CHL_OK) {
        status = renumber(k, groups, order, keys->rows, err);
    }
    if (status == CHL_OK) {
        status = chl_frame_take(keys, k->first, groups->count, NULL, &k->keys, err);
    }
    chl_frame_release(found);
    chl_free(order);
    chl_free(descending);
    return status;
}

/* Without keys: one group, whose row may not exist. */
static chl_status one_group(keyed *k, const chl_frame *keys, chl_error *err)
{
    k->count = 1;
    k->first = chl_calloc(1, sizeof *k->first);
    k->group = chl_calloc((size_t)keys->rows, sizeof *k->group);
    k->keys = chl_frame_retain((chl_frame *)keys);
    return k->first && k->group ? CHL_OK : chl_fail_memory(err);
}

static chl_status sorted_groups(keyed *k, const chl_frame *keys, const char *const *names,
                                int n, chl_error *err)
{
    chl_groups groups;
    CHL_TRY(chl_groups_init(&groups, keys, names, n, NULL, err));
    k->count = groups.count;
    k->first = chl_alloc((size_t)groups.count, sizeof *k->first);
    k->group = chl_alloc((size_t)keys->rows, sizeof *k->group);
    chl_status status = k->first && k->group
                            ? order_groups(k, keys, &groups, names, n, err)
                            : chl_fail_memory(err);
    chl_groups_reset(&groups);
    return status;
}

chl_status keyed_init(keyed *k, const chl_frame *frame, const char *const *names, int n,
                      chl_error *err)
{
    *k = (keyed){0};
    chl_frame *keys = NULL;
    CHL_TRY(chl_frame_select(frame, names, n, &keys, err));
    chl_status status =
        n ? sorted_groups(k, keys, names, n, err) : one_group(k, keys, err);
    chl_frame_release(keys);
    if (status != CHL_OK) {
        keyed_reset(k);
    }
    return status;
}

void keyed_name(const keyed *k, int64_t g, struct chl_strbuf *buf)
{
    for (int c = 0; c < k->keys->columns; c++) {
        const chl_column *column = k->keys->fields[c].column;
        chl_strbuf_puts(buf, c ? "_" : "");
        if (chl_column_valid(column, g)) {
            chl_column_format(column, g, buf);
        } else {
            chl_strbuf_puts(buf, "NA");
        }
    }
}
