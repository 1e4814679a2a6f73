--- Nets as data: layers, losses, optimizers (@{churnlab.nn.optimizers}) and callbacks
-- (@{churnlab.nn.callbacks}) for cl.fit.
-- Every constructor checks its options in the core at once, so that a mistake is reported at its
-- own line of the script, and returns a plain table that a saved model can carry.
-- @module churnlab.nn

-- SPDX-License-Identifier: MIT
local callbacks = require("churnlab.nn.callbacks")
local graph = require("churnlab.nn.graph")
local options = require("churnlab.nn.options")
local optimizers = require("churnlab.nn.optimizers")
local part = require("churnlab.nn.part").new
local sequential = require("churnlab.nn.sequential")

local nn = {
  sequential = sequential.new, is_sequential = sequential.is,
  input = graph.input, graph = graph.new, is_graph = graph.is,
  add = graph.add, concat = graph.concat,
  compile_options = options.compile,
  tabm = require("churnlab.nn.tabm").new,
}
for name, f in pairs(optimizers) do nn[name] = f end
for name, f in pairs(callbacks) do nn[name] = f end

--- Is this a net: made by nn.sequential or nn.graph?
-- @param value
-- @treturn boolean
-- @usage nn.is_net(nn.sequential()) == true
function nn.is_net(value) return sequential.is(value) or graph.is(value) end

-- ---- losses ----

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

return nn
