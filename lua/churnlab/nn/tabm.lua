--- TabM: an ensemble inside one net (Gorishniy, Kotelnikov, Babenko: "TabM: Advancing Tabular Deep
-- Learning with Parameter-Efficient Ensembling", ICLR 2025). k copies of a row go through layers
-- that share their weights but for scales and biases; each copy has a head of its own. The loss is
-- the mean over the copies, the prediction the mean of their probabilities.
-- @module churnlab.nn.tabm

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local graph = require("churnlab.nn.graph")
local sequential = require("churnlab.nn.sequential")

local M = {}

local known = {
  k = "number", units = "table", dropout = "number", activation = "string", mini = "boolean",
  init = "string", groups = "table|string", outputs = "number", input = "table",
}

-- Blocks of a layer and dropout; every layer method gives the net or node to go on with.
local function build(net, o)
  local first = { copies = o.k or 32, init = o.init, groups = o.groups }
  local activation, dropout = o.activation or "relu", o.dropout or 0.1
  if o.mini then
    net = net:copies(first.copies, { init = o.init, groups = o.groups })
  end
  for i, units in ipairs(o.units or { 512, 512, 512 }) do
    local options = not o.mini and i == 1 and first or {}
    options.activation = activation
    net = o.mini and net:dense(units, options) or net:batch_ensemble(units, options)
    if dropout > 0 then net = net:dropout(dropout) end
  end
  local outputs = o.outputs or 1
  return net:member_dense(outputs, { activation = outputs == 1 and "sigmoid" or "softmax" })
end

--- A TabM net, ready for `cl.fit`.
-- @function nn.tabm
-- @tparam[opt] table options the paper's defaults
--
--   - `k` (32): copies
--   - `units` (`{ 512, 512, 512 }`): of each layer; half as many do as well on small data
--   - `activation` ("relu"), `dropout` (0.1, after each layer)
--   - `mini` (false): TabM-mini, only one scale for each copy and column, before ordinary layers
--   - `init` ("signs"; the paper takes "normal" after numeric embeddings), `groups`: of the first
--     scales, as in @{churnlab.nn.layers.copies}
--   - `outputs` (1): with more, the head ends in softmax over the classes
--   - `input`: a node of @{churnlab.nn.graph} to begin with, such as numeric embeddings; the result
--     is then a graph
-- @treturn Sequential|Graph
-- @raise options that do not exist or fit
-- @usage print(nn.tabm { k = 8, units = { 64, 64 }, dropout = 0 })
function M.new(options)
  local o = errors.options("tabm", options, known)
  if o.units and #o.units == 0 then errors.raise("tabm: option 'units': expected at least one") end
  local net = build(o.input or sequential.new(), o)
  return o.input and graph.new(net) or net
end

return M
