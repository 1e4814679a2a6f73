--- cl.leaderboard: models and baselines on the same folds, ranked, with paired intervals and a
-- plain word on whether the nets win.
-- @module churnlab.leaderboard

-- SPDX-License-Identifier: MIT
local baseline = require("churnlab.baseline")
local candidates = require("churnlab.candidate")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local outcomes = require("churnlab.outcomes")
local tables = require("churnlab.metrics.text")
local text = require("churnlab.crossval.text")

local M = {}

-- figure → whether less is better
local LESS = { log_loss = true, brier = true, roc_auc = false, pr_auc = false, accuracy = false,
  lift_10 = false, macro_f1 = false, kappa = false }
local COLUMNS = { "roc_auc", "log_loss", "accuracy", "brier" }

local methods = {}
local Leaderboard = { __name = "churnlab.Leaderboard", __index = methods }

-- ---- ranking ----

local function better(by, a, b)
  if a == nil or b == nil then return a ~= nil end
  if LESS[by] then return a < b end
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
  return (difference.high < 0) == LESS[by] and "better" or "worse"
end

local function verdict(self)
  local by, top, reference = self.by, self.best, self.best_baseline
  if not (top and reference) then return nil end
  local d = self.compared:difference(top, reference)[by]
  local figures = ("%s %s"):format(text.names[by], text.change(d))
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

local function columns_of(self) return self.compared.classes and self.compared.fields or COLUMNS end

local function row_line(self, row)
  local by = self.by
  local line = { ("%d  %s%s"):format(row.rank, row.name, row.baseline and " (baseline)" or "") }
  for i, field in ipairs(columns_of(self)) do
    line[i + 1] = tables.number(row.mean[field], "%.4f")
  end
  for _, reference in ipairs(self.references) do
    line[#line + 1] = row.name == reference and "-"
      or text.change(self.compared:difference(row.name, reference)[by])
  end
  return line
end

function Leaderboard.__tostring(self)
  local lines = { { "   mean over the folds" } }
  for i, field in ipairs(columns_of(self)) do lines[1][i + 1] = text.names[field] end
  for _, reference in ipairs(self.references) do
    table.insert(lines[1], ("%s minus %s"):format(text.names[self.by], reference))
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

-- A figure that the target has, before any work.
local function check_figure(by, models, frame)
  local fields = is_compared(models) and models.fields
    or select(3, outcomes.labelled(frames.coerce(frame, "leaderboard"), "leaderboard")).fields
  for _, field in ipairs(fields) do
    if field == by then return end
  end
  errors.unknown("leaderboard: this target", "figure", by, fields)
end

--- Ranks models beside the baselines.
-- @function cl.leaderboard
-- @param models as for `cl.crossval`; the baselines majority, logistic and, where libxgboost is
-- installed, trees are added. Or a Crossval, which is ranked as it is
-- @tparam[opt] Frame frame with a target
-- @tparam[opt] table options those of `cl.crossval`, and `by`: the figure that ranks, "log_loss"
-- (default), "roc_auc", "accuracy", "brier", "pr_auc" or "lift_10"; of classes "log_loss",
-- "roc_auc", "accuracy", "macro_f1" or, where their order means something, "kappa"
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
  if LESS[by] == nil then
    local names = {}
    for name in pairs(LESS) do names[#names + 1] = name end
    table.sort(names)
    errors.unknown("leaderboard", "figure", by, names)
  end
  check_figure(by, models, frame)
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
