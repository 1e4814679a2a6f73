-- Splits and folds that keep a customer, or a later date, out of training.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")

-- 60 customers with 1 to 6 rows each, one a month.
local function observations()
  local rows = {}
  for customer = 1, 60 do
    for month = 1, 1 + customer * 7 % 6 do
      rows[#rows + 1] = { customer = "c" .. customer, cutoff = ("2025-%02d-01"):format(month),
        n = #rows }
    end
  end
  return cl.from_table(rows, { types = { cutoff = "date" } })
end

local function set_of(frame, name)
  local set = {}
  for _, value in ipairs(frame:col(name):to_table()) do set[value] = true end
  return set
end

local function disjoint(a, b)
  for value in pairs(a) do
    if b[value] then return false end
  end
  return true
end

describe("split by group", function()
  local frame = observations()

  it("keeps a customer in one part and the shares of rows nearly", function()
    local a, b, c = frame:split { 0.6, 0.2, 0.2, group = "customer", seed = 3 }
    assert.are.equal(#frame, #a + #b + #c)
    assert.is_true(disjoint(set_of(a, "customer"), set_of(b, "customer")))
    assert.is_true(disjoint(set_of(a, "customer"), set_of(c, "customer")))
    assert.is_true(disjoint(set_of(b, "customer"), set_of(c, "customer")))
    assert.is_true(math.abs(#a - 0.6 * #frame) <= 6)
    assert.is_true(math.abs(#c - 0.2 * #frame) <= 6)
  end)

  it("is the same for a seed and another one for another", function()
    local function first(seed) return frame:split({ 0.5, 0.5, group = "customer",
      seed = seed }):to_csv() end
    assert.are.equal(first(1), first(1))
    assert.are_not.equal(first(1), first(2))
  end)

  it("deals customers to folds of nearly equal size", function()
    local tested = 0
    for _, outside, inside in frame:folds { 4, group = "customer", seed = 1 } do
      assert.is_true(disjoint(set_of(outside, "customer"), set_of(inside, "customer")))
      assert.are.equal(#frame, #outside + #inside)
      assert.is_true(math.abs(#inside - #frame / 4) <= 6)
      tested = tested + #inside
    end
    assert.are.equal(#frame, tested)
  end)

  it("spreads a target over folds of whole customers", function()
    local rows = {}
    for customer = 1, 90 do -- every third one leaves; rows from 1 to 5
      for _ = 1, 1 + customer % 5 do
        rows[#rows + 1] = { customer = customer, left = customer % 3 == 0 and 1 or 0 }
      end
    end
    local many = cl.from_table(rows)
    local rate = many:col("left"):sum() / #many
    for _, outside, inside in many:folds { k = 5, group = "customer", stratify = "left",
      seed = 2 } do
      assert.is_true(disjoint(set_of(outside, "customer"), set_of(inside, "customer")))
      assert.is_true(math.abs(#inside - #many / 5) <= 4)
      assert.is_true(math.abs(inside:col("left"):sum() / #inside - rate) < 0.04)
    end
  end)

  it("takes missing customers as one", function()
    local gaps = cl.from_table { { id = "a", n = 1 }, { n = 2 }, { n = 3 }, { id = "b", n = 4 } }
    for _, _, inside in gaps:folds { 3, group = "id" } do
      local n = set_of(inside, "n")
      assert.are.equal(n[2], n[3])
    end
  end)
end)

describe("split by time", function()
  local frame = observations()

  local function range(part)
    local column = part:col("cutoff"):cast("string")
    local list = column:to_table()
    table.sort(list)
    return list[1], list[#list]
  end

  it("never puts a later date before an earlier one", function()
    local a, b, c = frame:split { 0.5, 0.25, 0.25, time = "cutoff" }
    assert.are.equal(#frame, #a + #b + #c)
    local _, last_a = range(a)
    local first_b, last_b = range(b)
    local first_c = range(c)
    assert.is_true(last_a < first_b and last_b < first_c)
  end)

  it("begins parts on given dates, an embargo before them", function()
    local a, b, c = frame:split { time = "cutoff", at = { "2025-03-01", "2025-05-01" } }
    assert.are.same({ "2025-03-01", "2025-04-01" }, { range(b) })
    assert.are.same({ "2025-05-01", "2025-06-01" }, { range(c) })
    assert.are.equal(#frame, #a + #b + #c)
    -- 31 days after 1 January is 1 February, 28 after that 1 March, 31 after that 1 April
    local early, late = frame:split { time = "cutoff", at = "2025-03-01", embargo = 28 }
    assert.are.same({ "2025-01-01", "2025-02-01" }, { range(early) })
    assert.are.equal(#b + #c, #late)
    early = frame:split { time = "cutoff", at = "2025-03-01", embargo = 29 }
    assert.are.same({ "2025-01-01", "2025-01-01" }, { range(early) })
  end)

  it("and by customer keeps both out", function()
    local a, b = frame:split { 0.5, 0.5, time = "cutoff", group = "customer", seed = 1 }
    assert.is_true(#a > 0 and #b > 0 and #a + #b < #frame)
    assert.is_true(disjoint(set_of(a, "customer"), set_of(b, "customer")))
    assert.is_true(disjoint(set_of(a, "cutoff"), set_of(b, "cutoff")))
  end)

  it("makes folds of an expanding window", function()
    local sizes, last = {}, 0
    for k, before, inside in frame:folds { 3, time = "cutoff" } do
      local _, last_before = range(before)
      local first_inside = range(inside)
      assert.is_true(last_before < first_inside)
      assert.is_true(#before > last)
      last, sizes[k] = #before, #inside
    end
    assert.are.equal(3, #sizes)
    assert.are.equal(#frame, last + sizes[3])
    for _, before in frame:folds { 3, time = "cutoff", embargo = 3000 } do
      assert.are.equal(0, #before)
    end
  end)

  it("numbers the fold that tests a row", function()
    local numbers = frame:time_fold_numbers(3, "cutoff"):to_table()
    local cutoffs, tested = frame:col("cutoff"):to_table(), {}
    for _, before, inside in frame:folds { k = 3, time = "cutoff" } do
      tested[#tested + 1] = { #before, #inside }
    end
    local count = { [0] = 0, 0, 0, 0 }
    for row, fold in ipairs(numbers) do
      count[fold] = count[fold] + 1
      for other, number in ipairs(numbers) do
        if number > fold then assert.is_true(cutoffs[other] > cutoffs[row]) end
      end
    end
    for k = 1, 3 do assert.are.equal(count[k], tested[k][2]) end
    assert.are.equal(count[0] + count[1], tested[2][1])
  end)

  it("of nothing gives empty parts", function()
    local a, b = frame:head(0):split { 0.5, 0.5, time = "cutoff" }
    assert.are.same({ 0, 0 }, { #a, #b })
    a, b = frame:head(0):split { 0.5, 0.5, group = "customer" }
    assert.are.same({ 0, 0 }, { #a, #b })
  end)

  it("works with timestamps", function()
    local log = cl.from_table({ { t = "2025-01-01 10:00" }, { t = "2025-01-01 11:00" },
      { t = "2025-01-02 10:00" } }, { types = { t = "timestamp" } })
    local a, b = log:split { time = "t", at = "2025-01-01 11:00", embargo = 1 / 48 }
    assert.are.equal(1, #a)
    assert.are.equal(2, #b)
  end)

  it("says what is wrong", function()
    local function message(spec) return select(2, pcall(frame.split, frame, spec)) end
    assert.matches("expected 'stratify' or 'group', not both",
      message { 0.5, 0.5, stratify = "n", group = "customer" })
    assert.matches("option 'embargo' goes with 'time'", message { 0.5, 0.5, embargo = 3 })
    assert.matches("option 'at' goes with 'time' alone", message { 0.5, 0.5, at = "2025-01-01",
      time = "cutoff" })
    assert.matches("time: column 'n': expected dates or timestamps, got i64", message { 0.5, 0.5,
      time = "n" })
    assert.matches("time: unknown column 'cutof' %(did you mean 'cutoff'%?%)", message { 1,
      time = "cutof" })
    assert.matches("group: unknown column 'custmer'", message { 0.5, 0.5, group = "custmer" })
    assert.matches("at: item 1: expected a date such as \"2026%-11%-30\", got \"soon\"",
      message { time = "cutoff", at = "soon" })
    assert.matches("at: item 2: expected a later date", message { time = "cutoff",
      at = { "2025-03-01", "2025-02-01" } })
    assert.matches("shares: expected a sum of 1", message { 0.5, 0.6, time = "cutoff" })
    local list = {}
    for i = 1, 7 do list[i] = 1 / 7 end
    list.time = "cutoff"
    assert.matches("expected at least 7 different times for as many parts, got 6", message(list))
    assert.matches("embargo: expected 0 to 36525 days, got %-1", message { 0.5, 0.5,
      time = "cutoff", embargo = -1 })
    assert.error_matches(function() frame:folds { 61, group = "customer" } end,
      "folds: expected 2 to 60 folds %(the number of groups in 'customer'%), got 61")
    assert.error_matches(function() frame:folds { 3, group = "customer", time = "cutoff" } end,
      "expected 'group' or 'time', not both")
    local gap = cl.from_table({ { t = "2025-01-01" }, {} }, { types = { t = "date" },
      names = { "t" } })
    assert.error_matches(function() gap:split { 1, time = "t" } end,
      "row 2: expected a time, got nothing")
  end)
end)

describe("repeated folds", function()
  local frame = observations()

  it("test every row once a repeat, with the folds of the next seed", function()
    local seen, firsts, runs = {}, {}, 0
    for i, outside, inside in frame:folds { k = 3, repeats = 2, seed = 5 } do
      runs = runs + 1
      assert.are.equal(#frame, #outside + #inside)
      for _, n in ipairs(inside:col("n"):to_table()) do seen[n] = (seen[n] or 0) + 1 end
      firsts[i] = inside:to_csv()
    end
    assert.are.equal(6, runs)
    for n = 0, #frame - 1 do assert.are.equal(2, seen[n]) end
    local _, _, next_seed = frame:folds { 3, seed = 6 }()
    assert.are.equal(next_seed:to_csv(), firsts[4])
  end)

  it("say what does not go together", function()
    local function message(spec) return select(2, pcall(frame.folds, frame, spec)) end
    assert.matches("folds: option 'repeats': folds by time are one order",
      message { k = 3, time = "cutoff", repeats = 2 })
    assert.matches("folds: expected 'group' or 'time', not both",
      message { k = 3, time = "cutoff", group = "customer" })
    assert.matches("given twice, first and as 'k'", message { 3, k = 3 })
    assert.matches("folds: option 'k': expected a whole number from 2", message { k = 1 })
    assert.matches("expected 2 to 60 folds %(the number of groups in 'customer'%), got 61",
      message { k = 61, group = "customer" })
    assert.matches("unknown option 'repeat' %(did you mean 'repeats'%?%)",
      message { k = 3, ["repeat"] = 2 })
  end)
end)
