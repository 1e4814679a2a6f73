--- Parts of frames: split, folds, sample.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local folds = require("churnlab.folds")

local Frame = core.frame.methods

-- Positional numbers and named options of split, folds and sample.
local function named_options(where, spec, known)
  if type(spec) ~= "table" then
    errors.raise("%s: expected a table, got a %s", where, type(spec))
  end
  local numbers, options = {}, {}
  for key, value in pairs(spec) do
    if math.type(key) == "integer" then numbers[key] = value else options[key] = value end
  end
  return numbers, errors.options(where, options, known)
end

--- @type Frame

local options_known = { stratify = "string", group = "string", time = "string",
  embargo = "number", seed = "number" }

-- What `stratify`, `group`, `time` and `embargo` exclude.
local function check_together(where, options)
  local other = options.group and "group" or options.time and "time"
  if options.stratify and other then
    errors.raise("%s: expected 'stratify' or '%s', not both", where, other)
  end
  if options.embargo and not options.time then
    errors.raise("%s: option 'embargo' goes with 'time'", where)
  end
end

--- Parts of a frame: random ones, ones that keep a customer's rows together, or ones in the order
-- of time.
-- @tparam table spec shares adding up to 1, and options:
--
--   - `seed` (0); `stratify`: a column whose values keep their shares in every part
--   - `group`: a column, such as the customer's id: all rows with one value are in one part
--   - `time`: a column of dates or timestamps: each part begins after the one before has ended,
--     and rows of one moment stay together; `at = { "1998-01-01" }` instead of shares says when
--     the parts after the first begin; `embargo` days: a row is left out when its time + embargo
--     lies behind the start of the next part, so that outcomes which take so many days to be known
--     (gap + within of `cl.windows`) are known when the next part begins
--   - `group` and `time`: a part has its customers at its dates; all other rows are left out
-- @treturn Frame one for each part, rows in their old order; every row is in one of them unless
--   there is an embargo, or both group and time
-- @raise shares that do not add up to 1; an unknown column; fewer moments than parts
-- @usage
-- local some, rest = frame:split { 0.8, 0.2, stratify = "Exited", seed = 42 }
-- assert(#some + #rest == #frame)
-- local early, late = log:split { time = "when", at = { "2025-05-01" }, embargo = 30 }
-- assert(#early == 1 and #late == 2)
function Frame:split(spec)
  local known = { at = "table|string" }
  for name, type in pairs(options_known) do known[name] = type end
  local shares, options = named_options("split", spec, known)
  check_together("split", options)
  if options.at and (not options.time or #shares > 0 or options.group) then
    errors.raise("split: option 'at' goes with 'time' alone, instead of shares")
  end
  if options.time then
    return self:split_times(shares, options.at, options.time, options.embargo, options.group,
      options.seed)
  elseif options.group then
    return self:split_groups(shares, options.group, options.seed)
  end
  return self:split_by(shares, options.stratify, options.seed)
end

--- Cross-validation: each row is tested once. With `time`, an expanding window: the frame is cut
-- into one part more than folds in the order of time, fold k is part k + 1, and what is outside of
-- it are the parts before; the first part is never tested.
-- @tparam table spec `k`, the number of folds (or as first item), and options:
--
--   - `seed` (0); `repeats` (1): so many times over, each with folds of its own (those of seed,
--     seed + 1 …)
--   - `stratify`: a column whose values keep their shares in every fold
--   - `group`: a column, such as the customer's id: all rows with one value are in one fold. With
--     `stratify` the groups are dealt so that its values spread evenly
--   - `time`, a column of dates or timestamps, and `embargo` days: as in `Frame:split`
-- @treturn function an iterator over 1 … k·repeats, the rows outside (or before) the fold and those
--   in it, in their old order
-- @raise fewer rows, groups or moments than folds; options that do not go together
-- @usage for k, outside, inside in frame:folds { k = 5, stratify = "Exited", seed = 1 } do
--   print(k, #outside, #inside)
-- end
function Frame:folds(spec)
  local numbers, options = named_options("folds", spec, folds.known)
  if numbers[1] ~= nil and options.k ~= nil then
    errors.raise("folds: the number of folds is given twice, first and as 'k'")
  end
  local given = setmetatable({ k = options.k or numbers[1] }, { __index = options })
  if given.k == nil then errors.raise("folds: expected the number of folds (k = 5), got none") end
  local plan, i = folds.plan("folds", self, given), 0
  return function()
    i = i + 1
    if i > plan.count then return nil end
    return i, plan.parts(i)
  end
end

--- n random rows without repetition, in the frame's order.
-- @tparam integer n from 0 to the number of rows
-- @tparam[opt] table options `seed` (0)
-- @treturn Frame
-- @raise when n is larger than the frame
-- @usage #frame:sample(100, { seed = 7 }) == 100
function Frame:sample(n, options)
  options = errors.options("sample", options, { seed = "number" })
  return self:sample_rows(n, options.seed)
end

return Frame
