/* SPDX-License-Identifier: MIT
 *
 * Policies from arbitrary bytes: the sandbox ends within its limits, the checks raise a
 * message or make a policy, and a policy decides.
 */
#include "lua_state.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return run_input(setup, data, size);
}
