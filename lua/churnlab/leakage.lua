--- Leak checks: `cl.leakage.check` looks at tables, `cl.leakage.poison` at how features are made.
--
-- A finding has a severity (`leak`: do not train on this; `suspect`: look at it; `notice`: know
-- it), the check, the column and the evidence. The checks of tables:
--
-- - `copy`: a column whose values go one by one with the outcomes, in any encoding
-- - `single column`: a ROC AUC of one column alone from 0.95 (suspect) or 0.99 (leak), by rank, and
--   by level or quantile bin with rates from the other half of the rows (of at most 50,000), two
--   standard errors down
-- - `missing cells`: that a cell is missing tells the outcome (ROC AUC from 0.8: notice, 0.9, 0.99)
-- - `id`: a feature that numbers or names the rows
-- - `date`: a date at or after the row's observation date
-- - `customers`, `rows`: customers and equal rows in training and test
-- - `time order`, `label overlap`: training does not end before the test begins, or the outcomes of
--   its last rows are not known by then
-- - `drift`: one column tells training and test rows apart (ROC AUC from 0.7)
-- @module churnlab.leakage

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local frame = require("churnlab.frame")
local report = require("churnlab.leakage.report")
local rows = require("churnlab.leakage.rows")
local screen = require("churnlab.screen")
local target = require("churnlab.leakage.target")

local M = {}

local known = { target = "string", positive = "string|number|boolean|table", id = "string",
  time = "string", horizon = "number", ignore = "table" }

local function with_roles(data, options)
  return data:with_roles { target = options.target, positive = options.positive, id = options.id,
    time = options.time }
end

-- The columns that are neither roles nor ignored.
local function features_of(data, ignore)
  local roles, out, list = data:roles(), {}, {}
  for _, role in ipairs { "target", "id", "time" } do
    if roles[role] then out[roles[role]] = true end
  end
  for _, name in ipairs(roles.personal or {}) do out[name] = true end
  for _, name in ipairs(ignore or {}) do out[data:type(name) and name] = true end
  for _, name in ipairs(data:columns()) do
    if not out[name] then list[#list + 1] = name end
  end
  return list
end

local function append(findings, more)
  table.move(more, 1, #more, #findings + 1, findings)
end

local function check_dates(findings, data, features, time, where)
  if time and data:has(time) then append(findings, rows.dates(data, features, time, where)) end
end

-- What two parts must not share.
local function check_parts(findings, train, test, features, options)
  local roles, shared = train:roles(), {}
  for _, name in ipairs(features) do
    if rows.share(train, test, name) then shared[#shared + 1] = name end
  end
  local content = {} -- equal rows may well have other numbers
  for _, name in ipairs(shared) do
    if not screen.id_reason(name, train:col(name)) then content[#content + 1] = name end
  end
  local ordered = false
  if roles.time and rows.share(train, test, roles.time) then
    local order = rows.order(train, test, roles.time, options.horizon)
    append(findings, order)
    ordered = #order == 0
  end
  if roles.id and rows.share(train, test, roles.id) then
    append(findings, rows.customers(train, test, roles.id, ordered))
  end
  append(findings, rows.rows(train, test, content))
  append(findings, rows.drift(train, test, shared))
end

--- Looks for leaks in the rows that a model is to learn from, and between them and test rows.
-- @function cl.leakage.check
-- @tparam Frame train
-- @tparam[opt] Frame test
-- @tparam[opt] table options
--
--   - `target`, `positive`, `id`, `time`: roles, where the frames do not have them
--   - `horizon`: days until an outcome is known (gap + within of `cl.windows`)
--   - `ignore`: columns that are no features
-- @treturn LeakReport
-- @raise unknown columns and options with a suggestion; a target without a positive value
-- @usage
-- local report = cl.leakage.check(train, test)
-- assert(report:ok(), tostring(report))
function M.check(train, test, options)
  if type(test) == "table" and options == nil then test, options = nil, test end
  options = errors.options("leakage", options, known)
  train = with_roles(frame.coerce(train, "leakage"), options)
  local roles, findings = train:roles(), {}
  local features = features_of(train, options.ignore)
  if roles.target then
    local labelled = train:filter(("not is_na([[%s]])"):format(roles.target))
    append(findings, target.find(labelled, features))
  end
  check_dates(findings, train, features, roles.time, "training")
  if test then
    test = frame.coerce(test, "leakage")
    check_dates(findings, test, features_of(test), roles.time, "test")
    if #train > 0 and #test > 0 then check_parts(findings, train, test, features, options) end
  end
  return report.new(findings, ("leak check: %d features in %d training%s rows"):format(#features,
    #train, test and (" and %d test"):format(#test) or ""))
end

--- Proves that features do not look into the future: for each cut-off, the log is given another
-- one, twice. Once all events that nobody could know at the cut-off are removed; once a quarter of
-- them is removed, the others get other amounts, categories and times, and as many are added, those
-- of late knowledge too. Each feature that changes, each row and column that comes or goes, is a
-- leak.
-- @function cl.leakage.poison
-- @tparam Frame events
-- @tparam table|function windows the options of `cl.windows`, or a function of `events, cutoffs`
--   (a list of one date) that gives a frame with one row a customer; its target, id and time are no
--   features
-- @tparam[opt] table options `id`, `time`, `known`: columns of the log, and `cutoffs`: a list of
--   dates, wanted for a function; `labels`: columns that may look ahead; `seed` (1); `tolerance`
--   (1e-9): relative, of numbers
-- @treturn LeakReport its findings name feature, customer, cut-off, and the value before and after
-- @raise what the function raises; two rows of a customer
-- @usage
-- local report = cl.leakage.poison(log, { id = "customer", time = "when", value = "amount",
--   cutoffs = { "2025-05-01" } })
-- assert(report:ok())
-- local lifetime = cl.leakage.poison(log, function(events)
--   return events:group("customer"):agg { lifetime = "sum(amount)" }
-- end, { id = "customer", time = "when", cutoffs = { "2025-05-01" } })
-- assert(not lifetime:ok() and lifetime.findings[1].column == "lifetime")
function M.poison(events, windows, options)
  return require("churnlab.leakage.poison").poison(events, windows, options)
end

return M
