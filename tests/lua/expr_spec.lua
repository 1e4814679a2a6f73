local core = require("churnlab.core")
local expr = core.expr
local message_of = require("fixtures").message_of

local csv = [[
Age,Balance,Active,Country,Since
42,0.5,true,France,2020-01-15
,100,false,Spain,2021-06-30
30,,,,
-7,-2.25,true,France,1999-12-31
]]

local function frame()
  return core.frame.parse_csv(csv, { types = { Country = "category" } })
end

describe("expr", function()
  it("gives one value a row, missing where an operand is", function()
    local f = frame()
    assert.are.same({ 43, "?", 31, -6 }, expr.eval(f, "Age + 1"):to_table("?"))
    assert.are.same({ true, false, "?", true }, expr.eval(f, "Country == 'France'"):to_table("?"))
    assert.are.same({ true, false, true, false },
      expr.eval(f, "coalesce(Age > 0, false)"):to_table("?"))
    assert.are.equal("integer", math.type(expr.eval(f, "Age // 4"):to_table()[1]))
  end)

  it("repeats aggregates", function()
    local f = frame()
    assert.are.same({ 3, 3, 3, 3 }, expr.eval(f, "count(Age)"):to_table())
    assert.are.same({ true, "?", true, false }, expr.eval(f, "Age > mean(Age)"):to_table("?"))
  end)

  it("tells the type from a schema without rows", function()
    local schema = frame():slice(1, 0)
    assert.are.equal("bool", expr.check(schema, "Age >= 60"))
    assert.are.equal("f64", expr.check(schema, "log(Balance)"))
    assert.are.equal("category", expr.check(schema, "bin(Age, 25, 40, 60)"))
    assert.are.equal("date", expr.check(schema, "max(Since, '2020-01-01')"))
    assert.are.equal("i64", expr.check(schema, expr.parse("year(Since)")))
  end)

  it("labels bins by their edges, lower ones included", function()
    local bins = expr.eval(frame(), "bin(Age, 30, 42)")
    assert.are.same({ "<30", "30..42", ">=42" }, bins:levels())
    assert.are.same({ ">=42", "?", "30..42", "<30" }, bins:to_table("?"))
  end)

  it("parses once, prints, lists columns", function()
    local e <close> = expr.parse("((Age))+mean( Balance )*2 > [[a b]]")
    assert.are.equal("Age + mean(Balance) * 2 > [[a b]]", e:print())
    assert.are.equal("((Age))+mean( Balance )*2 > [[a b]]", e:text())
    assert.are.equal(e:text(), tostring(e))
    assert.are.same({ "Age", "Balance", "a b" }, e:columns())
    assert.is_true(e:is_aggregate())
    assert.is_false(expr.parse("max(1, 2)"):is_aggregate())
  end)

  it("serves one parsed expression to many frames", function()
    local e = expr.parse("Age * 2")
    for _ = 1, 3 do
      assert.are.same({ 84, "?", 60, -14 }, expr.eval(frame(), e):to_table("?"))
    end
  end)

  it("raises at the caller's line, with position and suggestion", function()
    local f = frame()
    assert.are.equal("tests/lua/expr_spec.lua:" .. debug.getinfo(1, "l").currentline + 2
      .. [[: expression "Agee > 3": position 1: unknown column 'Agee' (did you mean 'Age'?)]],
      message_of(function() expr.eval(f, "Agee > 3") end))
    assert.matches("unknown level 'Frnace' %(did you mean 'France'%?%)",
      message_of(expr.check, f, "Country == 'Frnace'"))
    assert.matches("cannot compare column 'Age' %(i64%) with text \"x\"",
      message_of(expr.check, f, "Age == 'x'"))
    assert.matches("position 6: expected a column", message_of(expr.parse, "Age >"))
    assert.matches("unknown function 'meen' %(did you mean 'mean'%?%)",
      message_of(expr.parse, "meen(Age)"))
    assert.matches("zero byte", message_of(expr.parse, "Age\0"))
    assert.matches("bad argument", message_of(expr.eval, f, 5))
    assert.matches("bad argument", message_of(expr.eval, "x", "Age"))
  end)

  it("refuses a closed expression", function()
    local e = expr.parse("Age")
    getmetatable(e).__close(e)
    assert.matches("closed", message_of(e.text, e))
    assert.matches("closed", message_of(expr.eval, frame(), e))
  end)

  it("keeps its columns when the frame is gone", function()
    local column = expr.eval(frame(), "Country")
    collectgarbage()
    assert.are.same({ "France", "Spain", "?", "France" }, column:to_table("?"))
  end)

  it("names all functions once", function()
    local seen = {}
    for _, name in ipairs(expr.functions()) do
      assert.is_nil(seen[name])
      seen[name] = true
    end
    for _, name in ipairs { "if_else", "one_of", "mean", "n_distinct", "bin", "coalesce" } do
      assert.is_true(seen[name])
    end
  end)
end)
