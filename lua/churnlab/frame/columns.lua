--- Columns by name, pattern and type: select, drop, and the `columns` option of other verbs.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local Frame = core.frame.methods
local M = {}

local families = { number = { "f64", "i64" }, text = { "category", "string" },
  time = { "date", "timestamp" } }
local type_names = { "f64", "i64", "bool", "category", "string", "date", "timestamp", "number",
  "text", "time" }

local function as_list(where, key, value)
  if value == nil then return {} end
  if type(value) == "string" then return { value } end
  for i, item in ipairs(value) do
    if type(item) ~= "string" then
      errors.raise("%s: %s: item %d: expected a text, got a %s", where, key, i, type(item))
    end
  end
  return value
end

-- { f64 = true, … } of the `types` option; nil without it.
local function type_set(where, types)
  if types == nil then return nil end
  local set, known = {}, {}
  for _, name in ipairs(type_names) do known[name] = true end
  for _, name in ipairs(as_list(where, "types", types)) do
    if not known[name] then errors.unknown(where .. ": types", "type", name, type_names) end
    for _, member in ipairs(families[name] or { name }) do set[member] = true end
  end
  return set
end

local function matches(name, patterns)
  for _, pattern in ipairs(patterns) do
    if name:find(pattern) then return true end
  end
  return #patterns == 0
end

-- The columns that all of the given options choose, in the frame's order.
local function chosen(frame, where, options)
  local patterns = as_list(where, "matching", options.matching)
  for _, pattern in ipairs(patterns) do
    local ok, message = pcall(string.find, "", pattern)
    if not ok then errors.raise("%s: matching: '%s': %s", where, pattern, message) end
  end
  local types, list = type_set(where, options.types), {}
  for _, name in ipairs(frame:columns()) do
    if matches(name, patterns) and (not types or types[frame:type(name)]) then
      list[#list + 1] = name
    end
  end
  return list
end

-- Appends those of `names` that are not in the list yet; unknown ones raise.
local function append(frame, where, list, seen, names)
  for i, name in ipairs(names) do
    if type(name) ~= "string" then
      errors.raise("%s: item %d: expected a column name, got a %s", where, i, type(name))
    elseif not frame:has(name) then
      errors.unknown(where, "column", name, frame:columns())
    elseif not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
end

local function without(frame, where, list, except)
  local out, seen, kept = {}, {}, {}
  append(frame, where .. ": except", out, seen, as_list(where, "except", except))
  for _, name in ipairs(list) do
    if not seen[name] then kept[#kept + 1] = name end
  end
  return kept
end

--- The names that a choice of columns means: nil (all), a name, a list of names, or names with
-- `matching`, `types` and `except` as in `Frame:select`.
-- @local
-- @tparam Frame frame
-- @tparam string where starts the messages
-- @param choice
-- @treturn {string,...}
function M.names(frame, where, choice)
  if choice == nil then return frame:columns() end
  if type(choice) == "string" then choice = { choice } end
  if type(choice) ~= "table" then
    errors.raise("%s: columns: expected names, got a %s", where, type(choice))
  end
  local named, options = {}, {}
  for key, value in pairs(choice) do
    if math.type(key) == "integer" then named[key] = value else options[key] = value end
  end
  errors.options(where, options,
    { matching = "string|table", types = "string|table", except = "string|table" })
  local list, seen = {}, {}
  append(frame, where, list, seen, named)
  if options.matching or options.types or (options.except and #named == 0) then
    append(frame, where, list, seen, chosen(frame, where, options))
  end
  return options.except and without(frame, where, list, options.except) or list
end

-- Names as arguments, or one choice.
local function choice_of(...)
  local first = ...
  if type(first) == "table" then return first end
  return { ... }
end

--- @type Frame

--- The frame with these columns, in this order.
-- @tparam string|table ... names, or one table of names and options; what the options choose comes
-- after the names, in the frame's order:
--
--   - `matching`: a Lua pattern, or a list of them, one of which the name matches
--   - `types`: a type or a list; `"number"` is f64 and i64, `"text"` category and string,
--     `"time"` date and timestamp
--   - `except`: names to leave out; alone it means all other columns
-- @treturn Frame
-- @raise `select: unknown column 'Agee' (did you mean 'Age'?)`
-- @usage
-- frame:select("Age", "Balance")
-- local numbers = frame:select { "Surname", types = "number", except = { "CustomerId" } }
-- assert(numbers:columns()[1] == "Surname" and not numbers:has("CustomerId"))
function Frame:select(...)
  return self:select_names(M.names(self, "select", choice_of(...)))
end

--- The frame without these columns.
-- @tparam string|table ... as in `Frame:select`
-- @treturn Frame
-- @raise unknown columns, with a suggestion
-- @usage
-- local rest = frame:drop { "Surname", matching = "^Has" }
-- assert(not rest:has("HasCrCard"))
function Frame:drop(...)
  return self:drop_names(M.names(self, "drop", choice_of(...)))
end

return M
