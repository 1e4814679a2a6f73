-- A frame of figures that prints in its own way and else reads like a frame: descriptions, logs.
-- SPDX-License-Identifier: MIT
local M = {}

local Whole = { __name = "churnlab.Figures" } -- self[1] = the frame, self[2] = what prints it

--- The plain Frame of the figures.
local function as_frame(self) return self[1] end

-- Methods of the frame work on the figures.
function Whole:__index(key)
  local frame = rawget(self, 1)
  if key == "frame" then return as_frame end
  local value = frame[key]
  if type(value) ~= "function" then return value end
  return function(_, ...) return value(frame, ...) end
end

function Whole:__len() return #self[1] end

function Whole:__tostring() return self[2](self[1]) end

--- Wraps a frame.
-- @tparam Frame frame
-- @tparam function text frame → its text
function M.new(frame, text)
  return setmetatable({ frame, text }, Whole)
end

return M
