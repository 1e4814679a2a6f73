/* SPDX-License-Identifier: MIT
 *
 * Mixed rows through the nets: for one net, background row and slice of the net's first
 * layer what each variant adds to the first pre-activations, from these the terms'
 * tables, and from these the mixed rows (explain_private.h), unless all subsets can be
 * had at once (explain_cube.c). Layer: core/model.
 *
 * Only what the background row's mixed rows ask for is computed: variants and subsets of
 * the columns in which it is not the customer.
 */
#include "core/model/explain_tables.h"

#include <string.h>

#include "core/base/alloc.h"

/* What differs of a term's columns, packed. */
static uint64_t term_differs(const explain_tables *t, const explain_term *term,
                             int64_t row)
{
    return explain_gather_bits(t->g->differs[row], term->mask);
}

/* The next subset of `all` after one, upwards; 0 after the last. */
static uint64_t next_subset(uint64_t subset, uint64_t all)
{
    return (subset - all) & all;
}

/* ---- scratch ---- */

static void tables_reset(explain_tables *t)
{
    chl_free(t->rows);
    chl_free(t->block);
    chl_free(t->at);
    chl_free(t->p);
}

/* Where in `at` a background row's subsets of a term begin. */
static int32_t *subsets_of(const explain_tables *t, const explain_term *term, int64_t row)
{
    return t->at + (row - t->first) * t->own->subsets + (term->at - t->own->at);
}

/* The lists of `at`: a term's subsets of the columns that differ, in order. */
static void list_subsets(const explain_tables *t, int64_t row)
{
    for (int i = 0; i < t->own->term_count; i++) {
        const explain_term *term = &t->own->terms[i];
        uint64_t differs = term_differs(t, term, row), subset = 0;
        int32_t *at = subsets_of(t, term, row);
        do {
            memcpy(at, term->at + subset * (uint64_t)term->groups,
                   (size_t)term->groups * sizeof *at);
            at += term->groups;
            subset = next_subset(subset, differs);
        } while (subset != 0);
    }
}

/* Numbers of `block`, by its pieces. */
typedef struct sizes {
    size_t width, tables, customer, cube, net, mixed;
} sizes;

static sizes measure(const explain_tables *t)
{
    const explain_part *own = t->own;
    sizes s = {0};
    size_t slices = 0, batch = 0;
    for (int64_t row = t->first; row < t->end; row++) {
        size_t mixed = (size_t)explain_mixed(t, row), rows = mixed;
        if (explain_is_cube(t->g, t->part, row)) {
            rows = (size_t)explain_cube_size(t->g, row);
        }
        s.mixed = mixed > s.mixed ? mixed : s.mixed;
        batch = rows > batch ? rows : batch;
    }
    for (int m = 0; m < own->own->members; m++) {
        size_t width = (size_t)chl_sum_net_width(own->nets[m]);
        size_t net = chl_sum_net_scratch(own->nets[m], (int64_t)batch);
        size_t count = (size_t)chl_sum_net_slices(own->nets[m]);
        s.width = width > s.width ? width : s.width;
        s.net = net > s.net ? net : s.net;
        slices = count > slices ? count : slices;
    }
    s.tables = (size_t)(own->variants + own->sums) * s.width;
    s.customer = slices * (size_t)own->group_count * s.width;
    if (own->shallow) {
        s.cube = (EXPLAIN_CUBE_BITS + EXPLAIN_CUBE_ROWS) * s.width;
        s.cube += 2 * (size_t)chl_padded(own->encoded);
    }
    return s;
}

/* Room for any of the part's nets and background rows. */
static chl_status tables_init(explain_tables *t, chl_error *err)
{
    const explain_part *own = t->own;
    sizes s = measure(t);
    size_t outputs = (size_t)model_part_outputs(own->own);
    size_t lists = (size_t)own->group_count + (size_t)own->term_count;
    t->rows = chl_alloc(lists, sizeof *t->rows);
    t->block =
        chl_alloc_aligned(s.tables + s.customer + s.cube + s.net, sizeof *t->block);
    t->at = chl_alloc((size_t)(t->end - t->first), (size_t)own->subsets * sizeof *t->at);
    t->p = chl_alloc(s.mixed, outputs * sizeof *t->p);
    if (!t->rows || !t->block || !t->at || !t->p) {
        tables_reset(t);
        return chl_fail_memory(err);
    }
    t->customer = t->block + s.tables;
    t->steps = t->customer + s.customer;
    t->cube = t->steps + EXPLAIN_CUBE_BITS * s.width;
    t->cells = t->cube + EXPLAIN_CUBE_ROWS * s.width;
    t->net = t->steps + s.cube;
    for (int64_t row = t->first; row < t->end; row++) {
        if (!explain_is_cube(t->g, t->part, row)) {
            t->tabled = true;
            list_subsets(t, row);
        }
    }
    return CHL_OK;
}

/* ---- what groups add ---- */

static void add_cells(const explain_tables *t, const chl_sum_net *net, int slice,
                      int group, const chl_real *cells, chl_real *out)
{
    const explain_group *own = &t->own->groups[group];
    chl_sum_net_add(net, slice, own->index, own->columns, cells, out);
}

/* What the customer's own values of a group add in a slice. */
static chl_real *customer_row(const explain_tables *t, const chl_sum_net *net, int slice,
                              int group)
{
    int64_t at = (int64_t)slice * t->own->group_count + group;
    return t->customer + at * chl_sum_net_width(net);
}

/* They are the same for every background row. */
static void fill_customer(const explain_tables *t, const chl_sum_net *net, int slice)
{
    for (int i = 0; i < t->own->group_count; i++) {
        uint64_t all = (UINT64_C(1) << t->own->groups[i].bits) - 1;
        chl_real *out = customer_row(t, net, slice, i);
        memset(out, 0, (size_t)chl_sum_net_width(net) * sizeof *out);
        add_cells(t, net, slice, i, explain_variant(t->g, t->part, i, all), out);
    }
}

/* out[width] += what a variant of a group adds for a background row. */
static void add_variant(const explain_tables *t, const chl_sum_net *net, int slice,
                        int group, uint64_t subset, int64_t row, chl_real *out)
{
    const explain_group *own = &t->own->groups[group];
    if (subset > 0 && subset == (UINT64_C(1) << own->bits) - 1) {
        chl_sum_net_add_row(net, customer_row(t, net, slice, group), out);
    } else {
        const chl_real *cells = explain_variant(t->g, t->part, group, subset);
        add_cells(t, net, slice, group, cells + row * own->columns, out);
    }
}

/* ---- tables ---- */

/* The variants of a group that are asked for; the first group carries the bias. */
static void fill_group(const explain_tables *t, const chl_sum_net *net, int slice,
                       int group, int64_t row, chl_real *out)
{
    uint64_t parents = t->own->groups[group].parents, subset = 0;
    uint64_t differs = explain_gather_bits(t->g->differs[row], parents);
    size_t width = (size_t)chl_sum_net_width(net);
    do {
        chl_real *to = out + subset * width;
        if (group == 0) {
            chl_sum_net_start(net, slice, to);
        } else {
            memset(to, 0, width * sizeof *to);
        }
        add_variant(t, net, slice, group, subset, row, to);
        subset = next_subset(subset, differs);
    } while (subset != 0);
}

static void fill_tables(explain_tables *t, const chl_sum_net *net, int slice, int64_t row)
{
    const explain_part *own = t->own;
    int64_t width = chl_sum_net_width(net);
    for (int i = 0; i < own->group_count; i++) {
        chl_real *out = t->block + own->groups[i].variant * width;
        fill_group(t, net, slice, i, row, out);
        t->rows[i] = out;
    }
    for (int i = 0; i < own->term_count; i++) {
        const explain_term *term = &own->terms[i];
        chl_real *out = t->block + (own->variants + term->sum) * width;
        int bits = explain_count_bits(term_differs(t, term, row));
        chl_row_sums sums = {.rows = INT64_C(1) << bits,
                             .parts = term->groups,
                             .tables = t->rows + term->first,
                             .at = subsets_of(t, term, row)};
        chl_sum_net_gather(net, &sums, out);
        t->rows[own->group_count + i] = out;
    }
}

static chl_status table_slice(explain_tables *t, const chl_sum_batch *batch, int slice,
                              int64_t row, chl_error *err)
{
    const explain_rows *found = &t->g->found;
    size_t terms = (size_t)t->own->term_count;
    chl_row_sums sums = {.rows = batch->rows,
                         .parts = t->own->term_count,
                         .tables = t->rows + t->own->group_count,
                         .at = found->subsets[t->own->layout].at +
                               found->start[row] * terms};
    fill_tables(t, batch->net, slice, row);
    return chl_sum_net_rows(batch, slice, &sums, err);
}

/* ---- nets ---- */

/* out = one net's answers for the mixed rows of a background row. */
static chl_status run_net(explain_tables *t, const chl_sum_net *net, int64_t row,
                          double *out, chl_error *err)
{
    bool cube = explain_is_cube(t->g, t->part, row);
    chl_sum_batch batch = {
        .net = net, .rows = explain_mixed(t, row), .scratch = t->net, .out = out};
    batch.rows = cube ? explain_cube_size(t->g, row) : batch.rows;
    if (cube) {
        explain_cube_cells(t, row);
    }
    for (int slice = 0; slice < chl_sum_net_slices(net); slice++) {
        if (cube) {
            explain_cube_slice(t, &batch, slice, row);
        } else {
            CHL_TRY(table_slice(t, &batch, slice, row, err));
        }
    }
    if (cube) {
        chl_sum_net_pick(&batch, t->g->found.cells + t->g->found.start[row],
                         explain_mixed(t, row));
    } else {
        chl_sum_net_finish(&batch);
    }
    return CHL_OK;
}

/* Adds one net's answers for the mixed rows to p, or sets them. */
static chl_status add_net(explain_tables *t, int member, double *p, chl_error *err)
{
    const chl_sum_net *net = t->own->nets[member];
    int outputs = model_part_outputs(t->own->own);
    for (int slice = 0; t->tabled && slice < chl_sum_net_slices(net); slice++) {
        fill_customer(t, net, slice);
    }
    for (int64_t row = t->first; row < t->end; row++) {
        int64_t numbers = explain_mixed(t, row) * outputs;
        CHL_TRY(run_net(t, net, row, member == 0 ? p : t->p, err));
        for (int64_t i = 0; member > 0 && i < numbers; i++) {
            p[i] += t->p[i];
        }
        p += numbers;
    }
    return CHL_OK;
}

chl_status explain_sum_nets(const explain_game *g, int part, int64_t first, int64_t end,
                            double *p, chl_error *err)
{
    explain_tables t = {
        .g = g, .part = part, .own = &g->e->parts[part], .first = first, .end = end};
    CHL_TRY(tables_init(&t, err));
    chl_status status = CHL_OK;
    for (int m = 0; m < t.own->own->members && status == CHL_OK; m++) {
        status = add_net(&t, m, p, err);
    }
    tables_reset(&t);
    return status;
}
