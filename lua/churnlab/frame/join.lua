--- Frames beside each other by keys and times: join, asof_join.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local Frame = core.frame.methods

local hows = { "inner", "left", "full", "semi", "anti" }
local rules = { "many_to_many", "many_to_one", "one_to_many", "one_to_one" }

local directions = { "backward", "forward", "nearest" }

local function one_of(where, option, value, names)
  for _, name in ipairs(names) do
    if value == name then return value end
  end
  errors.unknown(where, option, value, names)
end

local function check_key(where, left, right)
  if type(left) ~= "string" or type(right) ~= "string" then
    errors.raise("%s: on: expected column names, got a %s", where,
      type(type(left) ~= "string" and left or right))
  end
end

-- on = "id", { "a", "b" } or { id = "customer_id" }, in any mixture, as two lists of names.
local function key_lists(where, on, may_be_empty)
  if type(on) == "string" then on = { on } end
  if type(on) ~= "table" then
    errors.raise("%s: on: expected a column name or a table of them, got %s", where,
      on == nil and "nothing" or "a " .. type(on))
  end
  local left, right, named = {}, {}, {}
  for _, name in ipairs(on) do
    check_key(where, name, name)
    left[#left + 1], right[#right + 1] = name, name
  end
  for name, partner in pairs(on) do
    if math.type(name) ~= "integer" then
      check_key(where, name, partner)
      named[#named + 1] = name
    end
  end
  table.sort(named)
  for _, name in ipairs(named) do
    left[#left + 1], right[#right + 1] = name, on[name]
  end
  if #left == 0 and not may_be_empty then
    errors.raise("%s: on: expected at least one column", where)
  end
  return left, right
end

local function suffixes(where, suffix)
  if suffix == nil then return "", "_right" end
  if type(suffix) == "string" then return "", suffix end
  local left, right = suffix[1], suffix[2]
  if type(left) ~= "string" or type(right) ~= "string" or #suffix ~= 2 then
    errors.raise("%s: suffix: expected one text or { left, right }", where)
  end
  return left, right
end

local function check_frame(where, value)
  local meta = type(value) == "userdata" and getmetatable(value)
  if not meta or meta.__name ~= "churnlab.Frame" then
    errors.raise("%s: expected a frame to join with, got a %s", where, type(value))
  end
end

--- @type Frame

--- Rows of two frames with equal keys side by side.
--
-- The rows come in the order of this frame, those of one row in the order of `right`; a full join
-- appends the rows of `right` that have no partner, in their order. The columns are all of this
-- frame, then those of `right` without its keys. A missing key equals nothing, not even another
-- missing one: such a row is kept by left, full and anti, and dropped by inner and semi. i64 and
-- f64 keys compare exactly, categories and strings by their text; other pairs of types are an
-- error. In a full join the key columns hold the keys of both frames. Roles are those of this
-- frame.
-- @tparam Frame right
-- @tparam table options
--
--   - `on`: the key, `"id"`, keys `{ "a", "b" }`, or names on both sides
--     `{ id = "customer_id" }`
--   - `how`: "inner" (default); "left", "full": also without a partner; "semi", "anti": the rows
--     of this frame with and without a partner, each once
--   - `validate`: "one_to_one", "one_to_many", "many_to_one" (each key once in `right`) or
--     "many_to_many" (default)
--   - `suffix`: put behind the names of `right` that this frame has as well ("_right"), or
--     `{ "_x", "_y" }` for both
-- @treturn Frame
-- @raise unknown columns and options with a suggestion; keys whose types do not compare; a
-- repeated key with its rows where `validate` forbids it; more than 2^36 rows
-- @usage
-- local plans = cl.from_table { { Geography = "France", plan = "A" },
--   { Geography = "Spain", plan = "B" } }
-- local both = frame:join(plans, { on = "Geography", how = "left", validate = "many_to_one" })
-- assert(#both == #frame and both:has("plan"))
function Frame:join(right, options)
  check_frame("join", right)
  options = errors.options("join", options,
    { on = "string|table", how = "string", validate = "string", suffix = "string|table" })
  local how = one_of("join", "how", options.how or "inner", hows)
  local rule = one_of("join", "validate", options.validate or "many_to_many", rules)
  local left_on, right_on = key_lists("join", options.on)
  return self:join_by(right, left_on, right_on, how, rule, suffixes("join", options.suffix))
end

-- The seconds of "90 minutes", "1.5 hours", "30 days".
local seconds = { second = 1, minute = 60, hour = 3600, day = 86400, week = 604800 }

local function duration(text)
  local count, unit = text:match("^%s*(%d+%.?%d*)%s*(%a+)%s*$")
  local size = unit and seconds[unit:lower():gsub("s$", "")]
  if not size then
    errors.raise("asof_join: tolerance: expected such as \"30 days\", got \"%s\"", text)
  end
  return tonumber(count) * size
end

-- In the unit of the time column: days for dates, seconds for timestamps.
local function tolerance(frame, time, value)
  if type(value) ~= "string" then return value end
  local kind = frame:type(time)
  if kind == "date" then return duration(value) / seconds.day end
  if kind == "timestamp" then return duration(value) end
  errors.raise("asof_join: tolerance: expected a number, as '%s' is %s, got \"%s\"", time, kind,
    value)
end

local function time_names(time)
  if type(time) == "string" then return time, time end
  local left, right
  if type(time) == "table" then left, right = time.left, time.right end
  if type(left) ~= "string" or type(right) ~= "string" then
    errors.raise("asof_join: time: expected a column name or { left =, right = }")
  end
  return left, right
end

--- Beside each row the event that was the latest at its time.
--
-- Every row of this frame is kept, once and in its order; it gets the columns of the event (its
-- time as well, but not the keys), missing when there is none. Neither frame needs to be sorted.
-- Of events at the same time the last one in the order of `events` counts. A row without a time
-- or a key has no event, and such an event belongs to no row.
-- @tparam Frame events
-- @tparam table options
--
--   - `time`: the column of the time in both frames, or `{ left = "seen", right = "when" }`; both
--     date, timestamp, i64 or f64
--   - `on`: keys as in `Frame:join`, such as the customer; none: any event counts
--   - `direction`: "backward" (default), "forward" (the earliest event at or after the row's
--     time), "nearest" (of two that are as near the one before)
--   - `strict`: true = an event at the row's own time does not count
--   - `tolerance`: how far away an event may be at most: a text such as `"30 days"`, `"12 hours"`
--     or a number, of days for dates, of seconds for timestamps
--   - `suffix`: as in `Frame:join`
-- @treturn Frame
-- @raise unknown columns and options with a suggestion; times of different types
-- @usage
-- local visits = cl.from_table({ { id = 1, day = 10 }, { id = 1, day = 20 } })
-- local calls = cl.from_table({ { id = 1, day = 12, topic = "price" }, { id = 1, day = 19,
--   topic = "leaving" } })
-- local seen = visits:asof_join(calls, { on = "id", time = "day" })
-- assert(seen.topic[1] == nil and seen.topic[2] == "leaving" and seen.day_right[2] == 19)
function Frame:asof_join(events, options)
  check_frame("asof_join", events)
  options = errors.options("asof_join", options,
    { on = "string|table", time = "string|table", tolerance = "string|number",
      direction = "string", strict = "boolean", suffix = "string|table" })
  local direction = one_of("asof_join", "direction", options.direction or "backward", directions)
  local left_on, right_on = key_lists("asof_join", options.on or {}, true)
  local left_time, right_time = time_names(options.time)
  return self:asof_join_by(events, left_on, right_on, left_time, right_time, direction,
    options.strict or false, tolerance(self, left_time, options.tolerance),
    suffixes("asof_join", options.suffix))
end

return Frame
