/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <unistd.h>

#include "core/io/csv.h"
#include "core/io/csv_lines.h"

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

/* ---- records, in portions of every size ---- */

static chl_status note_cell(void *ctx, int64_t cell, const char *text, size_t length,
                            bool quoted, chl_error *err)
{
    (void)err;
    chl_strbuf_printf(ctx, "%d%s[", (int)cell, quoted ? "q" : "");
    chl_strbuf_append(ctx, text, length);
    chl_strbuf_puts(ctx, "] ");
    return CHL_OK;
}

static chl_status note_record(void *ctx, int64_t cells, int64_t line, chl_error *err)
{
    (void)err;
    chl_strbuf_printf(ctx, "=%d@%d ", (int)cells, (int)line);
    return CHL_OK;
}

static void events(const char *text, size_t n, size_t portion, chl_strbuf *out)
{
    csv_lines lines;
    chl_error err = {0};
    csv_sink sink = {.cell = note_cell, .record = note_record, .ctx = out};
    chl_status status = csv_lines_init(&lines, "x", ',', sink, &err);
    for (size_t at = 0; at < n && status == CHL_OK; at += portion) {
        size_t size = n - at < portion ? n - at : portion;
        status = csv_lines_feed(&lines, text + at, size, &err);
    }
    if (status == CHL_OK) {
        status = csv_lines_finish(&lines, &err);
    }
    if (status != CHL_OK) {
        chl_strbuf_puts(out, err.message);
    }
    csv_lines_reset(&lines);
}

static void test_portions(void **state)
{
    (void)state;
    static const char *const inputs[][2] = {
        {"a,b\n1,2\n", "0[a] 1[b] =2@1 0[1] 1[2] =2@2 "},
        {"a,b\r\n1,2", "0[a] 1[b] =2@1 0[1] 1[2] =2@2 "},
        {"a\rb\r\rc", "0[a] =1@1 0[b] =1@2 0[c] =1@4 "},
        {"\"x\r\ny\",\"\",z\n\n\"\"\"q\"\"\",,\r\n",
         "0q[x\r\ny] 1q[] 2[z] =3@1 0q[\"q\"] 1[] 2[] =3@4 "},
        {" a , b\t,\"NA\"\n", "0[ a ] 1[ b\t] 2q[NA] =3@1 "},
        {",\n", "0[] 1[] =2@1 "},
        {"a,\"b\"", "0[a] 1q[b] =2@1 "},
        {"x,\"a,b\",\"c\nd\",e\nf,\"g\"\n",
         "0[x] 1q[a,b] 2q[c\nd] 3[e] =4@1 0[f] 1q[g] =2@3 "},
        {"a\nb,\"c\nd",
         "0[a] =1@1 0[b] x:2: cell 2: a quote opens here and never closes"},
        {"a\nb,c\"d\n", "0[a] =1@1 0[b] x:2: cell 2: expected quotes only around a whole "
                        "cell and doubled inside it"},
        {"a\n\"b\"c\n", "0[a] =1@1 x:2: cell 1: expected quotes only"},
    };
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        size_t n = strlen(inputs[i][0]);
        for (size_t portion = 1; portion <= n; portion++) {
            chl_strbuf out = {0};
            events(inputs[i][0], n, portion, &out);
            out.data[strlen(inputs[i][1]) < out.length ? strlen(inputs[i][1])
                                                       : out.length] = '\0';
            assert_string_equal(out.data, inputs[i][1]);
            chl_strbuf_reset(&out);
        }
    }
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
    assert_ok(chl_csv_write(f, path, ';', &err));
    chl_csv_options o = {.separator = ';'};
    assert_ok(chl_csv_read(path, &o, NULL, &g, &err));
    assert_csv(g, "a,b\n1,\"x\"\"\"\n0.1,\n-0,é\n");
    chl_frame_release(g);
    unlink(path);
    assert_error(chl_csv_read(path, NULL, NULL, &g, &err), "cannot open: No such file");
    assert_error(chl_csv_read("/tmp", NULL, NULL, &g, &err), "/tmp: cannot read");
    assert_int_equal(chl_csv_write(f, "/nonexistent/x.csv", ',', NULL), CHL_EIO);
    chl_frame_release(f);
}

/* More than one portion of the file reader, with quotes and line ends across its edges.
 */
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
        cmocka_unit_test(test_portions),
        cmocka_unit_test(test_inference),
        cmocka_unit_test(test_ids_keep_64_bits),
        cmocka_unit_test(test_text_becomes_category),
        cmocka_unit_test(test_declared),
        cmocka_unit_test(test_quotes_protect_declared_text),
        cmocka_unit_test(test_na),
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_bad_layout),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_next_without_rows),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
