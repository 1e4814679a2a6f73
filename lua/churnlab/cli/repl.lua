-- churnlab repl: the prompt. Results of expressions are printed, unfinished lines are continued,
-- Ctrl-C drops the line or interrupts the call, Ctrl-D leaves.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local host = require("churnlab.host")
local inspect = require("churnlab.inspect")
local complete = require("churnlab.complete")

local M = { summary = "open the prompt" }

local HELP = [[
Type Lua. An expression's value is printed; an unfinished line goes on at the next prompt.
  cl.read_csv("bank.csv", {target="Exited"})   read a table (cl is the library)
  cl.load("bank.churn"):score(frame)           score it with a saved model
  :help          this page
  :names [x]     what is in the library, or in the value x
  :quit          leave (also Ctrl-D)
Tab completes names, columns and methods; Ctrl-C interrupts.]]

local function history_path()
  local home = os.getenv("CHURNLAB_HISTORY") or os.getenv("HOME")
  if not home or home == "" then return nil end
  return os.getenv("CHURNLAB_HISTORY") or home .. "/.churnlab_history"
end

-- An expression first ("bank:head()" prints), then a statement. An expression is an argument of
-- `select`, not a tail call: so errors can tell its line.
local function compile(text)
  local chunk = load("return select(1, " .. text .. "\n)", "=stdin")
  if chunk then return chunk end
  return load(text, "=stdin")
end

local function is_unfinished(message)
  return message:sub(-5) == "<eof>"
end

local function print_results(ok, ...)
  if not ok then
    io.stdout:flush()
    io.stderr:write(tostring((...)), "\n")
    return
  end
  local n = select("#", ...)
  if n == 0 then return end
  local parts = {}
  for i = 1, n do parts[i] = inspect.show((select(i, ...))) end
  print(table.concat(parts, parts[1]:find("\n") and "\n" or "   "))
end

local commands = {
  help = function() print(HELP) end,
  names = function(expression)
    local value = require("churnlab")
    if expression ~= "" then
      local ok, got = host.call(assert(compile(expression)))
      if not ok then return print_results(ok, got) end
      value = got
    end
    print(table.concat(complete.names(value), "  "))
  end,
}
commands.h = commands.help

-- Returns true when the prompt should close.
local function run_command(line)
  local name, rest = line:match("^:(%a+)%s*(.-)%s*$")
  if name == "quit" or name == "q" then return true end
  local command = commands[name]
  if command then
    command(rest)
  else
    print(("unknown command '%s' (:help lists them)"):format(line))
  end
end

local function read_chunk(first)
  local text = first
  while true do
    local chunk, message = compile(text)
    if chunk or not is_unfinished(message) then return chunk, message end
    local more, interrupted = host.readline(">> ")
    if not more then return nil, interrupted and "" or message end
    text = text .. "\n" .. more
  end
end

local function loop()
  while true do
    local line, interrupted = host.readline("> ")
    if not line and not interrupted then return end
    line = line or ""
    if line:match("^%s*:") then
      if run_command(line:match("^%s*(.-)%s*$")) then return end
    elseif line:match("%S") then
      local chunk, message = read_chunk(line:gsub("^%s*=", "return "))
      if chunk then
        print_results(host.call(chunk))
      elseif message ~= "" then
        io.stderr:write(message, "\n")
      end
    end
  end
end

function M.run(arguments)
  if arguments[1] == "-h" or arguments[1] == "--help" then
    print("usage: churnlab repl\n\n" .. HELP)
    return 0
  elseif arguments[1] then
    require("churnlab.cli").fail(2, ("repl: unknown argument '%s'"):format(arguments[1]))
  end
  local interactive = host.isatty("stdin")
  local path = interactive and history_path()
  if interactive then
    print(("churnlab %s (%s)  :help  Tab completes  Ctrl-C interrupts")
      :format(core.version, _VERSION))
    host.complete(complete.candidates)
    if path then host.history(path) end
  end
  if rawget(_G, "cl") == nil then
    setmetatable(_G, { __index = function(_, key)
      return key == "cl" and require("churnlab") or nil
    end })
  end
  loop()
  if path then host.history(path, true) end
  if interactive then print() end
  return 0
end

return M
