--- What `cl.tune` found.
-- @module churnlab.tune

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local importance = require("churnlab.tune.importance")
local study = require("churnlab.tune.study")

local M = {}

--- The result of a search; printing it shows the best point and what mattered. Fields: `best` =
-- { trial, params, value, budget } (nil when no trial came to its end), `trials` (how many are
-- finished), `resumed` (how many of them came from the log), `pruned`, `failed`.
-- @type Tuned
local methods = {}
local Tuned = { __name = "churnlab.Tuned", __index = methods }

local function count(history, state)
  local n = 0
  for _, trial in ipairs(history) do n = n + (trial.state == state and 1 or 0) end
  return n
end

--- A result from the finished trials.
-- @local
function M.new(search, history)
  local best = study.best(history)
  return setmetatable({ search = search, history = history, trials = #history,
    resumed = search.resumed, pruned = count(history, "pruned"), failed = count(history, "failed"),
    best = best and { trial = best.trial, params = best.params, budget = best.budget or 1,
      value = search.sign * best.value } }, Tuned)
end

-- ---- the table of trials ----

local function cell(value)
  if value == nil then return core.NA end
  if type(value) == "table" then return core.json.encode(value) end
  return value
end

-- The columns' type: that of the values, text where they differ.
local function column(values)
  local type_of, mixed = nil, false
  for _, value in ipairs(values) do
    if value ~= core.NA then
      local this = math.type(value) or type(value)
      if type_of and this ~= type_of then
        mixed = mixed or not (math.type(value) and (type_of == "integer" or type_of == "float"))
        this = "float"
      end
      type_of = this
    end
  end
  local types = { integer = "i64", float = "f64", boolean = "bool", string = "string" }
  if mixed then
    for i, value in ipairs(values) do
      values[i] = value == core.NA and value or tostring(value)
    end
  end
  return values, mixed and "string" or types[type_of] or "f64"
end

--- The trials as a frame: `trial`, `state` ("complete", "pruned", "failed"), `value`, `budget` (a
-- share), `step` (where it was stopped), `seconds`, and a column for each dimension.
-- @function Tuned:table
-- @treturn Frame
-- @usage print(tuned:table():sort("value"):head(3))
function methods:table()
  local names, seen = {}, {}
  for _, trial in ipairs(self.history) do
    for name in pairs(trial.params) do
      if not seen[name] then
        seen[name], names[#names + 1] = true, name
      end
    end
  end
  table.sort(names)
  local columns, types, order = {}, {}, {}
  local function add(name, f)
    local values = {}
    for i, trial in ipairs(self.history) do values[i] = cell(f(trial)) end
    while columns[name] do name = name .. "_" end
    order[#order + 1] = name
    columns[name], types[name] = column(values)
  end
  add("trial", function(trial) return trial.trial end)
  add("state", function(trial) return trial.state end)
  add("value", function(trial) return trial.value and self.search.sign * trial.value end)
  add("budget", function(trial) return trial.budget or 1.0 end)
  add("step", function(trial) return trial.step end)
  add("seconds", function(trial) return trial.seconds end)
  for _, name in ipairs(names) do add(name, function(trial) return trial.params[name] end) end
  return frames.from_table(columns, { names = order, types = types })
end

--- How much each dimension mattered in these trials: the share of the variance of the values' ranks
-- that lies between its bins (Kruskal & Wallis' epsilon squared, adjusted). Dimensions are judged
-- one at a time, on the trials that ran to their end with the whole budget; fewer than eight give
-- 0.
-- @function Tuned:importance
-- @treturn {{name=string,share=number,trials=integer},...} the largest first
-- @usage print(tuned:importance()[1].name)
function methods:importance() return importance.of(self.history) end

--- The point as it was built: what `build(best.params)` returns.
-- @function Tuned:built
-- @treturn table
-- @raise when no trial came to its end
-- @usage local parts = tuned:built()
-- print(parts.prep)
function methods:built()
  if not self.best then errors.raise("tune: no trial came to its end") end
  return self.search.build(self.best.params)
end

--- Fits the best point on a whole frame.
-- @function Tuned:fit
-- @tparam[opt] Frame frame the one that was searched on
-- @treturn Model
-- @raise what fitting raises; when the search had an objective and nothing to build
-- @usage print(tuned:fit(train))
function methods:fit(frame)
  if not self.search.judge then
    errors.raise("tune: fit: the search had an objective of its own: nothing to build")
  end
  return self.search.judge.fit(self:built(), frame or self.search.frame, self.search.seed)
end

--- An honest estimate of the tuned procedure: in each outer fold the whole search runs on the
-- training rows alone, and its best point, fitted on them, is judged on the fold's own rows. With a
-- log, each fold keeps one of its own beside it ("trials.jsonl.fold1").
-- @function Tuned:nested
-- @tparam[opt] table options `folds` (5), `trials` (as many as the search had)
-- @treturn Nested `folds` = { { params, inner, scores }, … }, `mean`, `sd` of the outer values,
-- `inner` (the mean of what the searches promised), `optimism` = how much better they promised;
-- printing it shows all this
-- @raise as the search itself
-- @usage print(tuned:nested { folds = 2, trials = 2 })
function methods:nested(options) return require("churnlab.tune.nested").run(self, options) end

-- ---- printing ----

local function text(value)
  if math.type(value) == "float" then return ("%.4g"):format(value) end
  return type(value) == "string" and value or core.json.encode(value)
end

function Tuned:__tostring()
  local search, lines = self.search, {}
  lines[1] = ("tune: %d trials (%s), %d stopped early, %d failed%s"):format(self.trials,
    search.strategy.name, self.pruned, self.failed,
    self.resumed > 0 and (", %d from the log"):format(self.resumed) or "")
  if not self.best then
    lines[2] = "  no trial came to its end"
    return table.concat(lines, "\n")
  end
  lines[2] = ("  best    %s %.4f, trial %d"):format(search.metric, self.best.value, self.best.trial)
  local list = self:importance()
  local known = {}
  for _, item in ipairs(list) do known[item.name] = true end
  for name in pairs(self.best.params) do
    if not known[name] then list[#list + 1] = { name = name, share = 0, trials = 0 } end
  end
  lines[3] = ("  %-16s %-16s %s"):format("dimension", "best", "share of variance")
  for _, item in ipairs(list) do
    local value = self.best.params[item.name]
    local share = item.trials >= importance.least and ("%3.0f %%"):format(100 * item.share) or "  -"
    lines[#lines + 1] = ("  %-16s %-16s %s"):format(item.name,
      value == nil and "-" or text(value), share)
  end
  return table.concat(lines, "\n")
end

return M
