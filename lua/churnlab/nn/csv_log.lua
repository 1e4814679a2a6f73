--- The file of nn.csv_log.
-- @module churnlab.nn.csv_log
-- @local

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

local NAMES = { "task", "member", "epoch", "lr", "loss", "val_loss", "val_auc" }

local function open(path, mode)
  local file, message = io.open(path, mode)
  if not file then errors.raise("csv_log: %s", message) end
  return file
end

local function line_of(log)
  local cells = {}
  for i, name in ipairs(NAMES) do
    local value = log[name]
    cells[i] = value == nil and "" or math.type(value) == "integer" and tostring(value)
      or ("%.17g"):format(value)
  end
  return table.concat(cells, ",") .. "\n"
end

-- Whole lines of the file that another training, or an earlier part of this one, left.
local function kept_lines(path, drops)
  local file, kept = io.open(path, "rb"), {}
  local text = file and file:read("a") or ""
  if file then file:close() end
  for line in text:gmatch("([^\n]*)\n") do
    local task, member, epoch = line:match("^(%d+),(%d+),(%d+),")
    if task and not drops(tonumber(task), tonumber(member), tonumber(epoch)) then
      kept[#kept + 1] = line .. "\n"
    end
  end
  return kept
end

local function rewrite(path, lines)
  local beside = path .. ".new"
  local file = open(beside, "wb")
  file:write(table.concat(NAMES, ","), "\n", table.concat(lines))
  file:close()
  local ok, message = os.rename(beside, path)
  if not ok then errors.raise("csv_log: %s", message) end
end

--- A callback that writes. Lines of epochs from the first one of this training on are dropped.
-- @tparam string path
-- @param append true, or a function that tells, whether earlier lines stay
-- @treturn function
function M.new(path, append)
  local file
  local begun = {} -- task/member → true
  local function begin(log)
    local stays = type(append) == "function" and append() or append == true
    local lines = {}
    if stays or next(begun) then
      lines = kept_lines(path, function(task, member, epoch)
        return task == log.task and member == log.member and epoch >= log.epoch
      end)
    end
    if file then file:close() end
    rewrite(path, lines)
    file = open(path, "ab")
    file:setvbuf("full")
  end
  return function(_, log)
    local key = log.task .. "/" .. log.member
    if not begun[key] then
      begin(log)
      begun[key] = true
    end
    file:write(line_of(log))
    local ok, message = file:flush()
    if not ok then errors.raise("csv_log: %s: %s", path, message) end
  end
end

return M
