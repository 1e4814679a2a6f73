-- The two strategies that learn nothing: random points (Bergstra & Bengio 2012) and a grid.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local spaces = require("churnlab.tune.space")

local M = {}

--- Random points.
function M.random(given)
  errors.options("tune.random", given, {})
  local self = { kind = "strategy", name = "random" }
  function self.ask(_, _, trial, seed)
    return { pick = function(name, dimension)
      return dimension:draw(spaces.stream(seed, trial, name))
    end }
  end
  function self.describe() return { name = "random" } end
  return self
end

--- Every point of the grid, the last dimension (by name) first.
function M.grid(given)
  errors.options("tune.grid", given, {})
  local self, points, of = { kind = "strategy", name = "grid" }, nil, nil
  function self.ask(space, _, trial)
    if of ~= space then points, of = space:grid(), space end
    local point = points[trial]
    return point and { pick = function(name) return point[name] end }
  end
  function self.describe() return { name = "grid" } end
  return self
end

return M
