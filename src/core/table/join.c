/* SPDX-License-Identifier: MIT
 *
 * Who matches whom. The left rows are counted block by block, so that every thread knows
 * where its rows go and their order is that of the left frame. Layer: core/table.
 */
#include "core/table/join.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/parallel.h"
#include "core/base/strbuf.h"
#include "core/table/join_private.h"

enum { BLOCK = 1 << 16 }; /* left rows a task */

typedef struct match {
    const join_keys *keys;
    chl_join_how how;
    join_cells cells;
    join_lists right; /* the right rows of each cell; unless each has one at most: */
    int64_t *single;  /* [cells] the right row of the cell, -1 = none; or NULL */
    int64_t *partner; /* [left rows] with `single`: the right row, -1 = none */
    int64_t *start;   /* [blocks] first result row of each block of left rows */
    uint8_t *uneven;  /* [blocks] not each left row of the block gives one result row */
    size_t blocks;
    join_rows rows;
} match;

/* ---- validation ---- */

static void print_key(const join_keys *keys, bool of_left, int64_t row, chl_strbuf *text)
{
    for (int k = 0; k < keys->n; k++) {
        const chl_key_part *part = &keys->parts[k];
        const char *name = of_left ? keys->left_on[k] : keys->right_on[k];
        chl_strbuf_printf(text, "%s%s = ", k ? ", " : "", name);
        chl_column_format(of_left ? part->left : part->right, row, text);
    }
}

static chl_status fail_repeated(const match *m, bool of_left, int64_t first,
                                int64_t second, const char *rule, chl_error *err)
{
    chl_strbuf text = {0};
    print_key(m->keys, of_left, second, &text);
    chl_fail(
        err, CHL_EINVAL,
        "join: validate '%s': expected each key once in the %s frame, got %s in rows "
        "%lld and %lld",
        rule, of_left ? "left" : "right", text.failed ? "one" : text.data,
        (long long)first + 1, (long long)second + 1);
    chl_strbuf_reset(&text);
    return CHL_EINVAL;
}

/* Each cell once among the rows of a frame. */
static chl_status check_once(const match *m, bool of_left, const char *rule,
                             chl_error *err)
{
    const int64_t *cell = of_left ? m->cells.left : m->cells.right;
    int64_t n = of_left ? m->keys->left->rows : m->keys->right->rows;
    int64_t *seen = chl_calloc((size_t)m->cells.cells, sizeof *seen); /* row + 1 */
    if (!seen) {
        return chl_fail_memory(err);
    }
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < n && status == CHL_OK; i++) {
        if (cell[i] >= 0 && seen[cell[i]]) {
            status = fail_repeated(m, of_left, seen[cell[i]] - 1, i, rule, err);
        } else if (cell[i] >= 0) {
            seen[cell[i]] = i + 1;
        }
    }
    chl_free(seen);
    return status;
}

static chl_status validate(const match *m, chl_join_validate rule, chl_error *err)
{
    static const char *const names[] = {"many_to_many", "many_to_one", "one_to_many",
                                        "one_to_one"};
    if (rule == CHL_JOIN_ONE_TO_ONE || rule == CHL_JOIN_ONE_TO_MANY) {
        CHL_TRY(check_once(m, true, names[rule], err));
    }
    if (rule == CHL_JOIN_ONE_TO_ONE || rule == CHL_JOIN_MANY_TO_ONE) {
        CHL_TRY(check_once(m, false, names[rule], err));
    }
    return CHL_OK;
}

/* ---- pairs of rows ---- */

static int64_t partners(const match *m, int64_t row)
{
    if (m->single) {
        return m->partner[row] >= 0;
    }
    int64_t cell = m->cells.left[row];
    return cell < 0 ? 0 : m->right.from[cell + 1] - m->right.from[cell];
}

/* The right rows that belong to a left row with partners. */
static const int64_t *first_partner(const match *m, int64_t row)
{
    return m->single ? &m->partner[row]
                     : m->right.rows + m->right.from[m->cells.left[row]];
}

/* Result rows of a left row with so many partners. */
static int64_t result_rows(const match *m, int64_t n)
{
    switch (m->how) {
    case CHL_JOIN_SEMI: return n > 0;
    case CHL_JOIN_ANTI: return n == 0;
    case CHL_JOIN_LEFT:
    case CHL_JOIN_FULL: return n > 0 ? n : 1;
    case CHL_JOIN_INNER:
    default: return n;
    }
}

static int64_t block_end(const match *m, size_t block)
{
    int64_t end = ((int64_t)block + 1) * BLOCK, rows = m->keys->left->rows;
    return end < rows ? end : rows;
}

static void find_partners(const match *m, int64_t start, int64_t end)
{
    enum { AHEAD = 16 };
    const int64_t *cell = m->cells.left;
    for (int64_t i = start; i < end; i++) {
        int64_t ahead = cell[i + AHEAD < end ? i + AHEAD : i];
        __builtin_prefetch(&m->single[ahead < 0 ? 0 : ahead]);
        m->partner[i] = cell[i] < 0 ? -1 : m->single[cell[i]];
    }
}

/* A task: the result rows of a block of left rows; CHL_JOIN_MAX_ROWS + 1 for too many. */
static chl_status count_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    match *m = ctx;
    int64_t start = (int64_t)block * BLOCK, end = block_end(m, block), n = 0;
    if (m->single) {
        find_partners(m, start, end);
    }
    for (int64_t i = start; i < end && n <= CHL_JOIN_MAX_ROWS; i++) {
        int64_t rows = result_rows(m, partners(m, i));
        m->uneven[block] |= rows != 1;
        n += rows;
    }
    m->start[block] = n <= CHL_JOIN_MAX_ROWS ? n : CHL_JOIN_MAX_ROWS + 1;
    return CHL_OK;
}

/* A task: writes the pairs of a block of left rows. */
static chl_status fill_block(void *ctx, size_t block, chl_error *err)
{
    (void)err;
    match *m = ctx;
    int64_t end = block_end(m, block), at = m->start[block];
    int64_t *left = m->rows.left, *right = m->rows.right;
    for (int64_t i = (int64_t)block * BLOCK; i < end; i++) {
        int64_t found_rows = partners(m, i), n = result_rows(m, found_rows);
        const int64_t *found = found_rows ? first_partner(m, i) : NULL;
        for (int64_t k = 0; k < n; k++, at++) {
            if (left) {
                left[at] = i;
            }
            if (right) {
                right[at] = found ? found[k] : -1;
            }
        }
    }
    return CHL_OK;
}

/* Full: the right rows whose cell no left row has. */
static chl_status find_alone(const match *m, int64_t *alone, int64_t *n, chl_error *err)
{
    uint8_t *taken = chl_calloc((size_t)m->cells.cells, 1);
    if (!taken) {
        return chl_fail_memory(err);
    }
    for (int64_t i = 0; i < m->keys->left->rows; i++) {
        if (m->cells.left[i] >= 0) {
            taken[m->cells.left[i]] = 1;
        }
    }
    for (int64_t i = 0; i < m->keys->right->rows; i++) {
        if (m->cells.right[i] < 0 || !taken[m->cells.right[i]]) {
            alone[(*n)++] = i;
        }
    }
    chl_free(taken);
    return CHL_OK;
}

/* From the counts of the blocks to their starts and the sum. */
static chl_status place_blocks(match *m, chl_error *err)
{
    int64_t at = 0;
    for (size_t b = 0; b < m->blocks; b++) {
        int64_t n = m->start[b];
        if (n > CHL_JOIN_MAX_ROWS - at) {
            return chl_fail(err, CHL_EINVAL,
                            "join: the result has more than %lld rows: expected fewer "
                            "repeated keys (validate = \"many_to_one\" names one)",
                            (long long)CHL_JOIN_MAX_ROWS);
        }
        m->start[b] = at;
        at += n;
    }
    m->rows.n = at;
    return CHL_OK;
}

/* Whether each left row gives one result row, so that left columns can be shared. */
static bool keeps_left(const match *m)
{
    for (size_t b = 0; b < m->blocks; b++) {
        if (m->uneven[b]) {
            return false;
        }
    }
    return m->how != CHL_JOIN_FULL;
}

static chl_status fill_rows(match *m, int threads, chl_error *err)
{
    int64_t more = m->how == CHL_JOIN_FULL ? m->keys->right->rows : 0;
    bool choice = m->how == CHL_JOIN_SEMI || m->how == CHL_JOIN_ANTI;
    join_rows *rows = &m->rows;
    size_t room = (size_t)(rows->n + more);
    bool share = keeps_left(m);
    if (share && !choice && m->single) { /* the partners are the right rows */
        rows->right = m->partner;
        m->partner = NULL;
        return CHL_OK;
    }
    rows->left = share ? NULL : chl_alloc(room, sizeof *rows->left);
    rows->right = choice ? NULL : chl_alloc(room, sizeof *rows->right);
    if ((!share && !rows->left) || (!choice && !rows->right)) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_parallel_for(threads, m->blocks, fill_block, m, err));
    if (more) {
        CHL_TRY(find_alone(m, rows->right + rows->n, &rows->appended, err));
        for (int64_t i = 0; i < rows->appended; i++) {
            rows->left[rows->n++] = -1;
        }
    }
    return CHL_OK;
}

/* Fills m->single; false when a cell has two right rows. */
static bool find_single(const match *m)
{
    const int64_t *cell = m->cells.right;
    for (int64_t i = 0; i < m->keys->right->rows; i++) {
        if (cell[i] >= 0 && m->single[cell[i]] >= 0) {
            return false;
        }
        if (cell[i] >= 0) {
            m->single[cell[i]] = i;
        }
    }
    return true;
}

/* Either m->single and m->partner or m->right. */
static chl_status list_right(match *m, chl_error *err)
{
    size_t cells = (size_t)m->cells.cells;
    m->single = chl_alloc(cells, sizeof *m->single);
    if (!m->single) {
        return chl_fail_memory(err);
    }
    memset(m->single, 0xff, cells * sizeof *m->single); /* -1 */
    if (find_single(m)) {
        m->partner = chl_alloc((size_t)m->keys->left->rows, sizeof *m->partner);
        return m->partner ? CHL_OK : chl_fail_memory(err);
    }
    chl_free(m->single);
    m->single = NULL;
    return join_lists_init(&m->right, m->cells.right, NULL, m->keys->right->rows,
                           m->cells.cells, err);
}

static chl_status find_rows(match *m, const chl_join_options *options,
                            const chl_control *control, chl_error *err)
{
    const join_keys *keys = m->keys;
    int threads = chl_control_threads(control);
    CHL_TRY(join_cells_init(&m->cells, keys, control, err));
    CHL_TRY(validate(m, options->validate, err));
    CHL_TRY(list_right(m, err));
    m->blocks = (size_t)((keys->left->rows + BLOCK - 1) / BLOCK);
    m->start = chl_alloc(m->blocks, sizeof *m->start);
    m->uneven = chl_calloc(m->blocks, sizeof *m->uneven);
    if (!m->start || !m->uneven) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_parallel_for(threads, m->blocks, count_block, m, err));
    CHL_TRY(place_blocks(m, err));
    CHL_TRY(chl_control_check(control, "join", err));
    return fill_rows(m, threads, err);
}

static chl_status join_frames(const join_keys *keys, const chl_join_options *options,
                              const chl_control *control, chl_frame **out, chl_error *err)
{
    match m = {.keys = keys, .how = options->how};
    chl_status status = find_rows(&m, options, control, err);
    join_cells_reset(&m.cells);
    join_lists_reset(&m.right);
    chl_free(m.single);
    chl_free(m.partner);
    chl_free(m.start);
    chl_free(m.uneven);
    if (status == CHL_OK && m.rows.right) {
        join_shape shape = {options->left_suffix, options->right_suffix,
                            options->how == CHL_JOIN_FULL};
        status = join_make_frame(keys, &shape, &m.rows, control, out, err);
    } else if (status == CHL_OK && m.rows.left) {
        status = chl_frame_take(keys->left, m.rows.left, m.rows.n, control, out, err);
    } else if (status == CHL_OK) {
        status = chl_frame_drop(keys->left, NULL, 0, out, err); /* all rows */
    }
    join_rows_reset(&m.rows);
    return status;
}

void join_rows_reset(join_rows *rows)
{
    chl_free(rows->left);
    chl_free(rows->right);
    *rows = (join_rows){0};
}

chl_status chl_frame_join(const chl_frame *left, const chl_frame *right,
                          const char *const *left_on, const char *const *right_on, int n,
                          const chl_join_options *options, const chl_control *control,
                          chl_frame **out, chl_error *err)
{
    *out = NULL;
    join_keys keys = {"join", left, right, left_on, right_on, n, NULL};
    CHL_TRY(join_keys_init(&keys, err));
    chl_status status = join_frames(&keys, options, control, out, err);
    join_keys_reset(&keys);
    return status;
}
