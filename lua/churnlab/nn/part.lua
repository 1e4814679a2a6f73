--- The parts of training as data: losses, optimizers, callbacks. Each is a table with a `kind` that
-- the core has checked.
-- @module churnlab.nn.part
-- @local

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

-- kind → how the core's option table holds such a part
local wrap = {
  loss = function(part) return { loss = part } end,
  optimizer = function(part) return { optimizer = part } end,
  early_stop = function(part) return { early_stop = part } end,
  schedule = function(part) return { schedules = { part } } end,
  checkpoint = function(part) return { checkpoint = part } end,
}

--- The part as the core reads it.
function M.without_kind(t)
  local copy = {}
  for name, value in pairs(t) do
    if name ~= "kind" then copy[name] = value end
  end
  return copy
end

--- A checked part; `where` starts messages.
function M.new(kind, type_name, where, options)
  local result = {}
  for name, value in pairs(errors.table(where, options)) do
    if name == "kind" or name == "type" then
      errors.raise("%s: unknown option '%s'", where, name)
    end
    result[name] = value
  end
  result.type = type_name
  core.net.check_options(wrap[kind](result))
  result.kind = kind
  return result
end

return M
