-- Frames that several specs work on.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")

local M = {}

--- A row of ordinary values, one of none, and two of extremes, in a column of every type.
-- @tparam string text the first row's string
-- @tparam string level the third row's category
function M.every_type(text, level)
  return cl.from_table({
    { i = 9007199254740993, f = 0.1, b = true, s = text, c = "gold", d = "2026-11-22",
      t = "2026-11-22T10:11:12.345678Z" },
    {},
    { i = math.mininteger, f = -1e300, b = false, s = "", c = level, d = "0001-02-28",
      t = "0001-02-28T00:00:00Z" },
    { i = math.maxinteger, f = 5, b = true, s = "007", c = "gold", d = "9999-12-31",
      t = "1969-12-31T23:59:59.999999Z" },
  }, {
    names = { "i", "f", "b", "s", "c", "d", "t" },
    types = { f = "f64", s = "string", c = "category", d = "date", t = "timestamp" },
  })
end

--- Five sales in two years; one city is missing.
function M.sales()
  return cl.from_table({
    city = { "Ulm", "Lyon", "Lyon", cl.NA, "Ulm" }, year = { 2025, 2025, 2026, 2026, 2026 },
    amount = { 10, 20, 30, 40, 50 }, pieces = { 1, 2, 3, 4, 5 },
  }, { names = { "city", "year", "amount", "pieces" }, types = { city = "category" } })
end

--- A column as a list, "NA" where it is missing.
function M.values(column) return column:to_table("NA") end

return M
