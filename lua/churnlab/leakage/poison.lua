-- Features of a log with another future: whatever changes has looked at it.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frame = require("churnlab.frame")
local report = require("churnlab.leakage.report")

local M = {}

local TOLERANCE = 1e-9 -- of numbers: sums may come in another order
local MODES = { { "alter", "altered" }, { "remove", "removed" } }

-- Makes the features of one cut-off, from the options of cl.windows or a function of the script.
local function feature_maker(what)
  if type(what) == "function" then
    return function(events, cutoff) return frame.coerce(what(events, { cutoff }), "poison") end
  end
  return function(events, cutoff)
    local options = {}
    for key, value in pairs(what) do options[key] = value end
    options.cutoffs = { cutoff }
    return (require("churnlab.windows").windows(events, options))
  end
end

-- The cut-offs at which cl.windows makes rows.
local function cutoffs_of(events, options)
  local plain = {}
  for key, value in pairs(options) do plain[key] = value end
  plain.features, plain.outcome = { "recency" }, nil
  local made = require("churnlab.windows").windows(events, plain)
  return made:group("cutoff"):count():col("cutoff"):to_table()
end

-- Columns that are no features: roles, and the labels that the caller names.
local function excluded(made, id, labels)
  local roles, set = made:roles(), { [id] = true }
  for _, role in ipairs { "target", "id", "time" } do
    if roles[role] then set[roles[role]] = true end
  end
  for _, name in ipairs(labels) do set[name] = true end
  return set
end

local function index_by_id(made, id)
  local rows = {}
  for i, value in ipairs(made:col(id):to_table("NA")) do
    if rows[value] then
      errors.raise("poison: expected one row for each customer at a cut-off, got two for %s", value)
    end
    rows[value] = i
  end
  return rows
end

-- The rows of both frames that have the same customer, and the customers that only one has.
local function align(before, after, id)
  local a, b = before:col(id), after:col(id)
  if #before == #after and core.leakage.compare(a, b) == 0 then return before, after, {} end
  local old, new = index_by_id(before, id), index_by_id(after, id)
  local left, right, strays = {}, {}, {}
  for i, value in ipairs(a:to_table("NA")) do
    if new[value] then
      left[#left + 1], right[#right + 1] = i, new[value]
    else
      strays[#strays + 1] = { customer = value, before = "a row", after = "no row" }
    end
  end
  for _, value in ipairs(b:to_table("NA")) do
    if not old[value] then
      strays[#strays + 1] = { customer = value, before = "no row", after = "a row" }
    end
  end
  return before:take(left), after:take(right), strays
end

local function text_of(value)
  if value == nil then return "NA" end
  return math.type(value) == "float" and ("%.6g"):format(value) or tostring(value)
end

-- Notes that `rows` rows of a feature changed; keeps the first example.
local function note(changes, feature, rows, example)
  local change = changes[feature]
  if not change then
    change = { column = feature, rows = 0, runs = 0, customer = example.customer,
      cutoff = example.cutoff, before = example.before, after = example.after,
      events = example.events }
    changes[feature] = change
    changes[#changes + 1] = change
  end
  change.rows, change.runs = change.rows + rows, change.runs + 1
end

local function compare_column(changes, before, after, name, id, run)
  if not after:has(name) then
    return note(changes, name, #before, { cutoff = run.cutoff, events = run.events,
      before = "a column", after = "no column" })
  end
  local old, new = before:col(name), after:col(name)
  local rows, first = core.leakage.compare(old, new, run.tolerance)
  if rows > 0 then
    note(changes, name, rows, { customer = before:col(id)[first], cutoff = run.cutoff,
      before = text_of(old[first]), after = text_of(new[first]), events = run.events })
  end
end

local function compare_columns(changes, before, after, id, skip, run)
  for _, name in ipairs(before:columns()) do
    if not skip[name] then compare_column(changes, before, after, name, id, run) end
  end
  for _, name in ipairs(after:columns()) do
    if not skip[name] and not before:has(name) then
      note(changes, name, #after, { cutoff = run.cutoff, events = run.events,
        before = "no column", after = "a column" })
    end
  end
end

local function compare(changes, before, after, id, skip, run)
  local left, right, strays = align(before, after, id)
  if #strays > 0 then
    local first = strays[1]
    first.cutoff, first.events = run.cutoff, run.events
    note(changes, "(which customers get a row)", #strays, first)
  end
  compare_columns(changes, left, right, id, skip, run)
end

local function findings_of(changes)
  local findings = {}
  for i, change in ipairs(changes) do
    local who = change.customer ~= nil and (" of customer %s"):format(change.customer) or ""
    findings[i] = { severity = "leak", check = "poison", column = change.column,
      evidence = ("%s → %s%s at %s when later events are %s (%d rows in %d of the runs)"):format(
        change.before, change.after, who, change.cutoff, change.events, change.rows, change.runs),
      customer = change.customer, cutoff = change.cutoff, before = change.before,
      after = change.after, events = change.events, rows = change.rows }
  end
  return findings
end

local known = { id = "string", time = "string", known = "string", cutoffs = "table",
  seed = "number", tolerance = "number", labels = "table" }

-- The caller's options, completed from those of cl.windows.
local function settings(events, what, options)
  options = errors.options("poison", options, known)
  local from = type(what) == "table" and what or {}
  if type(what) ~= "table" and type(what) ~= "function" then
    errors.raise("poison: expected the options of windows or a function, got a %s", type(what))
  end
  local s = { id = options.id or from.id, time = options.time or from.time,
    known = options.known or from.known, seed = options.seed or 1, labels = options.labels or {},
    tolerance = options.tolerance or TOLERANCE }
  for _, name in ipairs { "id", "time" } do
    if not s[name] then errors.raise("poison: option '%s': expected a column of the log", name) end
  end
  s.cutoffs = options.cutoffs or type(what) == "table" and cutoffs_of(events, what)
  if not s.cutoffs or #s.cutoffs == 0 then
    errors.raise("poison: option 'cutoffs': expected at least one date")
  end
  return s
end

-- See cl.leakage.poison.
function M.poison(events, what, options)
  events = frame.coerce(events, "poison")
  local s = settings(events, what, options)
  local make, changes, features, rows = feature_maker(what), {}, 0, 0
  for _, cutoff in ipairs(s.cutoffs) do
    local before = make(events, cutoff)
    local skip = excluded(before, s.id, s.labels)
    features, rows = 0, rows + #before
    for _, name in ipairs(before:columns()) do features = features + (skip[name] and 0 or 1) end
    for _, mode in ipairs(MODES) do
      local log = core.leakage.poison(events, cutoff, mode[1], s.id, s.time, s.known, s.seed)
      compare(changes, before, make(log, cutoff), s.id, skip,
        { cutoff = cutoff, events = mode[2], tolerance = s.tolerance })
    end
  end
  return report.new(findings_of(changes),
    ("poison: %d features in %d rows at %d cut-off%s"):format(features, rows, #s.cutoffs,
      #s.cutoffs == 1 and "" or "s"))
end

return M
