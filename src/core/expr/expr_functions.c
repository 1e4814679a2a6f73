/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "core/expr/expr_internal.h"

/* ROW and AGGREGATE are rows of the table; AGGREGATE_TOO shares its name with a row
 * function and differs by its number of arguments. */
#define FUNCTIONS(ROW, AGGREGATE, AGGREGATE_TOO, WINDOW, SPAN)                           \
    ROW("abs", FN_ABS, 1, 1)                                                             \
    ROW("add_days", FN_ADD_DAYS, 2, 2)                                                   \
    ROW("add_months", FN_ADD_MONTHS, 2, 2)                                               \
    ROW("add_seconds", FN_ADD_SECONDS, 2, 2)                                             \
    ROW("between", FN_BETWEEN, 3, 3)                                                     \
    ROW("bin", FN_BIN, 2, -1)                                                            \
    ROW("ceil", FN_CEIL, 1, 1)                                                           \
    ROW("clip", FN_CLIP, 3, 3)                                                           \
    ROW("coalesce", FN_COALESCE, 1, -1)                                                  \
    ROW("contains", FN_CONTAINS, 2, 2)                                                   \
    ROW("date", FN_DATE, 1, 1)                                                           \
    ROW("date_trunc", FN_DATE_TRUNC, 2, 2)                                               \
    ROW("day", FN_DAY, 1, 1)                                                             \
    ROW("day_of_year", FN_DAY_OF_YEAR, 1, 1)                                             \
    ROW("days_between", FN_DAYS_BETWEEN, 2, 2)                                           \
    ROW("ends_with", FN_ENDS_WITH, 2, 2)                                                 \
    ROW("exp", FN_EXP, 1, 1)                                                             \
    ROW("floor", FN_FLOOR, 1, 1)                                                         \
    ROW("format_time", FN_FORMAT_TIME, 2, 2)                                             \
    ROW("hour", FN_HOUR, 1, 1)                                                           \
    ROW("if_else", FN_IF_ELSE, 3, 3)                                                     \
    ROW("is_na", FN_IS_NA, 1, 1)                                                         \
    ROW("len", FN_LEN, 1, 1)                                                             \
    ROW("log", FN_LOG, 1, 1)                                                             \
    ROW("log10", FN_LOG10, 1, 1)                                                         \
    ROW("log1p", FN_LOG1P, 1, 1)                                                         \
    ROW("log2", FN_LOG2, 1, 1)                                                           \
    ROW("lower", FN_LOWER, 1, 1)                                                         \
    ROW("matches", FN_MATCHES, 2, 2)                                                     \
    ROW("max", FN_GREATEST, 2, -1)                                                       \
    ROW("min", FN_LEAST, 2, -1)                                                          \
    ROW("minute", FN_MINUTE, 1, 1)                                                       \
    ROW("month", FN_MONTH, 1, 1)                                                         \
    ROW("months_between", FN_MONTHS_BETWEEN, 2, 2)                                       \
    ROW("one_of", FN_ONE_OF, 2, -1)                                                      \
    ROW("parse_date", FN_PARSE_DATE, 2, 2)                                               \
    ROW("parse_timestamp", FN_PARSE_TIMESTAMP, 2, 2)                                     \
    ROW("quarter", FN_QUARTER, 1, 1)                                                     \
    ROW("round", FN_ROUND, 1, 2)                                                         \
    ROW("second", FN_SECOND, 1, 1)                                                       \
    ROW("seconds_between", FN_SECONDS_BETWEEN, 2, 2)                                     \
    ROW("sign", FN_SIGN, 1, 1)                                                           \
    ROW("sqrt", FN_SQRT, 1, 1)                                                           \
    ROW("starts_with", FN_STARTS_WITH, 2, 2)                                             \
    ROW("timestamp", FN_TIMESTAMP, 1, 1)                                                 \
    ROW("upper", FN_UPPER, 1, 1)                                                         \
    ROW("week", FN_WEEK, 1, 1)                                                           \
    ROW("weekday", FN_WEEKDAY, 1, 1)                                                     \
    ROW("year", FN_YEAR, 1, 1)                                                           \
    AGGREGATE("all", FN_ALL, 1, 1)                                                       \
    AGGREGATE("any", FN_ANY, 1, 1)                                                       \
    AGGREGATE("count", FN_COUNT, 0, 1)                                                   \
    AGGREGATE("count_if", FN_COUNT_IF, 1, 1)                                             \
    AGGREGATE("first", FN_FIRST, 1, 1)                                                   \
    AGGREGATE("last", FN_LAST, 1, 1)                                                     \
    AGGREGATE_TOO("max", FN_MAX, 1, 1)                                                   \
    AGGREGATE("mean", FN_MEAN, 1, 1)                                                     \
    AGGREGATE("median", FN_MEDIAN, 1, 1)                                                 \
    AGGREGATE_TOO("min", FN_MIN, 1, 1)                                                   \
    AGGREGATE("mode", FN_MODE, 1, 1)                                                     \
    AGGREGATE("n_distinct", FN_N_DISTINCT, 1, 1)                                         \
    AGGREGATE("quantile", FN_QUANTILE, 2, 2)                                             \
    AGGREGATE("std", FN_STD, 1, 1)                                                       \
    AGGREGATE("sum", FN_SUM, 1, 1)                                                       \
    AGGREGATE("var", FN_VAR, 1, 1)                                                       \
    AGGREGATE("wmean", FN_WMEAN, 2, 2)                                                   \
    WINDOW("bfill", FN_BFILL, 1, 1)                                                      \
    WINDOW("cumcount", FN_CUMCOUNT, 0, 1)                                                \
    WINDOW("cummax", FN_CUMMAX, 1, 1)                                                    \
    WINDOW("cummean", FN_CUMMEAN, 1, 1)                                                  \
    WINDOW("cummin", FN_CUMMIN, 1, 1)                                                    \
    WINDOW("cumsum", FN_CUMSUM, 1, 1)                                                    \
    WINDOW("dense_rank", FN_DENSE_RANK, 0, 2)                                            \
    WINDOW("diff", FN_DIFF, 1, 2)                                                        \
    WINDOW("ffill", FN_FFILL, 1, 1)                                                      \
    WINDOW("lag", FN_LAG, 1, 3)                                                          \
    WINDOW("lead", FN_LEAD, 1, 3)                                                        \
    WINDOW("pct_change", FN_PCT_CHANGE, 1, 2)                                            \
    WINDOW("percent_rank", FN_PERCENT_RANK, 0, 2)                                        \
    WINDOW("rank", FN_RANK, 0, 2)                                                        \
    WINDOW("rolling_count", FN_ROLLING_COUNT, 2, 3)                                      \
    WINDOW("rolling_max", FN_ROLLING_MAX, 2, 3)                                          \
    WINDOW("rolling_mean", FN_ROLLING_MEAN, 2, 3)                                        \
    WINDOW("rolling_median", FN_ROLLING_MEDIAN, 2, 3)                                    \
    WINDOW("rolling_min", FN_ROLLING_MIN, 2, 3)                                          \
    WINDOW("rolling_std", FN_ROLLING_STD, 2, 3)                                          \
    WINDOW("rolling_sum", FN_ROLLING_SUM, 2, 3)                                          \
    WINDOW("row_number", FN_ROW_NUMBER, 0, 0)                                            \
    SPAN("days", FN_DAYS, 1, 1)                                                          \
    SPAN("hours", FN_HOURS, 1, 1)                                                        \
    SPAN("minutes", FN_MINUTES, 1, 1)                                                    \
    SPAN("seconds", FN_SECONDS, 1, 1)                                                    \
    SPAN("weeks", FN_WEEKS, 1, 1)

#define ENTRY(name, id, min, max) {name, id, min, max},
#define NAME(name, id, min, max)  name,
#define NOTHING(name, id, min, max)

static const expr_function functions[] = {FUNCTIONS(ENTRY, ENTRY, ENTRY, ENTRY, ENTRY)};
static const char *const names[] = {FUNCTIONS(NAME, NAME, NOTHING, NAME, NAME) NULL};

const char *const *chl_expr_functions(void)
{
    return names;
}

const expr_function *chl_expr_function_find(const char *name, int n, bool *known,
                                            int *min, int *max)
{
    *known = false;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const expr_function *f = &functions[i];
        if (strcmp(f->name, name) != 0) {
            continue;
        }
        if (n >= f->min && (f->max < 0 || n <= f->max)) {
            return f;
        }
        *min = *known && *min < f->min ? *min : f->min;
        *max = *known && (*max < 0 || *max > f->max) && f->max >= 0 ? *max : f->max;
        *known = true;
    }
    return NULL;
}
