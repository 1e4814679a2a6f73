--- Figures over columns: value_counts, quantile, corr.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local columns = require("churnlab.frame.columns")

local Frame = core.frame.methods

local function number_columns(frame, where, choice)
  local names = columns.names(frame, where, choice or { types = "number" })
  for _, name in ipairs(names) do
    local type_name = frame:type(name)
    if type_name ~= "f64" and type_name ~= "i64" and type_name ~= "bool" then
      errors.raise("%s: column '%s': expected a column of numbers, got %s", where, name, type_name)
    end
  end
  return names
end

--- @type Frame

--- How often each value, or each combination of values, occurs: most frequent first, equal counts
-- in the order of the values, missing last; missing counts as a value.
-- @tparam string|table ... a column, or several as in `Frame:select`
-- @treturn Frame of one column: `value`, `n`, `share`; of several: these, `n` and `share`
-- @raise unknown columns, with a suggestion
-- @usage
-- print(frame:value_counts("Geography"))
-- assert(frame:value_counts("Geography", "Gender"):columns()[3] == "n")
function Frame:value_counts(...)
  local first = ...
  local names = columns.names(self, "value_counts", type(first) == "table" and first or { ... })
  if #names == 1 then return self:count_values(names[1]) end
  if #names == 0 then errors.raise("value_counts: expected at least one column") end
  local counts = errors.within("value_counts", function()
    return self:group(names):agg { { "n", "count()" } }
  end)
  local keys = table.move(names, 1, #names, 2, { "n" })
  return counts:sort(keys, { desc = { "n" } }):derive { share = "n / sum(n)" }
end

--- Quantiles of columns of numbers, linear between neighbours; missing cells do not count.
-- @tparam number|{number,...} shares from 0 to 1
-- @tparam[opt] table options `columns` as in `Frame:select` (default: all of f64 and i64)
-- @treturn Frame one row a share: `q`, then one column for each
-- @raise shares outside 0 … 1; columns of text
-- @usage frame:quantile({ 0.1, 0.5, 0.9 }).Age[2] == frame.Age:median()
function Frame:quantile(shares, options)
  options = errors.options("quantile", options, { columns = "string|table" })
  if type(shares) == "number" then shares = { shares } end
  if type(shares) ~= "table" then
    errors.raise("quantile: expected shares from 0 to 1, got a %s", type(shares))
  end
  for i, share in ipairs(shares) do
    if type(share) ~= "number" or not (share >= 0 and share <= 1) then
      errors.raise("quantile: item %d: expected a share from 0 to 1, got %s", i, tostring(share))
    end
  end
  local names, made = { "q" }, { core.column.new(shares, "f64", #shares) }
  for _, name in ipairs(number_columns(self, "quantile", options.columns)) do
    names[#names + 1], made[#made + 1] = name, core.profile.quantiles(self:col(name), shares)
  end
  return core.frame.new(names, made)
end

--- Correlations of columns of numbers, each pair over the rows where both are present; missing
-- where there is none (a constant, fewer than two rows).
-- @tparam[opt] table options `columns` as in `Frame:select` (default: all of f64 and i64);
-- `method` = "pearson" (default) or "spearman" (of ranks, ties by their mean)
-- @treturn Frame `column`, the names, then one column for each
-- @raise columns of text; an unknown method
-- @usage print(frame:corr { columns = { "Age", "Balance", "Exited" }, method = "spearman" })
function Frame:corr(options)
  options = errors.options("corr", options, { columns = "string|table", method = "string" })
  local method = options.method or "pearson"
  if method ~= "pearson" and method ~= "spearman" then
    errors.unknown("corr", "method", method, { "pearson", "spearman" })
  end
  return core.profile.corr(self, number_columns(self, "corr", options.columns), method)
end

return Frame
