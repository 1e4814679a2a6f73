-- Decisions for a scored frame: never, then holdout, then the rules by priority, then none.
--
-- Tiers and conditions look at one row at a time; only the allocation of limited actions
-- depends on the other rows: customers are served in falling order of churn. One batch is one
-- period of the limits; contacts of earlier batches are not known here.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local tiers = require("churnlab.policy.tiers")

local M = {}

local ROUNDING = 1e-9 -- a budget may be reached by a sum of rounded costs

local function reason_columns(policy, scored, reasons)
  local extra = {}
  for k = 1, policy.reasons_needed do
    local name = "reason_" .. k
    local source = reasons and reasons:has(name) and reasons or scored:has(name) and scored
    if not source then
      errors.raise("decide: the policy reads the first %d reasons: expected columns reason_1 … "
        .. "reason_%d, got no '%s'", policy.reasons_needed, policy.reasons_needed, name)
    end
    local values, n = source:col(name):to_table(), #source
    for i = 1, n do values[i] = policy.schema:reason_column(values[i]) end
    extra[name] = core.column.new(values, "string", n)
  end
  return extra
end

-- Tier names by row.
local function assign_tiers(policy, scored, churn, n)
  local previous = scored:has("previous_tier") and scored:col("previous_tier"):to_table() or {}
  local names = {}
  for i = 1, n do names[i] = tiers.of(policy.tiers, churn[i], previous[i]) end
  return names
end

-- One list of true / false / nil for each rule.
local function evaluate(rules, view)
  local fired = {}
  for i, rule in ipairs(rules) do fired[i] = core.expr.eval(view, rule.text):to_table() end
  return fired
end

-- Rows in falling order of churn, equal ones in the frame's order.
local function serving_order(churn, n)
  local rows = {}
  for i = 1, n do rows[i] = i end
  local frame = core.frame.new({ "row", "churn" },
    { core.column.new(rows, "i64"), core.column.new(churn, "f64", n) })
  return frame:sort_by({ "churn" }, { true }):col("row"):to_table()
end

-- Why a rule's action cannot be given to this customer any more, or nil.
local function exhausted(rule, account, customer)
  local action = rule.action
  if action.kind == "none" then return nil end
  if action.max_per_month and (account.given[rule] or 0) >= action.max_per_month then
    return "max_per_month"
  elseif account.budget and account.spent + action.cost > account.budget then
    return "budget"
  elseif customer and account.contacts[customer] then
    if account.cooldown then return "cooldown" end
    if account.contacts[customer] >= account.per_customer then
      return "contacts_per_customer"
    end
  end
end

local function book(rule, account, customer)
  local action = rule.action
  if action.kind == "none" then return end
  account.given[rule] = (account.given[rule] or 0) + 1
  account.spent = account.spent + action.cost
  if customer then account.contacts[customer] = (account.contacts[customer] or 0) + 1 end
end

local function new_account(limits)
  limits = limits or {}
  return {
    given = {}, contacts = {}, spent = 0, cooldown = limits.cooldown,
    budget = limits.budget and limits.budget * (1 + ROUNDING),
    per_customer = limits.contacts_per_customer or math.huge,
  }
end

-- The first rule that fires and can still be given, and why earlier ones could not.
local function choose(rules, fired, row, account, customer)
  local notes = {}
  for k, rule in ipairs(rules) do
    if fired[k][row] then
      local why = exhausted(rule, account, customer)
      if not why then return rule, notes end
      notes[#notes + 1] = rule.name .. ": " .. why
    end
  end
  return nil, notes
end

local function reason_text(rule, notes)
  local text = table.concat(notes, ", ")
  if not rule then return text ~= "" and text or "no rule" end
  return text ~= "" and ("%s (%s)"):format(rule.name, text) or rule.name
end

local function first(rules, fired, row)
  for k, rule in ipairs(rules) do
    if fired[k][row] then return rule end
  end
end

local function decide_row(state, row)
  local policy, out = state.policy, state.out
  local never = first(policy.nevers, state.never, row)
  if not state.churn[row] then
    out.because[row] = "no score"
  elseif never then
    out.because[row] = never.because
  elseif state.holdout and state.holdout[row] < policy.holdout then
    out.because[row] = "holdout"
  else
    local customer = state.ids and state.ids[row]
    local rule, notes = choose(policy.rules, state.fired, row, state.account, customer)
    out.because[row] = reason_text(rule, notes)
    if rule then
      book(rule, state.account, customer)
      out.action[row], out.rule[row] = rule.action.text, rule.name
      out.cost[row] = rule.action.cost
    end
  end
end

-- A customer's number in [0, 1): from the id where there is one, else from the raw columns.
local function holdout_numbers(policy, scored)
  if policy.holdout == 0 then return nil end
  local id = scored:roles().id
  local names = id and { id } or {}
  if not id then
    for _, name in ipairs(policy.schema.names) do
      if scored:has(name) then names[#names + 1] = name end
    end
  end
  return core.hash.uniform(scored, names, policy.name):to_table()
end

-- A category column that knows every level, also those without a row.
local function category(levels, values, n)
  local all = table.move(levels, 1, #levels, 1, {})
  for i = 1, n do all[#levels + i] = values[i] end
  local column = core.column.new(all, "category", #levels + n)
  return core.frame.new({ "x" }, { column }):tail(n):col("x")
end

local function names_of(list, get)
  local names, seen = {}, {}
  for _, item in ipairs(list) do
    local name = get(item)
    if not seen[name] then names[#names + 1] = name end
    seen[name] = true
  end
  return names
end

local function name_of(item) return item.name end

local function assemble(policy, scored, out, n)
  local actions = names_of(policy.rules, function(rule) return rule.action.text end)
  actions[#actions + 1] = "none"
  return scored
    :with_column("tier", category(names_of(policy.tiers, name_of), out.tier, n))
    :with_column("action", category(actions, out.action, n))
    :with_column("rule", category(names_of(policy.rules, name_of), out.rule, n))
    :with_column("cost", core.column.new(out.cost, "f64", n))
    :with_column("because", core.column.new(out.because, "string", n))
end

-- The frame that conditions are evaluated on, churn and tiers by row.
local function view_of(policy, scored, extra)
  local n = #scored
  local churn = scored:col("churn"):cast("f64"):to_table()
  local tier = assign_tiers(policy, scored, churn, n)
  extra.churn = core.column.new(churn, "f64", n)
  extra.tier = core.column.new(tier, "string", n)
  return policy.schema:view(scored, policy.reads, extra), churn, tier
end

--- See Policy:wants_reasons in churnlab.policy.
function M.wants_reasons(policy, scored)
  local extra, n = {}, #scored
  for k = 1, policy.reasons_needed do extra["reason_" .. k] = core.column.new({}, "string", n) end
  local view = view_of(policy, scored, extra)
  local wanted = {}
  for i = 1, n do wanted[i] = false end
  for _, list in ipairs { policy.nevers, policy.rules } do
    for _, rule in ipairs(list) do
      local fits = rule.without_reasons and core.expr.eval(view, rule.without_reasons):to_table()
      for i = 1, fits and n or 0 do wanted[i] = wanted[i] or fits[i] == true end
    end
  end
  return core.column.new(wanted, "bool", n)
end

--- See Policy:decide in churnlab.policy.
function M.decide(policy, scored, reasons)
  local n = #scored
  local view, churn, tier = view_of(policy, scored, reason_columns(policy, scored, reasons))
  local id = scored:roles().id
  local state = {
    policy = policy, churn = churn, holdout = holdout_numbers(policy, scored),
    ids = id and scored:col(id):cast("string"):to_table(),
    never = evaluate(policy.nevers, view), fired = evaluate(policy.rules, view),
    account = new_account(policy.limits),
    out = { tier = tier, action = {}, rule = {}, cost = {}, because = {} },
  }
  for row = 1, n do state.out.action[row], state.out.cost[row] = "none", 0 end
  for _, row in ipairs(serving_order(churn, n)) do decide_row(state, row) end
  return assemble(policy, scored, state.out, n)
end

return M
