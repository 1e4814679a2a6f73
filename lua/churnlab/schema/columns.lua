-- What a schema says of one column, checked field by field.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local matchers = require("churnlab.policy.matchers")
local quiet = require("churnlab.policy.quiet")
local show = require("churnlab.policy.problems").show

local TYPES = { "f64", "i64", "bool", "category", "string", "date", "timestamp" }
local ROLES = { "id", "target", "time", "personal" }

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end
local IS_TYPE, IS_ROLE = set_of(TYPES), set_of(ROLES)
local NUMBER, TIME, TEXT = set_of { "f64", "i64" }, set_of { "date", "timestamp" },
  set_of { "string", "category" }

local M = { is_type = IS_TYPE }

-- The fields that a column of the type may have.
local function fields_of(body)
  local kind, value = body.type, type(body.positive)
  local fields = { type = { "string", needed = 'a type such as type = "i64"' },
    role = { "string" }, missing = { "boolean" }, optional = { "boolean" },
    unique = { "boolean" }, about = { "string" } }
  local any = not IS_TYPE[kind]
  if any or NUMBER[kind] then fields.from, fields.to = { "number" }, { "number" } end
  if TIME[kind] then
    fields.from, fields.to, fields.format = { "string" }, { "string" }, { "string" }
  end
  if any or TEXT[kind] then
    fields.levels, fields.length, fields.pattern = { "table" }, { "table" }, { "string" }
  end
  if body.role == "target" then
    fields.positive = { (value == "number" or value == "boolean" or value == "table") and value
      or "string" }
  end
  return fields
end

local function finite(value) return value == value and math.abs(value) < math.huge end

-- The bound as it is compared: a finite number or the text of a time; nil after noting it.
local function bound(context, body, name)
  local value = body[name]
  if NUMBER[body.type] and type(value) == "number" then
    if finite(value) then return value end
    context:add("%s: expected a finite number, got %s", name, show(value))
  elseif TIME[body.type] and type(value) == "string" then
    local column, message = quiet.try(core.column.new, { value }, body.type)
    if column then return column[1] end
    context:add("%s: %s", name, (message:gsub("^item 1: ", "")))
  end
end

local function check_range(context, body)
  local from, to = bound(context, body, "from"), bound(context, body, "to")
  if from and to and from > to then
    context:add("from: expected at most %s (to), got %s", show(to), show(from))
  end
  return from, to
end

-- Levels as texts: numbers stand for the levels that a file writes as numbers.
local function check_levels(context, levels)
  if type(levels) ~= "table" then return nil end
  local list, seen, n = {}, {}, 0
  for key, level in pairs(levels) do
    local number = type(level) == "number" and finite(level)
    local text = number and ("%.15g"):format(level) or level
    if math.type(key) ~= "integer" or type(text) ~= "string" then
      context:add('levels: expected a list of texts { "a", "b" }, got %s in it', show(level))
      return nil
    elseif seen[text] then
      context:add("levels: %s occurs twice", show(text))
    end
    seen[text], list[key], n = true, text, n + 1
  end
  if n == 0 or n ~= #list then
    context:add('levels: expected a list of texts { "a", "b" }')
    return nil
  end
  return list
end

local function check_length(context, length)
  if type(length) ~= "table" then return nil end
  local least, most = length[1], length[2]
  if math.type(least) ~= "integer" or math.type(most) ~= "integer" or least < 0 or least > most
    or #length ~= 2 then
    context:add("length: expected { least, most } as whole numbers from 0")
    return nil
  end
  return { least, most }
end

-- Notes why the text is no pattern or format, as `try` says it.
local function check_text(context, name, text, try)
  if type(text) ~= "string" then return nil end
  local ok, message = quiet.try(try, text)
  if ok then return text end
  context:add("%s: %s", name, (message:gsub("^expression .-: position %d+: ", "", 1)))
end

local one_text = core.frame.new({ "x" }, { core.column.new({}, "string") })

local function try_pattern(text)
  return core.expr.check(one_text, ("matches(x, %s)"):format(matchers.quote(text)))
end

local function try_format(text)
  return (core.column.new({}, "string"):read("timestamp", text))
end

local function check_role(context, spec, body, taken)
  local role = body.role
  if type(role) ~= "string" then return end
  if not IS_ROLE[role] then
    context:unknown("role", "role", role, ROLES)
    return
  end
  if role == "time" and IS_TYPE[body.type] and not TIME[body.type] then
    context:add("role: expected a date or a timestamp as time, got %s", body.type)
  end
  if role ~= "personal" and taken[role] then
    context:add("role: the role %s is taken by column %s", role, show(taken[role]))
  end
  taken[role] = taken[role] or spec.name
  spec.role, spec.positive = role, body.positive
end

--- The checked specification of a column. `taken` collects the roles: role → column.
-- @treturn table { name, line, type, missing, optional, unique, from, to, levels, length, pattern,
-- format, role, positive, about }
function M.check(problems, entry, taken)
  local where = ('column "%s"'):format(entry.name)
  local context = problems:at(entry.line, where)
  local body = type(entry.body) == "table" and entry.body or {}
  problems:fields(entry.line, where, entry.body, fields_of(body))
  local spec = { name = entry.name, line = entry.line, type = body.type,
    missing = body.missing ~= false, optional = body.optional == true,
    unique = body.unique == true, about = body.about }
  if type(body.type) == "string" and not IS_TYPE[body.type] then
    context:unknown("type", "type", body.type, TYPES)
  end
  spec.from, spec.to = check_range(context, body)
  spec.levels = check_levels(context, body.levels)
  spec.length = check_length(context, body.length)
  spec.pattern = check_text(context, "pattern", body.pattern, try_pattern)
  if TIME[body.type] then
    spec.format = check_text(context, "format", body.format, try_format)
  end
  check_role(context, spec, body, taken)
  return spec
end

return M
