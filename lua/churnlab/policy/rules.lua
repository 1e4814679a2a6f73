-- Checks rules, nevers and examples, and writes each rule as one text of the expression
-- language: `tier == "high" and Balance >= 100000`.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local conditions = require("churnlab.policy.conditions")
local quiet = require("churnlab.policy.quiet")
local show = require("churnlab.policy.problems").show

local M = {}

local KINDS = { call = true, offer = true, email = true, sms = true, letter = true, none = true }

local ACTION = {
  kind = { "string" }, by = { "string" }, cost = { "number" }, max_per_month = { "number" },
  [1] = { "string", label = "name" },
}

-- What an action does, as decisions write it: "call", "offer fee-waiver-3m", "none".
local function action_text(action)
  return action.name and action.kind .. " " .. action.name or action.kind
end

local function check_action(problems, context, line, where, body)
  if type(body) ~= "table" or not KINDS[body.kind] then
    context:add("action: expected call, offer, email, sms or letter { … }, or none, got %s",
      show(body))
    return { kind = "none", cost = 0 }
  end
  local place = ("%s: action: %s"):format(where, body.kind)
  problems:fields(line, place, body, ACTION)
  local cost, most = body.cost, body.max_per_month
  if type(cost) == "number" and not (cost >= 0 and cost < math.huge) then
    problems:add(line, "%s: cost: expected at least 0, got %s", place, show(cost))
  end
  if type(most) == "number" and (not math.tointeger(most) or most < 0) then
    problems:add(line, "%s: max_per_month: expected a whole number from 0, got %s", place,
      show(most))
  end
  if body[1] == nil and body.kind ~= "call" and body.kind ~= "none" then
    problems:add(line, '%s: expected what is sent first, as in %s { "name", cost = 1 }', place,
      body.kind)
  end
  local action = { kind = body.kind, name = body[1], by = body.by, cost = cost or 0,
    max_per_month = most }
  action.text = type(body[1]) == "string" and action_text(action) or body.kind
  return action
end

-- The conditions that need no reasons as one expression, or nil when all are of that kind.
local function text_without_reasons(list, where)
  local rest = {}
  for _, condition in ipairs(list) do
    if condition.column ~= "reason" then rest[#rest + 1] = condition end
  end
  return #rest < #list and M.condition_text(rest, where) or nil
end

--- The conditions as one expression, in its canonical form.
function M.condition_text(list, where)
  local parts = {}
  for i, condition in ipairs(list) do parts[i] = "(" .. condition.text .. ")" end
  if where then parts[#parts + 1] = "(" .. where .. ")" end
  local text = #parts > 0 and table.concat(parts, " and ") or "true"
  local expr, message = quiet.try(core.expr.parse, text)
  return expr and expr:print(), message
end

local function check_conditions(context, schema, body, given)
  local list = {}
  if given and body.when == nil and body.where == nil then
    context:add("expected conditions: when = { … }, where = \"…\", or when = {} for everybody")
  elseif body.when ~= nil then
    list = conditions.when(context, schema, body.when)
  end
  local where = type(body.where) == "string" and body.where or nil
  if where and not conditions.where(context, schema, where) then where = nil end
  local text, message = M.condition_text(list, where)
  if not text then context:add("conditions: %s", message) end
  return list, where, text
end

local function check_name(context, entry, seen)
  if entry.name == "" or entry.name == "none" or entry.name == "holdout" then
    context:add("expected another name: '%s' has a meaning of its own", entry.name)
  elseif seen[entry.name] then
    context:add("declared twice (first in line %d)", seen[entry.name])
  end
  seen[entry.name] = seen[entry.name] or entry.line
end

local RULE = {
  when = { "table" }, where = { "string" }, priority = { "number" },
  action = { "table", needed = 'action = call { … }, offer { "name" }, email { "name" } …' },
}

local function check_priority(context, priority)
  if type(priority) ~= "number" then return nil end
  if priority ~= priority or math.abs(priority) == math.huge then
    context:add("priority: expected a number, got %s", show(priority))
    return nil
  end
  return priority
end

local function check_rule(problems, schema, entry, seen)
  local where = ('rule "%s"'):format(entry.name)
  local context = problems:at(entry.line, where)
  check_name(context, entry, seen)
  local body = problems:fields(entry.line, where, entry.body, RULE)
  local list, extra, text = check_conditions(context, schema, body, type(entry.body) == "table")
  local action = { kind = "none", cost = 0 }
  if type(body.action) == "table" then
    action = check_action(problems, context, entry.line, where, body.action)
  end
  return {
    name = entry.name, line = entry.line, when = list, where = extra, action = action,
    priority = check_priority(context, body.priority),
    text = text or "true", without_reasons = text_without_reasons(list, extra),
  }
end

-- By priority (smallest first, none last), then in the file's order.
local function sort_rules(rules)
  local place = {}
  for i, rule in ipairs(rules) do place[rule] = i end
  table.sort(rules, function(a, b)
    local pa, pb = a.priority or math.huge, b.priority or math.huge
    if pa ~= pb then return pa < pb end
    return place[a] < place[b]
  end)
end

--- The checked rules in the order in which they are tried.
function M.rules(problems, declared, schema)
  local rules, seen = {}, {}
  for _, entry in ipairs(declared.never or {}) do seen[entry.name] = entry.line end
  for i, entry in ipairs(declared.rule or {}) do
    rules[i] = check_rule(problems, schema, entry, seen)
  end
  if #rules == 0 then
    problems:add(1, 'expected at least one rule "name" { when = …, action = … }')
  end
  sort_rules(rules)
  return rules
end

local NEVER = { when = { "table" }, where = { "string" }, because = { "string" } }

--- The checked nevers in the file's order.
function M.nevers(problems, declared, schema)
  local nevers, seen = {}, {}
  for i, entry in ipairs(declared.never or {}) do
    local where = ('never "%s"'):format(entry.name)
    local context = problems:at(entry.line, where)
    check_name(context, entry, seen)
    local body = problems:fields(entry.line, where, entry.body, NEVER)
    local list, extra, text = check_conditions(context, schema, body,
      type(entry.body) == "table")
    nevers[i] = { name = entry.name, line = entry.line, when = list, where = extra,
      because = body.because or entry.name, text = text or "true",
      without_reasons = text_without_reasons(list, extra) }
  end
  return nevers
end

-- The names that an example may give.
local function outcomes(spec)
  local names, known = { "none" }, { none = true }
  for _, list in ipairs { spec.rules, spec.never } do
    for _, rule in ipairs(list) do
      names[#names + 1] = rule.name
      known[rule.name] = true
    end
  end
  return names, known
end

local function check_reasons(context, schema, reasons)
  if type(reasons) ~= "table" or #reasons == 0 or #reasons > 3 then
    context:add('reasons: expected a list of one to three columns, such as { "Age" }')
    return nil
  end
  for _, name in ipairs(reasons) do
    if type(name) ~= "string" or not schema.frame:has(name) then
      context:unknown("reasons", "column", tostring(name), schema.names)
    end
  end
  return table.move(reasons, 1, #reasons, 1, {})
end

local function check_row(context, schema, row)
  local checked = {}
  for name, value in pairs(row) do
    local column = schema.columns[name]
    if name == "reasons" then
      checked.reasons = check_reasons(context, schema, value)
    elseif not column then
      local known = schema:known()
      known[#known + 1] = "reasons"
      context:unknown("row", "column", name, known)
    else
      checked[name] = conditions.value(context, name, column, value)
    end
  end
  return checked
end

-- The body of an example with the word `none` as text.
local function unwrap_none(body)
  if type(body) == "table" and type(body.gives) == "table" and body.gives.kind == "none" then
    body.gives = "none"
  end
  return body
end

--- The checked examples: { row, gives, line }.
function M.examples(problems, declared, schema, spec)
  local names, known = outcomes(spec)
  local examples = {}
  for i, entry in ipairs(declared.expect or {}) do
    local context = problems:at(entry.line, "expect")
    local body = problems:fields(entry.line, "expect", unwrap_none(entry.body), {
      [1] = { "table", label = "row", needed = "a row first: expect { { Age = 40 }, gives = … }" },
      gives = { "string", needed = 'gives = "rule" or none' },
    })
    local gives = body.gives
    if type(gives) == "string" and not known[gives] then
      context:unknown("gives", "rule", gives, names)
    end
    local row = type(body[1]) == "table" and check_row(context, schema, body[1]) or {}
    examples[i] = { row = row, gives = gives, line = entry.line }
  end
  return examples
end

--- Which columns of the schema the policy reads, and how many reasons.
function M.reads(spec, schema)
  local names, seen, reasons = {}, {}, 0
  for _, list in ipairs { spec.rules, spec.never } do
    for _, rule in ipairs(list) do
      for _, name in ipairs(core.expr.parse(rule.text):columns()) do
        local k = tonumber(name:match("^reason_(%d)$"))
        if k then
          reasons = math.max(reasons, k)
        elseif not seen[name] and name ~= "churn" and name ~= "tier" and schema.columns[name] then
          seen[name] = true
          names[#names + 1] = name
        end
      end
    end
  end
  return names, reasons
end

return M
