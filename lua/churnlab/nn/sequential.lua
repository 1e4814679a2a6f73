--- The builder of nets: layers as data, each checked by the core where the script adds it.
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

--- Appends a dense layer.
-- @tparam integer units 1 to 65536
-- @tparam[opt] table options activation ("linear", "relu", "leaky_relu", "tanh", "sigmoid", "gelu",
-- "selu", "softmax"), l1, l2: penalties l1·sum|w| + l2·sum w² on its weights
-- @treturn Sequential itself
-- @usage nn.sequential():dense(64, { activation = "relu", l2 = 1e-4 })
function methods:dense(units, options)
  return add(self, { type = "dense", units = units }, errors.table("dense", options))
end

--- Appends an activation as a layer of its own, for instance after batch norm.
-- @tparam string name as in dense
-- @treturn Sequential itself
function methods:activation(name)
  return add(self, { type = "activation", activation = name }, {})
end

--- Appends batch normalisation.
-- @tparam[opt] table options momentum (0.9, the share of the old running average that is kept),
-- eps (1e-5)
-- @treturn Sequential itself
function methods:batch_norm(options)
  return add(self, { type = "batch_norm" }, errors.table("batch_norm", options))
end

--- Appends dropout.
-- @tparam number rate share of inputs set to zero in training, 0 to 0.99
-- @treturn Sequential itself
function methods:dropout(rate)
  return add(self, { type = "dropout", rate = rate }, {})
end

--- The architecture as data.
-- @treturn table `{layers={{type=…},…}}`
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
-- @tparam integer inputs
-- @treturn string
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

--- An empty net; layers are appended by its methods. The last layer is dense(1) with sigmoid for
-- nn.bce, or has softmax for nn.cross_entropy.
-- @treturn Sequential
-- @usage local net = nn.sequential():dense(16, { activation = "relu" }):dense(1, { activation =
-- "sigmoid" })
function M.new()
  return setmetatable({ layers = {} }, Sequential)
end

--- Is this a net made by nn.sequential?
-- @treturn boolean
function M.is(value)
  return getmetatable(value) == Sequential
end

return M
