-- What cl.fit checks before any work.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")
local nn = require("churnlab.nn")

local M = {}

local function type_text(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name or type(value)
end

--- A prep.
function M.prep(prep)
  if type_text(prep) ~= "churnlab.Prep" then
    errors.raise("fit: prep: expected a prep (cl.prep() makes one), got %s", type_text(prep))
  end
end

--- The spec of a net; a warm start may leave the net as it is: nil.
function M.net(net, start)
  if not nn.is_net(net) and not (start and net == nil) then
    errors.raise("fit: net: expected a net (nn.sequential() makes one), got %s", type_text(net))
  end
  return net and net:spec() or start.nets[1]:spec()
end

--- The rows of a frame that have a target, and how many have none.
function M.labelled(frame, what, classes)
  if not frames.is_frame(frame) then
    errors.raise("fit: %s: expected a frame, got %s", what, type_text(frame))
  end
  return core.model.labelled(frame, "fit: " .. what, classes)
end

--- A whole number from 1 to `most`.
function M.whole(options, name, default, most)
  local value = options[name]
  if value == nil then return default end
  if math.type(value) ~= "integer" or value < 1 or value > most then
    errors.raise("fit: option '%s': expected a whole number from 1 to %d, got %s", name, most,
      tostring(value))
  end
  return value
end

function M.seed(options)
  local seed = options.seed
  if seed ~= nil and math.type(seed) ~= "integer" then
    errors.raise("fit: option 'seed': expected a whole number, got %s", tostring(seed))
  end
  return seed or 42
end

return M
