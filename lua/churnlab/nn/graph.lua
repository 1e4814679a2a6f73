--- Nets whose layers read any earlier ones: residual blocks, several inputs, several heads.
--
--     local x = nn.input()
--     local deep = x:dense(64, { activation = "relu" }):dropout(0.2)
--     local net = nn.graph(nn.concat { x, deep }:dense(1, { activation = "sigmoid" }))
--
-- A node is data and never changes: its methods, the layers of @{churnlab.nn.layers}, give new
-- nodes, so one node can be read many times. A function from node to node is a layer of your own:
--
--     local function residual(node, units)
--       return nn.add { node, node:dense(units, { activation = "relu" }):dense(units) }
--     end
-- @module churnlab.nn.graph

-- SPDX-License-Identifier: MIT
local columns = require("churnlab.nn.columns")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local layers = require("churnlab.nn.layers")

local M = {}

local Node = { __name = "churnlab.Node" }
local Graph = { __name = "churnlab.Graph" }

local function node_of(layer, sources)
  return setmetatable({ layer = layer, sources = sources }, Node)
end

function Node.__index(_, key)
  if layers.makers[key] then
    return function(self, ...) return node_of(layers.make(key, ...), { self }) end
  elseif type(key) == "string" then
    errors.unknown("node", "layer", key, layers.names())
  end
end

function Node.__tostring(self)
  return self.layer and ("node (%s)"):format(self.layer.type) or "node (input)"
end

local function is_node(value) return getmetatable(value) == Node end

--- Where a graph begins: the encoded columns of a row.
-- @function nn.input
-- @treturn Node
-- @usage local x = nn.input()
function M.input()
  return node_of(false, {})
end

--- A node that reads several.
-- @local
-- @tparam string name of the layer in `layers.merging`
-- @tparam {Node,...} sources
-- @tparam[opt] table options
-- @treturn Node
function M.merge(name, sources, options)
  if type(sources) ~= "table" or is_node(sources) or #sources < 2 then
    errors.raise("%s: expected a list of at least two nodes", name)
  end
  for i, source in ipairs(sources) do
    if not is_node(source) then
      errors.raise("%s: item %d: expected a node, got a %s", name, i, type(source))
    end
  end
  return node_of(layers.make(name, options), table.move(sources, 1, #sources, 1, {}))
end

--- The sum of nodes of one shape: a residual connection (He et al. 2016).
-- @function nn.add
-- @tparam {Node,...} nodes at least two
-- @tparam[opt] table options `name`
-- @treturn Node
-- @usage local x = nn.input():dense(16, { activation = "relu" })
-- local block = nn.add { x, x:dense(32, { activation = "relu" }):dense(16) }
function M.add(nodes, options) return M.merge("add", nodes, options) end

--- The columns of nodes side by side.
-- @function nn.concat
-- @tparam {Node,...} nodes at least two
-- @tparam[opt] table options `name`
-- @treturn Node
-- @usage local x = nn.input()
-- local wide_and_deep = nn.concat { x, x:dense(16, { activation = "relu" }) }
function M.concat(nodes, options) return M.merge("concat", nodes, options) end

-- ---- from nodes to a spec ----

-- Sources first; each node once.
local function collect(node, order, seen)
  if seen[node] then return end
  seen[node] = true
  for _, source in ipairs(node.sources) do collect(source, order, seen) end
  if node.layer then order[#order + 1] = node end
end

local function free_name(layer, i, taken)
  local name = ("%s_%d"):format(layer.type, i)
  while taken[name] do name = name .. "_" end
  return name
end

-- node → name
local function name_all(order, heads)
  local names, taken = {}, { input = true }
  local function give(node, name)
    if taken[name] then errors.raise("graph: two layers have the name '%s'", name) end
    names[node], taken[name] = name, true
  end
  for _, node in ipairs(order) do
    local name = heads[node] or node.layer.name
    if name then give(node, name) end
  end
  for i, node in ipairs(order) do
    if not names[node] then give(node, free_name(node.layer, i, taken)) end
  end
  return names
end

local function spell(node, names)
  local copy, from = {}, {}
  for option, value in pairs(node.layer) do copy[option] = value end
  for k, source in ipairs(node.sources) do from[k] = names[source] or "input" end
  copy.name, copy.from = names[node], from
  return copy
end

local function sorted_heads(outputs)
  local list = {}
  for name, node in pairs(outputs) do list[#list + 1] = { name = name, node = node } end
  table.sort(list, function(a, b) return tostring(a.name) < tostring(b.name) end)
  return list
end

local function check_heads(list)
  local heads = {}
  for _, head in ipairs(list) do
    if not is_node(head.node) or not head.node.layer then
      errors.raise("graph: output '%s': expected a node with a layer, got %s", head.name,
        is_node(head.node) and "the input" or "a " .. type(head.node))
    end
    heads[head.node] = head.name
  end
  if #list == 0 then errors.raise("graph: expected at least one output") end
  return heads
end

local methods = {}

--- A net as data, not trained.
-- @type Graph

--- The architecture as data, for @{churnlab.core.net}.
-- @function Graph:spec
-- @treturn table `{ layers = { { type, name, from, … }, … }, heads = { name, … } }`
-- @usage local out = nn.input():dense(1, { activation = "sigmoid" })
-- assert(nn.graph(out):spec().heads[1] == "output")
function methods:spec()
  local copies, heads = {}, {}
  for i, node in ipairs(self.order) do copies[i] = spell(node, self.names) end
  for i, head in ipairs(self.heads) do heads[i] = head.name end
  return { layers = copies, heads = heads }
end

--- Layers, outputs and parameters once the number of columns is known.
-- @function Graph:summary
-- @tparam integer inputs columns of the encoded frame
-- @treturn string
-- @usage print(nn.graph(nn.input():dense(1)):summary(12))
function methods:summary(inputs)
  return core.net.new(columns.guess(self:spec(), inputs), inputs):describe()
end

function Graph.__index(_, key)
  if methods[key] == nil and type(key) == "string" then
    errors.unknown("graph", "method", key, { "spec", "summary" })
  end
  return methods[key]
end

function Graph:__tostring()
  return require("churnlab.nn.summary").of(self:spec())
end

--- @section end

--- The net that ends in these nodes.
-- @function nn.graph
-- @tparam Node|table outputs one node, or `{ name = node, … }` for several heads
-- @treturn Graph
-- @raise what is no node; two layers of one name
-- @usage local x = nn.input()
-- local deep = x:dense(8, { activation = "relu" })
-- print(nn.graph { churn = deep:dense(1, { activation = "sigmoid" }),
--   reason = deep:dense(3, { activation = "softmax" }) })
function M.new(outputs)
  if type(outputs) ~= "table" then
    errors.raise("graph: expected a node or a table of nodes, got a %s", type(outputs))
  end
  local list = sorted_heads(is_node(outputs) and { output = outputs } or outputs)
  local heads = check_heads(list)
  local order, seen = {}, {}
  for _, head in ipairs(list) do collect(head.node, order, seen) end
  return setmetatable({ order = order, names = name_all(order, heads), heads = list }, Graph)
end

--- Is this a net made by nn.graph?
-- @function nn.is_graph
-- @param value
-- @treturn boolean
-- @usage nn.is_graph(nn.graph(nn.input():dense(1))) == true
function M.is(value)
  return getmetatable(value) == Graph
end

return M
