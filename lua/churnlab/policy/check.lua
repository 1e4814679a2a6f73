-- From collected declarations to a checked specification: header, tiers, limits, holdout. Rules
-- are checked by churnlab.policy.rules. Everything wrong is noted, nothing is guessed.
-- SPDX-License-Identifier: MIT
local rules = require("churnlab.policy.rules")
local show = require("churnlab.policy.problems").show

local M = {}

local AMOUNT_MAX = 1e15
local HOURS = { h = 1, d = 24, w = 168 }
local PERIODS = { day = true, week = true, month = true, quarter = true, year = true }

--- Hours of a duration such as "24h", "7d", "2w"; nil when the text is none.
function M.hours(text)
  local number, unit = text:match("^(%d+)([hdw])$")
  if not number or #number > 5 or tonumber(number) == 0 then return nil end
  return tonumber(number) * HOURS[unit]
end

local function check_duration(problems, line, where, text)
  if type(text) == "string" and not M.hours(text) then
    problems:add(line, '%s: expected a duration such as "24h", "7d" or "2w", got %s', where,
      show(text))
  end
end

local function check_range(problems, line, where, value, low, high)
  if type(value) == "number" and not (value >= low and value <= high) then
    problems:add(line, "%s: expected a number from %g to %g, got %s", where, low, high,
      show(value))
  end
end

local function check_header(problems, declared)
  local entry = problems:only(declared.policy, "policy")
  if not entry then
    problems:add(1, 'expected a header: policy "name" { version = "…", owner = "…" }')
    return { name = "" }
  end
  local where = ('policy "%s"'):format(entry.name)
  if not entry.name:match("^[%w][%w._-]*$") then
    problems:add(entry.line, "%s: expected a name of letters, digits, '.', '_' and '-'", where)
  end
  local body = problems:fields(entry.line, where, entry.body,
    { version = { "string" }, owner = { "string" }, currency = { "string" } })
  return { name = entry.name, version = body.version, owner = body.owner,
    currency = body.currency }
end

local TIER = {
  from = { "number", needed = "from = the least churn probability" },
  sla = { "string" }, hysteresis = { "number" },
}

local function check_tier(problems, entry)
  local where = ('tier "%s"'):format(entry.name)
  local body = problems:fields(entry.line, where, entry.body, TIER)
  check_range(problems, entry.line, where .. ": from", body.from, 0, 1)
  check_range(problems, entry.line, where .. ": hysteresis", body.hysteresis, 0, 1)
  check_duration(problems, entry.line, where .. ": sla", body.sla)
  local from = type(body.from) == "number" and body.from or nil
  local hysteresis = type(body.hysteresis) == "number" and body.hysteresis or nil
  return { name = entry.name, from = from, sla = body.sla, hysteresis = hysteresis,
    line = entry.line }
end

-- Thresholds fall strictly and end at 0; hysteresis stays above the tier below.
local function check_order(problems, tiers)
  for i = 2, #tiers do
    local above, tier = tiers[i - 1], tiers[i]
    if above.from and tier.from and tier.from >= above.from then
      problems:add(tier.line, 'tier "%s": from: expected less than %s (tier "%s" above it), got %s',
        tier.name, show(above.from), above.name, show(tier.from))
    elseif above.from and tier.from and above.from - (above.hysteresis or 0) <= tier.from then
      problems:add(above.line, 'tier "%s": hysteresis: expected less than the distance to "%s"',
        above.name, tier.name)
    end
  end
  local last = tiers[#tiers]
  if last.from and last.from ~= 0 then
    problems:add(last.line, 'tier "%s": from: expected 0 (the last tier takes the rest), got %s',
      last.name, show(last.from))
  end
end

local function check_tiers(problems, declared)
  local tiers, seen = {}, {}
  for i, entry in ipairs(declared.tier or {}) do
    tiers[i] = check_tier(problems, entry)
    if entry.name == "" then
      problems:add(entry.line, 'tier "": expected a name')
    elseif seen[entry.name] then
      problems:add(entry.line, 'tier "%s": declared twice (first in line %d)', entry.name,
        seen[entry.name])
    end
    seen[entry.name] = seen[entry.name] or entry.line
  end
  if #tiers == 0 then
    problems:add(1, 'expected tiers: tier "high" { from = 0.60 }, … tier "low" { from = 0 }')
  else
    check_order(problems, tiers)
  end
  return tiers
end

local function check_limits(problems, declared)
  local entry = problems:only(declared.limit, "limit")
  if not entry then return nil end
  local body = problems:fields(entry.line, "limit", entry.body, {
    budget = { "number" }, per = { "string" },
    contacts_per_customer = { "number" }, cooldown = { "string" },
  })
  check_range(problems, entry.line, "limit: budget", body.budget, 0, AMOUNT_MAX)
  check_duration(problems, entry.line, "limit: cooldown", body.cooldown)
  if type(body.per) == "string" and not PERIODS[body.per] then
    problems:unknown(entry.line, "limit: per", "period", body.per,
      { "day", "week", "month", "quarter", "year" })
  end
  local contacts = body.contacts_per_customer
  if type(contacts) == "number" and (not math.tointeger(contacts) or contacts < 1) then
    problems:add(entry.line, "limit: contacts_per_customer: expected a whole number from 1, got %s",
      show(contacts))
  end
  return { budget = body.budget, per = body.per, contacts_per_customer = contacts,
    cooldown = body.cooldown }
end

local function check_holdout(problems, declared)
  local entry = problems:only(declared.holdout, "holdout")
  if not entry then return nil end
  local body = problems:fields(entry.line, "holdout", entry.body,
    { share = { "number", needed = "share = a number from 0 to 1" } })
  check_range(problems, entry.line, "holdout: share", body.share, 0, 1)
  return { share = body.share }
end

--- The checked specification. Problems are noted in `problems`; when there are any, the
-- result is not to be used.
-- @tparam table declared what vocabulary.lua collected
-- @tparam Schema schema of churnlab.policy.schema
-- @treturn table { name, version, owner, currency, tiers, limits, holdout, rules, never, expect }
function M.specification(problems, declared, schema)
  for _, problem in ipairs(declared.problems) do
    problems:add(problem.line, "%s", problem.message)
  end
  local spec = check_header(problems, declared)
  spec.tiers = check_tiers(problems, declared)
  spec.limits = check_limits(problems, declared)
  spec.holdout = check_holdout(problems, declared)
  schema = schema:with_tiers(spec.tiers)
  spec.never = rules.nevers(problems, declared, schema)
  spec.rules = rules.rules(problems, declared, schema)
  spec.expect = rules.examples(problems, declared, schema, spec)
  return spec, schema
end

return M
