/* SPDX-License-Identifier: MIT
 *
 * The oracle of a fold over chunks is chl_frame_aggregate over all rows.
 */
#include "chl_test.h"

#include "core/base/alloc.h"
#include "core/base/rng.h"
#include "core/io/csv.h"
#include "core/table/aggregate.h"
#include "core/table/fold.h"

enum { ROWS = 500 };

/* Groups of all sizes, missing keys and values, groups that come late. */
static chl_frame *random_frame(uint64_t seed)
{
    chl_strbuf text = {0};
    chl_rng rng;
    chl_rng_init(&rng, seed, CHL_RNG_GENERAL, 0);
    chl_strbuf_puts(&text, "city,code,fee,calls,open,since,note,at\n");
    for (int i = 0; i < ROWS; i++) {
        uint64_t r = chl_rng_u64(&rng);
        const char *city = (const char *[]){"Ulm", "Bonn", "", "Köln", "NA"}[r % 5];
        chl_strbuf_printf(&text, "\"%s\",", city);
        chl_strbuf_printf(&text, r >> 8 & 7 ? "%d," : ",", (int)(r >> 12 & 15) - i / 100);
        chl_strbuf_printf(&text, r >> 16 & 3 ? "%.17g," : ",",
                          chl_rng_normal(&rng) * pow(10, (double)(r >> 18 & 7)));
        chl_strbuf_printf(&text, r >> 24 & 7 ? "%d," : ",", (int)(r >> 28 & 255));
        chl_strbuf_puts(&text, r >> 36 & 3 ? (r >> 38 & 7 ? "true," : "false,") : ",");
        chl_strbuf_printf(&text, r >> 40 & 3 ? "20%02d-01-31," : ",",
                          (int)(r >> 44 & 63) + 10);
        chl_strbuf_printf(&text, r >> 50 & 1 ? "n%d," : "NA,", (int)(r >> 52 & 31));
        chl_strbuf_printf(&text, r >> 57 & 1 ? "2026-01-31 10:00:%02d\n" : "\n", i % 60);
    }
    static const char *const typed[] = {"city", "fee", "open", "since", "note", "at"};
    static const chl_type types[] = {CHL_CATEGORY, CHL_F64,    CHL_BOOL,
                                     CHL_DATE,     CHL_STRING, CHL_TIMESTAMP};
    chl_csv_options options = {.typed = typed, .types = types, .typed_count = 6};
    chl_frame *frame = NULL;
    assert_ok(
        chl_csv_read_bytes(text.data, text.length, "random", &options, &frame, &err));
    chl_strbuf_reset(&text);
    return frame;
}

static const char *const exact[] = {
    "count()",
    "count(fee)",
    "count_if(open)",
    "sum(fee)",
    "sum(calls)",
    "sum(open)",
    "mean(fee)",
    "mean(calls)",
    "min(fee)",
    "max(fee)",
    "min(calls)",
    "max(calls)",
    "min(since)",
    "max(since)",
    "min(at)",
    "max(at)",
    "any(open)",
    "all(open)",
    "first(note)",
    "last(note)",
    "first(city)",
    "last(fee)",
    "first(since)",
    "last(at)",
    "n_distinct(note)",
    "n_distinct(calls)",
    "n_distinct(fee * 0)",
    "sum(fee * calls) / count()",
    "if_else(count() > 3, last(city), 'few')",
    "last(city) == 'Ulm'",
    "max(fee) - min(fee) + 1",
    "first(if_else(open, city, 'shut'))",
    "1 + 1",
};
enum { EXACT = sizeof exact / sizeof exact[0] };

static const char *const near[] = {"std(fee)", "var(fee)", "std(calls) / mean(calls)",
                                   "var(fee * 0 + 1e9)"};
enum { NEAR = sizeof near / sizeof near[0] };

typedef struct aggregates {
    const char *names[EXACT];
    chl_expr *exprs[EXACT];
    int n;
} aggregates;

static void parse_all(aggregates *a, const char *const *texts, int n)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static char names[EXACT][4];
    a->n = n;
    for (int i = 0; i < n; i++) {
        names[i][0] = '_';
        names[i][1] = letters[i];
        a->names[i] = names[i];
        assert_ok(chl_expr_parse(texts[i], &a->exprs[i], &err));
    }
}

static void release_all(aggregates *a)
{
    for (int i = 0; i < a->n; i++) {
        chl_expr_release(a->exprs[i]);
    }
}

static chl_frame *fold_chunks(const chl_frame *frame, const char *const *keys, int n_keys,
                              const aggregates *a, int64_t chunk_rows)
{
    chl_fold *fold = NULL;
    chl_frame *result = NULL;
    assert_ok(chl_fold_new(frame, keys, n_keys, a->names, a->exprs, a->n, &fold, &err));
    for (int64_t start = 0; start < frame->rows; start += chunk_rows) {
        chl_frame *chunk = NULL;
        assert_ok(chl_frame_slice(frame, start,
                                  start + chunk_rows > frame->rows ? frame->rows - start
                                                                   : chunk_rows,
                                  &chunk, &err));
        assert_ok(chl_fold_add(fold, chunk, NULL, &err));
        chl_frame_release(chunk);
    }
    assert_ok(chl_fold_result(fold, NULL, &result, &err));
    chl_fold_free(fold);
    return result;
}

static void assert_cell(const chl_column *a, const chl_column *b, int64_t i, bool exactly,
                        const char *what)
{
    assert_int_equal(a->type, b->type);
    if (chl_column_valid(a, i) != chl_column_valid(b, i)) {
        fail_msg("%s: row %d: one is missing", what, (int)i);
    }
    if (!chl_column_valid(a, i)) {
        return;
    }
    chl_strbuf left = {0}, right = {0};
    chl_column_format(a, i, &left);
    chl_column_format(b, i, &right);
    double x = chl_column_number(a, i), y = chl_column_number(b, i);
    bool same = exactly ? strcmp(left.data, right.data) == 0
                        : fabs(x - y) <= 1e-12 * fabs(x) + 1e-300;
    if (!same) {
        fail_msg("%s: row %d: %s, expected %s", what, (int)i, right.data, left.data);
    }
    chl_strbuf_reset(&left);
    chl_strbuf_reset(&right);
}

static void compare(const chl_frame *frame, const char *const *keys, int n_keys,
                    const char *const *texts, int n, bool exactly)
{
    static const int64_t chunks[] = {1, 7, 100, 1000};
    aggregates a;
    chl_frame *whole = NULL;
    parse_all(&a, texts, n);
    assert_ok(chl_frame_aggregate(frame, keys, n_keys, a.names, a.exprs, n, NULL, &whole,
                                  &err));
    for (size_t k = 0; k < sizeof chunks / sizeof chunks[0]; k++) {
        chl_frame *folded = fold_chunks(frame, keys, n_keys, &a, chunks[k]);
        assert_int_equal(folded->rows, whole->rows);
        assert_int_equal(folded->columns, whole->columns);
        for (int c = 0; c < whole->columns; c++) {
            assert_string_equal(folded->fields[c].name, whole->fields[c].name);
            for (int64_t i = 0; i < whole->rows; i++) {
                assert_cell(whole->fields[c].column, folded->fields[c].column, i,
                            exactly || c < n_keys,
                            c < n_keys ? "key" : texts[c - n_keys]);
            }
        }
        chl_frame_release(folded);
    }
    chl_frame_release(whole);
    release_all(&a);
}

static void equal_to_all_rows_at_once(void **state)
{
    (void)state;
    static const char *const keys[] = {"city", "code", "open"};
    for (uint64_t seed = 0; seed < 3; seed++) {
        chl_frame *frame = random_frame(seed);
        for (int n = 0; n <= 3; n++) {
            compare(frame, keys, n, exact, EXACT, true);
            compare(frame, keys, n, near, NEAR, false);
        }
        chl_frame_release(frame);
    }
}

static void no_rows(void **state)
{
    (void)state;
    static const char *const keys[] = {"city"};
    chl_frame *frame = random_frame(1), *none = NULL;
    assert_ok(chl_frame_slice(frame, 0, 0, &none, &err));
    compare(none, keys, 0, exact, EXACT, true);
    compare(none, keys, 1, exact, EXACT, true);
    chl_frame_release(none);
    chl_frame_release(frame);
}

/* Overflow loses the sum, as it does in one piece. */
static void integer_sums(void **state)
{
    (void)state;
    static const char *const keys[] = {"k"};
    static const char *const sums[] = {"sum(x)"};
    static const char text[] = "k,x\n1,9223372036854775807\n2,5\n1,1\n2,6\n1,-1\n";
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, sizeof text - 1, "t", NULL, &frame, &err));
    compare(frame, keys, 1, sums, 1, true);
    chl_frame_release(frame);
}

/* Many picks of few groups do not stay in memory; the last one is right. */
static void many_picks(void **state)
{
    (void)state;
    enum { N = 300000 };
    chl_column *column = NULL;
    chl_frame *frame = NULL, *result;
    const char *const name = "x";
    assert_ok(chl_column_new(CHL_I64, N, true, &column, &err));
    for (int64_t i = 0; i < N; i++) {
        column->values.i64[i] = i;
    }
    chl_column_set_null(column, N - 1);
    chl_column_seal(column);
    assert_ok(chl_frame_new(&name, &column, 1, &frame, &err));
    static const char *const texts[] = {"last(x)", "first(x)"};
    aggregates a;
    parse_all(&a, texts, 2);
    result = fold_chunks(frame, NULL, 0, &a, 3);
    assert_int_equal(result->fields[0].column->values.i64[0], N - 2);
    assert_int_equal(result->fields[1].column->values.i64[0], 0);
    release_all(&a);
    chl_frame_release(result);
    chl_frame_release(frame);
    chl_column_release(column);
}

static void refuses(const chl_frame *frame, const char *key, const char *text,
                    const char *message)
{
    chl_expr *expr = NULL;
    chl_fold *fold = NULL;
    const char *name = "m";
    assert_ok(chl_expr_parse(text, &expr, &err));
    assert_error(chl_fold_new(frame, &key, key ? 1 : 0, &name, &expr, 1, &fold, &err),
                 message);
    assert_null(fold);
    chl_expr_release(expr);
}

static void what_needs_all_rows_is_refused(void **state)
{
    (void)state;
    chl_frame *frame = random_frame(1);
    refuses(frame, NULL, "median(fee)",
            "aggregate 'm': function 'median' needs all rows at once, and a scan has "
            "them chunk by chunk (collect() the columns first; a scan knows count, ");
    refuses(frame, NULL, "quantile(fee, 0.1)", "function 'quantile' needs all rows");
    refuses(frame, NULL, "mode(fee)", "function 'mode' needs all rows");
    refuses(frame, NULL, "sum(fee - mean(fee))",
            "function 'sum': an aggregate in it needs all rows at once");
    refuses(frame, NULL, "sum(fees)", "unknown column 'fees' (did you mean 'fee'?)");
    refuses(frame, NULL, "fee", "fee");
    refuses(frame, "cty", "count()",
            "group: unknown column 'cty' (did you mean 'city'?)");
    refuses(frame, "m", "count()", "the name 'm' is used twice");
    chl_frame_release(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_all_rows_at_once),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(integer_sums),
        cmocka_unit_test(many_picks),
        cmocka_unit_test(what_needs_all_rows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
