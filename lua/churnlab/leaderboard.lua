--- cl.leaderboard: models and baselines on the same folds, ranked, with paired intervals and a
-- plain word on whether the nets win.
-- @module churnlab.leaderboard

-- SPDX-License-Identifier: MIT
local baseline = require("churnlab.baseline")
local candidates = require("churnlab.candidate")
local errors = require("churnlab.errors")
local tables = require("churnlab.metrics.text")
local change = require("churnlab.crossval.text").change

local M = {}

-- figure → how it is called, and whether less is better
local FIGURES = {
  log_loss = { "log loss", true }, brier = { "Brier", true }, roc_auc = { "ROC AUC", false },
  pr_auc = { "PR AUC", false }, accuracy = { "accuracy", false }, lift_10 = { "lift 10 %", false },
}

local methods = {}
local Leaderboard = { __name = "churnlab.Leaderboard", __index = methods }

-- ---- ranking ----

local function better(by, a, b)
  if a == nil or b == nil then return a ~= nil end
  if FIGURES[by][2] then return a < b end
  return a > b
end

local function ranked(compared, by)
  local rows = {}
  for i, name in ipairs(compared.names) do
    local made = compared:model(name)
    rows[i] = { name = name, baseline = made.baseline == true, mean = made.mean, sd = made.sd,
      pooled = made.pooled, position = i }
  end
  table.sort(rows, function(a, b)
    local x, y = a.mean[by], b.mean[by]
    if x == y then return a.position < b.position end
    return better(by, x, y)
  end)
  for i, row in ipairs(rows) do row.rank, row.position = i, nil end
  return rows
end

local function first(rows, is_baseline)
  for _, row in ipairs(rows) do
    if row.baseline == is_baseline then return row.name end
  end
end

-- ---- the verdict ----

-- "better", "worse" or "open": whether the interval of a minus b leaves 0 out, and on which side.
local function outcome(by, difference)
  if not (difference.low and (difference.low > 0 or difference.high < 0)) then return "open" end
  return (difference.high < 0) == FIGURES[by][2] and "better" or "worse"
end

local function verdict(self)
  local by, top, reference = self.by, self.best, self.best_baseline
  if not (top and reference) then return nil end
  local d = self.compared:difference(top, reference)[by]
  local figures = ("%s %s"):format(FIGURES[by][1], change(d))
  local how = outcome(by, d)
  if how == "better" then
    return ("%s beats the best baseline, %s: %s."):format(top, reference, figures)
  elseif how == "worse" then
    return ("%s loses to the best baseline, %s: %s. Take the baseline."):format(top, reference,
      figures)
  end
  return ("%s does not beat the best baseline, %s: %s, an interval that holds 0. The baseline is "
    .. "as good, and simpler."):format(top, reference, figures)
end

-- ---- the object ----

local function row_line(self, row)
  local by = self.by
  local line = { ("%d  %s%s"):format(row.rank, row.name, row.baseline and " (baseline)" or ""),
    tables.number(row.mean.roc_auc, "%.4f"), tables.number(row.mean.log_loss, "%.4f"),
    tables.number(row.mean.accuracy, "%.4f"), tables.number(row.mean.brier, "%.4f") }
  for _, reference in ipairs(self.references) do
    line[#line + 1] = row.name == reference and "-"
      or change(self.compared:difference(row.name, reference)[by])
  end
  return line
end

function Leaderboard.__tostring(self)
  local lines = { { "   mean over the folds", "ROC AUC", "log loss", "accuracy", "Brier" } }
  for _, reference in ipairs(self.references) do
    table.insert(lines[1], ("%s minus %s"):format(FIGURES[self.by][1], reference))
  end
  for i, row in ipairs(self.rows) do lines[i + 1] = row_line(self, row) end
  local out = tables.align(lines)
  out[#out + 1] = ("%d folds, seed %d; 95 %% t intervals over the folds, corrected for shared "
    .. "training rows"):format(self.compared.k * self.compared.repeats, self.compared.seed)
  if self.verdict then
    out[#out + 1] = ""
    tables.append(out, tables.wrap(self.verdict, 80))
  end
  return table.concat(out, "\n")
end

--- A ranking; printing it shows the table and the verdict. Fields: `rows` (best first: `rank`,
-- `name`, `baseline`, `mean`, `sd`, `pooled`), `best` (the first that is no baseline),
-- `best_baseline`, `verdict`, `compared` (the Crossval), `by`.
-- @type Leaderboard

--- Everything as plain data for JSON.
-- @function Leaderboard:to_table
-- @treturn table the cross-validation's table, and `ranking`, `best`, `best_baseline`, `verdict`
-- @usage print(core.json.encode(cl.leaderboard(compared):to_table()))
function methods:to_table()
  local out, ranking = self.compared:to_table(), {}
  for i, row in ipairs(self.rows) do ranking[i] = row.name end
  out.ranking, out.by = ranking, self.by
  out.best, out.best_baseline, out.verdict = self.best, self.best_baseline, self.verdict
  return out
end

-- The two that everything is compared with: the best baseline, and the logistic regression.
local function references(self)
  local list = { self.best_baseline }
  local has = self.compared.figures.logistic
  if has and self.best_baseline ~= "logistic" then list[#list + 1] = "logistic" end
  return list
end

local function with_baselines(given)
  local list, names = {}, {}
  for i, candidate in ipairs(candidates.list("leaderboard", given)) do
    list[i], names[candidate.name] = candidate, true
  end
  local usual = { baseline.logistic(), baseline.majority() }
  if baseline.trees_available() then table.insert(usual, 2, baseline.trees()) end
  for _, one in ipairs(usual) do
    if not names[one.name] then list[#list + 1] = one end
  end
  return list
end

local function is_compared(value)
  local meta = type(value) == "table" and getmetatable(value)
  return meta and meta.__name == "churnlab.Crossval"
end

--- Ranks models beside the baselines.
-- @function cl.leaderboard
-- @param models as for `cl.crossval`; the baselines majority, logistic and, where libxgboost is
-- installed, trees are added. Or a Crossval, which is ranked as it is
-- @tparam[opt] Frame frame with a target
-- @tparam[opt] table options those of `cl.crossval`, and `by`: the figure that ranks, "log_loss"
-- (default), "roc_auc", "accuracy", "brier", "pr_auc" or "lift_10"
-- @treturn Leaderboard
-- @raise as `cl.crossval`
-- @usage
-- local board = cl.leaderboard(compared)
-- print(board) -- and cl.leaderboard("auto", frame) is the default recipe beside the baselines
-- assert(#board.rows == 2 and board.best_baseline == "logistic")
function M.leaderboard(models, frame, options)
  local own = {}
  for key, value in pairs(errors.table("leaderboard", options)) do own[key] = value end
  local by = own.by or "log_loss"
  own.by = nil
  if not FIGURES[by] then
    local names = {}
    for name in pairs(FIGURES) do names[#names + 1] = name end
    table.sort(names)
    errors.unknown("leaderboard", "figure", by, names)
  end
  local compared = is_compared(models) and models
    or require("churnlab.crossval").crossval(with_baselines(models), frame, own)
  local self = setmetatable({ compared = compared, by = by, rows = ranked(compared, by) },
    Leaderboard)
  self.best, self.best_baseline = first(self.rows, false), first(self.rows, true)
  self.references = references(self)
  self.verdict = verdict(self)
  return self
end

return M
