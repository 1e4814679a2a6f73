/* SPDX-License-Identifier: MIT
 *
 * Columns of text in the CSV reader: codes of a category, or strings. Layer: core/io.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"
#include "core/data/text.h"
#include "core/io/bytes.h"
#include "core/io/csv_piece.h"

enum { SHORT = 16 };

/* Undoes doubled quotes. */
static chl_status make_plain(char **plain, size_t *room, csv_cell *cell, chl_error *err)
{
    char *grown = chl_grow(*plain, room, cell->length + SHORT, 1);
    if (!grown) {
        return chl_fail_memory(err);
    }
    *plain = grown;
    size_t used = 0;
    for (size_t i = 0; i < cell->length; i++) {
        grown[used++] = cell->text[i];
        i += cell->text[i] == '"';
    }
    cell->text = grown;
    cell->length = used;
    return CHL_OK;
}

chl_status csv_cell_text(const csv_view *view, int64_t row, char **plain,
                         size_t *plain_room, csv_cell *cell, chl_error *err)
{
    bool doubled;
    csv_cell_raw(view, row, cell, &doubled);
    if (view->blanks) {
        chl_trim(&cell->text, &cell->length);
    }
    if (cell->length && cell->text[0] == '"') {
        cell->quoted = true;
        cell->text++;
        cell->length -= 2;
        if (doubled) {
            return make_plain(plain, plain_room, cell, err);
        }
    }
    return CHL_OK;
}

/* Blank and NA cells are missing; in declared text columns quotes protect a cell. */
static inline bool is_missing(const csv_na *na, const csv_cell *cell, bool protect)
{
    const char *text = cell->text;
    size_t length = cell->length;
    if (cell->quoted && protect) {
        return false;
    }
    if (length && (unsigned char)text[0] > ' ' && !na->first[(unsigned char)text[0]]) {
        return false;
    }
    chl_trim(&text, &length);
    return csv_na_match(na, text, length);
}

/* The next cell of the column; *missing when it is. */
static inline chl_status next_text(csv_piece *p, const csv_view *v, int64_t row,
                                   bool protect, const csv_na *na, csv_cell *cell,
                                   bool *missing, chl_error *err)
{
    bool doubled;
    csv_cell_raw(v, row, cell, &doubled);
    if (cell->length && ((unsigned char)cell->text[0] <= '"' || v->blanks)) {
        CHL_TRY(csv_cell_text(v, row, &p->plain, &p->plain_room, cell, err));
    }
    *missing = is_missing(na, cell, protect);
    return CHL_OK;
}

/* ---- codes ---- */

/* The text's first 16 bytes as two words, zeros behind its end. Reads beyond it. */
static inline csv_seen key_of(const csv_cell *cell)
{
    csv_seen key = {.length = (uint32_t)cell->length};
    size_t n = cell->length;
    if (n >= 8) {
        memcpy(&key.low, cell->text, 8);
        key.high = n == 8 ? 0 : chl_load8(cell->text + 8) << 8 * (SHORT - n);
    } else if (n) {
        key.low = chl_load8(cell->text) << 8 * (8 - n);
    }
    return key;
}

static inline chl_status find_code(csv_piece *p, const csv_cell *cell, int32_t *code,
                                   chl_error *err)
{
    if (cell->length > SHORT) {
        return chl_levels_intern(p->levels, cell->text, cell->length, code, err);
    }
    csv_seen key = key_of(cell);
    uint64_t mixed =
        (key.low ^ (key.high << 1) ^ key.length) * UINT64_C(0x9e3779b97f4a7c15);
    csv_seen *seen = &p->seen[mixed >> 57];
    if (seen->code >= 0 && seen->low == key.low && seen->high == key.high &&
        seen->length == key.length) {
        *code = seen->code;
        return CHL_OK;
    }
    CHL_TRY(chl_levels_intern(p->levels, cell->text, cell->length, code, err));
    key.code = *code;
    *seen = key;
    return CHL_OK;
}

static chl_status start_codes(csv_piece *p, chl_error *err)
{
    if (!p->levels) {
        CHL_TRY(chl_levels_new(&p->levels, err));
        p->mapped = 0;
    }
    if (!p->seen) {
        p->seen = chl_alloc(CSV_SEEN, sizeof *p->seen);
        if (!p->seen) {
            return chl_fail_memory(err);
        }
        for (int i = 0; i < CSV_SEEN; i++) {
            p->seen[i].code = -1;
        }
    }
    return CHL_OK;
}

chl_status csv_piece_codes(csv_piece *piece, const csv_view *view, bool protect,
                           const csv_na *na, int32_t levels_max, bool *fits,
                           chl_error *err)
{
    CHL_TRY(start_codes(piece, err));
    int32_t *codes = piece->values;
    for (int64_t i = 0; i < view->rows; i++) {
        csv_cell cell;
        bool missing;
        CHL_TRY(next_text(piece, view, i, protect, na, &cell, &missing, err));
        if (missing) {
            codes[i] = -1;
            piece->missing[i] = 1;
            piece->any_missing = true;
            continue;
        }
        CHL_TRY(find_code(piece, &cell, &codes[i], err));
        if (levels_max >= 0 && codes[i] >= levels_max) {
            *fits = false;
            return CHL_OK;
        }
    }
    *fits = true;
    return CHL_OK;
}

/* ---- strings ---- */

/* The cells are no longer than the text that they stand in. */
static chl_status make_bytes(csv_piece *p, const csv_view *v, chl_error *err)
{
    const csv_index *x = v->index;
    size_t bytes = SHORT;
    if (v->rows) {
        int64_t last = (v->first + v->rows) * x->columns - 1;
        bytes += (x->ends[last] & ~CSV_DOUBLED) - x->starts[v->first];
    }
    char *grown = chl_grow(p->bytes, &p->room, bytes, 1);
    p->bytes = grown ? grown : p->bytes;
    return grown ? CHL_OK : chl_fail_memory(err);
}

/* Short texts with their padding: one copy of a constant length. */
static inline void copy_text(char *to, const char *from, size_t n)
{
    if (n <= SHORT) {
        memcpy(to, from, SHORT);
    } else {
        memcpy(to, from, n);
    }
}

chl_status csv_piece_strings(csv_piece *piece, const csv_view *view, bool protect,
                             const csv_na *na, chl_error *err)
{
    CHL_TRY(make_bytes(piece, view, err));
    int64_t *ends = piece->values;
    size_t used = 0;
    for (int64_t i = 0; i < view->rows; i++) {
        csv_cell cell;
        bool missing;
        CHL_TRY(next_text(piece, view, i, protect, na, &cell, &missing, err));
        if (missing) {
            piece->missing[i] = 1;
            piece->any_missing = true;
        } else {
            copy_text(piece->bytes + used, cell.text, cell.length);
            used += cell.length;
        }
        ends[i] = (int64_t)used;
    }
    piece->used = used;
    return CHL_OK;
}
