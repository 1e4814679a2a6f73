--- Random parts of frames: split, folds, sample.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

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

--- Random parts; every row is in one of them.
-- @tparam table spec shares adding up to 1; `stratify`: a column whose values keep their shares in
-- every part; `seed` (0)
-- @treturn Frame one for each share, rows in their old order
-- @raise shares that do not add up to 1; an unknown column
-- @usage
-- local some, rest = frame:split { 0.8, 0.2, stratify = "Exited", seed = 42 }
-- assert(#some + #rest == #frame)
function Frame:split(spec)
  local shares, options = named_options("split", spec, { stratify = "string", seed = "number" })
  return self:split_by(shares, options.stratify, options.seed)
end

--- Cross-validation: each row is tested once.
-- @tparam table spec the number of folds; `stratify`, `seed` as in `Frame:split`
-- @treturn function an iterator over k, the rows outside fold k and those in it
-- @usage for k, outside, inside in frame:folds { 5, stratify = "Exited", seed = 1 } do
--   print(k, #outside, #inside)
-- end
function Frame:folds(spec)
  local numbers, options = named_options("folds", spec, { stratify = "string", seed = "number" })
  if math.type(numbers[1]) ~= "integer" then
    errors.raise("folds: expected the number of folds first, got %s", tostring(numbers[1]))
  end
  local count, k = numbers[1], 0
  local fold = self:fold_numbers(count, options.stratify, options.seed)
  return function()
    k = k + 1
    if k > count then return nil end
    return k, self:partition(fold, k)
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
