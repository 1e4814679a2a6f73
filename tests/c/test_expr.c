/* SPDX-License-Identifier: MIT
 *
 * Evaluation: one table of expression, type and the five rows as text (NA = missing).
 */
#include "chl_test.h"

#include "core/base/strbuf.h"
#include "expr_fixture.h"

static chl_frame *frame;

/* "i64 43 NA 31 -6 61": the type and the rows of a result; the caller frees. */
static void show(const chl_column *column, chl_strbuf *out)
{
    chl_strbuf_puts(out, chl_type_name(column->type));
    for (int64_t i = 0; i < column->length; i++) {
        chl_strbuf_putc(out, '|');
        if (chl_column_valid(column, i)) {
            chl_column_format(column, i, out);
        } else {
            chl_strbuf_puts(out, "NA");
        }
    }
}

static void expect(const char *text, const char *wanted)
{
    chl_expr *expr;
    chl_column *column;
    chl_type type;
    assert_ok(chl_expr_parse(text, &expr, &err));
    assert_ok(chl_expr_check(expr, frame, &type, &err));
    assert_ok(chl_expr_eval(expr, frame, NULL, &column, &err));
    assert_int_equal(type, column->type);
    assert_int_equal(column->length, frame->rows);
    chl_strbuf got = {0};
    show(column, &got);
    if (strcmp(got.data, wanted) != 0) {
        fail_msg("%s: got %s, expected %s", text, got.data, wanted);
    }
    chl_strbuf_reset(&got);
    chl_column_release(column);
    chl_expr_release(expr);
}

static void arithmetic(void **state)
{
    (void)state;
    expect("Age + 1", "i64|43|NA|31|-6|61");
    expect("Age * 0.5", "f64|21|NA|15|-3.5|30");
    expect("Age / 4", "f64|10.5|NA|7.5|-1.75|15");
    expect("Age // 4", "i64|10|NA|7|-2|15");
    expect("Age % 4", "i64|2|NA|2|1|0");
    expect("Age % -4", "i64|-2|NA|-2|-3|0");
    expect("Age // 0", "i64|NA|NA|NA|NA|NA");
    expect("Age % 0", "i64|NA|NA|NA|NA|NA");
    expect("Age / 0", "f64|NA|NA|NA|NA|NA");
    expect("Balance // 2", "f64|0|50|NA|-2|5e+299");
    expect("Balance % 2 < 2", "bool|true|true|NA|true|true");
    expect("-2.25 % 2", "f64|1.75|1.75|1.75|1.75|1.75");
    expect("-Age", "i64|-42|NA|-30|7|-60");
    expect("-Balance", "f64|-0.5|-100|NA|2.25|-1e+300");
    expect("2 ^ 3 ^ 0 - -Age", "f64|44|NA|32|-5|62");
    expect("Active + Active", "i64|2|0|NA|2|0");
    expect("Active * 1.5", "f64|1.5|0|NA|1.5|0");
    expect("Age - nil", "f64|NA|NA|NA|NA|NA");
}

static void overflow_is_missing(void **state)
{
    (void)state;
    expect("Big + 1", "i64|9007199254740994|-4|NA|1|-9223372036854775807");
    expect("Big - 1", "i64|9007199254740992|-6|9223372036854775806|-1|NA");
    expect("Big * 2", "i64|18014398509481986|-10|NA|0|NA");
    expect("-Big", "i64|-9007199254740993|5|-9223372036854775807|0|NA");
    expect("abs(Big)", "i64|9007199254740993|5|9223372036854775807|0|NA");
    expect("Big // -1", "i64|-9007199254740993|5|-9223372036854775807|0|NA");
    expect("Big % -1", "i64|0|0|0|0|0");
    expect("Balance * Balance", "f64|0.25|10000|NA|5.0625|NA");
    expect("floor(Balance)", "i64|0|100|NA|-3|NA");
    expect("1 / (1 / 0)", "f64|NA|NA|NA|NA|NA");
}

static void comparisons(void **state)
{
    (void)state;
    expect("Age >= 30", "bool|true|NA|true|false|true");
    expect("Active == 1", "bool|true|false|NA|true|false");
    expect("Active == true", "bool|true|false|NA|true|false");
    expect("Active < 0.5", "bool|false|true|NA|false|true");
    expect("Country == \"France\"", "bool|true|false|NA|true|false");
    expect("'Spain' ~= Country", "bool|true|false|NA|true|true");
    expect("Country == Country", "bool|true|true|NA|true|true");
    expect("Country < 'G'", "bool|true|false|NA|true|false");
    expect("Name == 'bob'", "bool|false|true|NA|false|false");
    expect("Name >= 'Z'", "bool|false|true|NA|false|true");
    expect("Name == Country", "bool|false|false|NA|false|false");
    expect("Since > '2020-01-15'", "bool|false|true|NA|false|true");
    expect("Since == Since", "bool|true|true|NA|true|true");
    /* exact where a double would round */
    expect("Big == 9007199254740992.0", "bool|false|false|false|false|false");
    expect("9007199254740992.0 < Big", "bool|true|false|true|false|false");
    expect("Big < 9223372036854775808", "bool|true|true|true|true|true");
    expect("Age > -6.5", "bool|true|NA|true|false|true");
    expect("Age < -6.5", "bool|false|NA|false|true|false");
}

static void three_valued_logic(void **state)
{
    (void)state;
    expect("Active and true", "bool|true|false|NA|true|false");
    expect("Active and false", "bool|false|false|false|false|false");
    expect("true or Active", "bool|true|true|true|true|true");
    expect("Active or false", "bool|true|false|NA|true|false");
    expect("not Active", "bool|false|true|NA|false|true");
    expect("Active and Age > 0", "bool|true|false|NA|false|false");
    expect("Active or Age > 0", "bool|true|NA|true|true|true");
    expect("nil and false", "bool|false|false|false|false|false");
    expect("nil or false", "bool|NA|NA|NA|NA|NA");
    expect("is_na(Active)", "bool|false|false|true|false|false");
    expect("not is_na(Active and true)", "bool|true|true|false|true|true");
}

static void number_functions(void **state)
{
    (void)state;
    expect("log(Balance)", "f64|-0.6931471805599453|4.605170185988092|NA|NA|"
                           "690.7755278982137");
    expect("log1p(0) + log2(8) + log10(100) + exp(0) + sqrt(4)", "f64|8|8|8|8|8");
    expect("sqrt(Age)", "f64|6.48074069840786|NA|5.477225575051661|NA|"
                        "7.745966692414834");
    expect("exp(Age * 1000)", "f64|NA|NA|NA|0|NA");
    expect("abs(Balance)", "f64|0.5|100|NA|2.25|1e+300");
    expect("sign(Age)", "i64|1|NA|1|-1|1");
    expect("sign(Balance)", "i64|1|1|NA|-1|1");
    expect("round(Balance)", "i64|1|100|NA|-2|NA");
    expect("ceil(Balance)", "i64|1|100|NA|-2|NA");
    expect("round(Age)", "i64|42|NA|30|-7|60");
    expect("round(Balance, 1)", "f64|0.5|100|NA|-2.3|1e+300");
    expect("round(Age, -1)", "f64|40|NA|30|-10|60");
    expect("min(Age, 31, 50)", "i64|31|NA|30|-7|31");
    expect("max(Age, 0.5)", "f64|42|NA|30|0.5|60");
    expect("max(Active, false)", "i64|1|0|NA|1|0");
    expect("max(Since, '2021-01-01')",
           "date|2021-01-01|2021-06-30|NA|2021-01-01|2024-02-29");
    expect("clip(Age, 0, 50)", "i64|42|NA|30|0|50");
    expect("between(Age, 30, 42)", "bool|true|NA|true|false|false");
    expect("between(Since, '2020-01-01', '2021-12-31')", "bool|true|true|NA|false|false");
}

static void choices(void **state)
{
    (void)state;
    expect("coalesce(Age, 0)", "i64|42|0|30|-7|60");
    expect("coalesce(Age, Balance, nil)", "f64|42|100|30|-7|60");
    expect("coalesce(Country, 'France')", "category|France|Spain|France|France|Germany");
    expect("coalesce(Country, 'other') == 'other'", "bool|false|false|true|false|false");
    expect("coalesce(Name, '?')", "string|Ann|bob|?||Zoé x");
    expect("coalesce(Since, '2000-01-01')",
           "date|2020-01-15|2021-06-30|2000-01-01|1999-12-31|2024-02-29");
    expect("if_else(Active, Age, -1)", "i64|42|-1|NA|-7|-1");
    expect("if_else(Age > 31, 'old', 'young')", "category|old|NA|young|young|old");
    expect("if_else(Age > 31, 'old', 'young') == 'old'", "bool|true|NA|false|false|true");
    expect("if_else(Active, Country, 'else')", "category|France|else|NA|France|else");
    expect("if_else(Active, Name, Country)", "string|Ann|Spain|NA||Germany");
    expect("if_else(Age > 0, Active, nil)", "bool|true|NA|NA|NA|false");
    expect("one_of(Age, 42, -7, 1)", "bool|true|NA|false|true|false");
    expect("one_of(Age, 42.0, 60.5)", "bool|true|NA|false|false|false");
    expect("one_of(Country, 'France', 'Spain')", "bool|true|true|NA|true|false");
    expect("one_of(Name, 'bob', '', 'x')", "bool|false|true|NA|true|false");
    expect("one_of(Since, '2024-02-29', '1999-12-31')", "bool|false|false|NA|true|true");
    expect("one_of(Active, true)", "bool|true|false|NA|true|false");
    expect("bin(Age, 0, 42, 60)", "category|42..60|NA|0..42|<0|>=60");
    expect("bin(Age, -2.5)", "category|>=-2.5|NA|>=-2.5|<-2.5|>=-2.5");
}

static void texts_and_dates(void **state)
{
    (void)state;
    expect("lower(Name)", "string|ann|bob|NA||zoé x");
    expect("upper(Country)", "string|FRANCE|SPAIN|NA|FRANCE|GERMANY");
    expect("len(Name)", "i64|3|3|NA|0|5");
    expect("Age .. nil", "string|NA|NA|NA|NA|NA");
    expect("contains(Country, 'an')", "bool|true|false|NA|true|true");
    expect("contains(Name, '')", "bool|true|true|NA|true|true");
    expect("starts_with(Name, 'Zo')", "bool|false|false|NA|false|true");
    expect("ends_with(Country, 'n')", "bool|false|true|NA|false|false");
    expect("Name .. '-' .. Age .. Active",
           "string|Ann-42true|NA|NA|--7true|Zoé x-60false");
    expect("Since .. Balance", "string|2020-01-150.5|2021-06-30100|NA|1999-12-31-2.25|"
                               "2024-02-291e+300");
    expect("year(Since) * 10000 + month(Since) * 100 + day(Since)",
           "i64|20200115|20210630|NA|19991231|20240229");
    expect("days_between('2020-01-01', Since)", "i64|14|546|NA|-7306|1520");
    expect("days_between(Since, At)",
           "f64|0.937505787037037|-738336|NA|-10956.000000000011|2913114.5");
    expect("date(At)", "date|2020-01-15|0000-01-01|NA|1969-12-31|9999-12-31");
    expect("hour(At) * 100 + minute(At)", "i64|2230|0|NA|2359|1200");
    expect("date_trunc(At, 'week')", "timestamp|2020-01-13 00:00:00|NA|NA|"
                                     "1969-12-29 00:00:00|9999-12-27 00:00:00");
    expect("add_months(At, 1)",
           "timestamp|2020-02-15 22:30:00.500|0000-02-01 00:00:00|NA|"
           "1970-01-31 23:59:59.999999|NA");
    expect("add_days(Since, Big)", "date|NA|2021-06-25|NA|1999-12-31|NA");
    expect("add_seconds(At, Balance)",
           "timestamp|2020-01-15 22:30:01|0000-01-01 00:01:40|NA|"
           "1969-12-31 23:59:57.749999|NA");
    expect("format_time(At, '%d.%m.%y %H')", "string|15.01.20 22|01.01.00 00|NA|"
                                             "31.12.69 23|31.12.99 12");
    expect("parse_date(format_time(Since, '%j %Y'), '%j %Y') == Since",
           "bool|true|true|NA|true|true");
    expect("months_between(Since, At)", "i64|0|-24257|NA|-359|95710");
    expect("max(At)", "timestamp|9999-12-31 12:00:00|9999-12-31 12:00:00|"
                      "9999-12-31 12:00:00|9999-12-31 12:00:00|9999-12-31 12:00:00");
    expect("matches(Name, '%a+')", "bool|true|true|NA|false|false");
}

static void aggregates_are_repeated(void **state)
{
    (void)state;
    expect("count()", "i64|5|5|5|5|5");
    expect("count(Age)", "i64|4|4|4|4|4");
    expect("count_if(Age > 0)", "i64|3|3|3|3|3");
    expect("Age - min(Age)", "i64|49|NA|37|0|67");
    expect("sum(Age) / count(Age)", "f64|31.25|31.25|31.25|31.25|31.25");
    expect("mean(Age)", "f64|31.25|31.25|31.25|31.25|31.25");
    expect("median(Age)", "f64|36|36|36|36|36");
    expect("quantile(Age, 0.25)", "f64|20.75|20.75|20.75|20.75|20.75");
    expect("quantile(Age, 1)", "f64|60|60|60|60|60");
    expect("round(std(Age), 6)", "f64|28.324018|28.324018|28.324018|28.324018|28.324018");
    expect("round(var(Age), 6)", "f64|802.25|802.25|802.25|802.25|"
                                 "802.25");
    expect("sum(Big)", "i64|NA|NA|NA|NA|NA");
    expect("sum(Active)", "i64|2|2|2|2|2");
    expect("mean(Active)", "f64|0.5|0.5|0.5|0.5|0.5");
    expect("n_distinct(Country)", "i64|3|3|3|3|3");
    expect("n_distinct(lower(Name))", "i64|4|4|4|4|4");
    expect("n_distinct(Balance)", "i64|4|4|4|4|4");
    expect("first(Country)", "category|France|France|France|France|France");
    expect("last(Name)", "string|Zoé x|Zoé x|Zoé x|Zoé x|Zoé x");
    expect("last(Since)", "date|2024-02-29|2024-02-29|2024-02-29|2024-02-29|2024-02-29");
    expect("max(Since) == Since", "bool|false|false|NA|false|true");
    expect("any(Age > 50)", "bool|true|true|true|true|true");
    expect("all(Age > 50)", "bool|false|false|false|false|false");
    expect("mean((Age - mean(Age)) ^ 2)",
           "f64|601.6875|601.6875|601.6875|601.6875|601.6875");
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
        cmocka_unit_test(arithmetic),       cmocka_unit_test(overflow_is_missing),
        cmocka_unit_test(comparisons),      cmocka_unit_test(three_valued_logic),
        cmocka_unit_test(number_functions), cmocka_unit_test(choices),
        cmocka_unit_test(texts_and_dates),  cmocka_unit_test(aggregates_are_repeated),
    };
    return cmocka_run_group_tests_name("expr", tests, set_up, tear_down);
}
