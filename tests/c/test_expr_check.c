/* SPDX-License-Identifier: MIT
 *
 * What check refuses, with which words, and that eval refuses it alike.
 */
#include "chl_test.h"

#include "core/base/strbuf.h"
#include "expr_fixture.h"

static chl_frame *frame;

static void expect_failure(const char *text, const char *message)
{
    chl_expr *expr;
    chl_type type;
    chl_column *column = (chl_column *)&column;
    assert_ok(chl_expr_parse(text, &expr, &err));
    assert_error(chl_expr_check(expr, frame, &type, &err), message);
    assert_error(chl_expr_eval(expr, frame, NULL, &column, &err), message);
    assert_null(column);
    assert_int_not_equal(chl_expr_check(expr, frame, &type, NULL), CHL_OK);
    chl_expr_release(expr);
}

static void unknown_names(void **state)
{
    (void)state;
    expect_failure("Agee > 3", "expression \"Agee > 3\": position 1: unknown column "
                               "'Agee' (did you mean 'Age'?)");
    expect_failure("1 + zzzzzzzzz",
                   "position 5: unknown column 'zzzzzzzzz' (known: Age, ");
    expect_failure("Country == 'Frnace'",
                   "position 12: column 'Country' (category): unknown "
                   "level 'Frnace' (did you mean 'France'?)");
    expect_failure("one_of(Country, 'Spain', 'spaim')", "position 26: column 'Country' "
                                                        "(category): unknown level");
    expect_failure("if_else(Active, 'old', 'new') == 'odl'",
                   "if_else(…) (category): unknown level 'odl' (did you mean 'old'?)");
}

static void types(void **state)
{
    (void)state;
    expect_failure("Age == 'x'",
                   "position 5: cannot compare column 'Age' (i64) with text "
                   "\"x\"");
    expect_failure("Name > 3", "cannot compare column 'Name' (string) with number 3");
    expect_failure("Since == Name", "cannot compare column 'Since' (date) with column "
                                    "'Name' (string)");
    expect_failure("Active == 'yes'", "cannot compare column 'Active' (bool) with text");
    expect_failure("Since > '15.01.2020'",
                   "position 9: expected a date like \"2026-11-22\", "
                   "got \"15.01.2020\"");
    expect_failure("Age == nil",
                   "a comparison with nil is always missing: write is_na(x)");
    expect_failure("0 < Age < 5", "comparisons do not chain: write a < b and b < c");
    expect_failure("Country + 1", "operator '+': expected a number, got column 'Country' "
                                  "(category)");
    expect_failure("-Name", "operator '-': expected a number");
    expect_failure("Since - 1",
                   "operator '-': expected a number, got column 'Since' (date)");
    expect_failure("not Age",
                   "position 5: operator 'not': expected a condition, got column "
                   "'Age' (i64) (compare it, as in 'x ~= 0')");
    expect_failure("Active and Name", "operator 'and': expected a condition, got column "
                                      "'Name' (string)");
    expect_failure("(Age + 1) or Active",
                   "operator 'or': expected a condition, got a result "
                   "of type i64");
}

static void functions(void **state)
{
    (void)state;
    expect_failure("log(Country)", "position 5: function 'log': expected a number, got "
                                   "column 'Country' (category)");
    expect_failure("round(Balance, Age)",
                   "function 'round': expected digits as an integer "
                   "from -15 to 15, got column 'Age' (i64)");
    expect_failure("round(Balance, 16)", "got number 16");
    expect_failure("min(Age, Name)", "function 'min': expected a number or a date, got "
                                     "column 'Name' (string)");
    expect_failure("min('a', 'b')", "function 'min': expected a number or a date");
    expect_failure("max(Age, Since)",
                   "function 'max': column 'Age' (i64) and column 'Since' "
                   "(date) have no common type");
    expect_failure("coalesce(nil, Age, Name)",
                   "function 'coalesce': column 'Age' (i64) and "
                   "column 'Name' (string) have no common type");
    expect_failure("if_else(Age, 1, 2)", "function 'if_else': expected a condition");
    expect_failure("if_else(Active, 1, 'x')",
                   "number 1 and text \"x\" have no common type");
    expect_failure("one_of(Age, 1, Big)", "function 'one_of': expected values, not "
                                          "expressions, got column 'Big' (i64)");
    expect_failure("one_of(Age, 'x')",
                   "expected a value that compares with column 'Age'");
    expect_failure("one_of(Name, 1)",
                   "expected a value that compares with column 'Name'");
    expect_failure("one_of(Since, 'x')", "expected a date like");
    expect_failure("bin(Age, 10, 5)",
                   "function 'bin': expected edges as rising numbers, got "
                   "number 5");
    expect_failure("bin(Age, Big)", "expected edges as rising numbers");
    expect_failure("lower(Age)",
                   "function 'lower': expected text, got column 'Age' (i64)");
    expect_failure("year(Age)", "expected a date or a timestamp, got column 'Age' (i64)");
    expect_failure("mean(Country)", "function 'mean': expected a number");
    expect_failure("max(Name)", "function 'max': expected a number or a date");
    expect_failure("count_if(Age)", "function 'count_if': expected a condition");
    expect_failure("quantile(Age, 1.5)", "expected a number from 0 to 1, got number 1.5");
    expect_failure("quantile(Age, Big)", "expected a number from 0 to 1");
}

static void schema_without_rows(void **state)
{
    (void)state;
    chl_frame *schema;
    chl_expr *expr;
    chl_type type;
    chl_column *column;
    assert_ok(chl_frame_slice(frame, 0, 0, &schema, &err));
    assert_ok(
        chl_expr_parse("if_else(Country == 'Spain', Age / mean(Age), nil)", &expr, &err));
    assert_ok(chl_expr_check(expr, schema, &type, &err));
    assert_int_equal(type, CHL_F64);
    assert_ok(chl_expr_eval(expr, schema, NULL, &column, &err));
    assert_int_equal(column->length, 0);
    assert_int_equal(column->type, CHL_F64);
    chl_column_release(column);
    chl_expr_release(expr);
    chl_frame_release(schema);
}

/* A plain column is shared, not copied. */
static void column_is_shared(void **state)
{
    (void)state;
    chl_expr *expr;
    chl_column *column;
    assert_ok(chl_expr_parse("Age", &expr, &err));
    assert_ok(chl_expr_eval(expr, frame, NULL, &column, &err));
    assert_ptr_equal(column, chl_frame_column(frame, "Age"));
    chl_column_release(column);
    chl_expr_release(expr);
}

static void too_many_values(void **state)
{
    (void)state;
    chl_strbuf text = {0};
    chl_strbuf_puts(&text, "max(0");
    for (int i = 0; i < 600; i++) {
        chl_strbuf_puts(&text, ",Age+1");
    }
    chl_strbuf_puts(&text, ")");
    chl_expr *expr;
    chl_column *column;
    assert_ok(chl_expr_parse(text.data, &expr, &err));
    assert_error(chl_expr_eval(expr, frame, NULL, &column, &err),
                 "too complex: more than 640 values at the same time");
    chl_expr_release(expr);
    chl_strbuf_reset(&text);
    chl_strbuf_puts(&text, "Age"); /* a long chain needs few registers */
    for (int i = 0; i < 5000; i++) {
        chl_strbuf_puts(&text, "+1");
    }
    assert_ok(chl_expr_parse(text.data, &expr, &err));
    assert_ok(chl_expr_eval(expr, frame, NULL, &column, &err));
    assert_int_equal(column->values.i64[0], 5042);
    chl_column_release(column);
    chl_expr_release(expr);
    chl_strbuf_reset(&text);
}

static int set_up(void **state)
{
    (void)state;
    frame = fixture_frame();
    return frame ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    chl_frame_release(frame);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_names),    cmocka_unit_test(types),
        cmocka_unit_test(functions),        cmocka_unit_test(schema_without_rows),
        cmocka_unit_test(column_is_shared), cmocka_unit_test(too_many_values),
    };
    return cmocka_run_group_tests_name("expr_check", tests, set_up, tear_down);
}
