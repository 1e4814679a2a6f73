/* SPDX-License-Identifier: MIT */
#include "core/prep/layout.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/nearest.h"

/* Ends of what a damaged bundle may ask for. */
enum { SLOTS_MAX = 1 << 20, LINEAGE_ITEMS_MAX = 1 << 24 };

chl_status chl_layout_init(chl_layout *layout, chl_error *err)
{
    *layout = (chl_layout){0};
    return chl_levels_new(&layout->names, err);
}

void chl_layout_reset(chl_layout *layout)
{
    for (int i = 0; i < layout->n; i++) {
        chl_free(layout->slots[i].name);
        if (layout->slots[i].levels) {
            chl_levels_release(layout->slots[i].levels);
        }
    }
    for (int i = 0; i < layout->n_lineages; i++) {
        chl_free(layout->lineages[i].raws);
    }
    if (layout->names) {
        chl_levels_release(layout->names);
    }
    chl_free(layout->slots);
    chl_free(layout->lineages);
    chl_free(layout->latest);
    *layout = (chl_layout){0};
}

int chl_layout_find(const chl_layout *layout, const char *name)
{
    int32_t code = chl_levels_find(layout->names, name, strlen(name));
    if (code < 0) {
        return -1;
    }
    int slot = layout->latest[code];
    return slot >= 0 && layout->slots[slot].alive ? slot : -1;
}

static chl_status fail_missing(const chl_layout *layout, const char *where,
                               const char *name, chl_error *err)
{
    const char **names = chl_alloc((size_t)layout->n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    size_t n = 0;
    for (int i = 0; i < layout->n; i++) {
        if (layout->slots[i].alive) {
            names[n++] = layout->slots[i].name;
        }
    }
    chl_status status = chl_fail_unknown(err, where, "column", name, names, n);
    chl_free(names);
    return status;
}

chl_status chl_layout_require(const chl_layout *layout, const char *where,
                              const char *name, int *slot, chl_error *err)
{
    *slot = chl_layout_find(layout, name);
    return *slot >= 0 ? CHL_OK : fail_missing(layout, where, name, err);
}

/* Notes that `slot` has the name now. */
static chl_status take_name(chl_layout *layout, const char *name, int slot,
                            chl_error *err)
{
    int32_t code;
    CHL_TRY(chl_levels_intern(layout->names, name, strlen(name), &code, err));
    int *grown = chl_grow(layout->latest, &layout->latest_capacity, (size_t)code + 1,
                          sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    layout->latest = grown;
    layout->latest[code] = slot;
    return CHL_OK;
}

chl_status chl_layout_add(chl_layout *layout, const char *name, chl_type type,
                          int lineage, int *slot, chl_error *err)
{
    if (!*name) {
        return chl_fail(err, CHL_EINVAL, "a column has an empty name");
    }
    if (layout->n > 0 && chl_layout_find(layout, name) >= 0) {
        return chl_fail(err, CHL_EINVAL, "there is already a column '%s'", name);
    }
    if (layout->n >= SLOTS_MAX) {
        return chl_fail(err, CHL_EINVAL, "more than %d columns", SLOTS_MAX);
    }
    chl_slot *grown =
        chl_grow(layout->slots, &layout->capacity, (size_t)layout->n + 1, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    layout->slots = grown;
    CHL_TRY(take_name(layout, name, layout->n, err));
    char *copy = chl_strdup(name);
    if (!copy) {
        layout->latest[chl_levels_find(layout->names, name, strlen(name))] = -1;
        return chl_fail_memory(err);
    }
    layout->slots[layout->n] =
        (chl_slot){.name = copy, .type = type, .lineage = lineage, .alive = true};
    *slot = layout->n++;
    return CHL_OK;
}

/* Takes `raws`; theirs is the last lineage then. */
static chl_status add_lineage(chl_layout *layout, int *raws, int n, chl_error *err)
{
    chl_lineage *grown = chl_grow(layout->lineages, &layout->lineage_capacity,
                                  (size_t)layout->n_lineages + 1, sizeof *grown);
    layout->lineage_items += (size_t)n;
    if (!grown || layout->lineage_items > LINEAGE_ITEMS_MAX) {
        layout->lineages = grown ? grown : layout->lineages;
        chl_free(raws);
        return grown ? chl_fail(err, CHL_EINVAL,
                                "the columns depend on each other in "
                                "too many ways")
                     : chl_fail_memory(err);
    }
    layout->lineages = grown;
    layout->lineages[layout->n_lineages++] = (chl_lineage){.raws = raws, .n = n};
    return CHL_OK;
}

chl_status chl_layout_add_raw(chl_layout *layout, const char *name, chl_type type,
                              chl_levels *levels, chl_error *err)
{
    int *self = chl_alloc(1, sizeof *self);
    if (!self) {
        return chl_fail_memory(err);
    }
    *self = layout->n;
    int slot;
    CHL_TRY(add_lineage(layout, self, 1, err));
    CHL_TRY(chl_layout_add(layout, name, type, layout->n_lineages - 1, &slot, err));
    layout->slots[slot].levels = levels ? chl_levels_retain(levels) : NULL;
    return CHL_OK;
}

/* Merges two rising lists; the result has room for na + nb. */
static int merge(const int *a, int na, const int *b, int nb, int *out)
{
    int i = 0, j = 0, n = 0;
    while (i < na || j < nb) {
        if (j >= nb || (i < na && a[i] < b[j])) {
            out[n++] = a[i++];
        } else {
            i += i < na && a[i] == b[j];
            out[n++] = b[j++];
        }
    }
    return n;
}

chl_status chl_layout_join(chl_layout *layout, const int *slots, int n, int *lineage,
                           chl_error *err)
{
    int *joined = chl_alloc(0, sizeof *joined);
    int count = 0;
    for (int k = 0; joined && k < n; k++) {
        const chl_lineage *one = &layout->lineages[layout->slots[slots[k]].lineage];
        int *out = chl_alloc((size_t)count + (size_t)one->n, sizeof *out);
        if (out) {
            count = merge(joined, count, one->raws, one->n, out);
        }
        chl_free(joined);
        joined = out;
    }
    *lineage = layout->n_lineages;
    return joined ? add_lineage(layout, joined, count, err) : chl_fail_memory(err);
}

int chl_layout_kind(chl_type type)
{
    switch (type) {
    case CHL_F64:
    case CHL_I64:
    case CHL_BOOL: return CHL_TAKES_NUMBERS;
    case CHL_CATEGORY:
    case CHL_STRING: return CHL_TAKES_TEXT;
    case CHL_DATE:
    case CHL_TIMESTAMP: return CHL_TAKES_DATES;
    }
    return 0;
}

/* A column of the type without rows. */
static chl_status empty_column(const chl_slot *slot, chl_column **out, chl_error *err)
{
    CHL_TRY(chl_column_new(slot->type, 0, false, out, err));
    if (slot->type == CHL_CATEGORY) {
        chl_column *column = *out;
        if (column->levels) {
            chl_levels_release(column->levels);
        }
        column->levels = chl_levels_retain(slot->levels);
    }
    return CHL_OK;
}

chl_status chl_layout_schema(const chl_layout *layout, const int *slots, int n,
                             chl_frame **out, chl_error *err)
{
    *out = NULL;
    const char **names = chl_alloc((size_t)n, sizeof *names);
    chl_column **columns = chl_calloc((size_t)n, sizeof *columns);
    chl_status status = names && columns ? CHL_OK : chl_fail_memory(err);
    for (int i = 0; status == CHL_OK && i < n; i++) {
        names[i] = layout->slots[slots[i]].name;
        status = empty_column(&layout->slots[slots[i]], &columns[i], err);
    }
    if (status == CHL_OK) {
        status = chl_frame_new(names, columns, n, out, err);
    }
    for (int i = 0; columns && i < n; i++) {
        chl_column_release(columns[i]);
    }
    chl_free(names);
    chl_free(columns);
    return status;
}
