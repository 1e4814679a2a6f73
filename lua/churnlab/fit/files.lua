-- Checkpoints of many fits: job i of several has the file "<path>.<i>", and all of them, begun or
-- not, go on together.
-- SPDX-License-Identifier: MIT
local M = {}

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

local function copy(values)
  local made = {}
  for key, value in pairs(values) do made[key] = value end
  return made
end

local function own_path(path, number) return ("%s.%d"):format(path, number) end

local function any_exists(path, count)
  for number = 1, count do
    if exists(own_path(path, number)) then return true end
  end
  return false
end

local function is_kind(callback, kind)
  return type(callback) == "table" and callback.kind == kind
end

-- The path that training goes on from, if any job has a file there, or if the caller insists.
local function resumed_path(options, callbacks, count)
  if options.resume ~= nil then return options.resume end
  for _, callback in ipairs(callbacks) do
    if is_kind(callback, "checkpoint") and callback.resume and any_exists(callback.path, count) then
      return callback.path
    end
  end
end

-- A job without a file had not begun when the others were interrupted.
local function own_resume(path, number, count)
  local own = own_path(path, number)
  return (exists(own) or not any_exists(path, count)) and own or nil
end

-- `logs`: what logs became, so that all jobs go on writing to one.
local function own_callback(callback, number, resumes, logs)
  if is_kind(callback, "checkpoint") then
    local own = copy(callback)
    own.path, own.resume = own_path(callback.path, number), nil
    return own
  elseif resumes and is_kind(callback, "csv_log") then
    if not logs[callback] then
      logs[callback] = copy(callback)
      logs[callback].append = true
    end
    return logs[callback]
  end
  return callback
end

--- The options of one job.
-- @tparam table options of cl.fit
-- @tparam integer number of the job
-- @tparam integer count of jobs; one job alone keeps its paths
-- @tparam table logs empty before the first job
-- @treturn table
function M.own(options, number, count, logs)
  if count == 1 or type(options) ~= "table" then return options end
  local own = copy(options)
  local callbacks = type(options.callbacks) == "table" and options.callbacks or {}
  local path = resumed_path(options, callbacks, count)
  if type(path) == "string" and path ~= "" then own.resume = own_resume(path, number, count) end
  if next(callbacks) then own.callbacks = {} end
  for i, callback in ipairs(callbacks) do
    own.callbacks[i] = own_callback(callback, number, path ~= nil, logs)
  end
  return own
end

return M
