-- How much the default recipe does, from rows and outcomes alone: the same data give the same plan,
-- and so the same model, on any machine. About a minute for 10,000 rows on two processors.
-- SPDX-License-Identifier: MIT
local M = {}

local LEAST = 4 -- rows with each outcome, so that two folds train and test on both

-- rows up to → inner folds (8 as in Holzmüller, Grinsztajn, Steinwart 2024), nets a fold
local SIZES = {
  { 2000, 8, 3 }, { 20000, 8, 1 }, { 60000, 5, 1 }, { math.huge, 3, 1 },
}
local OPERATIONS = 2e12 -- of all nets for up to 10,000 rows
local GROWTH = 0.7      -- more rows get more, but not in proportion
local FOLD_OUTCOMES = 3 -- rows with each outcome that a fold should test

--- The plan.
-- @tparam string where the function, for messages
-- @tparam Frame frame labelled
-- @tparam Outcomes outcomes of its target
-- @treturn table `folds`, `members` (nets of one kind in a fold, at most), `operations` (in all)
function M.of(where, frame, outcomes)
  outcomes:check_rows(where, frame, LEAST)
  local rare = outcomes:rarest(frame)
  local plan = { rows = #frame,
    operations = OPERATIONS * math.max(1, #frame / 10000) ^ GROWTH }
  for _, size in ipairs(SIZES) do
    if #frame <= size[1] then
      plan.folds, plan.members = size[2], size[3]
      break
    end
  end
  plan.folds = math.max(2, math.min(plan.folds, rare // FOLD_OUTCOMES))
  return plan
end

--- How many nets of a recipe each fold gets; what they take is subtracted from the plan.
-- @tparam table plan of `of`
-- @tparam table recipe of churnlab.auto.recipes
-- @tparam boolean first the first recipe gets one net whatever it takes
-- @treturn integer 0 = the recipe is too dear for these data
function M.members(plan, recipe, first)
  if not recipe.work then return 1 end
  local one = recipe.work(plan.rows * (plan.folds - 1) / plan.folds) * plan.folds
  local members = math.min(plan.members, math.floor(plan.operations / one))
  if first then members = math.max(1, members) end
  plan.operations = plan.operations - members * one
  return members
end

return M
