/* SPDX-License-Identifier: MIT
 *
 * Runs programs over blocks of rows. Layer: core/expr. Aggregates are taken first, inner
 * ones before outer ones; the rest then reads their values like columns.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/data/builder.h"
#include "core/expr/expr_internal.h"

/* ---- the machine ---- */

static void free_arena(expr_machine *m)
{
    while (m->arena) {
        expr_chunk *next = m->arena->next;
        chl_free(m->arena);
        m->arena = next;
    }
}

static void machine_reset(expr_machine *m, int registers)
{
    for (int i = 0; m->registers && i < registers; i++) {
        chl_free(m->registers[i].own);
        chl_free(m->registers[i].mask);
    }
    chl_free(m->registers);
    free_arena(m);
}

static chl_status machine_init(expr_machine *m, int registers, int64_t rows,
                               const int64_t *group, chl_error *err)
{
    *m = (expr_machine){.group = group};
    size_t block = rows < EXPR_BLOCK ? (size_t)rows : (size_t)EXPR_BLOCK;
    m->registers = chl_calloc((size_t)registers, sizeof *m->registers);
    for (int i = 0; m->registers && i < registers; i++) {
        m->registers[i].own = chl_alloc_aligned(block, sizeof(expr_string));
        m->registers[i].mask = chl_alloc_aligned(block, 1);
        m->failed = m->failed || !m->registers[i].own || !m->registers[i].mask;
    }
    if (m->registers && !m->failed) {
        return CHL_OK;
    }
    machine_reset(m, registers);
    return chl_fail_memory(err);
}

/* ---- where results go ---- */

typedef struct sink {
    chl_column *column;  /* all types but string */
    chl_builder builder; /* string */
    bool strings;
} sink;

static chl_status sink_init(sink *s, const expr_program *program, int64_t rows,
                            chl_error *err)
{
    *s = (sink){.strings = program->type == CHL_STRING};
    if (s->strings) {
        return chl_builder_init(&s->builder, CHL_STRING, NULL, err);
    }
    CHL_TRY(chl_column_new(program->type, rows, true, &s->column, err));
    if (program->type == CHL_CATEGORY) {
        s->column->levels = chl_levels_retain(program->levels);
    }
    return CHL_OK;
}

static void sink_reset(sink *s)
{
    chl_column_release(s->column);
    if (s->strings) {
        chl_builder_reset(&s->builder);
    }
}

static chl_status put_strings(sink *s, const expr_vec *vec, int n, chl_error *err)
{
    const expr_string *values = vec->data;
    for (int i = 0; i < n; i++) {
        if (vec->valid && !vec->valid[i]) {
            CHL_TRY(chl_builder_null(&s->builder, err));
        } else {
            CHL_TRY(
                chl_builder_text(&s->builder, values[i].at, (size_t)values[i].n, err));
        }
    }
    return CHL_OK;
}

static chl_status put(sink *s, const expr_vec *vec, int64_t start, int n, chl_error *err)
{
    if (s->strings) {
        return put_strings(s, vec, n, err);
    }
    size_t size = (size_t)chl_expr_value_size((int)s->column->type);
    memcpy((char *)s->column->values.any + (size_t)start * size, vec->data,
           (size_t)n * size);
    if (vec->valid) {
        const uint8_t *at = vec->valid, *end = vec->valid + n;
        while ((at = memchr(at, 0, (size_t)(end - at)))) {
            chl_column_set_null(s->column, start + (at - vec->valid));
            at++;
        }
    }
    return CHL_OK;
}

static chl_status finish(sink *s, chl_column **out, chl_error *err)
{
    if (s->strings) {
        return chl_builder_finish(&s->builder, out, err);
    }
    chl_column_seal(s->column);
    *out = s->column;
    s->column = NULL;
    return CHL_OK;
}

/* ---- running ---- */

static chl_status run_blocks(expr_machine *m, const expr_program *program, int64_t rows,
                             sink *s, chl_error *err)
{
    for (m->start = 0; m->start < rows; m->start += EXPR_BLOCK) {
        int64_t left = rows - m->start;
        int n = left < EXPR_BLOCK ? (int)left : EXPR_BLOCK;
        for (size_t i = 0; i < program->count; i++) {
            const expr_instr *in = &program->code[i];
            in->run(m, in, n);
        }
        if (m->failed) {
            return chl_fail_memory(err);
        }
        CHL_TRY(put(s, &m->registers[program->result], m->start, n, err));
        free_arena(m);
    }
    return CHL_OK;
}

static chl_status run(const expr_program *program, int64_t rows, const int64_t *group,
                      chl_column **out, chl_error *err)
{
    expr_machine m;
    CHL_TRY(machine_init(&m, program->registers, rows, group, err));
    sink s;
    chl_status status = sink_init(&s, program, rows, err);
    if (status == CHL_OK) {
        status = run_blocks(&m, program, rows, &s, err);
    }
    if (status == CHL_OK) {
        status = finish(&s, out, err);
    }
    sink_reset(&s);
    machine_reset(&m, program->registers);
    return status;
}

/* The rows that a plan runs over. */
typedef struct row_set {
    int64_t rows;
    const int64_t *group; /* NULL: all rows are group 0 */
    int64_t groups;
} row_set;

/* The values of a subtree as a column; a plain column is shared. */
static chl_status materialise(const expr_plan *plan, int32_t root, int32_t owner,
                              const row_set *set, bool grouped, chl_column **out)
{
    const expr_typed *typed = &plan->nodes[root];
    const chl_column *ready = plan->expr->nodes[root].op == EXPR_COLUMN ? typed->column
                              : grouped                                 ? typed->result
                                                                        : NULL;
    if (ready && typed->want == typed->type && typed->want_levels == typed->levels) {
        *out = chl_column_retain((chl_column *)(uintptr_t)ready);
        return CHL_OK;
    }
    expr_program program;
    CHL_TRY(chl_expr_compile(plan, root, owner, grouped, &program));
    chl_status status = run(&program, grouped ? set->groups : set->rows,
                            grouped ? NULL : set->group, out, plan->err);
    chl_expr_program_reset(&program);
    return status;
}

static chl_status take_aggregate(expr_plan *plan, int32_t node, const row_set *set)
{
    const expr_node *n = &plan->expr->nodes[node];
    chl_column *values = NULL;
    double q = 0.5;
    if (n->n_args > 0) {
        int32_t argument = expr_arg(plan->expr, n, 0);
        CHL_TRY(materialise(plan, argument, node, set, false, &values));
    }
    if (n->n_args > 1) {
        const expr_node *share = &plan->expr->nodes[expr_arg(plan->expr, n, 1)];
        q = share->op == EXPR_FLOAT ? share->as.f : (double)share->as.i;
    }
    chl_status status =
        chl_expr_reduce(n->fn->id, values, set->rows, set->group, set->groups, q,
                        &plan->nodes[node].result, plan->err);
    chl_column_release(values);
    return status;
}

static chl_status run_plan(expr_plan *plan, const row_set *set, bool grouped,
                           chl_column **out)
{
    const chl_expr *e = plan->expr;
    for (size_t i = 0; e->aggregate && i < e->n_nodes; i++) {
        if (e->nodes[i].op == EXPR_CALL && expr_is_aggregate_fn(e->nodes[i].fn->id)) {
            CHL_TRY(take_aggregate(plan, (int32_t)i, set));
        }
    }
    return materialise(plan, (int32_t)e->n_nodes - 1, -1, set, grouped, out);
}

chl_status chl_expr_eval(const chl_expr *expr, const chl_frame *frame,
                         const chl_control *control, chl_column **out, chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "expression", err));
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, false, err));
    row_set set = {.rows = frame->rows, .groups = 1};
    chl_status status = run_plan(&plan, &set, false, out);
    chl_expr_plan_reset(&plan);
    return status;
}

chl_status chl_expr_aggregate(const chl_expr *expr, const chl_frame *frame,
                              const int64_t *group, int64_t groups,
                              const chl_control *control, chl_column **out,
                              chl_error *err)
{
    *out = NULL;
    CHL_TRY(chl_control_check(control, "expression", err));
    expr_plan plan;
    CHL_TRY(chl_expr_plan_init(&plan, expr, frame, true, err));
    row_set set = {.rows = frame->rows, .group = group, .groups = groups};
    chl_status status = run_plan(&plan, &set, true, out);
    chl_expr_plan_reset(&plan);
    return status;
}
