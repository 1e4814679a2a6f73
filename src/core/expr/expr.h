/* SPDX-License-Identifier: MIT
 *
 * The expression language: Lua's own expression syntax as strings, parsed once into a
 * typed program that runs over blocks of columns. Layer: core/expr.
 *
 *     "Balance > 0 and Age >= 25"      "log(Balance + 1) / Tenure"      "mean(Exited)"
 *
 * Operators of Lua: or and  < > <= >= ~= ==  ..  + -  * / // %  not -  ^ (right), with
 * Lua's precedence; literals: numbers, "strings", 'strings', true, false, nil (missing).
 * Column names are Lua names; any other name is written [[in double brackets]]. Strings
 * compare with strings, categories and (as "2026-11-22" or "2026-11-22 10:00:00") dates
 * and timestamps; a date beside a timestamp counts as its midnight. Comparison with an
 * unknown level of a category is an error with a suggestion. Missing values follow
 * three-valued logic: a missing operand gives a missing result, except `false and x`,
 * `true or x`, is_na, coalesce, if_else's unused branch.
 * `+ - * // %` of integers stay i64 (overflow makes the row missing); `/` and `^` give
 * f64. A bool counts as 0 or 1 in arithmetic. i64 and f64 compare exactly.
 *
 * Row functions: abs ceil floor round(x[, digits]) sign (whole results are i64, halves
 * round away from zero), exp log log1p log2 log10 sqrt, min max clip between (two or more
 * arguments; bounds included), is_na coalesce if_else one_of(x, values …), bin(x, 25, 40)
 * with levels "<25", "25..40" (25 included), ">=40", lower upper (ASCII) len (UTF-8
 * characters) contains starts_with ends_with,
 * matches(x, "%a+%d*") (a Lua pattern for the whole text, pattern.h).
 * Of dates and timestamps (a literal text counts as one): year quarter month week (ISO)
 * day weekday (1 = Monday) day_of_year hour minute second; date(x) timestamp(x), also of
 * ISO 8601 text; parse_date(text, "%d/%m/%Y"), parse_timestamp, format_time(x, format)
 * with the directives of time_format.h; date_trunc(x, "second" … "year"), add_days(x, n)
 * add_months(x, n) (month ends clamp: Jan 31 + 1 is Feb 28 or 29) add_seconds(x, n),
 * days_between(from, to): whole days (i64) of dates, days with their fraction (f64) as
 * soon as one is a timestamp; seconds_between (f64), months_between (completed months,
 * i64). What does not fit its format or leaves the years 0000 to 9999 is missing.
 * Choices between categories and literals give a category. Aggregates: count() count(x)
 * count_if sum mean min max (one argument) std var (n - 1) median quantile(x, q)
 * n_distinct first last mode (the least of equally frequent values) wmean(x, weight) any
 * all; they skip missing values; of nothing, counts and sums are 0, any false, all true,
 * the rest missing.
 *
 * Window functions, over rows in groups and in an order (over.h; chl_expr_eval_over):
 * row_number() rank() dense_rank() percent_rank() (0 … 1) by the order, or by value:
 * rank(x[, "asc" or "desc"]); lag(x[, rows[, default]]) lead diff(x[, rows]) (dates:
 * days) pct_change ffill bfill; cumsum cummax cummin cummean cumcount([x]), from the
 * first row of the group to this one; rolling_sum mean std min max median count(x, rows[,
 * min_count]), of the last rows, this one included; min_count present values make a
 * result (all rows; of time windows 1; of counts 0). Instead of rows a length of time,
 * days(30) (weeks hours minutes seconds): rows with a time in (t - 30 days, t], of rows
 * with the same time those up to this one; the first order column is a date or timestamp
 * and rises. Missing values are skipped, and rank, cumsum, cummax, cummin, cummean,
 * diff and pct_change are missing where x is. Sums of i64 are exact, or missing when
 * they leave 64 bits; f64 results depend on the rows of their window only.
 *
 * Rows are worked on in blocks and shared out to threads; results, and the order of rows,
 * do not depend on how many.
 */
#ifndef CHL_EXPR_EXPR_H
#define CHL_EXPR_EXPR_H

#include "core/base/control.h"
#include "core/base/strbuf.h"
#include "core/data/frame.h"
#include "core/expr/over.h"

typedef struct chl_expr chl_expr; /* a parsed expression: immutable, refcounted */

/* Syntax and function names. Messages carry the position in bytes: `expression "Age >":
 * position 6: expected …`.
 * Nesting deeper than 200 and text longer than 64 KiB are errors. */
CHL_MUST_CHECK chl_status chl_expr_parse(const char *text, chl_expr **out,
                                         chl_error *err);
chl_expr *chl_expr_retain(chl_expr *expr);
void chl_expr_release(chl_expr *expr); /* NULL allowed */

/* The source text, and the canonical text (spaces, brackets, only needed parentheses). */
const char *chl_expr_text(const chl_expr *expr);
void chl_expr_print(const chl_expr *expr, chl_strbuf *out);

/* Names of the columns it reads, in order of first use, each once. Borrowed. */
int chl_expr_columns(const chl_expr *expr, const char *const **names);
/* True when it contains an aggregate (count, sum, mean …) anywhere. */
bool chl_expr_is_aggregate(const chl_expr *expr);

/* Checks names, types and levels against a frame's columns (its rows are not read) and
 * tells the result's type. */
CHL_MUST_CHECK chl_status chl_expr_check(const chl_expr *expr, const chl_frame *schema,
                                         chl_type *type, chl_error *err);

/* One value a row. An aggregate inside is taken over all rows and repeated. */
CHL_MUST_CHECK chl_status chl_expr_eval(const chl_expr *expr, const chl_frame *frame,
                                        const chl_control *control, chl_column **out,
                                        chl_error *err);

/* Groups of rows: group[i] in 0 … groups-1 is the group of row i. One value a group; a
 * column outside an aggregate is an error. */
CHL_MUST_CHECK chl_status chl_expr_aggregate(const chl_expr *expr, const chl_frame *frame,
                                             const int64_t *group, int64_t groups,
                                             const chl_control *control, chl_column **out,
                                             chl_error *err);

/* One value a row, in the frame's order; `over` (over.h) was made from the same frame.
 * Aggregates are taken of each group and repeated, first and last in the order; window
 * functions run within each group. */
CHL_MUST_CHECK chl_status chl_expr_eval_over(const chl_expr *expr, const chl_frame *frame,
                                             const chl_over *over,
                                             const chl_control *control, chl_column **out,
                                             chl_error *err);
/* One value a group, as chl_expr_aggregate; aggregates may hold window functions. */
CHL_MUST_CHECK chl_status chl_expr_aggregate_over(const chl_expr *expr,
                                                  const chl_frame *frame,
                                                  const chl_over *over,
                                                  const chl_control *control,
                                                  chl_column **out, chl_error *err);

/* All function names, for completion and suggestions; NULL-terminated. */
const char *const *chl_expr_functions(void);

#endif
