--- Event logs to features: `cl.windows` gives one row for each customer and observation date.
--
-- At the cut-off t a feature sees the events with time < t and, where the log has a column that
-- says since when each event is known, known < t: late and back-filled rows never leak. A look-back
-- of w days is [t - w, t). The outcome is looked for in [t + gap, t + gap + within), among all
-- events of the log; what happens in the gap is neither. An event at t itself is never a feature
-- and, without a gap, the first that can be the outcome. A row whose outcome window ends after the
-- log does has a missing label: nobody is called churned because the data stop.
--
-- Columns, for a look-back of 30 days (`_30d`; the whole past is `_all`) and an amount `spent`:
--
-- - `recency`, `tenure`: days since the last and since the first event
-- - `count_30d`: events; `active_30d`: different days with an event, as a share of the days since
--   the first event or the look-back, whichever is shorter; `rate_30d`: events in 30 such days
-- - `trend_30d`: the least-squares slope of the counts of `buckets` equal parts of the look-back
-- - `change_30d`: percent against the 30 days before; missing where nothing was before
-- - `gap_mean_30d`, `gap_std_30d`: days between one event and the next
-- - `spent_sum_30d`, `spent_mean_30d`, `spent_min_30d`, `spent_max_30d`, `spent_std_30d`, and
--   `spent_rate_30d`, `spent_trend_30d`, `spent_change_30d` as above; missing amounts are skipped
-- - `type_visit_30d`: events whose category `type` is `visit`
--
-- With `sequence = { steps = 12 }` the last 12 events as well, the newest first: `seq_length` says
-- how many there are, `seq_1_age` and `seq_1_gap` how many days the newest lies before the cut-off
-- and after the event before it, `seq_1_spent` its amount, `seq_1_type_visit` 1 when its type is
-- `visit`. Steps beyond the length are missing. `prep:sequence` and the layers `sequence`, `gru`,
-- `lstm` and `transformer` of nets read them.
--
-- Days are counted back from the cut-off, 24 hours each. Of nothing, counts and sums are 0 and the
-- rest is missing.
-- @module churnlab.windows

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frame = require("churnlab.frame")

local M = {}

local known = {
  id = "string", time = "string", known = "string", cutoffs = "table|string|userdata",
  lookback = "table|number|string", gap = "number", outcome = "table", observed_until = "string",
  value = "table|string", category = "table|string", levels = "table",
  population = "table|string", customers = "table|userdata", features = "table",
  buckets = "number", missing = "string", sequence = "table",
}

-- The frame of customers and what the core wants to know of it.
local function split_customers(customers)
  if customers == nil then return nil, nil end
  if type(customers) == "userdata" then return frame.coerce(customers, "windows: customers") end
  local names = {}
  for key, value in pairs(customers) do
    if key ~= 1 then names[key] = value end
  end
  return frame.coerce(customers[1], "windows: customers"), next(names) and names
end

-- A list of texts from a text, a list or a column.
local function cutoff_list(cutoffs)
  if type(cutoffs) == "string" then return { cutoffs } end
  return type(cutoffs) == "userdata" and cutoffs:to_table() or cutoffs
end

--- Features, and an outcome, of each customer at each cut-off.
-- @function cl.windows
-- @tparam Frame events one row an event
-- @tparam table options
--
--   - `id`, `time`: columns of the customer and of the moment (dates or timestamps)
--   - `known`: the column that says since when the log has the event
--   - `cutoffs`: a list of dates, or `{ from = "1997-07-01", to = "1998-06-01", every = "month" }`
--     with every = "day", "week", "month", "quarter", "year" or a number of days; both ends count
--   - `lookback`: days, or "all" (`{ 30, 90, "all" }`)
--   - `value`: amounts, one column or a list; `category`: columns counted by level; `levels`:
--     `{ type = { "visit", "cancel" } }` instead of those seen before the last cut-off (a log that
--     is to be scored later wants the levels of training)
--   - `outcome`: `{ kind = "inactive", within = 90 }` (no event at all), `{ kind = "event",
--     where = "type == 'cancel'", within = 90 }` or `{ kind = "no_event", where = …, within = … }`;
--     `name` of the label ("churned"); with `once = true` (kind "event") nobody has a row after the
--     event is known, and no label where it came before the outcome window. Without an outcome
--     there is no label: that is how today's customers are scored
--   - `gap`: days between cut-off and outcome window (0)
--   - `observed_until`: the last day or moment that the log covers (that of its last event)
--   - `population`: "seen" (anybody with an event before t) or `{ within = 180 }` (with one in the
--     last 180 days)
--   - `customers`: a frame with a row for each time that somebody was a customer, or
--     `{ frame, id =, start =, stop = }`: only they get rows, from start to before stop (missing =
--     always); they need no event
--   - `features`: which families to make: "recency", "tenure", "count", "active", "rate", "trend",
--     "change", "gap", "sum", "mean", "min", "max", "std", "levels" (all; `{}` = none)
--   - `buckets`: parts of a look-back for the trend (4)
--   - `sequence`: `{ steps = 12 }`, the number of events; `prefix` ("seq"), how its columns begin;
--     `times` ({ "age", "gap" }), which times of an event to tell
--   - `missing`: "error", or "skip" for events without id, time or known-since
-- @treturn Frame sorted by customer and `cutoff`, with the roles target, id and time
-- @treturn integer rows left out by `missing = "skip"`
-- @raise what is wrong with an option, or `windows: row 17: column 'when': expected a value, got
-- nothing`
-- @usage
-- local features = cl.windows(log, { id = "customer", time = "when", value = "amount",
--   cutoffs = { "2025-06-01", "2025-09-01" }, lookback = { 30, "all" },
--   outcome = { kind = "inactive", within = 60 } })
-- assert(features:has("amount_sum_30d") and features:roles().target == "churned")
function M.windows(events, options)
  events = frame.coerce(events, "windows")
  options = errors.options("windows", options, known)
  local plain = {}
  for key, value in pairs(options) do plain[key] = value end
  plain.cutoffs = cutoff_list(options.cutoffs)
  local customers, names = split_customers(options.customers)
  plain.customers = names or nil
  return core.windows.make(events, plain, customers)
end

return M
