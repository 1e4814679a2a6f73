-- How good a point is: what it builds, cross-validated or judged on rows held out.
-- SPDX-License-Identifier: MIT
local candidates = require("churnlab.candidate")
local errors = require("churnlab.errors")

local M = {}

local EPOCHS = 200 -- as cl.fit without a word
local WATCHED = 0.15

-- Which way a metric is better.
M.signs = { log_loss = 1, brier = 1, ece = 1, roc_auc = -1, pr_auc = -1, accuracy = -1, f1 = -1,
  lift_10 = -1, macro_f1 = -1, kappa = -1 }

-- ---- what was built ----

local function copy(from, to)
  for key, value in pairs(from or {}) do to[key] = value end
  return to
end

-- { prep =, net =, options = { … } } or with the options beside: as cl.crossval takes it.
local function spec_of(built)
  if type(built) == "function" then return { name = "tuned", fit = built } end
  if type(built) ~= "table" then
    errors.raise("tune: build: expected { prep =, net =, options = } or { fit = }, got %s",
      type(built))
  end
  local spec = copy(built, {})
  spec.options = nil
  copy(built.options, spec)
  spec.name = "tuned"
  return spec
end

-- The spec with a share of its epochs and, for reports, one more callback.
local function limited(spec, budget, report)
  if not spec.net then return spec end
  spec.epochs = math.max(1, math.floor(budget * (spec.epochs or EPOCHS) + 0.5))
  if report then
    spec.callbacks = table.move(spec.callbacks or {}, 1, #(spec.callbacks or {}), 1, {})
    table.insert(spec.callbacks, report)
    spec.valid = spec.valid or WATCHED
  end
  return spec
end

local function fit(spec, train, seed)
  local candidate = candidates.list("tune", spec)[1]
  local context = { seed = seed, fold = 1 }
  if candidate.fit then return candidate.fit(train, context) end
  local job = candidate:job(train, context)
  return (require("churnlab.fit").fit(job.prep, job.net, job.train, job.options))
end

local function scores_of(model, test, outcomes)
  return outcomes:scores(outcomes:labels(test), outcomes:predict("tune", model, test))
end

-- ---- judging ----

local function part(frame, share, seed)
  return frame:split { share, 1 - share, stratify = frame:roles().target, seed = seed }
end

local function fold_value(spec, frame, options)
  local judged = require("churnlab.crossval").crossval(spec, frame, { folds = options.folds,
    seed = options.seed, bootstrap = false })
  return judged:model().mean[options.metric]
end

local function held_out_value(spec, frame, options)
  local train, test = part(frame, 1 - options.valid, options.seed)
  return scores_of(fit(spec, train, options.seed), test, options.outcomes)[options.metric]
end

-- How an epoch stands, better in the direction of the metric: the validation AUC, or the loss that
-- training minimises.
local function progress(log, metric)
  return metric == "roc_auc" and log.val_auc or M.signs[metric] * log.val_loss
end

-- A point whose training diverges is a bad point, no mistake of the script.
local function guarded(f, ...)
  local ok, value = pcall(f, ...)
  if ok then return value end
  if type(value) == "string" and (value:find("NaN", 1, true) or value:find("Inf", 1, true)) then
    return nil
  end
  error(value, 0)
end

--- The judge of a search.
-- @tparam table options folds (1 = one hold-out of the share `valid`), metric, seed, budget
-- ("epochs" or "rows"), prune; outcomes of the target
-- @treturn table evaluate(built, frame, budget, trial) → value; fit(built, frame); outer(built,
-- train, test) → value, scores
function M.new(options)
  local judge = {}
  function judge.evaluate(built, frame, budget, trial)
    local spec = spec_of(built)
    local by_rows = options.budget == "rows" or not spec.net
    if budget < 1 and by_rows then frame = part(frame, budget, options.seed) end
    local report = options.prune and function(epoch, log)
      return trial:report(epoch, progress(log, options.metric))
    end
    spec = limited(spec, by_rows and 1 or budget, report)
    local value = options.folds > 1 and fold_value or held_out_value
    return guarded(value, spec, frame, options)
  end
  function judge.fit(built, frame) return fit(spec_of(built), frame, options.seed) end
  function judge.outer(built, train, test)
    local scores = scores_of(judge.fit(built, train), test, options.outcomes)
    return scores[options.metric], scores
  end
  return judge
end

return M
