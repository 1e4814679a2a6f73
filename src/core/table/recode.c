/* SPDX-License-Identifier: MIT */
#include "core/table/recode.h"

#include "core/base/alloc.h"

chl_status recode(const chl_column *column, const int32_t *new_code, chl_levels *levels,
                  chl_column **out, chl_error *err)
{
    *out = NULL;
    chl_column *made = NULL;
    CHL_TRY(chl_column_new(CHL_CATEGORY, column->length, true, &made, err));
    made->levels = chl_levels_retain(levels);
    for (int64_t i = 0; i < column->length; i++) {
        int32_t old = column->values.codes[i];
        made->values.codes[i] = old < 0 ? -1 : new_code[old];
        if (made->values.codes[i] < 0) {
            chl_column_set_null(made, i);
        }
    }
    chl_column_seal(made);
    *out = made;
    return CHL_OK;
}

/* drop[c]: no row has level c, and it is named in `gone` or not in `before`. */
static void find_unused(const chl_column *column, const chl_column *gone,
                        const chl_levels *before, bool *drop)
{
    size_t length;
    for (int32_t code = 0; code < chl_levels_count(column->levels); code++) {
        const char *name = chl_levels_name(column->levels, code, &length);
        drop[code] = chl_levels_find(before, name, length) < 0;
    }
    for (int64_t k = 0; k < gone->length; k++) {
        if (chl_column_valid(gone, k)) {
            const char *text = chl_column_text(gone, k, &length);
            int32_t code = chl_levels_find(column->levels, text, length);
            if (code >= 0) {
                drop[code] = true;
            }
        }
    }
    for (int64_t i = 0; i < column->length; i++) {
        if (column->values.codes[i] >= 0) {
            drop[column->values.codes[i]] = false;
        }
    }
}

static chl_status keep_levels(const chl_levels *from, const bool *drop, chl_levels *kept,
                              int32_t *new_code, chl_error *err)
{
    if (chl_levels_ordered(from)) {
        chl_levels_set_ordered(kept);
    }
    for (int32_t code = 0; code < chl_levels_count(from); code++) {
        size_t length;
        const char *name = chl_levels_name(from, code, &length);
        new_code[code] = -1;
        if (!drop[code]) {
            CHL_TRY(chl_levels_intern(kept, name, length, &new_code[code], err));
        }
    }
    return CHL_OK;
}

chl_status recode_without(const chl_column *column, const chl_column *gone,
                          const chl_levels *before, chl_column **out, chl_error *err)
{
    *out = NULL;
    size_t n = (size_t)chl_levels_count(column->levels);
    chl_levels *kept = NULL;
    CHL_TRY(chl_levels_new(&kept, err));
    bool *drop = chl_calloc(n, sizeof *drop);
    int32_t *new_code = chl_alloc(n, sizeof *new_code);
    chl_status status = drop && new_code ? CHL_OK : chl_fail_memory(err);
    if (status == CHL_OK) {
        find_unused(column, gone, before, drop);
        status = keep_levels(column->levels, drop, kept, new_code, err);
    }
    if (status == CHL_OK) {
        status = recode(column, new_code, kept, out, err);
    }
    chl_free(drop);
    chl_free(new_code);
    chl_levels_release(kept);
    return status;
}
