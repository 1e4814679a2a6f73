-- What the default recipe reads: which columns, and how they are encoded.
--
-- Numbers become normal scores, then piecewise linear columns with the bins of a decision tree
-- (Gorishniy, Rubachev, Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep
-- Learning": at most 32 leaves, 32 rows a leaf, gain 3e-4, in the range of their tuned "MLP-T");
-- texts one column a level, and those of many levels the cross-fitted mean of the target
-- (Micci-Barreca 2001).
-- SPDX-License-Identifier: MIT
local screen = require("churnlab.screen")

local M = {}

local PRESENT = 64     -- fewer known cells than this: some fold might see none
local ROWS_A_LEVEL = 20 -- a text with fewer rows a level on average is an id or free text
local LEVELS = 50      -- a text with more levels gets the mean of the target

local BINS = { bins = "tree", max_bins = 32, min_rows = 32, min_gain = 3e-4 }

local function is_text(column)
  local kind = column:type()
  return kind == "string" or kind == "category"
end

-- Why a column is left out, or nil; and whether it is a text of many levels.
local function judge(column, reason)
  local present = #column - column:missing()
  local many = is_text(column) and column:n_distinct() > LEVELS
  if many and present >= ROWS_A_LEVEL * column:n_distinct() then return nil, true end
  if reason then return reason end
  if present < math.min(PRESENT, #column // 4) then return "it is nearly empty" end
end

--- The columns of a training frame.
-- @tparam Frame frame
-- @tparam {[string]=boolean} apart columns that are no features (group, time)
-- @treturn table `dropped` = { { column, reason }, … }; `many`: names of texts of many levels;
--   `count` of the columns that are left
function M.find(frame, apart)
  local reasons, found, roles = {}, { dropped = {}, many = {}, count = 0 }, frame:roles()
  for _, item in ipairs(screen.find(frame)) do reasons[item.column] = item.reason end
  for _, name in ipairs(frame:columns()) do
    if name ~= roles.target and name ~= roles.id then
      local reason, many
      if apart[name] then
        reason = "it says where the row belongs"
      else
        reason, many = judge(frame:col(name), reasons[name])
      end
      if reason then
        found.dropped[#found.dropped + 1] = { column = name, reason = reason }
      else
        found.count = found.count + 1
        if many then found.many[#found.many + 1] = name end
      end
    end
  end
  return found
end

--- The prep, not fitted.
-- @tparam table found of `find`
-- @tparam boolean binned with tree bins; otherwise standard scales
-- @treturn Prep
function M.prep(found, binned)
  local prep, names = require("churnlab.prep").new(), {}
  for i, item in ipairs(found.dropped) do names[i] = item.column end
  if #names > 0 then prep:drop(names) end
  if #found.many > 0 then prep:target_encode { columns = found.many } end
  prep:impute { numeric = "median", category = "<missing>", flag = true }
  if binned then prep:quantile():piecewise(BINS) end
  prep:onehot { unseen = "other" }
  return binned and prep or prep:scale { "standard" }
end

return M
