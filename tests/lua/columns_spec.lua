-- Choosing columns: select and drop by names, patterns, types.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")

local function frame()
  return cl.from_table({
    NumA = { 1, 2 }, NumB = { 0.5, 1.5 }, City = { "Lyon", "Ulm" }, Flag = { true, false },
    Day = { "2026-01-31", "2026-02-28" },
  }, { names = { "City", "NumA", "NumB", "Flag", "Day" }, types = { Day = "date" } })
end

local function names(f) return table.concat(f:columns(), " ") end

describe("select", function()
  it("takes names, lists, patterns and types", function()
    local f = frame()
    assert.are.equal("NumB City", names(f:select("NumB", "City")))
    assert.are.equal("NumB City", names(f:select { "NumB", "City" }))
    assert.are.equal("NumA NumB", names(f:select { matching = "^Num" }))
    assert.are.equal("City NumA", names(f:select { matching = { "A$", "^City$" } }))
    assert.are.equal("NumA NumB", names(f:select { types = "number" }))
    assert.are.equal("City Flag", names(f:select { types = { "text", "bool" } }))
    assert.are.equal("Day", names(f:select { types = "time" }))
    assert.are.equal("NumB", names(f:select { matching = "^Num", types = "f64" }))
    assert.are.equal("City NumB Flag Day", names(f:select { except = { "NumA" } }))
    assert.are.equal("Day NumB", names(f:select { "Day", matching = "Num", except = "NumA" }))
    assert.are.equal("Flag", names(f:select { "Flag", "City", except = "City" }))
  end)

  it("keeps rows and roles, shares nothing twice", function()
    local f = frame():with_roles { target = "Flag" }
    assert.are.equal(2, #f:select {})
    assert.are.equal(0, #f:select({}):columns())
    assert.are.equal("City", names(f:select { "City", "City", matching = "^C" }))
    assert.are.equal("Flag", f:select("Flag"):roles().target)
    assert.is_nil(f:drop("Flag"):roles().target)
    assert.are.equal(0, #f:select({ matching = "^Zip" }):columns())
    assert.are.equal(0, #cl.from_table({}):select { types = "number" })
  end)

  it("says what is unknown", function()
    local f = frame()
    assert.error_matches(function() f:select("Cty") end,
      "select: unknown column 'Cty' %(did you mean 'City'%?%)")
    assert.error_matches(function() f:select { 3 } end,
      "select: item 1: expected a column name, got a number")
    assert.error_matches(function() f:select { type = "f64" } end,
      "select: unknown option 'type' %(did you mean 'types'%?%)")
    assert.error_matches(function() f:select { types = "f46" } end,
      "select: types: unknown type 'f46' %(did you mean 'f64'%?%)")
    assert.error_matches(function() f:select { except = "Cty" } end,
      "select: except: unknown column 'Cty'")
    assert.error_matches(function() f:select { matching = "%" } end,
      "select: matching: '%%': malformed pattern")
    assert.error_matches(function() f:select { matching = { 1 } } end,
      "select: matching: item 1: expected a text, got a number")
  end)
end)

describe("drop", function()
  it("leaves the others", function()
    local f = frame()
    assert.are.equal("City Flag Day", names(f:drop { matching = "^Num" }))
    assert.are.equal("City NumA NumB", names(f:drop("Flag", "Day")))
    assert.are.equal("City Day", names(f:drop { "Flag", types = "number" }))
    assert.are.equal(2, #f:drop { types = { "number", "text", "bool", "time" } })
    assert.error_matches(function() f:drop("Fla") end, "drop: unknown column 'Fla'")
  end)
end)
