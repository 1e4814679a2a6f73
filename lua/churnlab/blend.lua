--- cl.blend: several models as one, that is scored, explained, calibrated and saved like any other.
-- @module churnlab.model

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
require("churnlab.model") -- gives models their methods

local M = {}

local function is_model(value)
  return type(value) == "userdata" and getmetatable(value) == core.model.meta
end

local function check_models(models)
  if type(models) ~= "table" or #models == 0 then
    errors.raise("blend: models: expected a list of models, got %s",
      type(models) == "table" and "an empty one" or "a " .. type(models))
  end
  for i, model in ipairs(models) do
    if not is_model(model) then
      errors.raise("blend: model %d: expected a model, got a %s", i, type(model))
    end
  end
end

-- The logistic regressions beside the models: each knows the part whose prep it reads. Models that
-- share parts, or are left out, keep the first one's alone.
local function baselines(models, joined)
  local found, before = {}, 0
  for _, model in ipairs(models) do
    local own = model:metadata().logistic
    for _, logistic in ipairs(own and (own[1] and own or { own }) or {}) do
      found[#found + 1] = { weights = logistic.weights, intercept = logistic.intercept,
        l2 = logistic.l2, part = before + (logistic.part or 1) }
    end
    before = before + #model:facts().parts
  end
  if before == #joined:facts().parts then return found[1] and found end
  return found[1] and found[1].part == 1 and { found[1] } or nil
end

-- What is known of the training: each model's own, and the figures that stand for all of them.
local function lineage(models)
  local parts, rows, positives = {}, 0, 0
  for i, model in ipairs(models) do
    local training = model:metadata().training
    if not (training and training.rows and training.rate) then return nil end
    parts[i], rows = training, rows + training.rows
    positives = positives + training.rows * training.rate
  end
  local most = parts[1]
  for _, training in ipairs(parts) do
    if training.rows > most.rows then most = training end
  end
  return { rows = most.rows, dropped = most.dropped, rate = positives / rows,
    valid_rows = most.valid_rows, seed = parts[1].seed, models = parts,
    created = os.date("!%Y-%m-%dT%H:%M:%SZ"), version = core.version }
end

--- The metadata of a model that was joined from others: training, thresholds, logistic baselines.
-- @local
-- @tparam Model joined
-- @tparam {Model,...} models
-- @treturn Model joined
function M.describe(joined, models)
  local training = lineage(models)
  if training then joined:metadata("training", training) end
  joined:metadata("thresholds", models[1]:metadata().thresholds or { high = 0.6, medium = 0.3 })
  local logistic = baselines(models, joined)
  if logistic then joined:metadata("logistic", logistic) end
  return joined
end

--- The weighted mean of what models give, as a model of its own without a calibration; theirs
-- count. It reads the union of their columns, and shares nets and preps with them.
-- @function cl.blend
-- @tparam {Model,...} models that predict the same target and positive value, or the same classes
-- @tparam[opt] {number,...} weights one a model, not negative (default: equal; they are divided by
-- their sum, and a model with weight 0 is left out)
-- @tparam[opt] table options `background`: a frame that the rows behind explanations are sampled
-- from, needed where the models read different columns; `seed` (0) of that sample
-- @treturn Model
-- @raise models that predict different things, weights that do not fit
-- @usage
-- local two = cl.blend({ model, cl.load("bank.churn") }, { 0.7, 0.3 })
-- print(two:score(test:row(1)).churn)
function M.blend(models, weights, options)
  check_models(models)
  options = errors.options("blend", options, { background = "userdata", seed = "number" })
  if weights ~= nil and type(weights) ~= "table" then
    errors.raise("blend: weights: expected a list of numbers, got a %s", type(weights))
  end
  local joined = core.model.join(models, { weights = weights, background = options.background,
    seed = options.seed })
  return M.describe(joined, models)
end

return M
