/* SPDX-License-Identifier: MIT
 *
 * Another future for an event log, and comparing columns. What it catches is in
 * tests/lua/leakage_spec.lua.
 */
#include "chl_test.h"

#include "core/io/csv.h"
#include "core/table/poison.h"

static chl_frame *read_log(const char *text)
{
    chl_frame *frame = NULL;
    assert_ok(chl_csv_read_bytes(text, strlen(text), "log", NULL, &frame, &err));
    return frame;
}

static const char log_text[] = "id,when,loaded,amount,type,paid\n"
                               "1,2025-01-01,2025-01-01,10,a,true\n"
                               "2,2025-01-02,2025-03-01,20,b,false\n"
                               "1,2025-02-01,2025-02-01,30,c,true\n"
                               "2,2025-01-31,2025-01-31,,,\n";

static chl_poison at_february(chl_poison_mode mode, const char *known)
{
    return (chl_poison){.id = "id",
                        .time = "when",
                        .known = known,
                        .cutoff = "2025-02-01",
                        .mode = mode,
                        .seed = 5};
}

static void removes(void **state)
{
    (void)state;
    chl_frame *log = read_log(log_text), *out;
    chl_poison poison = at_february(CHL_POISON_REMOVE, "loaded");
    assert_ok(chl_poison_events(log, &poison, NULL, &out, &err));
    assert_int_equal(out->rows,
                     2); /* the second is known too late, the third happens at t */
    assert_int_equal(chl_frame_column(out, "amount")->values.i64[0], 10);
    assert_false(chl_column_valid(chl_frame_column(out, "amount"), 1));
    chl_frame_release(out);
    poison.known = NULL;
    assert_ok(chl_poison_events(log, &poison, NULL, &out, &err));
    assert_int_equal(out->rows, 3);
    chl_frame_release(out);
    chl_frame_release(log);
}

static void alters(void **state)
{
    (void)state;
    chl_frame *log = read_log(log_text), *out, *again;
    chl_poison poison = at_february(CHL_POISON_ALTER, "loaded");
    int32_t t = chl_date_from_civil(2025, 2, 1);
    assert_ok(chl_poison_events(log, &poison, NULL, &out, &err));
    assert_ok(chl_poison_events(log, &poison, NULL, &again, &err));
    assert_true(out->rows >= 2 + 64);
    const chl_column *when = chl_frame_column(out, "when");
    const chl_column *loaded = chl_frame_column(out, "loaded");
    int64_t early = 0, known = 0;
    for (int64_t i = 0; i < out->rows; i++) {
        assert_true(loaded->values.days[i] >= when->values.days[i]);
        early += when->values.days[i] < t;
        known += when->values.days[i] < t && loaded->values.days[i] < t;
    }
    assert_int_equal(known, 2); /* as before: nothing else can be seen at t */
    assert_true(early > 10);
    for (int c = 0; c < out->columns; c++) {
        int64_t differing, first;
        assert_ok(chl_column_compare(out->fields[c].column, again->fields[c].column, 0,
                                     &differing, &first, &err));
        assert_int_equal(differing, 0);
        assert_int_equal(first, -1);
    }
    chl_frame_release(out);
    chl_frame_release(again);
    chl_frame_release(log);
}

static void empty_logs(void **state)
{
    (void)state;
    chl_frame *log = read_log(log_text), *none, *out;
    chl_poison poison = at_february(CHL_POISON_ALTER, "loaded");
    assert_ok(chl_frame_slice(log, 0, 0, &none, &err));
    assert_ok(chl_poison_events(none, &poison, NULL, &out, &err));
    assert_int_equal(out->rows, 0);
    assert_int_equal(out->columns, 6);
    chl_frame_release(out);
    chl_frame_release(none);
    chl_frame_release(log);
}

static void compares(void **state)
{
    (void)state;
    chl_frame *f = read_log("a,b,c,d\n1,1.0000000001,x,x\n2,2.5,y,z\n,3,,\n");
    const chl_column *a = chl_frame_column(f, "a"), *b = chl_frame_column(f, "b");
    const chl_column *c = chl_frame_column(f, "c"), *d = chl_frame_column(f, "d");
    int64_t differing, first;
    assert_ok(chl_column_compare(a, b, 1e-9, &differing, &first, &err));
    assert_int_equal(differing, 2); /* 2 and 2.5, nothing and 3 */
    assert_int_equal(first, 1);
    assert_ok(chl_column_compare(a, b, 0, &differing, &first, &err));
    assert_int_equal(first, 0);
    assert_ok(chl_column_compare(c, d, 0, &differing, &first, &err));
    assert_int_equal(differing, 1);
    assert_int_equal(first, 1);
    chl_column *part;
    assert_ok(chl_column_slice(a, 0, 2, &part, &err));
    assert_error(chl_column_compare(a, part, 0, &differing, &first, &err),
                 "compare: expected 3 rows, got 2");
    chl_column_release(part);
    chl_frame_release(f);
}

static void fails(void **state)
{
    (void)state;
    chl_frame *log = read_log(log_text), *out;
    chl_poison poison = at_february(CHL_POISON_ALTER, "amount");
    assert_error(chl_poison_events(log, &poison, NULL, &out, &err),
                 "poison: known: column 'amount': expected date as in 'when', got i64");
    assert_null(out);
    poison.known = NULL;
    poison.cutoff = "soon";
    assert_error(chl_poison_events(log, &poison, NULL, &out, &err),
                 "poison: cutoff: expected a date such as \"2026-11-30\", got \"soon\"");
    poison.time = "amount";
    assert_error(chl_poison_events(log, &poison, NULL, &out, &err),
                 "poison: time: column 'amount': expected dates or timestamps, got i64");
    chl_frame_release(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(removes),    cmocka_unit_test(alters),
        cmocka_unit_test(empty_logs), cmocka_unit_test(compares),
        cmocka_unit_test(fails),
    };
    return cmocka_run_group_tests_name("poison", tests, NULL, NULL);
}
