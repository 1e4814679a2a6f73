/* SPDX-License-Identifier: MIT
 *
 * A small frame of all types for the tests of expressions and groups.
 *
 *   row  Age  Balance  Active  Country  Name     Since        Big      (and At)
 *   0    42   0.5      true    France   "Ann"    2020-01-15   2^53+1
 *   1    NA   100      false   Spain    "bob"    2021-06-30   -5
 *   2    30   NA       NA      NA       NA       NA           9223372036854775807
 *   3    -7   -2.25    true    France   ""       1999-12-31   0
 *   4    60   1e300    false   Germany  "Zoé x"  2024-02-29   -9223372036854775808
 *
 * At: 2020-01-15 22:30:00.5, 0000-01-01, NA, 1969-12-31 23:59:59.999999, 9999-12-31 12:00
 */
#ifndef EXPR_FIXTURE_H
#define EXPR_FIXTURE_H

#include "core/data/builder.h"
#include "core/data/calendar.h"
#include "core/expr/expr.h"
#include "core/data/frame.h"

enum { FIXTURE_ROWS = 5, FIXTURE_COLUMNS = 8 };

/* Aborts the test program's run by returning NULL when memory is out. */
static inline chl_frame *fixture_frame(void)
{
    static const char *const names[FIXTURE_COLUMNS] = {
        "Age", "Balance", "Active", "Country", "Name", "Since", "Big", "At"};
    static const chl_type types[FIXTURE_COLUMNS] = {CHL_I64,      CHL_F64,      CHL_BOOL,
                                                    CHL_CATEGORY, CHL_STRING,   CHL_DATE,
                                                    CHL_I64,      CHL_TIMESTAMP};
    static const int64_t ages[] = {42, 0, 30, -7, 60};
    static const double balances[] = {0.5, 100, 0, -2.25, 1e300};
    static const bool active[] = {true, false, false, true, false};
    static const char *const countries[] = {"France", "Spain", "", "France", "Germany"};
    static const char *const people[] = {"Ann", "bob", NULL, "", "Zoé x"};
    static const char *const since[] = {"2020-01-15", "2021-06-30", "", "1999-12-31",
                                        "2024-02-29"};
    static const int64_t big[] = {9007199254740993, -5, INT64_MAX, 0, INT64_MIN};
    static const char *const moments[] = {"2020-01-15 22:30:00.5", "0000-01-01", "",
                                          "1969-12-31 23:59:59.999999",
                                          "9999-12-31 12:00"};
    chl_column *columns[FIXTURE_COLUMNS] = {0};
    chl_status bad = CHL_OK;
    for (int c = 0; c < FIXTURE_COLUMNS && bad == CHL_OK; c++) {
        chl_builder b;
        bad = chl_builder_init(&b, types[c], NULL, NULL);
        for (int i = 0; i < FIXTURE_ROWS && bad == CHL_OK; i++) {
            int32_t days = 0;
            bool missing = (c == 0 && i == 1) || (i == 2 && c > 0 && c != 6);
            int64_t micros = 0;
            if (missing) {
                bad = chl_builder_null(&b, NULL);
                continue;
            }
            switch (c) {
            case 0: bad = chl_builder_i64(&b, ages[i], NULL); break;
            case 1: bad = chl_builder_f64(&b, balances[i], NULL); break;
            case 2: bad = chl_builder_bool(&b, active[i], NULL); break;
            case 3:
                bad = chl_builder_text(&b, countries[i], strlen(countries[i]), NULL);
                break;
            case 4: bad = chl_builder_text(&b, people[i], strlen(people[i]), NULL); break;
            case 5:
                (void)chl_date_parse(since[i], 10, &days);
                bad = chl_builder_days(&b, days, NULL);
                break;
            case 6: bad = chl_builder_i64(&b, big[i], NULL); break;
            default:
                (void)chl_timestamp_parse(moments[i], strlen(moments[i]), &micros);
                bad = chl_builder_micros(&b, micros, NULL);
                break;
            }
        }
        if (bad == CHL_OK) {
            bad = chl_builder_finish(&b, &columns[c], NULL);
        }
        chl_builder_reset(&b);
    }
    chl_frame *frame = NULL;
    if (bad == CHL_OK) {
        bad = chl_frame_new(names, columns, FIXTURE_COLUMNS, &frame, NULL);
    }
    for (int c = 0; c < FIXTURE_COLUMNS; c++) {
        chl_column_release(columns[c]);
    }
    return bad == CHL_OK ? frame : NULL;
}

#endif
