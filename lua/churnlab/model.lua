--- Models: score, evaluate, explain, calibrate, save; `cl.load` reads one.
-- A model is the prep, an ensemble of nets, a calibration and a sample of the training rows as
-- background of explanations; saved, it is one file without code. A score of a row depends on that
-- row alone: alone or in any batch it is the same to the last bit.
--
-- The methods from `score_frame` on are the layer in C that the others call.
-- @module churnlab.model

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local explain_options = require("churnlab.explain_options")
local explanation = require("churnlab.explain")
local frames = require("churnlab.frame")
local row_view = require("churnlab.frame.row")
local score = require("churnlab.score")

local M = {}

local meta = core.model.meta
local methods = meta.__index

--- Reads a model that `model:save` wrote. A file from elsewhere can do no harm: it holds no code.
-- @function cl.load
-- @tparam string path
-- @treturn Model
-- @raise with the path and the part that is missing, damaged or of a newer format
-- @usage print(cl.load("bank.churn"))
M.load = core.model.load

-- A frame, a row or a plain table of raw columns as a frame; the second result is true for one row.
local function to_frame(model, input, where)
  if frames.is_frame(input) then return input, false end
  if row_view.is_row(input) then return input:frame(), true end
  if type(input) ~= "table" or input[1] ~= nil then
    errors.raise("%s: expected a frame, a row or a table of columns, got a %s", where,
      type(input) == "table" and "list" or type(input))
  end
  local schema, types, names, values = model:schema(), {}, {}, {}
  for _, name in ipairs(schema:columns()) do
    if input[name] == nil then
      errors.raise("%s: expected a value for the column '%s' (cl.NA where it is missing)", where,
        name)
    end
    names[#names + 1], types[name], values[name] = name, schema:type(name), { input[name] }
  end
  local id = model:facts().id
  if id and input[id] ~= nil then
    names[#names + 1], values[id] = id, { input[id] }
  end
  return frames.from_table(values, { names = names, types = types }), true
end

local score_options = {
  policy = "string|table", reasons = "number", background = "userdata|table",
  background_rows = "number", samples = "number", seed = "number",
  class = "string|number|boolean",
}

--- A fitted model; printing it says what it reads and how it was trained.
-- @type Model

--- Scores customers.
-- @function Model:score
-- @tparam Frame|Row|table input raw columns, of which those that training read must be there; extra
-- columns are kept
-- @tparam[opt] table options `policy` (a path or a Policy), `reasons` (how many, 0 to 63), and for
-- the reasons `background`, `background_rows`, `samples`, `seed`, `class` as in `Model:explain`
-- @treturn Frame|Score for a frame its columns and `churn` (the probability), `tier`, with a policy
-- `action`, `rule`, `cost`, `because`, with reasons `reason_1` ("Age = 58"), `reason_1_effect` …
-- (what raises churn, strongest first); for one row a Score with these as fields. A model of
-- classes gives `p_<class>` for each of them, `class`, the most probable one, and `churn` and what
-- follows from it where the target has positive values; the Score of a row has `p[class]`
-- @treturn ?integer cells whose level training did not have, when there are any; a Score has them
-- as its field `unseen`
-- @raise missing columns, columns of another type, unknown options; what is wrong with the policy
-- @usage
-- model:score(frame, { policy = "retention.lua", reasons = 3 }):write_csv("scored.csv")
-- print(model:score(test:row(1)).churn)
function methods:score(input, options)
  options = errors.options("score", options, score_options)
  explain_options.check("score", options)
  local frame, one = to_frame(self, input, "score")
  if options.class ~= nil then
    options.class = explain_options.class(self, frame, 1, options.class)
  end
  local result, unseen, names = score.run(self, frame, options,
    explain_options.background(options, "score"))
  unseen = unseen > 0 and unseen or nil
  if one then return score.of_row(result, names, input, unseen, self:facts().classes) end
  if unseen then return result, unseen end
  return result
end

--- What all heads of a net that was trained with several predict.
-- @function Model:heads
-- @tparam Frame|Row|table input as for `Model:score`
-- @treturn Frame the id if there is one, then the heads, that of the target first: a column under
-- the head's name; of several units `<head>_1`, `<head>_2` …; of classes `<head>_p_<class>`, for
-- numbers from 0. The target's is what `Model:score` gives; the others are as the nets answer,
-- without correction for resampled rows
-- @raise a model whose nets have one head, was updated, or is a blend
-- @usage -- print(model:heads(test):head(5))
function methods:heads(input)
  return require("churnlab.model_heads").run(self, (to_frame(self, input, "heads")))
end

--- Judges the model on rows that it did not see, beside the majority rule and the logistic
-- regression that was fitted on the training rows.
-- @function Model:evaluate
-- @tparam Frame test with the target; rows without a value there are left out
-- @tparam[opt] table options `bootstrap` (500 resamples; false = no intervals), `threshold` (0.5),
-- `seed` (0); `keep` = true stores the result in the model, so that it is saved with it
-- @treturn Evaluation|ClassEvaluation see @{churnlab.metrics}; the latter of a model of classes
-- @raise when the frame has no target column or none of its rows has a value there
-- @usage print(model:evaluate(test, { bootstrap = 200 }))
function methods:evaluate(test, options)
  return require("churnlab.evaluate").run(self, test, options)
end

--- Shapley values of the raw columns for one row: base + the effects = its score.
-- @function Model:explain
-- @tparam Row|Frame|table input
-- @tparam[opt] table options `row` (of a frame with several), `background` (a frame; nil = rows of
-- the training data that the model carries), `background_rows` (100: a larger background is
-- sampled), `samples` (coalitions to draw above 12 columns), `seed` (0); of a model of classes
-- `class`: which one's probability (default: the positive ones' if they are named, else that of the
-- predicted class)
-- @treturn Explanation see @{churnlab.explain}
-- @raise a row out of range, missing columns, unknown options and classes
-- @usage print(model:explain(test:row(7), { background = train }):top(5))
function methods:explain(input, options)
  options = errors.options("explain", options, { row = "number", background = "userdata|table",
    background_rows = "number", samples = "number", seed = "number",
    class = "string|number|boolean" })
  explain_options.check("explain", options)
  local frame = to_frame(self, input, "explain")
  local row = options.row or #frame == 1 and 1
  if math.type(row) ~= "integer" or row < 1 or row > #frame then
    errors.raise("explain: option 'row': expected a row from 1 to %d, got %s", #frame,
      row and tostring(row) or "none")
  end
  local class = explain_options.class(self, frame, row, options.class)
  local made = self:explain_row(frame, row, explain_options.background(options, "explain"),
    { samples = options.samples, seed = options.seed, class = class })
  made.class = class
  return explanation.new(made, function(column) return frame:cell(row, column) end)
end

--- Fits a calibration of the probabilities on rows that training did not see; it replaces an
-- earlier one. See @{churnlab.core.calibration} for the methods and their sources.
-- @function Model:calibrate
-- @tparam Frame valid with the target, both outcomes
-- @tparam[opt="isotonic"] string method "isotonic", "platt" or "temperature"; classes share one
-- temperature, by the other methods each is calibrated against all others
-- @treturn Model itself
-- @usage model:calibrate(valid, "platt")
function methods:calibrate(valid, method)
  self:calibrate_on(frames.coerce(valid, "calibrate"), method or "isotonic")
  return self
end

-- Rates as the core wants them: a number, or one a class in their order.
local function rates_of(rates, name)
  if type(rates) == "number" or type(rates) == "table" then return rates end
  errors.raise("prior_shift: %s: expected a rate, or one for each class, got a %s", name,
    type(rates))
end

--- Corrects the probabilities of nets that were trained on resampled or reweighted rows: the odds
-- are shifted from the rates in training to the true ones (Elkan 2001; Saerens, Latinne,
-- Decaestecker 2002), before the calibration. It replaces an earlier shift and is saved.
-- @function Model:prior_shift
-- @tparam number|{number,...} train_rate the positive rate that the nets were trained on; of a
-- model of classes a list with one rate a class, in their order
-- @tparam number|{number,...} true_rate that of the customers
-- @treturn Model itself
-- @raise rates that are none; a calibrated model: calibrate after the shift
-- @usage model:set_calibration():prior_shift(0.5, 0.2)
function methods:prior_shift(train_rate, true_rate)
  return self:set_priors(rates_of(train_rate, "train_rate"), rates_of(true_rate, "true_rate"))
end

--- A new model that has learned from new rows: the same prep, the nets trained on from their
-- weights, calibration and prior shift kept. This one stays as it is. A share of the loss comes
-- from the model's background with its own old answers as labels, so that it does not forget (Li &
-- Hoiem 2016). What was done is noted in the new model's `info().updates`.
-- @function Model:update
-- @tparam Frame rows with the target; rows without a value there are left out
-- @tparam[opt] table options `epochs` (5), `lr` (3e-4) or `optimizer`, `replay` (0.2: the
-- background's share of the loss), `batch` (128), `seed` (42), `freeze` as in `cl.fit`
-- @treturn Model
-- @treturn table history as of `cl.fit`
-- @raise a blend of several models; a frame without the target or a column; options that do not fit
-- @usage local newer = model:update(test, { epochs = 2, lr = 1e-4 })
function methods:update(rows, options)
  return require("churnlab.update").run(self, rows, options)
end

--- Everything that is known of the model, as plain data.
-- @function Model:info
-- @treturn table `target`, `positive`, `id`, `classes`, `ordered`, `parts`, `priors`,
-- `columns` = { { name, type }, … }, `encoded`,
-- `members`, `parameters` (of one net), `calibration`, `background` (rows), `hash`,
-- `thresholds`, and of its training `rows`, `dropped`, `rate`, `seed`, `best_epoch`, `data_sha256`,
-- `created`, `version`; `evaluation` if one is kept
-- @usage print(model:info().hash)
function methods:info()
  local info, metadata, schema = self:facts(), self:metadata(), self:schema()
  for name, value in pairs(metadata.training or {}) do info[name] = value end
  info.hash, info.evaluation, info.columns = self:hash(), metadata.evaluation, {}
  info.thresholds = metadata.thresholds
  for i, name in ipairs(schema:columns()) do
    info.columns[i] = { name = name, type = schema:type(name) }
  end
  return info
end

function meta.__tostring(self) return require("churnlab.describe_model").text(self) end

setmetatable(methods, { __index = function(_, key)
  if type(key) ~= "string" then return nil end
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  errors.unknown("model", "method", key, names)
end })

return M
