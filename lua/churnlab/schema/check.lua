-- From collected declarations to a checked specification. Everything wrong is noted, nothing is
-- guessed.
-- SPDX-License-Identifier: MIT
local columns = require("churnlab.schema.columns")
local core = require("churnlab.core")
local quiet = require("churnlab.policy.quiet")
local show = require("churnlab.policy.problems").show

local M = {}

local OTHERS = { "allow", "refuse", "drop" }

local function has_name(problems, entry, kind)
  local name = entry.name
  if type(name) == "string" and name ~= "" and not name:find("\0", 1, true) then return true end
  problems:add(entry.line, "%s: expected a name, got %s", kind, show(name))
  return false
end

local function check_header(problems, declared)
  local entry = problems:only(declared.schema, "schema")
  if not entry then
    problems:add(1, 'expected a header: schema "name" { version = "…" }')
    return { name = "" }
  end
  if not has_name(problems, entry, "schema") then return { name = "" } end
  local where = ('schema "%s"'):format(entry.name)
  local body = problems:fields(entry.line, where, entry.body or {},
    { version = { "string" }, about = { "string" } })
  return { name = entry.name, version = body.version, about = body.about }
end

-- ---- columns ----

local function check_columns(problems, declared)
  local list, by_name, taken = {}, {}, {}
  for _, entry in ipairs(declared.column) do
    if has_name(problems, entry, "column") then
      local before = by_name[entry.name]
      local spec = columns.check(problems, entry, taken)
      if before then
        problems:add(entry.line, 'column "%s": declared twice (first in line %d)', entry.name,
          before.line)
      end
      by_name[entry.name] = before or spec
      list[#list + 1] = spec
    end
  end
  if #declared.column == 0 then
    problems:add(1, 'expected columns: column "Age" { type = "i64" }')
  end
  return list, by_name
end

-- ---- checks ----

--- The type in which checks read a column: categories as text, so that a file in which a level
-- does not occur is read alike.
function M.read_type(kind) return kind == "category" and "string" or kind end

-- A frame of no rows with the columns.
local function empty_frame(specs)
  local names, list, seen = {}, {}, {}
  for _, spec in ipairs(specs) do
    if columns.is_type[spec.type] and not seen[spec.name] then
      seen[spec.name] = true
      names[#names + 1] = spec.name
      list[#list + 1] = core.column.new({}, M.read_type(spec.type))
    end
  end
  return core.frame.new(names, list)
end

local function check_check(problems, entry, frame)
  local where = ('check "%s"'):format(entry.name)
  if type(entry.body) ~= "string" then
    problems:add(entry.line, '%s: expected an expression: check "name" "from <= to"', where)
    return nil
  end
  local kind, message = quiet.try(core.expr.check, frame, entry.body)
  if not kind then
    problems:add(entry.line, "%s: %s", where, message)
  elseif kind ~= "bool" then
    problems:add(entry.line, "%s: expected a condition, got an expression of type %s", where, kind)
  end
  return kind and { name = entry.name, text = entry.body, line = entry.line,
    reads = core.expr.parse(entry.body):columns() }
end

local function check_checks(problems, declared, specs)
  local checks, frame = {}, empty_frame(specs)
  for _, entry in ipairs(declared.check) do
    if has_name(problems, entry, "check") then
      checks[#checks + 1] = check_check(problems, entry, frame)
    end
  end
  return checks
end

local function check_others(problems, declared)
  local entry = problems:only(declared.others, "others")
  if not entry then return "allow" end
  if entry.body ~= nil or type(entry.name) ~= "string" then
    problems:add(entry.line, 'others: expected others "allow", others "refuse" or others "drop"')
  elseif not ("|allow|refuse|drop|"):find("|" .. entry.name .. "|", 1, true) then
    problems:unknown(entry.line, "others", "word", entry.name, OTHERS)
  end
  return entry.name
end

--- The checked specification. Problems are noted in `problems`; when there are any, the result is
-- not to be used.
-- @tparam table declared what vocabulary.lua collected
-- @treturn table { name, version, about, columns, by_name, checks, others }
function M.specification(problems, declared)
  local spec = check_header(problems, declared)
  spec.columns, spec.by_name = check_columns(problems, declared)
  spec.checks = check_checks(problems, declared, spec.columns)
  spec.others = check_others(problems, declared)
  return spec
end

return M
