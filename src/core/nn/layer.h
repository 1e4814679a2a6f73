/* SPDX-License-Identifier: MIT
 *
 * Inside a net: a graph of layers, the table of its tensors, and the padded copy of its
 * numbers that the kernels work on. Layer: core/nn, not for other rooms.
 *
 * A layer reads earlier layers or the input. What it gives for one row of the data is
 * `steps` rows of `width` numbers, each padded to CHL_LANES (steps is 1 except in
 * sequences and in ensembles inside one net). A layer's kind is a class: one file and one
 * chl_layer_class each, listed in layers.c.
 *
 * A net keeps every tensor dense and unpadded (what is stored). Training and inference
 * work on a chl_packed: the same tensors with rows padded, weights in panels (kernels.h),
 * trainable numbers in one flat vector that an optimizer steps over. The padding is zero
 * and stays zero: its gradients are zero. What walks over tensors (packing, optimizers,
 * bundles) reads the table and knows no kinds.
 */
#ifndef CHL_NN_LAYER_H
#define CHL_NN_LAYER_H

#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/nn/kernels.h"
#include "core/nn/net.h"

enum { CHL_SOURCES_MAX = 64, CHL_LAYER_NAME = 32, CHL_INPUT = -1 };

typedef struct chl_shape {
    int steps, width;
} chl_shape;

/* Numbers of one row of that shape, padding included. */
static inline int64_t chl_row_size(chl_shape shape)
{
    return (int64_t)shape.steps * chl_padded(shape.width);
}

/* ---- tensors ---- */

typedef enum chl_role {
    CHL_ROLE_WEIGHT,    /* of a product: decays, has l1, l2, max_norm */
    CHL_ROLE_EMBEDDING, /* a row a level: decays */
    CHL_ROLE_BIAS,
    CHL_ROLE_SCALE, /* of norms, scaling layers, parametric activations */
    CHL_ROLE_STATE  /* not trained: running statistics */
} chl_role;

typedef enum chl_form {
    CHL_FORM_ROWS,  /* each row padded */
    CHL_FORM_PANELS /* each matrix in panels, as products read it */
} chl_form;

/* `blocks` matrices of rows × cols, stored one below the other. */
typedef struct chl_param {
    const char *name; /* "weight": of the class, unique in the layer */
    chl_role role;
    chl_form form;
    bool vector;  /* stored with rank 1: rows = 1, blocks = 1 */
    int layer;    /* its place in net->layers */
    bool trained; /* false: state, or the layer is frozen */
    int64_t blocks, rows, cols;
    int64_t at;      /* first number in net->params, or net->state */
    int64_t pack_at; /* first number in chl_packed.params, or .state */
} chl_param;

static inline int64_t chl_param_size(const chl_param *p)
{
    return p->blocks * p->rows * p->cols;
}
static inline int64_t chl_param_packed(const chl_param *p)
{
    return p->blocks * p->rows * chl_padded(p->cols);
}

/* ---- layers ---- */

/* The options of every kind; a class's table says which of them it has. */
typedef struct chl_layer_options {
    int64_t units;
    int activation;  /* chl_activation */
    double l1, l2;   /* penalty l1 · sum |w| + l2 · sum w² on the weights */
    double max_norm; /* of the weights into a unit, after each step; 0 = off */
    double rate;     /* dropout: share of inputs set to zero */
    double stddev;   /* gaussian_noise */
    double momentum; /* batch norm: running = momentum · running + (1-momentum) · new */
    double eps;
    int64_t trees, nodes;        /* trees: how many, and the nodes of all of them */
    int64_t copies;              /* of a row (TabM) */
    int init;                    /* chl_copies_init */
    double start;                /* parametric: the first gate */
    int64_t frequencies;         /* periodic: a column */
    double sigma;                /* periodic: their first deviation */
    bool lite, phases, densenet; /* periodic */
    bool linear;                 /* piecewise_linear: the first column is the number */
    bool trainable;
    int64_t steps;         /* sequence: steps of a row */
    bool reverse;          /* sequence: turns each row's valid steps around */
    bool return_sequences; /* gru, lstm: every step, not only the last */
    int pooling;           /* pool: how */
    int64_t heads;         /* transformer */
    int hidden;            /* transformer: relu or gelu */
    bool norm_first;       /* transformer: norms before attention and feed-forward */
    int position;          /* position: learned or sinusoidal */
    int64_t width;         /* lua: of its output */
    bool check;            /* lua: its gradients, on the first batch */
} chl_layer_options;

typedef struct chl_layer_class chl_layer_class;

typedef struct chl_layer {
    const chl_layer_class *class;
    char name[CHL_LAYER_NAME]; /* unique in the net */
    int sources;               /* how many layers it reads, at least 1 */
    int from[CHL_SOURCES_MAX]; /* places in net->layers before its own, or CHL_INPUT */
    chl_shape in;              /* of the first source */
    chl_shape out;
    chl_layer_options options;
    int32_t *index;  /* owned list of a class that needs one, or NULL */
    int64_t indices; /* its length */
    json_t *own;     /* owned reference: the spec of a class that needs it, or NULL */
    int tensor;      /* its first tensor in net->tensors */
    int tensors;     /* how many */
    int readers;     /* layers that read it, and 1 for a head */
    int reader;      /* the only layer that reads it, -1 = none or several */
    bool needs;      /* its gradient is needed: it or a source has trained numbers */
    int place;       /* inference: the buffer of its output */
    int mask;        /* which lengths say how many steps count, -1 = all of them */
} chl_layer;

/* One output of the net: what a loss judges. */
typedef struct chl_head {
    int layer;
    int at, width; /* its columns in the net's outputs */
    int copies;    /* steps of the layer: predictions that are averaged */
} chl_head;

struct chl_net {
    int inputs, outputs;
    int count;
    chl_layer *layers;
    int heads;
    chl_head *head;
    int tensor_count, tensor_capacity;
    chl_param *tensors;
    chl_real *params; /* trainable numbers, tensor after tensor */
    int64_t param_count;
    chl_real *state; /* running statistics */
    int64_t state_count;
    int64_t pack_params, pack_state; /* numbers in a chl_packed */
    const chl_custom_host *custom;   /* borrowed, or NULL */
    int places;                      /* buffers of inference */
    int masks;                       /* lists of lengths: one a `sequence` layer */
    int input_place;
    int64_t input_row; /* numbers of an input row in inference: padded unless only
                          layers read it that need no padding */
};

typedef struct chl_pass chl_pass;
typedef struct chl_run chl_run;

/* Numbers that a layer wants beside its output, for batches of so many rows. */
typedef struct chl_room {
    int64_t kept;    /* from its forward to its backward */
    int64_t shared;  /* from `prepare` to its backward */
    int64_t scratch; /* during forward or backward; shared with the others */
    int64_t run;     /* during inference */
} chl_room;

struct chl_layer_class {
    const char *name;
    const chl_option *options; /* into chl_layer_options, begins with
                                  CHL_LAYER_COMMON_OPTIONS */
    const void *kind;    /* what classes with the same functions differ in, or NULL */
    int most_sources;    /* 1, or CHL_SOURCES_MAX for merging layers */
    bool in_place;       /* its gradient may be turned in place, and inference may write
                            where it reads: out has the shape of in */
    bool whole_batch;    /* training wants all rows of a batch at once */
    bool reads_unpadded; /* inference reads input rows without padding */
    /* Sets layer->out (in->out at first) and declares tensors with chl_net_add_tensor.
     * `where` starts messages; spec is the layer's JSON, for lists. NULL: nothing. */
    chl_status (*plan)(chl_net *net, chl_layer *layer, const json_t *spec,
                       const char *where, chl_error *err);
    /* Initial numbers; all are zero before. NULL: they stay zero. */
    void (*init)(chl_net *net, int i, uint64_t seed, uint64_t member);
    void (*room)(const chl_net *net, int i, int64_t batch, chl_room *room); /* NULL = 0 */
    void (*forward)(chl_pass *pass, int i);                                 /* pass.h */
    /* Before the backward of all layers, once for the whole batch, into slot->shared:
     * what depends on the weights alone. NULL: nothing. */
    void (*prepare)(chl_pass *pass, int i);
    void (*backward)(chl_pass *pass, int i);
    void (*infer)(chl_run *run, int i); /* run.h */
    /* Before inference: numbers of running statistics become what `infer` reads. NULL:
     * nothing. Works in place on a copy. */
    void (*fold)(const chl_net *net, int i, chl_real *params, chl_real *state);
    /* Stored numbers that are no arithmetic, such as the nodes of trees, may come from a
     * file that nobody vouches for. NULL: any number will do. */
    chl_status (*check)(const chl_net *net, int i, chl_error *err);
    /* What chl_options_write cannot say (lists); NULL: nothing. */
    chl_status (*spell)(const chl_layer *layer, json_t *spec, chl_error *err);
};

#define CHL_LAYER_COMMON_OPTIONS                                                         \
    {"type", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},                                          \
        {"name", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},                                      \
        {"from", CHL_OPT_IGNORE, 0, 0, 0, NULL, 0},                                      \
    {                                                                                    \
        "trainable", CHL_OPT_BOOL, offsetof(chl_layer_options, trainable), 0, 0, NULL, 0 \
    }
#define CHL_LAYER_OPTION(name, type, low, high, required)                                \
    {                                                                                    \
#name, type, offsetof(chl_layer_options, name), low, high, NULL, required        \
    }
#define CHL_LAYER_ACTIVATION(required)                                                   \
    {                                                                                    \
        "activation", CHL_OPT_CHOICE, offsetof(chl_layer_options, activation), 0, 0,     \
            chl_activation_names, required                                               \
    }

enum { CHL_UNITS_MAX = 65536 };

extern const char *const chl_activation_names[]; /* NULL-terminated */
/* All kinds, NULL-terminated (layers.c). */
extern const chl_layer_class *const chl_layer_classes[];
extern const chl_layer_class chl_dense_class, chl_activation_class, chl_batch_norm_class,
    chl_dropout_class, chl_gaussian_noise_class, chl_trees_class, chl_lua_class;
extern const chl_layer_class chl_sequence_class, chl_pool_class, chl_position_class,
    chl_gru_class, chl_lstm_class, chl_transformer_class;
extern const chl_layer_class chl_copies_class, chl_batch_ensemble_class,
    chl_member_dense_class;
extern const chl_layer_class chl_add_class, chl_concat_class, chl_columns_class,
    chl_layer_norm_class, chl_embedding_class, chl_scale_class, chl_parametric_class,
    chl_periodic_class, chl_piecewise_linear_class;

/* Reads a list of whole numbers low … high into layer->index; absent: NULL. */
CHL_MUST_CHECK chl_status chl_layer_read_list(chl_layer *layer, const json_t *spec,
                                              const char *key, const char *where,
                                              int64_t low, int64_t high, chl_error *err);
/* The other way. */
CHL_MUST_CHECK chl_status chl_layer_spell_list(const chl_layer *layer, const char *key,
                                               json_t *spec, chl_error *err);

/* Appends a tensor to the layer being planned. */
CHL_MUST_CHECK chl_status chl_net_add_tensor(chl_net *net, chl_layer *layer,
                                             chl_param tensor, chl_error *err);
/* Weight [in × out] in panels, and bias [out]. */
CHL_MUST_CHECK chl_status chl_net_add_weight_and_bias(chl_net *net, chl_layer *layer,
                                                      int64_t in, int64_t out,
                                                      chl_error *err);

/* Reads {"inputs":…, "layers":[…], "heads":[…]} into the fields of a zeroed net up to
 * `state_count`; no numbers are allocated. On failure the caller frees the net. */
CHL_MUST_CHECK chl_status chl_spec_read(const json_t *spec, int inputs, chl_net *net,
                                        chl_error *err);

static inline chl_shape chl_shape_of(const chl_net *net, int layer)
{
    return layer == CHL_INPUT ? (chl_shape){1, net->inputs} : net->layers[layer].out;
}
static inline const chl_param *chl_layer_tensor(const chl_net *net, int layer, int k)
{
    return &net->tensors[net->layers[layer].tensor + k];
}
/* The stored numbers of tensor k of a layer. */
chl_real *chl_layer_numbers(chl_net *net, int layer, int k);
/* The random stream of a layer's initial numbers. */
void chl_layer_rng(chl_rng *rng, uint64_t seed, uint64_t member, int layer);

/* The head that shows a layer, -1 = none. */
int chl_layer_head(const chl_net *net, int layer);
/* The activation of a head. Sigmoid and softmax are not applied by the packed forward
 * pass: training works on logits, and inference applies them in double. */
int chl_head_activation(const chl_net *net, int head);
/* What layer i applies in a packed forward pass. */
chl_activation chl_layer_activation(const chl_net *net, int i);
/* The lengths that belong to the first source of layer i, -1 = all its steps count. */
static inline int chl_source_mask(const chl_net *net, int i)
{
    int from = net->layers[i].from[0];
    return from == CHL_INPUT ? -1 : net->layers[from].mask;
}
/* The longest row of any layer, input included, padded. */
int64_t chl_net_widest(const chl_net *net);

/* ---- packed numbers ---- */

typedef struct chl_packed {
    chl_real *params; /* [net->pack_params], owned */
    chl_real *state;  /* [net->pack_state], owned, in the same block */
    bool absorbed;    /* see chl_packed_absorb_norms */
    bool turned;      /* see chl_packed_turn_single */
} chl_packed;

/* Zeroed numbers for that net. */
CHL_MUST_CHECK chl_status chl_packed_init(chl_packed *p, const chl_net *net,
                                          chl_error *err);
void chl_packed_reset(chl_packed *p);
void chl_packed_load(chl_packed *p, const chl_net *net);
void chl_packed_store(const chl_packed *p, chl_net *net);
/* Calls every class's `fold`. */
void chl_packed_fold(chl_packed *p, const chl_net *net);

/* After chl_packed_fold: moves batch norm into the dense layer that alone reads it, if
 * there is one; inference then skips it. Rounds differently. */
void chl_packed_absorb_norms(chl_packed *p, const chl_net *net);
/* After those: lays the weights of dense layers with one unit end to end, for dot. */
void chl_packed_turn_single(chl_packed *p, const chl_net *net);
/* As kernels->turn, as rows first … of a matrix of `rows` rows: `out` of them, then zeros
 * up to its padding where there is room. */
void chl_turn_block(const chl_real *w, int64_t in, int64_t out, int64_t rows,
                    int64_t first, chl_real *turned);
/* The dense layer that alone reads batch norm layer i, dropout aside; -1 = none. */
int chl_net_norm_reader(const chl_net *net, int i);

#endif
