-- The options that reasons and explanations share.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")

local M = {}

local BACKGROUND = 100 -- rows of another frame that explanations use

--- At most `background_rows` rows of a background frame; nil stays nil (the model's own).
function M.background(options, where)
  local frame = options.background
  if frame == nil then return nil end
  frame = frames.coerce(frame, where .. ": background")
  local rows = options.background_rows or BACKGROUND
  if #frame <= rows then return frame end
  return frame:sample(rows, { seed = options.seed or 0 })
end

--- Numbers that must be whole.
function M.check(where, options)
  for _, name in ipairs { "background_rows", "samples", "seed" } do
    local value, least = options[name], name == "background_rows" and 1 or 0
    if value ~= nil and (math.type(value) ~= "integer" or value < least) then
      errors.raise("%s: option '%s': expected a whole number from %d, got %s", where, name, least,
        tostring(value))
    end
  end
end

--- The class that is explained, as text; nil for churn.
function M.class(model, frame, row, given)
  local facts = model:facts()
  if given ~= nil then return tostring(math.tointeger(given) or given) end
  if not facts.classes or facts.positive then return nil end
  local p, best = model:probabilities(frame:slice(row, row)):to_table()[1], 1
  for c = 2, #p do best = p[c] > p[best] and c or best end
  return facts.classes[best]
end

return M
