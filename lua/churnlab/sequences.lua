--- Event logs to sequences: `cl.sequences` gives one row for each customer and observation date,
-- with that customer's last events side by side.
--
-- It is @{churnlab.windows} without its summaries and under the same rules: an event counts when
-- its time lies before the cut-off and the log had it by then; an event at the cut-off is never a
-- feature. `cl.windows` with the option `sequence` gives both in one frame.
--
-- Columns, for `steps = 12` and an amount `spent`: `seq_length`, how many events there are, up to
-- 12; of the newest event `seq_1_age` (days before the cut-off), `seq_1_gap` (days since the event
-- before it, missing for the first of all), `seq_1_spent` and, for a category `type`,
-- `seq_1_type_visit` (1 or 0); `seq_2_…` is the event before it. Steps beyond the length are
-- missing.
--
--     local log_steps = cl.sequences(log, { id = "customer", time = "when", value = "spent",
--       cutoffs = { "2025-06-01" }, steps = 12, outcome = { kind = "inactive", within = 60 } })
--     local prep = cl.prep():sequence { log = { "spent" } }
--     local net = nn.sequential():sequence { steps = 12, values = { "age", "gap", "spent" },
--       reverse = true }:gru(16):dense(1, { activation = "sigmoid" })
-- @module churnlab.sequences

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local windows = require("churnlab.windows")

local M = {}

-- Those of cl.windows that have nothing to do with its summaries.
local known = {
  id = "string", time = "string", known = "string", cutoffs = "table|string|userdata",
  gap = "number", outcome = "table", observed_until = "string", value = "table|string",
  category = "table|string", levels = "table", population = "table|string",
  customers = "table|userdata", missing = "string", steps = "number", prefix = "string",
  times = "table|string",
}

--- The last events of each customer at each cut-off.
-- @function cl.sequences
-- @tparam Frame events one row an event
-- @tparam table options
--
--   - `steps`: events a row at most, 1 to 1000
--   - `value`: amounts, one column or a list; `category`: columns whose levels become 0/1 numbers
--     of each event; `levels`: which, as of `cl.windows`
--   - `times` ({ "age", "gap" }): days before the cut-off, days since the event before; `{}` = none
--   - `prefix` ("seq"): how the columns begin
--   - `id`, `time`, `known`, `cutoffs`, `outcome`, `gap`, `observed_until`, `population`,
--     `customers`, `missing` as of `cl.windows`
-- @treturn Frame sorted by customer and `cutoff`, with the roles target, id and time; it joins to
-- that of `cl.windows` on both
-- @treturn integer rows left out by `missing = "skip"`
-- @raise what is wrong with an option
-- @usage
-- local steps = cl.sequences(log, { id = "customer", time = "when", value = "amount", steps = 3,
--   cutoffs = { "2025-06-01", "2025-09-01" }, outcome = { kind = "inactive", within = 60 } })
-- assert(steps:has("seq_3_amount") and steps:roles().target == "churned")
function M.sequences(events, options)
  local plain = {}
  for key, value in pairs(errors.options("sequences", options, known)) do plain[key] = value end
  if plain.steps == nil then errors.raise("sequences: expected the option 'steps'") end
  plain.sequence = { steps = plain.steps, prefix = plain.prefix, times = plain.times }
  plain.steps, plain.prefix, plain.times = nil, nil, nil
  plain.features = {}
  return windows.windows(events, plain)
end

return M
