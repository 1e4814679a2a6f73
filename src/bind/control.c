/* SPDX-License-Identifier: MIT
 *
 * Cancel flag, threads and the progress line; core.control. Layer: bind.
 */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/parallel.h"

/*** Threads, the progress line and a clock, for scripts that measure.
 * @module churnlab.core.control */

enum { REDRAW_MS = 100, SHOW_AFTER_MS = 300, BAR = 24 };

static const char settings_key = 'c'; /* its address keys the registry */

typedef struct settings {
    const volatile sig_atomic_t *cancel;
    int threads;
    int progress; /* draw the line where stderr is a terminal */
    double started, drawn;
    int visible;
} settings;

static settings *get_settings(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &settings_key);
    settings *s = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return s;
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void draw(void *ctx, double fraction, const char *text)
{
    settings *s = ctx;
    double now = now_ms();
    if (now - s->drawn < REDRAW_MS || now - s->started < SHOW_AFTER_MS) {
        return;
    }
    s->drawn = now;
    s->visible = 1;
    char bar[BAR + 1];
    for (int i = 0; i < BAR; i++) {
        bar[i] = (i + 0.5) / BAR < fraction ? '#' : '.';
    }
    bar[BAR] = '\0';
    double left =
        fraction > 0.01 ? (now - s->started) / fraction * (1 - fraction) / 1e3 : -1;
    fprintf(stderr, "\r[%s] %3.0f%%  ", bar, 100 * fraction);
    if (left >= 0) {
        fprintf(stderr, "%.0f s left  ", left);
    }
    fprintf(stderr, "%s\033[K", text);
    fflush(stderr);
}

void chlua_control(lua_State *L, chl_control *control)
{
    settings *s = get_settings(L);
    s->started = now_ms();
    s->drawn = 0;
    *control = (chl_control){.cancel = s->cancel, .threads = s->threads, .ctx = s};
    if (s->progress) {
        control->report = draw;
    }
}

void chlua_control_done(lua_State *L)
{
    settings *s = get_settings(L);
    if (s->visible) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        s->visible = 0;
    }
}

void chlua_set_cancel_flag(lua_State *L, const volatile sig_atomic_t *flag)
{
    get_settings(L)->cancel = flag;
}

/*** How many threads long work may use; with an argument sets it.
 * @function core.control.threads
 * @tparam[opt] integer n at least 1
 * @treturn integer the number in force
 * @usage core.control.threads() >= 1 */
static int control_threads(lua_State *L)
{
    settings *s = get_settings(L);
    if (!lua_isnoneornil(L, 1)) {
        lua_Integer n = luaL_checkinteger(L, 1);
        luaL_argcheck(L, n >= 1 && n <= 256, 1, "expected 1 to 256 threads");
        s->threads = (int)n;
    }
    lua_pushinteger(L, s->threads);
    return 1;
}

/*** Switches the progress line on or off.
 * @function core.control.progress
 * @tparam boolean on
 * @usage core.control.progress(false) */
static int control_progress(lua_State *L)
{
    get_settings(L)->progress = lua_toboolean(L, 1);
    return 0;
}

/*** A clock that never goes back, for measuring (os.clock counts processor time).
 * @function core.control.clock
 * @treturn number seconds since some point in the past
 * @usage core.control.clock() <= core.control.clock() */
static int control_clock(lua_State *L)
{
    lua_pushnumber(L, now_ms() / 1e3);
    return 1;
}

void chlua_open_control(lua_State *L)
{
    static const luaL_Reg functions[] = {{"threads", control_threads},
                                         {"progress", control_progress},
                                         {"clock", control_clock},
                                         {NULL, NULL}};
    settings *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (settings){.threads = chl_processors(), .progress = isatty(STDERR_FILENO)};
    lua_rawsetp(L, LUA_REGISTRYINDEX, &settings_key);
    luaL_newlib(L, functions);
}
