--- The options of a script, with defaults: `cl.args`.
-- The type of each default says what the command line may give: a number, a text or a flag.
-- @module churnlab.args

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

-- Wrong usage: exit code 2 in the program, an ordinary error elsewhere.
local function fail(fmt, ...)
  local script = arg and arg[0] and arg[0]:match("[^/]+$")
  local message = (script and script .. ": " or "") .. fmt:format(...)
  local cli = package.loaded["churnlab.cli"]
  if cli then cli.fail(2, message) end
  errors.raise("%s", message)
end

local function sorted_names(defaults)
  local names = {}
  for name in pairs(defaults) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function usage(defaults)
  local lines = { ("usage: churnlab %s [options]"):format(arg and arg[0] or "script.lua"), "" }
  for _, name in ipairs(sorted_names(defaults)) do
    local value = defaults[name]
    local option = "--" .. name
    if type(value) ~= "boolean" then option = option .. " " .. type(value):upper() end
    local default = value == "" and "none" or tostring(value)
    lines[#lines + 1] = ("  %-24s default: %s"):format(option, default)
  end
  return table.concat(lines, "\n")
end

local function convert(name, default, text)
  if type(default) ~= "number" then return text end
  local value = tonumber(text)
  if math.type(default) == "integer" then value = math.tointeger(value) end
  if not value then
    fail("--%s: expected %s, got '%s'", name,
      math.type(default) == "integer" and "a whole number" or "a number", text)
  end
  return value
end

local function unknown(option, defaults)
  local near = errors.nearest(option, sorted_names(defaults))
  fail("unknown option '--%s' (%s)", option, near and ("did you mean '--%s'?"):format(near)
    or "--help lists them")
end

-- Reads the option at position i into `values`; returns the next position.
local function read(argv, i, values, defaults)
  local name, inline = argv[i]:match("^%-%-([%w_-]+)=?(.*)$")
  if not name then fail("expected an option, got '%s' (--help lists them)", argv[i]) end
  local negated = name:match("^no%-(.+)$")
  if defaults[name] == nil and negated and type(defaults[negated]) == "boolean" then
    values[negated] = false
    return i + 1
  end
  local default = defaults[name]
  if default == nil then unknown(name, defaults) end
  if type(default) == "boolean" then
    values[name] = true
    return i + 1
  end
  if argv[i]:find("=", 1, true) then
    values[name] = convert(name, default, inline)
    return i + 1
  end
  if argv[i + 1] == nil then fail("--%s: expected a value", name) end
  values[name] = convert(name, default, argv[i + 1])
  return i + 2
end

--- Reads the script's options (`--name value`, `--name=value`, `--flag`, `--no-flag`) over
-- defaults, whose types say what is expected. Unknown options and wrong values end the program
-- with exit code 2; `--help` prints the options and ends it.
-- @function cl.args
-- @tparam {[string]=string|number|boolean} defaults
-- @tparam[opt] {string,...} argv the arguments; the global `arg` when absent
-- @treturn table a value for each name in `defaults`
-- @usage
-- local options = cl.args({ data = "bank.csv", seed = 42 }, { "--seed", "7" })
-- assert(options.seed == 7 and options.data == "bank.csv")
function M.parse(defaults, argv)
  argv = argv or arg or {}
  local values = {}
  for name, value in pairs(defaults) do values[name] = value end
  local i = 1
  while argv[i] do
    if argv[i] == "--help" or argv[i] == "-h" then
      print(usage(defaults))
      os.exit(0, true)
    end
    i = read(argv, i, values, defaults)
  end
  return values
end

return M
