--- Layers written in Lua. A script registers the functions once, under a name, and nets use the
-- layer by it: `net:lua("swish")`.
--
-- `forward` and `backward` get a batch as matrices (@{churnlab.core.matrix}), one row a customer,
-- and return matrices or lists of rows. They run on the thread that called `cl.fit` or
-- `model:score`, one call at a time: a net with such a layer scores on one thread, and is far
-- slower than layers in C. A saved model holds the layer's name, its sizes and its parameters, but
-- never code: the script that loads it registers the layer first.
-- @module churnlab.nn.lua_layers

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local definitions = {}

local allowed = { width = "function", parameters = "function", forward = "function",
  backward = "function" }

--- Makes a layer known under a name; registering it again replaces it.
-- @function nn.register_layer
-- @tparam string name letters, digits and _, at most 24
-- @tparam table definition
--
--   - `forward(x, p)`: the output y, rows × width, and any value to keep for `backward`. Each row
--     stands for itself: a row's score must not depend on the rows beside it
--   - `backward(x, y, dy, p, kept)`: the gradient of x, given that of y; with parameters also the
--     table of their gradients by name, summed over the batch
--   - `width(inputs)`: the width of y (default: that of x)
--   - `parameters(inputs)`: a list of `{ name, rows, cols, init = … }`, at most 16; `init` is a
--     number (0) or "normal", with deviation 1 / sqrt(rows). They are matrices in `p` by name
-- @raise a definition without forward or backward; when it is used: what the functions raise,
-- results of another shape, and, at the first batch of training, gradients that differ from finite
-- differences
-- @usage
-- nn.register_layer("scaled", { -- y = x · s, one s a column
--   parameters = function(inputs) return { { "s", 1, inputs, init = 1 } } end,
--   forward = function(x, p)
--     local y = x:to_table()
--     for _, row in ipairs(y) do
--       for j, v in ipairs(row) do row[j] = v * p.s:get(1, j) end
--     end
--     return y
--   end,
--   backward = function(x, _, dy, p)
--     local dx, ds = dy:to_table(), {}
--     for i, row in ipairs(dx) do
--       for j, d in ipairs(row) do
--         ds[j] = (ds[j] or 0) + d * x:get(i, j)
--         row[j] = d * p.s:get(1, j)
--       end
--     end
--     return dx, { s = { ds } }
--   end,
-- })
-- local net = nn.sequential():lua("scaled"):dense(1, { activation = "sigmoid" })
-- cl.fit(cl.prep():impute():onehot():scale(), net, train, { epochs = 1 })
function M.register(name, definition)
  if type(name) ~= "string" or not name:find("^[%a_][%w_]*$") or #name > 24 then
    errors.raise("register_layer: expected a name of letters, digits and _, at most 24, got %s",
      type(name) == "string" and ("%q"):format(name) or "a " .. type(name))
  end
  local copy = {}
  for key, value in pairs(errors.options("register_layer", definition, allowed)) do
    copy[key] = value
  end
  for _, key in ipairs { "forward", "backward" } do
    if not copy[key] then
      errors.raise("register_layer: '%s': option '%s' is required", name, key)
    end
  end
  definitions[name] = copy
  core.net.register_layer(name, copy)
end

--- The name, if there is such a layer.
-- @local
-- @tparam string name
-- @treturn string
-- @raise with a suggestion
function M.known(name)
  if type(name) == "string" and definitions[name] then return name end
  local names = {}
  for known in pairs(definitions) do names[#names + 1] = known end
  table.sort(names)
  if type(name) ~= "string" or #names == 0 then
    errors.raise("lua: expected the name of a layer that nn.register_layer made known, got %s",
      type(name) == "string" and ("%q"):format(name) or "a " .. type(name))
  end
  return errors.unknown("lua", "layer", name, names)
end

-- { name, rows, cols, init = … } as the core reads it.
local function tensor_of(item, i, where)
  if type(item) ~= "table" then
    errors.raise("%s: parameters: item %d: expected a table, got a %s", where, i, type(item))
  end
  return { name = item[1] or item.name, rows = item[2] or item.rows, cols = item[3] or item.cols,
    init = item.init or 0 }
end

--- Fills in what follows from the width that the layer reads; what a spec has already stays.
-- @local
-- @tparam table layer `{ type = "lua", ["function"] = … }`
-- @tparam integer inputs
function M.declare(layer, inputs)
  if layer.width then return end
  local name = M.known(layer["function"])
  local definition, where = definitions[name], ("layer '%s'"):format(name)
  layer.width = definition.width and definition.width(inputs) or inputs
  layer.tensors = {}
  local list = definition.parameters and definition.parameters(inputs) or {}
  for i, item in ipairs(list) do layer.tensors[i] = tensor_of(item, i, where) end
end

return M
