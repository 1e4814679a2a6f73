/* SPDX-License-Identifier: MIT
 *
 * Syntax: precedence through the canonical text, round trips, limits and messages.
 */
#include "chl_test.h"

#include <stdio.h>

#include "core/base/strbuf.h"
#include "core/expr/expr.h"

static void expect_print(const char *text, const char *wanted)
{
    chl_expr *expr;
    assert_ok(chl_expr_parse(text, &expr, &err));
    chl_strbuf out = {0};
    chl_expr_print(expr, &out);
    if (strcmp(out.data, wanted) != 0) {
        fail_msg("%s: printed as %s, expected %s", text, out.data, wanted);
    }
    chl_strbuf_reset(&out);
    assert_string_equal(chl_expr_text(expr), text);
    chl_expr_release(expr);
}

/* Prints, and what was printed prints the same. */
static void expect_canonical(const char *text, const char *wanted)
{
    expect_print(text, wanted);
    expect_print(wanted, wanted);
}

static void precedence_is_lua_s(void **state)
{
    (void)state;
    expect_canonical("a+b*c", "a + b * c");
    expect_canonical("(a+b)*c", "(a + b) * c");
    expect_canonical("((a))-(b-c)", "a - (b - c)");
    expect_canonical("(a-b)-c", "a - b - c");
    expect_canonical("a^b^c", "a ^ b ^ c");
    expect_canonical("(a^b)^c", "(a ^ b) ^ c");
    expect_canonical("a..b..c", "a .. b .. c");
    expect_canonical("(a..b)..c", "(a .. b) .. c");
    expect_canonical("-a^2", "-a ^ 2");
    expect_canonical("(-a)^2", "(-a) ^ 2");
    expect_canonical("2^-x*y", "2 ^ -x * y");
    expect_canonical("(-2)^2", "(-2) ^ 2");
    expect_canonical("-2^2", "-2 ^ 2");
    expect_canonical("- -a", "- -a");
    expect_canonical("not not a", "not not a");
    expect_canonical("not (a == b)", "not (a == b)");
    expect_canonical("not a == b", "not a == b");
    expect_canonical("a or b and c", "a or b and c");
    expect_canonical("(a or b) and c", "(a or b) and c");
    expect_canonical("a < b == c", "a < b == c");
    expect_canonical("a < (b == c)", "a < (b == c)");
    expect_canonical("a .. b + 1 == c", "a .. b + 1 == c");
    expect_canonical("a // b % c / d", "a // b % c / d");
    expect_canonical("a - -1", "a - -1");
    expect_canonical("-(a+b)", "-(a + b)");
}

static void literals(void **state)
{
    (void)state;
    expect_canonical("1", "1");
    expect_canonical("1.0", "1.0");
    expect_canonical("1e3", "1000.0");
    expect_canonical("1e300", "1e+300");
    expect_canonical(".5", "0.5");
    expect_canonical("3.", "3.0");
    expect_canonical("0x1F", "31");
    expect_canonical("-0.0", "0.0");
    expect_canonical("9223372036854775807", "9223372036854775807");
    expect_canonical("9223372036854775808", "9.223372036854776e+18");
    expect_canonical("-9223372036854775807", "-9223372036854775807");
    expect_canonical("true or false", "true or false");
    expect_canonical("coalesce(a,nil)", "coalesce(a, nil)");
    expect_canonical("'it\\'s' .. \"\\\"\"", "\"it's\" .. \"\\\"\"");
    expect_canonical("\"\\n\\t\\065\\x41\\\\\"", "\"\\n\\009AA\\\\\"");
    expect_canonical("'\\0'", "\"\\000\"");
    expect_canonical("[[Größe]] > 1", "[[Größe]] > 1");
    expect_canonical("[[Age]] > 1", "Age > 1");
    expect_canonical("[[and]]", "[[and]]");
    expect_canonical("[=[a]]b]=]", "[=[a]]b]=]");
    expect_canonical("[=[a]]=]", "[=[a]]=]");
    expect_canonical("[[a b]]+[[ x]]", "[[a b]] + [[ x]]");
    expect_canonical("max( a ,b,1 )", "max(a, b, 1)");
    expect_canonical("count()", "count()");
}

static void expect_failure(const char *text, const char *message)
{
    chl_expr *expr = (chl_expr *)&expr;
    assert_error(chl_expr_parse(text, &expr, &err), message);
    assert_null(expr);
    assert_int_not_equal(chl_expr_parse(text, &expr, NULL), CHL_OK);
}

static void messages_have_positions(void **state)
{
    (void)state;
    expect_failure("Age >",
                   "expression \"Age >\": position 6: expected a column, a value "
                   "or '(', got the end of the text");
    expect_failure("", "position 1: expected a column");
    expect_failure("Age > 3)", "position 8: expected an operator or the end, got ')'");
    expect_failure("(Age > 3", "position 9: expected an operator or ')', got the end");
    expect_failure("Age 3", "position 5: expected an operator or the end, got '3'");
    expect_failure("Age = 3", "position 5: unexpected '=' ('equal' is written '==')");
    expect_failure("Age != 3",
                   "position 5: unexpected '!=' ('not equal' is written '~=')");
    expect_failure("a && b", "unexpected '&&' ('and' is written out)");
    expect_failure("a || b", "unexpected '||' ('or' is written out)");
    expect_failure("!a", "position 1: unexpected '!' ('not' is written out)");
    expect_failure("a ** 2", "a power is written '^'");
    expect_failure("meen(Age)",
                   "position 1: unknown function 'meen' (did you mean 'mean'?)");
    expect_failure("1 + zzzzzzzz(Age)",
                   "position 5: unknown function 'zzzzzzzz' (known: ");
    expect_failure("log()", "function 'log': expected 1 argument, got 0");
    expect_failure("log(a, b)", "function 'log': expected 1 argument, got 2");
    expect_failure("round(a, 1, 2)",
                   "function 'round': expected 1 to 2 arguments, got 3");
    expect_failure("min()", "function 'min': expected 1 or more arguments, got 0");
    expect_failure("max(a, )", "position 8: expected a column, a value or '(', got ')'");
    expect_failure("max(a b)", "position 7: expected ',' or ')', got 'b'");
    expect_failure("'abc", "position 1: the text is not closed");
    expect_failure("'\\q'", "position 2: unknown escape in a text");
    expect_failure("'\\300'", "an escape \\ddd ends at \\255");
    expect_failure("3x", "position 1: malformed number");
    expect_failure("0x", "malformed number");
    expect_failure("0x8000000000000000", "the number is too large");
    expect_failure("1e999", "the number is too large");
    expect_failure("[[]]", "the column name is empty");
    expect_failure("[[a", "position 1: the bracket [[ is not closed");
    expect_failure("[a]", "a column name in brackets reads [[name]]");
    expect_failure("Größe > 1", "position 3: unexpected character");
    expect_failure("a\n@", "expression \"a @\": position 3: unexpected '@'");
}

/* open^n atom close^n */
static char *nested(const char *open, const char *close, int n)
{
    chl_strbuf out = {0};
    for (int i = 0; i < n; i++) {
        chl_strbuf_puts(&out, open);
    }
    chl_strbuf_puts(&out, "a");
    for (int i = 0; i < n; i++) {
        chl_strbuf_puts(&out, close);
    }
    return out.data;
}

static void depth_is_limited(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"(", ")"},   {"abs(", ")"}, {"- ", ""},
                                           {"not ", ""}, {"a^", ""},    {"a..", ""}};
    for (int i = 0; i < 6; i++) {
        chl_expr *expr;
        char *fits = nested(pairs[i][0], pairs[i][1], 199);
        assert_ok(chl_expr_parse(fits, &expr, &err));
        chl_expr_release(expr);
        char *deep = nested(pairs[i][0], pairs[i][1], 200);
        expect_failure(deep, "nested deeper than 200");
        free(fits);
        free(deep);
    }
}

static void long_texts(void **state)
{
    (void)state;
    chl_strbuf text = {0}, out = {0};
    chl_strbuf_puts(&text, "a");
    while (text.length < 64 * 1024 - 2) {
        chl_strbuf_puts(&text, "+a"); /* a chain, 32 K operators high */
    }
    chl_expr *expr;
    assert_ok(chl_expr_parse(text.data, &expr, &err));
    chl_expr_print(expr, &out);
    assert_int_equal(out.length, text.length * 2 - 1);
    chl_expr_release(expr);
    chl_strbuf_puts(&text, "+a+a");
    expect_failure(text.data, "the text is longer than 65536 bytes");
    /* messages show the beginning only, cut between characters */
    expect_failure(
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xbc ?",
        "xxx…\": position 60: unexpected character");
    char *broken = nested("\x8d", "", 70); /* nothing but continuation bytes */
    expect_failure(broken, "position 1: unexpected character");
    free(broken);
    chl_strbuf_reset(&text);
    chl_strbuf_reset(&out);
}

static void columns_and_aggregates(void **state)
{
    (void)state;
    chl_expr *expr;
    const char *const *names;
    assert_ok(chl_expr_parse("b + mean(a) * b - [[c d]]", &expr, &err));
    assert_int_equal(chl_expr_columns(expr, &names), 3);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "a");
    assert_string_equal(names[2], "c d");
    assert_true(chl_expr_is_aggregate(expr));
    chl_expr *again = chl_expr_retain(expr);
    chl_expr_release(expr);
    assert_string_equal(chl_expr_text(again), "b + mean(a) * b - [[c d]]");
    chl_expr_release(again);
    assert_ok(chl_expr_parse("max(1, 2)", &expr, &err));
    assert_int_equal(chl_expr_columns(expr, &names), 0);
    assert_false(chl_expr_is_aggregate(expr));
    chl_expr_release(expr);
    chl_expr_release(NULL);
}

/* Every listed name is a function, listed once, in a readable order. */
static void function_names(void **state)
{
    (void)state;
    const char *const *names = chl_expr_functions();
    int n = 0;
    for (; names[n]; n++) {
        char call[64];
        snprintf(call, sizeof call, "%s(a, b, c, d, e, f, g, h)", names[n]);
        chl_expr *expr = NULL;
        chl_error error = {0};
        if (chl_expr_parse(call, &expr, &error) != CHL_OK) {
            assert_non_null(strstr(error.message, "argument"));
        }
        chl_expr_release(expr);
        for (int i = 0; i < n; i++) {
            assert_string_not_equal(names[i], names[n]);
        }
    }
    assert_true(n > 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence_is_lua_s),
        cmocka_unit_test(literals),
        cmocka_unit_test(messages_have_positions),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(long_texts),
        cmocka_unit_test(columns_and_aggregates),
        cmocka_unit_test(function_names),
    };
    return cmocka_run_group_tests_name("expr_parse", tests, NULL, NULL);
}
