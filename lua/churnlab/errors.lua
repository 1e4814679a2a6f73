-- Errors that help: raised at the caller's line, with the nearest known name.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local function is_library(info)
  local source = info.source
  return info.currentline < 0 or source:find("^=%[churnlab")
    or source:find("lua/churnlab/", 1, true)
    or source:find("/5.4/churnlab/", 1, true)
end

--- Raises "script.lua:12: <message>" with the position of the nearest caller outside the library.
-- @tparam string fmt as in string.format
function M.raise(fmt, ...)
  local message = select("#", ...) > 0 and fmt:format(...) or fmt
  for level = 2, math.huge do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if not is_library(info) then
      message = ("%s:%d: %s"):format(info.short_src, info.currentline, message)
      break
    end
  end
  error(message, 0)
end

--- f(...) whose error texts get a prefix instead of their position; other errors pass as they are.
-- @tparam string prefix such as "cast: column 'Age'"
-- @tparam function f
function M.within(prefix, f, ...)
  local results = table.pack(pcall(f, ...))
  if results[1] then return table.unpack(results, 2, results.n) end
  local message = results[2]
  if type(message) ~= "string" then error(message, 0) end
  M.raise("%s: %s", prefix, (message:gsub("^[^\n]-:%d+: ", "", 1)))
end

--- The nearest of `names` (a list) to `name`, or nil when none is near enough.
M.nearest = core.nearest

--- Raises "<where>: unknown <kind> '<name>' (did you mean 'x'?)".
-- @tparam string where the function, "" for none
-- @tparam string kind "option", "column" …
-- @param name what was given
-- @tparam {string,...} names the known ones
function M.unknown(where, kind, name, names)
  local near = M.nearest(tostring(name), names)
  local hint = near and ("did you mean '%s'?"):format(near)
    or "known: " .. table.concat(names, ", ")
  local prefix = where ~= "" and where .. ": " or ""
  M.raise("%sunknown %s '%s' (%s)", prefix, kind, tostring(name), hint)
end

--- The options as a table: {} for nil; what is no table raises.
-- @tparam string where the function
-- @tparam[opt] table options
function M.table(where, options)
  if options == nil then return {} end
  if type(options) ~= "table" then
    M.raise("%s: options: expected a table, got a %s", where, type(options))
  end
  return options
end

--- Checks an option table: `known` maps each name to a Lua type ("number", "string|table" …).
-- Unknown names and wrong types raise. Returns the table, or {} for nil.
-- @usage errors.options("fit", opts, { epochs = "number", valid = "userdata" })
function M.options(where, options, known)
  options = M.table(where, options)
  for name, value in pairs(options) do
    local wanted = known[name]
    if not wanted then
      local names = {}
      for key in pairs(known) do names[#names + 1] = key end
      table.sort(names)
      M.unknown(where, "option", name, names)
    elseif not ("|" .. wanted .. "|"):find("|" .. type(value) .. "|", 1, true) then
      wanted = wanted:gsub("|", " or ")
      M.raise("%s: option '%s': expected %s, got %s", where, name, wanted, type(value))
    end
  end
  return options
end

return M
