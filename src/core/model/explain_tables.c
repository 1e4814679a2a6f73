/* SPDX-License-Identifier: MIT
 *
 * Mixed rows through the nets: for one net and background row what each variant adds to
 * the first pre-activations, from these the terms' tables, and from these the mixed rows
 * (explain_private.h). Layer: core/model.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/model/explain_private.h"

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

/* Room for any of the part's nets and `most` mixed rows of a background row. */
static chl_status tables_init(tables *t, const explain_part *part, size_t most,
                              chl_error *err)
{
    size_t width = 0, scratch = 0;
    for (int m = 0; m < part->own->members; m++) {
        size_t own = (size_t)chl_sum_net_width(part->nets[m]);
        size_t net = chl_sum_net_scratch(part->nets[m]);
        width = own > width ? own : width;
        scratch = net > scratch ? net : scratch;
    }
    size_t cells = (size_t)(part->variants + part->sums) * width;
    size_t outputs = (size_t)model_part_outputs(part->own);
    t->rows = chl_alloc((size_t)(part->group_count + part->term_count), sizeof *t->rows);
    t->block = chl_alloc_aligned(cells + scratch, sizeof *t->block);
    t->p = chl_alloc(most, outputs * sizeof *t->p);
    if (!t->rows || !t->block || !t->p) {
        tables_reset(t);
        return chl_fail_memory(err);
    }
    t->net = t->block + cells;
    return CHL_OK;
}

/* What the variants of a group add; the first group of all carries the bias. */
static void fill_group(const explain_game *g, int part, const chl_sum_net *net, int group,
                       int64_t row, chl_real *out)
{
    const explain_group *own = &g->e->parts[part].groups[group];
    int width = chl_sum_net_width(net);
    for (uint64_t v = 0; v < UINT64_C(1) << own->bits; v++, out += width) {
        const chl_real *cells = explain_variant(g, part, group, v) + row * own->columns;
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
static void fill_tables(tables *t, const explain_game *g, int part,
                        const chl_sum_net *net, int64_t row)
{
    const explain_part *own = &g->e->parts[part];
    int64_t width = chl_sum_net_width(net);
    for (int i = 0; i < own->group_count; i++) {
        chl_real *out = t->block + own->groups[i].variant * width;
        fill_group(g, part, net, i, row, out);
        t->rows[i] = out;
    }
    for (int i = 0; i < own->term_count; i++) {
        const explain_term *term = &own->terms[i];
        chl_real *out = t->block + (own->variants + term->sum) * width;
        chl_row_sums sums = {.rows = INT64_C(1) << term->bits,
                             .parts = term->groups,
                             .tables = t->rows + term->first,
                             .at = term->at};
        chl_sum_net_gather(net, &sums, out);
        t->rows[own->group_count + i] = out;
    }
}

/* Adds one net's answers for one background row's mixed rows to p, or sets them. */
static chl_status add_net(tables *t, const explain_game *g, int part, int member,
                          int64_t row, double *p, chl_error *err)
{
    const explain_part *own = &g->e->parts[part];
    size_t start = g->found.start[row], n = g->found.start[row + 1] - start;
    const int32_t *at = g->found.subsets[own->layout].at;
    chl_row_sums sums = {.rows = (int64_t)n,
                         .parts = own->term_count,
                         .tables = t->rows + own->group_count,
                         .at = at + start * (size_t)own->term_count};
    fill_tables(t, g, part, own->nets[member], row);
    CHL_TRY(chl_sum_net_predict(own->nets[member], &sums, t->net, member == 0 ? p : t->p,
                                err));
    size_t numbers = n * (size_t)model_part_outputs(own->own);
    for (size_t i = 0; member > 0 && i < numbers; i++) {
        p[i] += t->p[i];
    }
    return CHL_OK;
}

chl_status explain_sum_nets(const explain_game *g, int part, int64_t first, int64_t end,
                            double *p, chl_error *err)
{
    tables t = {0};
    const explain_part *own = &g->e->parts[part];
    const size_t *start = g->found.start;
    size_t most = 0, outputs = (size_t)model_part_outputs(own->own);
    for (int64_t row = first; row < end; row++) {
        size_t n = start[row + 1] - start[row];
        most = n > most ? n : most;
    }
    CHL_TRY(tables_init(&t, own, most, err));
    chl_status status = CHL_OK;
    for (int m = 0; m < own->own->members; m++) {
        for (int64_t row = first; row < end && status == CHL_OK; row++) {
            status = add_net(&t, g, part, m, row,
                             p + (start[row] - start[first]) * outputs, err);
        }
    }
    tables_reset(&t);
    return status;
}
