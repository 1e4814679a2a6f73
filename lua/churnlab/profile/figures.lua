-- The figures of one column of a profile.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local numbers = { "min", "q05", "q25", "median", "q75", "q95", "max", "mean", "std", "skewness",
  "zeros", "negatives", "outliers" }

--- The most frequent values of a column as { value, n, share }.
-- @tparam Frame frame
-- @tparam string name
-- @tparam integer limit
-- @tparam[opt] boolean missing also missing cells, as a value without `value`
function M.top(frame, name, limit, missing)
  local counts, list = frame:count_values(name), {}
  local value, n, share = counts.value, counts.n, counts.share
  for i = 1, #counts do
    if #list == limit then break end
    if value[i] ~= nil or missing then
      list[#list + 1] = { value = value[i], n = n[i], share = share[i] }
    end
  end
  return list
end

local function add_numbers(column, facts)
  local all = core.profile.column(column)
  facts.histogram = all.histogram
  if facts.type == "date" or facts.type == "timestamp" then
    facts.first, facts.last = column:min(), column:max()
    return
  end
  facts.numbers = {}
  for _, name in ipairs(numbers) do facts.numbers[name] = all[name] end
end

local function role_of(name, roles)
  for _, role in ipairs { "target", "id", "time" } do
    if roles[role] == name then return role end
  end
  for _, personal in ipairs(roles.personal or {}) do
    if personal == name then return "personal" end
  end
end

--- The figures of a column. Personal columns show no values of text or dates,
-- text whose values all differ no frequent ones.
function M.column(frame, name, roles, top)
  local column = frame:col(name)
  local facts = { name = name, type = column:type(), role = role_of(name, roles),
    bytes = core.profile.bytes(column), missing = column:missing(), distinct = column:n_distinct() }
  facts.constant = facts.distinct == 1 and facts.missing == 0
  local number = facts.type == "f64" or facts.type == "i64"
  if facts.role == "personal" and not number then return facts end
  if number or facts.type == "date" or facts.type == "timestamp" then
    add_numbers(column, facts)
  elseif facts.distinct < #column - facts.missing or facts.distinct <= top then
    facts.top = M.top(frame, name, top)
  end
  return facts
end

return M
