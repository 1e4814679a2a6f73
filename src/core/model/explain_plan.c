/* SPDX-License-Identifier: MIT
 *
 * Groups and terms of an explainer (explain_private.h). Layer: core/model.
 */
#include "core/base/alloc.h"
#include "core/model/explain_private.h"

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

int explain_count_bits(uint64_t value)
{
    int n = 0;
    for (; value; value &= value - 1) {
        n++;
    }
    return n;
}

/* place[i] = the model's raw column that is the prep's raw column i. */
static void find_places(const chl_model *model, const chl_prep *prep, int *place)
{
    for (int i = 0; i < chl_prep_raw_count(prep); i++) {
        place[i] = chl_frame_find(chl_model_schema(model), chl_prep_raw_name(prep, i));
    }
}

static uint64_t parents_of(const chl_prep *prep, const int *place, int column)
{
    uint64_t parents = 0;
    for (int i = 0; i < chl_prep_raw_count(prep); i++) {
        if (chl_prep_depends(prep, column, i)) {
            parents |= UINT64_C(1) << place[i];
        }
    }
    return parents;
}

/* Encoded columns with the same parents, by their first appearance. */
static void plan_groups(explain_part *part, const uint64_t *parents)
{
    int placed = 0;
    for (int j = 0; j < part->encoded; j++) {
        bool known = false;
        for (int g = 0; g < part->group_count; g++) {
            known = known || part->groups[g].parents == parents[j];
        }
        if (known) {
            continue;
        }
        explain_group *group = &part->groups[part->group_count++];
        *group = (explain_group){.parents = parents[j],
                                 .bits = explain_count_bits(parents[j]),
                                 .index = part->order + placed};
        for (int k = j; k < part->encoded; k++) {
            if (parents[k] == parents[j]) {
                part->order[placed++] = k;
                group->columns++;
            }
        }
        part->direct = part->direct || group->bits > EXPLAIN_PARENTS_MAX;
    }
}

/* The term that takes the group: one that holds its parents, or has room, or a new one.
 */
static void place_group(explain_part *part, explain_group *group, int room)
{
    int best = -1;
    for (int t = 0; t < part->term_count && best < 0; t++) {
        if ((part->terms[t].mask | group->parents) == part->terms[t].mask) {
            best = t;
        }
    }
    for (int t = 0; t < part->term_count && best < 0; t++) {
        if (explain_count_bits(part->terms[t].mask | group->parents) <= room) {
            best = t;
        }
    }
    if (best < 0) {
        best = part->term_count++;
        part->terms[best] = (explain_term){0};
    }
    part->terms[best].mask |= group->parents;
    part->terms[best].bits = explain_count_bits(part->terms[best].mask);
    group->term = best;
}

/* Groups with many parents first, then the others fill up; terms of equal size, so that
 * the tables are small. */
static void plan_terms(explain_part *part, int players)
{
    int terms = (players + EXPLAIN_TERM_BITS - 1) / EXPLAIN_TERM_BITS;
    int room = terms > 0 ? (players + terms - 1) / terms : 1;
    for (int bits = EXPLAIN_PARENTS_MAX; bits >= 0; bits--) {
        for (int g = 0; g < part->group_count; g++) {
            if (part->groups[g].bits == bits) {
                place_group(part, &part->groups[g], room);
            }
        }
    }
}

/* Groups term by term, otherwise in their order. */
static void sort_groups(explain_part *part)
{
    for (int i = 1; i < part->group_count; i++) {
        explain_group group = part->groups[i];
        int at = i;
        for (; at > 0 && part->groups[at - 1].term > group.term; at--) {
            part->groups[at] = part->groups[at - 1];
        }
        part->groups[at] = group;
    }
    for (int i = 0; i < part->group_count; i++) {
        explain_term *term = &part->terms[part->groups[i].term];
        term->first = term->groups++ == 0 ? i : term->first;
        part->groups[i].variant = part->variants;
        part->variants += INT64_C(1) << part->groups[i].bits;
    }
}

/* Which variants the subsets take. */
static chl_status plan_subsets(explain_part *part, chl_error *err)
{
    size_t n = 0;
    for (int t = 0; t < part->term_count; t++) {
        part->terms[t].sum = part->sums;
        part->sums += INT64_C(1) << part->terms[t].bits;
        n += (size_t)part->terms[t].groups << part->terms[t].bits;
    }
    int32_t *at = part->at = chl_alloc(n, sizeof *part->at);
    if (!at) {
        return chl_fail_memory(err);
    }
    part->subsets = (int64_t)n;
    for (int t = 0; t < part->term_count; t++) {
        explain_term *term = &part->terms[t];
        term->at = at;
        for (uint64_t subset = 0; subset < UINT64_C(1) << term->bits; subset++) {
            uint64_t raw = explain_scatter_bits(subset, term->mask);
            for (int i = 0; i < term->groups; i++) {
                const explain_group *group = &part->groups[term->first + i];
                *at++ = (int32_t)explain_gather_bits(raw, group->parents);
            }
        }
    }
    return CHL_OK;
}

/* The first part with the same masks: it may be this one. */
static int find_layout(const chl_explainer *e, const explain_part *part)
{
    int k = 0;
    for (; &e->parts[k] != part; k++) {
        const explain_part *other = &e->parts[k];
        bool same = other->term_count == part->term_count && !other->direct;
        for (int t = 0; same && t < part->term_count; t++) {
            same = other->terms[t].mask == part->terms[t].mask;
        }
        if (same) {
            break;
        }
    }
    return k;
}

chl_status explain_plan(const chl_explainer *e, explain_part *part, chl_error *err)
{
    size_t n = (size_t)part->encoded;
    int place[CHL_SHAPLEY_PLAYERS_MAX];
    uint64_t *parents = chl_calloc(n, sizeof *parents);
    part->order = chl_calloc(n, sizeof *part->order);
    part->groups = chl_calloc(n, sizeof *part->groups);
    part->terms = chl_calloc(n, sizeof *part->terms);
    if (!parents || !part->order || !part->groups || !part->terms) {
        chl_free(parents);
        return chl_fail_memory(err);
    }
    find_places(e->model, part->own->prep, place);
    for (int j = 0; j < part->encoded; j++) {
        parents[j] = parents_of(part->own->prep, place, j);
    }
    plan_groups(part, parents);
    chl_free(parents);
    if (part->direct) {
        return CHL_OK;
    }
    plan_terms(part, chl_prep_raw_count(part->own->prep));
    sort_groups(part);
    part->layout = find_layout(e, part);
    return plan_subsets(part, err);
}
