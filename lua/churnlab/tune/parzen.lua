-- Parzen estimators: a density around the places of past trials, on a dimension's inner scale
-- (Bergstra, Bardenet, Bengio, Kégl 2011), with the widths that Optuna 4 gives them.
--
-- Each observation is a normal distribution cut at the ends of the range, as wide as the distance
-- to its farther neighbour; one more, in the middle and as wide as the range, keeps every value
-- possible. The latest 25 observations weigh 1, older ones less in a line. Whole numbers have the
-- mass of their cell.
-- SPDX-License-Identifier: MIT
local M = {}

local FULL = 25 -- so many of the latest observations have their whole weight
local ROOT_TWO_PI = math.sqrt(2 * math.pi)

-- The standard normal distribution function to double precision (Hart's rational functions as
-- given by West, "Better approximations to cumulative normal functions", 2005).
local UP = { 3.52624965998911e-02, 0.700383064443688, 6.37396220353165, 33.912866078383,
  112.079291497871, 221.213596169931, 220.206867912376 }
local DOWN = { 8.83883476483184e-02, 1.75566716318264, 16.064177579207, 86.7807322029461,
  296.564248779674, 637.333633378831, 793.826512519948, 440.413735824752 }

local function horner(coefficients, x)
  local sum = 0
  for _, c in ipairs(coefficients) do sum = sum * x + c end
  return sum
end

local function tail(x) -- of x ≥ 0
  local e = math.exp(-x * x / 2)
  if x < 7.07106781186547 then return e * horner(UP, x) / horner(DOWN, x) end
  return e / (x + 1 / (x + 2 / (x + 3 / (x + 4 / (x + 0.65))))) / ROOT_TWO_PI
end

-- P(a < Z < b), exact in the tails, too.
local function mass(a, b)
  if a > 0 then return tail(a) - tail(b) end
  if b < 0 then return tail(-b) - tail(-a) end
  return 1 - tail(-a) - tail(b)
end
M.normal_mass = mass

local function weights_of(n)
  local weights, sum = {}, 1 -- the one in the middle
  for i = 1, n do
    local ramp = n - FULL
    weights[i] = (n < FULL or i > ramp) and 1
      or ramp == 1 and 1 / n or 1 / n + (i - 1) / (ramp - 1) * (1 - 1 / n)
    sum = sum + weights[i]
  end
  for i = 1, n do weights[i] = weights[i] / sum end
  return weights, 1 / sum
end

-- ---- ranges ----

local Range = {}
Range.__index = Range

-- The distance of each place to its farther neighbour; at the ends of the row, to its only one.
local function widths(places, from, to)
  local n, order, result = #places, {}, {}
  for i = 1, n do order[i] = i end
  table.sort(order, function(a, b)
    if places[a] ~= places[b] then return places[a] < places[b] end
    return a < b
  end)
  local least = (to - from) / math.min(100, n + 2)
  for at, i in ipairs(order) do
    local left = at > 1 and places[i] - places[order[at - 1]]
    local right = at < n and places[order[at + 1]] - places[i]
    if n == 1 then left, right = places[i] - from, to - places[i] end
    local width = math.max(left or right, right or left)
    result[i] = math.max(least, math.min(to - from, width))
  end
  return result
end

local function range(dimension, places)
  local from, to = dimension.from, dimension.to
  local sigmas, weights, rest = widths(places, from, to), weights_of(#places)
  local kernels = {}
  for i, place in ipairs(places) do
    kernels[i] = { mu = place, sigma = sigmas[i], weight = weights[i] }
  end
  kernels[#kernels + 1] = { mu = (from + to) / 2, sigma = to - from, weight = rest }
  for _, k in ipairs(kernels) do
    k.inside = mass((from - k.mu) / k.sigma, (to - k.mu) / k.sigma)
  end
  return setmetatable({ dimension = dimension, kernels = kernels }, Range)
end

function Range:draw(rng)
  local u, chosen = rng:uniform(), self.kernels[#self.kernels]
  for _, k in ipairs(self.kernels) do
    if u < k.weight then
      chosen = k
      break
    end
    u = u - k.weight
  end
  local from, to = self.dimension.from, self.dimension.to
  local x
  repeat x = chosen.mu + chosen.sigma * rng:normal() until x >= from and x <= to
  return self.dimension:value(x)
end

function Range:log_density(value)
  local dimension, sum = self.dimension, 0
  local low, high, x
  if dimension.kind == "int" then low, high = dimension:cell(value)
  else x = dimension:place(value) end
  for _, k in ipairs(self.kernels) do
    local share
    if x then
      local z = (x - k.mu) / k.sigma
      share = math.exp(-z * z / 2) / (k.sigma * ROOT_TWO_PI)
    else
      share = mass((low - k.mu) / k.sigma, (high - k.mu) / k.sigma)
    end
    sum = sum + k.weight * share / k.inside
  end
  return math.log(sum)
end

-- ---- choices ----

local Choice = {}
Choice.__index = Choice

-- Each observation gives its choice 1 and every choice a little, so that none is impossible.
local function choice(dimension, places)
  local n, count = #places, #dimension.values
  local weights, rest = weights_of(n)
  local little, shares = count / (n + 1), {}
  local function prior(c) return dimension.weights and dimension.weights[c] or 1 / count end
  for c = 1, count do shares[c] = rest * prior(c) end
  for i, place in ipairs(places) do
    for c = 1, count do
      local own = place == c and 1 or 0
      shares[c] = shares[c] + weights[i] * (little * prior(c) + own) / (little + 1)
    end
  end
  return setmetatable({ dimension = dimension, shares = shares }, Choice)
end

function Choice:draw(rng)
  local u = rng:uniform()
  for c, share in ipairs(self.shares) do
    if u < share or c == #self.shares then return self.dimension.values[c] end
    u = u - share
  end
end

function Choice:log_density(value)
  return math.log(self.shares[self.dimension:place(value)])
end

--- The estimator of a dimension from the places of past values, oldest first.
function M.new(dimension, places)
  return (dimension.kind == "choice" and choice or range)(dimension, places)
end

return M
