/* SPDX-License-Identifier: MIT
 *
 * Policies from arbitrary bytes: the sandbox ends within its limits, the checks raise a
 * message or make a policy, and a policy decides. The Lua library is read from lua/.
 *
 * One Lua state serves all inputs; its heap is a fixed block here. What malloc gives is
 * the core's alone and is freed by the collection after each input, so libFuzzer's count
 * of allocations finds a leak at once (and does not look for one after every input).
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/chlua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Gives a function that takes a text; what it returns besides `true` is a message. */
static const char setup[] =
    "package.path = 'lua/?.lua;lua/?/init.lua'\n"
    "local core = require('churnlab.core')\n"
    "local policy = require('churnlab.policy')\n"
    "local column = core.column.new\n"
    "local bank = core.frame.new({ 'id', 'Balance', 'Age', 'Country', 'Active', 'Since' "
    "}, {\n"
    "  column({ 1, 2, 3 }, 'i64'), column({ 0, 150000, core.NA }, 'f64', 3),\n"
    "  column({ 17, 40, 60 }, 'i64'), column({ 'DE', 'FR', 'DE' }, 'category'),\n"
    "  column({ true, false, true }, 'bool'),\n"
    "  column({ '2020-01-01', core.NA, '2026-11-22' }, 'date', 3) })\n"
    "  :with_roles { id = 'id' }\n"
    "local scored = bank:with_column('churn', column({ 0.1, 0.5, 0.9 }, 'f64'))\n"
    "local names = column({ 'Age', 'Balance', 'Country' }, 'string')\n"
    "local reasons = core.frame.new({ 'reason_1', 'reason_2', 'reason_3' },\n"
    "  { names, names, names })\n"
    "return function(text)\n"
    "  local ok, p = pcall(policy.parse, text, 'fuzz.lua', bank)\n"
    "  if not ok then return type(p) == 'string' and p:find('fuzz.lua', 1, true) or p "
    "end\n"
    "  local decided = p:decide(scored, reasons)\n"
    "  assert(#decided == 3 and #tostring(p) > 0)\n"
    "  assert(p.hash == policy.parse(text, 'again.lua', bank).hash)\n"
    "  p:why { churn = 0.5, Age = 3 }\n"
    "  return true\n"
    "end\n";

enum { CLASSES = 27, HEAP = 1 << 27 };

static char heap[HEAP];
static size_t heap_used;
static void *free_blocks[CLASSES]; /* [k]: blocks of 2^k bytes, each holds the next */

static int class_of(size_t size)
{
    int k = 4;
    while (((size_t)1 << k) < size) {
        k++;
    }
    return k;
}

static void *take_block(size_t size)
{
    int k = class_of(size);
    if (k >= CLASSES) {
        return NULL;
    }
    void *block = free_blocks[k];
    if (block) {
        memcpy(&free_blocks[k], block, sizeof block);
    } else if (((size_t)1 << k) <= HEAP - heap_used) {
        block = heap + heap_used;
        heap_used += (size_t)1 << k;
    }
    return block;
}

static void *allocate(void *ud, void *block, size_t old_size, size_t new_size)
{
    (void)ud;
    if (block && new_size && class_of(old_size) == class_of(new_size)) {
        return block;
    }
    void *moved = new_size ? take_block(new_size) : NULL;
    if (block && moved) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
    }
    if (block && (moved || !new_size)) {
        memcpy(block, &free_blocks[class_of(old_size)], sizeof block);
        free_blocks[class_of(old_size)] = block;
    }
    return moved;
}

static void fail(lua_State *L)
{
    fprintf(stderr, "fuzz_policy: %s\n", luaL_tolstring(L, -1, NULL));
    abort();
}

static lua_State *open_state(void)
{
    lua_State *L = lua_newstate(allocate, NULL);
    if (!L) {
        abort();
    }
    luaL_openlibs(L);
    luaL_requiref(L, "churnlab.core", luaopen_churnlab_core, 0);
    lua_settop(L, 0);
    if (luaL_loadstring(L, setup) != LUA_OK || lua_pcall(L, 0, 1, 0) != LUA_OK) {
        fail(L);
    }
    return L; /* the function stays at 1 */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static lua_State *L;
    if (!L) {
        L = open_state();
    }
    lua_pushvalue(L, 1);
    lua_pushlstring(L, (const char *)data, size);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK || lua_type(L, -1) == LUA_TSTRING) {
        fail(L); /* also a refusal that does not name the file */
    }
    lua_settop(L, 1);
    lua_gc(L, LUA_GCCOLLECT);
    return 0;
}
