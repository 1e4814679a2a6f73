--- Cleaning: replace, fill_na, cast, infer_types, trim.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local columns = require("churnlab.frame.columns")

local Frame = core.frame.methods
local NA = core.NA

local function is_text(type_name)
  return type_name == "string" or type_name == "category"
end

local function is_number(type_name)
  return type_name == "f64" or type_name == "i64"
end

-- The type in which values meet a column: its own, or f64 where an integer column gets a number
-- with decimals.
local function meeting_type(type_name, values)
  if type_name == "i64" then
    for _, value in ipairs(values) do
      if math.type(value) == "float" and not math.tointeger(value) then return "f64" end
    end
  end
  return type_name
end

local function show(value)
  return type(value) == "string" and ("%q"):format(value) or tostring(value)
end

-- A column of values that go into a column of that type.
local function value_column(type_name, values)
  local wanted = meeting_type(type_name, values)
  for _, value in ipairs(values) do
    local ok = value == NA or (wanted == "bool") == (type(value) == "boolean")
    if not (ok and pcall(core.column.new, { value }, wanted, 1)) then
      errors.raise("expected a value of type %s, got %s", type_name, show(value))
    end
  end
  return core.column.new(values, wanted, #values)
end

-- The frame with column `name` changed by f(column, name).
local function change(frame, where, names, f)
  for _, name in ipairs(names) do
    local column = frame:col(name)
    local changed = errors.within(("%s: column '%s'"):format(where, name), f, column, name)
    if changed ~= column then frame = frame:with_column(name, changed) end
  end
  return frame
end

--- @type Frame

-- ---- replace ----

-- Whether a code can occur in a column of that type.
local function concerns(code, type_name)
  if code == NA then return true end
  if type(code) == "string" then
    if is_text(type_name) then return true end
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

local function replace_codes(column, map)
  local type_name, from, to = column:type(), {}, {}
  for _, code in ipairs(sorted_codes(map)) do
    if concerns(code, type_name) then
      from[#from + 1] = code
      to[#to + 1] = map[code]
    end
  end
  if #from == 0 then return column end
  local codes = core.column.new(from, is_text(type_name) and "string" or type_name, #from)
  return core.clean.replace(column, codes, value_column(type_name, to))
end

local function merged(general, own)
  if not own then return general end
  local map = {}
  for code, value in pairs(general) do map[code] = value end
  for code, value in pairs(own) do map[code] = value end
  return map
end

--- Other values for dirty codes. Texts are looked for in text columns (and in dates and timestamps
-- that they can be), numbers in columns of numbers, booleans in bool columns, `cl.NA` among the
-- missing cells; whole cells are compared. New levels of a category come last,
-- replaced ones go.
-- @tparam table map code = value, or column = { code = value } for one column alone (its own codes
-- win over the general ones); the value `cl.NA` makes cells missing
-- @tparam[opt] table options `columns`: where to look, as in `Frame:select` (default all);
-- `infer` = true gives text columns among them the type that their cells fit (`infer_types`)
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
  local result = change(self, "replace", names, function(column, name)
    return replace_codes(column, merged(general, own[name]))
  end)
  return options.infer and result:infer_types(names) or result
end

-- ---- fill_na ----

local rules = { "mean", "median", "mode", "forward", "backward" }

local function check_rule(where, spec)
  local options = {}
  for key, value in pairs(spec) do
    if key ~= 1 then options[key] = value end
  end
  errors.options(where, options, { by = "string|table", limit = "number" })
  for _, rule in ipairs(rules) do
    if spec[1] == rule then return options end
  end
  errors.unknown(where, "rule", spec[1], rules)
end

local function quoted(name) return "[[" .. name .. "]]" end

local function apply_rule(frame, column, name, spec)
  local options = check_rule("rule", spec)
  local rule, keys = spec[1], options.by or {}
  keys = type(keys) == "string" and { keys } or keys
  if rule == "forward" or rule == "backward" then
    return core.clean.carry(column, frame, keys, rule == "backward", options.limit)
  elseif options.limit then
    errors.raise("rule: option 'limit': expected a rule of forward or backward, got '%s'", rule)
  elseif rule ~= "mode" and not is_number(column:type()) then
    errors.raise("rule: expected a column of numbers for '%s', got %s", rule, column:type())
  end
  local aggregate = core.expr.parse(("%s(%s)"):format(rule, quoted(name)))
  return core.clean.fill(column, frame, keys, aggregate)
end

local function fill_constant(column, value)
  local none = core.column.new({ NA }, is_text(column:type()) and "string" or column:type(), 1)
  return core.clean.replace(column, none, value_column(column:type(), { value }))
end

-- { column = value or rule } → names in the frame's order, checked.
local function filled_names(frame, spec)
  local names = {}
  for name in pairs(spec) do
    if type(name) ~= "string" or not frame:has(name) then
      errors.unknown("fill_na", "column", name, frame:columns())
    end
  end
  for _, name in ipairs(frame:columns()) do
    if spec[name] ~= nil then names[#names + 1] = name end
  end
  return names
end

-- The columns that one rule or number is for: those named, else those that it fits.
local function fitting_names(frame, what, choice)
  if choice ~= nil then return columns.names(frame, "fill_na", choice) end
  local any = what == "mode" or what == "forward" or what == "backward"
  if any then return frame:columns() end
  return columns.names(frame, "fill_na",
    { types = type(what) == "boolean" and "bool" or "number" })
end

--- Values for missing cells: constants, or rules such as the median of the rows in the same group.
-- `"forward"` and `"backward"` take the nearest present value before or after, in the frame's
-- order. Mean and median make i64 columns f64; of several most frequent values, "mode" is the
-- least. Cells of a group without present values stay missing.
-- @tparam table|string|number|boolean what
--
--   - `{ Age = 0, City = "unknown", Income = { "median", by = "City" } }`: a constant or a rule for
--     each column; rules are "mean", "median", "mode", "forward", "backward", with `by`: key
--     columns, and `limit`: the most cells in a run that "forward" and "backward" fill
--   - a rule as text, or a number, for several columns
-- @tparam[opt] table options for the second form: `columns` as in `Frame:select` (default: all that
-- the rule fits), `by`, `limit`
-- @treturn Frame
-- @raise unknown columns and rules, with a suggestion; a rule or constant of the wrong type
-- @usage
-- local gaps = cl.from_table { city = { "Lyon", cl.NA, "Lyon" }, age = { 40, 50, cl.NA } }
-- local full = gaps:fill_na { city = "unknown", age = { "mean" } }
-- assert(full.city[2] == "unknown" and full.age[3] == 45)
function Frame:fill_na(what, options)
  options = errors.options("fill_na", options,
    { columns = "string|table", by = "string|table", limit = "number" })
  local kind = type(what)
  if kind == "table" then
    if next(options) then
      errors.raise("fill_na: option '%s': expected it beside a rule for several columns",
        next(options))
    end
    return change(self, "fill_na", filled_names(self, what), function(column, name)
      if type(what[name]) == "table" then return apply_rule(self, column, name, what[name]) end
      return fill_constant(column, what[name])
    end)
  elseif kind == "string" then
    local spec = { what, by = options.by, limit = options.limit }
    check_rule("fill_na", spec)
    return change(self, "fill_na", fitting_names(self, what, options.columns),
      function(column, name) return apply_rule(self, column, name, spec) end)
  elseif kind ~= "number" and kind ~= "boolean" then
    errors.raise("fill_na: expected a table, a rule or a number, got a %s", kind)
  end
  return change(self, "fill_na", fitting_names(self, what, options.columns),
    function(column) return fill_constant(column, what) end)
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
  local result = change(self, "cast", columns.names(self, "cast", names), function(column, name)
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
  return change(self, "infer_types", columns.names(self, "infer_types", choice), core.clean.infer)
end

--- Text without white space (and no-break spaces) at its ends; blank cells become missing.
-- @tparam[opt] string|table choice columns, as in `Frame:select` (default: all of text)
-- @treturn Frame
-- @usage cl.from_table({ plan = { " basic", "basic " } }):trim():value_counts("plan").n[1] == 2
function Frame:trim(choice)
  return change(self, "trim", columns.names(self, "trim", choice), core.clean.trim)
end

return Frame
