-- Rows, customers and dates that training must not share with the test.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local measure = require("churnlab.leakage.measure")

local M = {}

local DRIFT = 0.7      -- area of telling training and test rows apart by one column
local PART = "\1part"   -- a column that no file has

local function is_time(frame, name)
  local kind = frame:type(name)
  return kind == "date" or kind == "timestamp"
end

local families = { i64 = "number", f64 = "number", string = "text", category = "text" }

--- Whether both frames have the column, with types that compare.
function M.share(train, test, name)
  if not test:has(name) then return false end
  local a, b = train:type(name), test:type(name)
  return (families[a] or a) == (families[b] or b)
end

-- ---- dates ----

--- Dates in a row that are not before its observation date.
function M.dates(frame, features, time, where)
  local findings = {}
  for _, name in ipairs(features) do
    if is_time(frame, name) then
      local late = frame:filter(("[[%s]] >= [[%s]]"):format(name, time))
      if #late > 0 then
        findings[#findings + 1] = { severity = "leak", check = "date", column = name,
          evidence = ("%d of %d %s rows have a date at or after '%s', such as %s at %s"):format(
            #late, #frame - frame:col(name):missing(), where, time, late:cell(1, name),
            late:cell(1, time)) }
      end
    end
  end
  return findings
end

--- Whether training ends before the test begins, and its outcomes are known by then.
function M.order(train, test, time, horizon)
  local first, last = test:col(time):min(), train:col(time):max()
  if not first or not last then return {} end
  local begin = test:filter(("[[%s]] == min([[%s]])"):format(time, time)):cell(1, time)
  local late = train:filter(("[[%s]] >= '%s'"):format(time, begin))
  if #late > 0 then
    return { { severity = "suspect", check = "time order", column = time,
      evidence = ("%d of %d training rows are not before %s, where the test begins"):format(#late,
        #train, begin) } }
  end
  local days = train:type(time) == "timestamp" and 86400e6 or 1
  local function number(frame, name, pick)
    local column = frame:col(name):cast("i64")
    return column[pick](column)
  end
  local gap = (number(test, time, "min") - number(train, time, "max")) / days
  if horizon and gap < horizon then
    return { { severity = "leak", check = "label overlap", column = time,
      evidence = ("the test begins %g days after the last training date, but outcomes take %g days "
        .. "(split with embargo = %g)"):format(gap, horizon, horizon) } }
  end
  return {}
end

-- ---- overlap ----

--- Customers in both parts: a leak, unless the test is later than all training.
function M.customers(train, test, id, ordered)
  local both = test:join(train, { on = id, how = "semi" })
  if #both == 0 then return {} end
  local evidence = ("%d of %d test rows are of customers in the training rows, such as %s"):format(
    #both, #test, both:cell(1, id))
  return { { severity = ordered and "notice" or "leak", check = "customers", column = id,
    evidence = evidence .. (ordered and ", at later dates" or "") } }
end

-- Both parts under one another, with a column that is 1 in the test.
local function stacked(train, test, names)
  local both = require("churnlab.frame.concat").concat { train:select(names), test:select(names) }
  local parts = {}
  for i = 1, #both do parts[i] = i > #train and 1 or 0 end
  return both:with_column(PART, core.column.new(parts, "i64"))
end

--- Rows of the test that stand in training as well; equal rows within training say how many of them
-- chance makes.
function M.rows(train, test, names)
  if #names == 0 then return {} end
  local groups = core.expr.aggregate(stacked(train, test, names), names, { "n", "t" },
    { "count()", ("sum([[%s]])"):format(PART) }):select("n", "t")
  local both = groups:filter("t > 0 and n > t"):col("t"):sum()
  if both == 0 then return {} end
  local twice = groups:filter("n - t > 1"):derive { k = "n - t" }:col("k"):sum()
  local share, usual = both / #test, twice / #train
  local severity = share > 2 * usual + 0.01 and "leak" or "notice"
  return { { severity = severity, check = "rows", column = nil, rows = both,
    evidence = ("%d of %d test rows (%.1f %%) equal a training row in all %d columns; within "
      .. "training %.1f %% have a double"):format(both, #test, 100 * share, #names, 100 * usual) } }
end

-- ---- drift ----

--- Columns by which training and test rows can be told apart.
function M.drift(train, test, features)
  train, test = measure.some(train), measure.some(test)
  local findings, both = {}, stacked(train, test, features)
  local judge = measure.new(both:col(PART):cast("f64"))
  for _, name in ipairs(features) do
    local auc, how = judge:area(both:col(name))
    if auc and judge:lower(auc) >= DRIFT then
      findings[#findings + 1] = { severity = "notice", check = "drift", column = name, auc = auc,
        evidence = ("it tells training and test rows apart with a ROC AUC of %.3f (%s)"):format(
          auc, how) }
    end
  end
  return findings
end

return M
