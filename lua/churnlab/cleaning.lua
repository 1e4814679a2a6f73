--- Cleaning with a log: the verbs of a frame in a chain that remembers what each step touched.
--
--     local clean = cl.cleaning(dirty)
--       :trim()
--       :replace { ["?"] = cl.NA, [-999] = cl.NA }
--       :fill_na { City = "unknown" }
--       :drop_duplicates { on = "CustomerId" }
--     print(clean:log())
--     local frame = clean:frame()
-- @module churnlab.cleaning

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local whole = require("churnlab.frame.whole")

local M = {}
local Cleaning = { __name = "churnlab.Cleaning" }
local methods = {}

--- Starts a log.
-- @function cl.cleaning
-- @tparam Frame frame
-- @treturn Cleaning
-- @raise `cleaning: expected a frame, got a table`
-- @usage
-- local gaps = cl.from_table { age = { 42, cl.NA, -999 } }
-- local clean = cl.cleaning(gaps):replace({ [-999] = cl.NA }):fill_na { age = 0 }
-- assert(clean:log().cells[1] == 1 and clean:log().cells[2] == 2)
-- assert(clean:frame().age:missing() == 0)
function M.new(frame)
  if not require("churnlab.frame").is_frame(frame) then
    errors.raise("cleaning: expected a frame, got a %s", type(frame))
  end
  return setmetatable({ current = frame, steps = {} }, Cleaning)
end

-- { new = old } of columns that have another name in the same place.
local function renamed(before, after)
  local old, new, found = before:columns(), after:columns(), {}
  if #old ~= #new or #before ~= #after then return found end
  for i, name in ipairs(new) do
    if not before:has(name) and not after:has(old[i]) and before:type(old[i]) == after:type(name)
      and core.clean.differences(before:col(old[i]), after:col(name)) == 0 then
      found[name], found[old[i]] = old[i], name
    end
  end
  return found
end

-- The columns whose cells differ, with how many of them; the names that came and went.
local function compare(before, after)
  local touched, cells, moved = {}, 0, renamed(before, after)
  for _, name in ipairs(after:columns()) do
    if moved[name] then
      touched[#touched + 1] = ("%s → %s"):format(moved[name], name)
    elseif not before:has(name) then
      touched[#touched + 1] = "+" .. name
    else
      local old, new = before:col(name), after:col(name)
      local count = #before == #after and core.clean.differences(old, new) or 0
      cells = cells + count
      if old:type() ~= new:type() then
        touched[#touched + 1] = ("%s (%s → %s)"):format(name, old:type(), new:type())
      elseif count > 0 then
        touched[#touched + 1] = name
      end
    end
  end
  for _, name in ipairs(before:columns()) do
    if not after:has(name) and not moved[name] then touched[#touched + 1] = "-" .. name end
  end
  return table.concat(touched, ", "), cells
end

--- A chain of verbs and its log. Every method of a frame that gives one frame is a step and gives
-- the chain; other methods give what they give.
-- @type Cleaning

--- The frame as it is now.
-- @treturn Frame
-- @usage cl.cleaning(frame):trim():frame()
function methods:frame()
  return self.current
end

--- What each step did: `step`, `touched` (columns with other cells or types; + new, - gone),
-- `cells` (how many have another value or presence; not those of columns that came or went),
-- `dropped` (how many rows went, negative where some came; there cells are not compared).
-- @treturn Log reads like a frame of one row a step and prints whole
-- @usage print(cl.cleaning(frame):filter("Age < 90"):log())
function methods:log()
  local names = { "step", "touched", "cells", "dropped" }
  local types = { step = "string", touched = "string", cells = "i64", dropped = "i64" }
  local made = {}
  for i, name in ipairs(names) do
    local values = {}
    for k, step in ipairs(self.steps) do values[k] = step[name] end
    made[i] = core.column.new(values, types[name], #self.steps)
  end
  return whole.new(core.frame.new(names, made), require("churnlab.cleaning_log").text)
end

local function run_step(self, name, verb, ...)
  local results = table.pack(verb(self.current, ...))
  local after, is_frame = results[1], require("churnlab.frame").is_frame
  if not is_frame(after) or is_frame(results[2]) then
    return table.unpack(results, 1, results.n)
  end
  local touched, cells = compare(self.current, after)
  self.steps[#self.steps + 1] =
    { step = name, touched = touched, cells = cells, dropped = #self.current - #after }
  self.current = after
  return self
end

function Cleaning:__index(name)
  if methods[name] then return methods[name] end
  local verb = core.frame.methods[name]
  if not verb then
    local known = { "frame", "log" }
    for key in pairs(core.frame.methods) do known[#known + 1] = key end
    table.sort(known)
    local near = errors.nearest(tostring(name), known)
    errors.raise("cleaning has no method '%s'%s", tostring(name),
      near and (" (did you mean '%s'?)"):format(near) or "")
  end
  return function(chain, ...) return run_step(chain, name, verb, ...) end
end

function Cleaning:__len() return #self.current end

function Cleaning:__tostring()
  return tostring(self:log())
end

return M
