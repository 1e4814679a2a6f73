--- Preprocessing as a chain of steps that is data, so that a saved model carries no code.
--
--     local prep = cl.prep()
--       :derive { has_balance = "Balance > 0" }
--       :impute { numeric = "median", category = "<unknown>", flag = true }
--       :clip   { "Balance", "EstimatedSalary", quantile = { 0.001, 0.999 } }
--       :onehot { unseen = "other" }
--       :scale  { "standard" }
--
-- Steps are fitted by cl.fit (or prep:fit_transform) on training rows only. The methods here
-- shape the option tables; names, types and ranges are checked in the core.
-- @module churnlab.prep

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local methods = getmetatable(core.prep.new()).__index

local function check_table(step, options)
  if options ~= nil and type(options) ~= "table" then
    errors.raise("%s: options: expected a table, got a %s", step, type(options))
  end
  return options or {}
end

-- { "Balance", "Age", quantile = … } → { step =, columns = { "Balance", "Age" }, quantile = … }
local function shape(step, options)
  local made, columns = { step = step }, {}
  for key, value in pairs(check_table(step, options)) do
    if math.type(key) == "integer" and key >= 1 and key <= #options then
      if type(value) ~= "string" then
        errors.raise("%s: item %d: expected a column name, got a %s", step, key, type(value))
      end
      columns[key] = value
    elseif key == "step" then
      errors.raise("%s: unknown option 'step'", step)
    else
      made[tostring(key)] = value
    end
  end
  if type(made.columns) == "string" then made.columns = { made.columns } end
  if #columns > 0 then
    if made.columns then
      errors.raise("%s: columns are named twice, in the list and in 'columns'", step)
    end
    made.columns = columns
  end
  return made
end

local function plain(step)
  return function(self, options) return self:add(shape(step, options)) end
end

--- A chain of steps, fitted or not; printing it shows one line a step.
-- @type Prep

--- New columns from expressions over the columns before the step, one row at a time.
-- @function Prep:derive
-- @tparam {[string]=string} columns name = expression (aggregates are refused: a row's result
-- depends on that row alone)
-- @treturn Prep itself
-- @raise a function instead of an expression: a saved model carries no code
-- @usage prep:derive { salary_share = "Balance / (EstimatedSalary + 1)" }
function methods.derive(self, columns)
  local names = {}
  for name, text in pairs(check_table("derive", columns)) do
    if type(name) ~= "string" then
      errors.raise("derive: expected name = \"expression\", got item %s", tostring(name))
    elseif type(text) ~= "string" then
      errors.raise("derive: '%s': expected an expression as a string, got a %s%s", name, type(text),
        type(text) == "function" and " (a saved model carries no code)" or "")
    end
    names[#names + 1] = name
  end
  table.sort(names)
  local pairs_of = {}
  for i, name in ipairs(names) do pairs_of[i] = { name, columns[name] } end
  return self:add { step = "derive", columns = pairs_of }
end

--- Fills in missing cells. Takes every number and text column unless some are named.
-- @function Prep:impute
-- @tparam[opt] table options names of columns; `numeric` = "median" (default), "mean", "mode" or a
-- number; `category` = "<unknown>" (default), another word or "mode"; `flag` = true adds a 0/1
-- column `Age_missing` for each column that had gaps in training
-- @treturn Prep itself
-- @usage prep:impute { "Age", numeric = "mean", flag = true }
methods.impute = plain("impute")

--- Bounds numbers; missing cells stay missing.
-- @function Prep:clip
-- @tparam table options names of columns, and `bounds` = { low, high } or `quantile` =
-- { 0.001, 0.999 } of the training rows (linear between order statistics)
-- @treturn Prep itself
-- @usage prep:clip { "Balance", "EstimatedSalary", quantile = { 0.001, 0.999 } }
methods.clip = plain("clip")

--- Text to one 0/1 column a level, in byte order of the levels.
-- @function Prep:onehot
-- @tparam[opt] table options names of columns; `unseen` = "other" (default: levels rarer than
-- `min_count` share "<other>", and so do new levels; without rare levels new ones are all zeros),
-- "zero" or "error"; `min_count` (1); `max_levels` (256)
-- @treturn Prep itself
-- @raise at fitting: a column with more levels than `max_levels`
-- @usage prep:onehot { "Geography", unseen = "other", min_count = 20 }
methods.onehot = plain("onehot")

--- Text to the position of its level, from 0, in byte order or as `order` says.
-- @function Prep:ordinal
-- @tparam[opt] table options names of columns; `order` = { Column = { levels … } }; `unseen` =
-- "other" (-1, default), "zero" (0) or "error"
-- @treturn Prep itself
-- @usage prep:ordinal { "Gender", order = { Gender = { "Male", "Female" } } }
methods.ordinal = plain("ordinal")

--- Text to the smoothed mean of the target at its level: l·mean(level) + (1 - l)·mean(all), with
-- l = n/(n + smooth), or by empirical Bayes for "auto" (Micci-Barreca 2001). Cross-fitted: a
-- training row's value comes from the other folds, so that it never holds the row's own outcome.
-- A target of several classes, none of them named as positive, makes a column for each, "town@1",
-- "town@2" … in the order of the classes, with the class's smoothed share.
-- @function Prep:target_encode
-- @tparam[opt] table options names of columns; `folds` (5); `smooth` = "auto" (default) or a
-- number; `seed` (0); `unseen` = "mean" (default) or "error"
-- @treturn Prep itself
-- @usage prep:target_encode { "Geography", folds = 5, smooth = 20 }
methods.target_encode = plain("target_encode")

--- Leaves columns out, such as dates and names that a derive step has used.
-- @function Prep:drop
-- @tparam {string,...} columns
-- @treturn Prep itself
-- @usage prep:drop { "Surname" }
methods.drop = plain("drop")

--- Brings numbers to one scale: "standard" (default; mean 0, standard deviation 1 with divisor n),
-- "minmax" (0 to 1) or "robust" (median 0, interquartile range 1). Constant columns become 0.
-- Without `columns` it takes every number but the 0/1 columns of onehot and impute.
-- @function Prep:scale
-- @tparam[opt] table options the method first; `columns` = { … }
-- @treturn Prep itself
-- @usage prep:scale { "robust", columns = { "Balance" } }
function methods.scale(self, options)
  local named = {}
  for key, value in pairs(check_table("scale", options)) do
    if key == 1 then
      if options.method then errors.raise("scale: the method is named twice") end
      named.method = value
    elseif math.type(key) == "integer" then
      errors.raise("scale: expected one method and columns = { … }, got item %d", key)
    else
      named[key] = value
    end
  end
  return self:add(shape("scale", named))
end

--- Numbers to normal scores: the share of training rows below, ties in the middle of their rows, as
-- a quantile of the standard normal distribution. Tames long tails; keeps the order.
-- @function Prep:quantile
-- @tparam[opt] table options names of columns; `output` = "normal" (default) or "uniform";
-- `points` of the map (a thirtieth of the rows, from 10 to 1000)
-- @treturn Prep itself
-- @usage prep:quantile { "Balance", "EstimatedSalary" }
methods.quantile = plain("quantile")

--- Numbers to piecewise linear columns: one a bin, rising from 0 to 1 while the number crosses it
-- (Gorishniy et al. 2022), so that a shallow net can bend at the edges. Without `columns` it takes
-- every number but the 0/1 columns of onehot and impute.
-- @function Prep:piecewise
-- @tparam[opt] table options names of columns; `bins` = "tree" (default: thresholds of a decision
-- tree for the target on this column alone) or "quantile"; `max_bins` (32); for trees `min_rows` a
-- leaf (32) and `min_gain`, the decrease of weighted Gini impurity that a split must bring (3e-4).
-- A target of several classes, none of them named as positive, counts with all of them
-- @treturn Prep itself
-- @raise at fitting: tree bins without a target; a column without any value
-- @usage prep:piecewise { "Age", "Balance", bins = "tree", max_bins = 16 }
methods.piecewise = plain("piecewise")

--- The columns of a sequence, `seq_1_amount` … and `seq_length`, as `cl.sequences` makes them: all
-- steps of a channel share one mean and one standard deviation, those of the training rows; missing
-- cells become 0, the mean. The length stays as it is. Comes first: later steps without columns
-- leave all of them alone.
-- @function Prep:sequence
-- @tparam[opt] table options `prefix` ("seq"): how the columns begin; `log`: a list of channels
-- that are first bent to sign(x)·log(1 + |x|), such as amounts and gaps
-- @treturn Prep itself
-- @raise at fitting: no column of that name; a channel that does not exist
-- @usage prep:sequence { log = { "amount", "gap" } }
methods.sequence = plain("sequence")

setmetatable(methods, {
  __index = function(_, key)
    if type(key) ~= "string" or key:sub(1, 2) == "__" then return nil end
    local names = {}
    for name in pairs(methods) do names[#names + 1] = name end
    table.sort(names)
    local near = errors.nearest(key, names)
    errors.raise("prep has no method '%s' (%s)", key,
      near and ("did you mean '%s'?"):format(near) or "methods: " .. table.concat(names, ", "))
  end,
})

--- @section end

--- An empty prep, to which steps are appended.
-- @function cl.prep
-- @treturn Prep
-- @usage local steps = cl.prep():impute { flag = true }:onehot():scale { "standard" }
function M.new() return core.prep.new() end

return M
