--- Simulated customers: cl.simulate("bank" | "telco" | "events", { rows =, seed = }) → Frame.
--
-- "bank" and "telco" are tables of customers: they have the schema of two public churn sets (column
-- names, types, values) and margins like theirs; the customers come from the generative models
-- written down in simulate/bank.lua and simulate/telco.lua, whose numbers are our own. The outcome
-- is drawn with a known probability, so that what can be learned at best, the Bayes AUC, is known.
-- "events" is the log of a shop (simulate/events.lua) with a known hazard of leaving.
--
-- Each column draws from a stream of its own, keyed by (seed, column, block of 4,096 rows):
-- row i is the same for any number of rows.
-- @module churnlab.simulate

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
require("churnlab.frame") -- gives frames their verbs
local core = require("churnlab.core")
local rng = core.rng

local M = {}

local BLOCK = 4096
local ROWS_MAX = 10000000 -- ids stay unique up to here
local sets = { "bank", "events", "telco" }

-- Streams by purpose for one block of rows. The position in `purposes` is part of the key.
local function open_streams(purposes, seed, block)
  local streams = {}
  for position, purpose in ipairs(purposes) do
    streams[purpose] = rng.new(seed, position << 40 | block)
  end
  return streams
end

-- Fills one list per column.
local function draw_rows(schema, rows, seed)
  local lists = {}
  for k in ipairs(schema.columns) do lists[k] = table.move({}, 1, 0, 1, {}) end
  local streams
  for i = 1, rows do
    if (i - 1) % BLOCK == 0 then
      streams = open_streams(schema.purposes, seed, (i - 1) // BLOCK)
    end
    local row = schema.draw(streams, i, seed)
    for k, column in ipairs(schema.columns) do lists[k][i] = row[column.name] end
  end
  return lists
end

local function check_whole(name, value, low, high)
  local whole = math.tointeger(value)
  if not whole or whole < low or whole > high then
    errors.raise("simulate: option '%s': expected a whole number from %d to %d, got %s", name,
      low, high, tostring(value))
  end
  return whole
end

-- The frame of the drawn lists; with `truth` the probabilities too.
local function to_frame(schema, lists, rows, truth)
  local names, columns = {}, {}
  for k, column in ipairs(schema.columns) do
    if truth or column.name ~= "p_churn" then
      names[k], columns[k] = column.name, core.column.new(lists[k], column.type, rows)
    end
  end
  local roles = { target = schema.target, positive = schema.positive, id = schema.id }
  return core.frame.new(names, columns):with_roles(roles)
end

--- What is known of customers drawn with truth = true.
-- @local
-- @tparam Frame drawn
-- @treturn {rows=integer,churn=number,auc=number} churn is the share that left, auc the Bayes
--   AUC: that of the probabilities which the outcomes were drawn with
function M.summary(drawn)
  local labels, p = drawn:labels(), drawn:col("p_churn")
  return { rows = #drawn, churn = labels:mean(), auc = core.metrics.roc_auc(labels, p) }
end

--- Draws customers.
-- @function cl.simulate
-- @tparam string name "bank", "telco" or "events"
-- @tparam[opt] table options rows (1,000 customers), seed (1), truth (false): with true a table has
--   one more column, `p_churn`, the probability that the outcome was drawn with; a log has
--   `hazard`, that of leaving on any day, and `left`, the date
-- @treturn Frame with the roles target, positive and id; a log has no roles
-- @raise for an unknown name or option
-- @usage local bank = cl.simulate("bank", { rows = 1000, seed = 7 })
function M.simulate(name, options)
  if name ~= "bank" and name ~= "telco" and name ~= "events" then
    errors.unknown("simulate", "data set", name, sets)
  end
  options = errors.options("simulate", options,
    { rows = "number", seed = "number", truth = "boolean" })
  local rows = check_whole("rows", options.rows or 1000, 1, ROWS_MAX)
  local seed = check_whole("seed", options.seed or 1, 0, math.maxinteger)
  local schema = require("churnlab.simulate." .. name)
  if schema.make then return schema.make(rows, seed, options.truth) end
  return to_frame(schema, draw_rows(schema, rows, seed), rows, options.truth)
end

return M
