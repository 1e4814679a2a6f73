/* SPDX-License-Identifier: MIT
 *
 * core.sandbox: runs untrusted Lua text in a state of its own. Layer: bind.
 *
 * The text sees the names of one trusted vocabulary and nothing else: no standard
 * library, no string methods, no metatables. An allocator caps its memory. A hook on
 * instructions and lines counts its work and its processor time; once it fires it is
 * re-armed for every line, so that no protected call swallows it. The result leaves as
 * plain data, limited in depth and size. The state is closed on every path.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bind/chlua.h"
#include "bind/modules.h"
#include "core/base/alloc.h"
#include "core/base/nearest.h"

/*** Runs untrusted Lua text in a state of its own. The text sees the names of one trusted
 * vocabulary and nothing else: no standard library, no string methods, no metatables. Its
 * memory, instructions and processor time are limited, and no protected call swallows an
 * end by a limit. The result leaves as plain data.
 * @module churnlab.core.sandbox */

enum { HOOK_EVERY = 1000, DEPTH_MAX = 16, VALUES_MAX = 200000, TEXT_MAX = 1 << 20 };

typedef struct sandbox {
    lua_State *state;    /* NULL once closed */
    size_t used, memory; /* bytes in use, cap */
    int64_t steps, instructions;
    double deadline, seconds; /* thread processor time */
    const volatile sig_atomic_t *cancel;
    int line;           /* the text's line that ran last; 0 before the first */
    char killed[96];    /* why the hook ended the run; empty while it did not */
    const char *name;   /* for messages, borrowed */
    const char *source; /* "@" and the name, borrowed */
    const char *text, *prelude;
    size_t text_length, prelude_length;
} sandbox;

static double processor_time(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *allocate(void *ud, void *block, size_t old_size, size_t new_size)
{
    sandbox *s = ud;
    size_t old = block ? old_size : 0; /* without a block Lua passes a type there */
    if (new_size == 0) {
        chl_free(block);
        s->used -= old;
        return NULL;
    }
    if (new_size > old && new_size - old > s->memory - s->used) {
        return NULL;
    }
    void *moved = chl_realloc(block, new_size, 1);
    if (!moved) {
        return new_size <= old ? block : NULL; /* Lua counts on shrinking */
    }
    s->used = s->used - old + new_size;
    return moved;
}

static sandbox *get_sandbox(lua_State *C)
{
    void *ud;
    lua_getallocf(C, &ud);
    return ud;
}

/* ---- positions and errors inside ---- */

/* The line of the untrusted text that is running, or 0. */
static int running_line(lua_State *C)
{
    const sandbox *s = get_sandbox(C);
    lua_Debug info;
    for (int level = 0; lua_getstack(C, level, &info); level++) {
        lua_getinfo(C, "Sl", &info);
        if (info.currentline > 0 && strcmp(info.source, s->source) == 0) {
            return info.currentline;
        }
    }
    return 0;
}

/* Raises the message on top of the stack as "name:line: message". */
static int fail_here(lua_State *C)
{
    const sandbox *s = get_sandbox(C);
    int line = running_line(C);
    const char *message = lua_tostring(C, -1);
    if (line > 0) {
        lua_pushfstring(C, "%s:%d: %s", s->name, line, message);
    } else {
        lua_pushfstring(C, "%s: %s", s->name, message);
    }
    return lua_error(C);
}

static void kill_run(lua_State *C, lua_Debug *where)
{
    (void)where;
    lua_pushstring(C, get_sandbox(C)->killed);
    fail_here(C);
}

static int is_over(sandbox *s)
{
    if (s->steps > s->instructions) {
        snprintf(s->killed, sizeof s->killed, "stopped: more than %lld instructions",
                 (long long)s->instructions);
    } else if (processor_time() > s->deadline) {
        snprintf(s->killed, sizeof s->killed, "stopped: more than %g s of processor time",
                 s->seconds);
    } else if (s->cancel && *s->cancel) {
        snprintf(s->killed, sizeof s->killed, "interrupted");
    }
    return s->killed[0] != '\0';
}

static void watch(lua_State *C, lua_Debug *where)
{
    sandbox *s = get_sandbox(C);
    if (where->event == LUA_HOOKLINE) {
        lua_getinfo(C, "S", where);
        s->line = strcmp(where->source, s->source) == 0 ? where->currentline : s->line;
        return;
    }
    s->steps += HOOK_EVERY;
    if (is_over(s)) {
        lua_sethook(C, kill_run, LUA_MASKCALL | LUA_MASKLINE | LUA_MASKCOUNT, 1);
        kill_run(C, where);
    }
}

/* ---- the kit: what a vocabulary may use ---- */

/*** What a vocabulary may use.
 * @type kit */

/*** The line of the untrusted text that is running.
 * @function kit.here
 * @treturn integer */
static int kit_here(lua_State *C)
{
    lua_pushinteger(C, running_line(C));
    return 1;
}

/*** Raises "name:line: message".
 * @function kit.fail
 * @tparam string message */
static int kit_fail(lua_State *C)
{
    luaL_checkstring(C, 1);
    lua_settop(C, 1);
    return fail_here(C);
}

static int kit_type(lua_State *C)
{
    luaL_checkany(C, 1);
    lua_pushstring(C, luaL_typename(C, 1));
    return 1;
}

static int kit_next(lua_State *C)
{
    luaL_checktype(C, 1, LUA_TTABLE);
    lua_settop(C, 2);
    return lua_next(C, 1) ? 2 : 0;
}

/* Finalizers are refused: Lua runs them without hooks, so nothing could stop them. */
static int kit_setmetatable(lua_State *C)
{
    luaL_checktype(C, 1, LUA_TTABLE);
    luaL_checktype(C, 2, LUA_TTABLE);
    lua_settop(C, 2);
    lua_pushliteral(C, "__gc");
    luaL_argcheck(C, lua_rawget(C, 2) == LUA_TNIL, 2, "__gc is not allowed");
    lua_pop(C, 1);
    lua_setmetatable(C, 1);
    return 1;
}

static int kit_tostring(lua_State *C)
{
    luaL_checkany(C, 1);
    luaL_tolstring(C, 1, NULL);
    return 1;
}

static int kit_pcall(lua_State *C)
{
    luaL_checkany(C, 1);
    int status = lua_pcall(C, lua_gettop(C) - 1, LUA_MULTRET, 0);
    lua_pushboolean(C, status == LUA_OK);
    lua_insert(C, 1);
    return lua_gettop(C);
}

static const luaL_Reg kit[] = {{"here", kit_here},
                               {"fail", kit_fail},
                               {"type", kit_type},
                               {"next", kit_next},
                               {"setmetatable", kit_setmetatable},
                               {"tostring", kit_tostring},
                               {"pcall", kit_pcall},
                               {NULL, NULL}};

/* ---- the environment of the text: reads known names, sets none ---- */

static const char *nearest_name(lua_State *C, const char *name, int names)
{
    size_t n = 0;
    lua_pushnil(C);
    for (; lua_next(C, names); lua_pop(C, 1)) {
        n++;
    }
    const char **list = lua_newuserdatauv(C, (n + 1) * sizeof *list, 0);
    n = 0;
    lua_pushnil(C);
    for (; lua_next(C, names); lua_pop(C, 1)) {
        if (lua_type(C, -2) == LUA_TSTRING) {
            list[n++] = lua_tostring(C, -2); /* the vocabulary keeps it alive */
        }
    }
    return chl_nearest(name, list, n);
}

static int env_index(lua_State *C)
{
    lua_pushvalue(C, 2);
    if (lua_rawget(C, lua_upvalueindex(1)) != LUA_TNIL) {
        return 1;
    }
    const char *name = luaL_tolstring(C, 2, NULL);
    const char *near = nearest_name(C, name, lua_upvalueindex(1));
    if (near) {
        lua_pushfstring(C, "unknown name '%s' (did you mean '%s'?)", name, near);
    } else {
        lua_pushfstring(C, "unknown name '%s' (a text is written in quotes: \"%s\")",
                        name, name);
    }
    return fail_here(C);
}

static int env_newindex(lua_State *C)
{
    lua_pushfstring(C, "name '%s' cannot be set (write: local %s = …)",
                    luaL_tolstring(C, 2, NULL), luaL_tolstring(C, 2, NULL));
    return fail_here(C);
}

/* Pushes the environment for the vocabulary's names at `names`. */
static void push_environment(lua_State *C, int names)
{
    lua_newtable(C);
    lua_newtable(C);
    lua_pushvalue(C, names);
    lua_pushcclosure(C, env_index, 1);
    lua_setfield(C, -2, "__index");
    lua_pushcfunction(C, env_newindex);
    lua_setfield(C, -2, "__newindex");
    lua_setmetatable(C, -2);
}

/* ---- the run, inside a protected call of the sandboxed state ---- */

static void load_chunk(lua_State *C, const char *bytes, size_t n, const char *source,
                       const char *mode)
{
    if (luaL_loadbufferx(C, bytes, n, source, mode) != LUA_OK) {
        lua_error(C);
    }
}

static int run_inside(lua_State *C)
{
    sandbox *s = lua_touserdata(C, 1);
    lua_settop(C, 0);
    lua_sethook(C, watch, LUA_MASKLINE | LUA_MASKCOUNT, HOOK_EVERY);
    load_chunk(C, s->prelude, s->prelude_length, "=vocabulary", "b");
    luaL_newlib(C, kit);
    lua_call(C, 1, 2); /* names, finish */
    luaL_checktype(C, 1, LUA_TTABLE);
    luaL_checktype(C, 2, LUA_TFUNCTION);
    load_chunk(C, s->text, s->text_length, s->source, "t");
    push_environment(C, 1);
    lua_setupvalue(C, 3, 1);
    lua_call(C, 0, 0);
    lua_call(C, 0, 1);
    return 1;
}

/* ---- the result, copied value by value into the caller's state ---- */

typedef struct copier {
    lua_State *from, *to;
    int values;      /* copied so far */
    const char *why; /* set on failure */
} copier;

static int copy_value(copier *c, int depth);

static int copy_table(copier *c, int depth)
{
    if (depth >= DEPTH_MAX || !lua_checkstack(c->from, 8)) {
        c->why = "the result is nested too deeply";
        return 0;
    }
    luaL_checkstack(c->to, 8, "sandbox result");
    lua_newtable(c->to);
    lua_pushnil(c->from);
    while (lua_next(c->from, -2)) {
        lua_pushvalue(c->from, -2);
        if (!copy_value(c, depth + 1)) {
            return 0;
        }
        lua_pop(c->from, 1);
        if (!copy_value(c, depth + 1)) {
            return 0;
        }
        lua_pop(c->from, 1);
        lua_rawset(c->to, -3);
    }
    return 1;
}

/* Copies the value on top of `from`. Nothing in it can raise in the sandboxed state. */
static int copy_value(copier *c, int depth)
{
    if (++c->values > VALUES_MAX) {
        c->why = "the result holds too many values";
        return 0;
    }
    switch (lua_type(c->from, -1)) {
    case LUA_TNIL: lua_pushnil(c->to); return 1;
    case LUA_TBOOLEAN: lua_pushboolean(c->to, lua_toboolean(c->from, -1)); return 1;
    case LUA_TNUMBER:
        if (lua_isinteger(c->from, -1)) {
            lua_pushinteger(c->to, lua_tointeger(c->from, -1));
        } else {
            lua_pushnumber(c->to, lua_tonumber(c->from, -1));
        }
        return 1;
    case LUA_TSTRING: {
        size_t length;
        const char *text = lua_tolstring(c->from, -1, &length);
        lua_pushlstring(c->to, text, length);
        return 1;
    }
    case LUA_TTABLE: return copy_table(c, depth);
    default: c->why = "the result holds a function"; return 0;
    }
}

/* ---- core.sandbox.run ---- */

static void close_sandbox(sandbox *s)
{
    if (s->state) {
        lua_close(s->state);
        s->state = NULL;
    }
}

static int sandbox_gc(lua_State *L)
{
    close_sandbox(luaL_checkudata(L, 1, CHLUA_SANDBOX));
    return 0;
}

typedef struct dumper {
    luaL_Buffer buffer;
    int begun;
} dumper;

/* The buffer starts here, because lua_dump wants the function on top of the stack. */
static int append_bytes(lua_State *L, const void *bytes, size_t n, void *ud)
{
    dumper *d = ud;
    if (!d->begun) {
        d->begun = 1;
        luaL_buffinit(L, &d->buffer);
    }
    luaL_addlstring(&d->buffer, bytes, n);
    return 0;
}

/* Pushes the vocabulary as bytecode, which this process has compiled itself. */
static const char *push_prelude(lua_State *L, int arg, size_t *length)
{
    luaL_checktype(L, arg, LUA_TFUNCTION);
    luaL_argcheck(L, !lua_iscfunction(L, arg) && !lua_getupvalue(L, arg, 1), arg,
                  "expected a Lua function that uses its parameters only");
    dumper d = {.begun = 0};
    lua_pushvalue(L, arg);
    lua_dump(L, append_bytes, &d, 0);
    luaL_pushresult(&d.buffer);
    lua_remove(L, -2);
    return lua_tolstring(L, -1, length);
}

/* A positive number from the options at `arg`. */
static double get_limit(lua_State *L, int arg, const char *name, double otherwise)
{
    if (lua_isnoneornil(L, arg)) {
        return otherwise;
    }
    lua_getfield(L, arg, name);
    double value = lua_isnil(L, -1) ? otherwise : lua_tonumber(L, -1);
    lua_pop(L, 1);
    luaL_argcheck(L, value > 0 && value <= 1e12, arg, "expected limits above 0");
    return value;
}

static sandbox *new_sandbox(lua_State *L)
{
    sandbox *s = lua_newuserdatauv(L, sizeof *s, 0);
    *s = (sandbox){.state = NULL};
    luaL_setmetatable(L, CHLUA_SANDBOX);
    chl_control control;
    chlua_control(L, &control);
    s->cancel = control.cancel;
    s->instructions = (int64_t)get_limit(L, 4, "instructions", 2e6);
    s->memory = (size_t)get_limit(L, 4, "memory", 16 << 20);
    s->seconds = get_limit(L, 4, "seconds", 1);
    s->text = luaL_checklstring(L, 1, &s->text_length);
    s->name = luaL_checkstring(L, 2);
    s->source = lua_pushfstring(L, "@%s", s->name);
    s->prelude = push_prelude(L, 3, &s->prelude_length);
    return s;
}

/* Pushes nil and "name:line: message", or "name: message" before the first line ran. */
static int push_message(lua_State *L, const sandbox *s, const char *message)
{
    lua_pushnil(L);
    if (s->line > 0) {
        lua_pushfstring(L, "%s:%d: %s", s->name, s->line, message);
    } else {
        lua_pushfstring(L, "%s: %s", s->name, message);
    }
    return 2;
}

/* Pushes nil and the message for a run that ended with `status`. */
static int push_failure(lua_State *L, const sandbox *s, int status)
{
    char text[96];
    if (status == LUA_ERRMEM) {
        snprintf(text, sizeof text, "stopped: more than %g MiB of memory",
                 (double)s->memory / (1 << 20));
        return push_message(L, s, text);
    }
    if (lua_type(s->state, -1) != LUA_TSTRING) {
        snprintf(text, sizeof text, "the error is no text but a %s",
                 luaL_typename(s->state, -1));
        return push_message(L, s, text);
    }
    const char *message = lua_tostring(s->state, -1);
    if (strncmp(message, s->name, strlen(s->name)) != 0) {
        return push_message(L, s, message); /* Lua gives "C stack overflow" no place */
    }
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

static int run_sandbox(lua_State *L, sandbox *s)
{
    if (s->text_length > TEXT_MAX) {
        return push_message(L, s, "the text is longer than 1 MiB");
    }
    if (s->text_length > 0 && s->text[0] == LUA_SIGNATURE[0]) {
        return push_message(L, s, "expected Lua text, got bytecode");
    }
    s->deadline = processor_time() + s->seconds;
    s->state = lua_newstate(allocate, s);
    if (!s->state) {
        return push_failure(L, s, LUA_ERRMEM);
    }
    lua_pushcfunction(s->state, run_inside);
    lua_pushlightuserdata(s->state, s);
    int status = lua_pcall(s->state, 1, 1, 0);
    if (status != LUA_OK) {
        return push_failure(L, s, status);
    }
    copier c = {.from = s->state, .to = L};
    return copy_value(&c, 0) ? 1 : push_message(L, s, c.why);
}

/*** @section end */

/*** Runs untrusted Lua text in a state of its own and returns its result as plain data.
 * The vocabulary is a Lua function that uses nothing but its parameter, the kit (here,
 * fail, type, next, setmetatable, tostring, pcall); it returns the table of names that
 * the text may read, and a function that gives the result once the text has run.
 * @function core.sandbox.run
 * @tparam string text at most 1 MiB; bytecode is refused
 * @tparam string name for messages, which read "name:line: …"
 * @tparam function vocabulary
 * @tparam[opt] table limits `instructions` (2e6), `memory` in bytes (16 MiB), `seconds`
 * of processor time (1)
 * @return the result, or nil and a message
 * @usage core.sandbox.run("greet 'you'", "hello.lua", function(kit)
 *   local said
 *   return { greet = function(name) said = name end }, function() return said end
 * end) */
static int sandbox_run(lua_State *L)
{
    lua_settop(L, 4);
    sandbox *s = new_sandbox(L);
    int results = run_sandbox(L, s);
    close_sandbox(s);
    return results;
}

void chlua_open_sandbox(lua_State *L)
{
    static const luaL_Reg functions[] = {{"run", sandbox_run}, {NULL, NULL}};
    static const luaL_Reg methods[] = {{NULL, NULL}};
    static const luaL_Reg meta[] = {{"__gc", sandbox_gc}, {NULL, NULL}};
    chlua_register(L, CHLUA_SANDBOX, methods, meta);
    luaL_newlib(L, functions);
}
