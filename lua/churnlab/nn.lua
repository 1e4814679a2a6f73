--- Nets as data: layers, losses, optimizers and callbacks for cl.fit.
-- Every constructor checks its options in the core at once, so that a mistake is reported at its
-- own line of the script, and returns a plain table that a saved model can carry.
-- @module churnlab.nn

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local graph = require("churnlab.nn.graph")
local sequential = require("churnlab.nn.sequential")

local nn = {
  sequential = sequential.new, is_sequential = sequential.is,
  input = graph.input, graph = graph.new, is_graph = graph.is,
}

--- Is this a net: made by nn.sequential or nn.graph?
-- @param value
-- @treturn boolean
-- @usage nn.is_net(nn.sequential()) == true
function nn.is_net(value) return sequential.is(value) or graph.is(value) end

-- ---- losses, optimizers, callbacks: tagged tables ----

local function without_kind(t)
  local copy = {}
  for name, value in pairs(t) do
    if name ~= "kind" then copy[name] = value end
  end
  return copy
end

-- kind → how the core's option table holds such a part
local wrap = {
  loss = function(part) return { loss = part } end,
  optimizer = function(part) return { optimizer = part } end,
  early_stop = function(part) return { early_stop = part } end,
  schedule = function(part) return { schedules = { part } } end,
}

local function part(kind, type_name, where, options)
  local result = {}
  for name, value in pairs(errors.table(where, options)) do
    if name == "kind" or name == "type" then
      errors.raise("%s: unknown option '%s'", where, name)
    end
    result[name] = value
  end
  result.type = type_name
  core.net.check_options(wrap[kind](result))
  result.kind = kind
  return result
end

--- Binary cross-entropy, computed from logits so that it never overflows:
-- mean of w_y · (log(1 + exp(z)) - y·z).
-- @tparam[opt] table options `class_weight` ("balanced": n/(2·n_class), or `{ w0, w1 }`);
-- `label_smoothing` e from 0 to 1: y becomes y·(1 - e) + e/2 (Szegedy et al. 2016)
-- @treturn table
-- @usage nn.bce { class_weight = "balanced" }
function nn.bce(options) return part("loss", "bce", "bce", options) end

--- Cross-entropy of two or more classes from logits, for @{churnlab.core.net}; a model's one
-- output is a probability and takes `nn.bce`.
-- @tparam[opt] table options `class_weight` ("balanced" or one number a class), `label_smoothing`
-- @treturn table
-- @usage nn.cross_entropy { label_smoothing = 0.05 }
function nn.cross_entropy(options)
  return part("loss", "cross_entropy", "cross_entropy", options)
end

--- Adam (Kingma & Ba 2015).
-- @tparam[opt] table options `lr` (1e-3), `beta1` (0.9), `beta2` (0.999), `eps` (1e-8)
-- @treturn table
-- @usage nn.adam { lr = 1e-3 }
function nn.adam(options) return part("optimizer", "adam", "adam", options) end

--- AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019).
-- @tparam[opt] table options as `nn.adam`, and `weight_decay` (0.01)
-- @treturn table
-- @usage nn.adamw { lr = 1e-3, weight_decay = 0.01 }
function nn.adamw(options) return part("optimizer", "adamw", "adamw", options) end

--- Stochastic gradient descent. Its momentum is Polyak's (1964) or, with `nesterov`, Nesterov's as
-- in Sutskever et al. 2013: v = momentum·v + g; the step is lr·v or lr·(g + momentum·v).
-- @tparam[opt] table options `lr` (0.01), `momentum` (0), `nesterov` (false)
-- @treturn table
-- @usage nn.sgd { lr = 0.05, momentum = 0.9, nesterov = true }
function nn.sgd(options) return part("optimizer", "sgd", "sgd", options) end

--- RMSProp (Tieleman & Hinton 2012), centered as in Graves 2013.
-- @tparam[opt] table options `lr` (0.01), `alpha` (0.99: share of the old mean square), `eps`
-- (1e-8), `momentum` (0), `centered` (false)
-- @treturn table
-- @usage nn.rmsprop { lr = 1e-3, momentum = 0.9 }
function nn.rmsprop(options) return part("optimizer", "rmsprop", "rmsprop", options) end

--- NAdam: Adam with Nesterov's momentum (Dozat 2016).
-- @tparam[opt] table options as `nn.adam` with `lr` 2e-3, and `momentum_decay` (4e-3),
-- `weight_decay` (0, decoupled)
-- @treturn table
-- @usage nn.nadam { lr = 1e-3 }
function nn.nadam(options) return part("optimizer", "nadam", "nadam", options) end

--- Muon: orthogonalised momentum for the matrices of hidden layers (Jordan et al. 2024), AdamW for
-- the output layer, biases and norms.
-- @tparam[opt] table options `lr` (0.02, of the matrices), `adam_lr` (1e-3, of the rest),
-- `momentum` (0.95), `nesterov` (true), `weight_decay` (0.01), `adjust_lr` ("original": times
-- sqrt(max(1, outputs / inputs)); "match_rms_adamw": times 0.2 sqrt(max(outputs, inputs)), which
-- suits learning rates of AdamW), `beta1`, `beta2`, `eps` as `nn.adam`
-- @treturn table
-- @usage nn.muon { lr = 0.02, adam_lr = 2e-3 }
function nn.muon(options) return part("optimizer", "muon", "muon", options) end

--- L-BFGS over the whole training set with a line search for the strong Wolfe conditions (Nocedal &
-- Wright 2006); each epoch makes up to `iterations` steps. Dropout and other draws are the same in
-- every evaluation. Training ends early once there is nothing left to gain.
-- @tparam[opt] table options `history` (10 pairs), `iterations` (20), `lr` (1, the first length that
-- is tried), `tolerance_grad` (1e-7), `tolerance_change` (1e-9)
-- @treturn table
-- @usage nn.lbfgs { history = 20 }
function nn.lbfgs(options) return part("optimizer", "lbfgs", "lbfgs", options) end

--- Ends training when a figure no longer improves (Prechelt 1998).
-- @tparam[opt] table options `monitor` ("val_loss", "val_auc" or "loss"), `patience` (10 epochs),
-- `restore` (true: keep the best epoch's weights), `min_delta` (0)
-- @treturn table
-- @usage nn.early_stop { monitor = "val_loss", patience = 15 }
function nn.early_stop(options) return part("early_stop", "early_stop", "early_stop", options) end

--- Multiplies the learning rate by `factor` when a figure no longer improves.
-- @tparam[opt] table options `factor` (0.5), `patience` (5 epochs), `monitor` ("val_loss"),
-- `min_lr` (0), `cooldown` (0 epochs), `threshold` (1e-4, relative)
-- @treturn table
-- @usage nn.reduce_lr { factor = 0.3, patience = 4 }
function nn.reduce_lr(options) return part("schedule", "reduce_lr", "reduce_lr", options) end

--- Multiplies the learning rate by `factor` after each `every` epochs.
-- @tparam table options `every` (epochs, required), `factor` (0.5)
-- @treturn table
-- @usage nn.step_lr { every = 10, factor = 0.5 }
function nn.step_lr(options) return part("schedule", "step", "step_lr", options) end

--- Multiplies the learning rate by `factor` after each epoch.
-- @tparam[opt] table options `factor` (0.95)
-- @treturn table
-- @usage nn.exponential_lr { factor = 0.97 }
function nn.exponential_lr(options)
  return part("schedule", "exponential", "exponential_lr", options)
end

--- Raises the learning rate in a line from 0 to its value over the first steps. Schedules multiply:
-- it goes with any other.
-- @tparam[opt] table options `share` of all steps (0.05)
-- @treturn table
-- @usage nn.warm_up { share = 0.1 }
function nn.warm_up(options) return part("schedule", "warm_up", "warm_up", options) end

--- Lowers the learning rate from step to step along half a cosine (Loshchilov & Hutter 2017).
-- @tparam[opt] table options `lowest`: the factor at the last epoch's end (0)
-- @treturn table
-- @usage nn.cosine { lowest = 0.01 }
function nn.cosine(options) return part("schedule", "cosine", "cosine", options) end

--- Up to the learning rate and down again, as PyTorch's OneCycleLR (Smith & Topin 2018).
-- @tparam[opt] table options `share` of the steps that rise (0.3), factors at the ends: `start`
-- (0.04) and `finish` (4e-6)
-- @treturn table
-- @usage nn.one_cycle { share = 0.2 }
function nn.one_cycle(options) return part("schedule", "one_cycle", "one_cycle", options) end

--- Four cycles of the learning rate, each longer than the one before (RealMLP: Holzmüller,
-- Grinsztajn, Steinwart 2024).
-- @treturn table
-- @usage nn.coslog4()
function nn.coslog4(options) return part("schedule", "coslog4", "coslog4", options) end

--- The full learning rate for half of the epochs, then along half a cosine to 0 (RealMLP).
-- @treturn table
-- @usage nn.flat_cos()
function nn.flat_cos(options) return part("schedule", "flat_cos", "flat_cos", options) end

-- ---- for cl.fit ----

local function expect_kind(name, value, kind)
  if type(value) ~= "table" or value.kind ~= kind then
    local got = type(value) == "table" and (value.kind or "a table") or type(value)
    errors.raise("fit: option '%s': expected a %s such as nn.%s, got %s", name, kind,
      kind == "loss" and "bce{}" or "adam{}", got)
  end
  return without_kind(value)
end

local function add_callback(options, functions, i, callback)
  local kind = type(callback) == "table" and callback.kind
  if type(callback) == "function" then
    functions[#functions + 1] = callback
  elseif kind == "early_stop" then
    if options.early_stop then errors.raise("fit: callbacks: more than one early_stop") end
    options.early_stop = without_kind(callback)
  elseif kind == "schedule" then
    options.schedules = options.schedules or {}
    table.insert(options.schedules, without_kind(callback))
  else
    errors.raise("fit: callbacks: item %d: expected a function, nn.early_stop or a schedule such "
      .. "as nn.reduce_lr, got %s", i, kind or type(callback))
  end
end

local function join(functions)
  if #functions < 2 then return functions[1] end
  return function(epoch, log)
    local go_on = true
    for _, f in ipairs(functions) do
      if f(epoch, log) == false then go_on = false end
    end
    return go_on
  end
end

--- Turns the options of cl.fit that concern training into those of core.net.train.
-- @local
-- @tparam table opts loss, optimizer, epochs, batch, seed, shuffle, clip_norm, ema, callbacks;
-- others are ignored
-- @treturn table options for core.net.train
-- @treturn ?function on_epoch, when there are functions among the callbacks
function nn.compile_options(opts)
  local options, functions = {}, {}
  for _, name in ipairs { "epochs", "batch", "seed", "shuffle", "clip_norm", "ema" } do
    options[name] = opts[name]
  end
  if opts.loss ~= nil then options.loss = expect_kind("loss", opts.loss, "loss") end
  if opts.optimizer ~= nil then
    options.optimizer = expect_kind("optimizer", opts.optimizer, "optimizer")
  end
  for i, callback in ipairs(opts.callbacks or {}) do
    add_callback(options, functions, i, callback)
  end
  core.net.check_options(options)
  return options, join(functions)
end

return nn
