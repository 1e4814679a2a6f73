-- cl.baseline.trees: gradient-boosted trees beside the nets, as a model of the same interface.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local hold_out = require("churnlab.candidate").hold_out
local target = require("churnlab.fit.target")
require("churnlab.model") -- gives models their methods

local M = {}

local VALID = 0.15 -- the share of training rows by which rounds end

local DEPTHS = { 3, 4, 6 } -- the validation rows choose: small noisy tables want shallow trees

local known = { name = "string", prep = "userdata", valid = "number", seed = "number" }
local numbers = { "rounds", "eta", "min_child_weight", "subsample",
  "colsample_bytree", "colsample_bylevel", "lambda", "alpha", "gamma", "early_stop" }
for _, name in ipairs(numbers) do known[name] = "number" end
known.max_depth = "number|table"

-- Trees need neither scales nor clipping.
local function default_prep()
  return require("churnlab.prep").new()
    :impute { numeric = "median", category = "<missing>", flag = true }:onehot { unseen = "other" }
end

-- Options of core.trees, one table for each depth.
local function boosting(options, seed)
  local list, depths = {}, options.max_depth or DEPTHS
  for i, depth in ipairs(type(depths) == "table" and depths or { depths }) do
    local part = { seed = seed & 0x7fffffff, max_depth = depth }
    for _, name in ipairs(numbers) do part[name] = options[name] end
    core.trees.check_options(part)
    list[i] = part
  end
  if #list == 0 then
    errors.raise("baseline.trees: option 'max_depth': expected a depth or a list of them, got none")
  end
  return list
end

local function whole_seed(seed)
  if math.type(seed) ~= "integer" then
    errors.raise("baseline.trees: option 'seed': expected a whole number, got %s", tostring(seed))
  end
  return seed
end

local function lineage(part, dropped, valid, history, seed)
  local shares = target.shares(part)
  return { baseline = "trees", rows = #part.frame, dropped = dropped, valid_rows = #valid.frame,
    seed = seed, positives = shares.positives, rate = shares.rate, rates = shares.rates,
    rounds = history.rounds, best_round = history.best_round, max_depth = history.max_depth,
    created = os.date("!%Y-%m-%dT%H:%M:%SZ"), version = core.version }
end

-- The trees of the depth that predicts the validation rows best.
local function boost(list, part, judged)
  local best, least
  for _, options in ipairs(list) do
    local net, history = core.trees.fit(part.x, part.y, part.classes and #part.classes or 2,
      options, judged.x, judged.y)
    local loss = history.val_loss[history.best_round]
    history.max_depth = options.max_depth
    if not least or loss < least then best, least = { net, history }, loss end
  end
  return best[1], best[2]
end

-- Fits trees on `train`; the rounds end by the log loss of `valid`.
local function fit(options, train, valid, seed)
  local classes = core.model.has_classes(train)
  local frame, dropped = core.model.labelled(train, "baseline.trees: train", classes)
  local prep = options.prep and options.prep:clone() or default_prep()
  local part = { frame = frame, x = prep:fit_transform(frame) }
  target.label(part, classes)
  local judged = { frame = core.model.labelled(valid, "baseline.trees: valid", classes) }
  judged.x = prep:transform(judged.frame)
  target.label(judged, classes, part.classes)
  local net, history = boost(boosting(options, seed), part, judged)
  local model = core.model.new(prep, { net }, frame, seed)
  model:metadata("training", lineage(part, dropped, judged, history, seed))
  model:metadata("thresholds", { high = 0.6, medium = 0.3 })
  return model, history
end

--- The baseline of `cl.baseline.trees`.
-- @tparam[opt] table options
-- @treturn table `name`, `fit(train, valid)`
function M.new(options)
  options = errors.options("baseline.trees", options, known)
  local share = options.valid or VALID
  if not (share > 0 and share < 1) then
    errors.raise("baseline.trees: option 'valid': expected the share of training rows by which "
      .. "rounds end, a number between 0 and 1, got %s", tostring(share))
  end
  boosting(options, whole_seed(options.seed or 0)) -- a wrong option is found before any work
  return { name = options.name or "trees", baseline = true, fit = function(train, valid)
    local context = type(valid) == "table" and valid or {}
    local seed = whole_seed(options.seed or context.seed or 42)
    if not frames.is_frame(valid) then
      train, valid = hold_out(train, share, { seed = seed, group = context.group,
        time = context.time, embargo = context.embargo })
    end
    return fit(options, train, valid, seed)
  end }
end

return M
