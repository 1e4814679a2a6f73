-- A policy as text for people: header, tiers, rules in the order in which they are tried.
-- SPDX-License-Identifier: MIT
local show = require("churnlab.policy.problems").show

local M = {}

local function header(policy)
  local parts = { ('policy "%s"'):format(policy.name) }
  if policy.version then parts[#parts + 1] = "version " .. policy.version end
  if policy.owner then parts[#parts + 1] = "owner " .. policy.owner end
  parts[#parts + 1] = "hash " .. policy.hash:sub(1, 12)
  return table.concat(parts, ", ")
end

local function tier_line(tier, width)
  local parts = { (" tier %-" .. width .. "s  churn >= %.2f"):format(tier.name, tier.from) }
  if tier.hysteresis then
    parts[#parts + 1] = ("kept down to %.2f"):format(tier.from - tier.hysteresis)
  end
  if tier.sla then parts[#parts + 1] = "within " .. tier.sla end
  return table.concat(parts, ", ")
end

-- "18 EUR"
local function money(policy, amount)
  return show(amount) .. (policy.currency and " " .. policy.currency or "")
end

local function action_text(policy, action)
  local parts = { action.text }
  if action.by then parts[#parts + 1] = "by " .. action.by end
  if action.kind ~= "none" then
    parts[#parts + 1] = money(policy, action.cost) .. " each"
  end
  if action.max_per_month then
    parts[#parts + 1] = ("at most %s a month"):format(show(action.max_per_month))
  end
  return table.concat(parts, ", ")
end

local function limits_line(policy)
  local limits, parts = policy.limits or {}, {}
  if limits.budget then
    parts[#parts + 1] = "budget " .. money(policy, limits.budget)
      .. (limits.per and " per " .. limits.per or "")
  end
  if limits.contacts_per_customer then
    parts[#parts + 1] = ("%s contacts per customer"):format(show(limits.contacts_per_customer))
  end
  if limits.cooldown then parts[#parts + 1] = "cooldown " .. limits.cooldown end
  if policy.holdout > 0 then
    parts[#parts + 1] = ("holdout %g %%"):format(100 * policy.holdout)
  end
  return #parts > 0 and " " .. table.concat(parts, ", ") or nil
end

--- The text that print(policy) shows.
function M.text(policy)
  local lines, width = { header(policy) }, 0
  for _, tier in ipairs(policy.tiers) do width = math.max(width, #tier.name) end
  for _, tier in ipairs(policy.tiers) do lines[#lines + 1] = tier_line(tier, width) end
  lines[#lines + 1] = limits_line(policy)
  for _, never in ipairs(policy.nevers) do
    lines[#lines + 1] = (' never %s: %s (%s)'):format(show(never.name), never.text, never.because)
  end
  for i, rule in ipairs(policy.rules) do
    lines[#lines + 1] = (" %d %s: %s"):format(i, show(rule.name), rule.text)
    lines[#lines + 1] = "     -> " .. action_text(policy, rule.action)
  end
  local n = #policy.examples
  lines[#lines + 1] = (" %d example%s hold%s"):format(n, n == 1 and "" or "s", n == 1 and "s" or "")
  return table.concat(lines, "\n")
end

return M
