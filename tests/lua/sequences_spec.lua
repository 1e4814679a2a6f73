-- cl.sequences against SQL and by hand, prep:sequence, and nets over sequences from scripts.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local values = require("fixtures").values
local nn = cl.nn

local function log_of(rows)
  return cl.from_table(rows, { types = { when = "date", customer = "string" } })
end

-- One customer with five events, the fourth of which became known late; one without any before.
local function small_log()
  return log_of {
    { customer = "a", when = "2025-01-01", amount = 1, type = "visit", loaded = "2025-01-01" },
    { customer = "a", when = "2025-01-05", amount = 2, type = "order", loaded = "2025-01-05" },
    { customer = "a", when = "2025-01-05", amount = 3, type = "visit", loaded = "2025-01-06" },
    { customer = "a", when = "2025-01-20", amount = 9, type = "visit", loaded = "2025-03-01" },
    { customer = "a", when = "2025-02-01", amount = 8, type = "order", loaded = "2025-02-01" },
    { customer = "b", when = "2025-01-31", type = "order", loaded = "2025-01-31" },
    { customer = "c", when = "2025-02-01", amount = 7, type = "order", loaded = "2025-02-01" },
  }:derive { loaded = "date(loaded)" }
end

local function options_of(change)
  local options = { id = "customer", time = "when", value = "amount", cutoffs = "2025-02-01",
    steps = 4 }
  for key, value in pairs(change or {}) do options[key] = value end
  return options
end

describe("sequences", function()
  it("hold the last events before the cut-off, the newest first", function()
    local frame = cl.sequences(small_log(), options_of())
    assert.are.same({ "customer", "cutoff", "seq_length", "seq_1_age", "seq_1_gap",
      "seq_1_amount", "seq_2_age", "seq_2_gap", "seq_2_amount", "seq_3_age", "seq_3_gap",
      "seq_3_amount", "seq_4_age", "seq_4_gap", "seq_4_amount" }, frame:columns())
    assert.are.same({ "a", "b" }, values(frame.customer))
    assert.are.same({ 4, 1 }, values(frame.seq_length))
    assert.are.equal("i64", frame.seq_length:type())
    assert.are.same({ 12, 1 }, values(frame.seq_1_age))
    assert.are.same({ 15, "NA" }, values(frame.seq_1_gap))
    assert.are.same({ 9, "NA" }, values(frame.seq_1_amount))
    assert.are.same({ 3, "NA" }, values(frame.seq_2_amount)) -- equal days: the log's order
    assert.are.same({ 0, "NA" }, values(frame.seq_2_gap))
    assert.are.same({ 31, "NA" }, values(frame.seq_4_age))
    assert.are.same({ "NA", "NA" }, values(frame.seq_4_gap))
  end)

  it("know only what the log knew", function()
    local frame = cl.sequences(small_log(), options_of { known = "loaded", steps = 2 })
    assert.are.same({ 2, 1 }, values(frame.seq_length))
    assert.are.same({ 3, "NA" }, values(frame.seq_1_amount))
    assert.are.same({ 27, 1 }, values(frame.seq_1_age))
    assert.are.same({ 4, "NA" }, values(frame.seq_2_gap)) -- the event before lies beyond the steps
  end)

  it("tell categories as 0 and 1, and the times that are wanted", function()
    local frame = cl.sequences(small_log():cast { type = "category" }, options_of {
      category = "type", times = {}, steps = 1, prefix = "last" })
    assert.are.same({ "customer", "cutoff", "last_length", "last_1_amount", "last_1_type_order",
      "last_1_type_visit" }, frame:columns())
    assert.are.same({ 0, 1 }, values(frame.last_1_type_order))
    assert.are.same({ 1, 0 }, values(frame.last_1_type_visit))
    local ages = cl.sequences(small_log(), { id = "customer", time = "when", steps = 1,
      times = "age", cutoffs = "2025-02-01" })
    assert.are.same({ "customer", "cutoff", "seq_length", "seq_1_age" }, ages:columns())
  end)

  it("as SQL, on a random log", function()
    local log = cl.simulate("events", { rows = 60, seed = 2 })
    local db <close> = cl.sql.open("sqlite::memory:")
    local numbered = log:with_column("row", core.column.new(
      (function() local t = {} for i = 1, #log do t[i] = i end return t end)(), "i64"))
    assert(numbered:write_sql(db, "log"))
    local sql = cl.read_sql(db, [[
      WITH seen AS (SELECT *, row_number() OVER newest AS k,
          julianday("when") - julianday(lead("when") OVER newest) AS gap
        FROM log WHERE "when" < '2025-08-15' AND loaded_at < '2025-08-15'
        WINDOW newest AS (PARTITION BY customer ORDER BY "when" DESC, row DESC))
      SELECT customer, min(count(*), 5) AS seq_length,
        max(CASE k WHEN 1 THEN julianday('2025-08-15') - julianday("when") END) AS seq_1_age,
        max(CASE k WHEN 1 THEN gap END) AS seq_1_gap,
        max(CASE k WHEN 1 THEN amount END) AS seq_1_amount,
        max(CASE k WHEN 1 THEN type = 'order' END) AS seq_1_type_order,
        max(CASE k WHEN 5 THEN gap END) AS seq_5_gap,
        max(CASE k WHEN 5 THEN amount END) AS seq_5_amount
      FROM seen GROUP BY customer ORDER BY customer]])
    local ours = cl.sequences(log, { id = "customer", time = "when", known = "loaded_at",
      value = "amount", category = "type", cutoffs = "2025-08-15", steps = 5 })
    assert.are.same(values(sql.customer), values(ours.customer))
    for _, name in ipairs(sql:columns()) do
      if name ~= "customer" then
        assert.are.equal(0, (core.leakage.compare(sql:col(name):cast("f64"),
          ours:col(name):cast("f64"), 1e-9)), name)
      end
    end
  end)

  it("stand beside the features of cl.windows", function()
    local log = cl.simulate("events", { rows = 60, seed = 3 })
    local common = { id = "customer", time = "when", known = "loaded_at", value = "amount",
      cutoffs = { "2025-06-01", "2025-08-01" }, outcome = { kind = "inactive", within = 30 } }
    local function with(change)
      local all = {}
      for key, value in pairs(common) do all[key] = value end
      for key, value in pairs(change) do all[key] = value end
      return all
    end
    local features = cl.windows(log, with { lookback = 30 })
    local steps = cl.sequences(log, with { steps = 3 })
    local both = cl.windows(log, with { lookback = 30, sequence = { steps = 3 } })
    local joined = features:join(steps:drop("churned"), { on = { "customer", "cutoff" } })
    assert.are.equal(both:to_csv(), joined:select(both:columns()):to_csv())
    assert.are.same({ target = "churned", id = "customer", time = "cutoff" }, steps:roles())
  end)

  it("see no future", function()
    local log = cl.simulate("events", { rows = 60, seed = 4 })
    local options = { id = "customer", time = "when", known = "loaded_at", value = "amount",
      category = "type", cutoffs = { "2025-06-01", "2025-08-01" }, lookback = "all",
      sequence = { steps = 4 } }
    local report = cl.leakage.poison(log, options)
    assert.is_true(report:ok())
  end)

  it("say what is wrong", function()
    local log = small_log()
    local function message(change)
      return select(2, pcall(cl.sequences, log, options_of(change)))
    end
    local expect = {
      { { steps = 0 }, "windows: sequence: option 'steps': expected .*1.*1000" },
      { { steps = 1.5 }, "steps" },
      { { times = { "ages" } }, "unknown time 'ages' %(did you mean 'age'%?%)" },
      { { prefix = "" }, "option 'prefix': expected 1 to 64 bytes" },
      { { lookback = 3 }, "sequences: unknown option 'lookback'" },
      { { value = "amuont" }, "unknown column 'amuont' %(did you mean 'amount'%?%)" },
      { { value = {}, times = {} }, "expected something to tell of each event" },
    }
    for _, case in ipairs(expect) do assert.matches(case[2], message(case[1])) end
    assert.error_matches(function() cl.sequences(log, { id = "customer", time = "when",
      cutoffs = "2025-02-01" }) end, "sequences: expected the option 'steps'")
  end)
end)

describe("prep:sequence", function()
  -- Amounts 1, 3, 5 and 7 over two columns: mean 4, variance 5.
  local function frame_of()
    return cl.from_table({ seq_length = { 2, 1, 1 }, seq_1_amount = { 1, 5, 7 },
      seq_2_amount = { 3, cl.NA, cl.NA }, other = { 10, 20, 30 } },
      { names = { "seq_length", "seq_1_amount", "seq_2_amount", "other" } })
  end
  local function close(want, got)
    for i = 1, #want do assert.near(want[i], got[i], 1e-12) end
  end

  it("gives all steps of a channel one scale and missing ones 0", function()
    local prep = cl.prep():sequence():scale()
    local x = prep:fit_transform(frame_of())
    local s = math.sqrt(5)
    close({ 2, -3 / s, -1 / s, -math.sqrt(1.5) }, x:to_table()[1])
    close({ 1, 1 / s, 0, 0 }, x:to_table()[2])
    assert.are.same({ "seq_length", "seq_1_amount", "seq_2_amount", "other" },
      prep:encoded_names())
    assert.matches("seq_… %(3 columns%): one scale a channel", tostring(prep))
  end)

  it("bends channels by a logarithm, and takes part in saved models", function()
    local prep = cl.prep():sequence { log = { "amount" } }
    local x = prep:fit_transform(frame_of()):to_table()
    local logs, mean, square = { math.log(2), math.log(4), math.log(6), math.log(8) }, 0, 0
    for _, v in ipairs(logs) do mean, square = mean + v / 4, square + v * v / 4 end
    close({ 2, (logs[1] - mean) / math.sqrt(square - mean * mean) }, x[1])
  end)

  it("says what is wrong", function()
    local function message(options, frame)
      return select(2, pcall(function()
        cl.prep():sequence(options):fit_transform(frame or frame_of())
      end))
    end
    assert.matches("unknown channel 'amuont' %(did you mean 'amount'%?%)",
      message { log = { "amuont" } })
    assert.matches("expected columns such as 'steps_1_amount'", message { prefix = "steps" })
    assert.matches("option 'log': expected", message { log = "amount" })
    assert.matches("unknown option 'logs'", message { logs = {} })
  end)
end)

describe("nets over sequences", function()
  local function data()
    local log = cl.simulate("events", { rows = 150, seed = 5 })
    return cl.windows(log, { id = "customer", time = "when", known = "loaded_at",
      value = "amount", lookback = "all", features = { "recency", "count" },
      sequence = { steps = 4 }, cutoffs = { "2025-06-01", "2025-08-01" },
      outcome = { kind = "inactive", within = 30 } })
  end
  local steps = { steps = 4, values = { "age", "gap", "amount" }, reverse = true }
  local function prep()
    return cl.prep():sequence { log = { "amount", "gap", "age" } }:impute():scale()
  end
  local head = { activation = "sigmoid" }
  local function fit(net, frame)
    return cl.fit(prep(), net, frame, { epochs = 2, batch = 32, seed = 7, ensemble = 2 })
  end

  it("know their columns by name; what does not count changes no score", function()
    local frame = data()
    for _, kind in ipairs { "gru", "lstm" } do
      local net = nn.sequential():sequence(steps)
      local model = fit(net[kind](net, 6):dense(1, head), frame)
      local scores = model:score_frame(frame):col("churn")
      local filled = frame
      for _, name in ipairs(frame:columns()) do
        local step = name:match("^seq_(%d)_")
        if step then
          filled = filled:derive { [name] =
            ("if_else(seq_length < %s, 1e5, %s)"):format(step, name) }
        end
      end
      assert.are_not.equal(frame:to_csv(), filled:to_csv())
      assert.are.same(scores:to_table(), model:score_frame(filled):col("churn"):to_table())
      local alone = model:score_frame(frame:slice(17, 17)):col("churn")
      assert.are.equal(scores[17], alone[1])
    end
  end)

  it("are the same on any number of threads, and after saving", function()
    local frame = data()
    local function make()
      return fit(nn.sequential():sequence(steps):gru(5):dense(1, head), frame)
    end
    local threads = core.control.threads()
    core.control.threads(1)
    local one = make()
    core.control.threads(2)
    local two = make()
    core.control.threads(threads)
    assert.are.equal(one:hash(), two:hash())
    local path = os.tmpname()
    assert(one:save(path))
    local again = cl.load(path)
    os.remove(path)
    assert.are.same(one:score_frame(frame):col("churn"):to_table(),
      again:score_frame(frame):col("churn"):to_table())
  end)

  it("print before the columns are known", function()
    local net = nn.sequential():sequence(steps):lstm(8):dense(1, head)
    assert.matches("sequence_1%s+sequence%s+4 x 3%s+0", tostring(net))
    assert.matches("lstm_2%s+lstm%s+8%s+384", tostring(net))
    local flat = nn.input():columns { without = "seq" }:dense(2)
    assert.matches("dense_2%s+dense, linear%s+2%s+2 x inputs %+ 2",
      tostring(nn.graph(flat:dense(1))))
  end)

  it("say which column they miss", function()
    local frame = data()
    assert.error_matches(function()
      fit(nn.sequential():sequence { steps = 4, values = { "age", "amuont" } }:gru(3)
        :dense(1, head), frame)
    end, "fit: net: unknown encoded column 'seq_1_amuont' %(did you mean 'seq_1_amount'%?%)")
    assert.error_matches(function() nn.sequential():sequence { steps = 3 } end,
      "sequence: expected one of the options 'values' and 'columns'")
    assert.error_matches(function() nn.sequential():gru(0) end, "gru: option 'units'")
    assert.error_matches(function() nn.sequential():pool("median") end, "median")
  end)
end)
