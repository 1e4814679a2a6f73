/* SPDX-License-Identifier: MIT */
#include "table_fixture.h"

#include "core/table/clean.h"
#include "core/table/cut.h"

static const char table[] = "g,x,y,t\n"
                            "a,1,0.5, b \n"
                            "b,,-999,c\n"
                            ",3,,c\n"
                            "a,,2,\n"
                            "a,5,-999,d\n";

/* Runs a verb of one column and checks what it gives. */
#define VERB(expected, name, ...)                                                        \
    do {                                                                                 \
        chl_column *got = NULL;                                                          \
        assert_ok(name(__VA_ARGS__, &got, &err));                                        \
        assert_column(got, expected);                                                    \
    } while (0)

static void replaces_values(void **state)
{
    (void)state;
    chl_frame *f = frame_of(table, "g");
    chl_frame *map = frame_of("from,to,text,other,day\n-999.0,,c,z,2026-01-31\n"
                              "2,7.5,,q,2026-01-31\n",
                              NULL);
    VERB("0.5 NA NA 7.5 NA", chl_column_replace, column_of(f, "y"),
         column_of(map, "from"), column_of(map, "to"));
    VERB(" b  z z q d", chl_column_replace, column_of(f, "t"), column_of(map, "text"),
         column_of(map, "other"));
    VERB("a b q a a", chl_column_replace, column_of(f, "g"), column_of(map, "text"),
         column_of(map, "other"));
    VERB("1 NA 3 NA 5", chl_column_replace, column_of(f, "x"), column_of(f, "x"),
         column_of(f, "x"));
    chl_column *out = NULL;
    assert_error(chl_column_replace(column_of(f, "x"), column_of(f, "x"),
                                    column_of(map, "day"), &out, &err),
                 "expected one type, got i64 in part 1 and date in part 2");
    assert_null(out);
    chl_frame_release(f);
    chl_frame_release(map);
}

static void shares_what_it_does_not_change(void **state)
{
    (void)state;
    chl_frame *f = frame_of(table, "g"), *map = frame_of("a\n77\n", NULL);
    chl_column *out = NULL, *x = column_of(f, "x"), *key = column_of(map, "a");
    assert_ok(chl_column_replace(x, key, key, &out, &err));
    assert_ptr_equal(out, x);
    chl_column_release(out);
    assert_ok(chl_column_carry(key, map, NULL, 0, false, 0, &out, &err));
    assert_ptr_equal(out, key);
    chl_column_release(out);
    assert_ok(chl_column_trim(x, &out, &err));
    assert_ptr_equal(out, x);
    chl_column_release(out);
    chl_frame_release(f);
    chl_frame_release(map);
}

static void replaced_levels_go(void **state)
{
    (void)state;
    chl_frame *f = frame_of("v\na\nb\nc\nb\n", "v");
    chl_frame *map = frame_of("from,to\nb,z\nnone,y\n", "to");
    chl_column *out = NULL;
    assert_ok(chl_column_replace(column_of(f, "v"), column_of(map, "from"),
                                 column_of(map, "to"), &out, &err));
    assert_int_equal(3, chl_levels_count(out->levels));
    assert_string_equal("a", chl_levels_name(out->levels, 0, NULL));
    assert_string_equal("c", chl_levels_name(out->levels, 1, NULL));
    assert_string_equal("z", chl_levels_name(out->levels, 2, NULL));
    assert_column(out, "a z c z");
    chl_frame_release(f);
    chl_frame_release(map);
}

static void carries_values_within_groups(void **state)
{
    (void)state;
    static const char *const keys[] = {"g"};
    chl_frame *f = frame_of(table, "g");
    chl_column *x = column_of(f, "x");
    VERB("1 1 3 3 5", chl_column_carry, x, f, NULL, 0, false, 0);
    VERB("1 3 3 5 5", chl_column_carry, x, f, NULL, 0, true, 0);
    VERB("1 NA 3 1 5", chl_column_carry, x, f, keys, 1, false, 0);
    VERB("1 NA 3 5 5", chl_column_carry, x, f, keys, 1, true, 0);
    chl_frame *run = frame_of("x,b\n1,\n,\n,\n4,\n,5\n", NULL);
    VERB("1 1 NA 4 4", chl_column_carry, column_of(run, "x"), run, NULL, 0, false, 1);
    VERB("NA NA 5 5 5", chl_column_carry, column_of(run, "b"), run, NULL, 0, true, 2);
    static const char *const unknown[] = {"gg"};
    chl_column *out = NULL;
    assert_error(chl_column_carry(x, f, unknown, 1, false, 0, &out, &err),
                 "unknown column 'gg'");
    chl_frame_release(run);
    chl_frame_release(f);
}

static void fills_with_aggregates(void **state)
{
    (void)state;
    static const char *const keys[] = {"g"};
    chl_frame *f = frame_of(table, "g");
    chl_expr *mean = NULL, *first = NULL;
    chl_column *x = column_of(f, "x");
    assert_ok(chl_expr_parse("mean(x)", &mean, &err));
    assert_ok(chl_expr_parse("first(t)", &first, &err));
    VERB("1 3 3 3 5", chl_column_fill, x, f, NULL, 0, mean, NULL);
    VERB("1 NA 3 3 5", chl_column_fill, x, f, keys, 1, mean, NULL);
    VERB(" b  c c  b  d", chl_column_fill, column_of(f, "t"), f, NULL, 0, first, NULL);
    chl_expr_release(mean);
    chl_expr_release(first);
    chl_frame_release(f);
}

static void trims_text(void **state)
{
    (void)state;
    chl_frame *f = frame_of("s,c\n\" a \xC2\xA0\",\"x \"\n\"\t\",\" x\"\nb,\n", "c");
    VERB("a NA b", chl_column_trim, column_of(f, "s"));
    VERB("x x NA", chl_column_trim, column_of(f, "c"));
    chl_frame_release(f);
}

static void infers_types(void **state)
{
    (void)state;
    static const struct {
        const char *csv;
        chl_type type;
    } cases[] = {
        {"v\n1\n\" 2\"\n\n", CHL_I64},
        {"v\n1\n2.5\n", CHL_F64},
        {"v\ntrue\nFALSE\n", CHL_BOOL},
        {"v\n2026-01-31\n", CHL_DATE},
        {"v\n007\n", CHL_CATEGORY},
        {"v\n+49\n", CHL_CATEGORY},
        {"v\n-01\n", CHL_CATEGORY},
        {"v\n1\nx\n", CHL_CATEGORY},
        {"v\n2026-01-31 10:00:00\n", CHL_TIMESTAMP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        chl_frame *f = frame_of(cases[i].csv, "v");
        chl_column *out = NULL;
        assert_ok(chl_column_infer(column_of(f, "v"), &out, &err));
        assert_int_equal(cases[i].type, out->type);
        chl_column_release(out);
        chl_frame_release(f);
    }
}

static void counts_differences(void **state)
{
    (void)state;
    chl_frame *f = frame_of("a,b,c,d\n1,1.0,x,x\n,2.5,y,z\n3,3,,\n", "c");
    int64_t n = -1;
    assert_ok(chl_column_differences(column_of(f, "a"), column_of(f, "b"), &n, &err));
    assert_int_equal(1, n);
    assert_ok(chl_column_differences(column_of(f, "a"), column_of(f, "a"), &n, &err));
    assert_int_equal(0, n);
    assert_ok(chl_column_differences(column_of(f, "c"), column_of(f, "d"), &n, &err));
    assert_int_equal(1, n);
    chl_frame_release(f);
}

static void loses_what_does_not_fit(void **state)
{
    (void)state;
    chl_frame *f = frame_of("v\n1\nx\n2.5\n3\n", "v");
    chl_column *out = NULL;
    int64_t lost = 0;
    assert_ok(chl_column_cast_lossy(column_of(f, "v"), CHL_I64, &out, &lost, &err));
    assert_int_equal(2, lost);
    assert_column(out, "1 NA NA 3");
    assert_error(chl_column_cast(column_of(f, "v"), CHL_I64, &out, &err),
                 "row 2: expected an integer, got \"x\"");
    chl_frame_release(f);
}

static void cuts_into_bands(void **state)
{
    (void)state;
    static const double edges[] = {0, 2, 5}, falling[] = {2, 0};
    static const char *const labels[] = {"low", "high"}, *const twice[] = {"a", "a"};
    chl_frame *f = frame_of(table, "g");
    chl_column *x = column_of(f, "x"), *out = NULL;
    VERB("low NA high NA NA", chl_column_cut, x, "cut", edges, 3, false, false, labels);
    VERB("low NA high NA high", chl_column_cut, x, "cut", edges, 3, false, true, labels);
    VERB("low NA high NA high", chl_column_cut, x, "cut", edges, 3, true, false, labels);
    assert_ok(chl_column_cut(x, "cut", edges, 3, true, false, labels, &out, &err));
    assert_true(chl_levels_ordered(out->levels));
    chl_column_release(out);
    assert_error(chl_column_cut(x, "cut", falling, 2, true, false, labels, &out, &err),
                 "cut: edges: expected rising numbers, got 0 after 2");
    assert_error(chl_column_cut(x, "cut", edges, 3, true, false, twice, &out, &err),
                 "cut: labels: 'a' occurs twice");
    assert_error(chl_column_cut(column_of(f, "g"), "cut", edges, 3, true, false, labels,
                                &out, &err),
                 "cut: expected a column of numbers, got category");
    chl_frame_release(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replaces_values),
        cmocka_unit_test(shares_what_it_does_not_change),
        cmocka_unit_test(replaced_levels_go),
        cmocka_unit_test(carries_values_within_groups),
        cmocka_unit_test(fills_with_aggregates),
        cmocka_unit_test(trims_text),
        cmocka_unit_test(infers_types),
        cmocka_unit_test(counts_differences),
        cmocka_unit_test(loses_what_does_not_fit),
        cmocka_unit_test(cuts_into_bands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
