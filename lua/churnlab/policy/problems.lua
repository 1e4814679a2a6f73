-- Collects what is wrong in a policy file, with lines, and raises all of it at once.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local Problems = {}
Problems.__index = Problems

local M = {}

local SHOWN = 100

--- @tparam string file the name that messages start with
function M.new(file)
  return setmetatable({ file = file, list = {}, seen = {} }, Problems)
end

--- Notes a problem; the same one is noted once.
function Problems:add(line, fmt, ...)
  local message = select("#", ...) > 0 and fmt:format(...) or fmt
  local text = ("%s:%d: %s"):format(self.file, line, message)
  if not self.seen[text] then
    self.seen[text] = true
    self.list[#self.list + 1] = { line = line, text = text }
  end
end

--- The only declaration of its kind, or nil; every later one is a problem.
function Problems:only(list, kind)
  for i = 2, #(list or {}) do
    self:add(list[i].line, "%s: declared twice (first in line %d)", kind, list[1].line)
  end
  return list and list[1]
end

--- Notes an unknown name with the nearest of the known ones.
function Problems:unknown(line, where, kind, name, known)
  local near = errors.nearest(tostring(name), known)
  local hint = near and ("did you mean '%s'?"):format(near)
    or "known: " .. table.concat(known, ", ")
  self:add(line, "%s: unknown %s '%s' (%s)", where, kind, tostring(name), hint)
end

--- Checks a table's keys and types: known maps a name to { type, needed =, label = }.
-- @treturn table the body, or {} when it is none
function Problems:fields(line, where, body, known)
  if type(body) ~= "table" then
    self:add(line, "%s: expected a table { … }, got %s", where,
      body == nil and "nothing" or "a " .. type(body))
    return {}
  end
  local names = {}
  for name in pairs(known) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  for key, value in pairs(body) do
    local wanted = known[key]
    if not wanted and type(key) == "number" then
      self:add(line, "%s: expected named values (name = value), got %s", where, M.show(value))
    elseif not wanted then
      self:unknown(line, where, "option", key, names)
    elseif type(value) ~= wanted[1] then
      self:add(line, "%s: %s: expected a %s, got %s", where, wanted.label or key, wanted[1],
        M.show(value))
    end
  end
  for key, wanted in pairs(known) do
    if wanted.needed and body[key] == nil then
      self:add(line, "%s: expected %s", where, wanted.needed)
    end
  end
  return body
end

--- The same two methods bound to a declaration: its line and what stands before the message.
function Problems:at(line, where)
  return {
    line = line,
    add = function(_, fmt, ...) self:add(line, "%s: " .. fmt, where, ...) end,
    unknown = function(_, place, kind, name, known)
      self:unknown(line, where .. ": " .. place, kind, name, known)
    end,
  }
end

--- Raises when anything was noted.
function Problems:check()
  if #self.list == 0 then return end
  table.sort(self.list, function(a, b)
    if a.line ~= b.line then return a.line < b.line end
    return a.text < b.text
  end)
  local lines = {}
  for i = 1, math.min(#self.list, SHOWN) do lines[i] = self.list[i].text end
  if #lines == 1 then errors.raise("%s", lines[1]) end
  local more = #self.list > SHOWN and ("\n  … and %d more"):format(#self.list - SHOWN) or ""
  errors.raise("%s: %d problems:\n  %s%s", self.file, #self.list, table.concat(lines, "\n  "), more)
end

--- A value as a policy file writes it.
function M.show(value)
  if type(value) == "string" then return '"' .. value .. '"' end
  if type(value) == "number" then
    return math.type(value) == "integer" and tostring(value) or ("%.15g"):format(value)
  end
  if value == nil then return "nothing" end
  if type(value) ~= "table" then return tostring(value) end
  if value.matcher then return value.matcher .. "(…)" end
  if value.kind then return value.kind .. " { … }" end
  return "a table"
end

return M
