/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/base/control.h"
#include "core/sql/columns.h"
#include "core/base/library.h"
#include "core/sql/sql.h"

/* ---- libraries ---- */

static void libraries(void **state)
{
    (void)state;
    static const char *const none[] = {"libnothing.so.7", NULL};
    static const char *const some[] = {"libnothing.so.7", "libc.so.6",
                                       "libSystem.B.dylib", NULL};
    static const chl_symbol length[] = {{"strlen", 0}, {NULL, 0}};
    static const chl_symbol strange[] = {{"strlen_of_nothing", 0}, {NULL, 0}};
    size_t (*found)(const char *) = NULL;
    chl_library library = {"Nothing", "libnothing7", none, length, NULL};
    assert_error(chl_library_load(&library, &found, &err),
                 "Nothing: cannot load libnothing.so.7: install the package libnothing7");
    library.files = some;
    assert_ok(chl_library_load(&library, &found, &err));
    assert_int_equal(3, found("abc"));
    library.symbols = strange;
    assert_error(chl_library_load(&library, &found, &err),
                 "Nothing: the library lacks strlen_of_nothing: it is too old");
    library.variable = "CHURNLAB_TEST_LIBRARY";
    assert_int_equal(0, setenv(library.variable, "/nowhere/libnothing.so", 1));
    assert_error(chl_library_load(&library, &found, &err),
                 "Nothing: CHURNLAB_TEST_LIBRARY: expected a shared library, got "
                 "/nowhere/libnothing.so");
    assert_int_equal(0, unsetenv(library.variable));
}

/* ---- columns ---- */

static void start_column(sql_columns *columns, int type)
{
    assert_ok(sql_columns_init(columns, 1, &err));
    assert_ok(sql_columns_declare(columns, 0, "x", type, &err));
}

static chl_frame *finish_columns(sql_columns *columns, int64_t rows)
{
    chl_frame *frame = NULL;
    columns->rows = rows;
    assert_ok(sql_columns_finish(columns, &frame, &err));
    return frame;
}

static void integers_widen(void **state)
{
    (void)state;
    sql_columns columns;
    start_column(&columns, SQL_UNDECIDED);
    assert_ok(sql_columns_null(&columns, 0, &err));
    assert_ok(sql_columns_i64(&columns, 0, INT64_C(1) << 53, &err));
    assert_ok(sql_columns_f64(&columns, 0, 0.5, &err));
    chl_frame *frame = finish_columns(&columns, 3);
    const chl_column *x = frame->fields[0].column;
    assert_int_equal(CHL_F64, x->type);
    assert_int_equal(1, x->nulls);
    assert_true(x->values.f64[1] == 0x1p53 && x->values.f64[2] == 0.5);
    chl_frame_release(frame);
    sql_columns_reset(&columns);

    start_column(&columns, SQL_UNDECIDED);
    assert_ok(sql_columns_i64(&columns, 0, (INT64_C(1) << 53) + 1, &err));
    columns.rows = 1;
    assert_error(sql_columns_f64(&columns, 0, 0.5, &err),
                 "row 2: column 'x': expected an integer, got 0.5");
    sql_columns_reset(&columns);
}

static void types_settle_with_the_first_batch(void **state)
{
    (void)state;
    sql_columns columns;
    start_column(&columns, SQL_UNDECIDED);
    assert_ok(sql_columns_i64(&columns, 0, 1, &err));
    chl_frame_release(finish_columns(&columns, 1));
    assert_error(sql_columns_f64(&columns, 0, 1.5, &err),
                 "row 2: column 'x': expected an integer, got 1.5");
    assert_ok(sql_columns_i64(&columns, 0, INT64_MIN, &err));
    chl_frame *frame = finish_columns(&columns, 1);
    assert_true(frame->fields[0].column->values.i64[0] == INT64_MIN);
    chl_frame_release(frame);
    sql_columns_reset(&columns);

    start_column(&columns, SQL_UNDECIDED); /* nothing but NULL, then nothing at all */
    assert_ok(sql_columns_null(&columns, 0, &err));
    frame = finish_columns(&columns, 1);
    assert_int_equal(CHL_F64, frame->fields[0].column->type);
    assert_int_equal(1, frame->fields[0].column->nulls);
    chl_frame_release(frame);
    frame = finish_columns(&columns, 0);
    assert_int_equal(0, frame->rows);
    chl_frame_release(frame);
    sql_columns_reset(&columns);
}

static void declared_types_hold(void **state)
{
    (void)state;
    static const struct {
        int type;
        int64_t value;
        const char *message;
    } cases[] = {
        {CHL_BOOL, 2, "expected true or false, got 2"},
        {CHL_F64, (INT64_C(1) << 53) + 1, "expected a number, got 9007199254740993"},
        {CHL_STRING, 7, "got 7"},
        {CHL_DATE, 7, "expected a date"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sql_columns columns;
        start_column(&columns, cases[i].type);
        assert_error(sql_columns_i64(&columns, 0, cases[i].value, &err),
                     cases[i].message);
        sql_columns_reset(&columns);
    }
    sql_columns columns;
    start_column(&columns, CHL_I64);
    json_t *types = json_pack("{s:s}", "x", "string");
    assert_ok(sql_columns_want(&columns, types, &err));
    assert_ok(sql_columns_i64(&columns, 0, -7, &err));
    assert_ok(sql_columns_f64(&columns, 0, 0.1, &err));
    chl_frame *frame = finish_columns(&columns, 2);
    size_t length;
    assert_memory_equal("-7", chl_column_string(frame->fields[0].column, 0, &length), 2);
    assert_memory_equal("0.1", chl_column_string(frame->fields[0].column, 1, &length), 3);
    json_decref(types);
    chl_frame_release(frame);
    sql_columns_reset(&columns);
}

/* ---- connections ---- */

static chl_sql *open_memory(void)
{
    chl_sql *sql = NULL;
    assert_ok(chl_sql_open("sqlite::memory:", false, NULL, &sql, &err));
    return sql;
}

static void urls(void **state)
{
    (void)state;
    chl_sql *sql = NULL;
    assert_error(chl_sql_open("mysql://u:secret@h/d", false, NULL, &sql, &err),
                 "sql: url: expected sqlite:<path> or");
    assert_null(sql);
    assert_error(chl_sql_open("sqlite:", false, NULL, &sql, &err),
                 "expected sqlite:<path> or sqlite::memory:");
    assert_error(chl_sql_open("sqlite:/nonexistent/x.db", true, NULL, &sql, &err),
                 "/nonexistent/x.db: cannot open: No such file");
    chl_sql_close(NULL);
    sql = open_memory();
    assert_string_equal("sqlite", chl_sql_engine(sql));
    chl_sql_close(sql);
}

static void queries_end(void **state)
{
    (void)state;
    chl_sql *sql = open_memory();
    chl_frame *frame = NULL;
    assert_ok(chl_sql_query(sql, "SELECT 1 AS x WHERE 0", NULL, NULL, &err));
    assert_ok(chl_sql_fetch(sql, 0, NULL, &frame, &err));
    assert_int_equal(0, frame->rows);
    chl_frame_release(frame);
    assert_ok(chl_sql_fetch(sql, 0, NULL, &frame, &err));
    assert_null(frame);
    assert_ok(chl_sql_query(sql, "VALUES (1), (2)", NULL, NULL, &err));
    assert_error(chl_sql_query(sql, "SELECT 1", NULL, NULL, &err), "still reads another");
    assert_error(chl_sql_execute(sql, "DROP TABLE t", NULL, NULL, NULL, &err),
                 "execute: the connection still reads another query");
    chl_sql_close(sql); /* in the middle of it */
}

static void statements_are_interrupted(void **state)
{
    (void)state;
    static const volatile sig_atomic_t stop = 1;
    const chl_control control = {.cancel = &stop};
    static const char endless[] =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
        "FROM c) SELECT sum(x) AS s FROM c";
    chl_sql *sql = open_memory();
    chl_frame *frame = NULL;
    chl_error problem = {0};
    assert_ok(chl_sql_query(sql, endless, NULL, NULL, &err));
    assert_int_equal(CHL_ECANCELLED, chl_sql_fetch(sql, 0, &control, &frame, &problem));
    assert_string_equal("read_sql: interrupted", problem.message);
    assert_int_equal(CHL_ECANCELLED,
                     chl_sql_execute(sql, endless, NULL, &control, NULL, &problem));
    assert_ok(chl_sql_execute(sql, "CREATE TABLE t (x)", NULL, NULL, NULL, &err));
    chl_sql_close(sql);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(libraries),
        cmocka_unit_test(integers_widen),
        cmocka_unit_test(types_settle_with_the_first_batch),
        cmocka_unit_test(declared_types_hold),
        cmocka_unit_test(urls),
        cmocka_unit_test(queries_end),
        cmocka_unit_test(statements_are_interrupted),
    };
    return cmocka_run_group_tests_name("sql", tests, NULL, NULL);
}
