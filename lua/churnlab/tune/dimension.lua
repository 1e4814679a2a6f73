-- One typed dimension of a search space: a range of numbers, of whole numbers, or a choice.
--
-- Numbers are searched on an inner scale (their logarithm with `log`); whole numbers own the
-- interval of half a step to each side, so that a range of five has five equal parts.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local Dimension = { __name = "churnlab.Dimension" }
Dimension.__index = Dimension

local function number(where, what, value)
  if type(value) ~= "number" or value ~= value or math.abs(value) == math.huge then
    errors.raise("%s: %s: expected a number, got %s", where, what, tostring(value))
  end
  return value
end

-- ---- ranges ----

local range_options = { [1] = "number", [2] = "number", log = "boolean", step = "number",
  levels = "number" }

local function read_range(where, given)
  local options = errors.table(where, given)
  for key, value in pairs(options) do
    if key == 1 or key == 2 then
      number(where, "bound " .. key, value)
    elseif not range_options[key] then
      errors.unknown(where, "option", key, { "log", "step", "levels" })
    elseif type(value) ~= range_options[key] then
      errors.raise("%s: option '%s': expected a %s, got %s", where, key, range_options[key],
        tostring(value))
    end
  end
  local low, high = options[1], options[2]
  if not (low and high and low < high) then
    errors.raise("%s: expected { low, high } with low < high, got { %s, %s }", where,
      tostring(low), tostring(high))
  end
  if options.log and low <= 0 then
    errors.raise("%s: option 'log': expected a range above 0, got { %g, %g }", where, low, high)
  end
  if options.levels and (math.type(options.levels) ~= "integer" or options.levels < 2) then
    errors.raise("%s: option 'levels': expected a whole number from 2, got %g", where,
      options.levels)
  end
  return options, low, high
end

local function scale(self, value) return self.log and math.log(value) or value end

--- A range of numbers: { low, high, log = false, levels = 5 (of a grid) }
function M.real(given)
  local options, low, high = read_range("tune.real", given)
  if options.step then errors.raise("tune.real: unknown option 'step' (tune.int has one)") end
  local self = setmetatable({ kind = "real", low = low + 0.0, high = high + 0.0,
    log = options.log or false, levels = options.levels or 5 }, Dimension)
  self.from, self.to = scale(self, self.low), scale(self, self.high)
  return self
end

--- A range of whole numbers: { low, high, log = false, step = 1, levels = 5 (of a grid) }
function M.int(given)
  local options, low, high = read_range("tune.int", given)
  local step = options.step or 1
  for what, value in pairs { low = low, high = high, step = step } do
    if math.type(value) ~= "integer" then
      errors.raise("tune.int: %s: expected a whole number, got %s", what, tostring(value))
    end
  end
  if step < 1 or (options.log and step ~= 1) then
    errors.raise("tune.int: option 'step': expected %s, got %d",
      options.log and "none beside log" or "at least 1", step)
  end
  high = low + (high - low) // step * step
  local self = setmetatable({ kind = "int", low = low, high = high, step = step,
    log = options.log or false, levels = options.levels or 5 }, Dimension)
  self.from, self.to = scale(self, low - step / 2), scale(self, high + step / 2)
  return self
end

-- ---- choices ----

local function check_weights(weights, n)
  if weights == nil then return nil end
  if type(weights) ~= "table" or #weights ~= n then
    errors.raise("tune.choice: option 'weights': expected %d numbers, one a value", n)
  end
  local sum, shares = 0, {}
  for i, weight in ipairs(weights) do
    if number("tune.choice", "weight " .. i, weight) <= 0 then
      errors.raise("tune.choice: weight %d: expected more than 0, got %g", i, weight)
    end
    sum = sum + weight
  end
  for i, weight in ipairs(weights) do shares[i] = weight / sum end
  return shares
end

--- One of several values (data): { "relu", "tanh", weights = { 0.7, 0.3 } }
function M.choice(given)
  local values, texts = {}, {}
  for key, value in pairs(errors.table("tune.choice", given)) do
    if math.type(key) == "integer" then
      values[key] = value
    elseif key ~= "weights" then
      errors.unknown("tune.choice", "option", key, { "weights" })
    end
  end
  if #values < 2 then
    errors.raise("tune.choice: expected at least two values, got %d", #values)
  end
  for i, value in ipairs(values) do
    local kind = type(value)
    if kind ~= "string" and kind ~= "number" and kind ~= "boolean" and kind ~= "table" then
      errors.raise("tune.choice: value %d: expected data, got a %s", i, kind)
    end
    texts[i] = core.json.encode(value)
    for j = 1, i - 1 do
      if texts[i] == texts[j] then errors.raise("tune.choice: value %d is there twice", i) end
    end
  end
  return setmetatable({ kind = "choice", values = values, texts = texts,
    weights = check_weights(given.weights, #values) }, Dimension)
end

-- ---- values ----

function M.is(value) return getmetatable(value) == Dimension end

--- The nearest value that the dimension has to x on the inner scale; of a choice, value number x.
function Dimension:value(x)
  if self.kind == "choice" then return self.values[x] end
  local value = self.log and math.exp(x) or x
  if self.kind == "int" then
    value = self.low + math.floor((value - self.low) / self.step + 0.5) * self.step
    value = math.tointeger(value)
  end
  return math.max(self.low, math.min(self.high, value))
end

--- Where a value stands on the inner scale (its number among the choices); nil = it is none of the
-- dimension's.
function Dimension:place(value)
  if self.kind == "choice" then
    local text = core.json.encode(value)
    for i, known in ipairs(self.texts) do
      if known == text then return i end
    end
    return nil
  end
  if type(value) ~= "number" or value < self.low or value > self.high then return nil end
  return scale(self, value)
end

--- The ends on the inner scale of what rounds to a whole number: low, high.
function Dimension:cell(value)
  return scale(self, value - self.step / 2), scale(self, value + self.step / 2)
end

--- A value drawn without any knowledge: uniform on the inner scale, or as the weights say.
function Dimension:draw(rng)
  if self.kind ~= "choice" then
    return self:value(self.from + rng:uniform() * (self.to - self.from))
  end
  local u = rng:uniform()
  for i, value in ipairs(self.values) do
    local share = self.weights and self.weights[i] or 1 / #self.values
    if u < share or i == #self.values then return value end
    u = u - share
  end
end

--- The values of a grid, rising.
function Dimension:grid()
  if self.kind == "choice" then return self.values end
  local n, values = self.levels, {}
  if self.kind == "int" and not self.log then
    n = math.min(n, (self.high - self.low) // self.step + 1)
  end
  local from, to = scale(self, self.low), scale(self, self.high)
  for i = 1, n do
    local value = self:value(from + (i - 1) / (n - 1) * (to - from))
    if values[#values] ~= value then values[#values + 1] = value end
  end
  return values
end

--- As data, for the log.
function Dimension:describe()
  if self.kind == "choice" then
    return { kind = "choice", values = self.values, weights = self.weights }
  end
  return { kind = self.kind, low = self.low, high = self.high, log = self.log, step = self.step }
end

return M
