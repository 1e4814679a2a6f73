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
    int jobs; /* open jobs: what they call stays silent */
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

static void start_clock(settings *s)
{
    s->started = now_ms();
    s->drawn = 0;
}

void chlua_control(lua_State *L, chl_control *control)
{
    settings *s = get_settings(L);
    if (s->jobs == 0) {
        start_clock(s);
    }
    *control = (chl_control){.cancel = s->cancel, .threads = s->threads, .ctx = s};
    if (s->progress && s->jobs == 0) {
        control->report = draw;
    }
}

static void erase(settings *s)
{
    if (s->visible && s->jobs == 0) {
        fputs("\r\033[K", stderr);
        fflush(stderr);
        s->visible = 0;
    }
}

void chlua_control_done(lua_State *L)
{
    erase(get_settings(L));
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

/*** Work of many calls with one progress line: while a job is open, the calls in it show
 * none of their own.
 * @function core.control.job
 * @tparam string text what the line says
 * @treturn Job
 * @usage
 * do
 *   local job <close> = core.control.job("scan")
 *   job:report(0.5)
 * end */
static int control_job(lua_State *L)
{
    luaL_checkstring(L, 1);
    settings *s = get_settings(L);
    int *open = lua_newuserdatauv(L, sizeof *open, 1);
    *open = 0;
    luaL_setmetatable(L, CHLUA_JOB);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1);
    if (s->jobs == 0) {
        start_clock(s);
    }
    *open = 1;
    s->jobs++;
    return 1;
}

/*** @type Job */

/*** Draws the line, if it is time.
 * @function Job:report
 * @tparam number fraction from 0 to 1
 * @usage core.control.job("scan"):report(0.5) */
static int job_report(lua_State *L)
{
    const int *open = luaL_checkudata(L, 1, CHLUA_JOB);
    double fraction = luaL_checknumber(L, 2);
    settings *s = get_settings(L);
    lua_getiuservalue(L, 1, 1);
    if (*open && s->progress) {
        draw(s, fraction, lua_tostring(L, -1));
    }
    return 0;
}

/*** Ends the job and its line; the end of a `<close>` variable does it, too.
 * @function Job:close
 * @usage core.control.job("scan"):close() */
static int job_close(lua_State *L)
{
    int *open = luaL_checkudata(L, 1, CHLUA_JOB);
    settings *s = get_settings(L);
    if (*open) {
        *open = 0;
        s->jobs--;
        erase(s);
    }
    return 0;
}

void chlua_open_control(lua_State *L)
{
    static const luaL_Reg job_methods[] = {
        {"report", job_report}, {"close", job_close}, {NULL, NULL}};
    static const luaL_Reg job_meta[] = {
        {"__gc", job_close}, {"__close", job_close}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"threads", control_threads},
                                         {"progress", control_progress},
                                         {"clock", control_clock},
                                         {"job", control_job},
                                         {NULL, NULL}};
    settings *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (settings){.threads = chl_processors(), .progress = isatty(STDERR_FILENO)};
    lua_rawsetp(L, LUA_REGISTRYINDEX, &settings_key);
    chlua_register(L, CHLUA_JOB, job_methods, job_meta);
    luaL_newlib(L, functions);
}
