-- Nested validation: the search inside each outer fold, judged outside.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local folds = require("churnlab.folds")

local M = {}

local Nested = { __name = "churnlab.Nested" }
Nested.__index = Nested

local function mean_and_sd(values)
  local sum, squares = 0, 0
  for _, value in ipairs(values) do sum = sum + value end
  local mean = sum / #values
  for _, value in ipairs(values) do squares = squares + (value - mean) ^ 2 end
  return mean, #values > 1 and math.sqrt(squares / (#values - 1)) or 0
end

local function run_fold(search, plan, fold, trials)
  local train, test = plan.parts(fold)
  local inner = search.again(train, { trials = trials,
    log = search.path and ("%s.fold%d"):format(search.path, fold) })
  if not inner.best then errors.raise("tune: nested: fold %d: no trial came to its end", fold) end
  local value, scores = search.judge.outer(inner:built(), train, test)
  return { params = inner.best.params, inner = inner.best.value, value = value, scores = scores }
end

--- Runs the searches of all outer folds.
function M.run(tuned, options)
  options = errors.options("nested", options, { folds = "number", trials = "number" })
  local search = tuned.search
  if not search.judge then
    errors.raise("tune: nested: the search had an objective of its own: no rows to hold out")
  end
  local k = options.folds or 5
  local plan = folds.plan("nested", search.frame, { k = k, seed = search.seed,
    stratify = search.frame:roles().target })
  local made = { folds = {}, metric = search.metric }
  local inner, outer = {}, {}
  for fold = 1, k do
    local item = run_fold(search, plan, fold, options.trials or search.trials)
    made.folds[fold], inner[fold], outer[fold] = item, item.inner, item.value
  end
  made.mean, made.sd = mean_and_sd(outer)
  made.inner = mean_and_sd(inner)
  made.optimism = search.sign * (made.mean - made.inner)
  return setmetatable(made, Nested)
end

function Nested:__tostring()
  local lines = { ("nested validation of the search, %d outer folds: %s %.4f ± %.4f"):format(
    #self.folds, self.metric, self.mean, self.sd),
    ("  %-6s %10s %10s"):format("fold", "promised", "found") }
  for i, fold in ipairs(self.folds) do
    lines[#lines + 1] = ("  %-6d %10.4f %10.4f"):format(i, fold.inner, fold.value)
  end
  lines[#lines + 1] = ("  %-6s %10.4f %10.4f   the searches promised %s by %.4f"):format("mean",
    self.inner, self.mean, self.optimism >= 0 and "too much" or "too little",
    math.abs(self.optimism))
  return table.concat(lines, "\n")
end

return M
