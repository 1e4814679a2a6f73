-- What the verbs share: arguments, notices, JSON, files.
-- SPDX-License-Identifier: MIT
local argparse = require("argparse")
local core = require("churnlab.core")

local M = {}

local function fail(code, message) require("churnlab.cli").fail(code, message) end

--- A parser for one verb.
-- @tparam string verb
-- @tparam string summary one line
-- @tparam string examples shown at the end of --help
function M.parser(verb, summary, examples)
  local text = summary:sub(1, 1):upper() .. summary:sub(2) .. "."
  local parser = argparse("churnlab " .. verb, text, "Example:\n" .. examples)
  parser:add_help(false):usage_max_width(90):help_max_width(90)
  parser:help_description_margin(24):help_vertical_space(0)
  parser.verb = verb
  return parser
end

-- argparse's message on one line, ours in shape.
local function tidy(message)
  message = message:gsub("\nDid you mean one of these: (.-)%?$", function(names)
    return (" (did you mean %s?)"):format(names:gsub("' '", "' or '"))
  end)
  return (message:gsub("\nDid you mean (.-)%?$", " (did you mean %1?)"))
end

--- Reads a verb's arguments. Wrong ones end the program with exit code 2.
-- @treturn table|nil the values, or nil when --help was asked for and printed
function M.parse(parser, arguments)
  parser:flag("-h --help", "Print this page.")
  for _, argument in ipairs(arguments) do
    if argument == "--" then break end
    if argument == "-h" or argument == "--help" then
      print(parser:get_help())
      return nil
    end
  end
  local ok, result = parser:pparse(arguments)
  if not ok then
    fail(2, ("%s: %s; churnlab %s --help tells more"):format(parser.verb, tidy(result),
      parser.verb))
  end
  return result
end

--- The arguments of verbs that learn from a file: what is predicted …
function M.target_options(parser)
  parser:argument("csv", "The customers, one a row, with a header line.")
  parser:option("--target", "The column that says who left, or which class a row is.")
    :count(1):argname("COLUMN")
  parser:option("--positive", "Its value for those who left (not needed for 0/1). Without it more "
    .. "than two values are classes."):argname("VALUE")
  parser:option("--id", "The column with the customer's id."):argname("COLUMN")
end

--- … and which columns are no features.
-- @tparam string personal what becomes of personal columns
function M.column_options(parser, personal)
  parser:option("--personal", ("Columns that say who the customer is: %s."):format(personal))
    :argname("A,B"):convert(M.list)
  parser:option("--drop", "Columns to leave out."):argname("A,B"):convert(M.list)
  parser:option("--keep", "Columns to keep although they look like no features.")
    :argname("A,B"):convert(M.list)
end

--- Prints for people: on standard error where standard output carries JSON.
-- @treturn function called as string.format
function M.teller(options)
  if options.json then return M.notice end
  return function(fmt, ...) print(fmt:format(...)) end
end

--- A converter for whole numbers in low … high.
function M.whole(option, low, high)
  return function(text)
    local value = math.tointeger(tonumber(text))
    if value and value >= low and value <= high then return value end
    local upper = high < math.maxinteger and (" to %d"):format(high) or ""
    return nil, ("%s: expected a whole number from %d%s, got '%s'"):format(option, low, upper, text)
  end
end

--- A converter for numbers in low ≤ x < high.
function M.share(option, low, high)
  return function(text)
    local value = tonumber(text)
    if value and value >= low and value < high then return value end
    return nil, ("%s: expected a number from %g to less than %g, got '%s'"):format(option, low,
      high, text)
  end
end

--- A converter for numbers above `low`.
function M.above(option, low)
  return function(text)
    local value = tonumber(text)
    if value and value > low and value < math.huge then return value end
    return nil, ("%s: expected a number above %g, got '%s'"):format(option, low, text)
  end
end

--- "A, B" → { "A", "B" }
function M.list(text)
  local items = {}
  for item in text:gmatch("[^,]+") do
    item = item:match("^%s*(.-)%s*$")
    if item ~= "" then items[#items + 1] = item end
  end
  return items
end

--- A line for people on standard error.
function M.notice(fmt, ...)
  io.stderr:write(fmt:format(...), "\n")
end

--- The value, or the end of the program with exit code 1 and the message.
function M.must(value, message)
  if value == nil or value == false then fail(1, message or "failed") end
  return value
end

--- 12345 → "12,345"
M.thousands = require("churnlab.frame.print").thousands

--- "1 row", "2 rows"
function M.count(n, noun)
  return ("%s %s%s"):format(M.thousands(n), noun, n == 1 and "" or "s")
end

-- JSON has no NaN: what is not defined is null.
local function plain(value)
  if type(value) == "number" and (value ~= value or math.abs(value) == math.huge) then
    return core.NA
  end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

--- Prints text and a newline on standard output; a reader that is gone is a failure.
function M.print(text)
  local ok, message = io.stdout:write(text, "\n")
  if ok then ok, message = io.stdout:flush() end
  M.must(ok, ("cannot write to standard output: %s"):format(message or ""))
end

--- Prints one JSON value.
function M.print_json(value)
  M.print(core.json.encode(plain(value)))
end

--- Prints what was found, as text or JSON.
-- @return 0 when all is well, else 1: the program's exit code
function M.print_findings(found, json)
  if json then
    M.print_json(found:to_table())
  else
    M.print(tostring(found))
  end
  return found:ok() and 0 or 1
end

return M
