--- The layers of nets: each is a method of `nn.sequential()`, which appends it, and of the nodes of
-- `nn.input()`, which gives a new node that reads it. Both check it in the core where the script
-- adds it. Every layer takes the options `name` (a text, unique in the net) and `trainable`
-- (false: frozen).
-- @module churnlab.nn.layers

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

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
-- l1·sum|w| + l2·sum w² on its weights
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

M.makers = makers

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
  local layer, options = makers[name](...)
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
