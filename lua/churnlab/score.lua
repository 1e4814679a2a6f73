-- What scoring a frame puts together: probability, tier, action, reasons; and the score of one row.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local TIERS = { high = 0.6, medium = 0.3 }

local function policy_of(model, policy)
  if type(policy) ~= "string" then return policy end
  return require("churnlab.policy").load(policy, model)
end

local function count_of(value)
  if value == nil then return 0 end
  if math.type(value) ~= "integer" or value < 0 or value > 63 then
    errors.raise("score: option 'reasons': expected a whole number from 0 to 63, got %s",
      tostring(value))
  end
  return value
end

-- Without a policy the tiers are those that the model carries.
local function default_tiers(model, scored)
  local from = model:metadata().thresholds or TIERS
  return scored:derive { tier = ('if_else(churn >= %.17g, "high", if_else(churn >= %.17g, '
    .. '"medium", "low"))'):format(from.high, from.medium) }
end

local function append(frame, extra, n)
  for i = 1, n do
    for _, name in ipairs { "reason_" .. i, ("reason_%d_effect"):format(i) } do
      frame = frame:with_column(name, extra:col(name))
    end
  end
  return frame
end

-- The names of the columns that scoring adds.
local function score_names(facts)
  if not facts.classes then return { "churn" } end
  local names = {}
  for i, class in ipairs(facts.classes) do names[i] = "p_" .. class end
  names[#names + 1] = "class"
  names[#names + 1] = facts.positive and "churn"
  return names
end

-- The frame with its scores; a column that has such a name already is kept as `churn_given` ….
local function with_scores(model, frame, names)
  local scored, unseen = model:score_frame(frame)
  local given = {}
  for _, name in ipairs(names) do
    if frame:has(name) then given[name] = name .. "_given" end
  end
  if not next(given) then return scored, unseen end
  local kept = frame:rename(given)
  for _, name in ipairs(names) do kept = kept:with_column(name, scored:col(name)) end
  return kept, unseen
end

-- A frame that names no id takes the model's: a policy draws its holdout by it.
local function with_id(model, frame)
  local id = model:facts().id
  if frame:roles().id or not (id and frame:has(id)) then return frame end
  return frame:with_roles { id = id }
end

-- Names of reasons for the rows that want them, missing elsewhere: reasons are dear.
local function some_reasons(model, frame, needed, wants, background, options)
  local _, names = model:reasons(frame:filter_by(wants), needed, background, options)
  local wanted, columns, titles = wants:to_table(), {}, names:columns()
  for k, title in ipairs(titles) do
    local source, values, next_row = names:col(title):to_table(), {}, 0
    for row = 1, #frame do
      if wanted[row] then
        next_row = next_row + 1
        values[row] = source[next_row]
      end
    end
    columns[k] = core.column.new(values, "string", #frame)
  end
  return core.frame.new(titles, columns)
end

--- The scored frame.
-- @tparam Model model
-- @tparam Frame frame
-- @tparam table options policy, reasons, samples, seed
-- @tparam ?Frame background of the reasons
-- @treturn Frame
-- @treturn integer cells whose level training did not have
-- @treturn ?Frame reason_1 … as names of columns
function M.run(model, frame, options, background)
  local facts = model:facts()
  local has_churn = facts.positive ~= nil
  if options.policy and not has_churn then
    errors.raise("score: option 'policy': expected a model that gives churn, but the target '%s' "
      .. "has no positive value", facts.target)
  end
  local policy = policy_of(model, options.policy)
  local shown = count_of(options.reasons)
  local needed = math.max(shown, policy and policy.reasons_needed or 0)
  local scored, unseen = with_scores(model, with_id(model, frame), score_names(facts))
  local texts, names
  if shown > 0 or (needed > 0 and #frame == 1) then -- of one row policy:why is asked as well
    texts, names = model:reasons(frame, needed, background, options)
  elseif needed > 0 then
    names = some_reasons(model, frame, needed, policy:wants_reasons(scored), background, options)
  end
  if policy then
    scored = policy:decide(scored, names)
  elseif has_churn then
    scored = default_tiers(model, scored)
  end
  return shown > 0 and append(scored, texts, shown) or scored, unseen, names
end

-- ---- one row ----

local Score = { __name = "churnlab.Score" }

local shown = { "class", "churn", "tier", "action", "rule" }

function Score:__tostring()
  local parts = {}
  for _, name in ipairs(shown) do
    local value = self[name]
    if type(value) == "number" then value = ("%.4g"):format(value)
    elseif value ~= nil then value = ("%q"):format(value) end
    if value then parts[#parts + 1] = ("%s=%s"):format(name, value) end
  end
  for i, text in ipairs(self.reasons or {}) do
    parts[#parts + 1] = ("reason_%d=%q"):format(i, text)
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- The score of a frame of one row.
-- @tparam Frame scored
-- @tparam ?Frame names reason_1 … as names of columns
-- @param row what was scored
-- @tparam ?integer unseen cells whose level training did not have
-- @tparam ?{string,...} classes of the model
-- @treturn Score churn, tier, action, rule, cost, because; reasons = {"Age = 58", …} and
-- reason_1 = "Age" …; row; of a model of classes class and p = { class = probability }
function M.of_row(scored, names, row, unseen, classes)
  local result = { row = row, unseen = unseen, p = classes and {} or nil }
  for _, class in ipairs(classes or {}) do result.p[class] = scored:cell(1, "p_" .. class) end
  for _, name in ipairs { "class", "churn", "tier", "action", "rule", "cost", "because" } do
    local own = name ~= "class" or classes ~= nil -- else a column of the customer's
    if own and scored:has(name) then result[name] = scored:cell(1, name) end
  end
  for i = 1, names and #names:columns() or 0 do
    local name = "reason_" .. i
    result[name] = names:cell(1, name)
    if scored:has(name) then
      result.reasons = result.reasons or {}
      result.reasons[i] = scored:cell(1, name)
    end
  end
  return setmetatable(result, Score)
end

return M
