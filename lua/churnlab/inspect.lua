-- Values as people read them at the prompt: tables with sorted keys, objects through __tostring.
-- SPDX-License-Identifier: MIT
local M = {}

local MAX_ITEMS, MAX_DEPTH, WIDTH = 100, 6, 78

local show

local function key_text(key)
  if type(key) == "string" and key:match("^[%a_][%w_]*$") then return key end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "]"
end

local function sorted_keys(t)
  local keys = {}
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= #t) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "string" or type(a) == "number") then return a < b end
    return type(a) < type(b)
  end)
  return keys
end

local function items(t, depth, seen)
  local list = {}
  for i = 1, math.min(#t, MAX_ITEMS) do list[i] = show(t[i], depth + 1, seen) end
  if #t > MAX_ITEMS then list[#list + 1] = ("… %d more"):format(#t - MAX_ITEMS) end
  for n, key in ipairs(sorted_keys(t)) do
    if n > MAX_ITEMS then list[#list + 1] = "…" break end
    list[#list + 1] = key_text(key) .. "=" .. show(t[key], depth + 1, seen)
  end
  return list
end

local function show_table(t, depth, seen)
  if seen[t] then return "{…}" end
  if depth >= MAX_DEPTH then return "{…}" end
  seen[t] = true
  local list = items(t, depth, seen)
  seen[t] = nil
  local line = "{" .. table.concat(list, ", ") .. "}"
  if #line <= WIDTH - 2 * depth and not line:find("\n") then return line end
  local indent = ("  "):rep(depth + 1)
  return "{\n" .. indent .. table.concat(list, ",\n" .. indent) .. "\n" .. ("  "):rep(depth) .. "}"
end

local function show_number(value)
  if math.type(value) == "integer" then return tostring(value) end
  local text = ("%.14g"):format(value)
  return text
end

function show(value, depth, seen)
  local kind = type(value)
  if kind == "string" then return depth == 0 and value or ("%q"):format(value) end
  if kind == "number" then return show_number(value) end
  if kind == "table" and not (getmetatable(value) and getmetatable(value).__tostring) then
    return show_table(value, depth, seen)
  end
  if value == require("churnlab.core").NA then return "NA" end
  return tostring(value)
end

--- The text of a value for the prompt.
-- @param value anything
-- @treturn string
function M.show(value)
  return show(value, 0, {})
end

return M
