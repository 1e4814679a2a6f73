--- Data schemas: what a table should look like, in a Lua file of a closed vocabulary, and where a
-- frame or a file differs from it.
--
-- A schema file runs in the sandbox that policies use; it can do nothing but declare:
--
--    schema "bank" { version = "2026.11" }
--    column "CustomerId" { type = "i64", role = "id", unique = true, missing = false }
--    column "Age" { type = "i64", from = 18, to = 120 }
--    column "Geography" { type = "category", levels = { "France", "Germany", "Spain" } }
--    column "seen" { type = "timestamp", format = "%Y-%m-%d", role = "time" }
--    column "Surname" { type = "string", role = "personal", length = { 1, 60 } }
--    column "Phone" { type = "string", role = "personal", pattern = "%+?[%d /-]+" }
--    column "Exited" { type = "i64", role = "target", from = 0, to = 1 }
--    check "an active customer has a product" "IsActiveMember == 0 or NumOfProducts > 0"
--    others "drop"
--
-- A column has a `type`, and may say: `role` (id, target with `positive`, time, personal),
-- `missing = false` (no cell may be missing), `optional = true` (the column may be absent),
-- `unique = true`, `from` and `to` (numbers, or texts of dates), `levels`,
-- `length = { least, most }` in characters, `pattern` (a Lua pattern for the whole text, without
-- captures), `format` (of a date in files), `about` (a note). A `check` is an expression over the
-- columns; a row for which it is false is at fault, one for which it is missing is not. `others`
-- says what to do with columns that are not declared: "allow" (the default), "refuse", "drop"
-- (when a file is read).
-- @module churnlab.schema

-- SPDX-License-Identifier: MIT
local check = require("churnlab.schema.check")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local text_file = require("churnlab.text_file")
local files = require("churnlab.schema.files")
local problems = require("churnlab.policy.problems")
local report = require("churnlab.schema.report")
local validate = require("churnlab.schema.validate")
local vocabulary = require("churnlab.schema.vocabulary")

local M = {}

local Schema = { __name = "churnlab.Schema" }
Schema.__index = Schema

local LIMIT, RAISED = 20, 10 -- problems in a report, and in an error
-- as in read_csv
local NA = { "NA", "N/A", "NaN", "nan", "null", "NULL", "None" }

-- Messages start with the file's name, which Lua would shorten in its own way.
local function short(name)
  return #name <= 56 and name or "..." .. name:sub(-53)
end

--- A schema from its text.
-- @function cl.schema.parse
-- @tparam string text
-- @tparam string name for messages: "bank.schema.lua"
-- @treturn Schema
-- @raise all problems with their lines: unknown words, types and columns with a suggestion
-- @usage cl.schema.parse('schema "ages" {} column "Age" { type = "i64", from = 18 }', "ages.lua")
function M.parse(text, name)
  if type(text) ~= "string" or type(name) ~= "string" then
    errors.raise("schema.parse: expected a text and a name")
  end
  name = short(name)
  if text:sub(1, 3) == "\xEF\xBB\xBF" then text = text:sub(4) end
  local declared, message = core.sandbox.run(text, name, vocabulary)
  if not declared then errors.raise("%s", message) end
  local found = problems.new(name)
  local spec = check.specification(found, declared)
  found:check()
  return setmetatable(spec, Schema)
end

--- A schema from a file.
-- @function cl.schema.load
-- @tparam string path
-- @treturn Schema
-- @raise a file that cannot be read; as parse
-- @usage
-- local out = io.open("bank.schema.lua", "w")
-- out:write(cl.schema.from(frame)):close()
-- print(cl.schema.load("bank.schema.lua"))
function M.load(path)
  return M.parse(text_file.read("schema.load", path), path)
end

--- The text of a schema that the frame fits: its types and roles, the ranges and levels that occur.
-- @function cl.schema.from
-- @tparam Frame frame
-- @tparam[opt="data"] string name
-- @treturn string
-- @usage print(cl.schema.from(frame, "bank"))
function M.from(frame, name)
  if name ~= nil and type(name) ~= "string" then
    errors.raise("schema.from: name: expected a string, got a %s", type(name))
  end
  return require("churnlab.schema.infer").text(frame, name or "data")
end

--- The schema: what is given, or the file at that path.
-- @local
function M.of(value, where)
  if type(value) == "string" then return M.load(value) end
  if getmetatable(value) == Schema then return value end
  errors.raise("%s: expected a schema or the path of one, got a %s", where, type(value))
end

--- A loaded schema; printing it lists its columns. Fields: `name`, `version`, `about`, `columns`
-- (a list of { name, type, role, … }), `checks`, `others`.
-- @type Schema

local function column_text(spec)
  local parts = { spec.type }
  local function add(text) parts[#parts + 1] = text end
  if spec.role then add("role " .. spec.role) end
  if spec.optional then add("optional") end
  if spec.unique then add("unique") end
  for _, rule in ipairs(require("churnlab.schema.rules").of(spec)) do add(rule.expected) end
  if spec.format then add("written " .. spec.format) end
  return table.concat(parts, ", ")
end

function Schema:__tostring()
  local version = self.version and " " .. self.version or ""
  local lines = { ("schema %s%s: %d columns, others: %s"):format(self.name, version,
    #self.columns, self.others) }
  for _, spec in ipairs(self.columns) do
    lines[#lines + 1] = ("  %s: %s"):format(spec.name, column_text(spec))
  end
  for _, one in ipairs(self.checks) do
    lines[#lines + 1] = ("  check %s: %s"):format(one.name, one.text)
  end
  return table.concat(lines, "\n")
end

-- The frame with the roles of the schema whose columns it has.
local function with_roles(schema, frame)
  local roles, personal = {}, {}
  for _, spec in ipairs(schema.columns) do
    if spec.role == "personal" and frame:has(spec.name) then
      personal[#personal + 1] = spec.name
    elseif spec.role and frame:has(spec.name) then
      roles[spec.role] = spec.name
      if spec.role == "target" then roles.positive = spec.positive end
    end
  end
  roles.personal = personal[1] and personal or nil
  return frame:with_roles(roles)
end

-- ---- files ----

local file_options = { na = "table|string", separator = "string", header = "boolean",
  drop = "table", limit = "number", target = "string", positive = "string|number|boolean|table",
  id = "string", time = "string", personal = "table|string" }

local function check_options(where, options)
  options = errors.options(where, options, file_options)
  local copy = {}
  for key, value in pairs(options) do copy[key] = value end
  local limit = copy.limit or LIMIT
  if not math.tointeger(limit) or limit < 1 then
    errors.raise("%s: limit: expected a whole number from 1, got %s", where, tostring(limit))
  end
  copy.limit = nil
  if type(copy.na) == "string" then copy.na = { copy.na } end
  return copy, math.tointeger(limit)
end

local function report_of(schema, frame, file, list, counts)
  return report.new({ file = file, schema = schema.name, rows = #frame,
    columns = #frame:columns() }, list, counts)
end

--- Validates a CSV file: all of its cells are looked at, also those that are of no type.
-- @function Schema:validate_csv
-- @tparam string path "-" is standard input
-- @tparam[opt] table options `separator`, `header`, `na` as in `cl.read_csv`; `limit` (20): how
-- many problems the report lists
-- @treturn SchemaReport
-- @usage
-- local schema = cl.schema.parse(cl.schema.from(frame), "bank.schema.lua")
-- print(schema:validate_csv("bank.csv"))
function Schema:validate_csv(path, options)
  if type(path) ~= "string" then
    errors.raise("validate_csv: expected a path, got a %s", type(path))
  end
  local limit
  options, limit = check_options("validate_csv", options)
  local columns, text = files.look_into(path, options)
  local frame = files.read(path, text, files.read_options(self, columns, options,
    function() return "string" end, self.others ~= "refuse"))
  local list, counts = validate.run(self, frame, limit, options.na or NA)
  files.add_lines(path, options, list, frame)
  local name = path == "-" and "standard input" or path
  return report.new({ file = name, schema = self.name, rows = #frame, columns = #columns }, list,
    counts)
end

-- ---- frames ----

--- Validates the frame against a schema. Columns of another type are read cell by cell as the
-- declared one.
-- @function Frame:validate
-- @tparam Schema|string schema a schema or the path of one
-- @tparam[opt] table options `limit` (20): how many problems the report lists
-- @treturn SchemaReport prints itself; `report:ok()`, `report.count`, `report.counts` (a list of
-- { column or check, kind, count }), `report.problems` (the first ones, by row: { column or check,
-- kind, row, expected, got }), `report:to_table()`, `report:to_json()`
-- @usage
-- local schema = cl.schema.parse(cl.schema.from(frame), "bank.schema.lua")
-- assert(frame:validate(schema):ok())
function M.validate(frame, schema, options)
  schema = M.of(schema, "validate")
  local _, limit = check_options("validate", errors.options("validate", options,
    { limit = "number" }))
  return report_of(schema, frame, nil, validate.run(schema, frame, limit))
end
core.frame.methods.validate = M.validate

local function raise_problems(found)
  local lines = {}
  for i, problem in ipairs(found.problems) do lines[i] = report.line(found, problem) end
  if found.count == 1 then errors.raise("%s", lines[1]) end
  local more = found.count > #lines and ("\n  … and %d more"):format(found.count - #lines) or ""
  errors.raise("%s: %d problems:\n  %s%s", found.file, found.count, table.concat(lines, "\n  "),
    more)
end

--- `cl.read_csv` with the option `schema`: reads the declared types, gives the roles, and raises
-- where the file differs, with lines and columns.
-- @local
function M.read_csv(path, options)
  if type(path) ~= "string" then
    errors.raise("read_csv: with a schema: expected one path, got a %s", type(path))
  end
  local given = {}
  for key, value in pairs(options) do given[key] = value end
  local schema = M.of(given.schema, "read_csv: schema")
  given.schema = nil
  if given.types or given.formats then
    errors.raise("read_csv: expected either a schema or types and formats")
  end
  given = check_options("read_csv", given)
  local columns, text = files.look_into(path, given)
  local read = files.read_options(schema, columns, given, function(spec) return spec.type end,
    schema.others == "drop")
  local frame = files.read(path, text, read)
  local list, counts = validate.run(schema, frame, RAISED)
  files.add_lines(path, given, list, frame)
  local found = report_of(schema, frame, path == "-" and "stdin" or path, list, counts)
  if not found:ok() then raise_problems(found) end
  local roles = { target = given.target, positive = given.positive, id = given.id,
    time = given.time, personal = given.personal }
  return with_roles(schema, frame):with_roles(roles)
end

return M
