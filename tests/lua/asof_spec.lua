local cl = require("churnlab")
local message_of = require("fixtures").message_of

local function rows()
  return cl.from_table({ { id = 1, t = 10 }, { id = 2, t = 10 }, { id = 1, t = 3 }, { id = 1 },
    { t = 10 }, { id = 1, t = 20 } }, { names = { "id", "t" } })
end

-- Not sorted; two events at one time; one without a time, one without a key.
local function events()
  return cl.from_table({ { id = 1, t = 12, what = "e" }, { id = 1, t = 10, what = "a" },
    { id = 2, t = 4, what = "b" }, { id = 1, t = 10, what = "c" }, { id = 1, what = "d" },
    { t = 10, what = "f" } }, { names = { "id", "t", "what" } })
end

local function found(options)
  options.on, options.time = options.on or "id", "t"
  local frame = rows():asof_join(events(), options)
  local cells = {}
  for i = 1, #frame do cells[i] = frame:cell(i, "what") or "?" end
  return table.concat(cells, " ")
end

describe("asof_join", function()
  it("finds the latest event at or before the row's time", function()
    local out = rows():asof_join(events(), { on = "id", time = "t" })
    assert.are.same({ "id", "t", "t_right", "what" }, out:columns())
    assert.are.equal(10, out:cell(1, "t_right"))
    assert.are.equal("c b ? ? ? e", found {})
    assert.are.equal("? b ? ? ? e", found { strict = true })
  end)

  it("finds the earliest after it, or the nearest", function()
    assert.are.equal("c ? c ? ? ?", found { direction = "forward" })
    assert.are.equal("e ? c ? ? ?", found { direction = "forward", strict = true })
    assert.are.equal("c b c ? ? e", found { direction = "nearest" })
    assert.are.equal("e b c ? ? e", found { direction = "nearest", strict = true })
  end)

  it("knows a tolerance", function()
    assert.are.equal("c ? ? ? ? ?", found { tolerance = 5 })
    assert.are.equal("c b ? ? ? ?", found { tolerance = 6 })
    assert.are.equal("c ? ? ? ? ?", found { direction = "nearest", tolerance = 0 })
  end)

  it("works without keys", function()
    local all = rows():asof_join(events():select("t", "what"), { time = "t" })
    assert.are.equal("f", all:cell(1, "what"))
    assert.are.equal("e", all:cell(6, "what"))
    assert.are.equal(6, #all)
  end)

  it("takes dates and timestamps, of other names", function()
    local days = cl.from_table({ seen = { "2024-03-01", "2024-03-30" } },
      { types = { seen = "date" } })
    local log = cl.from_table({ when = { "2024-02-29" }, n = { 7 } }, { types = { when = "date" } })
    local function n(tolerance)
      local out = days:asof_join(log, { time = { left = "seen", right = "when" },
        tolerance = tolerance })
      return out.n[1], out.n[2]
    end
    assert.are.same({ 7, 7 }, { n(30) })
    assert.are.same({ 7 }, { n("29 days") })
    assert.are.same({}, { n("12 hours") })
    local function timestamp(frame, name)
      return frame:with_column(name, frame:col(name):cast("timestamp"))
    end
    days, log = timestamp(days, "seen"), timestamp(log, "when")
    assert.are.same({ 7 }, { n("1 day") })
    assert.are.same({ 7 }, { n(86400) })
    assert.are.same({}, { n(86399.5) })
  end)

  it("helps with mistakes", function()
    local a, b = rows(), events()
    local function message(options) return message_of(a.asof_join, a, b, options) end
    assert.matches("time: expected a column name or { left =, right = }", message {})
    assert.matches("unknown option 'tolerence' %(did you mean 'tolerance'%?%)",
      message { tolerence = 1 })
    assert.matches("unknown direction 'back'", message { time = "t", direction = "back" })
    assert.matches("asof_spec.lua:%d+: asof_join: time 't' is i64 and time 'what' of the right "
      .. "frame is string: expected both f64, i64, date or timestamp", message_of(function()
        a:asof_join(b, { time = { left = "t", right = "what" } })
      end))
    assert.matches("tolerance: expected 0 or more, got %-1", message { time = "t", tolerance = -1 })
    assert.matches("expected a number, as 't' is i64, got \"3 days\"",
      message { time = "t", tolerance = "3 days" })
  end)
end)

describe("repeated rows", function()
  local function frame()
    return cl.from_table({ { k = "a", v = 3, n = 1 }, { k = "b", v = 1, n = 2 },
      { k = "a", v = 9, n = 3 }, { n = 4 }, { k = "a", n = 5 }, { v = 2, n = 6 },
      { k = "a", v = 3, n = 7 } }, { names = { "k", "v", "n" } })
  end
  local function numbers(f) return table.concat(f:col("n"):to_table(), " ") end

  it("keeps the first, the last or none of them", function()
    local f = frame()
    assert.are.equal("1 2 4", numbers(f:drop_duplicates { on = "k" }))
    assert.are.equal("2 6 7", numbers(f:drop_duplicates { on = "k", keep = "last" }))
    assert.are.equal("2", numbers(f:drop_duplicates { on = "k", keep = "none" }))
    assert.are.equal("1 2 3 4 5 6", numbers(f:drop_duplicates { on = { "k", "v" } }))
    assert.are.equal(7, #f:drop_duplicates())
  end)

  it("lets an order decide; a row without a value loses", function()
    local f = frame()
    assert.are.equal("2 3 6", numbers(f:drop_duplicates { on = "k", keep = "last", order = "v" }))
    assert.are.equal("1 2 6", numbers(f:drop_duplicates { on = "k", keep = "first", order = "v" }))
  end)

  it("are told and counted", function()
    local f = frame()
    assert.are.same({ false, false, true, false, true, true, true },
      f:duplicated({ on = "k" }):to_table())
    assert.are.equal(3, f:n_distinct("k"))
    assert.are.equal(6, f:n_distinct { "k", "v" })
    assert.are.equal(7, f:n_distinct())
    assert.are.equal(0, f:head(0):n_distinct("k"))
    assert.are.same({ "v" }, f:distinct("v"):columns())
    assert.are.equal(5, #f:distinct("v"))
    assert.are.equal(0, #f:head(0):distinct())
  end)

  it("help with mistakes", function()
    local f = frame()
    assert.matches("unknown keep 'lst' %(did you mean 'last'%?%)",
      message_of(f.drop_duplicates, f, { keep = "lst" }))
    assert.matches("unknown column 'kk'", message_of(f.drop_duplicates, f, { on = "kk" }))
    assert.matches("order: unknown column 'w'", message_of(f.duplicated, f, { order = "w" }))
    assert.matches("unknown column 'x'", message_of(f.n_distinct, f, "x"))
  end)
end)
