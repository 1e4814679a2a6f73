-- cl.concat, and figures over columns: value_counts, quantile, corr.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local fixtures = require("fixtures")

local NA = cl.NA

local sales, values = fixtures.sales, fixtures.values

describe("concat", function()
  it("unites rows and columns", function()
    local a = cl.from_table({ id = { 1, 2 }, plan = { "x", NA } },
      { types = { plan = "category" } })
    local b = cl.from_table({ id = { 2.5 }, plan = { "a" }, when = { "2026-01-31" } },
      { types = { plan = "category", when = "date" } })
    local f = cl.concat { a:with_roles { id = "id" }, b, a }
    assert.are.same({ "id", "plan", "when" }, f:columns())
    assert.are.same({ 1.0, 2.0, 2.5, 1.0, 2.0 }, values(f.id))
    assert.are.same({ "x", "NA", "a", "x", "NA" }, values(f.plan))
    assert.are.same({ "x", "a" }, f.plan:levels())
    assert.are.same({ "NA", "NA", "2026-01-31", "NA", "NA" }, values(f.when))
    assert.are.equal("id", f:roles().id)
    assert.are.equal("date", f:type("when"))
  end)

  it("promotes types, and takes empty parts along", function()
    local text = cl.from_table({ v = { "b" } }, { types = { v = "string" } })
    local level = cl.from_table({ v = { "a" } }, { types = { v = "category" } })
    assert.are.equal("string", cl.concat({ level, text }):type("v"))
    local day = cl.from_table({ v = { "2026-01-31" } }, { types = { v = "date" } })
    local moment = cl.from_table({ v = { "2026-01-31 12:00:00" } }, { types = { v = "timestamp" } })
    assert.are.same({ "2026-01-31 00:00:00", "2026-01-31 12:00:00" },
      values(cl.concat({ day, moment }).v))
    local none = cl.from_table({ v = { NA } })
    assert.are.same({ "NA", "b" }, values(cl.concat({ none, text }).v))
    assert.are.equal("bool", cl.concat({ cl.from_table({ v = { true } }), none }):type("v"))
    assert.are.equal(1, #cl.concat { text })
    assert.are.equal(5, #cl.concat { sales():select {}, sales():select {}:head(0) })
    assert.are.equal(0, #cl.concat { sales():head(0), sales():head(0) })
  end)

  it("puts frames side by side", function()
    local f = sales():select("city", "year")
    local wide = cl.concat { f, sales():select("amount"), by = "columns" }
    assert.are.same({ "city", "year", "amount" }, wide:columns())
    assert.are.same({ "city", "year", "city_2", "year_2" },
      cl.concat({ f, f, by = "columns", suffix = "_2" }):columns())
    assert.error_matches(function() cl.concat { f, f, by = "columns" } end,
      "concat: column 'city' is in frames 1 and 2 %(the option suffix renames it%)")
    assert.error_matches(function() cl.concat { f, f, f, by = "columns", suffix = "_2" } end,
      "concat: column 'city_2' is there already")
    assert.error_matches(function() cl.concat { f, f:head(1), by = "columns" } end,
      "concat: frame 2: expected 5 rows as in the first, got 1")
  end)

  it("refuses types that do not meet", function()
    local a, b = cl.from_table { v = { 1 } }, cl.from_table { v = { "x" } }
    assert.error_matches(function() cl.concat { a, b } end,
      "concat: column 'v': expected one type, got i64 in part 1 and string in part 2 %(cast one%)")
    local big = cl.from_table { v = { 9007199254740993 } }
    assert.error_matches(function() cl.concat { big, cl.from_table { v = { 0.5 } } } end,
      "concat: column 'v': part 1: row 1: expected a number, got \"9007199254740993\"")
    assert.error_matches(function() cl.concat {} end, "concat: expected at least one frame")
    assert.error_matches(function() cl.concat { a, 5 } end,
      "concat: item 2: expected a frame, got a number")
    assert.error_matches(function() cl.concat { a, by = "cols" } end,
      "concat: by: unknown choice 'cols' %(did you mean 'rows'%?%)")
    assert.error_matches(function() cl.concat { a, suffix = "_x" } end,
      "concat: option 'suffix': expected it with by = \"columns\"")
  end)
end)

describe("figures over columns:", function()
  it("value_counts of several columns", function()
    local f = cl.from_table({ a = { 1, 1, 2, NA, 1 }, b = { "x", "x", "y", "x", NA } })
      :value_counts("a", "b")
    assert.are.same({ "a", "b", "n", "share" }, f:columns())
    assert.are.same({ 1, 1, 2, "NA" }, values(f.a))
    assert.are.same({ "x", "NA", "y", "x" }, values(f.b))
    assert.are.same({ 2, 1, 1, 1 }, values(f.n))
    assert.are.same({ 0.4, 0.2, 0.2, 0.2 }, values(f.share))
    assert.are.same({ "value", "n", "share" }, sales():value_counts("city"):columns())
    assert.are.equal(0, #sales():head(0):value_counts("city", "year"))
    assert.error_matches(function() sales():value_counts("cty") end,
      "value_counts: unknown column 'cty' %(did you mean 'city'%?%)")
    assert.error_matches(function() sales():value_counts() end,
      "value_counts: expected at least one column")
  end)

  it("quantile", function()
    local f = sales():quantile({ 0.5, 1 }, { columns = { "amount", "pieces" } })
    assert.are.same({ 0.5, 1.0 }, values(f.q))
    assert.are.same({ 30.0, 50.0 }, values(f.amount))
    assert.are.same({ "q", "year", "amount", "pieces" }, sales():quantile(0.5):columns())
    assert.are.same({ "NA" }, values(sales():head(0):quantile(0.5).amount))
    assert.error_matches(function() sales():quantile(1.5) end,
      "quantile: item 1: expected a share from 0 to 1, got 1.5")
    assert.error_matches(function() sales():quantile(0.5, { columns = "city" }) end,
      "quantile: column 'city': expected a column of numbers, got category")
    assert.error_matches(function() sales():quantile("a") end, "quantile: expected shares")
  end)

  it("corr", function()
    local f = sales():corr()
    assert.are.same({ "column", "year", "amount", "pieces" }, f:columns())
    assert.are.same({ "year", "amount", "pieces" }, values(f.column))
    assert.are.equal(1.0, f.amount[3])
    local gaps = cl.from_table { a = { 1, 2, NA, 4 }, b = { 4, NA, 1, 1 }, c = { 1, 1, 1, 1 } }
    assert.are.same({ 1.0, -1.0, "NA" }, values(gaps:corr({ method = "spearman" }).a))
    assert.are.same({ "NA" }, values(sales():head(0):corr({ columns = "year" }).year))
    assert.error_matches(function() sales():corr { method = "kendall" } end,
      "corr: unknown method 'kendall'")
    assert.error_matches(function() sales():corr { columns = "city" } end,
      "corr: column 'city': expected a column of numbers, got category")
  end)
end)
