-- Dates and timestamps through the whole library.
local cl = require("churnlab")
local core = require("churnlab.core")
local parse = core.frame.parse_csv
local expr = core.expr

local csv = [[
id,at,day
1,2026-11-22 10:00:00,2026-11-01
2,2026-11-22T10:00:00.25+01:00,2026-11-22
3,,
4,1969-12-31 23:59:59.000001Z,1970-01-01
]]

local function values(column) return column:to_table("?") end

describe("timestamps", function()
  it("are inferred after dates and before text, and read back", function()
    local f = parse(csv)
    assert.are.same({ "i64", "timestamp", "date" }, { f:type("id"), f:type("at"), f:type("day") })
    assert.are.same({ "2026-11-22 10:00:00", "2026-11-22 09:00:00.250", "?",
      "1969-12-31 23:59:59.000001" }, values(f.at))
    assert.are.equal(f:to_csv(), parse(f:to_csv()):to_csv())
    assert.are.equal("category", parse("a\n2026-11-22 10:00:00\nx\nx\nx\n"):type("a"))
    assert.are.equal("timestamp", parse("a\n2026-11-22 10:00:00\n2026-11-22\n"):type("a"))
    local types = { a = "timestamp" }
    assert.error_matches(function() parse("a\n2023-02-29 10:00\n", { types = types }) end,
      'text:2: column .a.: expected a timestamp %(2026%-11%-22 10:00:00%), got "2023%-02%-29')
  end)

  it("are cells, extremes and tables in Lua", function()
    local f = cl.from_table({ at = { "2026-11-22 10:00", cl.NA, "2025-01-01T00:00:00Z" } },
      { types = { at = "timestamp" } })
    assert.are.equal("2025-01-01 00:00:00", f.at:min())
    assert.are.equal("2026-11-22 10:00:00", f.at:max())
    assert.are.equal("2026-11-22 10:00:00", f:row(1).at)
    assert.are.equal(2, f.at:n_distinct())
    assert.are.equal(1735689600000000, f.at:cast("i64")[3])
    assert.are.equal("2025-01-01 00:00:00", f.at:cast("i64"):cast("timestamp")[3])
    assert.are.equal("2025-01-01 00:00:00", f.at:cast("category"):cast("timestamp")[3])
    assert.error_matches(function() core.column.new({ 5 }, "timestamp") end,
      "item 1: expected a timestamp")
    assert.error_matches(function() core.column.new({ true }, "timestamp") end,
      "item 1: expected a timestamp")
    assert.matches("timestamp", tostring(f:describe()))
    assert.matches("2026%-11%-22 10:00:00", tostring(f))
  end)

  it("sort, group and count", function()
    local f = parse(csv)
    assert.are.same({ 4, 2, 1, 3 }, values(f:sort("at").id))
    assert.are.same({ 1, 2, 4, 3 }, values(f:sort("at", { desc = true }).id))
    local g = f:group("at"):agg { n = "count()" }
    assert.are.equal(4, #g)
    assert.are.equal("timestamp", g:type("at"))
    assert.are.equal("timestamp", f:value_counts("at"):type("value"))
    local all = f:group():agg({ a = "min(at)", b = "max(at)", c = "first(at)", d = "last(at)",
      e = "n_distinct(at)", f = "count(at)" }):row(1)
    assert.are.same({ "1969-12-31 23:59:59.000001", "2026-11-22 10:00:00", "2026-11-22 10:00:00",
      "1969-12-31 23:59:59.000001", 3, 3 }, { all.a, all.b, all.c, all.d, all.e, all.f })
  end)

  it("compare with text, dates and each other", function()
    local f = parse(csv)
    assert.are.same({ true, false, "?", false }, values(expr.eval(f, "at > '2026-11-22 09:30'")))
    assert.are.same({ true, true, "?", false }, values(expr.eval(f, "at >= day")))
    assert.are.same({ false, true, "?", false },
      values(expr.eval(f, "at == '2026-11-22T10:00:00.25+01:00'")))
    assert.are.same({ true, false, "?", false },
      values(expr.eval(f, "one_of(at, '2026-11-22 10:00:00', '2020-01-01')")))
    assert.are.same({ true, true, "?", false },
      values(expr.eval(f, "between(at, '2026-11-22', '2026-11-23')")))
    assert.are.same({ "2026-11-22 10:00:00", "2026-11-22 09:00:00.250", "2000-01-01 00:00:00",
      "1969-12-31 23:59:59.000001" }, values(expr.eval(f, "coalesce(at, '2000-01-01')")))
    assert.are.equal("timestamp", expr.check(f, "max(at, day)"))
    assert.are.equal("at 2026-11-22 10:00:00", expr.eval(f, "'at ' .. at")[1])
    assert.error_matches(function() expr.eval(f, "at > 'yesterday'") end,
      'position 6: expected a timestamp like "2026%-11%-22 10:00:00", got "yesterday"')
    assert.error_matches(function() expr.eval(f, "at > 5") end, "cannot compare column 'at'")
  end)

  local function customers(rows)
    local frame = cl.simulate("bank", { rows = rows, seed = 1 }):drop("RowNumber", "Surname")
      :derive { at = "if_else(Age > 40, '2020-01-31 08:00:00', '2024-02-29 00:00:00.5')" }
    return frame:with_column("at", frame.at:cast("timestamp"))
  end

  it("are no feature, but reach derived ones", function()
    local message = select(2, pcall(function()
      cl.prep():onehot():scale():fit_transform(customers(200))
    end))
    assert.matches("column 'at' is a timestamp: derive a number from it %(days_between", message)
  end)

  it("are raw columns of a model: scored, explained and saved", function()
    local frame = customers(400)
    local prep = cl.prep():derive { age = "days_between(at, '2026-11-22 10:00:00')" }:drop { "at" }
      :impute():onehot():scale()
    local net = cl.nn.sequential():dense(4, { activation = "relu" })
      :dense(1, { activation = "sigmoid" })
    local model = cl.fit(prep, net, frame, { epochs = 1, seed = 1 })
    local path = os.tmpname()
    assert(model:save(path))
    local again = cl.load(path)
    os.remove(path)
    local before, after = model:score(frame), again:score(frame)
    assert.are.same(before.churn:to_table(), after.churn:to_table())
    local text = frame:with_column("at", frame.at:cast("string"))
    assert.are.same(before.churn:to_table(), again:score(text).churn:to_table())
    assert.error_matches(function() again:score(frame:derive { at = "1700000000" }) end,
      "column 'at': expected a timestamp .*, got a column of type i64")
    assert.is_truthy(tostring(again:explain(frame:row(1))):find("at", 1, true))
  end)
end)

describe("the roles time and personal", function()
  local function frame()
    return parse("id,name,at,x,y\n1,Ann,2026-01-01,5,1\n2,Bob,2026-01-02,6,0\n",
      { target = "y", id = "id", time = "at", personal = { "name" } })
  end

  it("are kept by verbs and forgotten with their column", function()
    local roles = { target = "y", id = "id", time = "at", personal = { "name" } }
    local f = frame()
    assert.are.same(roles, f:roles())
    assert.are.same(roles, f:filter("x > 5"):sort("x"):derive { z = "x + 1" }:roles())
    assert.are.same({ target = "y", id = "id", time = "when", personal = { "who" } },
      f:rename({ at = "when", name = "who" }):roles())
    assert.are.same({ target = "y", id = "id" }, f:drop("at", "name"):roles())
    assert.are.same({ target = "y", id = "id", personal = { "name", "x" } },
      f:with_roles({ time = "", personal = { "x", "name" } }):roles())
    assert.is_nil(f:with_roles({ personal = {} }):roles().personal)
    assert.are.same({ "x" }, f:with_roles({ personal = "x" }):roles().personal)
    assert.are.same(roles, cl.from_table(f:to_table(), { types = { at = "date" }, target = "y",
      id = "id", time = "at", personal = { "name" } }):roles())
  end)

  it("name what is wrong", function()
    local f = frame()
    assert.error_matches(function() f:with_roles { personal = { "nam" } } end,
      "personal: unknown column 'nam' %(did you mean 'name'")
    assert.error_matches(function() f:with_roles { personal = 5 } end,
      "personal: expected a list of columns, got a number")
    assert.error_matches(function() f:with_roles { personal = { 5 } } end,
      "personal: expected a list of columns, got a number in it")
    assert.error_matches(function() f:with_roles { time = "x" } end,
      "time: column 'x': expected dates or timestamps, got i64")
    assert.error_matches(function() f:with_roles { tiem = "x" } end,
      "unknown role 'tiem' %(did you mean 'time'")
    assert.error_matches(function() parse("a\n1\n", { personal = { "b" } }) end,
      "read_csv: personal: unknown column 'b'")
  end)

  it("print with describe, which shows no personal value", function()
    local text = tostring(frame():describe())
    assert.matches("target y · id id · time at · personal name", text, 1, true)
    assert.is_nil(text:find("Ann", 1, true))
    assert.is_nil(tostring(parse("a\n1\n"):describe()):find("·", 1, true))
  end)

  it("are no features, with a notice, and nothing of them is saved", function()
    local bank = cl.simulate("bank", { rows = 300, seed = 1 })
    local days = {}
    for i = 1, #bank do days[i] = ("2026-01-%02d"):format(i % 28 + 1) end
    bank = bank:with_column("seen", core.column.new(days, "date"))
    local path, model_path = os.tmpname(), os.tmpname()
    assert(bank:write_csv(path))
    local notices = {}
    local read = cl.recipe.read(path, { target = "Exited", id = "CustomerId", time = "seen",
      personal = { "Surname", "Age" }, keep = { "Surname" } },
      function(...) notices[#notices + 1] = string.format(...) end)
    os.remove(path)
    local text = table.concat(notices, "\n")
    assert.matches("column 'Surname' left out: it is personal", text, 1, true)
    assert.matches("column 'Age' left out: it is personal", text, 1, true)
    assert.matches("column 'seen' left out: it tells when the row was observed", text, 1, true)
    assert.is_false(read:has("Surname"))

    local data = bank:with_roles { time = "seen", personal = { "Surname", "Age" } }
    local model = cl.fit(cl.prep():drop { "RowNumber" }:impute():onehot():scale(),
      cl.nn.sequential():dense(1, { activation = "sigmoid" }), data, { epochs = 1, seed = 1 })
    assert(model:save(model_path))
    local file <close> = assert(io.open(model_path, "rb"))
    local saved = file:read("a")
    os.remove(model_path)
    assert.is_nil(saved:find(bank.Surname[1], 1, true))
    assert.is_nil(saved:find("Surname", 1, true))
    assert.is_nil(saved:find("seen", 1, true))
    assert.is_truthy(saved:find("Balance", 1, true))
  end)
end)
