--- Explanations: the Shapley values of one customer's raw columns.
--
--     local why = model:explain(test:row(7))
--     for i, reason in ipairs(why) do print(reason.column, reason.value, reason.effect) end
--     print(why:top(5))
--
-- `why.base` plus the sum of all effects is `why.total`, the row's score. Up to 12 columns the
-- values are exact (Shapley 1953, against a background as in Lundberg & Lee 2017); above, they are
-- estimated by Kernel SHAP with paired coalitions (Covert & Lee 2021), and `error` says how sure
-- each one is.
-- @module churnlab.explain

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local Explanation = {}
local fields = { base = true, total = true, score = true, values = true, exact = true,
  evaluations = true, class = true }

local function known_names()
  local names = {}
  for name in pairs(fields) do names[#names + 1] = name end
  for name in pairs(Explanation) do
    if not name:match("^__") then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

-- why[1] is the strongest effect; unknown names are errors with a suggestion.
function Explanation.__index(self, key)
  if math.type(key) == "integer" then return rawget(self, "values")[key] end
  if Explanation[key] == nil and not fields[key] then
    errors.unknown("explanation", "field", key, known_names())
  end
  return Explanation[key]
end

Explanation.__name = "churnlab.Explanation"

--- Makes an explanation from what the core gives.
-- @local
-- @tparam table made base, total, exact, evaluations, values = {{column, effect, error}, …}
-- @tparam function value_of column → the customer's cell, nil when missing
-- @treturn Explanation values by falling absolute effect
function M.new(made, value_of)
  local values = made.values
  for i, item in ipairs(values) do
    item.value = value_of(item.column)
    item.place = i
  end
  table.sort(values, function(a, b)
    local x, y = math.abs(a.effect), math.abs(b.effect)
    if x ~= y then return x > y end
    return a.place < b.place
  end)
  for _, item in ipairs(values) do item.place = nil end
  return setmetatable({ base = made.base, total = made.total, score = made.total,
    values = values, exact = made.exact, evaluations = made.evaluations,
    class = made.class }, Explanation)
end

--- What made one score: `base` (the mean score of the background), `total` (the row's score),
-- `exact`, `evaluations` (how often the model was asked), `class` (whose probability it is, of a
-- model of classes; nil: churn). `why[i]` is the i-th strongest effect,
-- `{ column, value, effect, error }`: effect in probability, error its standard error.
-- @type Explanation

--- The strongest effects, as an explanation of its own.
-- @tparam[opt=5] integer n
-- @treturn Explanation
-- @usage print(model:explain(test:row(1)):top(3))
function Explanation:top(n)
  n = n or 5
  if math.type(n) ~= "integer" or n < 1 then
    errors.raise("top: expected a whole number from 1, got %s", tostring(n))
  end
  local copy = {}
  for key, value in next, self do copy[key] = value end
  copy.values = table.move(self.values, 1, math.min(n, #self.values), 1, {})
  return setmetatable(copy, Explanation)
end

--- Everything as plain data, for JSON.
-- @treturn table base, total, exact, evaluations, values = { { column, value, effect, error }, …
-- }
-- @usage print(core.json.encode(model:explain(test:row(1)):to_table(), 2))
function Explanation:to_table()
  local values = {}
  for i, item in ipairs(self.values) do
    local value = item.value
    if type(value) == "userdata" then value = tostring(value) end
    values[i] = { column = item.column, value = value == nil and core.NA or value,
      effect = item.effect, error = item.error }
  end
  return { base = self.base, total = self.total, exact = self.exact,
    evaluations = self.evaluations, values = values, class = rawget(self, "class") }
end

function Explanation:__len() return #self.values end

local function value_text(value)
  if value == nil or value == core.NA then return "NA" end
  if math.type(value) == "float" then return ("%.6g"):format(value) end
  return tostring(value)
end

local function pad(text, width)
  return text .. (" "):rep(width - utf8.len(text, 1, -1, true))
end

-- Lines " IsActiveMember = 1     -0.094", names and values aligned.
function Explanation:__tostring()
  local names, texts, lines = 0, 0, {}
  for _, item in ipairs(self.values) do
    names = math.max(names, utf8.len(item.column, 1, -1, true) or #item.column)
    local text = value_text(item.value)
    texts = math.max(texts, utf8.len(text, 1, -1, true) or #text)
  end
  for i, item in ipairs(self.values) do
    local spread = item.error >= 5e-4 and ("  ± %.3f"):format(item.error) or ""
    lines[i] = (" %s = %s   %+.3f%s"):format(pad(item.column, names),
      pad(value_text(item.value), texts), item.effect, spread)
  end
  return table.concat(lines, "\n")
end

return M
