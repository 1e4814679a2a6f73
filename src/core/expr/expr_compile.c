/* SPDX-License-Identifier: MIT
 *
 * From a checked plan to a flat list of typed instructions over registers. Layer:
 * core/expr. Nodes come in postorder, so operands lie on a stack of registers; a register
 * goes back to the free list once it was read.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/pattern.h"
#include "core/data/time_format.h"
#include "core/expr/expr_internal.h"

typedef struct compiler {
    const expr_plan *plan;
    expr_program *program;
    bool grouped;
    int32_t stack[EXPR_REGISTERS_MAX]; /* values not read yet */
    int height;
    int32_t spare[EXPR_REGISTERS_MAX]; /* registers free for use again */
    int spares;
    bool pinned[EXPR_REGISTERS_MAX]; /* registers that keep a constant */
    int32_t node;                    /* the one being compiled */
} compiler;

int chl_expr_value_size(int type)
{
    switch (type) {
    case CHL_BOOL: return 1;
    case CHL_CATEGORY:
    case CHL_DATE: return 4;
    case CHL_STRING: return (int)sizeof(expr_string);
    default: return 8;
    }
}

void chl_expr_program_reset(expr_program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        chl_free(program->code[i].table);
    }
    chl_free(program->code);
    *program = (expr_program){0};
}

/* ---- registers and instructions ---- */

static chl_status take_register(compiler *c, bool fresh, int32_t *reg)
{
    if (c->spares > 0 && !fresh) {
        *reg = c->spare[--c->spares];
        return CHL_OK;
    }
    if (c->program->registers == EXPR_REGISTERS_MAX) {
        return chl_expr_fail_node(c->plan, c->node, CHL_EINVAL,
                                  "too complex: more than %d values at the same time",
                                  EXPR_REGISTERS_MAX);
    }
    *reg = c->program->registers++;
    return CHL_OK;
}

/* Appends an instruction that reads the top n values and leaves one. Takes the table,
 * also on failure. */
static chl_status emit(compiler *c, expr_instr in, int n)
{
    expr_program *p = c->program;
    expr_instr *grown = chl_grow(p->code, &p->capacity, p->count + 1, sizeof *p->code);
    if (!grown) {
        chl_free(in.table);
        return chl_fail_memory(c->plan->err);
    }
    p->code = grown;
    chl_status status = take_register(c, in.once, &in.out);
    if (status != CHL_OK) {
        chl_free(in.table);
        return status;
    }
    for (int i = 0; i < n; i++) {
        in.in[i] = c->stack[c->height - n + i];
        if (!c->pinned[in.in[i]]) {
            c->spare[c->spares++] = in.in[i];
        }
    }
    c->pinned[in.out] = in.once;
    p->constants += in.once;
    c->height -= n;
    c->stack[c->height++] = in.out;
    p->code[p->count++] = in;
    return CHL_OK;
}

static chl_status emit_kernel(compiler *c, expr_kernel *run, int op, int size, int n)
{
    return emit(c, (expr_instr){.run = run, .op = op, .size = size}, n);
}

/* ---- leaves ---- */

/* A constant is loaded once, into a register of its own; when a text has very many, the
 * rest is loaded in every block. */
static chl_status emit_constant(compiler *c, expr_instr in)
{
    in.run = chl_expr_load_constant;
    in.once = c->program->constants < EXPR_CONSTANTS_MAX;
    return emit(c, in, 0);
}

static chl_status emit_text(compiler *c, const expr_typed *typed)
{
    expr_instr in = {.size = chl_expr_value_size(typed->want)};
    size_t n;
    const char *bytes = expr_literal(c->plan, c->node, &n);
    if (typed->want == CHL_CATEGORY) {
        in.k.code = chl_levels_find(typed->want_levels, bytes, n);
    } else if (typed->want == CHL_DATE) {
        (void)chl_date_parse(bytes, n, &in.k.code); /* checked before */
    } else if (typed->want == CHL_TIMESTAMP) {
        (void)chl_timestamp_parse(bytes, n, &in.k.i);
    } else {
        in.k.s = (expr_string){bytes, (int64_t)n};
    }
    return emit_constant(c, in);
}

/* A number or bool, at once in the type that is wanted of it. */
static chl_status emit_number(compiler *c, const expr_node *node, int want)
{
    expr_instr in = {.size = chl_expr_value_size(want)};
    if (want == CHL_BOOL) {
        in.k.b = (uint8_t)node->as.i;
    } else if (want == CHL_F64) {
        in.k.f = node->op == EXPR_FLOAT ? node->as.f : (double)node->as.i;
    } else {
        in.k.i = node->as.i;
    }
    return emit_constant(c, in);
}

static chl_status emit_load(compiler *c, const chl_column *column, bool repeated)
{
    expr_instr in = {.run = repeated ? chl_expr_load_repeated : chl_expr_load_column,
                     .size = chl_expr_value_size((int)column->type),
                     .column = column};
    return emit(c, in, 0);
}

/* ---- conversions ---- */

static chl_status emit_remap(compiler *c, const chl_levels *from, const chl_levels *to)
{
    int32_t n = chl_levels_count(from);
    int32_t *table = chl_alloc((size_t)n + 1, sizeof *table);
    if (!table) {
        return chl_fail_memory(c->plan->err);
    }
    table[0] = -1; /* the code of a missing row */
    for (int32_t i = 0; i < n; i++) {
        size_t length;
        const char *name = chl_levels_name(from, i, &length);
        table[i + 1] = chl_levels_find(to, name, length);
    }
    return emit(c, (expr_instr){.run = chl_expr_remap_kernel, .table = table}, 1);
}

static chl_status convert(compiler *c, const expr_typed *typed)
{
    if (typed->type == CHL_CATEGORY && typed->want == CHL_CATEGORY) {
        return typed->levels == typed->want_levels
                   ? CHL_OK
                   : emit_remap(c, typed->levels, typed->want_levels);
    }
    if (typed->type == typed->want) {
        return CHL_OK;
    }
    expr_instr in = {.run = chl_expr_cast_kernel(typed->type, typed->want),
                     .levels = typed->levels};
    return emit(c, in, 1);
}

/* ---- calls ---- */

static double number_at(const compiler *c, int32_t node)
{
    const expr_node *n = &c->plan->expr->nodes[node];
    return n->op == EXPR_FLOAT ? n->as.f : (double)n->as.i;
}

static chl_status emit_bin(compiler *c, const expr_node *node)
{
    size_t n = (size_t)node->n_args - 1;
    double *edges = chl_alloc(n, sizeof *edges);
    if (!edges) {
        return chl_fail_memory(c->plan->err);
    }
    for (size_t i = 0; i < n; i++) {
        edges[i] = number_at(c, expr_arg(c->plan->expr, node, (int)i + 1));
    }
    expr_instr in = {.run = chl_expr_bin_kernel, .table = edges, .count = n};
    return emit(c, in, 1);
}

static int order_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int order_f64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int order_strings(const void *a, const void *b)
{
    return chl_expr_compare_strings(a, b);
}

/* one_of among the codes of a category: a yes or no for each code and for missing. */
static chl_status emit_in_codes(compiler *c, const expr_node *node,
                                const chl_levels *levels)
{
    uint8_t *table = chl_calloc((size_t)chl_levels_count(levels) + 1, 1);
    if (!table) {
        return chl_fail_memory(c->plan->err);
    }
    for (int i = 1; i < node->n_args; i++) {
        size_t n;
        const char *bytes = expr_literal(c->plan, expr_arg(c->plan->expr, node, i), &n);
        table[chl_levels_find(levels, bytes, n) + 1] = 1;
    }
    return emit(c, (expr_instr){.run = chl_expr_in_codes, .table = table}, 1);
}

static void fill_item(compiler *c, int32_t item, int operands, void *table, int i)
{
    if (operands == CHL_F64) {
        ((double *)table)[i] = number_at(c, item);
    } else if (operands == CHL_I64) {
        ((int64_t *)table)[i] = c->plan->expr->nodes[item].as.i;
    } else {
        size_t n;
        const char *bytes = expr_literal(c->plan, item, &n);
        int32_t days;
        if (operands == CHL_STRING) {
            ((expr_string *)table)[i] = (expr_string){bytes, (int64_t)n};
        } else if (operands == CHL_TIMESTAMP) {
            (void)chl_timestamp_parse(bytes, n, &((int64_t *)table)[i]);
        } else if (chl_date_parse(bytes, n, &days)) {
            ((int64_t *)table)[i] = days;
        }
    }
}

static chl_status emit_one_of(compiler *c, const expr_node *node, int operands)
{
    if (operands == CHL_CATEGORY) {
        const chl_levels *levels =
            c->plan->nodes[expr_arg(c->plan->expr, node, 0)].levels;
        return emit_in_codes(c, node, levels);
    }
    int n = node->n_args - 1;
    size_t size = operands == CHL_STRING ? sizeof(expr_string) : 8;
    void *table = chl_calloc((size_t)n, size);
    if (!table) {
        return chl_fail_memory(c->plan->err);
    }
    for (int i = 0; i < n; i++) {
        fill_item(c, expr_arg(c->plan->expr, node, i + 1), operands, table, i);
    }
    qsort(table, (size_t)n, size,
          operands == CHL_F64      ? order_f64
          : operands == CHL_STRING ? order_strings
                                   : order_i64);
    expr_instr in = {.table = table, .count = (size_t)n, .op = operands};
    in.run = operands == CHL_F64      ? chl_expr_in_f64
             : operands == CHL_STRING ? chl_expr_in_strings
                                      : chl_expr_in_i64;
    return emit(c, in, 1);
}

/* The format in argument 1 of a checked call, as an instruction keeps it. */
static chl_status make_format(compiler *c, const expr_node *node, void **out)
{
    size_t n;
    chl_time_format *format = chl_alloc(1, sizeof *format);
    if (!format) {
        return chl_fail_memory(c->plan->err);
    }
    const char *text = expr_literal(c->plan, expr_arg(c->plan->expr, node, 1), &n);
    chl_status status = chl_time_format_init(format, text, n, NULL, c->plan->err);
    if (status != CHL_OK) {
        chl_free(format);
        return status;
    }
    *out = format;
    return CHL_OK;
}

static chl_status emit_matches(compiler *c, const expr_node *node)
{
    size_t n;
    chl_pattern *pattern = chl_alloc(1, sizeof *pattern);
    if (!pattern) {
        return chl_fail_memory(c->plan->err);
    }
    const char *text = expr_literal(c->plan, expr_arg(c->plan->expr, node, 1), &n);
    chl_status status = chl_pattern_init(pattern, text, n, c->plan->err);
    if (status != CHL_OK) {
        chl_free(pattern);
        return status;
    }
    expr_instr in = {.run = chl_expr_text_kernel(FN_MATCHES), .table = pattern};
    return emit(c, in, 1);
}

static chl_status emit_time(compiler *c, const expr_node *node, const expr_typed *typed)
{
    expr_fn id = node->fn->id;
    expr_instr in = {.run = chl_expr_time_kernel(id, typed->operands), .op = (int)id};
    int n = node->n_args;
    if (id == FN_PARSE_DATE || id == FN_PARSE_TIMESTAMP || id == FN_FORMAT_TIME) {
        CHL_TRY(make_format(c, node, &in.table));
        n = 1;
    } else if (id == FN_DATE_TRUNC) {
        in.k.i = chl_expr_time_unit(c->plan->expr, node);
        n = 1;
    }
    return in.run ? emit(c, in, n) : CHL_OK;
}

/* A function of many arguments as a chain of two-argument kernels. */
static chl_status emit_chain(compiler *c, expr_kernel *run, int size, int n)
{
    for (int i = 1; i < n; i++) {
        CHL_TRY(emit_kernel(c, run, 0, size, 2));
    }
    return CHL_OK;
}

static chl_status emit_call(compiler *c, const expr_node *node, const expr_typed *typed)
{
    expr_fn id = node->fn->id;
    int size = chl_expr_value_size(typed->operands);
    switch (id) {
    case FN_BIN: return emit_bin(c, node);
    case FN_MATCHES: return emit_matches(c, node);
    case FN_ONE_OF: return emit_one_of(c, node, typed->operands);
    case FN_IS_NA: return emit_kernel(c, chl_expr_is_na_kernel, 0, 1, 1);
    case FN_IF_ELSE: return emit_kernel(c, chl_expr_choose_kernel, 0, size, 3);
    case FN_COALESCE: return emit_chain(c, chl_expr_coalesce_kernel, size, node->n_args);
    case FN_LEAST:
    case FN_GREATEST:
        return emit_chain(c, chl_expr_math_kernel(id, typed->operands), size,
                          node->n_args);
    case FN_CLIP:
    case FN_BETWEEN:
        return emit_kernel(c, chl_expr_math_kernel(id, typed->operands), 0, size, 3);
    case FN_ROUND:
        if (node->n_args == 2) {
            expr_instr in = {.run = chl_expr_math_kernel(FN_ROUND, CHL_BOOL)};
            in.k.i = c->plan->expr->nodes[expr_arg(c->plan->expr, node, 1)].as.i;
            return emit(c, in, 1);
        }
        break;
    default: break;
    }
    if (expr_is_time_fn(id)) {
        return emit_time(c, node, typed);
    }
    expr_kernel *run = typed->operands == CHL_STRING
                           ? chl_expr_text_kernel(id)
                           : chl_expr_math_kernel(id, typed->operands);
    return run ? emit_kernel(c, run, (int)id, size, node->n_args) : CHL_OK;
}

/* A window function's values; where lag and lead have no row, the default on the stack.
 */
static chl_status emit_window(compiler *c, const expr_typed *typed)
{
    CHL_TRY(emit_load(c, typed->result, false));
    if (!typed->outside) {
        return CHL_OK;
    }
    CHL_TRY(emit_load(c, typed->outside, false));
    int size = chl_expr_value_size(typed->type);
    CHL_TRY(emit_kernel(c, chl_expr_choose_kernel, 0, size, 3));
    int32_t *in = c->program->code[c->program->count - 1].in;
    int32_t value = in[0], lagged = in[1];
    in[0] = in[2]; /* the condition comes first */
    in[1] = value;
    in[2] = lagged;
    return CHL_OK;
}

/* ---- nodes ---- */

static chl_status emit_value(compiler *c, const expr_node *node, const expr_typed *typed)
{
    switch (node->op) {
    case EXPR_INT:
    case EXPR_FLOAT:
    case EXPR_BOOL: return emit_number(c, node, typed->type);
    case EXPR_COLUMN: return emit_load(c, typed->column, false);
    case EXPR_CALL:
        if (expr_is_window_fn(node->fn->id)) {
            return emit_window(c, typed);
        }
        return typed->result ? emit_load(c, typed->result, !(c->grouped))
                             : emit_call(c, node, typed);
    default:
        return emit_kernel(c, chl_expr_operator_kernel(node->op, typed->operands),
                           (int)node->op, chl_expr_value_size(typed->operands),
                           node->n_args);
    }
}

static chl_status emit_node(compiler *c)
{
    const expr_node *node = &c->plan->expr->nodes[c->node];
    const expr_typed *typed = &c->plan->nodes[c->node];
    if (typed->want == EXPR_WANT_SKIP) {
        return CHL_OK;
    }
    if (node->op == EXPR_TEXT) {
        return emit_text(c, typed);
    }
    if (node->op == EXPR_NIL) {
        return emit_kernel(c, chl_expr_load_missing, 0, chl_expr_value_size(typed->want),
                           0);
    }
    if (node->op <= EXPR_BOOL && typed->want != CHL_STRING) {
        return emit_number(c, node, typed->want);
    }
    CHL_TRY(emit_value(c, node, typed));
    return convert(c, typed);
}

/* Moves the constants to the front, and gives the last instruction, which makes the
 * result, a register that nothing else writes. */
static chl_status arrange(compiler *c)
{
    expr_program *p = c->program;
    expr_instr *sorted = chl_alloc(p->count, sizeof *sorted);
    if (!sorted) {
        return chl_fail_memory(c->plan->err);
    }
    size_t once = 0, often = p->constants;
    for (size_t i = 0; i < p->count; i++) {
        sorted[p->code[i].once ? once++ : often++] = p->code[i];
    }
    chl_free(p->code);
    p->code = sorted;
    p->result = sorted[p->count - 1].out;
    if (!sorted[p->count - 1].once) {
        p->result = sorted[p->count - 1].out = p->registers++;
    }
    return CHL_OK;
}

chl_status chl_expr_compile(const expr_plan *plan, int32_t root, int32_t owner,
                            bool grouped, expr_program *program)
{
    *program = (expr_program){0};
    compiler *c = chl_calloc(1, sizeof *c);
    if (!c) {
        return chl_fail_memory(plan->err);
    }
    c->plan = plan;
    c->program = program;
    c->grouped = grouped;
    chl_status status = CHL_OK;
    for (int32_t i = plan->expr->nodes[root].start; i <= root && status == CHL_OK; i++) {
        if (plan->nodes[i].owner == owner) {
            c->node = i;
            status = emit_node(c);
        }
    }
    program->type = (chl_type)plan->nodes[root].want;
    program->levels = plan->nodes[root].want_levels;
    if (status == CHL_OK) {
        status = arrange(c);
    }
    chl_free(c);
    if (status != CHL_OK) {
        chl_expr_program_reset(program);
    }
    return status;
}
