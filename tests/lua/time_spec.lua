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

describe("functions of dates and timestamps", function()
  local path = "tests/golden/time.csv" -- pandas, dateutil, datetime: see time.py beside it
  local golden

  setup(function()
    local types = {}
    for _, name in ipairs { "a", "b", "add_days", "add_months", "add_seconds", "second_of",
      "minute_of", "hour_of", "week_of", "month_of", "quarter_of", "year_of" } do
      types[name] = "timestamp"
    end
    for _, name in ipairs { "f1", "f2", "f3", "f4", "f5" } do types[name] = "string" end
    golden = cl.read_csv(path, { types = types })
  end)

  -- Rows where the expression and the golden column differ, with their first row.
  local function differences(expression, column)
    local found = golden:derive { got = expression, want = column }
      :filter("is_na(got) ~= is_na(want) or coalesce(got ~= want, false)")
    return #found == 0 and "none"
      or ("%d, such as a = %s b = %s n = %s: got %s, want %s"):format(#found, found.a[1],
        found.b[1], found.n[1], found.got[1], found.want[1])
  end

  it("agree with pandas, dateutil and datetime over all years", function()
    assert.are.equal(386, #golden)
    for _, part in ipairs { "year", "quarter", "month", "week", "day", "weekday", "day_of_year" } do
      assert.are.equal("none", differences(part .. "(a)", part), part)
      assert.are.equal("none", differences(part .. "(date(a))", part), part)
    end
    for _, part in ipairs { "hour", "minute", "second" } do
      assert.are.equal("none", differences(part .. "(a)", part), part)
    end
    assert.are.equal("none", differences("days_between(a, b)", "days"))
    assert.are.equal("none", differences("seconds_between(a, b)", "seconds"))
    assert.are.equal("none", differences("months_between(a, b)", "months"))
    assert.are.equal("none", differences("add_days(a, n)", "add_days"))
    assert.are.equal("none", differences("add_months(a, n)", "add_months"))
    assert.are.equal("none", differences("add_seconds(a, n)", "add_seconds"))
    assert.are.equal("none", differences("date(add_months(a, n))", "date(add_months)"))
    assert.are.equal("none", differences("add_months(date(a), n)", "date(add_months)"))
    assert.are.equal("none", differences("add_days(date(a), n)", "date(add_days)"))
  end)

  it("truncate like pandas", function()
    local inside = "year(a) > 1 and year(a) < 9999"
    for _, unit in ipairs { "second", "minute", "hour", "week", "month", "quarter", "year" } do
      local whole = ("if_else(%s, date_trunc(a, '%s'), nil)"):format(inside, unit)
      assert.are.equal("none", differences(whole, unit .. "_of"), unit)
      if unit ~= "second" and unit ~= "minute" and unit ~= "hour" then
        local of_date = ("if_else(%s, date_trunc(date(a), '%s'), nil)"):format(inside, unit)
        assert.are.equal("none", differences(of_date, ("date(%s_of)"):format(unit)), unit)
      end
    end
  end)

  it("write and read texts like strftime and strptime", function()
    local formats = { f1 = "%d/%m/%Y", f2 = "%Y%m%d%H%M%S", f3 = "%d %b %Y %I:%M %p",
      f4 = "%Y/%j", f5 = "%B %d, %Y %H:%M:%S.%f" }
    local keeps = { f1 = "day", f2 = "second", f3 = "minute", f4 = "day" }
    for column, format in pairs(formats) do
      assert.are.equal("none", differences(("format_time(a, '%s')"):format(format), column))
      local want = keeps[column] and ("date_trunc(a, '%s')"):format(keeps[column]) or "a"
      assert.are.equal("none", differences(("parse_timestamp(%s, '%s')"):format(column, format),
        want), column)
      assert.are.equal("none", differences(("parse_date(%s, '%s')"):format(column, format),
        "date(a)"), column)
    end
  end)

  it("keep their promises on any moment", function()
    local laws = {
      "timestamp(date(a)) == date_trunc(a, 'day')",
      "date_trunc(a, 'week') <= a and weekday(date_trunc(a, 'week')) == 1",
      "date_trunc(date_trunc(a, 'quarter'), 'quarter') == date_trunc(a, 'quarter')",
      "add_days(add_days(a, n), 0 - n) == a",
      "add_seconds(a, seconds_between(a, add_seconds(a, n))) == add_seconds(a, n)",
      "months_between(a, add_months(a, n)) == n",
      "month(add_months(a, n)) - 1 == (month(a) - 1 + n) % 12",
      "day(add_months(a, n)) <= day(a)",
      "add_months(a, months_between(a, b)) <= b or b < a",
      "add_months(a, months_between(a, b) + 1) > b or b < a",
      "timestamp('' .. a) == a",
      "date('' .. a) == date(a)",
      "parse_timestamp(format_time(a, '%Y-%m-%dT%H:%M:%S.%f%z'), '%Y-%m-%dT%H:%M:%S.%f%z') == a",
      "days_between(date(a), date(b)) == seconds_between(date(a), date(b)) / 86400",
    }
    local inside = "abs(n) < 40000 and year(a) > 1 and year(a) < 9999"
    local some = golden:filter(inside)
      :filter("abs(n) < 12 * (9998 - year(a)) and abs(n) < 12 * year(a)")
    assert.is_true(#some > 300)
    for _, law in ipairs(laws) do
      assert.are.equal(0, #some:filter(("not coalesce(%s, false)"):format(law)), law)
    end
  end)

  local f = parse("d,t,s,n,x\n2024-01-31,2024-01-31 22:30:00.5,31/01/24,1,0.25\n,,,,\n" ..
    "9999-12-31,9999-12-31 00:00:00,later,1,1\n", { types = { s = "string" } })

  it("clamp at month ends and stay in the calendar", function()
    local function first(text) return expr.eval(f, text)[1] end
    assert.are.equal("2024-02-29", first("add_months(d, 1)"))
    assert.are.equal("2023-02-28", first("add_months(d, -11)"))
    assert.are.equal("2024-02-29 22:30:00.500", first("add_months(t, n)"))
    assert.are.equal("2024-01-31 22:30:00.750", first("add_seconds(t, x)"))
    assert.are.equal("2024-01-31 00:00:01", first("add_seconds(d, 1)"))
    assert.are.equal("1970-01-20 16:13:20", first("add_seconds('1970-01-01', 1700000)"))
    assert.are.equal(22, first("hour('2024-01-31 22:30')"))
    assert.are.equal(5, first("week('2024-02-01')"))
    assert.are.same({ "2024-02-01", "?", "?" }, values(expr.eval(f, "add_days(d, n)")))
    assert.are.same({ "2024-01-31", "?", "?" }, values(expr.eval(f, "parse_date(s, '%d/%m/%y')")))
    assert.are.same({ "?", "?", "?" }, values(expr.eval(f, "timestamp(s)")))
    assert.are.same({ "?", "?", "?" }, values(expr.eval(f, "add_days(d, 9223372036854775807)")))
    assert.are.same({ "?", "?", "?" }, values(expr.eval(f, "add_seconds(t, 1e300)")))
    assert.are.same({ "?", "?", "?" }, values(expr.eval(f, "add_months(t, nil)")))
    assert.is_nil(first("date_trunc('0000-01-01', 'week')"))
    assert.are.same({ 0.0, "?", 0.0 },
      values(expr.eval(f, "round(days_between(t, t), 6)")))
  end)

  it("are checked before any row is read", function()
    local function message(text) return select(2, pcall(expr.check, f:head(0), text)) end
    local cases = {
      ["parse_date(s, '%d/%q')"] = "position 15: function 'parse_date': format \"%d/%q\": "
        .. "position 4: unknown directive '%q'",
      ["parse_date(s, '%d/%m')"] = "the format must tell year, month and day",
      ["parse_date(s, s)"] = 'expected a format such as "%d/%m/%Y", got column',
      ["parse_date(n, '%Y')"] = "function 'parse_date': expected text, got column 'n' (i64)",
      ["format_time(t, '%')"] = "expected a directive after '%'",
      ["date_trunc(t, 'mnth')"] = "unknown unit 'mnth' (did you mean 'month'?)",
      ["date_trunc(t, n)"] = 'expected a unit such as "month"',
      ["date_trunc(d, 'hour')"] = "expected day or a longer unit for a date",
      ["hour(d)"] = "function 'hour': expected a timestamp, got column 'd' (date)",
      ["year(n)"] = "function 'year': expected a date or a timestamp, got column 'n' (i64)",
      ["year('soon')"] = 'expected a timestamp like "2026-11-22 10:00:00", got "soon"',
      ["add_days(d, x)"] = "function 'add_days': expected a whole number (i64), got column 'x'",
      ["add_seconds(t, s)"] = "function 'add_seconds': expected a number, got column 's'",
      ["date(n)"] = "function 'date': expected a date or a timestamp",
      ["weekdya(d)"] = "did you mean 'weekday'",
    }
    for text, expected in pairs(cases) do
      local got = message(text)
      assert.is_truthy(got:find(expected, 1, true), text .. ": " .. got)
    end
    local types = { ["date(t)"] = "date", ["timestamp(d)"] = "timestamp", ["week(t)"] = "i64",
      ["days_between(d, d)"] = "i64", ["days_between(d, t)"] = "f64", ["add_days(d, 1)"] = "date",
      ["add_seconds(d, 1)"] = "timestamp", ["months_between(d, t)"] = "i64",
      ["format_time(d, '%Y')"] = "string", ["date_trunc(d, 'month')"] = "date" }
    for text, kind in pairs(types) do assert.are.equal(kind, message(text), text) end
  end)
end)
