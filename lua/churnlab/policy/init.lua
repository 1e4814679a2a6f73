--- Policies: tiers and retention rules that the business team writes (a Lua file in a closed
-- vocabulary), checked against a model's columns, tried on their own examples, and applied.
--
-- Reading order: vocabulary (what a file may say), check, conditions, rules (what is wrong with
-- it), expect (its examples), decide (a whole frame), verdict (one customer), describe.
-- @module churnlab.policy

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local check = require("churnlab.policy.check")
local decide = require("churnlab.policy.decide")
local describe = require("churnlab.policy.describe")
local errors = require("churnlab.errors")
local text_file = require("churnlab.text_file")
local expect = require("churnlab.policy.expect")
local problems = require("churnlab.policy.problems")
local quiet = require("churnlab.policy.quiet")
local rules = require("churnlab.policy.rules")
local schema_of = require("churnlab.policy.schema")
local verdict = require("churnlab.policy.verdict")
local vocabulary = require("churnlab.policy.vocabulary")

local M = {}

local Policy = { __name = "churnlab.Policy" }
Policy.__index = Policy

local DERIVED = { line = true, text = true, without_reasons = true }

-- What the hash is taken of: the data of the file without its lines and derived texts.
local function bare(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do
    if not DERIVED[key] then copy[key] = bare(item) end
  end
  return copy
end

local function hash_of(spec, name)
  local ok, result = pcall(core.json.encode, bare(spec))
  if not ok then errors.raise("%s: expected texts in UTF-8", name) end
  return core.hash.sha256(result)
end

local function new_policy(spec, schema, name)
  local reads, reasons = rules.reads(spec, schema)
  return setmetatable({
    name = spec.name, version = spec.version, owner = spec.owner, currency = spec.currency,
    hash = hash_of(spec, name), tiers = spec.tiers, rules = spec.rules, nevers = spec.never,
    limits = spec.limits, holdout = spec.holdout and spec.holdout.share or 0,
    examples = spec.expect, schema = schema, reads = reads, reasons_needed = reasons,
  }, Policy)
end

-- The conditions once more, in the types in which rows are read.
local function check_view(found, policy)
  local view = policy.schema:view_rows({}, policy.reads)
  for _, list in ipairs { policy.nevers, policy.rules } do
    for _, rule in ipairs(list) do
      local kind, message = quiet.try(core.expr.check, view, rule.text)
      if not kind then found:add(rule.line, '"%s": %s', rule.name, message) end
    end
  end
  found:check()
end

-- Messages start with the file's name, which Lua would shorten in its own way.
local function short(name)
  return #name <= 56 and name or "..." .. name:sub(-53)
end

--- A policy from its text.
-- @function cl.policy.parse
-- @tparam string text
-- @tparam string name for messages: "retention.lua"
-- @tparam Model|Frame schema a model, or a frame with the columns that the rules may read
-- @treturn Policy
-- @raise all problems with their lines: unknown names, columns and levels with a suggestion,
-- wrong types, tiers that do not fall, examples that fail
-- @usage
-- local text = io.open("retention.lua"):read("a")
-- print(cl.policy.parse(text, "retention.lua", frame))
function M.parse(text, name, schema)
  if type(text) ~= "string" or type(name) ~= "string" then
    errors.raise("policy.parse: expected a text and a name")
  end
  schema, name = schema_of.of(schema), short(name)
  if text:sub(1, 3) == "\xEF\xBB\xBF" then text = text:sub(4) end
  local declared, message = core.sandbox.run(text, name, vocabulary)
  if not declared then errors.raise("%s", message) end
  local found = problems.new(name)
  local spec, full = check.specification(found, declared, schema)
  found:check()
  local policy = new_policy(spec, full, name)
  check_view(found, policy)
  expect.run(found, policy)
  found:check()
  return policy
end

--- A policy from a file.
-- @function cl.policy.load
-- @tparam string path
-- @tparam Model|Frame schema a model, or a frame with the columns that the rules may read
-- @treturn Policy
-- @raise a file that cannot be read; as parse
-- @usage print(cl.policy.load("retention.lua", model))
function M.load(path, schema)
  return M.parse(text_file.read("policy.load", path), path, schema)
end

local function check_scored(where, scored)
  if not schema_of.is_frame(scored) then
    errors.raise("%s: expected a scored frame, got a %s", where, type(scored))
  elseif not scored:has("churn") then
    errors.raise("%s: expected a scored frame with the column 'churn'", where)
  end
end

--- A loaded policy; printing it gives a readable summary. Fields: `name`, `version`, `owner`,
-- `currency`, `hash` (SHA-256 of its data), `tiers`, `rules` (in the order in which they are
-- tried), `nevers`, `limits`, `holdout` (a share), `reasons_needed` (how many reasons its rules
-- read), `reads` (the raw columns they read).
-- @type Policy

--- Decides for every row of a scored frame: adds `tier`, `action` ("call", "offer fee-waiver-3m",
-- "none"), `rule` (missing when none applied), `cost`, and `because`: the rule's name, "holdout",
-- a never's reason, "no rule", or which limit stood in the way.
--
-- Order: never, holdout, rules by priority, none. The holdout is drawn by a hash of the policy's
-- name and the customer's id (without an id role: the raw columns), so it is the same in every
-- batch. Limits count over this batch: rows are served in falling order of churn, and a row whose
-- action is exhausted falls to its next rule. A column `previous_tier` switches hysteresis on.
-- @function Policy:decide
-- @tparam Frame scored with the column `churn` and the raw columns that the rules read
-- @tparam[opt] Frame reasons with reason_1 … reason_k (raw column names), when rules read them
-- @treturn Frame
-- @usage local scored = model:score_frame(frame)
-- local _, reasons = model:reasons(frame, policy.reasons_needed, nil, {})
-- print(policy:decide(scored, reasons):value_counts("action"))
function Policy:decide(scored, reasons)
  check_scored("decide", scored)
  if type(reasons) == "number" then reasons = nil end -- policy:decide(model:score(frame))
  if reasons ~= nil and not schema_of.is_frame(reasons) then
    errors.raise("decide: reasons: expected a frame, got a %s", type(reasons))
  end
  return decide.decide(self, scored, reasons)
end

--- Which rows' decisions may depend on reasons: a rule that reads them fits otherwise. Reasons
-- are dear to compute; the other rows may go without.
-- @function Policy:wants_reasons
-- @tparam Frame scored as in decide
-- @treturn Column bool
-- @usage
-- local scored = model:score_frame(frame)
-- print(#scored:filter(policy:wants_reasons(scored)))
function Policy:wants_reasons(scored)
  check_scored("wants_reasons", scored)
  return decide.wants_reasons(self, scored)
end

--- Each never and rule for one customer, fired or not, without holdout and limits.
-- @function Policy:verdicts
-- @tparam table score what model:score(row) gives, or { churn =, columns … , reasons = {…} }
-- @treturn {table,...} { name, kind = "never" | "rule", fired, conditions = { { column, holds,
-- value, found, needs, note } … } }
-- @usage for _, verdict in ipairs(policy:verdicts(model:score(frame:row(1), { reasons = 3 }))) do
--   print(verdict.name, verdict.fired)
-- end
function Policy:verdicts(score)
  return (verdict.verdicts(self, score))
end

--- Why a rule does not apply to a customer; prints its failed conditions.
-- @function Policy:why_not
-- @tparam table score as in verdicts
-- @tparam string rule
-- @treturn table { fired, failed = {conditions} }, prints itself
-- @usage print(policy:why_not(model:score(frame:row(1), { reasons = 3 }), "call-high-value"))
function Policy:why_not(score, rule)
  return verdict.why_not(self, score, rule)
end

--- The tier, the action and every rule's verdict for one customer; prints itself.
-- @function Policy:why
-- @tparam table score as in verdicts
-- @treturn table { tier, action, verdicts }
-- @usage print(policy:why(model:score(frame:row(1), { reasons = 3 })))
function Policy:why(score)
  return verdict.why(self, score)
end

Policy.__tostring = describe.text

return M
