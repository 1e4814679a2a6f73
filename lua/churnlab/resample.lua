--- cl.resample: rows of a small class repeated or drawn anew, rows of a large one left out.
--
-- What these return goes into `cl.fit` as its option `resample`, alone or as a list of steps that
-- follow each other. It works on the encoded training rows, after the prep has been fitted and
-- never on rows that judge, so that in cross-validation it happens inside each training fold.
-- Probabilities are shifted back to the training frame's own rate afterwards (`cl.fit`, option
-- `prior_correction`).
--
-- No resampling raises the ROC AUC of a good net: van den Goorbergh et al. (2022) found the same
-- ranking and overstated risks; a threshold that fits the costs does the same with honest
-- probabilities. `print(history.imbalance)` shows what it did to yours.
-- @module churnlab.resample

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local function step(name, options)
  local made = { type = name }
  for key, value in pairs(errors.table("resample." .. name, options)) do
    if key == "kind" or key == "type" then
      errors.raise("resample.%s: unknown option '%s'", name, key)
    end
    made[key] = value
  end
  core.resample.check(made)
  made.kind = "resample"
  return made
end

--- Repeats rows of the small classes, each as often as another up to one.
-- @function cl.resample.over
-- @tparam[opt] table options `ratio` (1): of a small class to the largest afterwards; a class that
-- is near enough stays
-- @treturn table a step
-- @raise unknown options; a ratio outside 0 … 1
-- @usage cl.resample.over { ratio = 0.5 }
function M.over(options) return step("over", options) end

--- Leaves out rows of the large classes at random.
-- @function cl.resample.under
-- @tparam[opt] table options `ratio` (1): of the smallest class to a large one afterwards
-- @treturn table a step
-- @raise unknown options; a ratio outside 0 … 1
-- @usage cl.resample.under { ratio = 0.5 }
function M.under(options) return step("under", options) end

--- SMOTE (Chawla, Bowyer, Hall, Kegelmeyer 2002): new rows of the small classes on the way from a
-- row to one of its nearest neighbours of the same class. It takes every encoded column as a
-- number; with one-hot columns `cl.resample.smote_nc` is the right one.
-- @function cl.resample.smote
-- @tparam[opt] table options `ratio` (1) as for `over`; `k` (5) neighbours
-- @treturn table a step
-- @raise unknown options; when fitting, a class of one row
-- @usage cl.resample.smote { ratio = 0.5, k = 5 }
function M.smote(options) return step("smote", options) end

--- SMOTE with nominal columns (SMOTE-NC, Chawla et al. 2002): one-hot columns of a text switch
-- together to the level that most neighbours have, and a nominal that differs counts as the median
-- of the numbers' standard deviations. Missing flags and columns of two values are nominal, too.
-- @function cl.resample.smote_nc
-- @tparam[opt] table options as for `smote`
-- @treturn table a step
-- @raise as `smote`
-- @usage local model, history = cl.fit(cl.prep():impute():onehot():scale(),
--   cl.nn.sequential():dense(1, { activation = "sigmoid" }), train,
--   { valid = valid, epochs = 2, resample = cl.resample.smote_nc {} })
-- print(history.imbalance)
function M.smote_nc(options) return step("smote_nc", options) end

--- Checks the option `resample` of cl.fit: a step or a list of steps, as the core reads them.
-- @local
function M.steps(given)
  if given == nil then return nil end
  local list = given.kind and { given } or given
  if #list == 0 then
    errors.raise("fit: option 'resample': expected a step such as cl.resample.smote{}, got %s",
      next(list) and "a table" or "an empty list")
  end
  local steps = {}
  for i, item in ipairs(list) do
    if type(item) ~= "table" or item.kind ~= "resample" then
      errors.raise("fit: option 'resample': item %d: expected a step such as cl.resample.smote{}, "
        .. "got %s", i, type(item) == "table" and (item.kind or "a table") or type(item))
    end
    local copy = {}
    for key, value in pairs(item) do
      if key ~= "kind" then copy[key] = value end
    end
    steps[i] = copy
  end
  return steps
end

--- Resamples encoded training rows.
-- @local
-- @tparam Matrix x
-- @param y labels
-- @tparam table steps of M.steps
-- @tparam Prep prep fitted
-- @tparam integer seed
-- @treturn Matrix
-- @treturn Matrix labels
-- @treturn Matrix the row that each came from
function M.run(x, y, steps, prep, seed)
  return core.resample.run(x, y, steps, seed, prep:nominal())
end

return M
