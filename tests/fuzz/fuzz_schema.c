/* SPDX-License-Identifier: MIT
 *
 * Schemas from arbitrary bytes: the sandbox ends within its limits, the checks raise a
 * message or make a schema, and a schema judges frames of the types that it names and of
 * others.
 */
#include "lua_state.h"

/* Gives a function that takes a text; what it returns besides `true` is a message. */
static const char setup[] =
    "package.path = 'lua/?.lua;lua/?/init.lua'\n"
    "local core = require('churnlab.core')\n"
    "local schemas = require('churnlab.schema')\n"
    "local column = core.column.new\n"
    "local typed = core.frame.new({ 'id', 'Balance', 'Country', 'Active', 'Since', 'at', "
    "'Name' }, {\n"
    "  column({ 1, 2, 2 }, 'i64'), column({ 0, 150000.5, core.NA }, 'f64', 3),\n"
    "  column({ 'DE', 'FR', core.NA }, 'category', 3),\n"
    "  column({ true, false, true }, 'bool'),\n"
    "  column({ '2020-01-01', core.NA, '2026-11-22' }, 'date', 3),\n"
    "  column({ '2020-01-01 10:00', core.NA, '2026-11-22' }, 'timestamp', 3),\n"
    "  column({ 'Ann', '', core.NA }, 'string', 3) })\n"
    "local texts, names = {}, typed:columns()\n"
    "for i, name in ipairs(names) do texts[i] = typed:col(name):cast('string') end\n"
    "local frames = { typed, core.frame.new(names, texts), core.frame.new({}, {}) }\n"
    "return function(text)\n"
    "  local ok, s = pcall(schemas.parse, text, 'fuzz.lua')\n"
    "  if not ok then return type(s) == 'string' and s:find('fuzz.lua', 1, true) or s "
    "end\n"
    "  assert(#tostring(s) > 0)\n"
    "  for _, frame in ipairs(frames) do\n"
    "    local report = schemas.validate(frame, s, { limit = 2 })\n"
    "    assert(#report.problems <= 2 and report:ok() == (report.count == 0))\n"
    "    assert(#tostring(report) > 0 and report:to_table().count >= #report.problems)\n"
    "  end\n"
    "  return true\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return run_input(setup, data, size);
}
