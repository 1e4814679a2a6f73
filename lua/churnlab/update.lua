--- model:update: a fitted model learns from new rows and remembers the old ones.
--
-- The prep stays as it is; the nets go on from their weights with a small learning rate. So that
-- they do not forget (catastrophic interference: McCloskey & Cohen 1989), a share of the loss comes
-- from the model's background, a sample of the old training rows, with the old nets' own
-- probabilities as labels (learning without forgetting: Li & Hoiem 2016; rehearsal: Robins 1995).
-- @module churnlab.update
-- @local

-- SPDX-License-Identifier: MIT
local concat = require("churnlab.frame.concat")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local nn = require("churnlab.nn")
local warm = require("churnlab.fit.warm")

local M = {}

local known = { epochs = "number", lr = "number", replay = "number", batch = "number",
  seed = "number", optimizer = "table", freeze = "table" }

local EPOCHS, LR, REPLAY, BATCH, SEED = 5, 3e-4, 0.2, 128, 42

local function check(options)
  options = errors.options("update", options, known)
  if options.optimizer and options.lr then
    errors.raise("update: options 'optimizer' and 'lr': expected one of them, got both")
  end
  local replay = options.replay or REPLAY
  if replay < 0 or replay >= 1 then
    errors.raise("update: option 'replay': expected a share from 0 to below 1, got %s", replay)
  end
  return { replay = replay, freeze = options.freeze, training = nn.compile_options {
    epochs = options.epochs or EPOCHS, batch = options.batch or BATCH, seed = options.seed or SEED,
    optimizer = options.optimizer or nn.adam { lr = options.lr or LR } } }
end

-- The new rows with the model's target, and their labels.
local function labelled(model, rows)
  local facts = model:facts()
  local frame = require("churnlab.frame").coerce(rows, "update")
  if not frame:has(facts.target) then
    errors.raise("update: the frame has no target column '%s'", facts.target)
  end
  frame = frame:with_roles { target = facts.target, positive = facts.positive }
  local dropped
  frame, dropped = core.model.labelled(frame, "update", facts.classes ~= nil)
  local y = facts.classes and frame:class_labels(facts.classes) or frame:labels()
  return frame, y:to_table(), dropped
end

-- The nets' mean answer for each row of x: { { p of class 0, p of class 1, … }, … }.
local function answers(nets, x)
  local rows = {}
  for _, net in ipairs(nets) do
    local p = net:predict(x)
    for i = 1, p:rows() do
      local row = rows[i] or {}
      rows[i] = row
      for c = 1, p:cols() do row[c] = (row[c] or 0) + p:get(i, c) / #nets end
    end
  end
  for _, row in ipairs(rows) do
    if #row == 1 then row[1], row[2] = 1 - row[1], row[1] end
  end
  return rows
end

-- Appends the background once for each class, with the old probability as weight: the weighted loss
-- of all classes is the loss of the soft label.
local function replay(task, frame, background, soft, share)
  local frames, scale = { frame }, share / (1 - share) * #task.y / #background
  for class = 1, #soft[1] do
    frames[#frames + 1] = background
    for _, p in ipairs(soft) do
      task.y[#task.y + 1] = class - 1
      task.weights[#task.weights + 1] = scale * p[class]
    end
  end
  return concat.concat(frames)
end

-- Rows of which the new model samples its own background: old ones in the same share.
local function sampled(frame, background, target, share, seed)
  if share == 0 then return frame end
  local most = math.max(1, math.floor(#background * (1 - share) / share))
  local new = #frame > most and frame:sample(most, { seed = seed }) or frame
  local roles = frame:roles()
  return concat.concat({ new, background }):with_roles { target = target,
    positive = roles.positive, id = roles.id }
end

local function note(model, new, made)
  for name, value in pairs(model:metadata()) do
    if name ~= "evaluation" and name ~= "heads" then new:metadata(name, value) end
  end
  local training = new:metadata().training or {}
  local updates = training.updates or {}
  updates[#updates + 1] = made
  training.updates = updates
  new:metadata("training", training)
end

-- What stands between the nets and the score; calibrations of classes are fitted anew.
local function correct(model, new)
  local facts = model:facts()
  if facts.priors then new:set_priors(facts.priors.from, facts.priors.to) end
  if not facts.classes then new:set_calibration(model:calibration_table()) end
end

--- See Model:update.
function M.run(model, rows, options)
  local how = check(options)
  local start = warm.parts(model)
  local frame, y, dropped = labelled(model, rows)
  local background = model:background()
  local columns = start.prep:raw_names()
  local task = { spec = warm.freeze(start.nets[1]:spec(), how.freeze), y = y, weights = {},
    options = how.training, members = #start.nets, initial = start.nets,
    columns = start.prep:encoded_names() }
  local new_rows = #y
  for i = 1, new_rows do task.weights[i] = 1 end
  local learned = frame:select(columns)
  if how.replay > 0 then
    local soft = answers(start.nets, start.prep:transform(background))
    learned = replay(task, learned, background:select(columns), soft, how.replay)
  end
  task.x = start.prep:transform(learned)
  local nets, history = core.net.train(task)
  local target = model:facts().target
  local new = core.model.new(start.prep, nets,
    sampled(frame, background, target, how.replay, how.training.seed), how.training.seed)
  correct(model, new)
  note(model, new, { rows = new_rows, dropped = dropped, replay = how.replay, from = model:hash(),
    epochs = how.training.epochs, optimizer = how.training.optimizer, seed = how.training.seed,
    data_sha256 = core.model.data_hash(frame:select(columns)),
    created = os.date("!%Y-%m-%dT%H:%M:%SZ"), version = core.version })
  return new, history
end

return M
