-- Verdicts: for one customer, each never and rule with each of its conditions: does it hold,
-- which value was found, what was needed. `why` and `why_not` print them.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local matchers = require("churnlab.policy.matchers")
local show = require("churnlab.policy.problems").show
local tiers = require("churnlab.policy.tiers")

local M = {}

local SPECIAL = { churn = true, tier = true, reasons = true, previous_tier = true }

--- A plain row of a customer from what scoring gives (a table with `churn` and `row`) or from a
-- table that holds churn (or tier) and the raw columns side by side.
local function plain_row(policy, score)
  if type(score) ~= "table" then
    errors.raise("policy: expected a score or a table with churn and columns, got a %s",
      type(score))
  end
  local raw, row = score.row or score, {}
  for _, name in ipairs(policy.reads) do
    local value = raw[name]
    if value ~= core.NA then row[name] = value end
  end
  for name in pairs(SPECIAL) do row[name] = rawget(score, name) end
  for k = 1, policy.reasons_needed do
    row["reason_" .. k] = rawget(score, "reason_" .. k)
  end
  if type(row.churn) == "number" then
    row.tier = tiers.of(policy.tiers, row.churn, row.previous_tier)
  elseif row.tier == nil then
    errors.raise("policy: expected the field 'churn' (or 'tier') in the score")
  end
  return row
end

local function reasons_text(view, depth)
  local names = {}
  for k = 1, depth do names[#names + 1] = view:cell(1, "reason_" .. k) end
  return #names > 0 and table.concat(names, ", ") or "missing"
end

-- { holds, column, found = text, needs = text, note = text or nil }
local function condition_verdict(policy, view, row, condition)
  local kind = matchers.kinds[condition.matcher]
  local verdict = {
    column = condition.column, needs = kind.needs(condition.values),
    holds = core.expr.eval(view, condition.text)[1] == true,
  }
  if kind.reasons then
    verdict.found = "reasons = " .. reasons_text(view, kind.reasons)
  else
    local value = row[condition.column]
    verdict.value = value
    verdict.found = ("%s = %s"):format(condition.column, value == nil and "missing" or show(value))
  end
  if condition.column == "tier" and not verdict.holds and row.churn then
    local needed = tiers.needed(policy.tiers, row.churn, condition.values)
    verdict.note = needed and ("churn %.2f -> %s"):format(row.churn, needed)
  end
  return verdict
end

local function where_verdict(view, row, text)
  local parts = {}
  for i, name in ipairs(core.expr.parse(text):columns()) do
    local value = row[name]
    parts[i] = ("%s = %s"):format(name, value == nil and "missing" or show(value))
  end
  return {
    column = "where", found = table.concat(parts, ", "), needs = text,
    holds = core.expr.eval(view, text)[1] == true,
  }
end

local function rule_verdict(policy, view, row, rule, kind)
  local verdict = { name = rule.name, kind = kind, rule = rule, conditions = {},
    fired = core.expr.eval(view, rule.text)[1] == true }
  for i, condition in ipairs(rule.when) do
    verdict.conditions[i] = condition_verdict(policy, view, row, condition)
  end
  if rule.where then
    verdict.conditions[#verdict.conditions + 1] = where_verdict(view, row, rule.where)
  end
  return verdict
end

--- Nevers first, then rules in the order in which they are tried; the second result is the row.
function M.verdicts(policy, score)
  local row = plain_row(policy, score)
  local view = policy.schema:view_rows({ row }, policy.reads)
  local list = {}
  for _, rule in ipairs(policy.nevers) do
    list[#list + 1] = rule_verdict(policy, view, row, rule, "never")
  end
  for _, rule in ipairs(policy.rules) do
    list[#list + 1] = rule_verdict(policy, view, row, rule, "rule")
  end
  return list, row
end

--- The first verdict that fired, or nil: what the policy gives without holdout and limits.
function M.winner(list)
  for _, verdict in ipairs(list) do
    if verdict.fired then return verdict end
  end
end

-- Lines " found   needs needed   note" in aligned columns.
local function table_lines(conditions)
  local width, needs_width, lines = 0, 0, {}
  for _, c in ipairs(conditions) do
    width = math.max(width, utf8.len(c.found) or #c.found)
    needs_width = math.max(needs_width, #c.needs)
  end
  for i, c in ipairs(conditions) do
    local pad = (" "):rep(width - (utf8.len(c.found) or #c.found))
    local line = (" %s%s   needs %s"):format(c.found, pad, c.needs)
    if c.note then line = line .. (" "):rep(needs_width - #c.needs + 3) .. c.note end
    lines[i] = line
  end
  return lines
end

local Report = {
  __name = "churnlab.Verdict",
  __tostring = function(self) return table.concat(self.lines, "\n") end,
}

local function failed_conditions(verdict)
  local failed = {}
  for _, condition in ipairs(verdict.conditions) do
    if not condition.holds then failed[#failed + 1] = condition end
  end
  return failed
end

-- One line on what became of a verdict.
local function state_line(list, verdict)
  local winner, state = M.winner(list), "does not fire"
  if verdict == winner then
    state = "applies"
  elseif verdict.fired then
    state = ('fires, but %s "%s" comes first'):format(winner.kind, winner.name)
  end
  return ('%s "%s" %s'):format(verdict.kind, verdict.name, state)
end

--- Why a rule does not apply: its failed conditions. Prints itself.
function M.why_not(policy, score, name)
  local list = M.verdicts(policy, score)
  local names = {}
  for i, verdict in ipairs(list) do
    names[i] = verdict.name
    if verdict.name == name then
      local failed = failed_conditions(verdict)
      local report = { name = name, fired = verdict.fired, failed = failed }
      report.lines = verdict.fired and { state_line(list, verdict) } or table_lines(failed)
      return setmetatable(report, Report)
    end
  end
  errors.unknown("why_not", "rule", tostring(name), names)
end

--- The tier and every rule with its verdict. Prints itself.
function M.why(policy, score)
  local list, row = M.verdicts(policy, score)
  local churn = row.churn and (" (churn %.2f)"):format(row.churn) or ""
  local winner = M.winner(list)
  local action = winner and winner.kind == "rule" and winner.rule.action.text or "none"
  local lines = { ("tier %s%s, action %s"):format(show(row.tier), churn, action) }
  for _, verdict in ipairs(list) do
    lines[#lines + 1] = state_line(list, verdict)
    for _, line in ipairs(table_lines(failed_conditions(verdict))) do
      lines[#lines + 1] = " " .. line
    end
  end
  return setmetatable({ tier = row.tier, action = action, verdicts = list, lines = lines }, Report)
end

return M
