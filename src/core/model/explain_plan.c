/* SPDX-License-Identifier: MIT
 *
 * Groups and terms of an explainer (explain_private.h). Layer: core/model.
 */
#include "core/base/alloc.h"
#include "core/model/explain_private.h"
#include "core/model/model_private.h"

uint64_t explain_gather_bits(uint64_t value, uint64_t mask)
{
    uint64_t packed = 0;
    for (int at = 0; mask; at++, mask &= mask - 1) {
        uint64_t lowest = mask & (~mask + 1);
        packed |= (uint64_t)((value & lowest) != 0) << at;
    }
    return packed;
}

uint64_t explain_scatter_bits(uint64_t packed, uint64_t mask)
{
    uint64_t value = 0;
    for (; mask; packed >>= 1, mask &= mask - 1) {
        if (packed & 1) {
            value |= mask & (~mask + 1);
        }
    }
    return value;
}

static int count_bits(uint64_t value)
{
    int n = 0;
    for (; value; value &= value - 1) {
        n++;
    }
    return n;
}

static uint64_t parents_of(const chl_explainer *e, int column)
{
    uint64_t parents = 0;
    for (int i = 0; i < e->players; i++) {
        if (chl_prep_depends(chl_model_prep(e->model, 0), column, i)) {
            parents |= UINT64_C(1) << i;
        }
    }
    return parents;
}

/* Encoded columns with the same parents, by their first appearance. */
static void plan_groups(chl_explainer *e, const uint64_t *parents)
{
    int placed = 0;
    for (int j = 0; j < e->encoded; j++) {
        bool known = false;
        for (int g = 0; g < e->group_count; g++) {
            known = known || e->groups[g].parents == parents[j];
        }
        if (known) {
            continue;
        }
        explain_group *group = &e->groups[e->group_count++];
        *group = (explain_group){.parents = parents[j],
                                 .bits = count_bits(parents[j]),
                                 .index = e->order + placed};
        for (int k = j; k < e->encoded; k++) {
            if (parents[k] == parents[j]) {
                e->order[placed++] = k;
                group->columns++;
            }
        }
        e->direct = e->direct || group->bits > EXPLAIN_PARENTS_MAX;
    }
}

/* The term that takes the group: one that holds its parents, or has room, or a new one.
 */
static void place_group(chl_explainer *e, explain_group *group, int room)
{
    int best = -1;
    for (int t = 0; t < e->term_count && best < 0; t++) {
        if ((e->terms[t].mask | group->parents) == e->terms[t].mask) {
            best = t;
        }
    }
    for (int t = 0; t < e->term_count && best < 0; t++) {
        if (count_bits(e->terms[t].mask | group->parents) <= room) {
            best = t;
        }
    }
    if (best < 0) {
        best = e->term_count++;
        e->terms[best] = (explain_term){0};
    }
    e->terms[best].mask |= group->parents;
    e->terms[best].bits = count_bits(e->terms[best].mask);
    group->term = best;
}

/* Groups with many parents first, then the others fill up; terms of equal size, so that
 * the tables are small. */
static void plan_terms(chl_explainer *e)
{
    int terms = (e->players + EXPLAIN_TERM_BITS - 1) / EXPLAIN_TERM_BITS;
    int room = terms > 0 ? (e->players + terms - 1) / terms : 1;
    for (int bits = EXPLAIN_PARENTS_MAX; bits >= 0; bits--) {
        for (int g = 0; g < e->group_count; g++) {
            if (e->groups[g].bits == bits) {
                place_group(e, &e->groups[g], room);
            }
        }
    }
}

/* Groups term by term, otherwise in their order. */
static void sort_groups(chl_explainer *e)
{
    for (int i = 1; i < e->group_count; i++) {
        explain_group group = e->groups[i];
        int at = i;
        for (; at > 0 && e->groups[at - 1].term > group.term; at--) {
            e->groups[at] = e->groups[at - 1];
        }
        e->groups[at] = group;
    }
    for (int i = 0; i < e->group_count; i++) {
        explain_term *term = &e->terms[e->groups[i].term];
        term->first = term->groups++ == 0 ? i : term->first;
        e->groups[i].variant = e->variants;
        e->variants += INT64_C(1) << e->groups[i].bits;
    }
}

/* Which variants the subsets take. */
static chl_status plan_subsets(chl_explainer *e, chl_error *err)
{
    size_t n = 0;
    for (int t = 0; t < e->term_count; t++) {
        e->terms[t].sum = e->sums;
        e->sums += INT64_C(1) << e->terms[t].bits;
        n += (size_t)e->terms[t].groups << e->terms[t].bits;
    }
    int32_t *at = e->at = chl_alloc(n, sizeof *e->at);
    if (!at) {
        return chl_fail_memory(err);
    }
    for (int t = 0; t < e->term_count; t++) {
        explain_term *term = &e->terms[t];
        term->at = at;
        for (uint64_t subset = 0; subset < UINT64_C(1) << term->bits; subset++) {
            uint64_t raw = explain_scatter_bits(subset, term->mask);
            for (int i = 0; i < term->groups; i++) {
                const explain_group *group = &e->groups[term->first + i];
                *at++ = (int32_t)explain_gather_bits(raw, group->parents);
            }
        }
    }
    return CHL_OK;
}

chl_status explain_plan(chl_explainer *e, chl_error *err)
{
    size_t n = (size_t)e->encoded;
    e->direct = e->model->root->part < 0;
    if (e->direct) {
        return CHL_OK;
    }
    uint64_t *parents = chl_calloc(n, sizeof *parents);
    e->order = chl_calloc(n, sizeof *e->order);
    e->groups = chl_calloc(n, sizeof *e->groups);
    e->terms = chl_calloc(n, sizeof *e->terms);
    if (!parents || !e->order || !e->groups || !e->terms) {
        chl_free(parents);
        return chl_fail_memory(err);
    }
    for (int j = 0; j < e->encoded; j++) {
        parents[j] = parents_of(e, j);
    }
    plan_groups(e, parents);
    chl_free(parents);
    if (e->direct) {
        return CHL_OK;
    }
    plan_terms(e);
    sort_groups(e);
    return plan_subsets(e, err);
}
