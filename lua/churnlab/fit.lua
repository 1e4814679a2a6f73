--- cl.fit: prep and net, fitted on a training frame, become a model.
--
-- What is fitted sees training rows only: the prep and the logistic baseline `train`, the nets
-- `train`, and early stopping `valid`. The same seed gives the same model on any number of
-- threads.
-- @module churnlab.fit

-- SPDX-License-Identifier: MIT
local checks = require("churnlab.fit.checks")
local columns = require("churnlab.nn.columns")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local heads = require("churnlab.fit.heads")
local imbalance = require("churnlab.imbalance")
local nn = require("churnlab.nn")
local target = require("churnlab.fit.target")
local warm = require("churnlab.fit.warm")
require("churnlab.model") -- gives models their methods

local M = {}

local known = {
  valid = "userdata|table", loss = "table", optimizer = "table", epochs = "number",
  batch = "number", seed = "number", shuffle = "boolean", ensemble = "number",
  callbacks = "table", clip_norm = "number", ema = "number", verbose = "boolean",
  targets = "table", weights = "string", resample = "table", prior_correction = "boolean",
  mixup = "number", swap_noise = "number", noise = "number",
  time_limit = "number", memory_limit = "number|string", resume = "string",
  warm_start = "userdata", freeze = "table",
}

local MEMBERS_MAX = 1000

-- ---- the lines of verbose = true ----

local function number(value) return value and ("%.4f"):format(value) or "-" end

local function print_epoch(_, log)
  local heads_of = {}
  for name, value in pairs(log) do
    if name:find("^val_loss_") then
      heads_of[#heads_of + 1] = ("  %s %s"):format(name, number(value))
    end
  end
  table.sort(heads_of)
  io.stderr:write(("member %d  epoch %3d  lr %.2g  loss %s  val_loss %s  val_auc %s%s\n"):format(
    log.member, log.epoch, log.lr, number(log.loss), number(log.val_loss), number(log.val_auc),
    table.concat(heads_of)))
end

local function both(first, second)
  if not (first and second) then return first or second end
  return function(epoch, log)
    first(epoch, log)
    return second(epoch, log)
  end
end

-- ---- work ----

-- Frame, matrix, labels and weights of one part of the data; `names` are the classes of training.
local function encode(plan, whole_frame, prep, what, fitting, names)
  local part = { frame = heads.features(plan, whole_frame, what) }
  part.x = fitting and prep:fit_transform(part.frame) or prep:transform(part.frame)
  target.label(part, plan.classes, names)
  part.labels = heads.labels(plan, whole_frame, part.y, what)
  part.weights = heads.weights(plan, whole_frame, what)
  return part
end

-- Encoded columns of the same raw columns have the same number: swap noise moves them together.
local function groups_of(prep)
  local lineage, groups, numbers, n = prep:lineage(), {}, {}, 0
  for j, name in ipairs(prep:encoded_names()) do
    local key = table.concat(lineage[name], "\0")
    if not numbers[key] then n, numbers[key] = n + 1, n end
    groups[j] = numbers[key]
  end
  return groups
end

-- What the model remembers of its training.
local function lineage(state, history)
  local part, prep, options, on_valid = state.part, state.prep, state.training, state.valid
  local names = prep:raw_names()
  names[#names + 1] = part.frame:roles().target
  local shares = target.shares(part)
  return {
    rows = #part.frame, dropped = state.dropped, positives = shares.positives,
    rate = shares.rate, rates = shares.rates, valid_rows = on_valid and #on_valid.frame or 0,
    seed = options.seed, epochs = options.epochs, batch = options.batch,
    best_epoch = history.best_epoch, loss = state.loss and state.loss.type or "bce",
    optimizer = options.optimizer and options.optimizer.type or "adam",
    data_sha256 = core.model.data_hash(part.frame:select(names)),
    created = os.date("!%Y-%m-%dT%H:%M:%SZ"), version = core.version,
    imbalance = state.imbalance, warm_start = state.start and state.start.model:hash(),
  }
end

-- ---- in two halves, so that many fits can share one pool of threads ----

local function target_of(frame) return frames.is_frame(frame) and frame:roles().target or nil end

-- The loss of the head that the model scores.
local function scored_loss(plan, training)
  return training.losses and training.losses[plan.heads[1].name] or training.loss
end

local function task_of(state, members)
  local part, valid, names = state.part, state.valid or {}, state.prep:encoded_names()
  return {
    spec = columns.resolve(state.plan.spec, state.prep, "fit: net"), members = members,
    options = state.training, x = part.x, y = part.labels, weights = part.weights,
    valid_x = valid.x, valid_y = valid.labels, valid_weights = valid.weights,
    losses = state.losses, columns = names, groups = groups_of(state.prep),
    initial = state.start and state.start.nets,
  }
end

--- The first half of a fit: everything is checked and encoded, and nothing trained.
-- @local
-- @return state with `task`, one task of `core.net.train`, and `on_epoch`
function M.prepare(prep, net, train, options)
  options = errors.options("fit", options, known)
  if prep ~= nil or not options.warm_start then checks.prep(prep) end
  local start = options.warm_start and warm.parts(options.warm_start, prep)
  local spec = warm.freeze(checks.net(net, start), options.freeze)
  local plan = heads.plan(spec, options, target_of(train))
  plan.classes = target.has_classes(plan.spec)
  local members = checks.whole(options, "ensemble", start and #start.nets or 1, MEMBERS_MAX)
  local seed = checks.seed(options)
  local settings = setmetatable({ epochs = checks.whole(options, "epochs", 200, 1000000),
    batch = checks.whole(options, "batch", 128, 1 << 20), seed = seed,
    loss = options.loss or plan.classes and nn.cross_entropy() or nil }, { __index = options })
  local training, on_epoch, losses = nn.compile_options(settings)
  local state = { prep = start and start.prep or prep:clone(), training = training, start = start,
    plan = plan, loss = scored_loss(plan, training), losses = losses,
    on_epoch = both(options.verbose and print_epoch or nil, on_epoch) }
  local frame, on_valid
  frame, state.dropped = checks.labelled(train, "train", plan.classes)
  if options.valid ~= nil then on_valid = checks.labelled(options.valid, "valid", plan.classes) end
  state.part = encode(plan, frame, state.prep, "train", not start)
  target.check(state.part, plan.spec)
  if start then warm.check_classes(start, state.part.classes) end
  if on_valid then
    state.valid = encode(plan, on_valid, state.prep, "valid", false, state.part.classes)
  end
  state.task = task_of(state, members)
  imbalance.balance(state, options)
  return state
end

--- The second half: the nets that `state.task` became make a model.
-- @local
-- @param state of prepare
-- @tparam {Net,...} nets
-- @tparam table history
-- @tparam[opt] boolean bare without lineage and logistic baseline: a part of another model
-- @treturn Model
function M.finish(state, nets, history, bare)
  local part, prep = state.part, state.prep
  local all_heads, described = nets, heads.describe(state.plan, nets[1])
  nets = heads.scored(state.plan, nets)
  local training = not bare and lineage(state, history)
  local model = core.model.new(prep, nets, part.frame, state.training.seed)
  history.imbalance = imbalance.correct(model, state, bare)
  if bare then return model end
  model:metadata("training", training)
  if described then model:keep_heads(all_heads):metadata("heads", described) end
  model:metadata("thresholds", { high = 0.6, medium = 0.3 })
  model:metadata("logistic", target.baseline(part))
  return model
end

--- Fits a prep and an ensemble of nets. Neither argument changes: both can be fitted again.
-- @function cl.fit
-- @tparam Prep prep from `cl.prep()`
-- @tparam Sequential net from `nn.sequential()`; ends in one sigmoid, or in as many units with
-- softmax as the target has classes: then the model predicts each of them (@{Model:score})
-- @tparam Frame train with a target; rows without a value there are dropped and counted
-- @tparam[opt] table options
--
--   - `valid`: a frame for early stopping, `log.val_loss` and `log.val_auc`
--   - `loss` (`nn.bce{}`, of classes `nn.cross_entropy{}`; see @{churnlab.nn.losses}), `optimizer`
--     (`nn.adam{}`)
--   - `targets`: for a net with several heads, the column that each learns by the head's name, such
--     as `{ churn = "Exited", reason = "Reason" }`; a list of columns for `nn.hazard` and `nn.mse`.
--     Texts are classes in the order of their levels; a row without a value does not count for
--     that head. `loss` is then a table by head, too. These columns are no features. The model
--     scores the head of the frame's target; `Model:heads` gives what all of them predict
--   - `weights`: a column of sample weights, of `valid` too; it is no feature
--   - `epochs` (200), `batch` (128 rows), `shuffle` (true), `seed` (42)
--   - `ensemble` (1): the number of nets, whose mean is the score (Lakshminarayanan et al. 2017)
--   - `clip_norm` (0 = off): bound of the gradient's global norm
--   - `ema` (0 = off): decay of a moving average of the weights, such as 0.99, which is judged and
--     kept instead of the last weights
--   - `callbacks`: a list of `nn.early_stop{}`, schedules such as `nn.cosine{}`, and functions
--     `f(epoch, log)`; returning false ends this net's training
--   - `resample`: a step of `cl.resample` such as `cl.resample.smote_nc{}`, or a list of them: the
--     encoded training rows are resampled, never those of `valid`
--   - `prior_correction` (true): after resampling or class weights the odds are shifted back to the
--     training frame's own rate
--   - `mixup` (0 = off): alpha of mixup, such as 0.2: batches of mixed pairs of rows, whose loss is
--     the mixed loss of both labels (Zhang et al. 2018)
--   - `swap_noise` (0 = off): the share of values that come from another row, such as 0.1; columns
--     of one raw column (a one-hot) swap together
--   - `noise` (0 = off): the deviation of gaussian noise on the encoded inputs, such as 0.05
--   - `time_limit` (0 = off): seconds after which training ends, with the best weights so far; nets
--     of an ensemble take turns, each with an equal share
--   - `memory_limit`: bytes, or a text such as "2 GB", that training may take; more is refused
--     before it begins
--   - `resume`: the path of a checkpoint (`nn.checkpoint`) of the same data, net and options:
--     training goes on from there to the same model
--   - `warm_start`: a model whose prep is used as it is and whose weights training starts from;
--     `prep` and `net` may then be nil, a net must have layers of the same shapes
--   - `freeze`: numbers or names of layers that are not trained, such as `{ 1, "dense_2" }`; frozen
--     batch norm keeps its statistics
--   - `verbose` (false): a line an epoch on standard error, and what imbalance did
-- @treturn Model
-- @treturn table history: `members` = { { { epoch, lr, loss, val_loss, val_auc }, … }, … } (with
-- several heads `val_loss_<head>`, too) and
-- `best_epoch` and `stopped` ("epochs", "early_stop", "callback", "time_limit", "converged"), one a
-- member; after resampling or class weights `imbalance`: printing it shows the
-- calibration on the validation rows (without any, the training rows) before and after the shift
-- @raise before any work: options that do not exist or fit, a frame without a target, one outcome
-- only; during training: NaN or Inf, with epoch and batch
-- @usage local net = nn.sequential():dense(4, { activation = "relu" })
--   :dense(1, { activation = "sigmoid" })
-- local model, history = cl.fit(cl.prep():impute():onehot():scale(), net, train,
--   { valid = valid, epochs = 2, callbacks = { nn.early_stop { patience = 5 } } })
-- assert(#history.members[1] == 2)
function M.fit(prep, net, train, options)
  local state = M.prepare(prep, net, train, options)
  state.task.on_epoch = state.on_epoch
  local nets, history = core.net.train(state.task)
  return M.finish(state, nets, history), history
end

return M
