/* SPDX-License-Identifier: MIT
 *
 * The header of column files, read without trust. Layer: core/io.
 */
#include "core/io/column_layout.h"

#include <string.h>

#include "core/base/alloc.h"
#include "core/base/hash.h"

const unsigned char column_file_magic[COLUMN_FILE_MAGIC] = {0x89, 'C', 'H', 'L',
                                                            'C',  'O', 'L', '\n'};

static const char *const part_names[] = {"values", "validity", "bytes", "level_offsets",
                                         "level_bytes"};

const char *column_part_name(column_part part)
{
    return part_names[part];
}

bool column_part_exists(column_part part, chl_type type, int64_t nulls)
{
    switch (part) {
    case PART_VALUES: return true;
    case PART_VALIDITY: return nulls > 0;
    case PART_BYTES: return type == CHL_STRING;
    default: return type == CHL_CATEGORY;
    }
}

uint64_t column_file_aligned(uint64_t offset)
{
    return (offset + COLUMN_FILE_ALIGN - 1) / COLUMN_FILE_ALIGN * COLUMN_FILE_ALIGN;
}

chl_status column_file_bad(const char *name, const char *column, const char *what,
                           chl_error *err)
{
    return chl_fail(err, CHL_EFORMAT, "%s: column '%s': %s", name, column, what);
}

chl_status column_file_machine(const char *name, chl_error *err)
{
    const uint32_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    if (first != 1) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: column files need a little-endian machine, and this one is "
                        "big-endian (CSV works on any)",
                        name);
    }
    return CHL_OK;
}

/* ---- the prefix ---- */

chl_status column_prefix_parse(const unsigned char *bytes, size_t n, uint64_t file_bytes,
                               const char *name, column_prefix *prefix, chl_error *err)
{
    CHL_TRY(column_file_machine(name, err));
    if (n < COLUMN_FILE_MAGIC ||
        memcmp(bytes, column_file_magic, COLUMN_FILE_MAGIC) != 0) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: expected a column file (frame:write_columns makes one), got "
                        "something else",
                        name);
    }
    if (n < COLUMN_FILE_PREFIX) {
        return chl_fail(err, CHL_EFORMAT, "%s: cut off after %zu bytes", name, n);
    }
    uint32_t version, zero;
    uint64_t total;
    memcpy(&version, bytes + 8, sizeof version);
    memcpy(&zero, bytes + 12, sizeof zero);
    memcpy(&prefix->header_bytes, bytes + 16, sizeof prefix->header_bytes);
    memcpy(&total, bytes + 24, sizeof total);
    prefix->hash = (const char *)bytes + 32;
    if (version != COLUMN_FILE_VERSION || zero != 0) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: version: expected %d, got %u (made by a newer churnlab?)",
                        name, COLUMN_FILE_VERSION, version);
    }
    if (total != file_bytes) {
        return chl_fail(err, CHL_EFORMAT,
                        "%s: expected a file of %llu bytes, got %llu (cut off?)", name,
                        (unsigned long long)total, (unsigned long long)file_bytes);
    }
    if (prefix->header_bytes > COLUMN_FILE_HEADER_MAX ||
        prefix->header_bytes > file_bytes - COLUMN_FILE_PREFIX) {
        return chl_fail(err, CHL_EFORMAT, "%s: header: its length is beyond the end",
                        name);
    }
    return CHL_OK;
}

/* ---- the header ---- */

typedef struct reader {
    const char *name;
    uint64_t next;  /* where the last buffer ended */
    uint64_t bytes; /* of all buffers */
    chl_error *err;
} reader;

static bool read_natural(const json_t *value, uint64_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static chl_status bad_part(const reader *r, const column_place *place, column_part part,
                           const char *what)
{
    return chl_fail(r->err, CHL_EFORMAT, "%s: column '%s': %s: %s", r->name, place->name,
                    part_names[part], what);
}

/* Bytes that the buffer must have, or UINT64_MAX when its length is free. */
static uint64_t expected_length(const column_place *place, column_part part, int64_t rows)
{
    uint64_t n = (uint64_t)rows + (place->type == CHL_STRING);
    switch (part) {
    case PART_VALUES: return n * chl_type_size(place->type);
    case PART_VALIDITY: return ((uint64_t)rows + 7) / 8;
    default: return UINT64_MAX;
    }
}

static chl_status read_part(reader *r, const json_t *column, int64_t rows,
                            column_place *place, column_part part)
{
    const json_t *value = json_object_get(column, part_names[part]);
    if (!column_part_exists(part, place->type, place->nulls)) {
        return value ? bad_part(r, place, part, "expected no such buffer") : CHL_OK;
    }
    column_span *span = &place->parts[part];
    if (json_array_size(value) != 2 ||
        !read_natural(json_array_get(value, 0), &span->offset) ||
        !read_natural(json_array_get(value, 1), &span->length)) {
        return bad_part(r, place, part, "expected [offset, length]");
    }
    uint64_t wanted = expected_length(place, part, rows);
    if (wanted != UINT64_MAX && span->length != wanted) {
        return bad_part(r, place, part, "its length does not fit the number of rows");
    }
    if (span->offset != column_file_aligned(r->next)) {
        return bad_part(r, place, part, "it does not begin where the last buffer ends");
    }
    if (span->offset > r->bytes || span->length > r->bytes - span->offset) {
        return bad_part(r, place, part, "it is beyond the end of the file");
    }
    r->next = span->offset + span->length;
    return CHL_OK;
}

static chl_status read_column(reader *r, const json_t *column, int64_t rows,
                              column_place *place)
{
    place->name = json_string_value(json_object_get(column, "name"));
    const char *type = json_string_value(json_object_get(column, "type"));
    if (!place->name) {
        return chl_fail(r->err, CHL_EFORMAT,
                        "%s: header: columns: expected a name for each", r->name);
    }
    if (chl_type_parse(type ? type : "", &place->type, r->err) != CHL_OK) {
        if (r->err) {
            r->err->code = CHL_EFORMAT;
        }
        chl_error_prefix(r->err, "%s: column '%s'", r->name, place->name);
        return CHL_EFORMAT;
    }
    uint64_t nulls;
    if (!read_natural(json_object_get(column, "nulls"), &nulls) ||
        nulls > (uint64_t)rows) {
        return column_file_bad(r->name, place->name,
                               "nulls: expected a number of missing rows", r->err);
    }
    place->nulls = (int64_t)nulls;
    place->ordered = json_is_true(json_object_get(column, "ordered"));
    for (column_part part = 0; part < PART_COUNT; part++) {
        CHL_TRY(read_part(r, column, rows, place, part));
    }
    return CHL_OK;
}

static chl_status read_columns(reader *r, column_layout *layout)
{
    const json_t *columns = json_object_get(layout->header, "columns");
    uint64_t rows;
    if (!json_is_array(columns)) {
        return chl_fail(r->err, CHL_EFORMAT, "%s: header: columns: expected a list",
                        r->name);
    }
    size_t n = json_array_size(columns);
    /* a row takes at least a byte of each column, so this also rules out overflow */
    if (!read_natural(json_object_get(layout->header, "rows"), &rows) ||
        rows > (n > 0 ? r->bytes : 0)) {
        return chl_fail(r->err, CHL_EFORMAT,
                        "%s: header: rows: expected a number of rows", r->name);
    }
    layout->rows = (int64_t)rows;
    layout->columns = chl_calloc(n, sizeof *layout->columns);
    if (!layout->columns) {
        return chl_fail_memory(r->err);
    }
    for (size_t i = 0; i < n; i++) {
        CHL_TRY(read_column(r, json_array_get(columns, i), layout->rows,
                            &layout->columns[i]));
        layout->count++;
    }
    if (r->next != r->bytes) {
        return chl_fail(r->err, CHL_EFORMAT, "%s: %llu bytes after the last buffer",
                        r->name, (unsigned long long)(r->bytes - r->next));
    }
    return CHL_OK;
}

chl_status column_layout_parse(const unsigned char *header, const column_prefix *prefix,
                               uint64_t file_bytes, const char *name,
                               column_layout *layout, chl_error *err)
{
    *layout = (column_layout){0};
    size_t n = (size_t)prefix->header_bytes;
    char hash[CHL_SHA256_HEX];
    chl_sha256_hex(header, n, hash);
    if (memcmp(hash, prefix->hash, CHL_SHA256_HEX - 1) != 0) {
        return chl_fail(err, CHL_EFORMAT, "%s: header: its SHA-256 does not fit", name);
    }
    json_error_t why;
    layout->header = json_loadb((const char *)header, n, JSON_REJECT_DUPLICATES, &why);
    if (!layout->header) {
        return json_error_code(&why) == json_error_out_of_memory
                   ? chl_fail_memory(err)
                   : chl_fail(err, CHL_EFORMAT, "%s: header: %s", name, why.text);
    }
    layout->data = column_file_aligned(COLUMN_FILE_PREFIX + prefix->header_bytes);
    reader r = {name, 0, file_bytes - layout->data, err};
    chl_status status = file_bytes < layout->data
                            ? chl_fail(err, CHL_EFORMAT, "%s: cut off", name)
                            : read_columns(&r, layout);
    if (status != CHL_OK) {
        column_layout_reset(layout);
    }
    return status;
}

void column_layout_reset(column_layout *layout)
{
    json_decref(layout->header);
    chl_free(layout->columns);
    *layout = (column_layout){0};
}

/* ---- roles ---- */

static const char *role(const column_layout *layout, const char *key)
{
    return json_string_value(json_object_get(layout->header, key));
}

/* Lists the columns that are marked as personal; `names` has room for all. */
static int personal_names(const column_layout *layout, const char **names)
{
    const json_t *columns = json_object_get(layout->header, "columns");
    int n = 0;
    for (size_t i = 0; i < json_array_size(columns); i++) {
        const json_t *column = json_array_get(columns, i);
        if (json_is_true(json_object_get(column, "personal"))) {
            names[n++] = json_string_value(json_object_get(column, "name"));
        }
    }
    return n;
}

chl_status column_file_roles(const column_layout *layout, const char *name,
                             chl_frame *plain, chl_frame **out, chl_error *err)
{
    *out = NULL;
    const char **personal = chl_alloc((size_t)plain->columns, sizeof *personal);
    if (!personal) {
        return chl_fail_memory(err);
    }
    chl_roles roles = {.target = role(layout, "target"),
                       .positive = role(layout, "positive"),
                       .id = role(layout, "id"),
                       .time = role(layout, "time"),
                       .personal = personal,
                       .personal_count = personal_names(layout, personal)};
    chl_status status = chl_frame_set_roles(plain, &roles, out, err);
    chl_free(personal);
    if (status != CHL_OK) {
        chl_error_prefix(err, "%s: header", name);
    }
    return status;
}
