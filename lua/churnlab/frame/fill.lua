--- Values for missing cells: fill_na.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local cells = require("churnlab.frame.cells")
local columns = require("churnlab.frame.columns")

local Frame = core.frame.methods

local rules = { "mean", "median", "mode", "forward", "backward" }

local function check_rule(where, spec)
  local options = {}
  for key, value in pairs(spec) do
    if key ~= 1 then options[key] = value end
  end
  errors.options(where, options, { by = "string|table", limit = "number" })
  local limit = options.limit
  if limit and (math.type(limit) ~= "integer" or limit < 1) then
    errors.raise("%s: option 'limit': expected a whole number from 1, got %s", where,
      tostring(limit))
  end
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
  elseif rule ~= "mode" and not cells.is_number(column:type()) then
    errors.raise("rule: expected a column of numbers for '%s', got %s", rule, column:type())
  end
  local aggregate = core.expr.parse(("%s(%s)"):format(rule, quoted(name)))
  return core.clean.fill(column, frame, keys, aggregate)
end

local function fill_constant(column, value)
  local type_name = column:type()
  return core.clean.replace(column, cells.keys(type_name, { core.NA }),
    cells.values(type_name, { value }))
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

--- @type Frame

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
    return cells.change(self, "fill_na", filled_names(self, what), function(column, name)
      if type(what[name]) == "table" then return apply_rule(self, column, name, what[name]) end
      return fill_constant(column, what[name])
    end)
  elseif kind == "string" then
    local spec = { what, by = options.by, limit = options.limit }
    check_rule("fill_na", spec)
    return cells.change(self, "fill_na", fitting_names(self, what, options.columns),
      function(column, name) return apply_rule(self, column, name, spec) end)
  elseif kind ~= "number" and kind ~= "boolean" then
    errors.raise("fill_na: expected a table, a rule or a number, got a %s", kind)
  end
  return cells.change(self, "fill_na", fitting_names(self, what, options.columns),
    function(column) return fill_constant(column, what) end)
end

return Frame
