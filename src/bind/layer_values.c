/* SPDX-License-Identifier: MIT
 *
 * Numbers to and from layers written in Lua. Layer: bind.
 */
#include <string.h>

#include "bind/chlua.h"
#include "bind/layer.h"

void chlua_push_numbers(lua_State *L, const double *data, int64_t rows, int64_t cols)
{
    chl_error err = {0};
    chl_matrix *m = chlua_push_matrix(L);
    chlua_check(L, chl_matrix_init(m, rows, cols, &err), &err);
    size_t bytes = (size_t)(rows * cols) * sizeof *data;
    memcpy(m->data, data, bytes);
    chlua_account(L, bytes);
}

typedef struct wanted {
    const char *function, *what;
    int64_t rows, cols;
} wanted;

static chl_status wrong_shape(const wanted *w, int64_t rows, int64_t cols, chl_error *err)
{
    return chl_fail(err, CHL_EINVAL,
                    "layer '%s': %s: expected %lld x %lld numbers, got %lld x %lld",
                    w->function, w->what, (long long)w->rows, (long long)w->cols,
                    (long long)rows, (long long)cols);
}

/* The number on top of the stack. */
static chl_status take_number(lua_State *L, const wanted *w, int64_t row, double *slot,
                              chl_error *err)
{
    if (lua_type(L, -1) != LUA_TNUMBER) {
        return chl_fail(err, CHL_ETYPE,
                        "layer '%s': %s: row %lld: expected a number, got %s",
                        w->function, w->what, (long long)row + 1, luaL_typename(L, -1));
    }
    *slot = lua_tonumber(L, -1);
    return CHL_OK;
}

/* The row on top of the stack. */
static chl_status take_row(lua_State *L, const wanted *w, int64_t row, double *to,
                           chl_error *err)
{
    if (w->cols == 1 && lua_type(L, -1) == LUA_TNUMBER) {
        return take_number(L, w, row, to, err);
    }
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) != (lua_Unsigned)w->cols) {
        return chl_fail(err, CHL_ETYPE,
                        "layer '%s': %s: row %lld: expected a list of %lld numbers",
                        w->function, w->what, (long long)row + 1, (long long)w->cols);
    }
    chl_status status = CHL_OK;
    for (int64_t j = 0; j < w->cols && status == CHL_OK; j++) {
        lua_rawgeti(L, -1, j + 1);
        status = take_number(L, w, row, &to[j], err);
        lua_pop(L, 1);
    }
    return status;
}

chl_status chlua_layer_take(lua_State *L, const char *function, const char *what,
                            int64_t rows, int64_t cols, double *data, chl_error *err)
{
    wanted w = {function, what, rows, cols};
    const chl_matrix *m = chlua_test_box(L, -1, CHLUA_MATRIX);
    if (m) {
        if (m->rows != rows || m->cols != cols) {
            return wrong_shape(&w, m->rows, m->cols, err);
        }
        memcpy(data, m->data, (size_t)(rows * cols) * sizeof *data);
        return CHL_OK;
    }
    if (!lua_istable(L, -1) || lua_rawlen(L, -1) != (lua_Unsigned)rows) {
        return chl_fail(err, CHL_ETYPE,
                        "layer '%s': %s: expected a matrix or a list of %lld rows, got a "
                        "%s",
                        function, what, (long long)rows,
                        lua_istable(L, -1) ? "list of another length"
                                           : luaL_typename(L, -1));
    }
    chl_status status = CHL_OK;
    for (int64_t i = 0; i < rows && status == CHL_OK; i++) {
        lua_rawgeti(L, -1, i + 1);
        status = take_row(L, &w, i, data + i * cols, err);
        lua_pop(L, 1);
    }
    return status;
}
