-- Examples are tests: each `expect` of a policy is decided when the policy loads, without
-- holdout and limits. A policy whose examples fail cannot be used.
-- SPDX-License-Identifier: MIT
local tiers = require("churnlab.policy.tiers")
local verdict = require("churnlab.policy.verdict")

local M = {}

local function outcome(list)
  local winner = verdict.winner(list)
  return winner and winner.name or "none", winner
end

-- The lines that tell why the example did not give what it should.
local function explain(policy, row, example, got)
  local wanted = example.gives
  if wanted ~= "none" then
    return tostring(verdict.why_not(policy, row, wanted))
  end
  return tostring(verdict.why(policy, row)):gsub("^[^\n]*\n", ""):gsub("\n", "\n "), got
end

local function run(problems, policy, example)
  local row = {}
  for name, value in pairs(example.row) do row[name] = value end
  if row.churn and row.tier and tiers.of(policy.tiers, row.churn) ~= row.tier then
    problems:add(example.line, 'expect: churn %g belongs to tier "%s", got "%s"', row.churn,
      tiers.of(policy.tiers, row.churn), row.tier)
    return
  end
  local got, winner = outcome(verdict.verdicts(policy, row))
  if got == example.gives or winner and winner.kind == "never" and example.gives == "none" then
    return
  end
  problems:add(example.line, "expect: expected %s, got %s\n   %s", example.gives, got,
    (explain(policy, row, example):gsub("\n", "\n   ")))
end

--- Runs every example and notes those that fail.
function M.run(problems, policy)
  for _, example in ipairs(policy.examples) do run(problems, policy, example) end
end

return M
