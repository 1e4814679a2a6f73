/* SPDX-License-Identifier: MIT
 *
 * What the fuzzers of Lua files share. One Lua state serves all inputs; its heap is a
 * fixed block here. What malloc gives is the core's alone and is freed by the collection
 * after each input, so libFuzzer's count of allocations finds a leak at once (and does
 * not look for one after every input).
 */
#ifndef FUZZ_LUA_STATE_H
#define FUZZ_LUA_STATE_H

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/chlua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

/* Ends the fuzzer with the value on top as its message. */
static void fail(lua_State *L)
{
    fprintf(stderr, "finding: %s\n", luaL_tolstring(L, -1, NULL));
    abort();
}

/* A state whose library is read from lua/; `setup` gives the function that stays at 1. */
static lua_State *open_state(const char *setup)
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
    return L;
}

/* One input: the function's answer is true, or a text that says what it found. */
static int run_input(const char *setup, const uint8_t *data, size_t size)
{
    static lua_State *L;
    if (!L) {
        L = open_state(setup);
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

#endif
