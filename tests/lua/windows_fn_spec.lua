-- SPDX-License-Identifier: MIT
-- Window functions: against pandas (tests/golden/windows_fn.py), at their bounds, and the text of
-- their errors.
local cl = require("churnlab")
local core = require("churnlab.core")
local fails = require("fixtures").fails

local function list(column)
  return column:to_table(cl.NA)
end

local function near(a, b)
  if type(a) ~= "number" or type(b) ~= "number" then return a == b end
  return math.abs(a - b) <= 1e-9 * math.max(1, math.abs(a), math.abs(b))
end

describe("window functions", function()
  local golden = cl.read_csv("tests/golden/windows_fn.csv")
  local contexts = {
    g = golden:group("id"):order("t"), d = golden:group("id"):order("day"),
    o = golden:order("day"), r = golden:group("id"),
  }

  local function differences(threads)
    local before = core.control.threads(threads)
    local found, checked = {}, 0
    for _, name in ipairs(golden:columns()) do
      local context, expression = name:match("^(%a)|(.*)$")
      if context then
        checked = checked + 1
        local got = contexts[context]:derive { got = expression }.got
        local want = golden:col(name)
        for i = 1, #golden do
          if not near(got[i], want[i]) then
            found[#found + 1] = ("%s row %d: got %s, pandas %s"):format(name, i, got[i], want[i])
            break
          end
        end
      end
    end
    core.control.threads(before)
    return found, checked
  end

  it("equal pandas on random groups", function()
    local found, checked = differences(2)
    assert.are.equal("", table.concat(found, "\n"))
    assert.is_true(checked > 140)
  end)

  local visits = cl.from_table({
    { id = "b", day = "2026-01-05", amount = 4 }, { id = "a", day = "2026-01-31", amount = 1 },
    { id = "b", day = "2026-01-01", amount = 7 }, { id = "a", day = "2026-01-01", amount = 5 },
    { id = "a", day = "2026-01-31", amount = 2 },
  }, { types = { id = "string", day = "date" } })

  it("keep the frame's order, ties in the frame's order", function()
    local got = visits:group("id"):order("day"):derive {
      n = "row_number()", prev = "lag(amount)", nxt = "lead(amount, 1, -1)",
      place = "rank()", total = "cumsum(amount)", share = "amount / sum(amount)",
    }
    assert.are.same({ 2, 2, 1, 1, 3 }, list(got.n))
    assert.are.same({ 7, 5, cl.NA, cl.NA, 1 }, list(got.prev))
    assert.are.same({ -1, 2, 4, 1, -1 }, list(got.nxt))
    assert.are.same({ 2, 2, 1, 1, 2 }, list(got.place))
    assert.are.same({ 11, 6, 7, 5, 8 }, list(got.total))
    assert.are.equal(4 / 11, got.share[1])
    assert.are.same(visits:columns(), got:select("amount", "day", "id"):columns())
  end)

  it("order downwards, filter, and give one row a group", function()
    local latest = visits:group("id"):order("day", { desc = true }):filter("row_number() == 1")
    assert.are.same({ 4, 1 }, list(latest.amount))
    local best = visits:group("id"):filter("amount == max(amount)")
    assert.are.same({ 7, 5 }, list(best.amount))
    local figures = visits:group("id"):order("day"):agg {
      { "from", "first(amount)" }, { "to", "last(amount)" }, { "gap", "max(diff(day))" },
    }
    assert.are.same({ 5, 7 }, list(figures.from))
    assert.are.same({ 2, 4 }, list(figures.to))
    assert.are.same({ 30, 4 }, list(figures.gap))
    assert.are.equal(1, visits:group("id"):agg { x = "first(amount)" }.x[1]) -- the frame's order
  end)

  it("move by days: what is exactly so old is out, equal times count up to the row", function()
    local got = visits:group("id"):order("day"):derive {
      month = "rolling_sum(amount, days(30))", longer = "rolling_sum(amount, days(31))",
      two = "rolling_count(amount, days(1))", needs = "rolling_sum(amount, weeks(5), 3)",
    }
    assert.are.same({ 11, 1, 7, 5, 3 }, list(got.month))
    assert.are.same({ 11, 6, 7, 5, 8 }, list(got.longer))
    assert.are.same({ 1, 1, 1, 1, 2 }, list(got.two))
    assert.are.same({ cl.NA, cl.NA, cl.NA, cl.NA, 8 }, list(got.needs))
    local clock = cl.from_table({ at = { "2026-01-01 10:00:00", "2026-01-01 10:00:30",
      "2026-01-01 10:01:00", cl.NA }, x = { 1, 2, 4, 8 } }, { types = { at = "timestamp" } })
    assert.are.same({ 1, 3, 6, cl.NA }, list(clock:order("at"):derive {
      s = "rolling_sum(x, minutes(1))" }.s))
    assert.are.same({ cl.NA, 30 / 86400, 30 / 86400, cl.NA },
      list(clock:order("at"):derive { s = "diff(at)" }.s))
  end)

  it("work on no rows, no groups, one row, and other types", function()
    local none = visits:filter("amount > 100")
    assert.are.equal(0, #none:group("id"):order("day"):derive { x = "rolling_std(amount, 3)" })
    assert.are.equal("date", none:order("day"):derive { x = "lag(day)" }.x:type())
    assert.are.equal(0, #none:group("id"):filter("rank(amount) == 1"))
    local got = visits:head(1):order("day"):derive {
      p = "percent_rank(amount)", m = "rolling_median(amount, 5, 1)", far = "lag(id, 1000, '?')",
      day = "cummax(day)",
    }
    assert.are.same({ 0.0, 4.0, "?" }, { got.p[1], got.m[1], got.far[1] })
    assert.are.equal("2026-01-05", got.day[1])
    local plans = cl.from_table({ t = { 1, 2, 3 }, plan = { "x", "y", cl.NA } },
      { types = { plan = "category" } }):order("t")
    local moved = plans:derive { p = "lag(plan, 1, 'new')", f = "ffill(plan)" }
    assert.are.same({ "new", "x", "y" }, list(moved.p))
    assert.are.equal("category", moved.p:type())
    assert.are.same({ "x", "y", "y" }, list(moved.f))
  end)

  it("keep integers exact", function()
    local big = math.maxinteger
    local frame = cl.from_table({ t = { 1, 2, 3, 4, 5 }, x = { big, 1, -5, math.mininteger, 7 } })
    local got = frame:order("t"):derive {
      c = "cumsum(x)", r = "rolling_sum(x, 2)", d = "diff(x)", m = "rolling_max(x, 2, 1)",
    }
    assert.are.same({ big, cl.NA, big - 4, -5, 2 }, list(got.c))
    assert.are.same({ cl.NA, cl.NA, -4, cl.NA, math.mininteger + 7 }, list(got.r))
    assert.are.same({ cl.NA, 1 - big, -6, math.mininteger + 5, cl.NA }, list(got.d))
    assert.are.same({ big, big, 1, -5, 7 }, list(got.m))
  end)

  it("forget what has left the window", function()
    local x = { 1e16, 1, 1e-3, 2e-3, 3e-3, 1e300, 1e300, 0.5, 0.25 }
    local got = cl.from_table { t = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, x = x }:order("t"):derive {
      s = "rolling_sum(x, 2)", sd = "rolling_std(x, 2)",
    }
    assert.are.equal(1e-3 + 2e-3, got.s[4])
    assert.are.equal(0.75, got.s[9])
    assert.is_true(near(0.25 / math.sqrt(2), got.sd[9]))
  end)

  it("say what is wrong, and where", function()
    local by_id = visits:group("id")
    local function derive(group, e) return function() group:derive { x = e } end end
    fails([[expression "lag(amount)": position 1: window function 'lag': expected rows in groups]],
      derive(visits, "lag(amount)"))
    fails("unknown column 'amunt' (did you mean 'amount'?)", derive(by_id, "lag(amunt)"))
    fails("position 13: function 'lag': expected a whole number from 0 on, got number -1",
      derive(by_id, "lag(amount, -1)"))
    fails("function 'rolling_sum': expected a whole number from 1 on, got column 'amount' (i64)",
      derive(by_id, "rolling_sum(amount, amount)"))
    fails("function 'rank': expected rank(x), or rows in order", derive(by_id, "rank()"))
    fails([[function 'rank': expected "asc" or "desc", got text "down"]],
      derive(by_id, "rank(amount, 'down')"))
    fails("function 'days': expected rows in rising order of a date or timestamp",
      derive(by_id:order("amount"), "rolling_sum(amount, days(3))"))
    fails("function 'days': expected rows in rising order of a date or timestamp",
      derive(by_id:order("day", { desc = true }), "rolling_sum(amount, days(3))"))
    fails("function 'days': expected a number above 0", derive(by_id:order("day"),
      "rolling_sum(amount, days(0))"))
    fails("function 'days': expected only as the width of a moving window",
      derive(by_id, "amount + days(1)"))
    fails("function 'cumsum': expected a number, got column 'id' (string)",
      derive(by_id, "cumsum(id)"))
    fails("window function 'lag' has many values a group: expected it inside of an aggregate",
      function() by_id:order("day"):agg { x = "lag(amount)" } end)
    fails("order: unknown column 'dya' (did you mean 'day'?)", derive(by_id:order("dya"), "1"))
    fails("order: expected at least one column", function() visits:order() end)
    fails("order: unknown key in desc 'x'", function() visits:order("day", { desc = { "x" } }) end)
  end)
end)
