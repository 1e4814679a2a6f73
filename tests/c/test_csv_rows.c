/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/io/csv_rows.h"

typedef struct example {
    const char *text;
    bool single, header;
    int64_t lines[5]; /* of rows 0 …; 0 ends */
} example;

static const example examples[] = {
    {"a,b\n1,2\n3,4\n", false, true, {2, 3}},
    {"a,b\n1,2\n\n  \n3,4", false, true, {2, 5}},
    {"a,b\r\n1,2\r\n3,4\r\n", false, true, {2, 3}},
    {"a,b\r1,2\r3,4\r", false, true, {2, 3}},
    {"a,b\n\"x\ny\",2\n3,4\n", false, true, {2, 4}},
    {"a,b\n\"x\"\"\n\"\"y\",2\n3,\"\n\n\"\n5,6", false, true, {2, 4, 7}},
    {"a,b\nx\"y,2\n3,4\n", false, true, {2, 3}}, /* a quote inside opens nothing */
    {"a,b\n1,\"\"\n3,4\n", false, true, {2, 3}},
    {"a\n1\n\n  \n2\n", true, true, {2, 4, 5}}, /* a cell of spaces is a row */
    {"1,2\n3,4\n", false, false, {1, 2}},
    {"\n\na,b\n1,2\n", false, true, {4}},
    {"", false, true, {0}},
};

/* Fed in portions of every size, so that no state is lost between them. */
static void assert_example(const example *e)
{
    static const int64_t rows[] = {0, 1, 2, 3, 4};
    size_t length = strlen(e->text);
    for (size_t portion = 1; portion <= length + 1; portion++) {
        int64_t lines[5];
        chl_csv_rows s;
        chl_csv_rows_init(&s, ',', e->single, e->header, rows, 5, lines);
        for (size_t at = 0; at < length; at += portion) {
            size_t n = length - at < portion ? length - at : portion;
            chl_csv_rows_feed(&s, e->text + at, n);
        }
        chl_csv_rows_finish(&s);
        for (int i = 0; i < 5; i++) {
            if (lines[i] != e->lines[i]) {
                fail_msg("%s: row %d: line %lld", e->text, i, (long long)lines[i]);
            }
        }
    }
}

static void test_lines_of_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        assert_example(&examples[i]);
    }
}

static void test_files(void **state)
{
    (void)state;
    char path[] = "/tmp/churnlab-rows-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    int64_t rows[] = {0, 29999}, lines[2];
    FILE *file = fdopen(fd, "wb");
    fprintf(file, "a;b\n");
    for (int i = 0; i < 30000; i++) {
        fprintf(file, "%d;\"two\nlines\"\n", i);
    }
    fclose(file);
    assert_ok(chl_csv_row_lines(path, ';', false, true, rows, 2, lines, &err));
    assert_int_equal(lines[0], 2);
    assert_int_equal(lines[1], 60000);
    file = fopen(path, "wb");
    fprintf(file, "\x1f\x8b");
    fclose(file);
    assert_ok(chl_csv_row_lines(path, ';', false, true, rows, 2, lines, &err));
    assert_int_equal(lines[0], 0);
    unlink(path);
    assert_error(chl_csv_row_lines(path, ';', false, true, rows, 2, lines, &err),
                 "cannot open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_rows),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests_name("csv_rows", tests, NULL, NULL);
}
