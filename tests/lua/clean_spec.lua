-- replace, fill_na, cast, infer_types, trim; the log of a cleaning.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

local NA = cl.NA

local function values(column) return column:to_table("NA") end

describe("replace", function()
  local function dirty()
    return cl.from_table({
      plan = { "basic", "?", "gold", NA }, city = { "Lyon", "xxxxxxxx", "?", "Ulm" },
      age = { 42, -999, 17, NA }, pay = { 1.5, -999, NA, 0 }, on = { true, false, NA, true },
      day = { "1900-01-01", "2026-05-01", NA, "2026-05-02" },
    }, { types = { plan = "category", day = "date" } })
  end

  it("maps codes to values, each in the columns that can hold it", function()
    local f = dirty():replace { ["?"] = NA, xxxxxxxx = NA, [-999] = NA, ["1900-01-01"] = NA }
    assert.are.same({ "basic", "NA", "gold", "NA" }, values(f.plan))
    assert.are.same({ "Lyon", "NA", "NA", "Ulm" }, values(f.city))
    assert.are.same({ 42, "NA", 17, "NA" }, values(f.age))
    assert.are.same({ 1.5, "NA", "NA", 0.0 }, values(f.pay))
    assert.are.same({ "NA", "2026-05-01", "NA", "2026-05-02" }, values(f.day))
    assert.are.equal("category", f:type("plan"))
    assert.are.equal("i64", f:type("age"))
  end)

  it("replaces by column, missing cells, booleans; swaps", function()
    local f = dirty()
    assert.are.same({ "gold", "?", "basic", "none" },
      values(f:replace({ plan = { basic = "gold", gold = "basic", [NA] = "none" } }).plan))
    assert.are.same({ "basic", "?", "GOLD", "NA" },
      values(f:replace({ gold = "x", plan = { gold = "GOLD" } }).plan))
    assert.are.same({ false, true, "NA", false }, values(f:replace({ [true] = false,
      [false] = true }).on))
    assert.are.same({ 42, -1.5, 17, "NA" }, values(f:replace({ age = { [-999] = -1.5 } }).age))
    assert.are.equal("f64", f:replace({ age = { [-999] = -1.5 } }):type("age"))
    assert.are.equal("i64", f:replace({ [2.5] = 0 }):type("age"))
  end)

  it("keeps what it does not touch, and drops levels that are gone", function()
    local f = dirty():replace { ["?"] = "basic", nobody = "x" }
    assert.are.same({ "basic", "gold" }, f.plan:levels())
    assert.are.same({ "basic", "gold", "new" }, dirty():replace({ ["?"] = "new" }).plan:levels())
    assert.are.same({ "?", "basic", "gold" },
      dirty():replace({ ["?"] = NA }, { columns = "city" }).plan:levels())
    assert.are.equal(4, #dirty():replace {})
    assert.are.equal(0, #cl.from_table({ a = {} }):replace { ["?"] = NA })
  end)

  it("gives text the type that is left", function()
    local f = cl.from_table { total = { "29.85", "?", "100" }, code = { "007", "?", "008" },
      plan = { "a", "?", "b" } }
    local clean = f:replace({ ["?"] = NA }, { infer = true })
    assert.are.equal("f64", clean:type("total"))
    assert.are.same({ 29.85, "NA", 100.0 }, values(clean.total))
    assert.are.equal("string", clean:type("code"))
    assert.are.equal("string", f:replace({ ["?"] = NA }, { columns = "plan", infer = true })
      :type("total"))
  end)

  it("refuses values that do not fit", function()
    local f = dirty()
    assert.error_matches(function() f:replace { age = { [42] = "old" } } end,
      "replace: column 'age': expected a value of type i64, got \"old\"")
    assert.error_matches(function() f:replace { plna = { x = "y" } } end,
      "replace: unknown column 'plna' %(did you mean 'plan'%?%)")
    assert.error_matches(function() f:replace { age = { old = 1 } } end,
      "replace: column 'age': expected codes of type i64, got \"old\"")
    assert.error_matches(function() f:replace("?") end,
      "replace: expected a table of codes, got a string")
    assert.error_matches(function() f:replace({}, { column = "age" }) end,
      "unknown option 'column' %(did you mean 'columns'%?%)")
    assert.error_matches(function() f:replace { [print] = 1 } end,
      "replace: expected a text, a number, a boolean or cl.NA as code, got a function")
  end)
end)

describe("fill_na", function()
  local function gaps()
    return cl.from_table({
      g = { "a", "b", "a", "b", NA, NA }, x = { 1, NA, 3, 5, NA, 9 },
      city = { NA, "Ulm", NA, "Ulm", "Ärö", NA }, on = { true, NA, NA, false, NA, NA },
      day = { "2026-01-01", NA, NA, NA, NA, "2026-02-01" },
    }, { types = { day = "date", g = "category" } })
  end

  it("fills constants of the column's type", function()
    local f = gaps():fill_na { x = 0, city = "?", on = false, day = "2026-12-31", g = "c" }
    assert.are.same({ 1, 0, 3, 5, 0, 9 }, values(f.x))
    assert.are.same({ "?", "Ulm", "?", "Ulm", "Ärö", "?" }, values(f.city))
    assert.are.same({ true, false, false, false, false, false }, values(f.on))
    assert.are.equal("2026-12-31", f.day[2])
    assert.are.same({ "a", "b", "c" }, f.g:levels())
    assert.are.equal("i64", f:type("x"))
    assert.are.equal("f64", gaps():fill_na({ x = 0.5 }):type("x"))
  end)

  it("fills by rules, in groups", function()
    local f = gaps()
    assert.are.same({ 1, 4.5, 3, 5, 4.5, 9 }, values(f:fill_na({ x = { "mean" } }).x))
    assert.are.same({ 1, 5, 3, 5, 9, 9 }, values(f:fill_na({ x = { "mean", by = "g" } }).x))
    assert.are.same({ 1, 4, 3, 5, 4, 9 }, values(f:fill_na({ x = { "median" } }).x))
    assert.are.same({ 1, 1, 3, 5, 5, 9 }, values(f:fill_na({ x = { "forward" } }).x))
    assert.are.same({ 1, 3, 3, 5, 9, 9 }, values(f:fill_na({ x = { "backward" } }).x))
    assert.are.same({ 1, 5, 3, 5, 9, 9 },
      values(f:fill_na({ x = { "backward", by = { "g" } } }).x))
    assert.are.same({ "Ulm", "Ulm", "Ulm", "Ulm", "Ärö", "Ulm" },
      values(f:fill_na({ city = { "mode" } }).city))
    assert.are.same({ "2026-01-01", "2026-01-01", "NA", "NA", "NA", "2026-02-01" },
      values(f:fill_na({ day = { "forward", limit = 1 } }).day))
  end)

  it("takes one rule or number for several columns", function()
    local f = gaps():fill_na("forward", { by = "g" })
    assert.are.same({ 1, "NA", 3, 5, "NA", 9 }, values(f.x))
    assert.are.same({ "a", "b", "a", "b", "NA", "NA" }, values(f.g))
    assert.are.same({ 1, 7, 3, 5, 7, 9 }, values(gaps():fill_na(7).x))
    assert.are.same({ true, true, true, false, true, true }, values(gaps():fill_na(true).on))
    assert.are.same({ 1, 4, 3, 5, 4, 9 }, values(gaps():fill_na("median").x))
    assert.are.equal(3, gaps():fill_na("median").city:missing())
  end)

  it("leaves what nothing can fill", function()
    local f = cl.from_table({ a = { NA, NA }, b = { 1, 2 } })
    assert.are.equal(2, f:fill_na("mean").a:missing())
    assert.are.equal(2, f:fill_na({ a = { "mode" } }).a:missing())
    assert.are.equal(0, #cl.from_table({ a = {} }):fill_na { a = 1 })
  end)

  it("refuses rules and values that do not fit", function()
    local f = gaps()
    assert.error_matches(function() f:fill_na { x = "unknown" } end,
      "fill_na: column 'x': expected a value of type i64, got \"unknown\"")
    assert.error_matches(function() f:fill_na { y = 0 } end, "fill_na: unknown column 'y'")
    assert.error_matches(function() f:fill_na { x = { "medain" } } end,
      "fill_na: column 'x': rule: unknown rule 'medain' %(did you mean 'median'%?%)")
    assert.error_matches(function() f:fill_na("means") end,
      "fill_na: unknown rule 'means' %(did you mean 'mean'%?%)")
    assert.error_matches(function() f:fill_na { city = { "mean" } } end,
      "fill_na: column 'city': rule: expected a column of numbers for 'mean', got category")
    assert.error_matches(function() f:fill_na { x = { "mean", limit = 2 } } end,
      "option 'limit': expected a rule of forward or backward, got 'mean'")
    assert.error_matches(function() f:fill_na("forward", { limit = 0 }) end,
      "fill_na: option 'limit': expected a whole number from 1, got 0")
    assert.error_matches(function() f:fill_na { x = { "forward", of = "g" } } end,
      "unknown option 'of'")
    assert.error_matches(function() f:fill_na({ x = 0 }, { by = "g" }) end,
      "fill_na: option 'by': expected it beside a rule for several columns")
    assert.error_matches(function() f:fill_na(print) end,
      "fill_na: expected a table, a rule or a number, got a function")
    assert.error_matches(function() f:fill_na { x = { "mean", by = "gg" } } end,
      "unknown column 'gg'")
  end)
end)

describe("cast", function()
  local function texts()
    return cl.from_table({ a = { "1", "x", NA, "2.5" }, b = { 1, 0, 1, NA } },
      { types = { a = "string" } })
  end

  it("keeps every value or names the one that it cannot", function()
    local f, lost = texts():cast { b = "bool" }
    assert.are.same({ true, false, true, "NA" }, values(f.b))
    assert.are.same({}, lost)
    assert.error_matches(function() texts():cast { a = "f64" } end,
      "cast: column 'a': row 2: expected a number, got \"x\"")
    assert.error_matches(function() texts():cast { a = "f46" } end,
      "cast: column 'a': unknown type 'f46' %(did you mean 'f64'%?%)")
    assert.error_matches(function() texts():cast { c = "f64" } end, "cast: unknown column 'c'")
    assert.error_matches(function() texts():cast({}, { errors = "mising" }) end,
      "cast: errors: unknown choice 'mising' %(did you mean 'missing'%?%)")
    assert.error_matches(function() texts():cast("f64") end,
      "cast: expected a table of types, got a string")
  end)

  it("counts what it lost", function()
    local f, lost = texts():cast({ a = "i64", b = "string" }, { errors = "missing" })
    assert.are.same({ 1, "NA", "NA", "NA" }, values(f.a))
    assert.are.same({ "1", "0", "1", "NA" }, values(f.b))
    assert.are.same({ a = 2 }, lost)
    assert.are.equal(0, #cl.from_table({ a = {} }):cast { a = "date" })
  end)
end)

describe("infer_types", function()
  it("finds the first type that fits", function()
    local f = cl.from_table({
      i = { " 1", "2 ", NA }, x = { "1", "2.5", "" }, b = { "true", "FALSE", " " },
      d = { "2026-01-31", "2024-02-29", NA }, code = { "007", "8", "9" },
      tel = { "+49", "+1", "+2" },
      t = { "a", "1", "2" }, blank = { " ", "", NA }, n = { 1, 2, 3 },
      at = { "2026-11-22 10:00:00", "2026-11-22T11:00:00Z", NA },
    }, { types = { d = "string", at = "string", code = "category" } }):infer_types()
    local found = {}
    for _, c in ipairs(f:schema()) do found[c.name] = c.type end
    assert.are.same({ i = "i64", x = "f64", b = "bool", d = "date", code = "category",
      tel = "string", t = "string", blank = "string", n = "i64", at = "timestamp" }, found)
    assert.are.same({ 1, 2, "NA" }, values(f.i))
    assert.are.equal("string", cl.from_table({ a = { "1" } }):infer_types({ types = "number" })
      :type("a"))
  end)
end)

describe("trim", function()
  it("takes white space off and makes blanks missing", function()
    local f = cl.from_table({ s = { "\t a b \r\n", "\u{A0}x\u{A0} ", "  ", NA, "é" },
      c = { "x ", " x", "y", " ", NA }, n = { 1, 2, 3, 4, 5 } },
      { types = { c = "category" } }):trim()
    assert.are.same({ "a b", "x", "NA", "NA", "é" }, values(f.s))
    assert.are.same({ "x", "x", "y", "NA", "NA" }, values(f.c))
    assert.are.same({ "x", "y" }, f.c:levels())
    assert.are.equal("category", f:type("c"))
    assert.error_matches(function() f:trim("d") end, "trim: unknown column 'd'")
    assert.are.equal(0, #cl.from_table({ a = {} }):trim())
  end)
end)

describe("cleaning", function()
  local function start()
    return cl.cleaning(cl.from_table { age = { 42, -999, 17, NA }, plan = { "a ", "?", "b", "b" } })
  end

  it("remembers what each step touched", function()
    local clean = start():trim():replace({ ["?"] = NA, [-999] = NA }):fill_na { age = 0 }
      :rename({ plan = "contract" }):cast({ age = "f64" }):derive { old = "age > 40" }
      :filter("age < 40"):drop("old")
    local log = clean:log()
    assert.are.same({ "trim", "replace", "fill_na", "rename", "cast", "derive", "filter", "drop" },
      log.step:to_table())
    assert.are.same({ 1, 2, 2, 0, 0, 0, 0, 0 }, log.cells:to_table())
    assert.are.same({ 0, 0, 0, 0, 0, 0, 1, 0 }, log.dropped:to_table())
    assert.are.same({ "plan", "age, plan", "age", "plan → contract", "age (i64 → f64)", "+old", "",
      "-old" }, log.touched:to_table())
    assert.are.equal(3, #clean)
    assert.are.equal(3, #clean:frame())
    assert.matches("filter +0 +%-1", tostring(log))
    assert.are.equal(tostring(log), tostring(clean))
  end)

  it("wraps long lists of columns at 100 places", function()
    local columns = {}
    for i = 1, 30 do columns["column_" .. i] = { NA, 1 } end
    local text = tostring(cl.cleaning(cl.from_table(columns)):fill_na(0):log())
    for line in text:gmatch("[^\n]+") do assert.is_true(utf8.len(line) <= 100, line) end
    assert.matches("fill_na +30", text)
  end)

  it("answers what gives no frame, and names what is unknown", function()
    assert.are.equal("i64", start():type("age"))
    assert.are.equal(0, #start():log())
    local chain = start()
    local some, rest = chain:split { 0.5, 0.5, seed = 1 }
    assert.are.equal(4, #some + #rest)
    assert.are.equal(0, #chain:log())
    assert.error_matches(function() start():fil_na {} end,
      "cleaning has no method 'fil_na' %(did you mean 'fill_na'%?%)")
    assert.error_matches(function() cl.cleaning {} end, "cleaning: expected a frame, got a table")
    assert.error_matches(function() start():fill_na { plann = 1 } end,
      "fill_na: unknown column 'plann' %(did you mean 'plan'%?%)")
  end)

  it("compares presence and value, not the way of storing", function()
    local c = core.column.new
    local count = core.clean.differences
    assert.are.equal(0, count(c({ 1, 2 }, "i64"), c({ 1, 2 }, "f64")))
    assert.are.equal(2, count(c({ 1, NA, 3 }, "i64"), c({ NA, 0, 3 }, "i64")))
    assert.are.equal(1, count(c({ "a", "" }, "string"), c({ "a", NA }, "category")))
    assert.error_matches(function() count(c { 1 }, c { 1, 2 }) end,
      "differences: expected 1 rows, got 2")
  end)
end)
