/* SPDX-License-Identifier: MIT */
#include "host/prompt.h"

#include <editline/readline.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HISTORY_MAX = 2000 };

/* libedit's callbacks carry no context, so the state that is reading a line stands here
 * while readline() runs; there is one terminal and one prompt. */
static lua_State *reading;
static const char complete_key = 'k';
static volatile sig_atomic_t line_dropped; /* Ctrl-C came while a line was being read */

static void drop_line(int signal_number)
{
    (void)signal_number;
    line_dropped = 1;
}

/* The n-th candidate of the list on top of the reading state's stack. */
static char *next_candidate(const char *word, int n)
{
    (void)word;
    lua_State *L = reading;
    char *copy = NULL;
    if (lua_rawgeti(L, -1, n + 1) == LUA_TSTRING) {
        copy = strdup(lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return copy;
}

static char *generate(const char *word, int state)
{
    static int n;
    n = state == 0 ? 0 : n + 1;
    return next_candidate(word, n);
}

static char **attempt(const char *word, int start, int end)
{
    (void)start;
    (void)end;
    lua_State *L = reading;
    int top = lua_gettop(L);
    char **matches = NULL;
    if (lua_checkstack(L, 8) &&
        lua_rawgetp(L, LUA_REGISTRYINDEX, &complete_key) == LUA_TFUNCTION) {
        lua_pushstring(L, rl_line_buffer);
        lua_pushstring(L, word);
        if (lua_pcall(L, 2, 1, 0) == LUA_OK && lua_istable(L, -1)) {
            matches = rl_completion_matches(word, generate);
        }
    }
    lua_settop(L, top);
    rl_attempted_completion_over = 1; /* never file names */
    rl_completion_append_character = '\0';
    return matches;
}

static int read_plain(lua_State *L)
{
    luaL_Buffer line;
    luaL_buffinit(L, &line);
    int c = getc(stdin);
    if (c == EOF) {
        lua_pushnil(L);
        return 1;
    }
    for (; c != EOF && c != '\n'; c = getc(stdin)) {
        luaL_addchar(&line, (char)c);
    }
    luaL_pushresult(&line);
    return 1;
}

int chl_prompt_readline(lua_State *L)
{
    const char *prompt = luaL_checkstring(L, 1);
    if (!isatty(STDIN_FILENO)) {
        return read_plain(L);
    }
    static const char breaks[] = " \t\n\"'`@$><=;|&{(,+-*/%^~#[]}).:";
    rl_readline_name = (char *)"churnlab";
    rl_attempted_completion_function = attempt;
    rl_basic_word_break_characters = breaks;
    struct sigaction action = {.sa_handler = drop_line}, saved;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &saved);
    line_dropped = 0;
    lua_State *outer = reading;
    reading = L;
    char *line = readline(prompt);
    reading = outer;
    sigaction(SIGINT, &saved, NULL);
    if (line_dropped) {
        free(line);
        fputc('\n', stdout);
        lua_pushnil(L);
        lua_pushliteral(L, "interrupted");
        return 2;
    }
    if (line && *line) {
        add_history(line);
    }
    lua_pushstring(L, line); /* nil for NULL */
    free(line);
    return 1;
}

int chl_prompt_complete(lua_State *L)
{
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &complete_key);
    return 0;
}

int chl_prompt_history(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    if (lua_toboolean(L, 2)) {
        write_history(path);
        return 0;
    }
    using_history();
    stifle_history(HISTORY_MAX);
    read_history(path);
    return 0;
}
