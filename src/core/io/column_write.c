/* SPDX-License-Identifier: MIT
 *
 * A frame to a column file. Layer: core/io.
 */
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/base/json_text.h"
#include "core/io/column_file.h"
#include "core/io/column_layout.h"

/* The buffers of one column; the levels' are made for the file. */
typedef struct pieces {
    const void *at[PART_COUNT];
    uint64_t length[PART_COUNT];
    int64_t *level_offsets; /* owned */
    chl_strbuf level_bytes; /* owned */
} pieces;

static void pieces_reset(pieces *p)
{
    chl_free(p->level_offsets);
    chl_strbuf_reset(&p->level_bytes);
    *p = (pieces){0};
}

static chl_status make_levels(const chl_levels *levels, pieces *p, chl_error *err)
{
    int32_t n = chl_levels_count(levels);
    p->level_offsets = chl_alloc((size_t)n + 1, sizeof *p->level_offsets);
    if (!p->level_offsets) {
        return chl_fail_memory(err);
    }
    p->level_offsets[0] = 0;
    for (int32_t code = 0; code < n; code++) {
        size_t length;
        const char *text = chl_levels_name(levels, code, &length);
        chl_strbuf_append(&p->level_bytes, text, length);
        p->level_offsets[code + 1] = p->level_offsets[code] + (int64_t)length;
    }
    p->at[PART_LEVEL_OFFSETS] = p->level_offsets;
    p->length[PART_LEVEL_OFFSETS] = ((uint64_t)n + 1) * sizeof *p->level_offsets;
    p->at[PART_LEVEL_BYTES] = p->level_bytes.data;
    p->length[PART_LEVEL_BYTES] = p->level_bytes.length;
    return p->level_bytes.failed ? chl_fail_memory(err) : CHL_OK;
}

static chl_status pieces_init(pieces *p, const chl_column *c, chl_error *err)
{
    *p = (pieces){0};
    bool text = c->type == CHL_STRING;
    p->at[PART_VALUES] = c->values.any;
    p->length[PART_VALUES] = ((uint64_t)c->length + text) * chl_type_size(c->type);
    p->at[PART_VALIDITY] = c->validity;
    p->length[PART_VALIDITY] = ((uint64_t)c->length + 7) / 8;
    if (text) {
        p->at[PART_BYTES] = c->bytes;
        p->length[PART_BYTES] = (uint64_t)c->values.offsets[c->length];
    }
    return c->type == CHL_CATEGORY ? make_levels(c->levels, p, err) : CHL_OK;
}

/* ---- the header ---- */

/* [offset, length] of each buffer; *next moves past them. */
static int add_parts(json_t *column, const chl_column *c, const pieces *p, uint64_t *next)
{
    int failed = 0;
    for (column_part part = 0; part < PART_COUNT; part++) {
        if (column_part_exists(part, c->type, c->nulls)) {
            uint64_t offset = column_file_aligned(*next);
            *next = offset + p->length[part];
            json_t *span =
                json_pack("[I, I]", (json_int_t)offset, (json_int_t)p->length[part]);
            failed |= json_object_set_new(column, column_part_name(part), span);
        }
    }
    return failed;
}

static int add_flags(json_t *column, const chl_field *field)
{
    const chl_column *c = field->column;
    int failed = 0;
    if (c->type == CHL_CATEGORY && chl_levels_ordered(c->levels)) {
        failed |= json_object_set_new(column, "ordered", json_true());
    }
    if (field->personal) {
        failed |= json_object_set_new(column, "personal", json_true());
    }
    return failed;
}

static chl_status add_column(json_t *columns, const chl_field *field, uint64_t *next,
                             chl_error *err)
{
    const chl_column *c = field->column;
    pieces p;
    chl_status status = pieces_init(&p, c, err);
    if (status == CHL_OK) {
        json_t *name = json_string(field->name);
        json_t *column = json_pack("{s:o*, s:s, s:I}", "name", name, "type",
                                   chl_type_name(c->type), "nulls", (json_int_t)c->nulls);
        int failed = !name || !column || add_parts(column, c, &p, next) != 0 ||
                     add_flags(column, field) != 0;
        /* the reference goes also on failure */
        failed |= json_array_append_new(columns, column);
        status = failed ? chl_fail_memory(err) : CHL_OK;
    }
    pieces_reset(&p);
    return status;
}

static int add_role(json_t *header, const char *key, const char *value)
{
    return value ? json_object_set_new(header, key, json_string(value)) : 0;
}

static chl_status add_columns(json_t *header, const chl_frame *frame, uint64_t *end,
                              chl_error *err)
{
    json_t *columns = json_array();
    if (!columns || json_object_set_new(header, "columns", columns) != 0) {
        return chl_fail_memory(err);
    }
    *end = 0;
    for (int i = 0; i < frame->columns; i++) {
        CHL_TRY(add_column(columns, &frame->fields[i], end, err));
    }
    return CHL_OK;
}

/* The header's text; *end: bytes of all buffers. */
static chl_status make_header(const chl_frame *frame, chl_strbuf *text, uint64_t *end,
                              chl_error *err)
{
    json_t *header =
        json_pack("{s:I}", "rows", (json_int_t)(frame->columns > 0 ? frame->rows : 0));
    chl_status status = header && !add_role(header, "target", frame->target) &&
                                !add_role(header, "positive", frame->positive) &&
                                !add_role(header, "id", frame->id) &&
                                !add_role(header, "time", frame->time)
                            ? add_columns(header, frame, end, err)
                            : chl_fail_memory(err);
    if (status == CHL_OK) {
        status = chl_json_text(header, text, err);
    }
    json_decref(header);
    return status;
}

/* ---- the bytes ---- */

typedef struct sink {
    chl_file_writer file;
    uint64_t at, end; /* bytes written, and of the whole file */
} sink;

static chl_status put(sink *s, const void *bytes, uint64_t n, chl_error *err)
{
    s->at += n;
    return chl_file_writer_put(&s->file, bytes, (size_t)n, err);
}

static chl_status put_zeros(sink *s, chl_error *err)
{
    static const unsigned char zeros[COLUMN_FILE_ALIGN];
    return put(s, zeros, column_file_aligned(s->at) - s->at, err);
}

static chl_status put_start(sink *s, const chl_strbuf *header, chl_error *err)
{
    unsigned char prefix[COLUMN_FILE_PREFIX] = {0};
    char hash[CHL_SHA256_HEX];
    uint32_t version = COLUMN_FILE_VERSION;
    uint64_t length = header->length;
    chl_sha256_hex(header->data, header->length, hash);
    memcpy(prefix, column_file_magic, COLUMN_FILE_MAGIC);
    memcpy(prefix + 8, &version, sizeof version);
    memcpy(prefix + 16, &length, sizeof length);
    memcpy(prefix + 24, &s->end, sizeof s->end);
    memcpy(prefix + 32, hash, CHL_SHA256_HEX - 1);
    CHL_TRY(put(s, prefix, sizeof prefix, err));
    CHL_TRY(put(s, header->data, header->length, err));
    return put_zeros(s, err);
}

static chl_status put_column(sink *s, const chl_column *c, chl_error *err)
{
    pieces p;
    chl_status status = pieces_init(&p, c, err);
    for (column_part part = 0; part < PART_COUNT && status == CHL_OK; part++) {
        if (column_part_exists(part, c->type, c->nulls)) {
            status = put_zeros(s, err);
            if (status == CHL_OK) {
                status = put(s, p.at[part], p.length[part], err);
            }
        }
    }
    pieces_reset(&p);
    return status;
}

static chl_status put_all(sink *s, const chl_frame *frame, const chl_strbuf *header,
                          const chl_control *control, chl_error *err)
{
    CHL_TRY(put_start(s, header, err));
    for (int i = 0; i < frame->columns; i++) {
        CHL_TRY(chl_control_check(control, "write_columns", err));
        CHL_TRY(put_column(s, frame->fields[i].column, err));
        chl_control_report(control, (double)s->at / (double)s->end, "write_columns");
    }
    return chl_file_writer_commit(&s->file, err);
}

static chl_status check_utf8(const char *text, const char *what, chl_error *err)
{
    json_t *any = json_string_nocheck(text), *string = json_string(text);
    chl_status status = CHL_OK;
    if (!any) {
        status = chl_fail_memory(err);
    } else if (!string) {
        status = chl_fail(err, CHL_EINVAL, "%s: expected UTF-8", what);
    }
    json_decref(any);
    json_decref(string);
    return status;
}

static chl_status check_names(const chl_frame *frame, chl_error *err)
{
    for (int i = 0; i < frame->columns; i++) {
        if (check_utf8(frame->fields[i].name, "its name", err) != CHL_OK) {
            return chl_error_prefix(err, "write_columns: column %d", i + 1);
        }
    }
    return frame->positive
               ? check_utf8(frame->positive, "write_columns: the positive value", err)
               : CHL_OK;
}

chl_status chl_column_file_write(const chl_frame *frame, const char *path,
                                 const chl_control *control, chl_error *err)
{
    CHL_TRY(column_file_machine(path, err));
    CHL_TRY(check_names(frame, err));
    chl_strbuf header = {0};
    sink s = {.file = {.fd = -1}};
    uint64_t data = 0;
    chl_status status = make_header(frame, &header, &data, err);
    s.end = column_file_aligned(COLUMN_FILE_PREFIX + header.length) + data;
    if (status == CHL_OK) {
        status = chl_file_writer_open(&s.file, path, err);
    }
    if (status == CHL_OK) {
        status = put_all(&s, frame, &header, control, err);
    }
    chl_file_writer_reset(&s.file);
    chl_strbuf_reset(&header);
    return status;
}
