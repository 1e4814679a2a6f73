/* SPDX-License-Identifier: MIT
 *
 * A column file as a frame whose columns point into the map. Layer: core/io.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file_map.h"
#include "core/base/parallel.h"
#include "core/io/column_file.h"
#include "core/io/column_layout.h"

typedef struct mapped {
    const char *name; /* of the file, for messages */
    chl_file_map *map;
    column_layout layout;
    chl_column **columns; /* owned */
} mapped;

static void mapped_reset(mapped *m)
{
    for (int i = 0; m->columns && i < m->layout.count; i++) {
        chl_column_release(m->columns[i]);
    }
    chl_free(m->columns);
    column_layout_reset(&m->layout);
    chl_file_map_release(m->map);
}

/* Columns are immutable, so nobody writes through the pointers. */
static void *part_at(const mapped *m, const column_place *place, column_part part)
{
    return (void *)(uintptr_t)(m->map->bytes + m->layout.data +
                               place->parts[part].offset);
}

static chl_status map_levels(const mapped *m, const column_place *place,
                             chl_column *column, chl_error *err)
{
    chl_status status = column_levels(
        place->ordered, part_at(m, place, PART_LEVEL_OFFSETS),
        place->parts[PART_LEVEL_OFFSETS].length, part_at(m, place, PART_LEVEL_BYTES),
        place->parts[PART_LEVEL_BYTES].length, &column->levels, err);
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s: column '%s'", m->name, place->name);
    }
    return status;
}

static chl_status check_column(const mapped *m, const column_place *place,
                               const chl_column *column, chl_error *err)
{
    uint64_t bytes = place->parts[PART_BYTES].length;
    int64_t missing;
    const char *wrong = column_check(column, bytes, &missing);
    if (!wrong && missing != place->nulls) {
        wrong = "its number of missing rows is not the header's";
    }
    if (!wrong && column->type == CHL_STRING &&
        (column->values.offsets[0] != 0 ||
         (uint64_t)column->values.offsets[column->length] != bytes)) {
        wrong = "its texts do not fill their bytes";
    }
    return wrong ? column_file_bad(m->name, place->name, wrong, err) : CHL_OK;
}

static chl_status map_column(void *ctx, size_t index, chl_error *err)
{
    mapped *m = ctx;
    const column_place *place = &m->layout.columns[index];
    chl_column *column = chl_calloc(1, sizeof *column);
    if (!column) {
        return chl_fail_memory(err);
    }
    m->columns[index] = column;
    atomic_init(&column->refs, 1);
    column->map = chl_file_map_retain(m->map);
    column->type = place->type;
    column->length = m->layout.rows;
    column->nulls = place->nulls;
    column->values.any = part_at(m, place, PART_VALUES);
    if (place->nulls > 0) {
        column->validity = part_at(m, place, PART_VALIDITY);
    }
    if (place->type == CHL_STRING) {
        column->bytes = part_at(m, place, PART_BYTES);
    } else if (place->type == CHL_CATEGORY) {
        CHL_TRY(map_levels(m, place, column, err));
    }
    return check_column(m, place, column, err);
}

static chl_status make_frame(const mapped *m, chl_frame **out, chl_error *err)
{
    int n = m->layout.count;
    const char **names = chl_alloc((size_t)n, sizeof *names);
    if (!names) {
        return chl_fail_memory(err);
    }
    for (int i = 0; i < n; i++) {
        names[i] = m->layout.columns[i].name;
    }
    chl_frame *plain = NULL;
    chl_status status = chl_frame_new(names, m->columns, n, &plain, err);
    chl_free(names);
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s: header", m->name);
        return status;
    }
    status = column_file_roles(&m->layout, m->name, plain, out, err);
    chl_frame_release(plain);
    return status;
}

static chl_status read_mapped(mapped *m, const chl_control *control, chl_frame **out,
                              chl_error *err)
{
    const chl_file_map *map = m->map;
    column_prefix prefix;
    CHL_TRY(column_prefix_parse(map->bytes, map->size, map->size, m->name, &prefix, err));
    CHL_TRY(column_layout_parse(map->bytes + COLUMN_FILE_PREFIX, &prefix, map->size,
                                m->name, &m->layout, err));
    size_t n = (size_t)m->layout.count;
    m->columns = chl_calloc(n, sizeof(chl_column *));
    if (!m->columns) {
        return chl_fail_memory(err);
    }
    CHL_TRY(chl_control_check(control, "read_columns", err));
    CHL_TRY(chl_parallel_for(chl_control_threads(control), n, map_column, m, err));
    return make_frame(m, out, err);
}

chl_status chl_column_file_read(const char *path, const chl_control *control,
                                chl_frame **out, chl_error *err)
{
    *out = NULL;
    mapped m = {.name = path};
    CHL_TRY(chl_file_map_open(path, &m.map, err));
    chl_status status = read_mapped(&m, control, out, err);
    mapped_reset(&m);
    return status;
}
