--- The builder of nets in which each layer reads the one before it. For instance:
--
--     local net = nn.sequential()
--       :dense(64, { activation = "relu", l2 = 1e-4 }):batch_norm():dropout(0.2)
--       :dense(32, { activation = "relu" })
--       :dense(1, { activation = "sigmoid" })
--     print(net)
--
-- Its methods are the layers of @{churnlab.nn.layers}.
-- @module churnlab.nn.sequential

-- SPDX-License-Identifier: MIT
local columns = require("churnlab.nn.columns")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local layers = require("churnlab.nn.layers")

local M = {}

local Sequential = { __name = "churnlab.Sequential" }
local methods = {}

for name in pairs(layers.makers) do
  methods[name] = function(self, ...)
    self.layers[#self.layers + 1] = layers.make(name, ...)
    return self
  end
end

--- A net as data, not trained: layers in the order in which they are applied.
-- @type Sequential

--- The architecture as data, for @{churnlab.core.net}.
-- @function Sequential:spec
-- @treturn table `{ layers = { { type = … }, … } }`
-- @usage #net:dense(8):dense(1):spec().layers == 2
function methods:spec()
  local copies = {}
  for i, layer in ipairs(self.layers) do
    local copy = {}
    for name, value in pairs(layer) do copy[name] = value end
    copies[i] = copy
  end
  return { layers = copies }
end

--- Layers, outputs and parameters once the number of columns is known.
-- @function Sequential:summary
-- @tparam integer inputs columns of the encoded frame
-- @treturn string
-- @usage print(net:dense(8, { activation = "relu" }):dense(1):summary(12))
function methods:summary(inputs)
  return core.net.new(columns.guess(self:spec(), inputs), inputs):describe()
end

function Sequential.__index(_, key)
  local method = methods[key]
  if method == nil and type(key) == "string" then
    local names = layers.names()
    table.move({ "spec", "summary" }, 1, 2, #names + 1, names)
    errors.unknown("sequential", "layer or method", key, names)
  end
  return method
end

function Sequential:__tostring()
  return require("churnlab.nn.summary").of(self:spec())
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
