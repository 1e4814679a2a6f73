/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/io/csv.h"

static chl_frame *parse_with(const char *text, const chl_csv_options *options)
{
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "x.csv", options, &frame, &err));
    return frame;
}

static void assert_bad(const char *text, const chl_csv_options *options,
                       const char *message)
{
    chl_frame *frame = NULL;
    assert_error(chl_csv_read_bytes(text, strlen(text), "x.csv", options, &frame, &err),
                 message);
    assert_null(frame);
}

static void assert_csv(const chl_frame *frame, const char *expected)
{
    chl_strbuf buf = {0};
    assert_ok(chl_csv_format(frame, ',', &buf, &err));
    assert_string_equal(buf.data, expected);
    chl_strbuf_reset(&buf);
}

static void assert_reads_as(const char *text, const char *expected)
{
    chl_frame *frame = parse_with(text, NULL);
    assert_csv(frame, expected);
    chl_frame_release(frame);
}

/* ---- types ---- */

static void test_inference(void **state)
{
    (void)state;
    chl_frame *f = parse_with("i,f,b,d,s,code,phone,big,void\n"
                              "1,1,TRUE,2026-11-22,x,007,+49,9223372036854775808,\n"
                              " -5 ,1e3,false,1969-12-31,y,12,1,1,NA\n"
                              ",.5,,,z,3,2,2, \n",
                              NULL);
    static const chl_type types[] = {CHL_I64,    CHL_F64,    CHL_BOOL,
                                     CHL_DATE,   CHL_STRING, CHL_STRING,
                                     CHL_STRING, CHL_STRING, CHL_I64};
    for (int i = 0; i < f->columns; i++) {
        if (f->fields[i].column->type != types[i]) {
            fail_msg("column %s: %s", f->fields[i].name,
                     chl_type_name(f->fields[i].column->type));
        }
    }
    assert_true(f->fields[0].column->values.i64[1] == -5);
    assert_int_equal(f->fields[0].column->nulls, 1);
    assert_int_equal(f->fields[8].column->nulls, 3);
    chl_frame_release(f);
}

static void test_ids_keep_64_bits(void **state)
{
    (void)state;
    assert_reads_as("id\n9007199254740993\n-9223372036854775808\n9223372036854775807\n",
                    "id\n9007199254740993\n-9223372036854775808\n9223372036854775807\n");
}

static void test_text_becomes_category(void **state)
{
    (void)state;
    chl_frame *f = parse_with("a,b\nx,p\ny,q\nx,r\nx,p\n", NULL);
    assert_int_equal(f->fields[0].column->type, CHL_CATEGORY); /* 2 of 4 */
    assert_int_equal(f->fields[1].column->type, CHL_STRING);   /* 3 of 4 */
    chl_frame_release(f);
    assert_int_equal(chl_category_limit(999), 50);
    assert_int_equal(chl_category_limit(20), 10);
    assert_int_equal(chl_category_limit(1000), 50);
}

static void test_declared(void **state)
{
    (void)state;
    const char *typed[] = {"a", "b"};
    chl_type types[] = {CHL_F64, CHL_CATEGORY};
    const char *drop[] = {"c"};
    chl_csv_options o = {
        .typed = typed, .types = types, .typed_count = 2, .drop = drop, .drop_count = 1};
    chl_frame *f = parse_with("a,b,c\n1,2,3\n,4,x\n", &o);
    assert_int_equal(f->columns, 2);
    assert_int_equal(f->fields[0].column->type, CHL_F64);
    assert_int_equal(f->fields[1].column->type, CHL_CATEGORY);
    chl_frame_release(f);
    assert_bad("a,b,c\n1,2,3\n\n\"x\n\",4,5\n", &o,
               "x.csv:4: column 'a': expected a number, got \"x \"");
    const char *wrong[] = {"Agee"};
    chl_csv_options misspelt = {.typed = wrong, .types = types, .typed_count = 1};
    assert_bad("a,Age,c\n", &misspelt,
               "x.csv: types: unknown column 'Agee' (did you mean 'Age'?)");
    types[0] = CHL_I64;
    f = parse_with("a,b,c\n5.0,2,3\n007,4,x\n", &o);
    assert_true(f->fields[0].column->values.i64[1] == 7);
    chl_frame_release(f);
    assert_bad("a,b,c\n1,2,3\n2.5,2,3\n", &o,
               "x.csv:3: column 'a': expected an integer, got \"2.5\"");
    types[0] = CHL_BOOL;
    assert_bad("a,b,c\nyes,2,3\n", &o,
               "x.csv:2: column 'a': expected true or false, got \"yes\"");
    types[0] = CHL_DATE;
    assert_bad("a,b,c\n1.2.2026,2,3\n", &o,
               "expected a date (2026-11-22), got \"1.2.2026\"");
}

static void test_quotes_protect_declared_text(void **state)
{
    (void)state;
    const char *typed[] = {"a"};
    chl_type types[] = {CHL_STRING};
    chl_csv_options o = {.typed = typed, .types = types, .typed_count = 1};
    const char *text = "a,b\n\"NA\",1\n\"\",2\n\" \",3\n,4\n\" x \",5\n";
    chl_frame *f = parse_with(text, &o);
    assert_int_equal(f->fields[0].column->nulls, 1);
    assert_csv(f, text); /* a round trip */
    chl_frame_release(f);
    f = parse_with(text, NULL); /* undeclared: blank and NA cells are missing */
    assert_int_equal(f->fields[0].column->nulls, 4);
    chl_frame_release(f);
}

static void test_na(void **state)
{
    (void)state;
    const char *na[] = {"-", "none"};
    chl_csv_options o = {.na = na, .na_count = 2};
    chl_frame *f = parse_with("a,b\n-,NA\n1,none\n", &o);
    assert_int_equal(f->fields[0].column->type, CHL_I64);
    assert_int_equal(f->fields[0].column->nulls, 1);
    assert_int_equal(f->fields[1].column->nulls, 1);
    chl_frame_release(f);
    o.na_count = 0;
    f = parse_with("a,b\n,NA\n1,2\n", &o);
    assert_int_equal(f->fields[1].column->nulls, 0);
    chl_frame_release(f);
}

/* ---- layout ---- */

static void test_layout(void **state)
{
    (void)state;
    assert_reads_as("\xef\xbb\xbf"
                    "a,b\r\n1,\"x,\ny\"\r\n",
                    "a,b\n1,\"x,\ny\"\n");
    assert_reads_as("a,b\n1,2\n   \n\n3,4", "a,b\n1,2\n3,4\n");
    assert_reads_as("a\n1\n\n \n2\n", "a\n1\nNA\n2\n"); /* one column: a blank cell */
    assert_reads_as(" a ,,\" c\"\n1,2,3\n", "a,column_2,\" c\"\n1,2,3\n");
    assert_reads_as("a,b\n", "a,b\n");
    chl_csv_options o = {.separator = ';', .no_header = true};
    chl_frame *f = parse_with("1;x\n2;y\n", &o);
    assert_csv(f, "column_1,column_2\n1,x\n2,y\n");
    chl_frame_release(f);
    o.separator = '\t';
    f = parse_with("\tx\n2\t\n", &o);
    assert_csv(f, "column_1,column_2\n,x\n2,\n");
    chl_frame_release(f);
}

static void test_bad_layout(void **state)
{
    (void)state;
    assert_bad("", NULL, "x.csv:1: expected a header, got an empty file");
    assert_bad("a,b\n1,2\n1\n", NULL, "x.csv:3: expected 2 fields, got 1");
    assert_bad("a,b\n\"1\n\",2\n1,2,3\n", NULL, "x.csv:4: expected 2 fields, got 3");
    assert_bad("a,a\n1,2\n", NULL, "x.csv:1: column 'a' occurs twice");
    assert_bad("a,b\n1,\"2\n3,4\n", NULL, "x.csv:2: cell 2: a quote opens");
    assert_bad("\xff\xfe"
               "a\n",
               NULL, "expected UTF-8 text, got UTF-16");
    chl_csv_options o = {.separator = '"'};
    assert_bad("a\n", &o, "separator");
}

/* ---- files ---- */

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/churnlab-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    chl_frame *f = parse_with("a,b\n1,\"x\"\"\"\n0.1,\n-0,é\n", NULL), *g = NULL;
    assert_ok(chl_csv_write(f, path, ';', NULL, &err));
    chl_csv_options o = {.separator = ';'};
    assert_ok(chl_csv_read(path, &o, NULL, &g, &err));
    assert_csv(g, "a,b\n1,\"x\"\"\"\n0.1,\n-0,é\n");
    chl_frame_release(g);
    unlink(path);
    assert_error(chl_csv_read(path, NULL, NULL, &g, &err), "cannot open: No such file");
    assert_error(chl_csv_read("/tmp", NULL, NULL, &g, &err), "/tmp: cannot read");
    assert_int_equal(chl_csv_write(f, "/nonexistent/x.csv", ',', NULL, NULL), CHL_EIO);
    chl_frame_release(f);
}

/* ---- blocks and threads ---- */

/* What reading gives, whole: a frame's text and types, or the message. */
static void describe(const char *text, size_t n, const chl_csv_options *options,
                     const chl_control *control, chl_strbuf *out)
{
    char path[] = "/tmp/churnlab-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_true(write(fd, text, n) == (ssize_t)n);
    close(fd);
    chl_frame *f = NULL;
    chl_error error = {0};
    if (chl_csv_read(path, options, control, &f, &error) == CHL_OK) {
        for (int i = 0; i < f->columns; i++) {
            chl_strbuf_printf(out, "%s ", chl_type_name(f->fields[i].column->type));
        }
        assert_ok(chl_csv_format(f, ',', out, &err));
        chl_frame_release(f);
    } else {
        chl_strbuf_puts(out, error.message + strlen(path));
    }
    unlink(path);
}

/* The same bytes in blocks of any size on any number of threads. */
static void assert_same_anyhow(const char *text, size_t n, chl_csv_options options)
{
    chl_strbuf expected = {0};
    options.block = 0;
    describe(text, n, &options, NULL, &expected);
    for (size_t block = 1; block <= 256; block *= 4) {
        for (int threads = 1; threads <= 3; threads++) {
            chl_control control = {.threads = threads};
            chl_strbuf found = {0};
            options.block = block;
            describe(text, n, &options, &control, &found);
            assert_string_equal(found.data, expected.data);
            chl_strbuf_reset(&found);
        }
    }
    chl_strbuf_reset(&expected);
}

/* Columns whose type becomes clear late, in every way. */
static void test_late_types(void **state)
{
    (void)state;
    chl_strbuf text = {0};
    chl_strbuf_puts(&text, "int,real,text,codes,truth,day,moment,void,gaps,words\n");
    for (int i = 0; i < 400; i++) {
        chl_strbuf_printf(&text, "%d,%d%s,%s%d,%s,%s,2026-01-%02d,", i, i,
                          i == 390 ? ".5" : "", i == 380 ? "x" : "", i % 30,
                          i == 370 ? "seven" : "7", i % 2 ? "true" : "FALSE", i % 28 + 1);
        chl_strbuf_printf(&text, "2026-02-%02d%s,,%s,%s%d%s\n", i % 28 + 1,
                          i == 360 ? " 10:00:00" : "", i > 350 ? "1.25" : "",
                          i % 7 ? "w" : "\"a,\n\"\"b\"\"", i, i % 7 ? "" : "\"");
    }
    assert_same_anyhow(text.data, text.length, (chl_csv_options){0});
    chl_frame *f = parse_with(text.data, NULL);
    static const chl_type types[] = {CHL_I64,  CHL_F64,   CHL_CATEGORY,  CHL_CATEGORY,
                                     CHL_BOOL, CHL_DATE,  CHL_TIMESTAMP, CHL_I64,
                                     CHL_F64,  CHL_STRING};
    for (int i = 0; i < f->columns; i++) {
        assert_int_equal(f->fields[i].column->type, types[i]);
    }
    assert_int_equal(f->fields[8].column->nulls, 351);
    chl_frame_release(f);
    chl_strbuf_reset(&text);
}

/* The first error of the file, wherever the blocks end. */
static void test_first_error(void **state)
{
    (void)state;
    static const char *const ends[] = {
        "1,x,2\n2\n",      "1,x,z\n\"a\"b,1,1\n", "1,\"x\n\n,2\n2,y,3\n",
        "1,\"\n\n\",q\n",  "n/a,z,1\n1\n",        "1,\"a\"\"\r\nb\",3,4\r\n",
        "1,2,3\nx\"y,2,3", "\"1\",\"\n\",\"2\"",  "\r\r1,2,3\r4,5,6,7\r"};
    const char *typed[] = {"a", "c"};
    chl_type types[] = {CHL_I64, CHL_F64};
    chl_csv_options o = {.typed = typed, .types = types, .typed_count = 2};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        chl_strbuf text = {0};
        chl_strbuf_puts(&text, "a,b,c\n");
        for (int row = 0; row < 60; row++) {
            chl_strbuf_printf(&text, "%d,\"line\n%d\",%d.5\r\n", row, row, row);
        }
        chl_strbuf_puts(&text, ends[i]);
        for (int row = 0; row < 60; row++) {
            chl_strbuf_printf(&text, "%d,late,%s\n", row, row == 50 ? "bad" : "1");
        }
        assert_same_anyhow(text.data, text.length, o);
        chl_strbuf_reset(&text);
    }
}

/* More than one block of the usual size, with quotes and line ends across its edges. */
static void test_large_file(void **state)
{
    (void)state;
    char path[] = "/tmp/churnlab-test-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    fputs("i,f,s\r\n", file);
    for (int i = 0; i < 100000; i++) {
        fprintf(file, "%d,%d.25,%s\r\n", i, i, i % 3 ? "plain" : "\"a\r\nb,\"\"c\"\"\"");
    }
    fclose(file);
    chl_frame *f = NULL;
    chl_control control = {.threads = 2};
    assert_ok(chl_csv_read(path, NULL, &control, &f, &err));
    unlink(path);
    assert_int_equal(f->rows, 100000);
    for (int64_t i = 0; i < f->rows; i++) {
        size_t n;
        assert_true(f->fields[0].column->values.i64[i] == i);
        assert_true(f->fields[1].column->values.f64[i] == (double)i + 0.25);
        const char *text = chl_column_text(f->fields[2].column, i, &n);
        assert_memory_equal(text, i % 3 ? "plain" : "a\r\nb,\"c\"", n);
    }
    chl_frame_release(f);
}

/* ---- portions ---- */

static void write_file(char *path, const char *text)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    size_t n = strlen(text);
    assert_true(write(fd, text, n) == (ssize_t)n);
    close(fd);
}

static void assert_next(chl_csv_reader *reader, int64_t max_rows, const char *expected)
{
    chl_frame *f = NULL;
    assert_ok(chl_csv_next(reader, max_rows, 0, NULL, &f, &err));
    if (!expected) {
        assert_null(f);
        return;
    }
    assert_csv(f, expected);
    chl_frame_release(f);
}

static void test_next(void **state)
{
    (void)state;
    char path[] = "/tmp/churnlab-test-XXXXXX";
    write_file(path, "a,b\n1,x\n\n2,y\n3,z\n4,x\n5,q\n");
    chl_csv_reader *r = NULL;
    assert_ok(chl_csv_open(path, NULL, &r, &err));
    assert_next(r, 2, "a,b\n1,x\n2,y\n");
    assert_next(r, 1, "a,b\n3,z\n");
    assert_next(r, 0, "a,b\n4,x\n5,q\n");
    assert_next(r, 0, NULL);
    assert_next(r, 5, NULL);
    chl_csv_close(r);
    unlink(path);
    assert_error(chl_csv_open(path, NULL, &r, &err), "cannot open: No such file");
    assert_null(r);
}

static void test_next_without_rows(void **state)
{
    (void)state;
    char path[] = "/tmp/churnlab-test-XXXXXX";
    write_file(path, "a,b\n");
    chl_csv_reader *r = NULL;
    assert_ok(chl_csv_open(path, NULL, &r, &err));
    assert_next(r, 2, "a,b\n");
    assert_next(r, 2, NULL);
    chl_csv_close(r);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inference),
        cmocka_unit_test(test_ids_keep_64_bits),
        cmocka_unit_test(test_text_becomes_category),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_quotes_protect_declared_text),
        cmocka_unit_test(test_na),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_bad_layout),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_late_types),
        cmocka_unit_test(test_first_error),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_next_without_rows),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
