-- Columns to sort by, as `sort` and `order` take them: names (or one list), then optionally
-- { desc = true } (all downwards) or { desc = { names } }.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

local function descending_flags(where, keys, desc)
  local flags, listed = {}, {}
  for _, name in ipairs(type(desc) == "table" and desc or {}) do listed[name] = true end
  for i, key in ipairs(keys) do
    flags[i] = desc == true or listed[key] == true
    listed[key] = nil
  end
  local stray = next(listed)
  if stray then errors.unknown(where, "key in desc", stray, keys) end
  return flags
end

--- The names and, for each, whether it sorts downwards.
-- @tparam string where the verb, for messages
function M.read(where, ...)
  local keys, options = { ... }, {}
  if type(keys[1]) == "table" then
    keys, options = keys[1], keys[2] or {}
  elseif type(keys[#keys]) == "table" then
    options = table.remove(keys)
  end
  errors.options(where, options, { desc = "boolean|table" })
  if #keys == 0 then errors.raise("%s: expected at least one column", where) end
  for i, key in ipairs(keys) do
    if type(key) ~= "string" then
      errors.raise("%s: key %d: expected a column name, got a %s", where, i, type(key))
    end
  end
  return keys, descending_flags(where, keys, options.desc)
end

return M
