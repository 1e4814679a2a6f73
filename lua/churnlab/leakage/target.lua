-- Columns that know the outcome: copies, near-perfect ones, missing cells that tell, ids.
-- SPDX-License-Identifier: MIT
local measure = require("churnlab.leakage.measure")
local screen = require("churnlab.screen")

local M = {}

local LEAK, SUSPECT = 0.99, 0.95 -- area of a single column
local MISSING, MISSING_SUSPECT = 0.8, 0.9 -- area of "is missing"
local COPY_LEVELS = 20           -- a copy has so few levels
local ROWS_A_LEVEL = 5           -- and so many rows a level

-- Whether every level goes with one outcome, and the share of the rows that it decides.
local function is_copy(levels, rows)
  if #levels < 2 or #levels > COPY_LEVELS or rows < ROWS_A_LEVEL * #levels then return false end
  local seen = {}
  for _, level in ipairs(levels) do
    local p, n = level[1] + level[3], level[2] + level[4]
    if p > 0 and n > 0 then return false end
    seen[p > 0] = true
  end
  return seen[true] and seen[false]
end

local function copy_finding(name, levels, rows)
  local exact = #levels == 2
  return { severity = "leak", check = "copy", column = name,
    evidence = exact and ("its two values go with the two outcomes in all %d rows"):format(rows)
      or ("each of its %d values goes with one outcome in all %d rows"):format(#levels, rows) }
end

local function area_finding(name, column, judge)
  local auc, how = judge:area(column)
  if not auc then return nil end
  local low = judge:lower(auc)
  local severity = auc >= LEAK and low >= SUSPECT and "leak" or auc >= SUSPECT and low >= 0.9
    and "suspect"
  return severity and { severity = severity, check = "single column", column = name, auc = auc,
    evidence = ("alone it has a ROC AUC of %.4f (%s)"):format(auc, how) }
end

local function missing_finding(name, column, judge)
  local missing = column:missing()
  if missing == 0 or missing == #column then return nil end
  local auc = judge:missing_area(column)
  if judge:lower(auc) < MISSING then return nil end
  local severity = auc >= LEAK and "leak" or auc >= MISSING_SUSPECT and "suspect" or "notice"
  return { severity = severity, check = "missing cells", column = name, auc = auc,
    evidence = ("that it is missing (%d rows) has a ROC AUC of %.4f alone: is it filled in after "
      .. "the outcome?"):format(missing, auc) }
end

local function id_finding(name, column)
  local why = screen.id_reason(name, column)
  return why and { severity = "suspect", check = "id", column = name,
    evidence = why .. ": it can only be learned by heart" }
end

--- Findings about each feature of a frame with a target.
-- @tparam Frame train labelled rows
-- @tparam {string,...} features
function M.find(train, features)
  local y, findings = train:labels(), {}
  if y:n_distinct() < 2 then return findings end
  local some = measure.some(train)
  local all_rows, some_rows = measure.new(y), measure.new(some:labels())
  local function add(finding) findings[#findings + 1] = finding or nil end
  for _, name in ipairs(features) do
    local column = train:col(name)
    local few = column:n_distinct() <= COPY_LEVELS
    local levels = few and all_rows:levels(column)
    if levels and is_copy(levels, #train) then
      add(copy_finding(name, levels, #train))
    else
      add(area_finding(name, some:col(name), some_rows))
      add(missing_finding(name, column, all_rows))
    end
    add(id_finding(name, column))
  end
  return findings
end

return M
