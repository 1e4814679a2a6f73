--- Nets as data: layers, losses (@{churnlab.nn.losses}), optimizers (@{churnlab.nn.optimizers}) and
-- callbacks (@{churnlab.nn.callbacks}) for cl.fit.
-- Every constructor checks its options in the core at once, so that a mistake is reported at its
-- own line of the script, and returns a plain table that a saved model can carry.
-- @module churnlab.nn

-- SPDX-License-Identifier: MIT
local callbacks = require("churnlab.nn.callbacks")
local graph = require("churnlab.nn.graph")
local losses = require("churnlab.nn.losses")
local options = require("churnlab.nn.options")
local optimizers = require("churnlab.nn.optimizers")
local sequential = require("churnlab.nn.sequential")

local nn = {
  sequential = sequential.new, is_sequential = sequential.is,
  input = graph.input, graph = graph.new, is_graph = graph.is,
  add = graph.add, concat = graph.concat,
  compile_options = options.compile,
  tabm = require("churnlab.nn.tabm").new,
  register_layer = require("churnlab.nn.lua_layers").register,
}
for name, f in pairs(losses) do nn[name] = f end
for name, f in pairs(optimizers) do nn[name] = f end
for name, f in pairs(callbacks) do nn[name] = f end

--- Is this a net: made by nn.sequential or nn.graph?
-- @param value
-- @treturn boolean
-- @usage nn.is_net(nn.sequential()) == true
function nn.is_net(value) return sequential.is(value) or graph.is(value) end

return nn
