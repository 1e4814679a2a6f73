-- cl.windows: against pandas (tests/golden/windows.py), by hand at the edges, and what it refuses.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

local function golden()
  local file = assert(io.open("tests/golden/windows.json"))
  local text = file:read("a")
  file:close()
  return core.json.decode(text).cases
end

local function read_log(case)
  local types = { customer = "string", when = case.time, type = "category", amount = "f64" }
  if case.options.known then types.loaded_at = case.time end
  return core.frame.parse_csv(case.csv, { types = types })
end

local function log_of(rows, type)
  return cl.from_table(rows, { types = { when = type or "date", customer = "string" } })
end

describe("windows", function()
  for _, case in ipairs(golden()) do
    it("as pandas: " .. case.name, function()
      local frame = cl.windows(read_log(case), case.options)
      assert.are.same(case.columns, frame:columns())
      assert.are.equal(#case.rows, #frame)
      for k, name in ipairs(case.columns) do
        local column = frame:col(name)
        for i, row in ipairs(case.rows) do
          local want, got, where = row[k], column[i], ("%s of row %d"):format(name, i)
          if want == cl.NA then want = nil end
          if type(want) == "number" and got then
            local close = math.abs(got - want) <= 1e-9 * math.max(1, math.abs(want))
            assert.is_true(close, ("%s: %s, expected %s"):format(where, got, want))
          else
            assert.are.equal(want, got, where)
          end
        end
      end
    end)
  end

  it("as SQLite, on random logs", function()
    local query = [[
      SELECT customer,
        julianday($1) - julianday(max("when")) AS recency,
        julianday($1) - julianday(min("when")) AS tenure,
        count(*) AS count_all,
        count(*) FILTER (WHERE near) AS count_45d,
        count(DISTINCT "when") FILTER (WHERE near) AS days,
        coalesce(sum(amount) FILTER (WHERE near), 0.0) AS amount_sum_45d,
        avg(amount) AS amount_mean_all, min(amount) AS amount_min_all,
        max(amount) FILTER (WHERE near) AS amount_max_45d,
        count(*) FILTER (WHERE type = 'order' AND near) AS type_order_45d
      FROM (SELECT *, "when" >= date($1, '-45 days') AS near FROM log
            WHERE "when" < $1 AND loaded_at < $1)
      GROUP BY customer ORDER BY customer]]
    for seed = 1, 3 do
      local log = cl.simulate("events", { rows = 80, seed = seed })
      local db <close> = cl.sql.open("sqlite::memory:")
      assert(log:write_sql(db, "log"))
      local ours = cl.windows(log, { id = "customer", time = "when", known = "loaded_at",
        value = "amount", category = "type", cutoffs = "2025-08-15", lookback = { 45, "all" } })
      ours = ours:derive { days = "active_45d * min(45, tenure)" }
      local sql = cl.read_sql(db, query, { params = { "2025-08-15" } })
      assert.are.same(sql:col("customer"):to_table(), ours:col("customer"):to_table())
      for _, name in ipairs(sql:columns()) do
        local differing = core.leakage.compare(sql:col(name), ours:col(name), 1e-12)
        assert.are.equal(0, differing, name)
      end
    end
  end)

  -- One customer "a" with events on these days; the row at the one cut-off.
  local function at(days, cutoff, options)
    local rows = {}
    for i, day in ipairs(days) do rows[i] = { customer = "a", when = day } end
    options = options or {}
    options.id, options.time, options.cutoffs = "customer", "when", cutoff
    local frame = cl.windows(log_of(rows), options)
    return #frame > 0 and frame:row(1):to_table() or nil
  end

  it("hold their beginning and not their end", function()
    local row = at({ "2025-01-01", "2025-01-31" }, "2025-01-31", { lookback = { 30, 29, "all" } })
    assert.are.equal(1, row.count_30d) -- the event at t - 30 is in, the one at t is not
    assert.are.equal(0, row.count_29d)
    assert.are.equal(1, row.count_all)
    assert.are.equal(30, row.recency)
    assert.is_nil(row.amount_sum_30d)
    assert.is_nil(row.churned)
    assert.is_nil(at({ "2025-01-31" }, "2025-01-31")) -- nobody was seen before t
  end)

  it("look for the outcome from t + gap on, and before its end", function()
    local function churned(day, gap)
      return at({ "2025-01-01", day, "2025-12-31" }, "2025-02-01",
        { gap = gap, outcome = { kind = "inactive", within = 10 } }).churned
    end
    assert.is_false(churned("2025-02-01", 0))    -- at the cut-off: no feature, the first outcome
    assert.is_true(churned("2025-02-01", 7))     -- in the gap: neither
    assert.is_true(churned("2025-02-07", 7))
    assert.is_false(churned("2025-02-08", 7))    -- at t + gap
    assert.is_false(churned("2025-02-17", 7))
    assert.is_true(churned("2025-02-18", 7))     -- at t + gap + within
  end)

  it("give no label where the log ends before the outcome window does", function()
    local function churned(last, until_)
      return at({ "2025-01-01", last }, "2025-02-01",
        { observed_until = until_, outcome = { kind = "inactive", within = 10 } }).churned
    end
    assert.is_false(churned("2025-02-10"))       -- its last day is 10 February
    assert.is_nil(churned("2025-02-09"))         -- although something happened
    assert.is_true(churned("2025-01-02", "2025-02-10"))
    assert.is_nil(churned("2025-01-02", "2025-02-09"))
  end)

  it("do not know what was loaded at the cut-off or later", function()
    local log = cl.from_table({
      { customer = "a", when = "2025-01-01", loaded = "2025-01-01", n = 1 },
      { customer = "a", when = "2025-01-02", loaded = "2025-02-01", n = 10 },
      { customer = "a", when = "2025-01-03", loaded = "2025-01-31", n = 100 },
      { customer = "b", when = "2025-01-03", loaded = "2025-03-01", n = 100 },
    }, { types = { when = "date", loaded = "date" } })
    local frame = cl.windows(log, { id = "customer", time = "when", known = "loaded", value = "n",
      cutoffs = { "2025-02-01", "2025-02-02" }, lookback = "all" })
    assert.are.same({ "a", "a" }, frame:col("customer"):to_table())
    assert.are.same({ 101, 111 }, frame:col("n_sum_all"):to_table())
  end)

  it("go without who had the event, where it happens once", function()
    local log = log_of {
      { customer = "a", when = "2025-01-01", type = "visit" },
      { customer = "a", when = "2025-02-03", type = "cancel" },
      { customer = "b", when = "2025-01-01", type = "visit" },
      { customer = "b", when = "2025-12-31", type = "visit" },
    }
    local frame = cl.windows(log, { id = "customer", time = "when", gap = 5, lookback = "all",
      cutoffs = { "2025-01-25", "2025-02-01", "2025-02-04" },
      outcome = { kind = "event", where = "type == 'cancel'", within = 20, once = true } })
    -- a: cancels in the window; cancels in the gap: no label; has cancelled: no row
    assert.are.same({ "a", "a", "b", "b", "b" }, frame:col("customer"):to_table())
    assert.are.same({ true, "NA", false, false, false }, frame:col("churned"):to_table("NA"))
  end)

  it("take the population from a frame of customers", function()
    local log = log_of { { customer = "b", when = "2025-01-10" }, { customer = "x",
      when = "2025-01-10" } }
    local customers = cl.from_table({
      { who = "a", from = "2025-01-01", to = "2025-02-01" },
      { who = "b", from = "2025-01-15" },
      { who = "a", from = "2025-03-01" },
    }, { types = { from = "date", to = "date" } })
    local frame = cl.windows(log, { id = "customer", time = "when", lookback = 30,
      cutoffs = { "2025-01-01", "2025-01-31", "2025-02-01", "2025-03-01" },
      customers = { customers, id = "who", start = "from", stop = "to" } })
    local rows = {}
    for i = 1, #frame do
      rows[i] = ("%s %s %d"):format(frame.customer[i], frame.cutoff[i], frame.count_30d[i])
    end
    assert.are.same({ "a 2025-01-01 0", "a 2025-01-31 0", "a 2025-03-01 0", "b 2025-01-31 1",
      "b 2025-02-01 1", "b 2025-03-01 0" }, rows)
    assert.is_nil(frame.recency[1])
    local everybody = cl.windows(log, { id = "customer", time = "when", lookback = 30,
      cutoffs = "2025-01-01", customers = customers:select("who"):rename { who = "customer" } })
    assert.are.same({ "a", "b" }, everybody:col("customer"):to_table())
  end)

  it("count the given levels in their order, else those seen before the last cut-off", function()
    local log = log_of {
      { customer = "a", when = "2025-01-01", type = "é" }, { customer = "a", when = "2025-01-02",
        type = "b" },
      { customer = "a", when = "2025-02-02", type = "late" },
    }
    local options = { id = "customer", time = "when", category = "type", lookback = "all",
      cutoffs = "2025-02-01", features = { "levels" } }
    assert.are.same({ "customer", "cutoff", "type_b_all", "type_é_all" },
      cl.windows(log, options):columns())
    options.levels = { type = { "é", "none" } }
    local frame = cl.windows(log, options)
    assert.are.same({ "customer", "cutoff", "type_é_all", "type_none_all" }, frame:columns())
    assert.are.same({ 1 }, frame:col("type_é_all"):to_table())
    assert.are.same({ 0 }, frame:col("type_none_all"):to_table())
  end)

  it("step through months without losing their last day", function()
    local log = log_of { { customer = "a", when = "2023-12-01" } }
    local function cutoffs(from, to, every)
      return cl.windows(log, { id = "customer", time = "when", features = {}, lookback = 1,
        cutoffs = { from = from, to = to, every = every } }):col("cutoff"):to_table()
    end
    assert.are.same({ "2023-12-31", "2024-01-31", "2024-02-29", "2024-03-31" },
      cutoffs("2023-12-31", "2024-03-31", "month"))
    assert.are.same({ "2024-02-29", "2025-02-28" }, cutoffs("2024-02-29", "2025-03-01", "year"))
    assert.are.same({ "2024-01-01", "2024-01-11" }, cutoffs("2024-01-01", "2024-01-20", 10))
  end)

  it("do not depend on when the clock begins, on threads or on the order of the log", function()
    local case = golden()[2]
    local log = read_log(case)
    local plain = cl.windows(log, case.options)
    local threads = core.control.threads()
    core.control.threads(1)
    local single = cl.windows(log, case.options)
    core.control.threads(threads)
    assert.are.equal(plain:to_csv(), single:to_csv())
    local mixed = cl.windows(log:sort("amount", { desc = true }), case.options)
    assert.are.equal(plain:select("customer", "count_all", "recency", "churned"):to_csv(),
      mixed:select("customer", "count_all", "recency", "churned"):to_csv())
    local DAYS = 1000
    local function shift(text) return core.column.new({ text }, "string"):cast("date")
      :cast("i64")[1] + DAYS end
    local function later(name)
      local values = log:col(name):cast("i64"):to_table()
      for i, v in ipairs(values) do values[i] = v + DAYS end
      return core.column.new(values, "i64"):cast("date")
    end
    local moved = log:with_column("when", later("when")):with_column("loaded_at",
      later("loaded_at"))
    local options = {}
    for key, value in pairs(case.options) do options[key] = value end
    options.cutoffs = {}
    for i, text in ipairs(case.options.cutoffs) do
      options.cutoffs[i] = core.column.new({ shift(text) }, "i64"):cast("date")[1]
    end
    assert.are.equal(plain:drop("cutoff"):to_csv(), cl.windows(moved,
      options):drop("cutoff"):to_csv())
  end)

  it("leave out what misses id or time, when told so", function()
    local log = log_of { { customer = "a", when = "2025-01-01" }, { when = "2025-01-01" },
      { customer = "b" } }
    local options = { id = "customer", time = "when", cutoffs = "2025-02-01", lookback = 7 }
    assert.error_matches(function() cl.windows(log, options) end,
      "windows: row 2: column 'customer': expected a value, got nothing")
    options.missing = "skip"
    local frame, skipped = cl.windows(log, options)
    assert.are.equal(1, #frame)
    assert.are.equal(2, skipped)
  end)

  it("keep an id personal", function()
    local log = log_of({ { customer = "a", when = "2025-01-01" } })
      :with_roles { personal = { "customer" } }
    local frame = cl.windows(log, { id = "customer", time = "when", cutoffs = "2025-02-01" })
    assert.are.same({ "customer" }, frame:roles().personal)
  end)

  it("of an empty log are an empty frame with all columns", function()
    local log = log_of({ { customer = "a", when = "2025-01-01" } }):head(0)
    local frame = cl.windows(log, { id = "customer", time = "when", cutoffs = "2025-02-01",
      lookback = 7, outcome = { kind = "inactive", within = 5 } })
    assert.are.equal(0, #frame)
    assert.is_true(frame:has("count_7d"))
    assert.are.same({ target = "churned", id = "customer", time = "cutoff" }, frame:roles())
  end)

  it("say what is wrong", function()
    local log = log_of { { customer = "a", when = "2025-01-01", amount = 1, note = "x" } }
    local function message(change)
      local options = { id = "customer", time = "when", cutoffs = { "2025-02-01" } }
      for key, value in pairs(change) do options[key] = value end
      return select(2, pcall(cl.windows, log, options))
    end
    local expect = {
      { { id = "custmer" }, "windows: id: unknown column 'custmer' %(did you mean 'customer'%?%)" },
      { { time = "amount" }, "column 'amount': expected dates or timestamps, got i64" },
      { { known = "amount" }, "column 'amount': expected date as in 'when', got i64" },
      { { cutoffs = {} }, "option 'cutoffs': expected 1 to 10000 dates, got 0" },
      { { cutoffs = { "2025-02-30" } },
        "item 1: expected a date such as \"2026%-11%-30\", got \"2025%-02%-30\"" },
      { { cutoffs = { "2025-01-01", "2025-01-01" } }, "a date occurs twice" },
      { { cutoffs = { from = "2025-02-01", to = "2025-01-01", every = "day" } },
        "expected 'to' not before 'from'" },
      { { cutoffs = { from = "2025-01-01", to = "2025-02-01", every = "fortnight" } },
        "every: expected \"day\".*got fortnight" },
      { { lookback = { 0 } },
        "lookback': item 1: expected a number of days up to 36525 or \"all\"" },
      { { lookback = { 1.5 } }, "expected whole days because the times are dates, got 1.5" },
      { { lookback = { 30, 30 } }, "column 'count_30d' occurs twice" },
      { { value = "note" }, "column 'note': expected numbers, got" },
      { { value = { "amount", "amount" } }, "option 'value': 'amount' occurs twice" },
      { { features = { "sums" } }, "unknown feature 'sums' %(did you mean 'sum'%?%)" },
      { { category = "note", levels = { nite = { "x" } } },
        "unknown category 'nite' %(did you mean 'note'%?%)" },
      { { population = "all" },
        "option 'population': expected \"seen\" or { within = days }, got all" },
      { { outcome = { kind = "gone", within = 3 } }, "windows: outcome: .*kind" },
      { { outcome = { kind = "event", within = 3 } }, "expected a condition 'where'" },
      { { outcome = { kind = "inactive", where = "amount > 1", within = 3 } },
        "'where' goes with the kinds" },
      { { outcome = { kind = "event", where = "amount", within = 3 } },
        "outcome: where: expected a condition, got i64" },
      { { outcome = { kind = "inactive", within = 3, once = true } }, "'once' goes with the kind" },
      { { lookbak = 3 }, "unknown option 'lookbak' %(did you mean 'lookback'%?%)" },
      { { missing = "drop" }, "unknown missing 'drop' %(known: error, skip%)" },
      { { customers = cl.from_table { { customer = 3 } } },
        "customers: column 'customer': expected %a+ as in the events, got i64" },
    }
    for _, case in ipairs(expect) do assert.matches(case[2], message(case[1])) end
  end)
end)
