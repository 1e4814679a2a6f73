/* SPDX-License-Identifier: MIT */
#include "core/io/blocks.h"

#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/io/bytes.h"

void chl_block_reset(chl_block *block)
{
    chl_free(block->text);
    *block = (chl_block){0};
}

void chl_blocks_reset(chl_blocks *blocks)
{
    chl_input_close(blocks->input);
    chl_free(blocks->carry);
    blocks->input = NULL;
    blocks->carry = NULL;
}

static bool make_room(chl_block *block, size_t bytes)
{
    if (block->room >= bytes + CHL_PADDING) {
        return true;
    }
    char *grown = chl_realloc(block->text, bytes + CHL_PADDING, 1);
    if (grown) {
        block->text = grown;
        block->room = bytes + CHL_PADDING;
    }
    return grown != NULL;
}

/* ---- where a block may end ---- */

/* Behind the last LF of text[0, n) that is outside of quotes, or 0. */
static size_t cut_after_lf(const char *text, size_t n, bool quotes)
{
    bool outside = true;
    for (const char *at = text; quotes && (at = memchr(at, '"', (size_t)(text + n - at)));
         at++) {
        outside = !outside;
    }
    for (size_t i = n; i > 0; i--) {
        if (text[i - 1] == '\n' && outside) {
            return i;
        }
        outside ^= quotes && text[i - 1] == '"';
    }
    return 0;
}

/* The same for a CR with another byte than LF behind it. */
static size_t cut_after_cr(const char *text, size_t n, bool quotes)
{
    size_t cut = 0;
    bool outside = true;
    for (size_t i = 0; i + 1 < n; i++) {
        outside ^= quotes && text[i] == '"';
        cut = outside && text[i] == '\r' && text[i + 1] != '\n' ? i + 1 : cut;
    }
    return cut;
}

static size_t find_cut(const char *text, size_t n, bool quotes)
{
    size_t cut = cut_after_lf(text, n, quotes);
    return cut || !memchr(text, '\r', n) ? cut : cut_after_cr(text, n, quotes);
}

/* ---- reading ---- */

static chl_status open_file(chl_blocks *b, chl_error *err)
{
    if (b->memory) {
        return chl_input_memory(b->memory, b->memory_size, b->paths[0], &b->input, err);
    }
    return chl_input_open(b->paths[b->file], &b->input, err);
}

/* Reads until the block is as long as `want`, or the file is over. */
static chl_status fill(chl_blocks *b, chl_block *block, size_t want, chl_error *err)
{
    if (!make_room(block, want)) {
        return chl_fail_memory(err);
    }
    size_t got;
    CHL_TRY(
        chl_input_read(b->input, block->text + block->end, want - block->end, &got, err));
    block->end += got;
    b->input_over = block->end < want;
    return CHL_OK;
}

/* Grows the block until it holds a whole record; *cut is where its records end. */
static chl_status fill_records(chl_blocks *b, chl_block *block, size_t *cut,
                               chl_error *err)
{
    for (size_t want = b->size > b->carried ? b->size : b->carried + b->size;;
         want *= 2) {
        CHL_TRY(fill(b, block, want, err));
        *cut = b->input_over ? block->end : find_cut(block->text, block->end, b->quotes);
        if (*cut || b->input_over) {
            return CHL_OK;
        }
        if (block->end >= (b->limit ? b->limit : CHL_RECORD_MAX)) {
            block->too_large = true;
            *cut = block->end;
            return CHL_OK;
        }
    }
}

static chl_status keep_rest(chl_blocks *b, chl_block *block, size_t cut, chl_error *err)
{
    b->carried = block->end - cut;
    if (b->carried) {
        char *grown = chl_grow(b->carry, &b->carry_room, b->carried, 1);
        if (!grown) {
            return chl_fail_memory(err);
        }
        b->carry = grown;
        memcpy(grown, block->text + cut, b->carried);
    }
    block->end = cut;
    memset(block->text + cut, 0, CHL_PADDING);
    return CHL_OK;
}

static void leave_file(chl_blocks *b)
{
    b->done += chl_input_size(b->input);
    chl_input_close(b->input);
    b->input = NULL;
    b->file++;
}

static chl_status look_first(chl_blocks *b, chl_block *block, chl_error *err)
{
    block->line = b->line;
    CHL_TRY(b->first(b->ctx, block, chl_input_name(b->input), &b->found, err));
    b->line = block->line;
    return CHL_OK;
}

static chl_status next_of_file(chl_blocks *b, chl_block *block, chl_error *err)
{
    bool first = b->input == NULL;
    if (first) {
        CHL_TRY(open_file(b, err));
        b->input_over = false;
        b->found = false;
        b->line = 1;
        b->carried = 0;
    }
    *block = (chl_block){.text = block->text, .room = block->room, .file = b->file};
    if (!make_room(block, b->carried)) {
        return chl_fail_memory(err);
    }
    if (b->carried) {
        memcpy(block->text, b->carry, b->carried);
    }
    block->end = b->carried;
    size_t cut;
    CHL_TRY(fill_records(b, block, &cut, err));
    CHL_TRY(keep_rest(b, block, cut, err));
    block->last = b->input_over;
    block->line = first;
    return b->first && !b->found ? look_first(b, block, err) : CHL_OK;
}

static void sum_sizes(chl_blocks *b)
{
    b->size_sum = (double)b->memory_size;
    for (int i = 0; i < b->path_count && !b->memory; i++) {
        struct stat info;
        if (stat(b->paths[i], &info) == 0 && S_ISREG(info.st_mode)) {
            b->size_sum += (double)info.st_size;
        }
    }
}

chl_status chl_blocks_next(chl_blocks *blocks, chl_block *block, bool *more,
                           chl_error *err)
{
    *more = blocks->file < blocks->path_count;
    if (!*more) {
        return CHL_OK;
    }
    if (!blocks->started) {
        blocks->started = true;
        sum_sizes(blocks);
    }
    CHL_TRY(next_of_file(blocks, block, err));
    blocks->given += (double)block->end;
    block->index = blocks->index++;
    if (block->last) {
        leave_file(blocks);
    }
    return CHL_OK;
}

bool chl_blocks_rewind(chl_blocks *blocks)
{
    for (int i = 0; i < blocks->path_count && !blocks->memory; i++) {
        struct stat info;
        if (strcmp(blocks->paths[i], "-") == 0 || stat(blocks->paths[i], &info) != 0 ||
            !S_ISREG(info.st_mode)) {
            return false;
        }
    }
    chl_input_close(blocks->input);
    blocks->input = NULL;
    blocks->file = 0;
    blocks->index = 0;
    blocks->done = 0;
    blocks->given = 0;
    return true;
}

/* ---- how far ---- */

/* Bytes of the files that are read. */
static double bytes_read(const chl_blocks *b)
{
    return b->done + (b->input ? chl_input_position(b->input) : 0);
}

double chl_blocks_left(const chl_blocks *blocks)
{
    double read = bytes_read(blocks), left = blocks->size_sum - read;
    double ratio = read > 0 ? (blocks->given + (double)blocks->carried) / read : 1;
    return (left > 0 ? left : 0) * ratio + (double)blocks->carried;
}

double chl_blocks_progress(const chl_blocks *blocks)
{
    double read = bytes_read(blocks);
    return read < blocks->size_sum ? read / blocks->size_sum : blocks->size_sum > 0;
}
