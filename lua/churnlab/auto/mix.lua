-- From out-of-fold predictions to one model: weights of the blend, calibration.
-- SPDX-License-Identifier: MIT
local M = {}

local ROUNDS = 50    -- of the greedy selection (Caruana et al. 2004: gains end there)
local LEAST = 0.05   -- a model of less weight is not worth its time when scoring
local SHARE = 2      -- standard errors by which a calibration must help

-- Σ weight · value, of numbers or of lists of them.
local function weighted(values, weights)
  local sum = 0
  if type(values[1]) == "table" then
    sum = {}
    for c = 1, #values[1] do
      local column = {}
      for k, row in ipairs(values) do column[k] = row[c] end
      sum[c] = weighted(column, weights)
    end
    return sum
  end
  for k, value in ipairs(values) do sum = sum + weights[k] * value end
  return sum
end

--- Σ weight · p, of predictions of the same rows (churnlab.outcomes).
function M.mean(lists, weights)
  local out = {}
  for i = 1, #lists[1] do
    local values = {}
    for k, list in ipairs(lists) do values[k] = list[i] end
    out[i] = weighted(values, weights)
  end
  return out
end

--- Greedy weights on the log loss, without models that hardly count.
-- @tparam Outcomes outcomes
-- @tparam {number,...} y labels
-- @tparam {table,...} lists out-of-fold predictions of each model
-- @treturn {number,...} one a model, adding up to 1
function M.weights(outcomes, y, lists)
  local weights = outcomes:blend(y, lists, ROUNDS)
  local sum = 0
  for k, w in ipairs(weights) do
    if w < LEAST then weights[k] = 0 end
    sum = sum + weights[k]
  end
  for k, w in ipairs(weights) do weights[k] = w / sum end
  return weights
end

-- Losses of the rows one by one.
local function losses(outcomes, y, p)
  local out = {}
  for i, q in ipairs(outcomes:own(y, p)) do
    out[i] = -math.log(math.min(math.max(q, 2.0 ^ -52), 1 - 2.0 ^ -52))
  end
  return out
end

-- Each fold's probabilities calibrated by the other folds; nil where those have one outcome.
local function cross_fitted(outcomes, method, y, p, fold, folds)
  local out = {}
  for k = 1, folds do
    local other_y, other_p, own, rows = {}, {}, {}, {}
    for i = 1, #p do
      if fold[i] == k then
        own[#own + 1], rows[#rows + 1] = p[i], i
      else
        other_y[#other_y + 1], other_p[#other_p + 1] = y[i], p[i]
      end
    end
    local ok, made = pcall(outcomes.calibration, outcomes, method, other_y, other_p)
    if not ok then return nil end
    for j, q in ipairs(outcomes:calibrated(made, own)) do out[rows[j]] = q end
  end
  return out
end

local function mean_and_error(values)
  local sum, squares = 0, 0
  for _, v in ipairs(values) do sum = sum + v end
  local mean = sum / #values
  for _, v in ipairs(values) do squares = squares + (v - mean) ^ 2 end
  return mean, math.sqrt(squares / (#values - 1) / #values)
end

--- A calibration that clearly helps rows that it was not fitted on, or nil.
-- @tparam Outcomes outcomes
-- @tparam {number,...} y labels
-- @tparam table p out-of-fold predictions
-- @tparam {integer,...} fold of each row, 1 … folds
-- @tparam integer folds
-- @treturn ?table what Calibration:to_table gives
function M.calibration(outcomes, y, p, fold, folds)
  local before, best, chosen = losses(outcomes, y, p), 0, nil
  for _, method in ipairs(outcomes.calibrations) do
    local q = cross_fitted(outcomes, method, y, p, fold, folds)
    local after, gains = q and losses(outcomes, y, q), {}
    for i = 1, q and #p or 0 do gains[i] = before[i] - after[i] end
    if q then
      local mean, standard_error = mean_and_error(gains)
      if mean > best and mean > SHARE * standard_error then best, chosen = mean, method end
    end
  end
  return chosen and outcomes:calibration(chosen, y, p):to_table()
end

return M
