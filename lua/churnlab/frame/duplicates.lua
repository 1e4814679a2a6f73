--- Rows that repeat others: distinct, drop_duplicates, duplicated.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local Frame = core.frame.methods

local keeps = { "first", "last", "none" }

local function staying(frame, where, options)
  options = errors.options(where, options,
    { on = "string|table", keep = "string", order = "string" })
  local keep, known = options.keep or "first", false
  for _, word in ipairs(keeps) do known = known or word == keep end
  if not known then errors.unknown(where, "keep", keep, keeps) end
  return frame:unrepeated_by(options.on or {}, keep, options.order)
end

--- @type Frame

--- The different rows, each once, in the order of their first appearance; missing equals missing.
-- @tparam string ... the columns to keep (or one list of them); none: all
-- @treturn Frame
-- @raise an unknown column with a suggestion
-- @usage #frame:distinct("Geography", "Gender") == frame:n_distinct("Geography", "Gender")
function Frame:distinct(...)
  local frame = select("#", ...) > 0 and self:select(...) or self
  return frame:filter_by(frame:unrepeated_by({}, "first"))
end

--- One row of those with the same key, in the order of the frame; missing equals missing.
-- @tparam[opt] table options
--
--   - `on`: the key column or columns; none: all columns
--   - `keep`: "first" (default), "last", or "none": only rows whose key occurs once
--   - `order`: a column whose least value is meant by first and whose greatest by last (equal
--     ones: the order of the frame); a row without a value stays only if no other row of the key
--     has one. Without it the order of the frame counts.
-- @treturn Frame
-- @raise unknown columns and options with a suggestion
-- @usage frame:drop_duplicates { on = "CustomerId", keep = "last", order = "Tenure" }
function Frame:drop_duplicates(options)
  return self:filter_by(staying(self, "drop_duplicates", options))
end

--- Which rows `Frame:drop_duplicates` would drop.
-- @tparam[opt] table options the same as there
-- @treturn Column bool
-- @usage frame:duplicated({ on = "CustomerId" }):n_distinct() >= 1
function Frame:duplicated(options)
  local kept = core.frame.new({ "kept" }, { staying(self, "duplicated", options) })
  return core.expr.eval(kept, "not kept")
end

return Frame
