/* SPDX-License-Identifier: MIT
 *
 * The inside of an explainer and of one explained row. Layer: core/model, private. Each
 * part of the model has groups and terms of its own:
 *
 *   group   encoded columns that are computed from the same raw columns (its parents).
 *           Its values for one background row take 2^parents variants.
 *   term    some groups whose parents together are few raw columns (its mask); their part
 *           of a net's first pre-activation is tabulated for every subset of the mask,
 *           for one net and background row at a time, so that the tables stay in the
 *           first cache.
 */
#ifndef CHL_MODEL_EXPLAIN_PRIVATE_H
#define CHL_MODEL_EXPLAIN_PRIVATE_H

#include "core/model/explain.h"
#include "core/model/model_private.h"
#include "core/model/raw_mix.h"
#include "core/nn/sum_net.h"

enum {
    EXPLAIN_BLOCK = 128,      /* background rows whose variants are held at a time */
    EXPLAIN_TERM_BITS = 6,    /* raw columns of a term, unless one group needs more */
    EXPLAIN_CUBE_BITS = 12,   /* columns that differ where all their subsets are run */
    EXPLAIN_PARENTS_MAX = 12, /* beyond, coalitions go through the prep one by one */
    EXPLAIN_BATCH_ROWS = 8,   /* background rows of one task */
    EXPLAIN_COALITIONS = 4096 /* coalitions that are looked at together */
};

typedef struct explain_group {
    uint64_t parents; /* raw columns, as bits */
    int bits;         /* how many */
    int term;         /* its term */
    int columns;      /* encoded columns … */
    const int *index; /* … and which; part of chl_explainer.order */
    int64_t variant;  /* variants of the groups before it */
} explain_group;

typedef struct explain_term {
    uint64_t mask;     /* raw columns, as bits */
    int bits;          /* how many */
    int first, groups; /* its groups */
    int64_t sum;       /* sums of the terms before it */
    const int32_t *at; /* [2^bits × groups] the variants that a subset of the mask takes;
                          part of chl_explainer.at */
} explain_term;

/* What is made of one part's prep and nets. */
typedef struct explain_part {
    const model_part *own;
    int encoded;
    chl_matrix matrix;     /* the background encoded */
    int *order;            /* [encoded] encoded columns, group by group */
    explain_group *groups; /* term by term */
    int group_count;
    explain_term *terms;
    int term_count;
    int64_t variants, sums; /* of all groups; of all terms */
    int32_t *at;            /* of all terms */
    int64_t subsets;        /* numbers of it */
    chl_sum_net **nets;     /* [members] owned */
    bool shallow;           /* all nets are: chl_sum_net_is_shallow */
    int layout;             /* the first part whose terms have the same masks */
    bool direct;            /* a group has too many parents: no tables */
} explain_part;

struct chl_explainer {
    const chl_model *model; /* borrowed */
    int players;
    chl_frame *background; /* owned: raw columns */
    double base;           /* v(none) */
    bool *counted;         /* [classes] owned: whose probabilities are explained */
    explain_part *parts;   /* [part_count] owned */
    int part_count;
    bool direct; /* some part is */
};

/* Plans a part's groups and terms from its prep's lineage. */
CHL_MUST_CHECK chl_status explain_plan(const chl_explainer *e, explain_part *part,
                                       chl_error *err);

/* The different mixed rows of some coalitions, background row by background row. Where
 * customer and background have the same cell a column's side does not matter, so there
 * are far fewer than coalitions × rows. */
typedef struct explain_rows {
    chl_mixed_row *mixed; /* [count] coalitions without the columns that are equal */
    double *p;            /* [count] their probabilities */
    int32_t *cells;       /* [count] their coalitions' columns that differ, packed (of at
                             most EXPLAIN_CUBE_BITS) */
    int32_t *which;       /* [block rows × coalitions] places in `mixed` */
    int32_t *slots;       /* hash table of one background row: places in `mixed`, or -1 */
    size_t count, mixed_capacity, p_capacity, cells_capacity, which_capacity,
        slots_capacity;
    size_t start[EXPLAIN_BLOCK + 1]; /* of each background row, and the end */
    /* for each part that has a layout of its own: */
    struct explain_subsets {
        int32_t *at; /* [count × terms] the rows' subsets of those columns of the terms'
                        masks that differ, packed */
        size_t at_capacity;
    } * subsets; /* [parts] */
} explain_rows;

/* One part of a row being explained. */
typedef struct explain_values {
    double *x;           /* [encoded] the customer encoded */
    chl_real **variants; /* [group][2^bits][rows][columns] */
} explain_values;

/* One row being explained: scratch that serves many rows in turn. */
typedef struct explain_game {
    const chl_explainer *e;
    const chl_control *control;
    chl_frame *customer;    /* owned: raw columns, one row */
    double total;           /* v(all) */
    chl_raw_mix mix;        /* the loaded block's rows and the customer */
    int64_t block;          /* first background row of the loaded block; -1 = none */
    int64_t rows;           /* background rows in it */
    explain_values *values; /* [parts] */
    uint64_t *differs;  /* [rows] columns in which a background row is not the customer */
    explain_rows found; /* the mixed rows of the coalitions at hand */
} explain_game;

CHL_MUST_CHECK chl_status explain_game_init(explain_game *g, const chl_explainer *e,
                                            const chl_control *control, chl_error *err);
void explain_game_reset(explain_game *g);
/* Another customer: row `row` of the frame. */
CHL_MUST_CHECK chl_status explain_game_start(explain_game *g, const chl_frame *frame,
                                             int64_t row, chl_error *err);
/* chl_game's callback; ctx is an explain_game. */
chl_status explain_game_value(void *ctx, const uint64_t *coalitions, int64_t n,
                              double *values, chl_error *err);

/* Fills the variants for the background rows from `first` (explain_variants.c). */
CHL_MUST_CHECK chl_status explain_load_block(explain_game *g, int64_t first,
                                             chl_error *err);
static inline chl_real *explain_variant(const explain_game *g, int part, int group,
                                        uint64_t subset)
{
    int columns = g->e->parts[part].groups[group].columns;
    return g->values[part].variants[group] + subset * (uint64_t)(g->rows * columns);
}

/* p = a part's sum over its nets of the found mixed rows' answers, for the background
 * rows first … end-1 of the block (explain_tables.c). */
CHL_MUST_CHECK chl_status explain_sum_nets(const explain_game *g, int part, int64_t first,
                                           int64_t end, double *p, chl_error *err);

/* Can the probabilities of all subsets of the columns in which background row `row` of
 * the block differs be had at once, and is that faster than the mixed rows alone?
 * (explain_cube.c) */
bool explain_is_cube(const explain_game *g, int part, int64_t row);

/* Collects the mixed rows of at most EXPLAIN_COALITIONS coalitions for the loaded block
 * (explain_collect.c). */
CHL_MUST_CHECK chl_status explain_collect(explain_game *g, const uint64_t *coalitions,
                                          int64_t n, chl_error *err);
void explain_rows_reset(explain_rows *rows, int parts);

/* How many bits are set; the bits of `value` under `mask`, packed together; and back. */
int explain_count_bits(uint64_t value);
uint64_t explain_gather_bits(uint64_t value, uint64_t mask);
uint64_t explain_scatter_bits(uint64_t packed, uint64_t mask);

#endif
