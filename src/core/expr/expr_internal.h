/* SPDX-License-Identifier: MIT
 *
 * What the files of the expression language share; nobody else includes it. Layer:
 * core/expr. The way of an expression:
 *
 *   text ─lex→ tokens ─parse→ nodes ─check→ plan ─compile→ program ─eval→ column
 *
 * Nodes lie in postorder in one array, children before parents, the subtree of node i
 * being [start, i]. So every later step is a loop, and no text can make one recurse
 * deeply. Instructions are typed; each works on a block of EXPR_BLOCK rows at a time.
 */
#ifndef CHL_EXPR_EXPR_INTERNAL_H
#define CHL_EXPR_EXPR_INTERNAL_H

#include <string.h>

#include "core/data/calendar.h"
#include "core/expr/expr.h"
#include "core/expr/over.h"

enum {
    EXPR_BLOCK = 1024,         /* rows a kernel works on at once */
    EXPR_DEPTH_MAX = 200,      /* nested brackets, calls, unary and right operators */
    EXPR_TEXT_MAX = 64 * 1024, /* bytes of source text */
    EXPR_CONSTANTS_MAX = 128,  /* constants that keep a register */
    EXPR_REGISTERS_MAX = 640   /* intermediate values alive at the same time */
};

/* ---- nodes ---- */

typedef enum expr_op {
    EXPR_INT,
    EXPR_FLOAT,
    EXPR_TEXT,
    EXPR_BOOL,
    EXPR_NIL,
    EXPR_COLUMN,
    EXPR_CALL,
    EXPR_NEG,
    EXPR_NOT,
    EXPR_OR, /* the first binary operator */
    EXPR_AND,
    EXPR_LT,
    EXPR_GT,
    EXPR_LE,
    EXPR_GE,
    EXPR_NE,
    EXPR_EQ,
    EXPR_CONCAT,
    EXPR_ADD,
    EXPR_SUB,
    EXPR_MUL,
    EXPR_DIV,
    EXPR_IDIV,
    EXPR_MOD,
    EXPR_POW /* the last one */
} expr_op;

enum { EXPR_UNARY_PRIORITY = 12 };

/* Lua's two priorities of a binary operator (lparser.c) and its spelling. */
typedef struct expr_operator {
    const char *text;
    int left, right; /* right < left: right associative */
} expr_operator;

/* The operator of EXPR_OR … EXPR_POW. */
const expr_operator *chl_expr_operator(expr_op op);

typedef enum expr_fn {
    FN_LOG,
    FN_LOG1P,
    FN_LOG2,
    FN_LOG10,
    FN_EXP,
    FN_SQRT,
    FN_ABS,
    FN_SIGN,
    FN_FLOOR,
    FN_CEIL,
    FN_ROUND,
    FN_LEAST,
    FN_GREATEST,
    FN_CLIP,
    FN_BETWEEN,
    FN_IS_NA,
    FN_COALESCE,
    FN_IF_ELSE,
    FN_ONE_OF,
    FN_BIN,
    FN_LOWER,
    FN_UPPER,
    FN_LEN,
    FN_CONTAINS,
    FN_STARTS_WITH,
    FN_ENDS_WITH,
    FN_MATCHES,
    FN_YEAR,
    FN_MONTH,
    FN_DAY,
    FN_HOUR,
    FN_MINUTE,
    FN_SECOND,
    FN_WEEKDAY,
    FN_WEEK,
    FN_QUARTER,
    FN_DAY_OF_YEAR,
    FN_DATE,
    FN_TIMESTAMP,
    FN_PARSE_DATE,
    FN_PARSE_TIMESTAMP,
    FN_FORMAT_TIME,
    FN_DATE_TRUNC,
    FN_ADD_DAYS,
    FN_ADD_MONTHS,
    FN_ADD_SECONDS,
    FN_SECONDS_BETWEEN,
    FN_MONTHS_BETWEEN,
    FN_DAYS_BETWEEN, /* FN_YEAR … here: dates and timestamps */
    FN_COUNT,        /* the first aggregate */
    FN_COUNT_IF,
    FN_SUM,
    FN_MEAN,
    FN_MIN,
    FN_MAX,
    FN_VAR,
    FN_STD,
    FN_MEDIAN,
    FN_QUANTILE,
    FN_N_DISTINCT,
    FN_FIRST,
    FN_LAST,
    FN_MODE,
    FN_WMEAN,
    FN_ANY,
    FN_ALL,        /* the last one */
    FN_ROW_NUMBER, /* the first window function */
    FN_RANK,
    FN_DENSE_RANK,
    FN_PERCENT_RANK,
    FN_CUMCOUNT,
    FN_LAG,
    FN_LEAD,
    FN_FFILL,
    FN_BFILL,
    FN_CUMMAX,
    FN_CUMMIN,
    FN_CUMSUM,
    FN_CUMMEAN,
    FN_DIFF,
    FN_PCT_CHANGE,
    FN_ROLLING_COUNT, /* the first of a moving window */
    FN_ROLLING_SUM,
    FN_ROLLING_MEAN,
    FN_ROLLING_STD,
    FN_ROLLING_MIN,
    FN_ROLLING_MAX,
    FN_ROLLING_MEDIAN, /* the last one, also of the window functions */
    FN_SECONDS,        /* lengths of time, which only moving windows read */
    FN_MINUTES,
    FN_HOURS,
    FN_DAYS,
    FN_WEEKS
} expr_fn;

typedef struct expr_function {
    const char *name;
    expr_fn id;
    int min, max; /* arguments; max -1 = any number */
} expr_function;

static inline bool expr_is_aggregate_fn(expr_fn id)
{
    return id >= FN_COUNT && id <= FN_ALL;
}

static inline bool expr_is_window_fn(expr_fn id)
{
    return id >= FN_ROW_NUMBER && id <= FN_ROLLING_MEDIAN;
}

static inline bool expr_is_rolling_fn(expr_fn id)
{
    return id >= FN_ROLLING_COUNT && id <= FN_ROLLING_MEDIAN;
}

static inline bool expr_is_span_fn(expr_fn id)
{
    return id >= FN_SECONDS && id <= FN_WEEKS;
}

static inline bool expr_is_time_fn(expr_fn id)
{
    return id >= FN_YEAR && id <= FN_DAYS_BETWEEN;
}

/* The function of that name that takes n arguments. NULL: *known tells whether the name
 * exists, *min and *max what it takes. */
const expr_function *chl_expr_function_find(const char *name, int n, bool *known,
                                            int *min, int *max);

typedef struct expr_node {
    expr_op op;
    int32_t position; /* byte offset in the text, for messages */
    int32_t start;    /* first node of its subtree */
    int32_t args;     /* operands: args[args … args+n_args-1] of the expression */
    int32_t n_args;   /* 1 unary, 2 binary, any number for calls */
    const expr_function *fn; /* EXPR_CALL */
    union {
        int64_t i; /* EXPR_INT, EXPR_BOOL; EXPR_COLUMN: index into names */
        double f;  /* EXPR_FLOAT */
        struct {
            int32_t at, n; /* EXPR_TEXT: bytes in the pool */
        } text;
    } as;
} expr_node;

struct chl_expr {
    atomic_int refs;
    char *text; /* the source */
    expr_node *nodes;
    size_t n_nodes, node_capacity; /* the last node is the root */
    int32_t *args;                 /* node indices */
    size_t n_args, arg_capacity;
    chl_strbuf pool;     /* bytes of text literals */
    chl_levels *columns; /* column names in order of first use */
    const char **names;  /* the same, borrowed from columns */
    bool aggregate;      /* holds an aggregate, … */
    bool window;         /* … a window function */
};

static inline int32_t expr_arg(const chl_expr *e, const expr_node *node, int k)
{
    return e->args[node->args + k];
}

/* ---- errors ---- */

/* `expression "<text>": position <p>: <message>`; long texts are cut. */
chl_status chl_expr_fail(chl_error *err, chl_status code, const char *text, size_t at,
                         const char *fmt, ...) CHL_PRINTF(5, 6);
/* Puts the same place before a message that is already in *err; returns `code`. */
chl_status chl_expr_locate(chl_error *err, chl_status code, const char *text, size_t at);

/* ---- tokens ---- */

typedef enum expr_token {
    TOKEN_END,
    TOKEN_NAME,   /* a Lua name: bytes */
    TOKEN_QUOTED, /* [[a name]]: bytes */
    TOKEN_TEXT,   /* "text": bytes */
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NIL,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_OPERATOR /* op: binary, EXPR_NOT, or EXPR_SUB also for the unary one */
} expr_token;

typedef struct expr_lexer {
    const char *text;
    size_t at;        /* where the next token is looked for */
    expr_token token; /* the current one */
    size_t position;  /* where it starts */
    expr_op op;
    int64_t i;
    double f;
    chl_strbuf bytes;
    chl_error *err;
} expr_lexer;

CHL_MUST_CHECK chl_status chl_expr_next(expr_lexer *lexer);
/* True when `name` can stand in a text without brackets. */
bool chl_expr_plain_name(const char *name, size_t n);

/* ---- the plan: what check finds out ---- */

enum {
    EXPR_TYPE_NIL = -1,     /* type of a node: missing, takes any type */
    EXPR_WANT_SKIP = -2,    /* the parent reads the literal itself */
    EXPR_MIXED = -3,        /* operands: i64 compared with f64, exactly */
    EXPR_MIXED_SWAPPED = -4 /* operands: f64 compared with i64 */
};

typedef struct expr_typed {
    int type;                 /* chl_type or EXPR_TYPE_NIL */
    int want;                 /* the chl_type its parent reads, or EXPR_WANT_SKIP */
    int operands;             /* the type its kernel works on, or EXPR_MIXED… */
    chl_levels *levels;       /* of a category result; borrowed */
    chl_levels *want_levels;  /* of a wanted category; borrowed */
    const chl_column *column; /* EXPR_COLUMN: where it reads */
    int32_t owner;            /* the aggregate or window function around it, or -1 */
    chl_column *result;       /* an aggregate's values, one a group; a window function's,
                                 one a row; owned */
    chl_column *outside;      /* lag, lead with a default: where it counts; owned */
} expr_typed;

typedef struct expr_plan {
    const chl_expr *expr;
    const chl_frame *frame;
    const chl_over *over; /* what window functions run over; NULL = none */
    expr_typed *nodes;
    chl_levels **levels; /* made for this plan */
    size_t n_levels, level_capacity;
    chl_error *err;
} expr_plan;

/* `grouped`: columns outside an aggregate are errors. */
CHL_MUST_CHECK chl_status chl_expr_plan_init(expr_plan *plan, const chl_expr *expr,
                                             const chl_frame *frame, bool grouped,
                                             const chl_over *over, chl_error *err);
void chl_expr_plan_reset(expr_plan *plan);

/* Shared by the two checkers. Node indices; all report at the node's place. */
chl_status chl_expr_fail_node(const expr_plan *plan, int32_t node, chl_status code,
                              const char *fmt, ...) CHL_PRINTF(4, 5);
/* "column 'Age' (i64)", "text "x"", "number 3" … for messages. */
void chl_expr_describe(const expr_plan *plan, int32_t node, char out[160]);
bool chl_expr_is_text(const expr_plan *plan, int32_t node);
bool chl_expr_is_number(const expr_plan *plan, int32_t node);
/* Asks for a date or a timestamp (`type`); a date also gives the timestamp of its
 * midnight, a literal is read as either. */
CHL_MUST_CHECK chl_status chl_expr_want_time(expr_plan *plan, int32_t node, int type);
bool chl_expr_is_time(const expr_plan *plan, int32_t node);
CHL_MUST_CHECK chl_status chl_expr_want_level(expr_plan *plan, int32_t literal,
                                              int32_t category);
CHL_MUST_CHECK chl_status chl_expr_want_condition(expr_plan *plan, int32_t node,
                                                  const char *where);
CHL_MUST_CHECK chl_status chl_expr_check_call(expr_plan *plan, int32_t node);
CHL_MUST_CHECK chl_status chl_expr_check_time(expr_plan *plan, int32_t node);
/* The unit that a checked date_trunc names. */
chl_time_unit chl_expr_time_unit(const chl_expr *expr, const expr_node *node);
CHL_MUST_CHECK chl_status chl_expr_check_window(expr_plan *plan, int32_t node);
CHL_MUST_CHECK chl_status chl_expr_check_span(expr_plan *plan, int32_t node);
/* The microseconds of a length of time such as days(30); 0 when it is out of range. */
int64_t chl_expr_span(const chl_expr *expr, int32_t node);
/* Rules of calls, which aggregates and window functions share: the argument that is
 * wrong; a number as argument k; numbers (and times) of which the call keeps the type;
 * one type for all arguments that are not skipped. */
chl_status chl_expr_fail_argument(const expr_plan *plan, int32_t node, int32_t argument,
                                  const char *expected);
CHL_MUST_CHECK chl_status chl_expr_want_number(expr_plan *plan, int32_t node, int k,
                                               int type);
CHL_MUST_CHECK chl_status chl_expr_check_kept(expr_plan *plan, int32_t node, bool times);
CHL_MUST_CHECK chl_status chl_expr_unify(expr_plan *plan, int32_t node, int from);
static inline const expr_node *expr_at(const expr_plan *plan, int32_t node)
{
    return &plan->expr->nodes[node];
}
/* The bytes of a text literal. */
static inline const char *expr_literal(const expr_plan *plan, int32_t node, size_t *n)
{
    *n = (size_t)expr_at(plan, node)->as.text.n;
    return *n ? plan->expr->pool.data + expr_at(plan, node)->as.text.at : "";
}

/* ---- the program ---- */

typedef struct expr_string {
    const char *at;
    int64_t n;
} expr_string;

typedef struct expr_vec {
    void *data;           /* this block's values: own, or inside a column */
    const uint8_t *valid; /* one byte a row, NULL = all present */
    void *own;            /* where the block's values are made: 16 bytes each; the
                             result's: its place in the column */
    uint8_t *mask;        /* a byte a row */
} expr_vec;

typedef struct expr_chunk {
    struct expr_chunk *next;
    size_t used, size;
    char bytes[];
} expr_chunk;

typedef struct expr_machine {
    expr_vec *registers;
    void *space;          /* of the registers' values and masks, and of … */
    uint8_t *ones;        /* … the mask of values that are all present */
    int64_t start;        /* first row of the block */
    const int64_t *group; /* group of each row, NULL = all in group 0 */
    expr_chunk *arena;    /* texts made in this block */
    bool failed;          /* out of memory */
} expr_machine;

typedef struct expr_instr expr_instr;
typedef void expr_kernel(expr_machine *m, const expr_instr *in, int n);

struct expr_instr {
    expr_kernel *run;
    int32_t out, in[3];       /* registers */
    bool once;                /* a constant: runs before the first block */
    int size;                 /* bytes of a value, for kernels that move values */
    int op;                   /* expr_op or expr_fn, for kernels that serve several */
    const chl_column *column; /* loads */
    const chl_levels *levels; /* codes to text */
    union {
        int64_t i;
        double f;
        int32_t code;
        uint8_t b;
        expr_string s;
    } k;          /* a constant */
    void *table;  /* owned: edges, codes, sets */
    size_t count; /* entries of the table */
};

typedef struct expr_program {
    expr_instr *code; /* first the constants */
    size_t count, capacity;
    size_t constants; /* instructions that run once, not once a block */
    int registers;
    int32_t result; /* the register of the value */
    chl_type type;
    chl_levels *levels; /* borrowed from the plan */
} expr_program;

/* Compiles the subtree of `root` for the rows around aggregate `owner` (-1 = outside of
 * all). `grouped`: aggregates are read one value a row (row = group) instead of repeated.
 */
CHL_MUST_CHECK chl_status chl_expr_compile(const expr_plan *plan, int32_t root,
                                           int32_t owner, bool grouped,
                                           expr_program *program);
void chl_expr_program_reset(expr_program *program);

/* The program's values of all rows. group: group of each row, for repeated aggregates. */
CHL_MUST_CHECK chl_status chl_expr_run(const expr_program *program, int64_t rows,
                                       const int64_t *group, const chl_control *control,
                                       chl_column **out, chl_error *err);

/* The rows that a plan runs over. */
typedef struct expr_rows {
    int64_t rows;
    const int64_t *group; /* NULL: all rows are group 0 */
    int64_t groups;
    const chl_control *control;
    const chl_over *over; /* NULL: no order */
} expr_rows;

/* The values of a subtree as a column, of the rows around aggregate `owner`, or one a
 * group (`grouped`); a plain column is shared. */
CHL_MUST_CHECK chl_status chl_expr_materialise(const expr_plan *plan, int32_t root,
                                               int32_t owner, const expr_rows *set,
                                               bool grouped, chl_column **out);

/* Bytes of one value in a register. */
int chl_expr_value_size(int type);
/* Space that lives until the block ends; NULL (and m->failed) when memory is out. */
char *chl_expr_arena(expr_machine *m, size_t n);

/* The sign bit is set when value is NaN or Inf; loops that gather it use vectors. */
static inline uint64_t expr_nonfinite(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (bits & UINT64_C(0x7ff0000000000000)) + UINT64_C(0x0010000000000000);
}

/* Kernels by name. NULL when there is none. */
expr_kernel *chl_expr_operator_kernel(expr_op op, int operands);
expr_kernel *chl_expr_math_kernel(expr_fn fn, int operands);
expr_kernel *chl_expr_text_kernel(expr_fn fn);
expr_kernel *chl_expr_time_kernel(expr_fn fn, int operands);
expr_kernel *chl_expr_cast_kernel(int from, int to);
expr_kernel chl_expr_load_column, chl_expr_load_repeated, chl_expr_load_constant,
    chl_expr_load_missing, chl_expr_is_na_kernel, chl_expr_choose_kernel,
    chl_expr_coalesce_kernel, chl_expr_bin_kernel, chl_expr_remap_kernel,
    chl_expr_in_codes, chl_expr_in_i64, chl_expr_in_f64, chl_expr_in_strings;

/* What kernels share: out's values, its mask from those of the operands, its own mask. */
void *chl_expr_out(expr_machine *m, const expr_instr *in);
void chl_expr_merge_valid(expr_machine *m, const expr_instr *in, int operands, int n);
uint8_t *chl_expr_own_mask(expr_vec *vec, int n);
void chl_expr_drop_nonfinite(expr_vec *vec, int n);
int chl_expr_compare_strings(const expr_string *a, const expr_string *b);

/* ---- aggregates ---- */

/* One value a group of `values` (NULL: rows are counted). Groups: as in
 * chl_expr_aggregate; group NULL = one group. weights: of wmean; q: quantile's share. */
CHL_MUST_CHECK chl_status chl_expr_reduce(expr_fn fn, const chl_column *values,
                                          const chl_column *weights, int64_t rows,
                                          const int64_t *group, int64_t groups, double q,
                                          chl_column **out, chl_error *err);

/* ---- window functions ---- */

typedef struct expr_window {
    expr_fn fn;
    const chl_over *over;
    const chl_column *x; /* the argument; NULL: rows are counted, ranked by their order */
    int64_t n;           /* lag, lead, diff, pct_change: rows away; rolling_…: rows */
    int64_t span;        /* rolling_…: microseconds, 0 = n rows */
    int64_t min_count;   /* rolling_…: present values that a result needs */
    bool descending;     /* ranks */
    const chl_control *control;
} expr_window;

/* One value a row, in the frame's order. */
CHL_MUST_CHECK chl_status chl_expr_window(const expr_window *w, chl_column **out,
                                          chl_error *err);
/* The rows for which lag and lead find no row in the group, as a bool column. */
CHL_MUST_CHECK chl_status chl_expr_outside(const expr_window *w, chl_column **out,
                                           chl_error *err);
/* The first or last present value of each group in the order. */
CHL_MUST_CHECK chl_status chl_expr_pick(const chl_over *over, const chl_column *x,
                                        bool last, chl_column **out, chl_error *err);

/* What the files of the window functions share: one call over the groups. */
typedef struct expr_window_run {
    const expr_window *w;
    chl_column *out; /* values, one a row … */
    uint8_t *valid;  /* … and whether they are present; zeroed */
    int64_t *rows;   /* or the rows whose value is taken, -1 = none */
    uint64_t *keys;  /* that order x; NULL unless fn compares values */
    const int64_t
        *sorted;          /* ranks, medians: the rows with a value, by group and value, */
    const int64_t *start; /* … where each group begins in them, */
    const uint8_t *ties;  /* … and whether a row's value equals the one before */
} expr_window_run;

/* The group's rows are order[from … to-1]. Writes what it finds for these rows only. */
typedef chl_status expr_window_part(const expr_window_run *run, int64_t group,
                                    int64_t from, int64_t to, chl_error *err);
expr_window_part chl_expr_rank, chl_expr_rolling_rows, chl_expr_rolling_values,
    chl_expr_rolling_i64, chl_expr_rolling_median;

/* Rows in groups by their values, or by the order when w->x is NULL. */
typedef struct expr_ranking {
    uint64_t *keys;          /* that order the values; made by the caller */
    int64_t *sorted, *start; /* as in expr_window_run */
    uint8_t *ties;
} expr_ranking;

CHL_MUST_CHECK chl_status chl_expr_ranking_init(const expr_window *w, expr_ranking *r,
                                                chl_error *err);
void chl_expr_ranking_reset(expr_ranking *r);

/* An exact sum of 64-bit integers, in two halves that 2^31 rows cannot overflow. */
typedef struct expr_wide {
    int64_t high, low; /* high × 2^32 + low */
} expr_wide;

/* Adds value × sign (1 or -1). */
static inline void expr_wide_add(expr_wide *sum, int64_t value, int sign)
{
    int64_t low = value & 0xffffffff;
    sum->low += sign * low;
    sum->high += sign * ((value - low) / (INT64_C(1) << 32));
}

/* Whether the sum is a 64-bit integer, which is stored then. */
static inline bool expr_wide_fits(const expr_wide *sum, int64_t *value)
{
    int64_t low = sum->low & 0xffffffff, high, both;
    int64_t carry = (sum->low - low) / (INT64_C(1) << 32);
    return !__builtin_add_overflow(sum->high, carry, &high) &&
           !__builtin_mul_overflow(high, INT64_C(1) << 32, &both) &&
           !__builtin_add_overflow(both, low, value);
}

#endif
