-- A search space: a table of dimensions, some of them conditional on others, or a function that
-- asks for values as it goes. Either way a point is found by one question a dimension, each
-- answered by whoever searches.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local dimensions = require("churnlab.tune.dimension")
local errors = require("churnlab.errors")

local M = {}

local Conditional = { __name = "churnlab.Conditional" }

--- A dimension that is only there when others have certain values:
-- { tune.int { 16, 128 }, when = { layers = { 2, 3 } } }
function M.conditional(given)
  errors.table("tune.conditional", given)
  for key in pairs(given) do
    if key ~= 1 and key ~= "when" then
      errors.unknown("tune.conditional", "option", key, { "when" })
    end
  end
  if not dimensions.is(given[1]) then
    errors.raise("tune.conditional: expected a dimension such as tune.int{1, 8} first, got %s",
      type(given[1]))
  end
  if type(given.when) ~= "table" or next(given.when) == nil then
    errors.raise("tune.conditional: option 'when': expected a table such as { layers = 2 }")
  end
  local when = {}
  for name, values in pairs(given.when) do
    local list = type(values) == "table" and values or { values }
    when[name] = {}
    for i, value in ipairs(list) do when[name][i] = core.json.encode(value) end
  end
  return setmetatable({ dimension = given[1], when = when }, Conditional)
end

-- ---- tables ----

local function check_item(name, item)
  if type(name) ~= "string" then
    errors.raise("tune: space: expected names, got item %s", tostring(name))
  end
  if getmetatable(item) == Conditional then return item end
  if dimensions.is(item) then return { dimension = item } end
  errors.raise("tune: space: '%s': expected a dimension such as tune.real{0, 1}, got %s", name,
    type(item) == "table" and "a table" or type(item))
end

-- Names with every condition's own names before them, otherwise in byte order.
local function arrange(items)
  local names, order, state = {}, {}, {}
  for name in pairs(items) do names[#names + 1] = name end
  table.sort(names)
  local function visit(name)
    if state[name] == "done" then return end
    if state[name] then errors.raise("tune: space: '%s' depends on itself", name) end
    state[name] = "open"
    local parents = {}
    for parent in pairs(items[name].when or {}) do parents[#parents + 1] = parent end
    table.sort(parents)
    for _, parent in ipairs(parents) do
      if not items[parent] then
        errors.unknown("tune: space: '" .. name .. "'", "dimension", parent, names)
      end
      visit(parent)
    end
    state[name], order[#order + 1] = "done", name
  end
  for _, name in ipairs(names) do visit(name) end
  return order
end

local function active(item, params)
  for parent, texts in pairs(item.when or {}) do
    local value, found = params[parent], false
    for _, text in ipairs(texts) do
      found = found or value ~= nil and core.json.encode(value) == text
    end
    if not found then return false end
  end
  return true
end

local Space = { __name = "churnlab.Space" }
Space.__index = Space

local function from_table(given)
  local items = {}
  for name, item in pairs(given) do items[name] = check_item(name, item) end
  if next(items) == nil then errors.raise("tune: space: expected at least one dimension") end
  return setmetatable({ items = items, order = arrange(items) }, Space)
end

-- ---- functions ----

-- What a space function asks: trial:real("lr", { 1e-4, 1e-2, log = true }) …
local Asker = { __name = "churnlab.Trial" }
Asker.__index = Asker

local function ask(self, name, dimension)
  if type(name) ~= "string" then
    errors.raise("trial: expected a name first, got a %s", type(name))
  end
  if self.params[name] ~= nil then errors.raise("trial: '%s' was asked for already", name) end
  local value = self.pick(name, dimension)
  self.params[name], self.dimensions[name] = value, dimension
  return value
end

function Asker:real(name, range) return ask(self, name, dimensions.real(range)) end
function Asker:int(name, range) return ask(self, name, dimensions.int(range)) end
function Asker:choice(name, values) return ask(self, name, dimensions.choice(values)) end

-- ---- points ----

--- The space of a table or a function.
function M.new(given)
  if type(given) == "function" then return setmetatable({ f = given }, Space) end
  if type(given) ~= "table" then
    errors.raise("tune: space: expected a table of dimensions or a function, got %s", type(given))
  end
  return from_table(given)
end

--- Asks for every dimension of one point.
-- @tparam function pick (name, dimension) → value
-- @treturn table params by name
-- @treturn table dimensions by name
-- @return what the space function returned
function Space:point(pick)
  local params, found = {}, {}
  if self.f then
    local asker = setmetatable({ pick = pick, params = params, dimensions = found }, Asker)
    return params, found, self.f(asker)
  end
  for _, name in ipairs(self.order) do
    local item = self.items[name]
    if active(item, params) then
      params[name], found[name] = pick(name, item.dimension), item.dimension
    end
  end
  return params, found
end

--- What is known of it before any question, as data; nil for a function.
function Space:describe()
  if self.f then return nil end
  local result = {}
  for name, item in pairs(self.items) do
    result[name] = item.dimension:describe()
    result[name].when = item.when
  end
  return result
end

--- Every point of the grid, as tables of values.
function Space:grid()
  if self.f then
    errors.raise("tune: a grid needs the space as a table: a function is not known beforehand")
  end
  local points = {}
  local function extend(at, params)
    local name = self.order[at]
    if not name then
      points[#points + 1] = params
      return
    end
    local item = self.items[name]
    if not active(item, params) then return extend(at + 1, params) end
    for _, value in ipairs(item.dimension:grid()) do
      local copy = {}
      for key, known in pairs(params) do copy[key] = known end
      copy[name] = value
      extend(at + 1, copy)
    end
  end
  extend(1, {})
  return points
end

-- FNV-1a, 32 bits: a dimension's stream depends on its name alone, so that another one beside it
-- changes nothing.
local function hash(name)
  local h = 0x811c9dc5
  for i = 1, #name do h = ((h ~ name:byte(i)) * 0x01000193) & 0xffffffff end
  return h
end

--- The stream of one dimension in one trial.
function M.stream(seed, trial, name) return core.rng.new(seed, hash(name) << 32 | trial, "tune") end

return M
