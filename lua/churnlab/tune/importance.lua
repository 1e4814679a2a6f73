-- How much each dimension mattered: the share of the variance of the trials' ranks that lies
-- between the bins of the dimension (Kruskal & Wallis' epsilon squared, adjusted for the number of
-- bins so that a dimension of no effect has about 0). A range has up to five bins of equally many
-- trials; a conditional dimension is judged on the trials that had it.
--
-- Dimensions are judged one at a time: an effect that only shows in pairs is missed, and since TPE
-- looks where values are good, shares describe these trials, not the whole space.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local BINS, LEAST = 5, 4 -- trials a bin
M.least = 2 * LEAST -- with fewer trials nothing is said

-- Ranks from 1, ties in the middle.
local function ranks(values)
  local order, result = {}, {}
  for i = 1, #values do order[i] = i end
  table.sort(order, function(a, b)
    if values[a] ~= values[b] then return values[a] < values[b] end
    return a < b
  end)
  local i = 1
  while i <= #order do
    local j = i
    while j < #order and values[order[j + 1]] == values[order[i]] do j = j + 1 end
    for k = i, j do result[order[k]] = (i + j) / 2 end
    i = j + 1
  end
  return result
end

-- The bin of each trial: a number's quintile, or the value itself.
local function bins(items)
  local numbers, distinct, count = {}, {}, 0
  for i, item in ipairs(items) do
    local key = core.json.encode(item.x)
    if not distinct[key] then
      distinct[key], count = true, count + 1
    end
    numbers[i] = type(item.x) == "number" and item.x or nil
  end
  if #numbers < #items or count <= BINS then
    local result = {}
    for i, item in ipairs(items) do result[i] = core.json.encode(item.x) end
    return result
  end
  local wanted, result = math.max(2, math.min(BINS, #items // LEAST)), {}
  for i, rank in ipairs(ranks(numbers)) do
    result[i] = math.min(wanted, math.ceil(rank / #items * wanted))
  end
  return result
end

-- Adjusted share of the variance of `values` between bins; nil where there is none to explain.
local function share(values, bin)
  local n, sum, squares, groups, k = #values, 0, 0, {}, 0
  for i, value in ipairs(values) do
    sum = sum + value
    local group = groups[bin[i]]
    if not group then
      group, k = { n = 0, sum = 0 }, k + 1
      groups[bin[i]] = group
    end
    group.n, group.sum = group.n + 1, group.sum + value
  end
  local mean, between = sum / n, 0
  for _, value in ipairs(values) do squares = squares + (value - mean) ^ 2 end
  for _, group in pairs(groups) do
    between = between + group.n * (group.sum / group.n - mean) ^ 2
  end
  if squares == 0 or k < 2 or n <= k then return nil end
  return math.max(0, 1 - (1 - between / squares) * (n - 1) / (n - k))
end

--- The dimensions, the most important first: { name, share, trials }.
-- @tparam table history
function M.of(history)
  local items, list = {}, {}
  for _, trial in ipairs(history) do
    if trial.state == "complete" and (trial.budget or 1) == 1 then
      for name, x in pairs(trial.params) do
        items[name] = items[name] or {}
        table.insert(items[name], { x = x, value = trial.value })
      end
    end
  end
  for name, found in pairs(items) do
    local values = {}
    for i, item in ipairs(found) do values[i] = item.value end
    list[#list + 1] = { name = name, trials = #found,
      share = #found >= M.least and share(ranks(values), bins(found)) or 0 }
  end
  table.sort(list, function(a, b)
    if a.share ~= b.share then return a.share > b.share end
    return a.name < b.name
  end)
  return list
end

return M
