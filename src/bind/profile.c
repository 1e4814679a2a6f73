/* SPDX-License-Identifier: MIT
 *
 * core.profile: figures of columns, correlations. Layer: bind.
 */
#include "core/table/profile.h"

#include "bind/frame_box.h"
#include "bind/modules.h"
#include "core/table/corr.h"

/*** Figures of columns and correlations: what `frame:profile` and `frame:corr` call.
 * @module churnlab.core.profile */

/*** Figures of a column of numbers, dates (as days) or timestamps (as microseconds).
 * @function core.profile.column
 * @tparam Column column
 * @treturn table `count`, `zeros`, `negatives`, `outliers`, `mean`, `std`, `skewness`,
 * `min`, `q05`, `q25`, `median`, `q75`, `q95`, `max`, and `histogram`: counts of bands of
 * equal width; nil what has no value
 * @raise "profile: expected a column of numbers, got category"
 * @usage core.profile.column(frame.Age).outliers >= 0 */
static int profile_column(lua_State *L)
{
    static const char *const names[] = {"min", "q05", "q25", "median",
                                        "q75", "q95", "max"};
    chl_error err = {0};
    chl_profile p;
    chlua_check(L, chl_column_profile(chlua_check_column(L, 1), &p, &err), &err);
    lua_createtable(L, 0, 16);
    chlua_set_integer(L, "count", p.count);
    chlua_set_integer(L, "zeros", p.zeros);
    chlua_set_integer(L, "negatives", p.negatives);
    chlua_set_integer(L, "outliers", p.outliers);
    chlua_set_number(L, "mean", p.mean);
    chlua_set_number(L, "std", p.std);
    chlua_set_number(L, "skewness", p.skewness);
    for (int i = 0; i < CHL_PROFILE_QUANTILES; i++) {
        chlua_set_number(L, names[i], p.quantiles[i]);
    }
    lua_createtable(L, p.bins, 0);
    for (int i = 0; i < p.bins; i++) {
        lua_pushinteger(L, p.histogram[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "histogram");
    return 1;
}

/*** Several quantiles of a column of numbers.
 * @function core.profile.quantiles
 * @tparam Column column
 * @tparam {number,...} shares 0 … 1
 * @treturn Column f64, one row a share; missing when there are no values
 * @usage core.profile.quantiles(frame.Age, { 0, 0.5 })[2] == frame.Age:median() */
static int profile_quantiles(lua_State *L)
{
    int64_t n;
    chl_error err = {0};
    const chl_column *column = chlua_check_column(L, 1);
    const double *shares = chlua_check_doubles(L, 2, &n);
    for (int64_t i = 0; i < n; i++) {
        luaL_argcheck(L, shares[i] >= 0 && shares[i] <= 1, 2,
                      "expected shares of 0 to 1");
    }
    chl_column *made = NULL;
    void **slot = chlua_new_box(L, CHLUA_COLUMN);
    chl_status status = chl_column_new(CHL_F64, n, true, &made, &err);
    *slot = made;
    chlua_check(L, status, &err);
    status = chl_column_quantiles(column, shares, n, made->values.f64, &err);
    chlua_check(L, status, &err);
    chl_column_seal(made);
    return 1;
}

/*** How many present cells of a column of text are dates or timestamps of a format.
 * @function core.profile.count_times
 * @tparam Column column
 * @tparam string format such as "%d/%m/%Y"
 * @treturn integer
 * @usage core.profile.count_times(core.column.new { "24/12/2026", "?" }, "%d/%m/%Y") == 1
 */
static int profile_count_times(lua_State *L)
{
    int64_t count;
    chl_error err = {0};
    chl_status status = chl_column_count_times(chlua_check_column(L, 1),
                                               luaL_checkstring(L, 2), &count, &err);
    chlua_check(L, status, &err);
    lua_pushinteger(L, count);
    return 1;
}

/*** Bytes that a column takes.
 * @function core.profile.bytes
 * @tparam Column column
 * @treturn integer
 * @usage core.profile.bytes(frame.Age) >= 8 * #frame */
static int profile_bytes(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)chl_column_bytes(chlua_check_column(L, 1)));
    return 1;
}

/*** Correlations of columns of numbers, each pair over the rows where both are present.
 * @function core.profile.corr
 * @tparam Frame frame
 * @tparam {string,...} names
 * @tparam[opt="pearson"] string method "pearson" or "spearman"
 * @treturn Frame `column` and one column for each name
 * @usage core.profile.corr(frame, { "Age", "Balance" }).Age[1] == 1 */
static int profile_corr(lua_State *L)
{
    static const char *const methods[] = {"pearson", "spearman", NULL};
    int n;
    const chl_frame *frame = chlua_check_frame(L, 1);
    chl_corr_method method = (chl_corr_method)luaL_checkoption(L, 3, "pearson", methods);
    const char *const *names = chlua_check_strings(L, 2, &n);
    CHLUA_RETURN_FRAME(L, chl_frame_corr(frame, names, n, method, &control, &made, &err));
}

void chlua_open_profile(lua_State *L)
{
    static const luaL_Reg functions[] = {{"column", profile_column},
                                         {"quantiles", profile_quantiles},
                                         {"count_times", profile_count_times},
                                         {"bytes", profile_bytes},
                                         {"corr", profile_corr},
                                         {NULL, NULL}};
    luaL_newlib(L, functions);
}
