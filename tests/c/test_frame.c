/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/io/csv.h"
#include "core/data/frame.h"

static chl_frame *parse(const char *text)
{
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "text", NULL, &frame, &err));
    return frame;
}

static void assert_csv(const chl_frame *frame, const char *expected)
{
    chl_strbuf buf = {0};
    assert_ok(chl_csv_format(frame, ',', &buf, &err));
    assert_string_equal(buf.data, expected);
    chl_strbuf_reset(&buf);
}

static chl_frame *with_roles(const char *text, const char *target, const char *positive)
{
    chl_frame *plain = parse(text), *frame = NULL;
    assert_ok(chl_frame_with_roles(plain, target, positive, NULL, &frame, &err));
    chl_frame_release(plain);
    return frame;
}

static void test_new_checks(void **state)
{
    (void)state;
    chl_column *a = NULL, *b = NULL;
    chl_frame *frame = NULL;
    assert_ok(chl_column_new(CHL_I64, 2, false, &a, &err));
    assert_ok(chl_column_new(CHL_I64, 3, false, &b, &err));
    const char *names[] = {"a", "b"}, *twice[] = {"a", "a"}, *empty[] = {"a", ""};
    chl_column *columns[] = {a, b};
    assert_error(chl_frame_new(names, columns, 2, &frame, &err),
                 "column 'b': expected 2 rows as in 'a', got 3");
    assert_null(frame);
    assert_error(chl_frame_new(twice, columns, 2, &frame, &err),
                 "column 'a' occurs twice");
    assert_error(chl_frame_new(empty, columns, 2, &frame, &err),
                 "column 2: expected a name");
    assert_ok(chl_frame_new(NULL, NULL, 0, &frame, &err));
    assert_int_equal(frame->rows, 0);
    chl_frame_release(frame);
    chl_column_release(a);
    chl_column_release(b);
}

static void test_columns(void **state)
{
    (void)state;
    chl_frame *f = with_roles("a,b,c\n1,x,2\n3,y,4\n", "b", "x"), *g = NULL;
    const char *ca[] = {"c", "a"}, *cb[] = {"c", "b"}, *b[] = {"b"}, *to[] = {"churn"};
    assert_ok(chl_frame_select(f, ca, 2, &g, &err));
    assert_csv(g, "c,a\n2,1\n4,3\n");
    assert_null(g->target); /* the role's column is gone */
    assert_null(g->positive);
    chl_frame_release(g);
    assert_ok(chl_frame_drop(f, b, 1, &g, &err));
    assert_csv(g, "a,c\n1,2\n3,4\n");
    chl_frame_release(g);
    assert_ok(chl_frame_rename(f, b, to, 1, &g, &err));
    assert_string_equal(g->target, "churn");
    assert_string_equal(g->positive, "x");
    assert_csv(g, "a,churn,c\n1,x,2\n3,y,4\n");
    chl_frame_release(g);
    assert_error(chl_frame_rename(f, b, ca, 1, &g, &err), "column 'c' occurs twice");
    assert_ok(chl_frame_with(f, "b", f->fields[0].column, &g, &err));
    assert_csv(g, "a,b,c\n1,1,2\n3,3,4\n");
    chl_frame_release(g);
    const char *wrong[] = {"aa"};
    assert_error(chl_frame_select(f, wrong, 1, &g, &err), "select: unknown column 'aa'");
    assert_error(chl_frame_drop(f, wrong, 1, &g, &err), "drop: unknown column 'aa'");
    assert_ok(chl_frame_drop(f, cb, 2, &g, &err));
    assert_int_equal(g->columns, 1);
    chl_frame_release(g);
    assert_ok(chl_frame_select(f, NULL, 0, &g, &err));
    assert_int_equal(g->rows, 2);
    chl_frame_release(g);
    chl_frame_release(f);
}

static void test_rows(void **state)
{
    (void)state;
    chl_frame *f = parse("a,b\n1,x\n2,\n3,z\n"), *g = NULL;
    assert_ok(chl_frame_take(f, (int64_t[]){2, -1, 0}, 3, NULL, &g, &err));
    assert_csv(g, "a,b\n3,z\n,\n1,x\n");
    chl_frame_release(g);
    assert_ok(chl_frame_slice(f, 1, 99, &g, &err));
    assert_csv(g, "a,b\n2,\n3,z\n");
    chl_frame_release(g);
    assert_ok(chl_frame_slice(f, 7, -1, &g, &err));
    assert_int_equal(g->rows, 0);
    assert_int_equal(g->columns, 2);
    chl_frame_release(g);
    chl_column *keep = NULL;
    assert_ok(chl_column_new(CHL_BOOL, 3, true, &keep, &err));
    memset(keep->values.boolean, 1, 3);
    keep->values.boolean[0] = 0;
    chl_column_set_null(keep, 2);
    chl_column_seal(keep);
    assert_ok(chl_frame_filter(f, keep, NULL, &g, &err));
    assert_csv(g, "a,b\n2,\n");
    chl_frame_release(g);
    chl_column_release(keep);
    assert_error(chl_frame_filter(f, f->fields[0].column, NULL, &g, &err),
                 "filter: expected a bool condition, got i64");
    chl_frame_release(f);
}

static void test_sort(void **state)
{
    (void)state;
    chl_frame *f = parse("k,v,w\nb,1,0\na,,1\nb,3,2\na,2,3\n,1,4\nb,-1,5\n"), *g = NULL;
    const char *keys[] = {"k", "v"};
    assert_ok(chl_frame_sort(f, keys, (bool[]){false, true}, 2, NULL, &g, &err));
    assert_csv(g, "k,v,w\na,2,3\na,,1\nb,3,2\nb,1,0\nb,-1,5\n,1,4\n");
    chl_frame_release(g);
    assert_ok(chl_frame_sort(f, keys, (bool[]){true}, 1, NULL, &g, &err)); /* stable */
    assert_csv(g, "k,v,w\nb,1,0\nb,3,2\nb,-1,5\na,,1\na,2,3\n,1,4\n");
    chl_frame_release(g);
    const char *wrong[] = {"vv"};
    assert_error(chl_frame_sort(f, wrong, (bool[]){false}, 1, NULL, &g, &err),
                 "sort: unknown column 'vv'");
    chl_frame_release(f);
}

static void test_roles(void **state)
{
    (void)state;
    chl_frame *f = with_roles("a,b\n1,2\n", "a", "1"), *g = NULL, *h = NULL;
    assert_ok(chl_frame_slice(f, 0, 1, &g, &err));
    assert_string_equal(g->target, "a");
    assert_ok(chl_frame_with_roles(g, NULL, "", "b", &h, &err));
    assert_string_equal(h->target, "a");
    assert_null(h->positive);
    assert_string_equal(h->id, "b");
    chl_frame_release(h);
    assert_error(chl_frame_with_roles(f, "Exited", NULL, NULL, &h, &err),
                 "target: unknown column 'Exited'");
    chl_frame_release(g);
    chl_frame_release(f);
}

static void assert_labels(const char *text, const char *positive, const double *expected)
{
    chl_frame *f = with_roles(text, "y", positive);
    double y[8];
    assert_ok(chl_frame_labels(f, y, &err));
    for (int64_t i = 0; i < f->rows; i++) {
        assert_true(isnan(expected[i]) ? isnan(y[i]) : y[i] == expected[i]);
    }
    chl_frame_release(f);
}

static void assert_no_labels(const char *text, const char *positive, const char *message)
{
    chl_frame *f = with_roles(text, "y", positive);
    double y[8];
    assert_error(chl_frame_labels(f, y, &err), message);
    chl_frame_release(f);
}

static void test_labels(void **state)
{
    (void)state;
    assert_labels("y,x\n0,1\n1,1\n,1\n", NULL, (double[]){0, 1, NAN});
    assert_labels("y,x\n0,1\n1,1\n", "0", (double[]){1, 0});
    assert_labels("y,x\n0,1\n0,1\n", "1", (double[]){0, 0});
    assert_labels("y,x\ntrue,1\nFALSE,1\n", NULL, (double[]){1, 0});
    assert_labels("y,x\ntrue,1\nfalse,1\n", "false", (double[]){0, 1});
    assert_labels("y,x\nYes,1\nNo,1\n,1\nNo,1\n", "Yes", (double[]){1, 0, NAN, 0});
    assert_labels("y,x\n1,1\n2,1\n3,1\n", "2", (double[]){0, 1, 0});
    assert_no_labels("y,x\nYes,1\nNo,1\nNo,1\nNo,1\n", NULL,
                     "target 'y': expected a positive value (which of its values counts "
                     "as 1); its values: No, Yes");
    assert_no_labels(
        "y,x\nYes,1\nNo,1\nNo,1\n", "Ja",
        "target 'y': the positive value 'Ja' never occurs; its values: No, Yes");
    assert_no_labels("y,x\n1,1\n2,1\n3,1\n", NULL, "its values: 1, 2, 3");
    assert_no_labels("y,x\n1,1\n2,1\n", "5", "never occurs");
    chl_frame *plain = parse("y\n1\n");
    double y[1];
    assert_error(chl_frame_labels(plain, y, &err), "the frame has no target column");
    chl_frame_release(plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_checks), cmocka_unit_test(test_columns),
        cmocka_unit_test(test_rows),       cmocka_unit_test(test_sort),
        cmocka_unit_test(test_roles),      cmocka_unit_test(test_labels),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
