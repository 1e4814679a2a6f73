--- The builder of nets: layers as data, each checked by the core where the script adds it.
-- For instance, and printed with its sizes by `summary`:
--
--     local net = nn.sequential()
--       :dense(64, { activation = "relu", l2 = 1e-4 }):batch_norm():dropout(0.2)
--       :dense(32, { activation = "relu" })
--       :dense(1, { activation = "sigmoid" })
-- @module churnlab.nn.sequential

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local Sequential = { __name = "churnlab.Sequential" }
local methods = {}

local function add(self, layer, options)
  for name, value in pairs(options) do
    if layer[name] ~= nil then
      errors.raise("%s: option '%s' is given twice", layer.type, name)
    end
    layer[name] = value
  end
  core.net.check_layer(layer)
  self.layers[#self.layers + 1] = layer
  return self
end

--- A net as data, not trained: layers in the order in which they are applied.
-- @type Sequential

--- Appends a dense layer: activation(x·W + b). Initial weights: He et al. 2015 for the ReLU family,
-- Glorot & Bengio 2010 for the others, LeCun 1998 for SELU.
-- @function Sequential:dense
-- @tparam integer units 1 to 65536
-- @tparam[opt] table options `activation`: "linear" (default), "relu", "leaky_relu", "tanh",
-- "sigmoid", "gelu" and "silu" (Hendrycks & Gimpel 2016), "selu" (Klambauer et al. 2017), "elu"
-- (Clevert et al. 2016), "mish" (Misra 2019) or "softmax"; `l1`, `l2`: penalties
-- l1·sum|w| + l2·sum w² on its weights
-- @treturn Sequential itself
-- @raise a size out of bounds, options and activations that do not exist, with a suggestion
-- @usage nn.sequential():dense(64, { activation = "relu", l2 = 1e-4 })
function methods:dense(units, options)
  return add(self, { type = "dense", units = units }, errors.table("dense", options))
end

--- Appends an activation as a layer of its own, for instance after batch norm.
-- @function Sequential:activation
-- @tparam string name as in `dense`
-- @treturn Sequential itself
-- @usage net:dense(32):batch_norm():activation("relu")
function methods:activation(name)
  return add(self, { type = "activation", activation = name }, {})
end

--- Appends batch normalisation (Ioffe & Szegedy 2015): over the batch in training, by running
-- averages in use.
-- @function Sequential:batch_norm
-- @tparam[opt] table options `momentum` (0.9, the share of the old running average that is kept),
-- `eps` (1e-5)
-- @treturn Sequential itself
-- @usage net:dense(32, { activation = "relu" }):batch_norm { momentum = 0.95 }
function methods:batch_norm(options)
  return add(self, { type = "batch_norm" }, errors.table("batch_norm", options))
end

--- Appends dropout: in training each input is zero with this probability and the others are divided
-- by 1 - rate; in use nothing happens (Srivastava et al. 2014).
-- @function Sequential:dropout
-- @tparam number rate 0 to 0.99
-- @treturn Sequential itself
-- @usage net:dense(32, { activation = "relu" }):dropout(0.2)
function methods:dropout(rate)
  return add(self, { type = "dropout", rate = rate }, {})
end

--- The architecture as data, for @{churnlab.core.net}.
-- @function Sequential:spec
-- @treturn table `{ layers = { { type = … }, … } }`
-- @usage #net:dense(8):dense(1):spec().layers == 2
function methods:spec()
  local layers = {}
  for i, layer in ipairs(self.layers) do
    local copy = {}
    for name, value in pairs(layer) do copy[name] = value end
    layers[i] = copy
  end
  return { layers = layers }
end

--- Layers, outputs and parameters once the number of columns is known.
-- @function Sequential:summary
-- @tparam integer inputs columns of the encoded frame
-- @treturn string
-- @usage print(net:dense(8, { activation = "relu" }):dense(1):summary(12))
function methods:summary(inputs)
  return core.net.new(self:spec(), inputs):describe()
end

function Sequential.__index(_, key)
  local method = methods[key]
  if method == nil and type(key) == "string" then
    local names = {}
    for name in pairs(methods) do names[#names + 1] = name end
    table.sort(names)
    errors.unknown("sequential", "layer or method", key, names)
  end
  return method
end

local function describe(layer)
  local words = { layer.type }
  local names = {}
  for name in pairs(layer) do
    if name ~= "type" then names[#names + 1] = name end
  end
  table.sort(names)
  for _, name in ipairs(names) do words[#words + 1] = ("%s=%s"):format(name, layer[name]) end
  return table.concat(words, " ")
end

function Sequential:__tostring()
  local lines = { "sequential" }
  for i, layer in ipairs(self.layers) do
    lines[#lines + 1] = (" %2d  %s"):format(i, describe(layer))
  end
  return table.concat(lines, "\n")
end

--- @section end

--- An empty net; layers are appended by its methods. For `cl.fit` the last one is
-- `dense(1, { activation = "sigmoid" })`.
-- @function nn.sequential
-- @treturn Sequential
-- @usage
-- local small = nn.sequential():dense(16, { activation = "relu" })
--   :dense(1, { activation = "sigmoid" })
function M.new()
  return setmetatable({ layers = {} }, Sequential)
end

--- Is this a net made by nn.sequential?
-- @function nn.is_sequential
-- @param value
-- @treturn boolean
-- @usage nn.is_sequential(nn.sequential()) == true
function M.is(value)
  return getmetatable(value) == Sequential
end

return M
