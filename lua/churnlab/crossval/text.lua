-- A cross-validation as people read it: the folds of the first model, all models, differences.
-- SPDX-License-Identifier: MIT
local tables = require("churnlab.metrics.text")
local thousands = require("churnlab.frame.print").thousands

local M = {}

local FOLD_COLUMNS = { "roc_auc", "log_loss", "accuracy", "brier", "ece", "lift_10" }
local MODEL_COLUMNS = { "roc_auc", "log_loss", "accuracy", "brier", "ece" }
local FIGURE = "%.4f"
local FORMATS = { lift_10 = "%.2f" }

--- How figures are called.
M.names = { roc_auc = "ROC AUC", log_loss = "log loss", accuracy = "accuracy", brier = "Brier",
  ece = "ECE", lift_10 = "lift 10 %", pr_auc = "PR AUC", macro_f1 = "macro F1", kappa = "kappa" }

local function fold_kind(how)
  if how.time then return ", in the order of " .. how.time end
  if how.group then return ", whole groups of " .. how.group end
  return ""
end

local function headline(cv)
  local times = cv.repeats > 1 and (" %d times over"):format(cv.repeats) or ""
  local what = cv.classes and ("%d classes of %s"):format(#cv.classes, cv.target)
    or ("%.1f %% positive"):format(100 * cv.positives / cv.rows)
  return ("%d-fold cross-validation%s of %s rows, %s (seed %d%s)"):format(cv.k, times,
    thousands(cv.rows), what, cv.seed, fold_kind(cv.how))
end

local function line(first, second, scores, fields)
  local cells = { first, second }
  for i, field in ipairs(fields) do
    cells[i + 2] = tables.number(scores[field], FORMATS[field] or FIGURE)
  end
  return cells
end

--- The table of folds of one model.
-- @treturn {string,...} lines
function M.folds(cv, made)
  local lines, fields = { { made.name, "rows" } }, cv.classes and cv.fields or FOLD_COLUMNS
  for i, field in ipairs(fields) do lines[1][i + 2] = M.names[field] end
  for i, scores in ipairs(made.folds) do
    local place = cv.folds[i]
    local name = cv.repeats > 1 and ("fold %d.%d"):format(place["repeat"], place.fold)
      or ("fold %d"):format(place.fold)
    lines[i + 1] = line(name, thousands(place.rows), scores, fields)
  end
  lines[#lines + 1] = line("mean", "", made.mean, fields)
  lines[#lines + 1] = line("sd", "", made.sd, fields)
  lines[#lines + 1] = line("pooled", thousands(#cv.oof), made.pooled, fields)
  return tables.align(lines)
end

local function models(cv)
  local lines = { { "mean ± sd over the folds" } }
  local fields = cv.classes and cv.fields or MODEL_COLUMNS
  for i, field in ipairs(fields) do lines[1][i + 1] = M.names[field] end
  for i, name in ipairs(cv.names) do
    local made, cells = cv.figures[name], { name }
    for k, field in ipairs(fields) do
      local mean, sd = made.mean[field], made.sd[field]
      cells[k + 1] = tables.number(mean, FIGURE) .. (sd and (" ± " .. FIGURE):format(sd) or "")
    end
    lines[i + 1] = cells
  end
  return tables.align(lines)
end

--- "+0.0055 [+0.0031, +0.0079]"
function M.change(difference)
  if not difference.mean then return "-" end
  local pair = difference.low and { difference.low, difference.high }
  return ("%+.4f"):format(difference.mean)
    .. (pair and " " .. tables.interval(pair, "%+.4f") or "")
end

local function differences(cv)
  local first = cv.names[1]
  local lines = { { first .. " minus …", "ROC AUC", "log loss", "accuracy" } }
  for i = 2, #cv.names do
    local d = cv:difference(first, cv.names[i])
    lines[i] = { cv.names[i], M.change(d.roc_auc), M.change(d.log_loss), M.change(d.accuracy) }
  end
  local out = tables.align(lines)
  out[#out + 1] = "paired over the folds, 95 % t intervals corrected for shared training rows"
  return out
end

--- The whole report.
-- @tparam Crossval cv
-- @treturn string
function M.whole(cv)
  local out = { headline(cv), "" }
  tables.append(out, M.folds(cv, cv.figures[cv.names[1]]))
  if #cv.names > 1 then
    out[#out + 1] = ""
    tables.append(out, models(cv))
    out[#out + 1] = ""
    tables.append(out, differences(cv))
  end
  return table.concat(out, "\n")
end

return M
