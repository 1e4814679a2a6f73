-- Leak checks of tables, and another future for event logs.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

-- "severity check column" of each finding.
local function found(report)
  local list = {}
  for i, finding in ipairs(report.findings) do
    list[i] = ("%s %s %s"):format(finding.severity, finding.check, finding.column or "-")
  end
  return list
end

describe("leakage.check", function()
  local bank = cl.simulate("bank", { rows = 1500, seed = 3 }):drop("RowNumber")
  local train, test = bank:split { 0.7, 0.3, seed = 1 }

  it("finds nothing in honest data", function()
    local report = cl.leakage.check(train, test)
    assert.are.same({}, found(report))
    assert.is_true(report:ok())
    assert.are.equal("leak check: 11 features in 1050 training and 450 test rows: nothing found",
      tostring(report))
  end)

  it("finds copies of the target in any encoding", function()
    local bad = train:derive { other = "if_else(Exited == 1, 'gone', 'here')",
      inverse = "1 - Exited",
      more = "if_else(Exited == 1, if_else(Age > 40, 'p', 'q'), 'r')", honest = "Age > 40" }
    local report = cl.leakage.check(bad)
    assert.are.same({ "leak copy inverse", "leak copy more", "leak copy other" }, found(report))
    assert.is_false(report:ok())
    assert.matches("its two values go with the two outcomes in all 1050 rows", tostring(report))
    assert.matches("each of its 3 values goes with one outcome", tostring(report))
  end)

  it("finds columns that are nearly perfect, by rank and by level", function()
    local bad = train:derive { near = "Exited * 100 + Age / 100 - CreditScore",
      rank = "Exited * 3 + Age / 100",
      hump = "if_else(Exited == 1, 50 + Age / 100, Age % 2 * 100)" }
    local report = cl.leakage.check(bad)
    assert.are.same({ "leak single column hump", "leak single column rank" }, found(report))
    assert.is_true(report.findings[1].auc > 0.99)
    assert.matches("ROC AUC of 1.0000 %(by rank%)", report.findings[2].evidence)
    local many = train:derive { text = "[[Surname]] .. CreditScore" } -- nothing to learn
    assert.are.same({}, found(cl.leakage.check(many, { ignore = {} })))
  end)

  it("finds missing cells that tell", function()
    local bad = train:derive { reason = "if_else(Exited == 1 and Age % 10 > 0, 'price', nil)",
      gaps = "if_else(CreditScore % 5 == 0, nil, Age)" }
    local report = cl.leakage.check(bad)
    assert.are.same({ "suspect missing cells reason" }, found(report))
    assert.matches("is it filled in after the outcome%?", tostring(report))
  end)

  it("finds ids, shared customers and shared rows", function()
    local ids = {}
    for i = 1, #train do ids[i] = i * 7 end
    local report = cl.leakage.check(train:with_column("number", core.column.new(ids, "i64")))
    assert.are.same({ "suspect id number" }, found(report))
    report = cl.leakage.check(train, cl.concat { test, train:head(150) })
    assert.are.same({ "leak customers CustomerId", "leak rows -" }, found(report))
    assert.matches("150 of 600 test rows are of customers in the training rows", tostring(report))
    assert.are.equal(150, report.findings[2].rows)
  end)

  it("tells chance doubles from copied rows", function()
    local few = bank:select("Gender", "Geography", "Exited"):with_roles { target = "Exited" }
    local a, b = few:split { 0.5, 0.5 }
    assert.are.same({ "notice rows -" }, found(cl.leakage.check(a, b)))
  end)

  it("compares columns whose types differ a little", function()
    local other = test:with_column("Age", test.Age:cast("f64"))
      :with_column("Geography", test.Geography:cast("string"))
    assert.are.same({}, found(cl.leakage.check(train, other)))
    local both = cl.concat { other, other:derive { Age = "Age + 40.5" } }
    assert.are.same({ "notice drift Age" }, found(cl.leakage.check(train, both)))
    local named = other:with_column("CustomerId", other.CustomerId:cast("string"))
    assert.are.same({}, found(cl.leakage.check(train, named)))
  end)

  it("finds drift", function()
    local later = test:derive { Age = "Age + 30" }
    local report = cl.leakage.check(train, later)
    assert.are.same({ "notice drift Age" }, found(report))
    assert.is_true(report:ok())
  end)

  local function dated(from, n, shift)
    local rows = {}
    for i = 1, n do
      rows[i] = { id = from + i, cutoff = ("2025-%02d-01"):format(1 + (i + shift) % 3 + shift),
        x = (i + from) * 7919 % 1009 + 0.5, y = i % 4 == 0 }
    end
    return cl.from_table(rows, { types = { cutoff = "date" }, target = "y", id = "id" })
      :with_roles { time = "cutoff" }
  end

  it("looks at dates: in the row, between the parts, until outcomes are known", function()
    local early, late = dated(0, 120, 0), dated(120, 60, 5)
    assert.are.same({}, found(cl.leakage.check(early, late, { horizon = 60 })))
    local report = cl.leakage.check(early, late, { horizon = 100 })
    assert.are.same({ "leak label overlap cutoff" }, found(report))
    assert.matches("begins 92 days after the last training date, but outcomes take 100 days",
      tostring(report))
    report = cl.leakage.check(late, early)
    assert.are.same({ "suspect time order cutoff" }, found(report))
    assert.matches("60 of 60 training rows are not before 2025%-01%-01", tostring(report))
    local closed = early:with_column("closed", early.cutoff)
    report = cl.leakage.check(closed)
    assert.are.same({ "leak date closed" }, found(report))
    assert.matches("120 of 120 training rows have a date at or after 'cutoff'", tostring(report))
    report = cl.leakage.check(early, cl.concat { late, late:derive { id = "id - 120" } })
    assert.are.same({ "notice customers id" }, found(report))
  end)

  it("gives itself as a table", function()
    local plain = cl.leakage.check(train:derive { copy = "Exited" }):to_table()
    assert.is_false(plain.ok)
    assert.are.equal("copy", plain.findings[1].column)
    assert.are.equal("leak", plain.findings[1].severity)
    assert.is_string(core.json.encode(plain))
  end)

  it("says what is wrong", function()
    local function message(...) return select(2, pcall(cl.leakage.check, ...)) end
    assert.matches("unknown option 'targt' %(did you mean 'target'%?%)", message(train,
      { targt = "x" }))
    assert.matches("target: unknown column 'Exitd'", message(train, { target = "Exitd" }))
    assert.matches("unknown column 'Agee'", message(train, { ignore = { "Agee" } }))
    assert.matches("leakage: expected a frame or a row, got a string", message("bank.csv"))
    assert.are.same({}, found(cl.leakage.check(train:head(0), test:head(0))))
    assert.are.same({}, found(cl.leakage.check(train:drop("Exited"))))
  end)
end)

describe("leakage.poison", function()
  -- 60 customers over a year; some rows become known up to 40 days late.
  local function make_log(type)
    local stream, rows = core.rng.new(11, 5), {}
    for i = 1, 900 do
      local month, day = stream:integer(12), stream:integer(28)
      rows[i] = { customer = "c" .. stream:integer(60), amount = stream:integer(100),
        when = ("2025-%02d-%02d"):format(month, day), type = ({ "visit",
          "order" })[stream:integer(2)],
        loaded = stream:uniform() < 0.7 and ("2025-%02d-%02d"):format(month, day)
          or ("2026-%02d-%02d"):format(month, day) }
    end
    return cl.from_table(rows, { types = { when = type, loaded = type } })
  end
  local options = { id = "customer", time = "when", value = "amount", category = "type",
    cutoffs = { from = "2025-02-01", to = "2025-12-01", every = "quarter" }, lookback = { 30,
      "all" },
    outcome = { kind = "inactive", within = 30 } }

  for _, type in ipairs { "date", "timestamp" } do
    it("changes no feature of windows: " .. type, function()
      local log = make_log(type)
      local report = cl.leakage.poison(log, options)
      assert.are.equal("poison: 34 features in 199 rows at 4 cut-offs: nothing found",
        (tostring(report):gsub("in %d+ rows", "in 199 rows")))
      options.known = "loaded"
      assert.is_true(cl.leakage.poison(log, options, { seed = 7 }):ok())
      options.known = nil
    end)
  end

  it("catches a feature that forgets when rows became known", function()
    local report = cl.leakage.poison(make_log("date"), options, { known = "loaded" })
    assert.is_false(report:ok())
    local columns = {}
    for _, finding in ipairs(report.findings) do columns[finding.column] = true end
    assert.is_true(columns.count_all and columns.amount_sum_30d)
  end)

  it("catches a lifetime total, and names customer, cut-off and values", function()
    local log = make_log("date")
    local report = cl.leakage.poison(log, function(events, cutoffs)
      local honest = cl.windows(events, { id = "customer", time = "when", cutoffs = cutoffs,
        lookback = 90 })
      local total = events:group("customer"):agg { lifetime = "sum(amount)" }
      return honest:join(total, { on = "customer", how = "left" })
    end, { id = "customer", time = "when", cutoffs = { "2025-04-01", "2025-07-01" } })
    assert.are.equal(1, #report.findings)
    local finding = report.findings[1]
    assert.are.equal("lifetime", finding.column)
    assert.are.equal("2025-04-01", finding.cutoff)
    local total = log:filter(("customer == '%s'"):format(finding.customer)):col("amount"):sum()
    assert.are.equal(tostring(total), finding.before)
    assert.are_not.equal(finding.before, finding.after)
  end)

  it("catches customers and columns that come from the future", function()
    local log = make_log("date")
    local where = { id = "customer", time = "when", cutoffs = { "2025-02-01" } }
    local report = cl.leakage.poison(log:head(40), function(events)
      return events:group("customer"):count():select("customer")
    end, where)
    assert.are.equal("(which customers get a row)", report.findings[1].column)
    local odd = cl.concat { log, cl.from_table({ { customer = "c1", amount = 1, when = "2025-12-30",
      type = "late", loaded = "2025-12-30" } }, { types = { when = "date", loaded = "date" } }) }
    report = cl.leakage.poison(odd, function(events, cutoffs)
      local levels = events:group("type"):count():col("type"):to_table()
      return cl.windows(events, { id = "customer", time = "when", cutoffs = cutoffs, lookback = 30,
        category = "type", levels = { type = levels }, features = { "levels" } })
    end, where)
    assert.are.equal("type_late_30d", report.findings[1].column)
    assert.are.equal("no column", report.findings[1].after)
  end)

  it("leaves what was known as it is and moves the rest", function()
    local log = make_log("date")
    local known = log:filter("when < '2025-06-01' and loaded < '2025-06-01'")
    local function poisoned(mode)
      return core.leakage.poison(log, "2025-06-01", mode, "customer", "when", "loaded", 3)
    end
    assert.are.equal(known:to_csv(), poisoned("remove"):to_csv())
    local altered = poisoned("alter")
    local kept = altered:filter("when < '2025-06-01' and loaded < '2025-06-01'")
    assert.are.equal(known:to_csv(), kept:to_csv())
    assert.is_true(#altered > #known + 100)
    assert.is_true(#altered:filter("when < '2025-06-01' and loaded >= '2025-06-01'") > 50)
    assert.is_true(#altered:filter("when == '2025-06-01'") > 0) -- the cut-off itself
  end)

  it("says what is wrong", function()
    local log = make_log("date")
    local function message(...) return select(2, pcall(cl.leakage.poison, log, ...)) end
    assert.matches("expected the options of windows or a function, got a number", message(3))
    local function f(events) return events end
    assert.matches("option 'id': expected a column of the log", message(f, {}))
    assert.matches("option 'cutoffs': expected at least one date", message(f, { id = "customer",
      time = "when" }))
    assert.matches("poison: cutoff: expected a date such as \"2026%-11%-30\", got \"soon\"",
      message(f, { id = "customer", time = "when", cutoffs = { "soon" } }))
    assert.matches("expected one row for each customer at a cut%-off, got two for c%d+",
      message(f, { id = "customer", time = "when", cutoffs = { "2025-03-01" } }))
    assert.matches("poison: time: unknown column 'whn' %(did you mean 'when'%?%)",
      message(f, { id = "customer", time = "whn", cutoffs = { "2025-03-01" } }))
  end)
end)
