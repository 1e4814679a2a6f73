--- Cleaning: replace, cast, infer_types, trim.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local cells = require("churnlab.frame.cells")
local columns = require("churnlab.frame.columns")

local Frame = core.frame.methods
local NA = core.NA

--- @type Frame

-- ---- replace ----

-- Whether a code can occur in a column of that type.
local function concerns(code, type_name)
  if code == NA then return true end
  if type(code) == "string" then
    if cells.is_text(type_name) then return true end
    return (type_name == "date" or type_name == "timestamp")
      and pcall(core.column.new, { code }, type_name, 1)
  elseif type(code) == "number" then
    return type_name == "f64" or type_name == "i64" and math.tointeger(code) ~= nil
  end
  return type_name == "bool"
end

-- The codes in a fixed order, so that results do not depend on that of the table.
local function sorted_codes(map)
  local codes = {}
  for code in pairs(map) do codes[#codes + 1] = code end
  table.sort(codes, function(a, b)
    if type(a) ~= type(b) then return type(a) < type(b) end
    if type(a) == "number" or type(a) == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return codes
end

-- { code = value } for every column, and { column = { code = value } } for single ones.
local function split_map(frame, map)
  local general, own = {}, {}
  for code, value in pairs(map) do
    if type(value) == "table" then
      if not frame:has(code) then errors.unknown("replace", "column", code, frame:columns()) end
      own[code] = value
    elseif type(code) == "string" or type(code) == "number" or type(code) == "boolean"
      or code == NA then
      general[code] = value
    else
      errors.raise("replace: expected a text, a number, a boolean or cl.NA as code, got a %s",
        type(code))
    end
  end
  return general, own
end

-- `own` codes are meant for this column: they have to fit it.
local function replace_codes(column, general, own)
  local type_name, from, to, map = column:type(), {}, {}, {}
  for code, value in pairs(general) do map[code] = value end
  for code, value in pairs(own) do
    if not concerns(code, type_name) then
      errors.raise("expected codes of type %s, got %s", type_name, cells.show(code))
    end
    map[code] = value
  end
  for _, code in ipairs(sorted_codes(map)) do
    if concerns(code, type_name) then
      from[#from + 1] = code
      to[#to + 1] = map[code]
    end
  end
  if #from == 0 then return column end
  return core.clean.replace(column, cells.keys(type_name, from), cells.values(type_name, to))
end

--- Other values for dirty codes. Texts are looked for in text columns (and in dates and timestamps
-- that they can be), numbers in columns of numbers, booleans in bool columns, `cl.NA` among the
-- missing cells; whole cells are compared. New levels of a category come last,
-- replaced ones go.
-- @tparam table map code = value, or column = { code = value } for one column alone (its own codes
-- win over the general ones); the value `cl.NA` makes cells missing
-- @tparam[opt] table options `columns`: where general codes are looked for, as in `Frame:select`
-- (default all); `infer` = true gives text columns among them the type that their cells fit, as
-- `infer_types` does
-- @treturn Frame
-- @raise a value that does not fit the column:
-- `replace: column 'Age': expected a value of type i64, got "old"`
-- @usage
-- local dirty = cl.from_table { plan = { "basic", "?", "gold" }, age = { 42, -999, 17 } }
-- local clean = dirty:replace { ["?"] = cl.NA, [-999] = cl.NA, plan = { gold = "premium" } }
-- assert(clean.plan[2] == nil and clean.plan[3] == "premium" and clean.age:missing() == 1)
function Frame:replace(map, options)
  if type(map) ~= "table" then
    errors.raise("replace: expected a table of codes, got a %s", type(map))
  end
  options = errors.options("replace", options, { columns = "string|table", infer = "boolean" })
  local general, own = split_map(self, map)
  local names = columns.names(self, "replace", options.columns)
  local chosen = {}
  for _, name in ipairs(names) do chosen[name] = true end
  local result = cells.change(self, "replace", self:columns(), function(column, name)
    return replace_codes(column, chosen[name] and general or {}, own[name] or {})
  end)
  return options.infer and result:infer_types(names) or result
end

-- ---- types and spaces ----

--- Columns in other types; values are kept exactly.
-- @tparam table types column = "f64" …
-- @tparam[opt] table options `errors` = "missing": cells that do not fit become missing (default
-- "raise")
-- @treturn Frame
-- @treturn table column = how many cells were lost; only columns that lost some
-- @raise `cast: column 'age': row 3: expected an integer, got "n/a"`
-- @usage
-- local texts = cl.from_table { age = { "42", "n/a" } }
-- local ages, lost = texts:cast({ age = "i64" }, { errors = "missing" })
-- assert(ages.age:sum() == 42 and lost.age == 1)
function Frame:cast(types, options)
  if type(types) ~= "table" then
    errors.raise("cast: expected a table of types, got a %s", type(types))
  end
  options = errors.options("cast", options, { errors = "string" })
  local mode = options.errors or "raise"
  if mode ~= "raise" and mode ~= "missing" then
    errors.unknown("cast: errors", "choice", mode, { "raise", "missing" })
  end
  local names, lost = {}, {}
  for name in pairs(types) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  names = columns.names(self, "cast", names)
  local result = cells.change(self, "cast", names, function(column, name)
    if column:type() == types[name] then return column end
    if mode == "raise" then return column:cast(types[name]) end
    local cast, count = core.clean.cast_lossy(column, types[name])
    lost[name] = count > 0 and count or nil
    return cast
  end)
  return result, lost
end

--- Text columns in the type that all their present cells fit: i64, f64, bool, date or
-- timestamp; the others stay as they are. Spaces around a cell do not count, blank cells become
-- missing; numbers with leading zeros or a plus (codes, telephone numbers) stay text.
-- @tparam[opt] string|table choice columns, as in `Frame:select`
-- @treturn Frame
-- @usage cl.from_table({ total = { "29.85", " " } }):infer_types():type("total") == "f64"
function Frame:infer_types(choice)
  local names = columns.names(self, "infer_types", choice)
  return cells.change(self, "infer_types", names, core.clean.infer)
end

--- Text without white space (and no-break spaces) at its ends; blank cells become missing.
-- @tparam[opt] string|table choice columns, as in `Frame:select` (default: all of text)
-- @treturn Frame
-- @usage cl.from_table({ plan = { " basic", "basic " } }):trim():value_counts("plan").n[1] == 2
function Frame:trim(choice)
  return cells.change(self, "trim", columns.names(self, "trim", choice), core.clean.trim)
end

return Frame
