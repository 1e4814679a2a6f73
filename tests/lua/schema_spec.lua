-- Schemas: their files, what they find in frames and files, and the starter that is inferred.
local cl = require("churnlab")
local core = require("churnlab.core")
local message_of = require("fixtures").message_of

local function parse(text) return cl.schema.parse(text, "s.lua") end

local function with_file(text, f)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local ok, message = pcall(f, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

local bank = [[
schema "bank" { version = "2026.11", about = "customers" }
column "Age" { type = "i64", from = 18, to = 120, missing = false }
column "Geography" { type = "category", levels = { "France", "Germany", "Spain" } }
column "CustomerId" { type = "i64", role = "id", unique = true }
column "seen" { type = "timestamp", format = "%Y-%m-%d", role = "time" }
column "Surname" { type = "string", role = "personal", pattern = "[^%d]*", length = { 1, 60 } }
column "start" { type = "date", from = "2020-01-01" }
column "stop" { type = "date" }
column "note" { type = "string", optional = true }
check "dates in order" "start <= stop"
]]

local table_text = [[
Age,Geography,CustomerId,seen,Surname,start,stop
17,France,1,2026-01-01,Smith,2026-01-01,2026-02-01

n/a,Germny,2,2026-01-01,,2026-01-01,2026-02-01
40,Spain,2,01.01.2026,"O'
Brien",2026-03-01,2026-02-01
NA,Spain,x,2026-01-01,J0e,2019-01-01,
]]

describe("a schema file", function()
  it("gives columns, checks and others", function()
    local s = parse(bank)
    assert.are.same({ "bank", "2026.11", "customers", "allow" },
      { s.name, s.version, s.about, s.others })
    assert.are.equal(8, #s.columns)
    assert.are.equal("start <= stop", s.checks[1].text)
    assert.matches("Age: i64, a value, from 18 to 120", tostring(s), 1, true)
    assert.matches("check dates in order: start <= stop", tostring(s), 1, true)
  end)

  it("lists all of its problems with their lines", function()
    local message = message_of(parse, [[
column "A" { type = "i46", form = 3 }
column "A" { type = "i64", from = 5, to = 3, levels = { "a" } }
column "B" { type = "category", levels = { 1, 1 }, length = { 5, 1 }, pattern = "(" }
column "C" { type = "date", format = "%Q", from = "2026-13-01", role = "tiem" }
column "D" { role = "time", type = "f64", from = 1/0 }
column "E" { type = "i64", role = "id" }
column "F" { type = "i64", role = "id" }
column "G"
check "x" "H > 5"
check "y" "A + 1"
check "z" { }
others "alow"
column { "no" }
others "drop"
column "a\0b" { type = "i64" }
]])
    for _, expected in ipairs {
      's.lua:1: column "A": type: unknown type \'i46\' (did you mean \'i64\'?)',
      's.lua:1: column "A": unknown option \'form\' (did you mean \'from\'?)',
      's.lua:1: expected a header: schema "name" { version = "…" }',
      's.lua:2: column "A": declared twice (first in line 1)',
      's.lua:2: column "A": from: expected at most 3 (to), got 5',
      's.lua:2: column "A": unknown option \'levels\'',
      's.lua:3: column "B": levels: "1" occurs twice',
      's.lua:3: column "B": length: expected { least, most }',
      's.lua:3: column "B": pattern: pattern "(": position 1: expected no captures',
      's.lua:4: column "C": format: format "%Q": position 1: unknown directive',
      's.lua:4: column "C": from: expected a date (2026-11-22), got "2026-13-01"',
      's.lua:4: column "C": role: unknown role \'tiem\' (did you mean \'time\'?)',
      's.lua:5: column "D": role: expected a date or a timestamp as time, got f64',
      's.lua:5: column "D": from: expected a finite number, got inf',
      's.lua:7: column "F": role: the role id is taken by column "E"',
      's.lua:8: column "G": expected a table { … }, got nothing',
      's.lua:9: check "x": expression "H > 5": position 1: unknown column \'H\'',
      's.lua:10: check "y": expected a condition, got an expression of type i64',
      's.lua:11: check "z": expected an expression',
      's.lua:12: others: unknown word \'alow\' (did you mean \'allow\'?)',
      's.lua:13: column: expected a name, got a table',
      's.lua:14: others: declared twice (first in line 12)',
      's.lua:15: column: expected a name, got "a\0b"',
    } do
      assert.is_truthy(message:find(expected, 1, true), expected .. "\n" .. message)
    end
  end)

  it("can do nothing but declare", function()
    assert.matches("s.lua:1:", message_of(parse, "os.exit(1)"), 1, true)
    assert.matches("stopped: more than", message_of(parse, "while true do end"), 1, true)
    assert.matches("s.lua:2:", message_of(parse, "schema 'a' {}\ncolumn 'x' {"), 1, true)
    assert.matches("function", message_of(parse, "schema 'a' {} column 'x' (column)"), 1, true)
    assert.matches("schema.load: expected a path", message_of(cl.schema.load, 5), 1, true)
    assert.matches("schema.load: no/such.lua", message_of(cl.schema.load, "no/such.lua"), 1, true)
    assert.matches("expected a text and a name", message_of(cl.schema.parse, 5), 1, true)
  end)
end)

describe("validation of a file", function()
  it("finds every cell at fault, with its line", function()
    with_file(table_text, function(path)
      local report = parse(bank):validate_csv(path)
      assert.is_false(report:ok())
      local lines = {}
      for line in tostring(report):gmatch("[^\n]+") do
        lines[#lines + 1] = line:gsub(path, "file", 1)
      end
      assert.are.same({
        "file: 10 problems (4 rows × 7 columns)",
        "  file:2: column 'Age': expected from 18 to 120, got 17",
        "  file:4: column 'Age': expected an integer, got \"n/a\"",
        "  file:4: column 'Geography': expected one of France, Germany, Spain, got \"Germny\" "
          .. "(is it \"Germany\"?)",
        "  file:5: column 'CustomerId': expected a value of its own, got 2 (as in line 4)",
        "  file:5: column 'seen': expected a timestamp such as 2026-11-22, got \"01.01.2026\"",
        "  file:5: check 'dates in order': expected start <= stop, got start = 2026-03-01, "
          .. "stop = 2026-02-01",
        "  file:7: column 'Age': expected a value, got nothing",
        "  file:7: column 'CustomerId': expected an integer, got \"x\"",
        "  file:7: column 'Surname': expected text like \"[^%d]*\", got a personal value",
        "  file:7: column 'start': expected at least 2020-01-01, got \"2019-01-01\"",
      }, lines)
      local data = core.json.decode(report:to_json())
      assert.are.same({ false, 4, 7, 10, "bank" },
        { data.ok, data.rows, data.columns, data.count, data.schema })
      assert.are.same({ column = "Age", kind = "range", line = 2, row = 1, got = "17",
        expected = "from 18 to 120" }, data.problems[1])
      assert.are.same({ column = "Age", kind = "type", count = 1 }, data.counts[1])
    end)
  end)

  it("keeps the first problems and counts all", function()
    local rows = { "Age" }
    for i = 1, 500 do rows[#rows + 1] = tostring(i) end
    with_file(table.concat(rows, "\n"), function(path)
      local s = parse('schema "a" {} column "Age" { type = "i64", to = 100 }')
      local report = s:validate_csv(path, { limit = 3 })
      assert.are.equal(400, report.count)
      assert.are.equal(3, #report.problems)
      assert.are.equal(102, report.problems[1].line)
      assert.matches("… and 397 more", tostring(report), 1, true)
      assert.matches("  column 'Age': range: 400", tostring(report), 1, true)
      assert.matches("limit: expected a whole number",
        message_of(s.validate_csv, s, path, { limit = 0 }), 1, true)
      assert.matches("unknown option 'limt'", message_of(s.validate_csv, s, path, { limt = 1 }), 1,
        true)
    end)
  end)

  it("says which columns lack or are too many", function()
    local text = 'schema "a" {} column "Age" { type = "i64" } column "N" { type = "i64", '
      .. 'optional = true } check "c" "Age > 0" others "%s"'
    with_file("Agee;x\n5;6\n", function(path)
      local options = { separator = ";" }
      local refuse = parse(text:format("refuse")):validate_csv(path, options)
      assert.are.equal(3, refuse.count)
      assert.matches("column 'Age': expected a column of that name, got none (is it \"Agee\"?)",
        tostring(refuse), 1, true)
      assert.matches("column 'Agee': expected only columns of the schema, got another",
        tostring(refuse), 1, true)
      assert.are.equal(1, parse(text:format("allow")):validate_csv(path, options).count)
      assert.are.equal(1, parse(text:format("drop")):validate_csv(path, options).count)
    end)
  end)

  it("reads words that mean missing as read_csv does", function()
    with_file('a,b\nNA,""\n"NA",-\n5,x\n', function(path)
      local s = parse('schema "a" {} column "a" { type = "i64" } column "b" { type = "string" }')
      assert.is_true(s:validate_csv(path):ok())
      local report = s:validate_csv(path, { na = "-" })
      assert.are.equal(2, report.count)
    end)
  end)
end)

describe("read_csv with a schema", function()
  it("gives types, formats and roles", function()
    with_file("Age,Country,when,extra\n42,FR,01/02/2026,x\n,DE,,y\n", function(path)
      local s = parse([[schema "a" {}
        column "Age" { type = "f64" }
        column "Country" { type = "string", role = "personal" }
        column "when" { type = "date", format = "%d/%m/%Y", role = "time" }
        column "not there" { type = "i64", optional = true }
        others "drop"]])
      local f = cl.read_csv(path, { schema = s })
      assert.are.same({ "Age", "Country", "when" }, f:columns())
      assert.are.same({ "f64", "string", "date" },
        { f:type("Age"), f:type("Country"), f:type("when") })
      assert.are.same({ time = "when", personal = { "Country" } }, f:roles())
      assert.are.equal("2026-02-01", f.when[1])
      assert.are.equal("Age", cl.read_csv(path, { schema = s, target = "Age" }):roles().target)
      assert.matches("with a schema: expected one path, got a table",
        message_of(cl.read_csv, { path }, { schema = s }), 1, true)
      assert.matches("either a schema or types", message_of(cl.read_csv, path,
        { schema = s, types = {} }), 1, true)
      assert.matches("read_csv: schema: expected a schema or the path of one, got a number",
        message_of(cl.read_csv, path, { schema = 5 }), 1, true)
    end)
  end)

  it("raises where the file differs, with line and column", function()
    with_file("Age\n40\n\n130\n150\n", function(path)
      local s = parse('schema "a" {} column "Age" { type = "i64", to = 120 }')
      local message = message_of(cl.read_csv, path, { schema = s })
      assert.matches(path .. ": 2 problems:\n  " .. path
        .. ":4: column 'Age': expected at most 120, got 130\n", message, 1, true)
      local other = parse('schema "a" {} column "Agee" { type = "i64" }')
      assert.matches("column 'Agee': expected a column of that name, got none (is it \"Age\"?)",
        message_of(cl.read_csv, path, { schema = other }), 1, true)
    end)
    with_file("Age\nold\n", function(path)
      assert.matches(path .. ":2: column 'Age': expected an integer, got \"old\"",
        message_of(cl.read_csv, path,
          { schema = parse('schema "a" {} column "Age" { type = "i64" }') }), 1, true)
    end)
  end)
end)

describe("frame:validate", function()
  it("reads columns of another type cell by cell", function()
    local f = cl.from_table({ a = { "1", "2.0", "x" }, b = { 1, 0, 1 }, c = { 1.0, 2.5, cl.NA },
      d = { "2026-01-01", "2026-01-01 10:00", cl.NA } }, { types = { d = "string" } })
    local report = f:validate(parse([[schema "a" {}
      column "a" { type = "i64" }
      column "b" { type = "bool" }
      column "c" { type = "i64", missing = false }
      column "d" { type = "date" }]]))
    local found = {}
    for i, p in ipairs(report.problems) do
      found[i] = ("%d %s %s %s"):format(p.row, p.column, p.kind, p.got)
    end
    assert.are.same({ "2 c type 2.5", '2 d type "2026-01-01 10:00"', '3 a type "x"',
      "3 c missing nothing" }, found)
    assert.matches("the frame: 4 problems", tostring(report), 1, true)
  end)

  it("takes frames without rows or columns, checks that are missing, and any name", function()
    local s = parse('schema "a" {} column "x y" { type = "i64", to = 5 } '
      .. 'check "small" "[[x y]] < 3"')
    local f = cl.from_table({ ["x y"] = { 1, cl.NA, 4, 9 } })
    local report = f:validate(s)
    assert.are.equal(3, report.count)
    assert.are.same({ 3, 4, 4 }, { report.problems[1].row, report.problems[2].row,
      report.problems[3].row })
    assert.is_true(f:head(0):validate(s):ok())
    assert.are.equal(1, core.frame.new({}, {}):validate(s).count)
    assert.matches("validate: expected a schema", message_of(f.validate, f, 5), 1, true)
  end)

  it("hides personal values", function()
    local f = cl.from_table({ n = { "Ann", "Ann" } }, { types = { n = "string" } })
    local text = tostring(f:validate(parse('schema "a" {} column "n" { type = "string", '
      .. 'role = "personal", unique = true, levels = { "Bob" }, pattern = "B.*", '
      .. 'length = { 9, 9 } } check "c" "n == \'Bob\'"')))
    assert.is_nil(text:find("Ann", 1, true))
    assert.matches("9 problems", text, 1, true)
  end)
end)

describe("cl.schema.from", function()
  it("writes a schema that its frame fits", function()
    for _, name in ipairs { "bank", "telco" } do
      local frame = cl.simulate(name, { rows = 300, seed = 3 })
      local text = cl.schema.from(frame, name)
      local schema = parse(text)
      local report = frame:validate(schema)
      assert.is_true(report:ok(), tostring(report))
      assert.are.equal(#frame:columns(), #schema.columns)
      with_file(frame:to_csv(), function(path)
        assert.is_true(schema:validate_csv(path):ok())
        local again = cl.read_csv(path, { schema = schema })
        assert.are.same(frame:roles().target, again:roles().target)
        assert.are.equal(frame:to_csv(), again:to_csv())
      end)
    end
  end)

  it("keeps odd names, levels and numbers, and no personal value", function()
    local f = cl.from_table({ ['q"\n]]'] = { "a\\", 'b"', cl.NA }, x = { 0.1, -1e300, 3.5 },
      d = { "2026-01-01", "2025-01-01", cl.NA }, who = { "Ann", "Bob", "Cid" },
      none = { cl.NA, cl.NA, cl.NA } },
      { types = { ['q"\n]]'] = "category", d = "date" }, personal = { "who" } })
    local text = cl.schema.from(f)
    assert.is_nil(text:find("Ann", 1, true))
    assert.is_true(f:validate(parse(text)):ok())
    assert.matches("name: expected a string", message_of(cl.schema.from, f, 5), 1, true)
  end)
end)

describe("patterns", function()
  it("match whole texts as Lua's do", function()
    local seed = 1
    local function random(n)
      seed = (seed * 1103515245 + 12345) % 2147483648
      return seed // 65536 % n + 1
    end
    local pieces = { "a", "b", ".", "%d", "%a", "[ab]", "[^a]", "[0-9x]", "%.", "%W", "-", "%-",
      "[%d.]", "[]a]", "[a-]" }
    local after = { "", "", "*", "+", "-", "?" }
    local subjects = { "", "a", "ab", "aab", "abab", "1", "a1", "x.9", "-", "a-b", "]a", "b.",
      "aaaaaaaa", "0.5" }
    local frame = cl.from_table({ s = subjects }, { types = { s = "string" } })
    for _ = 1, 400 do
      local pattern = ""
      for _ = 1, random(4) do
        local piece = pieces[random(#pieces)]
        pattern = pattern .. (piece == "-" and "%-" or piece) .. after[random(#after)]
      end
      local text = ("matches(s, '%s')"):format(pattern)
      local got = core.expr.eval(frame, text):to_table()
      for i, subject in ipairs(subjects) do
        local want = subject:find("^" .. pattern .. "$") ~= nil
        assert.are.equal(want, got[i], text .. " on " .. subject)
      end
    end
  end)

  it("end at once where Lua's run for ages", function()
    local frame = cl.from_table({ s = { ("a"):rep(5000) } }, { types = { s = "string" } })
    assert.is_false(core.expr.eval(frame, ("matches(s, '%sb')"):format(("a-"):rep(40)))[1])
    assert.matches("too long: at most 63 items", message_of(core.expr.eval, frame,
      ("matches(s, '%s')"):format(("a"):rep(64))), 1, true)
  end)
end)
