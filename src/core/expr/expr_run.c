/* SPDX-License-Identifier: MIT
 *
 * Runs one program over all rows, on several threads. Layer: core/expr. Rows are cut into
 * chunks of whole blocks, each a task with registers of its own that writes its part of
 * the result; so neither values nor their order depend on the number of threads. A chunk
 * of text keeps its bytes until all chunks are done and their places are known.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/expr/expr_internal.h"

enum { CHUNK = 64 * EXPR_BLOCK }; /* rows of a task; also whole bytes of the bitmap */

/* The bytes of one chunk's texts. */
typedef struct piece {
    char *bytes;
    size_t used, room;
} piece;

typedef struct job {
    const expr_program *program;
    int64_t rows;
    const int64_t *group;
    const chl_control *control;
    chl_column *out;
    piece *pieces; /* text only, one a chunk */
} job;

/* ---- the machine ---- */

static void free_arena(expr_machine *m)
{
    while (m->arena) {
        expr_chunk *next = m->arena->next;
        chl_free(m->arena);
        m->arena = next;
    }
}

static void machine_reset(expr_machine *m)
{
    chl_free(m->registers);
    chl_free(m->space);
    free_arena(m);
}

/* Registers for blocks of up to n rows; constants are loaded once. */
static chl_status machine_init(expr_machine *m, const job *j, int n, chl_error *err)
{
    const expr_program *p = j->program;
    *m = (expr_machine){.group = j->group};
    size_t registers = (size_t)p->registers, room = (size_t)(n + 63) / 64 * 64;
    m->registers = chl_calloc(registers, sizeof *m->registers);
    m->space = chl_alloc_aligned((registers + 1) * room, sizeof(expr_string) + 1);
    if (!m->registers || !m->space) {
        machine_reset(m);
        return chl_fail_memory(err);
    }
    char *values = m->space, *masks = values + registers * room * sizeof(expr_string);
    for (size_t i = 0; i < registers; i++) {
        m->registers[i].own = values + i * room * sizeof(expr_string);
        m->registers[i].mask = (uint8_t *)masks + i * room;
    }
    m->ones = (uint8_t *)masks + registers * room;
    memset(m->ones, 1, room);
    for (size_t i = 0; i < p->constants; i++) {
        p->code[i].run(m, &p->code[i], n);
    }
    return CHL_OK;
}

/* ---- where results go ---- */

/* The bits of eight bytes that are 0 or 1. */
static uint8_t pack(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (uint8_t)(word * UINT64_C(0x0102040810204080) >> 56);
#else
    uint8_t bits = 0;
    for (int i = 0; i < 8; i++) {
        bits |= (uint8_t)(bytes[i] << i);
    }
    return bits;
#endif
}

static void put_validity(chl_column *out, const uint8_t *valid, int64_t start, int n)
{
    uint8_t *bits = out->validity + start / 8;
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        bits[i / 8] = pack(valid + i);
    }
    for (; i < n; i++) {
        if (!valid[i]) {
            chl_column_set_null(out, start + i);
        }
    }
}

/* Values behind missing rows are zero, codes -1. */
static void clear_missing(chl_type type, void *at, const uint8_t *valid, int n)
{
    int size = chl_expr_value_size((int)type);
    if (type == CHL_CATEGORY) {
        for (int i = 0; i < n; i++) {
            ((int32_t *)at)[i] |= valid[i] - 1;
        }
    } else if (size == 8) {
        for (int i = 0; i < n; i++) {
            ((int64_t *)at)[i] &= -(int64_t)valid[i];
        }
    } else if (size == 4) {
        for (int i = 0; i < n; i++) {
            ((int32_t *)at)[i] &= -(int32_t)valid[i];
        }
    } else {
        for (int i = 0; i < n; i++) {
            ((uint8_t *)at)[i] &= valid[i];
        }
    }
}

static void put_values(const job *j, const expr_vec *vec, void *at, int n)
{
    if (vec->data != at) {
        size_t size = (size_t)chl_expr_value_size((int)j->out->type);
        memcpy(at, vec->data, (size_t)n * size);
    }
    if (vec->valid) {
        clear_missing(j->out->type, at, vec->valid, n);
    }
}

/* Offsets count from the chunk's beginning until join_pieces. */
static chl_status put_strings(const job *j, const expr_vec *vec, int64_t start, int n,
                              piece *p, chl_error *err)
{
    const expr_string *texts = vec->data;
    int64_t *ends = j->out->values.offsets + start + 1;
    size_t used = p->used;
    for (int i = 0; i < n; i++) {
        used += !vec->valid || vec->valid[i] ? (size_t)texts[i].n : 0;
    }
    char *grown = chl_grow(p->bytes, &p->room, used, 1);
    if (!grown) {
        return chl_fail_memory(err);
    }
    p->bytes = grown;
    for (int i = 0; i < n; i++) {
        if (!vec->valid || vec->valid[i]) {
            memcpy(p->bytes + p->used, texts[i].at, (size_t)texts[i].n);
            p->used += (size_t)texts[i].n;
        }
        ends[i] = (int64_t)p->used;
    }
    return CHL_OK;
}

/* ---- running ---- */

static chl_status run_block(expr_machine *m, const job *j, int n, piece *p,
                            chl_error *err)
{
    const expr_program *program = j->program;
    expr_vec *result = &m->registers[program->result];
    char *at = NULL;
    if (!p) { /* the last instruction writes into the column */
        size_t size = (size_t)chl_expr_value_size((int)j->out->type);
        result->own = at = (char *)j->out->values.any + (size_t)m->start * size;
    }
    for (size_t i = program->constants; i < program->count; i++) {
        program->code[i].run(m, &program->code[i], n);
    }
    if (m->failed) {
        return chl_fail_memory(err);
    }
    if (result->valid) {
        put_validity(j->out, result->valid, m->start, n);
    }
    if (p) {
        CHL_TRY(put_strings(j, result, m->start, n, p, err));
    } else {
        put_values(j, result, at, n);
    }
    free_arena(m);
    return CHL_OK;
}

/* A task. */
static chl_status run_chunk(void *ctx, size_t index, chl_error *err)
{
    const job *j = ctx;
    CHL_TRY(chl_control_check(j->control, "expression", err));
    int64_t start = (int64_t)index * CHUNK;
    int64_t end = j->rows - start < CHUNK ? j->rows : start + CHUNK;
    expr_machine m;
    int block = end - start < EXPR_BLOCK ? (int)(end - start) : EXPR_BLOCK;
    CHL_TRY(machine_init(&m, j, block, err));
    piece *p = j->pieces ? &j->pieces[index] : NULL;
    chl_status status = CHL_OK;
    for (m.start = start; m.start < end && status == CHL_OK; m.start += EXPR_BLOCK) {
        int n = end - m.start < EXPR_BLOCK ? (int)(end - m.start) : EXPR_BLOCK;
        status = run_block(&m, j, n, p, err);
    }
    machine_reset(&m);
    return status;
}

/* ---- text ---- */

/* A task: moves a chunk's bytes to their place, which room (now an offset) tells. */
static chl_status move_piece(void *ctx, size_t index, chl_error *err)
{
    (void)err;
    const job *j = ctx;
    const piece *p = &j->pieces[index];
    int64_t start = (int64_t)index * CHUNK;
    int64_t end = j->rows - start < CHUNK ? j->rows : start + CHUNK;
    for (int64_t i = start + 1; i <= end; i++) {
        j->out->values.offsets[i] += (int64_t)p->room;
    }
    if (p->used) {
        memcpy(j->out->bytes + p->room, p->bytes, p->used);
    }
    return CHL_OK;
}

static chl_status join_pieces(job *j, size_t n, int threads, chl_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        j->pieces[i].room = total;
        total += j->pieces[i].used;
    }
    j->out->bytes = chl_alloc(total, 1);
    if (!j->out->bytes) {
        return chl_fail_memory(err);
    }
    return chl_parallel_for(threads, n, move_piece, j, err);
}

static chl_status run_all(job *j, chl_error *err)
{
    size_t n = (size_t)((j->rows + CHUNK - 1) / CHUNK);
    int threads = chl_control_threads(j->control);
    if (j->out->type != CHL_STRING) {
        return chl_parallel_for(threads, n, run_chunk, j, err);
    }
    j->pieces = chl_calloc(n, sizeof *j->pieces);
    if (!j->pieces) {
        return chl_fail_memory(err);
    }
    chl_status status = chl_parallel_for(threads, n, run_chunk, j, err);
    if (status == CHL_OK) {
        status = join_pieces(j, n, threads, err);
    }
    for (size_t i = 0; i < n; i++) {
        chl_free(j->pieces[i].bytes);
    }
    chl_free(j->pieces);
    return status;
}

chl_status chl_expr_run(const expr_program *program, int64_t rows, const int64_t *group,
                        const chl_control *control, chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_column *made;
    CHL_TRY(chl_column_new_unset(program->type, rows, true, &made, err));
    if (program->type == CHL_CATEGORY) {
        made->levels = chl_levels_retain(program->levels);
    }
    job j = {program, rows, group, control, made, NULL};
    chl_status status = run_all(&j, err);
    if (status != CHL_OK) {
        chl_column_release(made);
        return status;
    }
    chl_column_count_nulls(made);
    *out = made;
    return CHL_OK;
}
