/* SPDX-License-Identifier: MIT
 *
 * The inside of chl_model, shared by the files of core/model alone.
 *
 *   part   a fitted prep and its nets, whose mean is its answer; shared by models
 *   node   what is made of the parts' answers: a leaf takes that of one part, a mix
 *          those of its nodes; then come its prior shift and its calibration
 *
 * A model is a tree of nodes over its list of parts. The usual one has a single part, and
 * its root is a leaf. An answer is `outputs` numbers a row: one, the probability of the
 * positive value, or one a class.
 */
#ifndef CHL_MODEL_MODEL_PRIVATE_H
#define CHL_MODEL_MODEL_PRIVATE_H

#include <stdatomic.h>

#include "core/model/model.h"

enum { CHL_MODEL_DEPTH_MAX = 8 }; /* of the tree of nodes */

/* ---- parts (part.c) ---- */

typedef struct model_part {
    atomic_int refs;
    chl_prep *prep; /* owned, fitted */
    chl_net **nets; /* [held], owned */
    int members;    /* at least 1: those that score */
    int held;       /* members, or twice as many: then the same with all heads follow */
} model_part;

/* Takes prep and nets[n] (not the array) on success. Checks that they fit each other and
 * that all nets have as many outputs as the first one; `where` starts the messages. */
CHL_MUST_CHECK chl_status model_part_new(chl_prep *prep, chl_net *const *nets, int n,
                                         const char *where, model_part **out,
                                         chl_error *err);
/* Nets with as many inputs as the prep gives, and equally many outputs. */
CHL_MUST_CHECK chl_status model_check_nets(const chl_prep *prep, chl_net *const *nets,
                                           int n, const char *where, chl_error *err);
/* Takes the members with all their heads, nets[n], on success (heads.c). */
CHL_MUST_CHECK chl_status model_part_keep(model_part *part, chl_net *const *nets, int n,
                                          const char *where, chl_error *err);
model_part *model_part_retain(model_part *part);
void model_part_release(model_part *part); /* NULL allowed */
int model_part_outputs(const model_part *part);
/* The control's threads; the caller's alone when a net must run there. */
int model_threads(const chl_model *model, const chl_control *control);

/* p[n × outputs] for x[n × encoded]: the sum over the members, added in their order. */
CHL_MUST_CHECK chl_status model_part_sum(const model_part *part, const double *x,
                                         int64_t n, double *p, chl_error *err);
/* The mean from the sum, in place. A value that is no probability is CHL_ENUMERIC and
 * names its row from `first`. */
CHL_MUST_CHECK chl_status model_part_mean(const model_part *part, double *p, int64_t n,
                                          int64_t first, chl_error *err);

/* encoder[i] = the first of the n ≥ 1 parts whose prep equals that of part i: its
 * encoded rows are theirs, too (encoders.c). */
CHL_MUST_CHECK chl_status model_find_encoders(model_part *const *parts, int n,
                                              int *encoder, chl_error *err);

/* ---- nodes (mix.c) ---- */

typedef struct model_node {
    int part; /* a leaf's part; -1 = a mix */
    chl_mix mix;
    struct model_node **of; /* [count], owned: what is mixed */
    double *weights;        /* [count], owned */
    int count;
    double intercept;              /* of a stack */
    double *from, *to;             /* [outputs], owned: prior shift, or NULL = none */
    chl_calibration **calibration; /* [outputs], owned, or NULL = none; one that is of all
                                      classes stands first, and alone */
} model_node;

/* A leaf, or a mix with room for `count` nodes and weights. */
CHL_MUST_CHECK chl_status model_node_new(int part, int count, model_node **out,
                                         chl_error *err);
void model_node_free(model_node *node, int outputs); /* NULL allowed */
/* A deep copy whose leaf of part i is that of part places[i]. */
CHL_MUST_CHECK chl_status model_node_clone(const model_node *node, int outputs,
                                           const int *places, model_node **out,
                                           chl_error *err);
int model_node_depth(const model_node *node); /* 1 for a leaf */

/* p[n × outputs] from the parts' answers, part_p[part][n × outputs]; for a leaf p may be
 * the answer itself. `raw` leaves the root's calibration out. Each row on its own. */
CHL_MUST_CHECK chl_status model_node_run(const model_node *root, int outputs,
                                         double *const *part_p, int64_t n, bool raw,
                                         double *p, chl_error *err);

/* out[n] = the sum of the counted classes of p[n × outputs], at most 1; of one output the
 * output itself. out may be p. */
void model_pick(int outputs, const bool *counted, const double *p, int64_t n,
                double *out);

/* ---- models ---- */

struct chl_model {
    atomic_int refs;
    model_part **parts; /* [part_count], owned references */
    int part_count;
    int *encoder;          /* [part_count], owned: the first part with an equal prep */
    model_node *root;      /* owned */
    int outputs;           /* of each node: 1, or the classes */
    chl_frame *schema;     /* owned: the raw columns of all parts, without rows */
    char *target;          /* owned: the column that is predicted */
    char *positive;        /* owned: its values that count as 1, or NULL = none named */
    char *id;              /* owned, or NULL */
    chl_classes classes;   /* owned; none where one probability is predicted */
    bool *is_positive;     /* [classes], owned: which are among the positive values */
    chl_frame *background; /* owned: raw columns of some training rows */
    json_t *metadata;      /* owned object */
    char *text; /* owned: its JSON as a bundle had it, while nothing changed, so
                   that a later program keeps its hash; or NULL */
    int format; /* of that bundle */
};

/* What a model is made of; `where` starts the messages. On success the model has taken
 * parts (references, not the array), root, background and the content of classes. */
typedef struct chl_model_makings {
    model_part *const *parts;
    int part_count;
    model_node *root;
    const char *target, *positive, *id; /* copied; positive and id may be NULL */
    chl_classes *classes;
    chl_frame *background;
} chl_model_makings;
CHL_MUST_CHECK chl_status chl_model_assemble(const chl_model_makings *makings,
                                             const char *where, chl_model **out,
                                             chl_error *err);

/* The rows of a background: a seeded sample of up to 100 of the frame's, with the
 * schema's columns and types. */
CHL_MUST_CHECK chl_status chl_model_sample(const chl_frame *schema, const char *where,
                                           const chl_frame *frame, uint64_t seed,
                                           chl_frame **out, chl_error *err);
/* The raw columns of parts, without rows. */
CHL_MUST_CHECK chl_status chl_model_make_schema(model_part *const *parts, int n,
                                                const char *where, chl_frame **out,
                                                chl_error *err);

/* As chl_model_score; `raw` leaves the calibration out. */
CHL_MUST_CHECK chl_status chl_model_score_frame(const chl_model *model,
                                                const chl_frame *frame, bool raw,
                                                const chl_control *control, double *p,
                                                chl_prep_unseen *unseen, chl_error *err);

#endif
