local core = require("churnlab.core")
local group = require("churnlab.group")
local message_of = require("fixtures").message_of

local csv = [[
Geography,Gender,Age,Exited
Spain,Female,40,1
France,Male,30,0
France,Female,50,1
,Male,20,0
Spain,Female,60,0
]]

local function frame()
  return core.frame.parse_csv(csv, { types = { Geography = "category", Gender = "category" } })
end

local NA = require("churnlab").NA

describe("group", function()
  it("gives keys first, then aggregates by name, sorted by the keys", function()
    local out = group.new(frame(), "Geography"):agg { n = "count()", churn = "mean(Exited)" }
    assert.are.same({ "Geography", "churn", "n" }, out:columns())
    assert.are.same({ "France", "Spain", "?" }, out:col("Geography"):to_table("?"))
    assert.are.same({ 0.5, 0.5, 0 }, out:col("churn"):to_table())
    assert.are.same({ 2, 2, 1 }, out:col("n"):to_table())
  end)

  it("keeps the order of a list", function()
    local out = group.new(frame(), { "Gender", "Geography" })
      :agg { { "n", "count()" }, { "age", core.expr.parse("max(Age) - min(Age)") } }
    assert.are.same({ "Gender", "Geography", "n", "age" }, out:columns())
    assert.are.same({ "Female", "Female", "Male", "Male" }, out:col("Gender"):to_table())
    assert.are.same({ "France", "Spain", "France", "?" }, out:col("Geography"):to_table("?"))
    assert.are.same({ 0, 20, 0, 0 }, out:col("age"):to_table())
  end)

  it("takes everything as one group without keys", function()
    local out = group.new(frame()):agg { age = "sum(Age) / count()" }
    assert.are.same({ "age" }, out:columns())
    assert.are.same({ 40 }, out:col("age"):to_table())
  end)

  it("counts", function()
    assert.are.same({ 3, 2 }, group.new(frame(), "Gender"):count():col("n"):to_table())
    assert.are.equal("group by Gender", tostring(group.new(frame(), "Gender")))
  end)

  it("takes modes and weighted means", function()
    local visits = require("churnlab").from_table({
      g = { "a", "a", "a", "a", "b", "b", "c" }, x = { 3, 1, 3, 1, 2, NA, NA },
      s = { "q", "p", "p", NA, "z", "y", NA }, w = { 1, 2, 3, NA, 0, 4, 1 },
    }, { types = { x = "f64", w = "f64", s = "string" } })
    local out = visits:group("g"):agg { x = "mode(x)", s = "mode(s)", w = "wmean(x, w)",
      same = "sum(x * w) / sum(w * if_else(is_na(x), 0, 1))" }
    assert.are.same({ 1.0, 2.0, NA }, out.x:to_table(NA)) -- the least of equally frequent ones
    assert.are.same({ "p", "y", NA }, out.s:to_table(NA))
    assert.are.same({ 14 / 6, NA, NA }, out.w:to_table(NA)) -- no weight, no mean
    assert.are.same({ 14 / 6, NA, NA }, out.same:to_table(NA))
    assert.are.equal("string", out.s:type())
    local none = visits:filter("x > 9"):group():agg { m = "mode(s)", w = "wmean(x, 1)" }
    assert.are.same({ NA, NA }, { none.m[1] or NA, none.w[1] or NA })
    assert.matches("function 'wmean': expected a number, got column 's' %(string%)",
      message_of(function() visits:group("g"):agg { x = "wmean(s, w)" } end))
  end)

  it("helps with mistakes", function()
    local g = group.new(frame(), "Gender")
    assert.matches("group_spec.lua:%d+: aggregate 'x': expression \"Age\": position 1: "
      .. "column 'Age' has many values a group", message_of(function() g:agg { x = "Age" } end))
    assert.matches("unknown column 'Gendre' %(did you mean 'Gender'%?%)",
      message_of(function() group.new(frame(), "Gendre"):count() end))
    assert.matches("expected at least one aggregate", message_of(g.agg, g, {}))
    assert.matches("x: expected an expression .* got a number", message_of(g.agg, g, { x = 1 }))
    assert.matches("item 2: expected {name, expression}, got a string",
      message_of(g.agg, g, { { "n", "count()" }, "mean(Age)" }))
    assert.matches("expected a table of expressions, got a string", message_of(g.agg, g, "count()"))
    assert.matches("used twice", message_of(g.agg, g, { Gender = "count()" }))
    assert.matches("key 1: expected a column name, got a number",
      message_of(group.new, frame(), 1))
  end)
end)
