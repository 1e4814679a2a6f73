/* SPDX-License-Identifier: MIT
 *
 * Kernels of dates and timestamps. Layer: core/expr. What leaves the calendar (years 0000
 * to 9999) or does not fit its format is missing.
 */
#include <math.h>

#include "core/data/calendar.h"
#include "core/data/time_format.h"
#include "core/expr/expr_internal.h"

#define IN(type, k) ((const type *)m->registers[in->in[k]].data)
#define OUT(type)   ((type *)chl_expr_out(m, in))

expr_kernel chl_expr_micros_from_days;

/* A kernel of one operand: out[i] = 0 and missing where `fits` is false. `body` sets
 * `value` from `x`. */
#define TRY_ONE(name, from, to, body)                                                    \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const from *a = IN(from, 0);                                                     \
        to *out = OUT(to);                                                               \
        chl_expr_merge_valid(m, in, 1, n);                                               \
        expr_vec *vec = &m->registers[in->out];                                          \
        for (int i = 0; i < n; i++) {                                                    \
            from x = a[i];                                                               \
            to value = 0;                                                                \
            bool fits = body;                                                            \
            out[i] = fits ? value : 0;                                                   \
            if (!fits) {                                                                 \
                chl_expr_own_mask(vec, n)[i] = 0;                                        \
            }                                                                            \
        }                                                                                \
    }

/* The same with a second operand `y`. */
#define TRY_TWO(name, first, second, to, body)                                           \
    static void name(expr_machine *m, const expr_instr *in, int n)                       \
    {                                                                                    \
        const first *a = IN(first, 0);                                                   \
        const second *b = IN(second, 1);                                                 \
        to *out = OUT(to);                                                               \
        chl_expr_merge_valid(m, in, 2, n);                                               \
        expr_vec *vec = &m->registers[in->out];                                          \
        for (int i = 0; i < n; i++) {                                                    \
            first x = a[i];                                                              \
            second y = b[i];                                                             \
            to value = 0;                                                                \
            bool fits = body;                                                            \
            out[i] = fits ? value : 0;                                                   \
            if (!fits) {                                                                 \
                chl_expr_own_mask(vec, n)[i] = 0;                                        \
            }                                                                            \
        }                                                                                \
    }

/* ---- between the types ---- */

static bool midnight(int32_t days, int64_t *micros)
{
    bool fits = chl_days_in_range(days);
    *micros = fits ? days * CHL_MICROS_PER_DAY : 0;
    return fits;
}

TRY_ONE(micros_from_days, int32_t, int64_t, midnight(x, &value))

void chl_expr_micros_from_days(expr_machine *m, const expr_instr *in, int n)
{
    micros_from_days(m, in, n);
}

static void days_from_micros(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    int32_t *out = OUT(int32_t);
    for (int i = 0; i < n; i++) {
        out[i] = chl_days_of_micros(a[i]);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- text ---- */

static bool read_text(const expr_instr *in, expr_string text, int64_t *micros)
{
    return in->table ? chl_time_format_read(in->table, text.at, (size_t)text.n, micros)
                     : chl_timestamp_parse(text.at, (size_t)text.n, micros);
}

static bool read_day(const expr_instr *in, expr_string text, int32_t *days)
{
    int64_t micros;
    bool fits = read_text(in, text, &micros);
    *days = fits ? chl_days_of_micros(micros) : 0;
    return fits;
}

TRY_ONE(parse_timestamp, expr_string, int64_t, read_text(in, x, &value))
TRY_ONE(parse_date, expr_string, int32_t, read_day(in, x, &value))

static void format_time(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    expr_string *out = OUT(expr_string);
    chl_strbuf text = {0};
    for (int i = 0; i < n; i++) {
        text.length = 0;
        chl_time_format_write(in->table, a[i], &text);
        char *at = text.failed ? NULL : chl_expr_arena(m, text.length);
        if (at && text.length) {
            memcpy(at, text.data, text.length);
        }
        out[i] = at ? (expr_string){at, (int64_t)text.length} : (expr_string){"", 0};
    }
    m->failed = m->failed || text.failed;
    chl_strbuf_reset(&text);
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- parts ---- */

static int64_t part_of_date(int fn, int32_t days)
{
    int year, month, day;
    switch (fn) {
    case FN_WEEKDAY: return chl_days_weekday(days);
    case FN_WEEK: return chl_days_week(days);
    case FN_DAY_OF_YEAR: return chl_days_of_year(days);
    default: break;
    }
    chl_date_to_civil(days, &year, &month, &day);
    switch (fn) {
    case FN_YEAR: return year;
    case FN_QUARTER: return (month + 2) / 3;
    case FN_MONTH: return month;
    default: return day;
    }
}

static int64_t part_of_clock(int fn, int64_t micros)
{
    int64_t rest = micros - chl_days_of_micros(micros) * CHL_MICROS_PER_DAY;
    int64_t seconds = rest / CHL_MICROS_PER_SECOND;
    return fn == FN_HOUR     ? seconds / 3600
           : fn == FN_MINUTE ? seconds / 60 % 60
                             : seconds % 60;
}

static void part_of_days(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = part_of_date(in->op, a[i]);
    }
    chl_expr_merge_valid(m, in, 1, n);
}

static void part_of_micros(expr_machine *m, const expr_instr *in, int n)
{
    const int64_t *a = IN(int64_t, 0);
    int64_t *out = OUT(int64_t);
    bool clock = in->op == FN_HOUR || in->op == FN_MINUTE || in->op == FN_SECOND;
    for (int i = 0; i < n; i++) {
        out[i] = clock ? part_of_clock(in->op, a[i])
                       : part_of_date(in->op, chl_days_of_micros(a[i]));
    }
    chl_expr_merge_valid(m, in, 1, n);
}

/* ---- differences ---- */

static void days_between(expr_machine *m, const expr_instr *in, int n)
{
    const int32_t *a = IN(int32_t, 0), *b = IN(int32_t, 1);
    int64_t *out = OUT(int64_t);
    for (int i = 0; i < n; i++) {
        out[i] = (int64_t)b[i] - a[i];
    }
    chl_expr_merge_valid(m, in, 2, n);
}

static bool difference(int64_t from, int64_t to, double unit, double *value)
{
    int64_t micros;
    bool fits = !__builtin_sub_overflow(to, from, &micros);
    *value = fits ? (double)micros / unit : 0;
    return fits;
}

TRY_TWO(fractional_days_between, int64_t, int64_t, double,
        difference(x, y, (double)CHL_MICROS_PER_DAY, &value))
TRY_TWO(seconds_between, int64_t, int64_t, double,
        difference(x, y, (double)CHL_MICROS_PER_SECOND, &value))
TRY_TWO(months_between, int64_t, int64_t, int64_t, chl_months_between(x, y, &value))

/* ---- sums and truncation ---- */

static bool add_days(int32_t days, int64_t more, int32_t *out)
{
    int64_t sum;
    bool fits = !__builtin_add_overflow(days, more, &sum) && chl_days_in_range(sum);
    *out = fits ? (int32_t)sum : 0;
    return fits;
}

/* `more` units of `unit` microseconds. */
static bool add_units(int64_t micros, int64_t more, int64_t unit, int64_t *out)
{
    int64_t step;
    return !__builtin_mul_overflow(more, unit, &step) &&
           !__builtin_add_overflow(micros, step, out) && chl_micros_in_range(*out);
}

static bool add_fraction(int64_t micros, double seconds, int64_t *out)
{
    double step = round(seconds * (double)CHL_MICROS_PER_SECOND);
    return fabs(step) < 0x1p62 && add_units(micros, (int64_t)step, 1, out);
}

TRY_TWO(add_days_to_days, int32_t, int64_t, int32_t, add_days(x, y, &value))
TRY_TWO(add_days_to_micros, int64_t, int64_t, int64_t,
        add_units(x, y, CHL_MICROS_PER_DAY, &value))
TRY_TWO(add_months_to_days, int32_t, int64_t, int32_t, chl_days_add_months(x, y, &value))
TRY_TWO(add_months_to_micros, int64_t, int64_t, int64_t,
        chl_micros_add_months(x, y, &value))
TRY_TWO(add_seconds_i64, int64_t, int64_t, int64_t,
        add_units(x, y, CHL_MICROS_PER_SECOND, &value))
TRY_TWO(add_seconds_f64, int64_t, double, int64_t, add_fraction(x, y, &value))
TRY_ONE(truncate_days, int32_t, int32_t,
        chl_days_truncate(x, (chl_time_unit)in->k.i, &value))
TRY_ONE(truncate_micros, int64_t, int64_t,
        chl_micros_truncate(x, (chl_time_unit)in->k.i, &value))

/* ---- the table ---- */

expr_kernel *chl_expr_time_kernel(expr_fn fn, int operands)
{
    bool dates = operands == CHL_DATE;
    bool text = operands == CHL_STRING;
    switch (fn) {
    case FN_DATE: return text ? parse_date : dates ? NULL : days_from_micros;
    case FN_TIMESTAMP: return text ? parse_timestamp : NULL;
    case FN_PARSE_DATE: return parse_date;
    case FN_PARSE_TIMESTAMP: return parse_timestamp;
    case FN_FORMAT_TIME: return format_time;
    case FN_DATE_TRUNC: return dates ? truncate_days : truncate_micros;
    case FN_ADD_DAYS: return dates ? add_days_to_days : add_days_to_micros;
    case FN_ADD_MONTHS: return dates ? add_months_to_days : add_months_to_micros;
    case FN_ADD_SECONDS: return operands == CHL_F64 ? add_seconds_f64 : add_seconds_i64;
    case FN_DAYS_BETWEEN: return dates ? days_between : fractional_days_between;
    case FN_SECONDS_BETWEEN: return seconds_between;
    case FN_MONTHS_BETWEEN: return months_between;
    default: return dates ? part_of_days : part_of_micros;
    }
}
