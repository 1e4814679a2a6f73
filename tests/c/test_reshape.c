/* SPDX-License-Identifier: MIT */
#include "table_fixture.h"

#include "core/table/corr.h"
#include "core/table/profile.h"
#include "core/table/reshape.h"
#include "core/table/stack.h"

static const char sales[] = "city,year,amount,pieces\n"
                            "Ulm,2025,10,1\n"
                            "Lyon,2025,20,2\n"
                            "Lyon,2026,30,3\n"
                            ",2026,40,4\n"
                            "Ulm,2026,50,5\n";

#define NAMES(...)                                                                       \
    (chl_names)                                                                          \
    {                                                                                    \
        (const char *const[]){__VA_ARGS__},                                              \
            sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)                  \
    }

static void stacks_frames(void **state)
{
    (void)state;
    const chl_frame *frames[] = {frame_of("a,b\n1,x\n,y\n", "b"),
                                 frame_of("b,a,c\nz,2.5,true\n", "b"),
                                 frame_of("c\nNA\nfalse\n", NULL)};
    chl_frame *out = NULL;
    assert_ok(chl_frames_stack(frames, 3, NULL, &out, &err));
    assert_int_equal(CHL_F64, column_of(out, "a")->type);
    assert_int_equal(3, chl_levels_count(column_of(out, "b")->levels));
    assert_frame(out, "a,b,c\n1,x,\n,y,\n2.5,z,true\n,,\n,,false\n");
    for (int i = 0; i < 3; i++) {
        chl_frame_release((chl_frame *)frames[i]);
    }
}

static void stacks_text_of_any_kind(void **state)
{
    (void)state;
    chl_frame *a = frame_of("v\nx\nNA\n\"\"\"q\"\"\"\n", "v");
    chl_frame *b = frame_of("v\nlong text\n", NULL);
    const chl_frame *frames[] = {a, b, a};
    chl_frame *out = NULL;
    chl_column *text = NULL;
    assert_ok(chl_column_cast(column_of(b, "v"), CHL_STRING, &text, &err));
    const chl_column *parts[] = {column_of(a, "v"), NULL, text};
    const int64_t rows[] = {3, 2, 1};
    chl_column *stacked = NULL;
    assert_ok(chl_columns_stack(parts, rows, 3, &stacked, &err));
    assert_int_equal(CHL_STRING, stacked->type);
    assert_column(stacked, "x NA \"q\" NA NA long text");
    assert_ok(chl_frames_stack(frames, 3, NULL, &out, &err));
    assert_int_equal(7, out->rows);
    chl_frame_release(out);
    chl_column_release(text);
    chl_frame_release(a);
    chl_frame_release(b);
}

static void refuses_types_that_do_not_meet(void **state)
{
    (void)state;
    chl_frame *a = frame_of("v\n1\n", NULL), *b = frame_of("v\n2026-01-31\n", NULL);
    const chl_frame *frames[] = {a, b};
    chl_frame *out = NULL;
    assert_error(chl_frames_stack(frames, 2, NULL, &out, &err),
                 "concat: column 'v': expected one type, got i64 in part 1 and date in "
                 "part 2 (cast one)");
    assert_null(out);
    chl_frame_release(a);
    chl_frame_release(b);
}

static void spreads(void **state)
{
    (void)state;
    chl_frame *f = frame_of(sales, "city"), *out = NULL;
    assert_ok(
        chl_frame_spread(f, NAMES("city"), NAMES("year"), NAMES("amount"), &out, &err));
    assert_frame(out, "city,2025,2026\nLyon,20,30\nUlm,10,50\n,,40\n");
    assert_ok(chl_frame_spread(f, NAMES("year"), NAMES("city"), NAMES("amount", "pieces"),
                               &out, &err));
    assert_frame(out, "year,amount_Lyon,amount_Ulm,amount_NA,pieces_Lyon,pieces_Ulm,"
                      "pieces_NA\n2025,20,10,,2,1,\n2026,30,50,40,3,5,4\n");
    assert_error(
        chl_frame_spread(f, NAMES("year"), NAMES("year"), NAMES("amount"), &out, &err),
        "pivot: row 2: expected one row for 2025 and 2025, got another");
    assert_error(
        chl_frame_spread(f, NAMES("yaer"), NAMES("city"), NAMES("amount"), &out, &err),
        "unknown column 'yaer' (did you mean 'year'?)");
    chl_frame_release(f);
}

static void melts(void **state)
{
    (void)state;
    chl_frame *f = frame_of("id,a,b\n7,1,2.5\n8,,4\n", NULL), *out = NULL;
    assert_ok(
        chl_frame_melt(f, NAMES("id"), NAMES("b", "a"), "what", "value", &out, &err));
    assert_frame(out, "id,what,value\n7,b,2.5\n8,b,4\n7,a,1\n8,a,\n");
    assert_error(
        chl_frame_melt(f, NAMES("id"), (chl_names){NULL, 0}, "what", "value", &out, &err),
        "melt: expected at least one column of values");
    assert_error(chl_frame_melt(f, NAMES("id"), NAMES("a"), "id", "value", &out, &err),
                 "melt: column 'id' occurs twice");
    chl_frame_release(f);
}

static void crosses(void **state)
{
    (void)state;
    chl_frame *f = frame_of(sales, "city"), *out = NULL;
    assert_ok(chl_frame_crosstab(f, "city", "year", CHL_COUNTS, false, &out, &err));
    assert_frame(out, "city,2025,2026\nLyon,1,1\nUlm,1,1\n,0,1\n");
    assert_ok(chl_frame_crosstab(f, "city", "year", CHL_COUNTS, true, &out, &err));
    assert_frame(out, "city,2025,2026,total\nLyon,1,1,2\nUlm,1,1,2\n\"NA\",0,1,1\n"
                      "total,2,3,5\n");
    assert_ok(chl_frame_crosstab(f, "city", "year", CHL_OF_COLUMN, true, &out, &err));
    assert_frame(out, "city,2025,2026,total\nLyon,0.5,0.3333333333333333,0.4\n"
                      "Ulm,0.5,0.3333333333333333,0.4\n\"NA\",0,0.3333333333333333,0.2\n"
                      "total,1,1,1\n");
    assert_error(chl_frame_crosstab(f, "city", "yaer", CHL_COUNTS, true, &out, &err),
                 "unknown column 'yaer'");
    chl_frame_release(f);
}

static void ordered_levels_keep_their_order(void **state)
{
    (void)state;
    chl_levels *levels = NULL;
    chl_column *band = NULL;
    static const char *const names[] = {"size"};
    assert_ok(chl_levels_new(&levels, &err));
    chl_levels_set_ordered(levels);
    int32_t code;
    assert_ok(chl_levels_intern(levels, "small", 5, &code, &err));
    assert_ok(chl_levels_intern(levels, "large", 5, &code, &err));
    assert_ok(chl_column_new(CHL_CATEGORY, 3, false, &band, &err));
    band->levels = levels;
    band->values.codes[0] = 1;
    band->values.codes[2] = 1;
    chl_column_seal(band);
    chl_frame *f = NULL, *out = NULL;
    assert_ok(chl_frame_new(names, &band, 1, &f, &err));
    const bool descending[] = {false};
    assert_ok(chl_frame_sort(f, names, descending, 1, NULL, &out, &err));
    assert_frame(out, "size\nsmall\nlarge\nlarge\n");
    assert_ok(chl_frame_crosstab(f, "size", "size", CHL_COUNTS, false, &out, &err));
    assert_frame(out, "size,small,large\nsmall,1,0\nlarge,0,2\n");
    chl_column_release(band);
    chl_frame_release(f);
}

static void works_without_rows(void **state)
{
    (void)state;
    chl_frame *f = frame_of("city,year,amount\n", NULL), *out = NULL;
    const chl_frame *frames[] = {f, f};
    assert_ok(chl_frames_stack(frames, 2, NULL, &out, &err));
    assert_frame(out, "city,year,amount\n");
    assert_ok(
        chl_frame_spread(f, NAMES("city"), NAMES("year"), NAMES("amount"), &out, &err));
    assert_frame(out, "city\n");
    assert_ok(chl_frame_melt(f, NAMES("city"), NAMES("year"), "n", "v", &out, &err));
    assert_frame(out, "city,n,v\n");
    assert_ok(chl_frame_crosstab(f, "city", "year", CHL_OF_ALL, true, &out, &err));
    assert_frame(out, "city,total\ntotal,0\n");
    assert_ok(chl_frame_corr(f, (const char *const[]){"amount"}, 1, CHL_PEARSON, NULL,
                             &out, &err));
    assert_frame(out, "column,amount\namount,\n");
    chl_frame_release(f);
}

static void correlates(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "c"}, *const text[] = {"t"};
    chl_frame *f = frame_of("a,b,c,t\n1,2,5,x\n2,4,5,y\n,9,5,x\n4,1,5,y\n3,,5,x\n", NULL);
    chl_frame *out = NULL;
    chl_control threads = {.threads = 2};
    assert_ok(chl_frame_corr(f, names, 3, CHL_SPEARMAN, NULL, &out, &err));
    assert_frame(out, "column,a,b,c\na,1,-0.5,\nb,-0.5,1,\nc,,,\n");
    assert_ok(chl_frame_corr(f, names, 2, CHL_PEARSON, &threads, &out, &err));
    assert_near(column_of(out, "a")->values.f64[1], -0.5, 1e-15);
    chl_frame_release(out);
    assert_error(chl_frame_corr(f, text, 1, CHL_PEARSON, NULL, &out, &err),
                 "corr: column 't': expected a column of numbers, got");
    chl_frame_release(f);
}

static void profiles(void **state)
{
    (void)state;
    chl_frame *f =
        frame_of("x,k,t\n-1e308,3,24/12/2026\n1e308,4,31/02/2026\n0,4,?\n,9,\n", NULL);
    chl_profile p;
    assert_ok(chl_column_profile(column_of(f, "x"), &p, &err));
    assert_int_equal(3, p.count);
    assert_int_equal(1, p.zeros);
    assert_int_equal(1, p.negatives);
    assert_int_equal(CHL_PROFILE_BINS, p.bins);
    assert_int_equal(1, p.histogram[0]);
    assert_int_equal(1, p.histogram[CHL_PROFILE_BINS - 1]);
    assert_ok(chl_column_profile(column_of(f, "k"), &p, &err));
    assert_int_equal(7, p.bins); /* 3 … 9 */
    assert_int_equal(2, p.histogram[1]);
    assert_int_equal(1, p.outliers);
    assert_error(chl_column_profile(column_of(f, "t"), &p, &err),
                 "profile: expected a column of numbers");
    int64_t n = 0;
    assert_ok(chl_column_count_times(column_of(f, "t"), "%d/%m/%Y", &n, &err));
    assert_int_equal(1, n);
    assert_error(chl_column_count_times(column_of(f, "k"), "%d/%m/%Y", &n, &err),
                 "expected a column of text, got i64");
    assert_error(chl_column_count_times(column_of(f, "t"), "%q", &n, &err), "%q");
    assert_true(chl_column_bytes(column_of(f, "t")) > 16);
    chl_frame_release(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_frames),
        cmocka_unit_test(stacks_text_of_any_kind),
        cmocka_unit_test(refuses_types_that_do_not_meet),
        cmocka_unit_test(spreads),
        cmocka_unit_test(melts),
        cmocka_unit_test(crosses),
        cmocka_unit_test(ordered_levels_keep_their_order),
        cmocka_unit_test(works_without_rows),
        cmocka_unit_test(correlates),
        cmocka_unit_test(profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
