/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/io/csv.h"

static chl_frame *parse(const char *text)
{
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "text", NULL, &frame, &err));
    return frame;
}

static void assert_file(const char *path, const char *expected)
{
    unsigned char *bytes = NULL;
    size_t n;
    assert_ok(chl_file_read(path, 1 << 26, &bytes, &n, &err));
    assert_int_equal(n, strlen(expected));
    assert_memory_equal(bytes, expected, n);
    chl_free(bytes);
}

static const char path[] = "/tmp/churnlab_test_writer.csv";

static void frames_follow_each_other(void **state)
{
    (void)state;
    chl_frame *one = parse("a,b\n1,x\n,\"y;z\"\n"), *two = parse("a,b\n5,w\n");
    chl_csv_writer *writer = NULL;
    assert_ok(chl_csv_writer_open(path, ';', &writer, &err));
    assert_ok(chl_csv_writer_put(writer, one, &err));
    assert_ok(chl_csv_writer_put(writer, two, &err));
    assert_int_equal(access(path, F_OK), -1); /* not before the commit */
    assert_ok(chl_csv_writer_commit(writer, &err));
    chl_csv_writer_close(writer);
    assert_file(path, "a;b\n1;x\n;\"y;z\"\n5;w\n");
    unlink(path);
    chl_frame_release(one);
    chl_frame_release(two);
}

/* Longer than the text that is kept in memory. */
static void many_rows(void **state)
{
    (void)state;
    chl_strbuf text = {0};
    chl_strbuf_puts(&text, "a,b\n");
    for (int i = 0; i < 200000; i++) {
        chl_strbuf_printf(&text, "%d,text %d\n", i, i);
    }
    chl_frame *frame = parse(text.data);
    assert_ok(chl_csv_write(frame, path, ',', NULL, &err));
    assert_file(path, text.data);
    unlink(path);
    chl_frame_release(frame);
    chl_strbuf_reset(&text);
}

static void nothing_is_left_without_a_commit(void **state)
{
    (void)state;
    chl_frame *one = parse("a,b\n1,x\n"), *other = parse("a,c\n1,x\n");
    chl_csv_writer *writer = NULL;
    assert_ok(chl_csv_writer_open(path, ',', &writer, &err));
    assert_ok(chl_csv_writer_put(writer, one, &err));
    assert_error(chl_csv_writer_put(writer, other, &err),
                 "write_csv: expected the columns of the frame before");
    chl_csv_writer_close(writer);
    chl_csv_writer_close(NULL);
    assert_int_equal(access(path, F_OK), -1);
    char command[160];
    snprintf(command, sizeof command, "ls %s.*.tmp >/dev/null 2>&1", path);
    assert_int_not_equal(system(command), 0);
    assert_error(chl_csv_writer_open("/nowhere/x", ',', &writer, &err),
                 "/nowhere/x: create: No such file");
    assert_null(writer);
    assert_error(chl_csv_writer_open(path, '"', &writer, &err), "separator: expected no");
    chl_frame_release(one);
    chl_frame_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_follow_each_other),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(nothing_is_left_without_a_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
