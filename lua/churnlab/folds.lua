-- Which rows each fold trains on and tests: what Frame:folds iterates over and cl.crossval runs.
-- A plan knows row numbers, so that out-of-fold predictions find their rows.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

M.known = { k = "number", stratify = "string", group = "string", time = "string",
  embargo = "number", seed = "number", repeats = "number" }

local FOLDS_MAX, REPEATS_MAX = 999, 1000

local function whole(where, name, value, least, most)
  if math.type(value) ~= "integer" or value < least or value > most then
    errors.raise("%s: option '%s': expected a whole number from %d to %d, got %s", where, name,
      least, most, tostring(value))
  end
  return value
end

-- What goes with `time`: nothing that deals rows at random.
local function check_together(where, options)
  if options.embargo and not options.time then
    errors.raise("%s: option 'embargo' goes with 'time'", where)
  end
  for _, name in ipairs { "stratify", "group" } do
    if options.time and options[name] then
      errors.raise("%s: expected '%s' or 'time', not both", where, name)
    end
  end
  if options.time and options.repeats and options.repeats > 1 then
    errors.raise("%s: option 'repeats': folds by time are one order, not a draw", where)
  end
end

-- The fold that tests each row, a column for each repeat; 0 = never tested.
local function numbers_of(frame, options)
  if options.time then return { frame:time_fold_numbers(options.k, options.time) } end
  if options.blocks then return { frame:time_fold_numbers(options.k - 1, options.blocks) } end
  local numbers = {}
  for r = 1, options.repeats do
    numbers[r] = frame:fold_numbers(options.k, options.stratify, options.seed + r - 1,
      options.group)
  end
  return numbers
end

--- The folds of a frame.
-- @tparam string where the function, for messages
-- @tparam Frame frame
-- @tparam table options k, stratify, group, time, embargo, seed, repeats (types are checked);
--   `blocks`: a column of times: each fold tests one of k parts in its order, the others train
-- @treturn table `count` = k × repeats; `k`, `repeats`; `numbers` (a Column for each repeat);
--   `parts(i)` → the rows that fold i trains on, those it tests; `rows(i)` → numbers of the
--   tested rows; `place(i)` → repeat, fold
function M.plan(where, frame, options)
  options = setmetatable({ seed = options.seed or 0, repeats = options.repeats or 1 },
    { __index = options })
  whole(where, "k", options.k, options.time and 1 or 2, options.time and FOLDS_MAX or 1 << 30)
  whole(where, "repeats", options.repeats, 1, REPEATS_MAX)
  check_together(where, options)
  local k = options.k
  local plan = { k = k, repeats = options.repeats, count = k * options.repeats,
    numbers = numbers_of(frame, options) }
  local first = options.blocks and 0 or 1
  local function place(i) return plan.numbers[(i - 1) // k + 1], (i - 1) % k + first end
  function plan.parts(i)
    local numbers, fold = place(i)
    if options.time then return frame:time_fold(k, fold, options.time, options.embargo) end
    return frame:partition(numbers, fold)
  end
  function plan.place(i) return (i - 1) // k + 1, (i - 1) % k + 1 end
  function plan.rows(i)
    local numbers, fold = place(i)
    local rows = {}
    for row, number in ipairs(numbers:to_table()) do
      if number == fold then rows[#rows + 1] = row end
    end
    return rows
  end
  return plan
end

return M
