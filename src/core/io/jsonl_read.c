/* SPDX-License-Identifier: MIT */
#include "core/io/jsonl.h"

#include <jansson.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/json_text.h"
#include "core/base/nearest.h"
#include "core/base/options.h"
#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/data/text.h"
#include "core/io/blocks.h"
#include "core/io/csv.h"
#include "core/io/paths.h"

enum { BLOCK = 1 << 20, NOTHING = -1 };

typedef struct key {
    int declared;        /* chl_type or NOTHING */
    int kind;            /* of the values so far: chl_type or NOTHING */
    bool skip;           /* dropped */
    chl_builder builder; /* once the kind is known; shorter than the rows: missing */
    chl_column *column;
} key;

typedef struct lines {
    const chl_jsonl_options *options;
    chl_blocks blocks;
    chl_levels *names; /* code = place in `keys` */
    key *keys;
    size_t room;
    int64_t rows, line;
} lines;

static int32_t key_count(const lines *l)
{
    return chl_levels_count(l->names);
}

static void reset_lines(lines *l)
{
    for (int32_t i = 0; l->names && i < key_count(l) && l->keys; i++) {
        chl_builder_reset(&l->keys[i].builder);
        chl_column_release(l->keys[i].column);
    }
    chl_free(l->keys);
    chl_levels_release(l->names);
    chl_blocks_reset(&l->blocks);
}

/* ---- keys ---- */

static bool is_listed(const char *const *list, int n, const char *name, int *at)
{
    for (*at = 0; *at < n; (*at)++) {
        if (strcmp(list[*at], name) == 0) {
            return true;
        }
    }
    return false;
}

static chl_status find_key(lines *l, const char *name, key **out, chl_error *err)
{
    int32_t code = chl_levels_find(l->names, name, strlen(name));
    if (code < 0) {
        const chl_jsonl_options *o = l->options;
        key made = {.declared = NOTHING, .kind = NOTHING};
        int at;
        if (is_listed(o->typed, o->typed_count, name, &at)) {
            made.declared = (int)o->types[at];
        }
        made.skip = is_listed(o->drop, o->drop_count, name, &at);
        size_t n = (size_t)key_count(l);
        key *grown = chl_grow(l->keys, &l->room, n + 1, sizeof *grown);
        if (!grown) {
            return chl_fail_memory(err);
        }
        l->keys = grown;
        grown[n] = made;
        CHL_TRY(chl_levels_intern(l->names, name, strlen(name), &code, err));
    }
    *out = &l->keys[code];
    return CHL_OK;
}

/* ---- values ---- */

static int kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER: return CHL_I64;
    case JSON_REAL: return CHL_F64;
    case JSON_TRUE:
    case JSON_FALSE: return CHL_BOOL;
    default: return CHL_STRING;
    }
}

static void widen_integers(chl_builder *b)
{
    const int64_t *from = b->values;
    double *to = b->values;
    for (int64_t i = 0; i < b->length; i++) {
        to[i] = (double)from[i];
    }
    b->type = CHL_F64;
}

static chl_status fill_up(chl_builder *b, int64_t rows, chl_error *err)
{
    while (b->length < rows) {
        CHL_TRY(chl_builder_null(b, err));
    }
    return CHL_OK;
}

/* Makes the key's builder one for values of `kind` at the current row. */
static chl_status settle_kind(lines *l, key *k, int kind, const json_t *value,
                              chl_error *err)
{
    if (k->kind == NOTHING) {
        k->kind = kind;
        CHL_TRY(chl_builder_init(&k->builder, (chl_type)kind, NULL, err));
    } else if (k->kind == CHL_I64 && kind == CHL_F64) {
        widen_integers(&k->builder);
        k->kind = CHL_F64;
    } else if (k->kind != kind && !(k->kind == CHL_F64 && kind == CHL_I64)) {
        return chl_fail(err, CHL_EPARSE, "expected %s as in the rows before, got %s",
                        k->kind == CHL_STRING ? "a string"
                                              : chl_type_expected((chl_type)k->kind),
                        chl_json_type_name(value));
    }
    return fill_up(&k->builder, l->rows, err);
}

static chl_status add_inferred(lines *l, key *k, const json_t *value, chl_error *err)
{
    CHL_TRY(settle_kind(l, k, kind_of(value), value, err));
    chl_builder *b = &k->builder;
    switch (k->kind) {
    case CHL_I64: return chl_builder_i64(b, json_integer_value(value), err);
    case CHL_F64: return chl_builder_f64(b, json_number_value(value), err);
    case CHL_BOOL: return chl_builder_bool(b, json_is_true(value), err);
    default:
        return chl_builder_text(b, json_string_value(value), json_string_length(value),
                                err);
    }
}

/* The text of a scalar as CSV would have it. */
static const char *scalar_text(const json_t *value, char number[32], size_t *length)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER: *length = chl_format_i64(json_integer_value(value), number); break;
    case JSON_REAL: *length = chl_format_double(json_real_value(value), number); break;
    case JSON_TRUE: *length = 4; return "true";
    case JSON_FALSE: *length = 5; return "false";
    default: *length = json_string_length(value); return json_string_value(value);
    }
    return number;
}

static chl_status add_declared(lines *l, key *k, const json_t *value, chl_error *err)
{
    char number[32], shown[CHL_EXCERPT];
    size_t length;
    bool fits;
    if (k->kind == NOTHING) {
        k->kind = k->declared;
        CHL_TRY(chl_builder_init(&k->builder, (chl_type)k->declared, NULL, err));
    }
    CHL_TRY(fill_up(&k->builder, l->rows, err));
    const char *text = scalar_text(value, number, &length);
    CHL_TRY(chl_builder_parse(&k->builder, text, length, &fits, err));
    return fits ? CHL_OK
                : chl_fail(err, CHL_EPARSE, "expected %s, got \"%s\"",
                           chl_type_expected((chl_type)k->declared),
                           chl_excerpt(text, length, shown));
}

static chl_status add_value(lines *l, key *k, json_t *value, chl_error *err)
{
    if (json_is_null(value) || k->skip) {
        return CHL_OK;
    }
    if (!json_is_array(value) && !json_is_object(value)) {
        return (k->declared == NOTHING ? add_inferred : add_declared)(l, k, value, err);
    }
    if (!l->options->nested_text) {
        return chl_fail(err, CHL_EPARSE,
                        "expected a number, a string, true, false or null, got %s",
                        chl_json_type_name(value));
    }
    chl_strbuf text = {0};
    chl_status status = chl_json_text(value, &text, err);
    json_t *string = status == CHL_OK ? json_stringn(text.data, text.length) : NULL;
    chl_strbuf_reset(&text);
    if (!string) {
        return status == CHL_OK ? chl_fail_memory(err) : status;
    }
    status = (k->declared == NOTHING ? add_inferred : add_declared)(l, k, string, err);
    json_decref(string);
    return status;
}

/* ---- lines ---- */

static chl_status add_object(lines *l, json_t *object, chl_error *err)
{
    const char *name;
    json_t *value;
    if (!json_is_object(object)) {
        return chl_fail(err, CHL_EPARSE, "expected an object, got %s",
                        chl_json_type_name(object));
    }
    json_object_foreach (object, name, value) {
        key *k = NULL;
        CHL_TRY(find_key(l, name, &k, err));
        if (add_value(l, k, value, err) != CHL_OK) {
            return chl_error_prefix(err, "key '%s'", name);
        }
    }
    l->rows++;
    return CHL_OK;
}

static chl_status add_line(lines *l, const char *text, size_t n, chl_error *err)
{
    json_error_t problem;
    chl_trim(&text, &n);
    if (n && text[n - 1] == '\r') {
        n--;
        chl_trim(&text, &n);
    }
    if (n == 0) {
        return CHL_OK;
    }
    json_t *object = json_loadb(
        text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (!object) {
        return chl_fail(err, CHL_EPARSE, "byte %d: %s", problem.position, problem.text);
    }
    chl_status status = add_object(l, object, err);
    json_decref(object);
    return status;
}

static chl_status add_block(lines *l, const chl_block *block, chl_error *err)
{
    const char *at = block->text + block->begin, *end = block->text + block->end;
    l->line = block->line ? block->line : l->line;
    if (block->line && end - at >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0) {
        at += 3;
    }
    while (at < end) {
        const char *next = memchr(at, '\n', (size_t)(end - at));
        next = next ? next : end;
        if (add_line(l, at, (size_t)(next - at), err) != CHL_OK) {
            const char *path = l->blocks.paths[block->file];
            return chl_error_prefix(err, "%s:%lld",
                                    strcmp(path, "-") == 0 ? "stdin" : path,
                                    (long long)l->line);
        }
        l->line++;
        at = next + 1;
    }
    return CHL_OK;
}

static chl_status add_blocks(lines *l, const chl_control *control, chl_error *err)
{
    chl_block block = {0};
    chl_status status = CHL_OK;
    bool more = true;
    while (more && status == CHL_OK) {
        status = chl_control_check(control, "read_jsonl", err);
        if (status == CHL_OK) {
            status = chl_blocks_next(&l->blocks, &block, &more, err);
        }
        if (status == CHL_OK && more) {
            status = add_block(l, &block, err);
            chl_control_report(control, chl_blocks_progress(&l->blocks), "read_jsonl");
        }
    }
    chl_block_reset(&block);
    return status;
}

/* ---- columns ---- */

/* Whether every present text is a date (or a timestamp), and at least one is there. */
static int time_kind(const chl_column *column)
{
    bool dates = column->nulls < column->length, moments = dates;
    for (int64_t i = 0; i < column->length && moments; i++) {
        size_t n;
        int32_t days;
        int64_t micros;
        if (chl_column_valid(column, i)) {
            const char *text = chl_column_string(column, i, &n);
            dates = dates && chl_date_parse(text, n, &days);
            moments = chl_timestamp_parse(text, n, &micros);
        }
    }
    return dates && moments ? CHL_DATE : moments ? CHL_TIMESTAMP : NOTHING;
}

static chl_status settle_text(chl_column **column, chl_error *err)
{
    int kind = time_kind(*column);
    chl_column *made = NULL;
    CHL_TRY(chl_column_cast(*column, kind == NOTHING ? CHL_CATEGORY : (chl_type)kind,
                            &made, err));
    bool keep = kind == NOTHING &&
                chl_levels_count(made->levels) > chl_category_limit((*column)->length);
    chl_column_release(keep ? made : *column);
    *column = keep ? *column : made;
    return CHL_OK;
}

static chl_status finish_key(lines *l, key *k, chl_error *err)
{
    if (k->kind == NOTHING) { /* nothing but null */
        k->kind = k->declared == NOTHING ? (int)CHL_I64 : k->declared;
        CHL_TRY(chl_builder_init(&k->builder, (chl_type)k->kind, NULL, err));
    }
    CHL_TRY(fill_up(&k->builder, l->rows, err));
    CHL_TRY(chl_builder_finish(&k->builder, &k->column, err));
    return k->declared == NOTHING && k->kind == CHL_STRING ? settle_text(&k->column, err)
                                                           : CHL_OK;
}

static chl_status check_names(const lines *l, const char *what, const char *const *list,
                              int n, const char **names, chl_error *err)
{
    for (int i = 0; i < n; i++) {
        if (chl_levels_find(l->names, list[i], strlen(list[i])) < 0) {
            chl_fail_unknown(err, what, "key", list[i], names, (size_t)key_count(l));
            return chl_error_prefix(err, "%s", l->blocks.paths[0]);
        }
    }
    return CHL_OK;
}

static chl_status fill_frame(lines *l, const char **names, chl_column **columns,
                             chl_frame **out, chl_error *err)
{
    const chl_jsonl_options *o = l->options;
    int n = 0;
    for (int32_t i = 0; i < key_count(l); i++) {
        names[i] = chl_levels_name(l->names, i, NULL);
    }
    CHL_TRY(check_names(l, "types", o->typed, o->typed_count, names, err));
    CHL_TRY(check_names(l, "drop", o->drop, o->drop_count, names, err));
    for (int32_t i = 0; i < key_count(l); i++) {
        if (!l->keys[i].skip) {
            CHL_TRY(finish_key(l, &l->keys[i], err));
            names[n] = names[i];
            columns[n++] = l->keys[i].column;
        }
    }
    if (chl_frame_new(names, columns, n, out, err) != CHL_OK) {
        return chl_error_prefix(err, "%s", l->blocks.paths[0]);
    }
    (*out)->rows = l->rows;
    return CHL_OK;
}

static chl_status make_frame(lines *l, chl_frame **out, chl_error *err)
{
    size_t n = (size_t)key_count(l);
    const char **names = chl_alloc(n, sizeof *names);
    chl_column **columns = chl_alloc(n, sizeof *columns);
    chl_status status =
        names && columns ? fill_frame(l, names, columns, out, err) : chl_fail_memory(err);
    chl_free(names);
    chl_free(columns);
    return status;
}

static chl_status read_lines(lines *l, const chl_jsonl_options *options,
                             const chl_control *control, chl_frame **out, chl_error *err)
{
    static const chl_jsonl_options defaults = {0};
    l->options = options ? options : &defaults;
    l->blocks.size = BLOCK;
    chl_status status = chl_levels_new(&l->names, err);
    if (status == CHL_OK) {
        status = add_blocks(l, control, err);
    }
    if (status == CHL_OK) {
        status = make_frame(l, out, err);
    }
    reset_lines(l);
    return status;
}

chl_status chl_jsonl_read_files(const char *const *paths, int n,
                                const chl_jsonl_options *options,
                                const chl_control *control, chl_frame **out,
                                chl_error *err)
{
    *out = NULL;
    chl_paths files;
    if (n < 1) {
        return chl_fail(err, CHL_EINVAL, "read_jsonl: expected at least one file");
    }
    CHL_TRY(chl_paths_expand(paths, n, &files, err));
    lines l = {
        .blocks = {.paths = (const char *const *)files.items, .path_count = files.count}};
    chl_status status = read_lines(&l, options, control, out, err);
    chl_paths_reset(&files);
    return status;
}

chl_status chl_jsonl_read_bytes(const char *bytes, size_t n, const char *name,
                                const chl_jsonl_options *options, chl_frame **out,
                                chl_error *err)
{
    *out = NULL;
    lines l = {.blocks = {.paths = &name,
                          .path_count = 1,
                          .memory = bytes ? bytes : "",
                          .memory_size = n}};
    return read_lines(&l, options, NULL, out, err);
}
