--- Long tables and wide ones: pivot, melt, crosstab.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local columns = require("churnlab.frame.columns")

local Frame = core.frame.methods

local function choice(frame, where, key, value)
  return columns.names(frame, where .. ": " .. key, value)
end

local function concatenated(a, b)
  return table.move(b, 1, #b, #a + 1, table.move(a, 1, #a, 1, {}))
end

-- One row for each cell: the aggregates of the rows that fall in it, and the names of the values.
local function aggregated(frame, keys, values, aggregate)
  local list = {}
  if aggregate:find("(", 1, true) then
    if #values > 0 then
      errors.raise("pivot: expected values with the name of an aggregate, got the expression '%s'",
        aggregate)
    end
    list[1] = { "value", aggregate }
  end
  for i, name in ipairs(values) do list[i] = { name, ("%s([[%s]])"):format(aggregate, name) } end
  if #list == 0 then errors.raise("pivot: expected values, or an expression as aggregate") end
  local names = {}
  for i, item in ipairs(list) do names[i] = item[1] end
  return errors.within("pivot", function() return frame:group(keys):agg(list) end), names
end

local function filled(frame, keys, fill)
  if fill == nil then return frame end
  local spec, key = {}, {}
  for _, name in ipairs(keys) do key[name] = true end
  for _, name in ipairs(frame:columns()) do
    if not key[name] then spec[name] = fill end
  end
  return frame:fill_na(spec)
end

--- @type Frame

--- A long table as a wide one: a row for each value of `index` (sorted, missing last), a column for
-- each value of `columns` (sorted; ordered categories in their order; missing last, as "NA"). A
-- cell without rows is missing.
-- @tparam table options
--
--   - `index`: a column or a list, as in `Frame:select`
--   - `columns`: a column, or a list whose values are joined by "_"
--   - `values`: what fills the cells; with several, names begin with that of the value
--     ("amount_2026")
--   - `aggregate`: what makes one value of the rows of a cell: "sum", "mean" … of `values`, or an
--     expression without `values` such as "sum(amount) / count()"; without it each cell may have
--     only one row
--   - `fill`: a value for missing cells
-- @treturn Frame
-- @raise two rows for a cell without `aggregate`; unknown columns; more than 10000 new columns
-- @usage
-- local wide = frame:pivot { index = "Geography", columns = "Gender", values = "Balance",
--   aggregate = "mean" }
-- assert(wide:has("Female") and #wide == 3)
function Frame:pivot(options)
  options = errors.options("pivot", options, { index = "string|table", columns = "string|table",
    values = "string|table", aggregate = "string", fill = "string|number|boolean" })
  if not options.columns then errors.raise("pivot: expected the option columns") end
  local index = choice(self, "pivot", "index", options.index or {})
  local keys = choice(self, "pivot", "columns", options.columns)
  local values = choice(self, "pivot", "values", options.values or {})
  local long = self
  if options.aggregate then
    long, values = aggregated(self, concatenated(index, keys), values, options.aggregate)
  elseif #values == 0 then
    errors.raise("pivot: expected the option values")
  end
  return filled(core.reshape.spread(long, index, keys, values), index, options.fill)
end

local function others(frame, names)
  local listed, rest = {}, {}
  for _, name in ipairs(names) do listed[name] = true end
  for _, name in ipairs(frame:columns()) do
    if not listed[name] then rest[#rest + 1] = name end
  end
  return rest
end

--- A wide table as a long one: the values of several columns under one another (all rows of the
-- first, then all of the second …), beside the name of their column. Types meet as in
-- `cl.concat`.
-- @tparam table options
--
--   - `id`: columns that are repeated, as in `Frame:select` (default: those that are no values)
--   - `values`: columns that are stacked (default: those that are no id)
--   - `names`: the column of names, an ordered category ("name"); `value`: that of values ("value")
-- @treturn Frame
-- @raise columns whose types do not meet; names that clash
-- @usage
-- local long = frame:melt { id = "CustomerId", values = { "Age", "Tenure" }, names = "what" }
-- assert(#long == 2 * #frame and long:columns()[2] == "what")
function Frame:melt(options)
  options = errors.options("melt", options,
    { id = "string|table", values = "string|table", names = "string", value = "string" })
  local id = options.id and choice(self, "melt", "id", options.id)
  local values = options.values and choice(self, "melt", "values", options.values)
  if not values then values = others(self, id or {}) end
  return core.reshape.melt(self, id or others(self, values), values, options.names or "name",
    options.value or "value")
end

--- How often the values of two columns occur together: a row for each value of the first, a column
-- for each of the second, both sorted; missing is a value of its own, the last one, "NA".
-- @tparam string row
-- @tparam string column
-- @tparam[opt] table options `share` = "row", "column" or "all": shares of the sums instead of
-- counts; `totals` = true: a row and a column "total" (the row's key is text then)
-- @treturn Frame
-- @raise unknown columns and shares
-- @usage print(frame:crosstab("Geography", "Exited", { share = "row", totals = true }))
function Frame:crosstab(row, column, options)
  options = errors.options("crosstab", options, { share = "string", totals = "boolean" })
  for _, name in ipairs { row or false, column or false } do
    if type(name) ~= "string" then errors.raise("crosstab: expected the names of two columns") end
    if not self:has(name) then errors.unknown("crosstab", "column", name, self:columns()) end
  end
  local share = options.share or "none"
  if share ~= "none" and share ~= "row" and share ~= "column" and share ~= "all" then
    errors.unknown("crosstab", "share", share, { "row", "column", "all" })
  end
  return core.reshape.crosstab(self, row, column, share, options.totals)
end

return Frame
