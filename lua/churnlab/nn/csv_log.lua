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

-- The columns of a training: the figures of several heads come last, by name.
local function names_of(log)
  local names, figures = table.move(NAMES, 1, #NAMES, 1, {}), {}
  for name in pairs(log) do
    if name:find("^val_loss_") then figures[#figures + 1] = name end
  end
  table.sort(figures)
  return table.move(figures, 1, #figures, #names + 1, names)
end

local function line_of(names, log)
  local cells = {}
  for i, name in ipairs(names) do
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

-- Lines of a file with other columns cannot go on.
local function check_header(path, lines, header)
  local file = #lines > 0 and io.open(path, "rb")
  local first = file and file:read("l")
  if file then file:close() end
  if first and first ~= header then
    errors.raise("csv_log: %s: expected the columns %s, got %s", path, header, first)
  end
end

local function rewrite(path, header, lines)
  local beside = path .. ".new"
  local file = open(beside, "wb")
  file:write(header, "\n", table.concat(lines))
  file:close()
  local ok, message = os.rename(beside, path)
  if not ok then errors.raise("csv_log: %s", message) end
end

-- Which epochs of which nets this process has written; a net that begins again begins a file.
local Writer = {}
Writer.__index = Writer

function Writer:begin(log)
  local stays = self.append or next(self.last) ~= nil
  local lines = stays and kept_lines(self.path, function(task, member, epoch)
    return task == log.task and member == log.member and epoch >= log.epoch
  end) or {}
  if self.file then self.file:close() end
  local header = table.concat(self.names, ",")
  check_header(self.path, lines, header)
  rewrite(self.path, header, lines)
  self.file = open(self.path, "ab")
  self.file:setvbuf("full")
end

function Writer:write(log)
  local key = log.task .. "/" .. log.member
  local last = self.last[key]
  if last and log.epoch <= last then self.last, last = {}, nil end
  if not last then
    self.names = names_of(log)
    self:begin(log)
  end
  self.last[key] = log.epoch
  self.file:write(line_of(self.names, log))
  local ok, message = self.file:flush()
  if not ok then errors.raise("csv_log: %s: %s", self.path, message) end
end

local writers = setmetatable({}, { __mode = "k" }) -- by the callback: fits in a pool share it

--- A function that writes each epoch. Lines of epochs that are trained again are dropped.
-- @tparam table callback of nn.csv_log
-- @tparam function resumes tells whether training goes on from a checkpoint
-- @treturn function
function M.new(callback, resumes)
  local writer = writers[callback]
  if not writer then
    writer = setmetatable({ path = callback.path, last = {} }, Writer)
    writers[callback] = writer
  end
  return function(_, log)
    writer.append = callback.append or resumes()
    writer:write(log)
  end
end

return M
