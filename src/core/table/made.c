/* SPDX-License-Identifier: MIT */
#include "core/table/made.h"

#include "core/base/alloc.h"

chl_status made_init(made *m, int64_t capacity, chl_error *err)
{
    *m = (made){0};
    m->names = chl_calloc((size_t)capacity, sizeof *m->names);
    m->columns = chl_calloc((size_t)capacity, sizeof *m->columns);
    return m->names && m->columns ? CHL_OK : chl_fail_memory(err);
}

void made_reset(made *m)
{
    for (int i = 0; i < m->count; i++) {
        chl_free(m->names[i]);
        chl_column_release(m->columns[i]);
    }
    chl_free(m->names);
    chl_free(m->columns);
    *m = (made){0};
}

chl_status made_add(made *m, const char *name, size_t n, chl_column *column,
                    chl_error *err)
{
    m->names[m->count] = chl_strndup(name, n);
    m->columns[m->count++] = column;
    return m->names[m->count - 1] ? CHL_OK : chl_fail_memory(err);
}

chl_status made_finish(const made *m, const char *where, chl_frame **out, chl_error *err)
{
    chl_status status =
        chl_frame_new((const char *const *)m->names, m->columns, m->count, out, err);
    if (status != CHL_OK && err) {
        chl_error_prefix(err, "%s", where);
    }
    return status;
}
