-- What several specs share: frames to work on, what a call says that fails, files, threads.
-- SPDX-License-Identifier: MIT
local assert = require("luassert")
local cl = require("churnlab")
local core = require("churnlab.core")

local M = {}

-- ---- frames ----

--- Simulated customers of a bank, without the columns that only name them.
function M.customers(rows, seed)
  return cl.simulate("bank", { rows = rows, seed = seed }):drop("RowNumber", "Surname")
end

--- A prep that makes any frame numbers.
function M.prep() return cl.prep():impute():onehot():scale() end

--- f(1), … f(n) as a list.
function M.repeated(n, f)
  local list = {}
  for i = 1, n do list[i] = f(i) end
  return list
end

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

-- ---- calls ----

--- What a call says that must fail.
function M.message_of(f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  return tostring(message)
end

--- The call must fail, and say this.
function M.fails(text, f, ...)
  local message = M.message_of(f, ...)
  assert.truthy(message:find(text, 1, true), message .. " lacks " .. text)
end

--- What f returns when it runs on n threads.
function M.with_threads(n, f)
  local before = core.control.threads()
  core.control.threads(n)
  local results = table.pack(pcall(f))
  core.control.threads(before)
  assert(results[1], results[2])
  return table.unpack(results, 2, results.n)
end

-- ---- files ----

function M.read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

function M.write_file(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

-- ---- models ----

--- Saved and loaded, a model is the same.
function M.check_reloads(model)
  local path = os.tmpname()
  assert(model:save(path))
  assert.are.equal(model:hash(), cl.load(path):hash())
  os.remove(path)
end

return M
