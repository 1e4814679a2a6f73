-- Long tables and wide ones: pivot, melt, crosstab.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local fixtures = require("fixtures")

local sales, values = fixtures.sales, fixtures.values

describe("pivot", function()
  it("spreads aggregates, missing keys last", function()
    local f = sales():pivot { index = "city", columns = "year", values = "amount",
      aggregate = "sum" }
    assert.are.same({ "city", "2025", "2026" }, f:columns())
    assert.are.same({ "Lyon", "Ulm", "NA" }, values(f.city))
    assert.are.same({ 20, 10, "NA" }, values(f:col("2025")))
    assert.are.same({ 30, 50, 40 }, values(f:col("2026")))
    assert.are.equal("i64", f:type("2025"))
    local filled = sales():pivot { index = "city", columns = "year", aggregate = "count()",
      fill = 0 }
    assert.are.same({ 1, 1, 0 }, values(filled:col("2025")))
  end)

  it("takes several keys, several values, no index, expressions", function()
    local f = sales():pivot { columns = { "city", "year" }, values = { "amount", "pieces" } }
    assert.are.equal(1, #f)
    assert.are.equal("amount_Lyon_2025 amount_Lyon_2026 amount_Ulm_2025 amount_Ulm_2026 "
      .. "amount_NA_2026 pieces_Lyon_2025 pieces_Lyon_2026 pieces_Ulm_2025 pieces_Ulm_2026 "
      .. "pieces_NA_2026", table.concat(f:columns(), " "))
    local per = sales():pivot { index = "year", columns = "city",
      aggregate = "sum(amount) / sum(pieces)" }
    assert.are.same({ 10.0, 10.0 }, values(per.Ulm))
  end)

  it("is undone by melt", function()
    local wide = sales():filter("not is_na(city)")
      :pivot { index = "city", columns = "year", values = "amount" }
    local long = wide:melt { id = "city", names = "year", value = "amount" }
    assert.are.same({ "Lyon", "Ulm", "Lyon", "Ulm" }, values(long.city))
    assert.are.same({ "2025", "2025", "2026", "2026" }, values(long.year))
    assert.are.same({ 20, 10, 30, 50 }, values(long.amount))
    assert.are.equal(tostring(wide),
      tostring(long:pivot { index = "city", columns = "year", values = "amount" }))
  end)

  it("works without rows", function()
    local f = sales():head(0):pivot { index = "city", columns = "year", values = "amount",
      aggregate = "sum" }
    assert.are.equal(0, #f)
    assert.are.same({ "city" }, f:columns())
  end)

  it("refuses what is ambiguous or unknown", function()
    assert.error_matches(function()
      sales():pivot { index = "city", columns = "year", values = "amount" }
      cl.concat({ sales(), sales() }):pivot { index = "city", columns = "year", values = "amount" }
    end, "pivot: row 6: expected one row for Ulm and 2025, got another %(an aggregate")
    assert.error_matches(function() sales():pivot { index = "city" } end,
      "pivot: expected the option columns")
    assert.error_matches(function() sales():pivot { columns = "year" } end,
      "pivot: expected the option values")
    assert.error_matches(function() sales():pivot { columns = "yaer", values = "amount" } end,
      "pivot: columns: unknown column 'yaer' %(did you mean 'year'%?%)")
    assert.error_matches(function()
      sales():pivot { columns = "year", values = "amount", aggregate = "smu" }
    end, "unknown function 'smu'")
    assert.error_matches(function()
      sales():pivot { columns = "year", values = "amount", aggregate = "sum(amount)" }
    end, "pivot: expected values with the name of an aggregate, got the expression")
    local many = {}
    for i = 1, 10001 do many[i] = i end
    assert.error_matches(function()
      cl.from_table({ k = many, v = many }):pivot { columns = "k", values = "v" }
    end, "pivot: expected at most 10000 new columns, got 10001")
  end)
end)

describe("melt", function()
  it("stacks columns beside their names", function()
    local f = sales():head(2):melt { id = "city", values = { "pieces", "amount" } }
    assert.are.same({ "city", "name", "value" }, f:columns())
    assert.are.same({ "pieces", "pieces", "amount", "amount" }, values(f.name))
    assert.are.same({ 1, 2, 10, 20 }, values(f.value))
    assert.are.same({ "Ulm", "Lyon", "Ulm", "Lyon" }, values(f.city))
    local all = cl.from_table({ a = { 1 }, b = { 2.5 } }):melt {}
    assert.are.same({ 1.0, 2.5 }, values(all.value))
    assert.are.same({ "year", "name", "value" }, sales():melt({ values = { types = "number",
      except = "year" }, id = "year" }):columns())
    assert.are.equal(0, #sales():head(0):melt { id = "city", values = "year" })
  end)

  it("refuses types that do not meet and names that clash", function()
    assert.error_matches(function() sales():melt { values = { "city", "year" } } end,
      "melt: values: expected one type, got category in part 1 and i64 in part 2 %(cast one%)")
    assert.error_matches(function()
      sales():melt { id = "city", names = "city", values = "year" }
    end, "melt: column 'city' occurs twice")
    assert.error_matches(function() sales():melt { id = { types = { "number", "text" } } } end,
      "melt: expected at least one column of values")
  end)
end)

describe("crosstab", function()
  it("counts, shares and sums", function()
    local f = sales():crosstab("city", "year")
    assert.are.same({ "Lyon", "Ulm", "NA" }, values(f.city))
    assert.are.same({ 1, 1, 0 }, values(f:col("2025")))
    assert.are.same({ 1, 1, 1 }, values(f:col("2026")))
    local shares = sales():crosstab("year", "city", { share = "row", totals = true })
    assert.are.same({ "year", "Lyon", "Ulm", "NA", "total" }, shares:columns())
    assert.are.same({ "2025", "2026", "total" }, values(shares.year))
    assert.are.same({ 0.5, 1 / 3, 0.4 }, values(shares.Lyon))
    assert.are.same({ 1.0, 1.0, 1.0 }, values(shares.total))
    assert.are.same({ 0.5, 0.5, 1.0 },
      values(sales():crosstab("year", "city", { share = "column", totals = true }).Lyon))
    assert.are.same({ 0.4, 0.6, 1.0 },
      values(sales():crosstab("year", "city", { share = "all", totals = true }).total))
  end)

  it("keeps the order of bands; works without rows", function()
    local f = sales():cut("amount", { 0, 25, 1000 }, { labels = { "z small", "a large" },
      into = "size" }):crosstab("size", "size")
    assert.are.same({ "size", "z small", "a large" }, f:columns())
    assert.are.same({ 2, 0 }, values(f:col("z small")))
    assert.are.same({ "city" }, sales():head(0):crosstab("city", "year"):columns())
    local none = sales():head(0):crosstab("city", "year", { totals = true })
    assert.are.same({ 0 }, values(none.total))
  end)

  it("refuses what it does not know", function()
    assert.error_matches(function() sales():crosstab("city") end,
      "crosstab: expected the names of two columns")
    assert.error_matches(function() sales():crosstab("city", "yaer") end,
      "crosstab: unknown column 'yaer' %(did you mean 'year'%?%)")
    assert.error_matches(function() sales():crosstab("city", "year", { share = "rows" }) end,
      "crosstab: unknown share 'rows' %(did you mean 'row'%?%)")
  end)
end)
