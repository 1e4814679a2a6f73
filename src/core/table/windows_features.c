/* SPDX-License-Identifier: MIT */
#include "core/table/windows_features.h"

#include <stdio.h>

#include "core/base/alloc.h"
#include "core/base/strbuf.h"
#include "core/table/windows_cells.h"

enum { NAME_MOST = WINDOWS_NAME_MAX + 16 };

void windows_features_reset(window_columns *list)
{
    for (size_t i = 0; i < list->count; i++) {
        chl_free(list->items[i].name);
        chl_column_release(list->items[i].column);
    }
    chl_free(list->items);
    *list = (window_columns){0};
}

static void put_part(chl_strbuf *text, const char *part)
{
    chl_strbuf_puts(text, part);
    chl_strbuf_puts(text, part[0] ? "_" : "");
}

/* Appends the column "<prefix>_<topic>_<name><suffix>"; empty ones are left out. */
static chl_status add_feature(window_columns *list, const char *prefix, const char *topic,
                              const char *name, const char *suffix, int cell,
                              chl_error *err)
{
    window_column *grown =
        chl_grow(list->items, &list->capacity, list->count + 1, sizeof *grown);
    if (!grown) {
        return chl_fail_memory(err);
    }
    list->items = grown;
    chl_strbuf text = {0};
    put_part(&text, prefix);
    put_part(&text, topic);
    chl_strbuf_puts(&text, name);
    chl_strbuf_puts(&text, suffix);
    if (text.failed) {
        chl_strbuf_reset(&text);
        return chl_fail_memory(err);
    }
    list->items[list->count++] = (window_column){.name = text.data, .cell = cell};
    return CHL_OK;
}

typedef struct cell_name {
    window_feature feature;
    const char *name;
    int cell;
} cell_name;

static const cell_name row_names[] = {{FEATURE_RECENCY, "recency", CELL_RECENCY},
                                      {FEATURE_TENURE, "tenure", CELL_TENURE}};

static const cell_name common_names[] = {
    {FEATURE_COUNT, "count", CELL_COUNT},    {FEATURE_ACTIVE, "active", CELL_ACTIVE},
    {FEATURE_RATE, "rate", CELL_RATE},       {FEATURE_TREND, "trend", CELL_TREND},
    {FEATURE_CHANGE, "change", CELL_CHANGE}, {FEATURE_GAP, "gap_mean", CELL_GAP_MEAN},
    {FEATURE_GAP, "gap_std", CELL_GAP_STD}};

static const cell_name value_names[] = {{FEATURE_SUM, "sum", CELL_SUM},
                                        {FEATURE_MEAN, "mean", CELL_MEAN},
                                        {FEATURE_MIN, "min", CELL_MIN},
                                        {FEATURE_MAX, "max", CELL_MAX},
                                        {FEATURE_STD, "std", CELL_STD},
                                        {FEATURE_RATE, "rate", CELL_VALUE_RATE},
                                        {FEATURE_TREND, "trend", CELL_VALUE_TREND},
                                        {FEATURE_CHANGE, "change", CELL_VALUE_CHANGE}};

/* Adds the wanted ones of a table of names; nothing lies before "all" to change from. */
static chl_status add_names(window_columns *list, const windows_plan *plan,
                            const cell_name *names, size_t n, const char *prefix,
                            int lookback, int base, chl_error *err)
{
    bool all = lookback >= 0 && plan->lookbacks[lookback] == WINDOW_ALL;
    const char *suffix = lookback >= 0 ? plan->suffixes[lookback] : "";
    for (size_t i = 0; i < n; i++) {
        if (plan->features[names[i].feature] &&
            !(all && names[i].feature == FEATURE_CHANGE)) {
            CHL_TRY(add_feature(list, "", prefix, names[i].name, suffix,
                                base + names[i].cell, err));
        }
    }
    return CHL_OK;
}

static chl_status add_levels(window_columns *list, const windows_plan *plan,
                             const windows_events *events, int lookback, int base,
                             chl_error *err)
{
    for (int k = 0; plan->features[FEATURE_LEVELS] && k < plan->n_categories; k++) {
        for (int i = 0; i < events->levels[k].count; i++) {
            CHL_TRY(add_feature(list, "", plan->categories[k], events->levels[k].names[i],
                                plan->suffixes[lookback], base + i, err));
        }
        base += events->levels[k].count;
    }
    return CHL_OK;
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The channels of one step, in the order of windows_cells. */
static chl_status add_step(window_columns *list, const windows_plan *plan,
                           const windows_events *events, const char *prefix, int at,
                           chl_error *err)
{
    if (plan->sequence.age) {
        CHL_TRY(add_feature(list, prefix, "", "age", "", at++, err));
    }
    if (plan->sequence.gap) {
        CHL_TRY(add_feature(list, prefix, "", "gap", "", at++, err));
    }
    for (int v = 0; v < plan->n_values; v++) {
        CHL_TRY(add_feature(list, prefix, "", plan->values[v], "", at++, err));
    }
    for (int k = 0; k < plan->n_categories; k++) {
        for (int i = 0; i < events->levels[k].count; i++) {
            CHL_TRY(add_feature(list, prefix, plan->categories[k],
                                events->levels[k].names[i], "", at++, err));
        }
    }
    return CHL_OK;
}

/* "seq_length", then "seq_1_age", "seq_1_amount" … of the newest event, and so on. */
static chl_status add_sequence(window_columns *list, const windows_plan *plan,
                               const windows_events *events, int base, chl_error *err)
{
    const window_sequence *s = &plan->sequence;
    if (s->steps == 0) {
        return CHL_OK;
    }
    CHL_TRY(add_feature(list, s->prefix, "", "length", "", base, err));
    int channels = windows_channels(plan, events);
    for (int k = 0; k < s->steps; k++) {
        char prefix[NAME_MOST];
        snprintf(prefix, sizeof prefix, "%s_%d", s->prefix, k + 1);
        CHL_TRY(add_step(list, plan, events, prefix, base + 1 + k * channels, err));
    }
    return CHL_OK;
}

/* Counts are whole: the common count, those of levels, the length of a sequence. */
static bool is_count(int cell, const windows_plan *plan, const windows_events *events)
{
    int sequence = windows_sequence_at(plan, events);
    if (cell < ROW_CELLS || cell >= sequence) {
        return plan->sequence.steps > 0 && cell == sequence;
    }
    int at = (cell - ROW_CELLS) % windows_lookback_cells(plan, events);
    return at == CELL_COUNT || at >= COMMON_CELLS + VALUE_CELLS * plan->n_values;
}

chl_status windows_features_init(window_columns *list, const windows_plan *plan,
                                 const windows_events *events, chl_error *err)
{
    int base = ROW_CELLS;
    CHL_TRY(add_names(list, plan, row_names, LENGTH(row_names), "", -1, 0, err));
    for (int k = 0; k < plan->n_lookbacks; k++) {
        CHL_TRY(
            add_names(list, plan, common_names, LENGTH(common_names), "", k, base, err));
        int at = base + COMMON_CELLS;
        for (int v = 0; v < plan->n_values; v++, at += VALUE_CELLS) {
            CHL_TRY(add_names(list, plan, value_names, LENGTH(value_names),
                              plan->values[v], k, at, err));
        }
        CHL_TRY(add_levels(list, plan, events, k, at, err));
        base += windows_lookback_cells(plan, events);
    }
    CHL_TRY(add_sequence(list, plan, events, base, err));
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].count = is_count(list->items[i].cell, plan, events);
    }
    return CHL_OK;
}
