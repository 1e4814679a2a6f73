/* SPDX-License-Identifier: MIT */
#include "chl_test.h"

#include "core/data/pattern.h"

static bool matches(const char *pattern, const char *text)
{
    chl_pattern p;
    assert_ok(chl_pattern_init(&p, pattern, strlen(pattern), &err));
    return chl_pattern_matches(&p, text, strlen(text));
}

static void test_matches_the_whole_text(void **state)
{
    (void)state;
    assert_true(matches("", ""));
    assert_false(matches("", "a"));
    assert_true(matches("%u%u%-%d+", "AB-12"));
    assert_false(matches("%u%u%-%d+", "AB-"));
    assert_false(matches("%u%u%-%d+", "AB-12 "));
    assert_true(matches("^[%w_]+@[%w.-]+%.%a+$", "ann_b@mail.example.org"));
    assert_false(matches("[%w_]+@[%w.-]+%.%a+", "ann@b@c.org"));
    assert_true(matches("a-b?c*", "aaab"));
    assert_true(matches("[^a-c]*", "xyz"));
    assert_false(matches("[^a-c]*", "xbz"));
    assert_true(matches("[]^-]+", "]-^"));
    assert_true(matches("a$b", "a$b")); /* only at the end it is an anchor */
    assert_true(matches("%D%S%X", "xy-"));
    assert_true(matches("..", "\xc3\xa4")); /* bytes */
}

static void test_errors(void **state)
{
    (void)state;
    chl_pattern p;
    assert_error(chl_pattern_init(&p, "a[b", 3, &err),
                 "pattern \"a[b\": position 2: expected ']' at the end of the set");
    assert_error(chl_pattern_init(&p, "[]", 2, &err), "expected ']'");
    assert_error(chl_pattern_init(&p, "a%", 2, &err),
                 "position 2: expected a character after '%'");
    assert_error(chl_pattern_init(&p, "[%", 2, &err), "expected a character after '%'");
    assert_error(chl_pattern_init(&p, "%b()", 4, &err), "position 1: unknown class");
    assert_error(chl_pattern_init(&p, "x%1", 3, &err), "position 2: unknown class");
    assert_error(chl_pattern_init(&p, "(a)", 3, &err),
                 "position 1: expected no captures");
    char wide[64];
    memset(wide, 'x', sizeof wide);
    assert_ok(chl_pattern_init(&p, wide, 63, &err));
    assert_true(chl_pattern_matches(&p, wide, 63));
    assert_error(chl_pattern_init(&p, wide, 64, &err), "too long: at most 63 items");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_matches_the_whole_text),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests_name("pattern", tests, NULL, NULL);
}
