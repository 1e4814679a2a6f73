/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/file_map.h"
#include "core/base/hash.h"
#include "core/io/column_file.h"
#include "core/io/csv.h"

static char folder[] = "/tmp/churnlab_columns_XXXXXX";
static char path[64];

static const char text[] =
    "id,age,share,plan,when,active,note,at\n"
    "1,42,0.5,gold,2026-01-31,true,\"a, b\",2026-01-31 10:00:00\n"
    "2,,1e300,basic,,false,NA,\n"
    "-9223372036854775808,17,,gold,1969-12-31,,\"\",1969-12-31 23:59:59.999999\n"
    "4,,-0.0,NA,2024-02-29,true,Grüße,2024-02-29\n"
    "5,1,2.25,basic,,false,\"x\ny\",2000-01-01\n"
    "6,1,2.25,basic,,false,z,0000-01-01\n"
    "7,1,2.25,silver,,false,z,9999-12-31\n"
    "8,1,2.25,basic,,false,NA,2000-01-01\n"
    "9,1,2.25,basic,,true,z,2000-01-01\n"
    "10,5,,NA,2000-01-01,,last,2000-01-01\n";

static chl_frame *example(void)
{
    static const char *const typed[] = {"plan", "note", "at"};
    static const chl_type types[] = {CHL_CATEGORY, CHL_STRING, CHL_TIMESTAMP};
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = 3};
    chl_frame *plain = NULL, *roles = NULL, *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, sizeof text - 1, "test", &options, &plain, &err));
    assert_ok(chl_frame_with_roles(plain, "plan", "gold", "id", &roles, &err));
    const char *const personal[] = {"when"};
    chl_roles more = {.time = "when", .personal = personal, .personal_count = 1};
    chl_levels_set_ordered(chl_frame_column(roles, "plan")->levels);
    assert_ok(chl_frame_set_roles(roles, &more, &frame, &err));
    chl_frame_release(plain);
    chl_frame_release(roles);
    return frame;
}

static void assert_same_column(const chl_column *a, const chl_column *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->length, b->length);
    assert_int_equal(a->nulls, b->nulls);
    assert_int_equal(!a->validity, !b->validity);
    if (a->type == CHL_CATEGORY) {
        assert_int_equal(chl_levels_ordered(a->levels), chl_levels_ordered(b->levels));
    }
    for (int64_t i = 0; i < a->length; i++) {
        chl_strbuf left = {0}, right = {0};
        assert_int_equal(chl_column_valid(a, i), chl_column_valid(b, i));
        chl_column_format(a, i, &left);
        chl_column_format(b, i, &right);
        assert_string_equal(left.data ? left.data : "", right.data ? right.data : "");
        chl_strbuf_reset(&left);
        chl_strbuf_reset(&right);
    }
    size_t n = (size_t)a->length + (a->type == CHL_STRING);
    assert_memory_equal(a->values.any, b->values.any, n * chl_type_size(a->type));
}

static void assert_same_frame(const chl_frame *a, const chl_frame *b)
{
    assert_int_equal(a->rows, b->rows);
    assert_int_equal(a->columns, b->columns);
    for (int i = 0; i < a->columns; i++) {
        assert_string_equal(a->fields[i].name, b->fields[i].name);
        assert_same_column(a->fields[i].column, b->fields[i].column);
    }
    assert_string_equal(a->target ? a->target : "", b->target ? b->target : "");
    assert_string_equal(a->positive ? a->positive : "", b->positive ? b->positive : "");
    assert_string_equal(a->id ? a->id : "", b->id ? b->id : "");
    assert_string_equal(a->time ? a->time : "", b->time ? b->time : "");
    for (int i = 0; i < a->columns; i++) {
        assert_int_equal(a->fields[i].personal, b->fields[i].personal);
    }
}

static void round_trip(void **state)
{
    (void)state;
    chl_frame *frame = example(), *back = NULL;
    chl_control control = {.threads = 2};
    assert_ok(chl_column_file_write(frame, path, NULL, &err));
    assert_true(chl_column_file_is(path));
    assert_ok(chl_column_file_read(path, &control, &back, &err));
    assert_same_frame(frame, back);
    for (int i = 0; i < back->columns; i++) {
        assert_int_equal((uintptr_t)back->fields[i].column->values.any % 64, 0);
        assert_non_null(back->fields[i].column->map);
    }
    chl_frame_release(back);
    chl_frame_release(frame);
}

static void empty_frames(void **state)
{
    (void)state;
    chl_frame *frame = example(), *none = NULL, *back = NULL, *chunk = NULL;
    assert_ok(chl_frame_slice(frame, 0, 0, &none, &err));
    assert_ok(chl_column_file_write(none, path, NULL, &err));
    assert_ok(chl_column_file_read(path, NULL, &back, &err));
    assert_same_frame(none, back);
    chl_frame_release(back);
    chl_frame_release(none);
    assert_ok(chl_frame_new(NULL, NULL, 0, &none, &err));
    assert_ok(chl_column_file_write(none, path, NULL, &err));
    assert_ok(chl_column_file_read(path, NULL, &back, &err));
    assert_int_equal(back->columns, 0);
    assert_int_equal(back->rows, 0);
    chl_column_file *file = NULL;
    assert_ok(chl_column_file_open(path, &file, &err));
    assert_ok(chl_column_file_next(file, 100, &chunk, &err));
    assert_null(chunk);
    chl_column_file_close(file);
    chl_frame_release(back);
    chl_frame_release(none);
    chl_frame_release(frame);
}

/* A column outlives its frame, and the file may be replaced or removed meanwhile. */
static void the_map_lives_with_its_columns(void **state)
{
    (void)state;
    chl_frame *frame = example(), *back = NULL;
    assert_ok(chl_column_file_write(frame, path, NULL, &err));
    assert_ok(chl_column_file_read(path, NULL, &back, &err));
    chl_column *note = chl_column_retain(back->fields[6].column);
    chl_frame *again = back;
    back = NULL;
    chl_frame *one = NULL;
    assert_ok(chl_frame_slice(again, 0, 1, &one, &err));
    assert_ok(chl_column_file_write(one, path, NULL, &err)); /* renamed over the map */
    chl_frame_release(one);
    chl_frame_release(again);
    assert_same_column(note, frame->fields[6].column);
    unlink(path);
    assert_same_column(note, frame->fields[6].column);
    chl_column_release(note);
    chl_frame_release(frame);
}

static void chunks(void **state)
{
    (void)state;
    chl_frame *frame = example();
    assert_ok(chl_column_file_write(frame, path, NULL, &err));
    chl_column_file *file = NULL;
    assert_ok(chl_column_file_open(path, &file, &err));
    assert_int_equal(chl_column_file_rows(file), 10);
    assert_int_equal(chl_column_file_schema(file)->rows, 0);
    chl_levels *levels = chl_column_file_schema(file)->fields[3].column->levels;
    for (int64_t start = 0; start < 10; start += 8) {
        chl_frame *chunk = NULL, *slice = NULL;
        assert_int_equal(chl_column_file_position(file), start);
        assert_ok(chl_column_file_next(file, start == 0 ? 15 : 1, &chunk, &err));
        assert_ok(chl_frame_slice(frame, start, start == 0 ? 8 : 2, &slice, &err));
        assert_same_frame(chunk, slice);
        assert_ptr_equal(chunk->fields[3].column->levels, levels);
        chl_frame_release(chunk);
        chl_frame_release(slice);
    }
    chl_frame *end = NULL;
    assert_ok(chl_column_file_next(file, 8, &end, &err));
    assert_null(end);
    chl_column_file_close(file);
    chl_frame_release(frame);
}

/* ---- files that are wrong ---- */

static unsigned char *bytes;
static size_t size;

static void load(void)
{
    chl_frame *frame = example();
    assert_ok(chl_column_file_write(frame, path, NULL, &err));
    assert_ok(chl_file_read(path, 1 << 20, &bytes, &size, &err));
    chl_frame_release(frame);
}

static uint64_t header_length(void)
{
    uint64_t n;
    memcpy(&n, bytes + 16, sizeof n);
    return n;
}

static unsigned char *data(void)
{
    return bytes + (96 + header_length() + 63) / 64 * 64;
}

/* The text `from` of the header becomes `to`, of the same length; the hash fits again. */
static void replace(const char *from, const char *to)
{
    size_t n = strlen(from);
    unsigned char *at = bytes + 96;
    while (memcmp(at, from, n) != 0) {
        at++;
        assert_true(at < data());
    }
    assert_int_equal(strlen(to), n);
    memcpy(at, to, n);
    char hash[CHL_SHA256_HEX];
    chl_sha256_hex(bytes + 96, header_length(), hash);
    memcpy(bytes + 32, hash, 64);
}

/* Writes what `bytes` holds now; reading it must fail with that text. */
static void refused(const char *message)
{
    chl_frame *frame = NULL;
    assert_ok(chl_file_write(path, bytes, size, &err));
    assert_error(chl_column_file_read(path, NULL, &frame, &err), message);
    assert_null(frame);
    chl_free(bytes);
}

#define REFUSED(change, message)                                                         \
    do {                                                                                 \
        load();                                                                          \
        change;                                                                          \
        refused(message);                                                                \
    } while (0)

static void wrong_starts(void **state)
{
    (void)state;
    chl_frame *frame = NULL;
    assert_error(chl_column_file_read("/nowhere/x", NULL, &frame, &err),
                 "/nowhere/x: open: No such file");
    assert_error(chl_column_file_read(folder, NULL, &frame, &err),
                 "open: expected a regular file");
    assert_false(chl_column_file_is(folder));
    REFUSED(size = 0, "expected a column file");
    REFUSED(bytes[0] = 'a', "expected a column file");
    REFUSED(size = 50, "cut off after 50 bytes");
    REFUSED(bytes[8] = 2, "version: expected 1, got 2");
    REFUSED(size -= 1, "(cut off?)");
    REFUSED(bytes[16 + 3] = 1, "header: its length is beyond the end");
    REFUSED(bytes[96] ^= 1, "header: its SHA-256 does not fit");
    REFUSED(bytes[40] ^= 1, "header: its SHA-256 does not fit");
}

static void wrong_headers(void **state)
{
    (void)state;
    REFUSED(replace("\"columns\":", "\"collums\":"), "header: columns: expected a list");
    REFUSED(replace("\"rows\":10", "\"rows\":-1"), "header: rows: expected");
    REFUSED(replace("\"rows\":10", "\"rows\":11"), "its length does not fit");
    REFUSED(replace("\"name\":\"age\"", "\"nome\":\"age\""), "expected a name for each");
    REFUSED(replace("\"name\":\"age\"", "\"name\":\"id\" "), "column 'id' occurs twice");
    REFUSED(replace("\"type\":\"bool\"", "\"type\":\"boot\""),
            "column 'active': unknown type 'boot'");
    REFUSED(replace("\"nulls\":2", "\"nulls\":-"), "header: "); /* no JSON */
    REFUSED(replace("\"nulls\":2", "\"nulls\":0"), "validity: expected no such buffer");
    REFUSED(replace("\"values\":[0,80]", "\"values\":[64,80"), "header: ");
    REFUSED(replace("\"values\":[0,80]", "\"values\":[8,80]"),
            "column 'id': values: it does not begin where the last buffer ends");
    REFUSED(replace("\"values\":[0,80]", "\"values\":[0,72]"),
            "values: its length does not fit the number of rows");
    REFUSED(replace("\"values\":[0,80]", "\"values\":\"0,80\""),
            "values: expected [offset, length]");
    REFUSED(replace("\"id\":\"id\"", "\"id\":\"ix\""), "unknown column 'ix'");
}

/* The values of a buffer are changed; where it is, is looked up in a sound file. */
static void *find(int column, int part)
{
    static const int parts[] = {2, 2, 2, 4, 2, 2, 3, 2}; /* `id` lacks validity */
    size_t sizes[][4] = {{80},    {80, 2}, {80, 2},     {40, 2, 32, 15},
                         {40, 2}, {10, 2}, {88, 2, 27}, {80, 2}};
    size_t at = 0;
    for (int c = 0; c <= column; c++) {
        for (int p = 0; p < (c == 0 ? 1 : parts[c]); p++) {
            if (c == column && p == part) {
                return data() + at;
            }
            at = (at + sizes[c][p] + 63) / 64 * 64;
        }
    }
    return NULL;
}

static void wrong_values(void **state)
{
    (void)state;
    REFUSED(((double *)find(2, 0))[0] = NAN, "column 'share': a value is not finite");
    REFUSED(((double *)find(2, 0))[1] = INFINITY, "a value is not finite");
    REFUSED(((double *)find(2, 0))[2] = 1, "column 'share': a missing row has a value");
    REFUSED(((int64_t *)find(1, 0))[1] = 5, "column 'age': a missing row has a value");
    REFUSED(((unsigned char *)find(1, 1))[0] |= 2, "number of missing rows");
    REFUSED(((unsigned char *)find(5, 0))[0] = 2,
            "column 'active': a bool is not 0 or 1");
    REFUSED(((int32_t *)find(4, 0))[0] = 9999999, "a date is out of the calendar");
    REFUSED(((int64_t *)find(7, 0))[0] = INT64_MAX, "a time is out of the calendar");
    REFUSED(((int32_t *)find(3, 0))[0] = 3, "column 'plan': a code has no level");
    REFUSED(((int32_t *)find(3, 0))[0] = -2, "a code has no level");
    REFUSED(((int32_t *)find(3, 0))[0] = -1, "a row without a level is not missing");
    REFUSED(((int32_t *)find(3, 0))[3] = 0, "a missing row has a value");
    REFUSED(((int64_t *)find(3, 2))[0] = 1, "its level offsets do not begin with 0");
    REFUSED(((int64_t *)find(3, 2))[1] = -1, "an offset of a level is out of order");
    REFUSED(((int64_t *)find(3, 2))[3] = 16, "an offset of a level is out of order");
    REFUSED(((int64_t *)find(3, 2))[3] = 14, "bytes after the last level");
    REFUSED(memset((int64_t *)find(3, 2) + 1, 0, 16), "a level is there twice");
    REFUSED(((int64_t *)find(6, 0))[4] = 1000, "an offset of a text is out of order");
    REFUSED(((int64_t *)find(6, 0))[10] = 2, "an offset of a text is out of order");
    REFUSED(((int64_t *)find(6, 0))[0] = -1, "an offset of a text is out of order");
    REFUSED(((int64_t *)find(6, 0))[0] = 1, "its texts do not fill their bytes");
}

/* Any byte may be wrong: the frame is sound or refused, whole or by chunks. */
static void every_byte(void **state)
{
    (void)state;
    load();
    for (size_t i = 0; i < size; i++) {
        chl_frame *frame = NULL, *chunk = NULL;
        chl_column_file *file = NULL;
        chl_strbuf out = {0};
        bytes[i] ^= 0x81;
        assert_ok(chl_file_write(path, bytes, size, &err));
        bytes[i] ^= 0x81;
        if (chl_column_file_read(path, NULL, &frame, NULL) == CHL_OK) {
            assert_ok(chl_csv_format(frame, ',', &out, &err));
        }
        if (chl_column_file_open(path, &file, NULL) == CHL_OK &&
            chl_column_file_next(file, 100, &chunk, NULL) == CHL_OK) {
            assert_ok(chl_csv_format(chunk, ',', &out, &err));
        }
        chl_column_file_close(file);
        chl_strbuf_reset(&out);
        chl_frame_release(chunk);
        chl_frame_release(frame);
    }
    chl_free(bytes);
}

static void a_chunk_says_that_the_file_was_cut_off(void **state)
{
    (void)state;
    load();
    chl_free(bytes);
    chl_column_file *file = NULL;
    chl_frame *chunk = NULL;
    assert_ok(chl_column_file_open(path, &file, &err));
    assert_int_equal(truncate(path, (off_t)size - 30), 0);
    assert_error(chl_column_file_next(file, 100, &chunk, &err),
                 "read: the file was cut off");
    assert_null(chunk);
    chl_column_file_close(file);
}

static void writing_fails(void **state)
{
    (void)state;
    chl_frame *frame = example(), *latin = NULL;
    assert_error(chl_column_file_write(frame, "/nowhere/x", NULL, &err),
                 "/nowhere/x: create: No such file");
    const char *from = "age", *to = "Gr\xf6\xdf"
                                    "e";
    assert_ok(chl_frame_rename(frame, &from, &to, 1, &latin, &err));
    assert_error(chl_column_file_write(latin, path, NULL, &err),
                 "write_columns: column 2: its name: expected UTF-8");
    volatile sig_atomic_t cancel = 1;
    chl_control control = {.cancel = &cancel};
    assert_error(chl_column_file_write(frame, path, &control, &err),
                 "write_columns: interrupted");
    chl_frame_release(latin);
    chl_frame_release(frame);
}

static void maps(void **state)
{
    (void)state;
    chl_file_map *map = NULL;
    assert_ok(chl_file_write(path, "abc", 3, &err));
    assert_ok(chl_file_map_open(path, &map, &err));
    assert_int_equal(map->size, 3);
    chl_file_map *same = chl_file_map_retain(map);
    chl_file_map_release(map);
    assert_memory_equal(same->bytes, "abc", 3);
    chl_file_map_release(same);
    assert_ok(chl_file_write(path, "", 0, &err));
    assert_ok(chl_file_map_open(path, &map, &err));
    assert_int_equal(map->size, 0);
    assert_non_null(map->bytes);
    chl_file_map_release(map);
    chl_file_map_release(NULL);
    assert_error(chl_file_map_open("/nowhere/x", &map, &err), "open: No such file");
    assert_null(map);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof path, "%s/a.columns", folder);
    return 0;
}

static int drop_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(empty_frames),
        cmocka_unit_test(the_map_lives_with_its_columns),
        cmocka_unit_test(chunks),
        cmocka_unit_test(wrong_starts),
        cmocka_unit_test(wrong_headers),
        cmocka_unit_test(wrong_values),
        cmocka_unit_test(every_byte),
        cmocka_unit_test(a_chunk_says_that_the_file_was_cut_off),
        cmocka_unit_test(writing_fails),
        cmocka_unit_test(maps),
    };
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
