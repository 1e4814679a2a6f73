-- Bands of numbers: cut and qcut.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

local NA = cl.NA

local function values(column) return column:to_table("NA") end

describe("cut", function()
  local function ages(...)
    return cl.from_table { age = { 18, 40, 39, 60, 17, NA, 90 } }:cut(...)
  end

  it("makes ordered bands that hold their lower edge", function()
    local f = ages("age", { 18, 40, 60 })
    assert.are.same({ "[18, 40)", "[40, 60)", "[18, 40)", "NA", "NA", "NA", "NA" },
      values(f.age_band))
    assert.is_true(core.clean.is_ordered(f.age_band))
    local open = ages("age", { -math.huge, 40, math.huge }, { labels = { "z", "a" }, into = "b" })
    assert.are.same({ "z", "a", "z", "a", "z", "NA", "a" }, values(open.b))
    assert.are.same({ "z", "z", "z", "a", "a", "a", "NA" }, values(open:sort("b").b))
    assert.are.same({ "z", "a", "NA" }, values(open:group("b"):count().b))
    assert.are.same({ "(-inf, 0.5)", "[0.5, inf)" },
      ages("age", { -math.huge, 0.5, math.huge }).age_band:levels())
  end)

  it("closes either end", function()
    assert.are.same({ "[18, 40)", "[40, 60]", "[18, 40)", "[40, 60]", "NA", "NA", "NA" },
      values(ages("age", { 18, 40, 60 }, { closed = true }).age_band))
    assert.are.same({ "NA", "(18, 40]", "(18, 40]", "(40, 60]", "NA", "NA", "NA" },
      values(ages("age", { 18, 40, 60 }, { right = true }).age_band))
    assert.are.same({ "[18, 40]", "[18, 40]", "[18, 40]", "(40, 60]", "NA", "NA", "NA" },
      values(ages("age", { 18, 40, 60 }, { right = true, closed = true }).age_band))
  end)

  it("makes bands of equal width, and bands of dates", function()
    local f = ages("age", 2)
    assert.are.same({ "[17, 53.5)", "[53.5, 90]" }, f.age_band:levels())
    assert.are.same({ 4, 2, 1 }, values(f:value_counts("age_band").n))
    local days = cl.from_table({ d = { "2025-12-31", "2026-01-01", "2026-07-01" } },
      { types = { d = "date" } }):cut("d", { "2025-01-01", "2026-01-01", "2027-01-01" },
      { labels = { "before", "now" } })
    assert.are.same({ "before", "now", "now" }, values(days.d_band))
    assert.are.same({ "[2025-01-01, 2026-01-01)" },
      cl.from_table({ d = { "2025-12-31" } }, { types = { d = "date" } })
        :cut("d", { "2025-01-01", "2026-01-01" }).d_band:levels())
  end)

  it("survives nothing and ties", function()
    assert.are.equal(0, #cl.from_table({ age = {} }):cut("age", { 0, 1 }))
    assert.are.equal(2, cl.from_table({ age = { NA, NA } }):cut("age", 3).age_band:missing())
    assert.are.equal(0, cl.from_table({ age = { 5, 5 } }):cut("age", 3).age_band:missing())
    local close = cl.from_table { x = { 1.00000001 } }:cut("x", { 1, 1.00000001, 1.00000002 })
    assert.are.same({ "[1, 1.00000001)", "[1.00000001, 1.00000002)" }, close.x_band:levels())
  end)

  it("refuses edges, labels and columns that do not fit", function()
    assert.error_matches(function() ages("age", { 40, 18 }) end,
      "cut: edges: expected rising numbers, got 18 after 40")
    assert.error_matches(function() ages("age", { 40 }) end,
      "cut: edges: expected at least 2, got 1")
    assert.error_matches(function() ages("age", { 1, "x" }) end,
      "cut: edges: item 2: expected a number, got a string")
    assert.error_matches(function() ages("age", { 1, 2, 3 }, { labels = { "a" } }) end,
      "cut: labels: expected 2, one for each band, got 1")
    assert.error_matches(function() ages("age", { 1, 2, 3 }, { labels = { "a", "a" } }) end,
      "cut: labels: 'a' occurs twice")
    assert.error_matches(function() ages("aeg", { 1, 2 }) end,
      "cut: unknown column 'aeg' %(did you mean 'age'%?%)")
    assert.error_matches(function() ages("age", 0) end,
      "cut: expected edges or a number of bands from 1 to 10000, got 0")
    assert.error_matches(function() ages("age", { 1, 2 }, { lables = {} }) end,
      "unknown option 'lables' %(did you mean 'labels'%?%)")
    assert.error_matches(function() cl.from_table({ city = { "Ulm" } }):cut("city", { 1, 2 }) end,
      "cut: column 'city': expected a column of numbers, got string")
  end)
end)

describe("qcut", function()
  it("makes bands of equally many rows", function()
    local f = cl.from_table { x = { 1, 2, 3, 4, 5, 6, 7, 8, NA } }:qcut("x", 4)
    assert.are.same({ "[1, 2.75]", "(2.75, 4.5]", "(4.5, 6.25]", "(6.25, 8]" }, f.x_band:levels())
    assert.are.same({ 2, 2, 2, 2, 1 }, values(f:value_counts("x_band").n))
    local top = cl.from_table { x = { 1, 2, 3, 4, 5 } }:qcut("x", { 0, 0.5, 1 },
      { labels = { "low", "high" }, into = "half" })
    assert.are.same({ "low", "low", "low", "high", "high" }, values(top.half))
  end)

  it("merges equal edges, survives nothing and one value", function()
    assert.are.same({ "[0, 0.25]", "(0.25, 3]" },
      cl.from_table { x = { 0, 0, 0, 1, 3, 0, 0, 0 } }:qcut("x", 4).x_band:levels())
    assert.are.same({ "[5, 10]" }, cl.from_table { x = { 5, 5 } }:qcut("x", 4).x_band:levels())
    assert.are.equal(1, cl.from_table { x = { NA } }:qcut("x", 4).x_band:missing())
    assert.are.equal(0, #cl.from_table { x = {} }:qcut("x", 4))
  end)

  it("refuses shares and labels that do not fit", function()
    local f = cl.from_table { x = { 1, 2, 3, 4, 5 } }
    assert.error_matches(function() f:qcut("x", { 0, 2 }) end,
      "qcut: item 2: expected rising shares from 0 to 1, got 2")
    assert.error_matches(function() f:qcut("x", { 0.5 }) end,
      "qcut: expected at least two shares, got 1")
    assert.error_matches(function() f:qcut("x", 2, { labels = { "a" } }) end,
      "qcut: labels: expected 2, one for each band, got 1")
    assert.error_matches(function() f:qcut("x", 1.5) end, "got 1.5")
    assert.error_matches(function() f:qcut("x", 2, { right = true }) end, "unknown option 'right'")
  end)
end)
