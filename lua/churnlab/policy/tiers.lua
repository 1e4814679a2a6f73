-- Tiers: which one a churn probability belongs to. A customer who was in a tier stays there
-- while churn >= from - hysteresis; the rest follows the thresholds. Each row for itself.
-- SPDX-License-Identifier: MIT
local M = {}

local function place_of(tiers, name)
  for i, tier in ipairs(tiers) do
    if tier.name == name then return i end
  end
end

--- The tier's name, or nil without a churn probability.
-- @tparam table tiers of a specification, falling
-- @tparam ?number churn
-- @tparam[opt] string previous the tier of the last period
function M.of(tiers, churn, previous)
  if not churn then return nil end
  for i, tier in ipairs(tiers) do
    if churn >= tier.from then
      local before = previous and place_of(tiers, previous)
      local held = before and before < i and tiers[before]
      if held and churn >= held.from - (held.hysteresis or 0) then return held.name end
      return tier.name
    end
  end
  return tiers[#tiers].name
end

--- What churn must become for one of these tiers: "0.60" upwards, "below 0.60" downwards.
function M.needed(tiers, churn, names)
  local at, best = place_of(tiers, M.of(tiers, churn)), nil
  for _, name in ipairs(names) do
    local i = place_of(tiers, name)
    if i and (not best or math.abs(i - at) < math.abs(best - at)) then best = i end
  end
  if not best or best == at then return nil end
  if best < at then return ("%.2f"):format(tiers[best].from) end
  return ("below %.2f"):format(tiers[best - 1].from)
end

return M
