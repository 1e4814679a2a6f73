--- The layers of nets: each is a method of `nn.sequential()`, which appends it, and of the nodes of
-- `nn.input()`, which gives a new node that reads it. Both check it in the core where the script
-- adds it. Every layer takes the options `name` (a text, unique in the net) and `trainable`
-- (false: frozen).
-- @module churnlab.nn.layers

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local lua_layers = require("churnlab.nn.lua_layers")

local M = {}

-- name of the method → function(arguments) → layer, options
local makers = {}

--- activation(x·W + b). Initial weights: He et al. 2015 for the ReLU family, Glorot & Bengio 2010
-- for the others, LeCun 1998 for SELU.
-- @function dense
-- @tparam integer units 1 to 65536
-- @tparam[opt] table options `activation`: "linear" (default), "relu", "leaky_relu", "tanh",
-- "sigmoid", "gelu" and "silu" (Hendrycks & Gimpel 2016), "selu" (Klambauer et al. 2017), "elu"
-- (Clevert et al. 2016), "mish" (Misra 2019) or "softmax"; `l1`, `l2`: penalties
-- l1·sum|w| + l2·sum w² on its weights; `max_norm` (0 = off): after each step the weights into a
-- unit shrink to at most that Euclidean norm, as in Keras
-- @raise a size out of bounds, options and activations that do not exist, with a suggestion
-- @usage nn.sequential():dense(64, { activation = "relu", l2 = 1e-4 })
function makers.dense(units, options) return { type = "dense", units = units }, options end

--- An activation as a layer of its own, for instance after batch norm.
-- @function activation
-- @tparam string name as in `dense`
-- @tparam[opt] table options
-- @usage net:dense(32):batch_norm():activation("relu")
function makers.activation(name, options)
  return { type = "activation", activation = name }, options
end

--- Batch normalisation (Ioffe & Szegedy 2015): over the batch in training, by running averages in
-- use.
-- @function batch_norm
-- @tparam[opt] table options `momentum` (0.9, the share of the old running average that is kept),
-- `eps` (1e-5)
-- @usage net:dense(32, { activation = "relu" }):batch_norm { momentum = 0.95 }
function makers.batch_norm(options) return { type = "batch_norm" }, options end

--- Dropout: in training each input is zero with this probability and the others are divided by
-- 1 - rate; in use nothing happens (Srivastava et al. 2014).
-- @function dropout
-- @tparam number rate 0 to 0.99
-- @tparam[opt] table options
-- @usage net:dense(32, { activation = "relu" }):dropout(0.2)
function makers.dropout(rate, options) return { type = "dropout", rate = rate }, options end

--- Gaussian noise: in training a normal draw is added to each input; in use nothing happens. For
-- noise on the net's inputs alone there is also the option `noise` of `cl.fit`.
-- @function gaussian_noise
-- @tparam number stddev its standard deviation, 0 or more
-- @tparam[opt] table options
-- @usage net:gaussian_noise(0.1):dense(32, { activation = "relu" })
function makers.gaussian_noise(stddev, options)
  return { type = "gaussian_noise", stddev = stddev }, options
end

--- Copies of a row, each scaled column by column by numbers of its own, which are learnt; the
-- layers above work on every copy, and the predictions of a head's copies are averaged. The whole
-- of TabM-mini, with `member_dense` as the head (Gorishniy, Kotelnikov, Babenko: TabM, ICLR 2025).
-- @function copies
-- @tparam integer copies 2 to 1024
-- @tparam[opt] table options `init`: the first scales are "signs" (1 or -1, the default), "normal"
-- or "ones"; `groups`: sizes of neighbouring columns that start with one scale, or "columns": those
-- that come from one raw column
-- @usage nn.sequential():copies(8):dense(16, { activation = "relu" })
--   :member_dense(1, { activation = "sigmoid" })
function makers.copies(copies, options) return { type = "copies", copies = copies }, options end

--- A dense layer whose weights all copies share, between scales and a bias of each:
-- activation(s · ((r · x)·W) + b) (Wen, Tran, Ba: BatchEnsemble, ICLR 2020).
-- @function batch_ensemble
-- @tparam integer units 1 to 65536
-- @tparam[opt] table options `copies`: required where they begin; `activation`, `l1`, `l2` as in
-- `dense`; `init` of r ("signs" where the copies begin, else "ones") and `groups` as in `copies`
-- @usage nn.sequential():batch_ensemble(16, { copies = 8, activation = "relu" })
--   :batch_ensemble(16, { activation = "relu" }):member_dense(1, { activation = "sigmoid" })
function makers.batch_ensemble(units, options)
  return { type = "batch_ensemble", units = units }, options
end

--- A dense layer for each copy, with weights of its own.
-- @function member_dense
-- @tparam integer units 1 to 65536
-- @tparam[opt] table options `activation`, `l1`, `l2` as in `dense`
-- @usage nn.sequential():copies(4):member_dense(1, { activation = "sigmoid" })
function makers.member_dense(units, options)
  return { type = "member_dense", units = units }, options
end

for name, maker in pairs(require("churnlab.nn.sequence_layers")) do makers[name] = maker end

--- Layer normalisation (Ba, Kiros, Hinton 2016): each row by the mean and deviation of its own
-- numbers, then a learnt factor and shift for each column.
-- @function layer_norm
-- @tparam[opt] table options `eps` (1e-5)
-- @usage net:dense(32):layer_norm():activation("gelu")
function makers.layer_norm(options) return { type = "layer_norm" }, options end

--- One learnt factor for each column, 1 at first (RealMLP: Holzmüller, Grinsztajn, Steinwart 2024).
-- @function scale
-- @tparam[opt] table options
-- @usage nn.sequential():scale():dense(8, { activation = "selu" })
--   :dense(1, { activation = "sigmoid" })
function makers.scale(options) return { type = "scale" }, options end

--- An activation with a learnt gate a for each column: x + (f(x) - x)·a (RealMLP).
-- @function parametric
-- @tparam string name of f, as in `dense`
-- @tparam[opt] table options `start`: the first a (1)
-- @usage net:dense(32):parametric("selu")
function makers.parametric(name, options)
  return { type = "parametric", activation = name }, options
end

--- relu with a learnt slope below zero for each column, 0.25 at first (He et al. 2015): what
-- `parametric("relu", { start = 0.75 })` is.
-- @function prelu
-- @tparam[opt] table options
-- @usage net:dense(32):prelu()
function makers.prelu(options)
  return { type = "parametric", activation = "relu", start = 0.75 }, options
end

--- Some columns of what is read.
-- @function columns
-- @tparam table columns positions, of which 1 is the first; names of encoded columns, such as
-- "Gender=Male"; or names of raw columns, which stand for all that was made of them. Or
-- `{ without = "seq" }`: all encoded columns but those that begin with `seq_`, such as the flat
-- branch beside a `sequence` (several words in a list)
-- @tparam[opt] table options
-- @raise at fitting: a name that is no column, with a suggestion
-- @usage local x = nn.input()
-- local place = x:columns { "Geography", "Balance" }:dense(8, { activation = "relu" })
-- print(nn.graph(nn.concat { x, place }:dense(1, { activation = "sigmoid" })))
function makers.columns(columns, options)
  return { type = "columns", columns = columns }, options
end

--- A layer written in Lua, which `nn.register_layer` made known (@{churnlab.nn.lua_layers}).
-- @function lua
-- @tparam string name as it is registered
-- @tparam[opt] table options `check` (true): training's first batch compares its gradients with
-- finite differences
-- @raise a name that is not registered, with a suggestion
-- @usage nn.register_layer("cube", {
--   forward = function(x)
--     local y = x:to_table()
--     for _, row in ipairs(y) do
--       for j, v in ipairs(row) do row[j] = v ^ 3 end
--     end
--     return y
--   end,
--   backward = function(x, _, dy)
--     local dx = dy:to_table()
--     for i, row in ipairs(dx) do
--       for j, d in ipairs(row) do row[j] = d * 3 * x:get(i, j) ^ 2 end
--     end
--     return dx
--   end,
-- })
-- print(nn.sequential():dense(8):lua("cube"):dense(1, { activation = "sigmoid" }))
function makers.lua(name, options)
  return { type = "lua", ["function"] = lua_layers.known(name) }, options
end

for name, maker in pairs(require("churnlab.nn.embeddings")) do makers[name] = maker end

M.makers = makers

-- Layers that read several nodes: functions of `nn`, not methods.
M.merging = {
  add = function(options) return { type = "add" }, options end,
  concat = function(options) return { type = "concat" }, options end,
}

--- The names of all layers, sorted.
-- @local
-- @treturn {string,...}
function M.names()
  local names = {}
  for name in pairs(makers) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- A layer as data, checked.
-- @local
-- @tparam string name as in `makers`
-- @param ... the arguments of that layer
-- @treturn table `{ type = …, … }`
function M.make(name, ...)
  local layer, options = (makers[name] or M.merging[name])(...)
  for option, value in pairs(errors.table(layer.type, options)) do
    if layer[option] ~= nil then
      errors.raise("%s: option '%s' is given twice", layer.type, option)
    end
    layer[option] = value
  end
  core.net.check_layer(layer)
  return layer
end

return M
