/* SPDX-License-Identifier: MIT
 *
 * The observation dates: given one by one, or from … to in steps. Layer: core/table.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/options.h"
#include "core/data/times.h"
#include "core/table/windows_plan.h"

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static chl_status read_list(windows_plan *plan, const json_t *list, chl_error *err)
{
    size_t n = json_array_size(list);
    if (n < 1 || n > WINDOWS_CUTOFFS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        "windows: option 'cutoffs': expected 1 to %d dates, got %zu",
                        (int)WINDOWS_CUTOFFS_MAX, n);
    }
    plan->cutoffs = chl_alloc(n, sizeof *plan->cutoffs);
    if (!plan->cutoffs) {
        return chl_fail_memory(err);
    }
    for (size_t i = 0; i < n; i++) {
        char what[48];
        snprintf(what, sizeof what, "option 'cutoffs': item %zu", i + 1);
        CHL_TRY(windows_parse_time(&plan->clock, json_array_get(list, i), what,
                                   &plan->cutoffs[i], err));
    }
    qsort(plan->cutoffs, n, sizeof *plan->cutoffs, compare_times);
    for (size_t i = 1; i < n; i++) {
        if (plan->cutoffs[i] == plan->cutoffs[i - 1]) {
            return chl_fail(err, CHL_EINVAL,
                            "windows: option 'cutoffs': a date occurs twice");
        }
    }
    plan->n_cutoffs = (int)n;
    return CHL_OK;
}

/* ---- from … to ---- */

typedef struct raw_range {
    const json_t *from, *to, *every;
} raw_range;

typedef struct step {
    int months;   /* calendar months, or 0 */
    int64_t days; /* days otherwise */
} step;

static chl_status read_step(const json_t *every, step *by, chl_error *err)
{
    static const struct {
        const char *word;
        step by;
    } words[] = {{"day", {0, 1}},
                 {"week", {0, 7}},
                 {"month", {1, 0}},
                 {"quarter", {3, 0}},
                 {"year", {12, 0}}};
    if (json_is_integer(every) && json_integer_value(every) >= 1 &&
        json_integer_value(every) <= 36525) {
        *by = (step){0, json_integer_value(every)};
        return CHL_OK;
    }
    for (size_t i = 0; json_is_string(every) && i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(json_string_value(every), words[i].word) == 0) {
            *by = words[i].by;
            return CHL_OK;
        }
    }
    return chl_fail(err, CHL_EINVAL,
                    "windows: cutoffs: every: expected \"day\", \"week\", \"month\", "
                    "\"quarter\", \"year\" or a number of days, got %s",
                    json_is_string(every) ? json_string_value(every)
                                          : chl_json_type_name(every));
}

/* The k-th date counted from `from`, never from the one before: the 31st stays the last
 * of the month after a February. false when it leaves the calendar. */
static bool nth(const window_clock *clock, int64_t from, const step *by, int64_t k,
                int64_t *time)
{
    *time = from + k * by->days * clock->day;
    return by->months == 0 ||
           chl_time_add_months(clock->type, from, k * by->months, time);
}

static chl_status read_range(windows_plan *plan, const json_t *range, chl_error *err)
{
    static const chl_option table[] = {
        {"from", CHL_OPT_JSON, offsetof(raw_range, from), 0, 0, NULL, 1},
        {"to", CHL_OPT_JSON, offsetof(raw_range, to), 0, 0, NULL, 1},
        {"every", CHL_OPT_JSON, offsetof(raw_range, every), 0, 0, NULL, 1},
        {NULL, 0, 0, 0, 0, NULL, 0}};
    raw_range raw = {0};
    int64_t from = 0, to = 0, n = 0, time;
    step by = {0, 0};
    CHL_TRY(chl_options_read(range, "windows: cutoffs", table, &raw, err));
    CHL_TRY(windows_parse_time(&plan->clock, raw.from, "cutoffs: from", &from, err));
    CHL_TRY(windows_parse_time(&plan->clock, raw.to, "cutoffs: to", &to, err));
    CHL_TRY(read_step(raw.every, &by, err));
    while (n <= WINDOWS_CUTOFFS_MAX && nth(&plan->clock, from, &by, n, &time) &&
           time <= to) {
        n++;
    }
    if (n < 1 || n > WINDOWS_CUTOFFS_MAX) {
        return chl_fail(err, CHL_EINVAL,
                        n < 1 ? "windows: cutoffs: expected 'to' not before 'from'"
                              : "windows: cutoffs: expected at most %d dates",
                        (int)WINDOWS_CUTOFFS_MAX);
    }
    plan->cutoffs = chl_alloc((size_t)n, sizeof *plan->cutoffs);
    if (!plan->cutoffs) {
        return chl_fail_memory(err);
    }
    plan->n_cutoffs = (int)n;
    for (int64_t k = 0; k < n; k++) {
        (void)nth(&plan->clock, from, &by, k, &plan->cutoffs[k]); /* it did above */
    }
    return CHL_OK;
}

chl_status windows_plan_cutoffs(windows_plan *plan, const json_t *cutoffs, chl_error *err)
{
    if (json_is_object(cutoffs)) {
        return read_range(plan, cutoffs, err);
    }
    if (json_is_array(cutoffs)) {
        return read_list(plan, cutoffs, err);
    }
    return chl_fail(err, CHL_ETYPE,
                    "windows: option 'cutoffs': expected a list of dates or { from =, to "
                    "=, every = }, got %s",
                    chl_json_type_name(cutoffs));
}
