-- The event log of a shop in 2025: the generative model behind cl.simulate("events").
--
-- Half of the customers are there on 1 January, the others arrive evenly until 27 October. A
-- customer has a pace of 0.12 exp(0.6 a) events a day and a mean order of 30 exp(0.5 b), a and b
-- normal; 30 % are unhappy. The hazard of leaving is the same on every day of a customer's life,
--
--     h = 0.004 exp(-0.5 a + 0.8 unhappy) a day,
--
-- so that whoever is there at t leaves within n days with probability 1 - exp(-h n). Events come as
-- a Poisson process from the arrival on, which is an event itself; in the last 30 days before
-- leaving two of three are dropped. They are visits (70 %), orders and complaints (2 %, unhappy
-- 12 %); half of those who leave send a cancellation on that day. One event in ten reaches the log
-- 1 to 30 days late (`loaded_at`). The log ends on 31 December.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local d = require("churnlab.simulate.draw")

local M = {}

local FIRST_DAY = 20089 -- 2025-01-01
local DAYS = 365
local STREAM = 100      -- position of the stream among those of all sets: append only

local function customer(i, seed)
  local s = core.rng.new(seed, STREAM << 40 | i)
  local c = { name = ("C%07d"):format(i), stream = s }
  local u = s:uniform()
  c.arrival = u < 0.5 and 0 or math.floor(600 * (u - 0.5))
  local a, b = s:normal(), s:normal()
  c.unhappy = d.chance(s, 0.3)
  c.pace, c.order = 0.12 * math.exp(0.6 * a), 30 * math.exp(0.5 * b)
  c.hazard = 0.004 * math.exp(-0.5 * a + (c.unhappy and 0.8 or 0))
  c.left = c.arrival - math.log(1 - s:uniform()) / c.hazard
  return c
end

local function kind(c)
  local u, complaints = c.stream:uniform(), c.unhappy and 0.12 or 0.02
  return u < 0.7 and "visit" or u < 1 - complaints and "order" or "complaint"
end

local function add(lists, c, day, type)
  local s, n = c.stream, #lists.customer + 1
  lists.customer[n], lists.type[n] = c.name, type
  lists.when[n] = FIRST_DAY + math.floor(day)
  lists.amount[n] = type == "order" and d.round(c.order * math.exp(0.4 * s:normal()), 100)
    or core.NA
  lists.loaded_at[n] = lists.when[n] + (d.chance(s, 0.1) and s:integer(30) or 0)
  lists.hazard[n] = c.hazard
  lists.left[n] = c.left < DAYS and FIRST_DAY + math.floor(c.left) or core.NA
end

local function add_events(lists, c)
  local stop, day = math.min(c.left, DAYS), c.arrival
  add(lists, c, day, "visit")
  while true do
    day = day - math.log(1 - c.stream:uniform()) / c.pace
    if day >= stop then break end
    if c.left - day >= 30 or d.chance(c.stream, 1 / 3) then add(lists, c, day, kind(c)) end
  end
  if c.left < DAYS and d.chance(c.stream, 0.5) then add(lists, c, c.left, "cancel") end
end

local types = { customer = "string", when = "date", type = "category", amount = "f64",
  loaded_at = "date", hazard = "f64", left = "date" }
local names = { "customer", "when", "type", "amount", "loaded_at", "hazard", "left" }

--- The log, sorted by day and customer.
-- @tparam integer customers
-- @tparam integer seed
-- @tparam[opt] boolean truth with `hazard` (a day) and `left` (the date of leaving)
function M.make(customers, seed, truth)
  local lists, columns = {}, {}
  for _, name in ipairs(names) do lists[name] = {} end
  for i = 1, customers do add_events(lists, customer(i, seed)) end
  for k, name in ipairs(names) do
    local type = types[name]
    local made = core.column.new(lists[name], type == "date" and "i64" or type, #lists.customer)
    columns[k] = type == "date" and made:cast("date") or made
  end
  local log = core.frame.new(names, columns):sort("when", "customer")
  return truth and log or log:drop("hazard", "left")
end

return M
