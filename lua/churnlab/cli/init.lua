-- The command line: what the program's arguments mean. Each verb is a module churnlab.cli.<verb>
-- that returns { summary = "…", run = function(arguments) → exit code }.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local host = require("churnlab.host")

local M = {}

-- In the order of --help.
M.verbs = { "run", "repl", "profile", "leakcheck", "validate", "simulate", "train", "crossval",
  "tune", "evaluate", "score", "explain", "info" }

local function is_verb(name)
  for _, verb in ipairs(M.verbs) do
    if verb == name then return true end
  end
  return false
end

--- An error that ends the program with an exit code of its own.
-- @tparam integer code 1 failed, 2 wrong usage
-- @tparam string message
function M.fail(code, message)
  error(setmetatable({ exit_code = code, message = message }, {
    __tostring = function(self) return self.message end,
    __name = "churnlab.Failure",
  }), 0)
end

local function usage()
  local lines = {
    "usage: churnlab [options] [script.lua [arguments]]",
    "       churnlab <verb> [arguments]        churnlab <verb> --help tells more",
    "",
    "verbs:",
  }
  for _, verb in ipairs(M.verbs) do
    lines[#lines + 1] = ("  %-10s %s"):format(verb, require("churnlab.cli." .. verb).summary)
  end
  lines[#lines + 1] = [[

options:
  -e CODE     run a piece of Lua (`cl` is the library)
  -i          go to the prompt after the script
  -j N        use N threads (default: all processors)
  -v          print the version
  -h, --help  print this page

without arguments churnlab opens its prompt. Example:
  churnlab simulate bank --rows 10000 --seed 1 -o bank.csv
  churnlab train bank.csv --target Exited --id CustomerId -o bank.churn
  churnlab score bank.churn bank.csv --reasons 3 -o scored.csv]]
  return table.concat(lines, "\n")
end

local function load_chunk(loaded, message)
  if not loaded then M.fail(1, message) end
  return loaded
end

--- Runs a script with the global `arg` set as Lua does; "-" is standard input.
function M.run_script(path, arguments)
  _G.arg = { [0] = path, table.unpack(arguments) }
  local chunk = load_chunk(loadfile(path ~= "-" and path or nil))
  chunk(table.unpack(arguments))
end

local function run_code(code)
  local env = setmetatable({}, { __index = function(_, key)
    if key == "cl" then return require("churnlab") end
    return _G[key]
  end, __newindex = _G })
  load_chunk(load(code, "=-e", "t", env))()
end

local function set_threads(text)
  local n = math.tointeger(tonumber(text))
  if not n or n < 1 or n > 256 then
    M.fail(2, ("-j: expected a number of threads from 1 to 256, got '%s'"):format(text or ""))
  end
  core.control.threads(n)
end

-- Options before the verb or the script. Returns what to do and the position of the rest.
local function parse(argv)
  local plan, at = { code = {} }, 1
  while argv[at] and argv[at]:match("^%-.") do
    local option = argv[at]
    if option == "-e" then
      at = at + 1
      if not argv[at] then M.fail(2, "-e: expected a piece of Lua") end
      table.insert(plan.code, argv[at])
    elseif option:match("^%-j") then
      if option == "-j" then at = at + 1 end
      set_threads(option ~= "-j" and option:sub(3) or argv[at])
    elseif option == "-i" then plan.interactive = true
    elseif option == "-v" or option == "--version" then plan.version = true
    elseif option == "-h" or option == "--help" then plan.help = true
    else
      M.fail(2, ("unknown option '%s' (churnlab --help lists them)"):format(option))
    end
    at = at + 1
  end
  return plan, at
end

-- A word that is neither a verb nor a file was probably meant to be a verb.
local function check_script(path)
  if path == "-" or path:find("[./]") then return end
  local file = io.open(path)
  if file then file:close() return end
  require("churnlab.errors").unknown("", "verb or script", path, M.verbs)
end

local function rest_of(argv, from)
  return table.move(argv, from, #argv, 1, {})
end

local function dispatch(argv)
  local plan, at = parse(argv)
  if plan.help then print(usage()) return 0 end
  if plan.version then
    print(("churnlab %s (%s)"):format(core.version, _VERSION))
    return 0
  end
  for _, code in ipairs(plan.code) do run_code(code) end
  local first = argv[at]
  if first and is_verb(first) then
    return require("churnlab.cli." .. first).run(rest_of(argv, at + 1)) or 0
  elseif first then
    local known, message = pcall(check_script, first)
    if not known then M.fail(2, message) end
    M.run_script(first, rest_of(argv, at + 1))
  end
  if plan.interactive or not (first or plan.code[1] or plan.version) then
    return require("churnlab.cli.repl").run({})
  end
  return 0
end

--- Runs the program; returns its exit code.
function M.main(argv)
  local ok, result = host.call(dispatch, argv)
  if ok then return result end
  io.stdout:flush()
  io.stderr:write("churnlab: ", tostring(result), "\n")
  return type(result) == "table" and result.exit_code or 1
end

return M
