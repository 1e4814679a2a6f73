/* SPDX-License-Identifier: MIT
 *
 * Mixed rows through the nets: for one net and background row what each variant adds to
 * the first pre-activations, from these the terms' tables, and from these the mixed rows
 * (explain_private.h). Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/explain_private.h"
#include "core/model/model_private.h"

/* One task's scratch. */
typedef struct tables {
    const chl_real *
        *rows;       /* owned: [groups] [variants][width], [terms] [2^bits][width] */
    chl_real *block; /* owned: what `rows` point to, and `net` */
    chl_real *net;   /* scratch of a net */
    double *p;       /* owned: one net's probabilities of one background row */
} tables;

static void tables_reset(tables *t)
{
    chl_free(t->rows);
    chl_free(t->block);
    chl_free(t->p);
}

/* Room for any of the nets and `most` mixed rows of a background row. */
static chl_status tables_init(tables *t, const chl_explainer *e, size_t most,
                              chl_error *err)
{
    size_t width = 0, scratch = 0;
    for (int m = 0; m < chl_model_members(e->model, 0); m++) {
        size_t own = (size_t)chl_sum_net_width(e->nets[m]);
        size_t net = chl_sum_net_scratch(e->nets[m]);
        width = own > width ? own : width;
        scratch = net > scratch ? net : scratch;
    }
    size_t cells = (size_t)(e->variants + e->sums) * width;
    t->rows = chl_alloc((size_t)(e->group_count + e->term_count), sizeof *t->rows);
    t->block = chl_alloc_aligned(cells + scratch, sizeof *t->block);
    t->p = chl_alloc(most, sizeof *t->p);
    if (!t->rows || !t->block || !t->p) {
        tables_reset(t);
        return chl_fail_memory(err);
    }
    t->net = t->block + cells;
    return CHL_OK;
}

/* What the variants of a group add; the first group of all carries the bias. */
static void fill_group(const explain_game *g, const chl_sum_net *net, int group,
                       int64_t row, chl_real *out)
{
    const explain_group *own = &g->e->groups[group];
    int width = chl_sum_net_width(net);
    for (uint64_t v = 0; v < UINT64_C(1) << own->bits; v++, out += width) {
        const chl_real *cells = explain_variant(g, group, v) + row * own->columns;
        if (group == 0) {
            chl_sum_net_start(net, out);
        } else {
            memset(out, 0, (size_t)width * sizeof *out);
        }
        for (int k = 0; k < own->columns; k++) {
            if (cells[k] != 0) { /* most one-hot columns are */
                chl_sum_net_add(net, own->index[k], cells[k], out);
            }
        }
    }
}

/* The tables of one net and background row. */
static void fill_tables(tables *t, const explain_game *g, const chl_sum_net *net,
                        int64_t row)
{
    const chl_explainer *e = g->e;
    int64_t width = chl_sum_net_width(net);
    for (int i = 0; i < e->group_count; i++) {
        chl_real *out = t->block + e->groups[i].variant * width;
        fill_group(g, net, i, row, out);
        t->rows[i] = out;
    }
    for (int i = 0; i < e->term_count; i++) {
        const explain_term *term = &e->terms[i];
        chl_real *out = t->block + (e->variants + term->sum) * width;
        chl_row_sums sums = {.rows = INT64_C(1) << term->bits,
                             .parts = term->groups,
                             .tables = t->rows + term->first,
                             .at = term->at};
        chl_sum_net_gather(net, &sums, out);
        t->rows[e->group_count + i] = out;
    }
}

/* Adds one net's probabilities of one background row's mixed rows. */
static void add_net(tables *t, explain_game *g, int member, int64_t row)
{
    const chl_explainer *e = g->e;
    size_t start = g->found.start[row], n = g->found.start[row + 1] - start;
    chl_row_sums sums = {.rows = (int64_t)n,
                         .parts = e->term_count,
                         .tables = t->rows + e->group_count,
                         .at = g->found.at + start * (size_t)e->term_count};
    double *p = g->found.p + start;
    fill_tables(t, g, e->nets[member], row);
    chl_sum_net_predict(e->nets[member], &sums, t->net, member == 0 ? p : t->p);
    for (size_t i = 0; member > 0 && i < n; i++) {
        p[i] += t->p[i];
    }
}

chl_status explain_sum_nets(explain_game *g, int64_t first, int64_t end, chl_error *err)
{
    tables t = {0};
    size_t most = 0;
    for (int64_t row = first; row < end; row++) {
        size_t n = g->found.start[row + 1] - g->found.start[row];
        most = n > most ? n : most;
    }
    CHL_TRY(tables_init(&t, g->e, most, err));
    for (int m = 0; m < chl_model_members(g->e->model, 0); m++) {
        for (int64_t row = first; row < end; row++) {
            add_net(&t, g, m, row);
        }
    }
    tables_reset(&t);
    return CHL_OK;
}
