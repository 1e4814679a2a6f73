-- The log of a search: JSON lines, first what is searched and how, then one a finished trial. The
-- same search goes on where a log ends; a last line that was cut off (kill -9, a full disk) is
-- dropped.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

-- What JSON gives back: null as nil.
local function plain(value)
  if value == core.NA then return nil end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

local function read_lines(path)
  local file = io.open(path, "rb")
  if not file then return {}, true end
  local text = file:read("a")
  file:close()
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  return lines, text == "" or text:sub(-1) == "\n"
end

local function decode(path, lines, i)
  local ok, value = pcall(core.json.decode, lines[i])
  if ok and type(value) == "table" then return plain(value) end
  errors.raise("tune: %s:%d: expected a trial as JSON, got \"%s\"", path, i, lines[i]:sub(1, 40))
end

-- Raises when the log is of another search.
local function compare(path, found, header)
  for _, name in ipairs { "format", "data", "space", "strategy", "seed", "prune", "judge" } do
    local a = core.json.encode(found[name] == nil and core.NA or found[name])
    local b = core.json.encode(header[name] == nil and core.NA or header[name])
    if a ~= b then
      errors.raise("tune: %s: the log is of another search: its %s is %s, here it is %s (take "
        .. "another log)", path, name, a:sub(1, 120), b:sub(1, 120))
    end
  end
end

local function write_all(path, lines)
  local ok, message = core.file.write(path, table.concat(lines, "\n") .. "\n")
  if not ok then errors.raise("tune: cannot write the log: %s", message) end
end

--- Opens a log.
-- @tparam ?string path nil = none is kept
-- @tparam table header what the search is: plain data
-- @treturn table history: the finished trials
-- @treturn function append(trial)
function M.open(path, header)
  if not path then return {}, function() end end
  local lines, whole = read_lines(path)
  local history = {}
  if #lines > 0 then compare(path, decode(path, lines, 1), header) end
  for i = 2, #lines do
    local trial = decode(path, lines, i)
    if trial.trial ~= i - 1 or type(trial.params) ~= "table" then
      errors.raise("tune: %s:%d: expected trial %d with its params", path, i, i - 1)
    end
    history[i - 1] = trial
  end
  if #lines == 0 then lines[1] = core.json.encode(header) end
  if not whole or #history == 0 then write_all(path, lines) end
  local file, message = io.open(path, "ab")
  if not file then errors.raise("tune: cannot write the log: %s", message) end
  file:setvbuf("full")
  return history, function(trial)
    local ok, problem = file:write(core.json.encode(trial), "\n")
    ok, problem = ok and file:flush(), problem
    if not ok then errors.raise("tune: %s: cannot write: %s", path, problem or "it failed") end
  end
end

return M
