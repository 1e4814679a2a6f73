-- Tab completion at the prompt: globals, fields, methods and the columns of frames. A metatable's
-- `__names` (a table keyed by name) tells what an __index function would find.
-- SPDX-License-Identifier: MIT
local M = {}

local function add_fields(found, value)
  if type(value) == "table" then
    for key in pairs(value) do
      if type(key) == "string" then found[key] = true end
    end
  end
  local meta = debug.getmetatable(value)
  for _, source in ipairs { "__index", "__names" } do
    local keys = meta and meta[source]
    for key in pairs(type(keys) == "table" and keys or {}) do
      if type(key) == "string" and not key:match("^__") then found[key] = true end
    end
  end
  if type(value) == "userdata" and meta and meta.__name == "churnlab.Frame" then
    for _, name in ipairs(value:columns()) do found[name] = true end
  end
end

--- The sorted names that a value offers.
-- @param value any
-- @treturn {string,...}
function M.names(value)
  local found, list = {}, {}
  add_fields(found, value)
  for name in pairs(found) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- "cl.policy.lo" → the value of cl.policy; nil when the path leads nowhere.
local function resolve(path)
  local value = _G
  for name in path:gmatch("[%w_]+") do
    local ok, got = pcall(function() return value[name] end)
    if not ok or got == nil then return nil end
    value = got
  end
  return value
end

--- Candidates for the word before the cursor.
-- @tparam string line the whole line
-- @tparam string word the part to complete
-- @treturn {string,...} words that begin with it
function M.candidates(line, word)
  local before = line:match("([%w_%.:]*)$") or ""
  local path = before:sub(1, #before - #word):gsub("[%.:]$", "")
  local value = path == "" and _G or resolve(path)
  local found, list = {}, {}
  if value == nil then return list end
  add_fields(found, value)
  if path == "" then found.cl = true end
  for name in pairs(found) do
    if name:sub(1, #word) == word and name:match("^[%a_][%w_]*$") then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

return M
