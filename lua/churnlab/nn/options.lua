--- From the options of cl.fit to those of core.net.train.
-- @module churnlab.nn.options
-- @local

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local csv_log = require("churnlab.nn.csv_log")
local errors = require("churnlab.errors")
local without_kind = require("churnlab.nn.part").without_kind

local M = {}

local function expect_kind(name, value, kind)
  if type(value) ~= "table" or value.kind ~= kind then
    local got = type(value) == "table" and (value.kind or "a table") or type(value)
    errors.raise("fit: option '%s': expected a %s such as nn.%s, got %s", name, kind,
      kind == "loss" and "bce{}" or "adam{}", got)
  end
  return without_kind(value)
end

-- Losses by the names of heads, and not one loss?
local function is_by_head(loss)
  return type(loss) == "table" and loss.kind == nil and next(loss) ~= nil
end

local function by_head(losses)
  local result = {}
  for head, loss in pairs(losses) do
    result[head] = expect_kind(("loss.%s"):format(head), loss, "loss")
  end
  return result
end

local copied = { "epochs", "batch", "seed", "shuffle", "clip_norm", "ema", "mixup",
  "swap_noise", "noise", "time_limit", "resume" }

local units = { [""] = 1, K = 1e3, M = 1e6, G = 1e9, T = 1e12 }

-- "500 MB" or a number of bytes.
local function bytes_of(value)
  local digits, unit = tostring(value):upper():match("^%s*([%d.]+)%s*([KMGT]?)I?B?%s*$")
  local bytes = digits and tonumber(digits) and tonumber(digits) * units[unit]
  if not bytes or bytes <= 0 then
    errors.raise("fit: option 'memory_limit': expected bytes, or a text such as \"2 GB\", got %s",
      tostring(value))
  end
  return bytes
end

-- Each kind of callback: (options, functions, callback)
local add = {}

function add.early_stop(options, _, callback)
  if options.early_stop then errors.raise("fit: callbacks: more than one early_stop") end
  options.early_stop = without_kind(callback)
end

function add.schedule(options, _, callback)
  options.schedules = options.schedules or {}
  table.insert(options.schedules, without_kind(callback))
end

local function exists(path)
  local file = io.open(path, "rb")
  if file then file:close() end
  return file ~= nil
end

function add.checkpoint(options, _, callback)
  if options.checkpoint then errors.raise("fit: callbacks: more than one checkpoint") end
  options.checkpoint = { path = callback.path, every = callback.every }
  if callback.resume and exists(callback.path) then
    options.resume = options.resume or callback.path
  end
end

function add.csv_log(options, functions, callback)
  functions[#functions + 1] = csv_log.new(callback, function() return options.resume ~= nil end)
end

local function add_callback(options, functions, i, callback)
  local kind = type(callback) == "table" and callback.kind
  if type(callback) == "function" then
    functions[#functions + 1] = callback
  elseif kind and add[kind] then
    add[kind](options, functions, callback)
  else
    errors.raise("fit: callbacks: item %d: expected a function, nn.early_stop or a schedule such "
      .. "as nn.reduce_lr, got %s", i, kind or type(callback))
  end
end

local function join(functions)
  if #functions < 2 then return functions[1] end
  return function(epoch, log)
    local go_on = true
    for _, f in ipairs(functions) do
      if f(epoch, log) == false then go_on = false end
    end
    return go_on
  end
end

--- Turns the options of cl.fit that concern training into those of core.net.train.
-- @local
-- @tparam table opts loss (one, or a table of them by head), optimizer, epochs, batch, seed,
-- shuffle, clip_norm, ema, mixup, swap_noise, noise, time_limit, memory_limit, resume, callbacks;
-- others are ignored
-- @treturn table options for core.net.train
-- @treturn ?function on_epoch, when there are functions among the callbacks
-- @treturn table losses written in Lua, for core.net.train
function M.compile(opts)
  local options, functions = {}, {}
  for _, name in ipairs(copied) do options[name] = opts[name] end
  if opts.memory_limit ~= nil then options.memory_limit = bytes_of(opts.memory_limit) end
  local losses = {}
  if is_by_head(opts.loss) then
    options.losses = by_head(opts.loss)
    for head, loss in pairs(options.losses) do losses[head], loss.call = loss.call, nil end
  elseif opts.loss ~= nil then
    options.loss = expect_kind("loss", opts.loss, "loss")
    losses[1], options.loss.call = options.loss.call, nil
  end
  if opts.optimizer ~= nil then
    options.optimizer = expect_kind("optimizer", opts.optimizer, "optimizer")
  end
  for i, callback in ipairs(opts.callbacks or {}) do
    add_callback(options, functions, i, callback)
  end
  core.net.check_options(options)
  return options, join(functions), losses
end

return M
