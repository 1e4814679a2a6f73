local cl = require("churnlab")
local core = require("churnlab.core")
local message_of = require("fixtures").message_of

local rows = {
  { Age = 20, Balance = 0.0, Plan = "basic", Exited = 1 },
  { Age = 30, Balance = 10.5, Plan = "gold", Exited = 0 },
  { Age = 40, Balance = 20.5, Plan = "basic", Exited = 0 },
  { Age = cl.NA, Balance = 5.25, Plan = "silver", Exited = 1 },
}

local function frame()
  local lines = { "Age,Balance,Plan,Exited" }
  for _, row in ipairs(rows) do
    local age = row.Age == cl.NA and "" or row.Age
    lines[#lines + 1] = ("%s,%s,%s,%s"):format(age, row.Balance, row.Plan, row.Exited)
  end
  local types = { Plan = "category" }
  return core.frame.parse_csv(table.concat(lines, "\n"), { target = "Exited", types = types })
end

local function chain()
  return cl.prep()
    :derive { has_balance = "Balance > 0", share = "Balance / (Age + 1)" }
    :impute { numeric = "median", category = "<unknown>", flag = true }
    :clip { "Balance", quantile = { 0.001, 0.999 } }
    :onehot { unseen = "other" }
    :scale { "standard" }
end

describe("prep", function()
  it("chains steps, fits and transforms", function()
    local prep = chain()
    assert.is_false(prep:fitted())
    local x = prep:fit_transform(frame())
    assert.is_true(prep:fitted())
    assert.are.same({
      "Age", "Balance", "has_balance", "share", "Age_missing", "share_missing",
      "Plan=basic", "Plan=gold", "Plan=silver",
    }, prep:encoded_names())
    assert.are.same({ "Age", "Balance", "Plan" }, prep:raw_names())
    assert.are.same({ "Age", "Balance" }, prep:lineage().share)
    local y, unseen = prep:transform(frame())
    assert.are.same(x:to_table(), y:to_table())
    assert.are.equal(0, unseen)
    assert.are.equal(3, #prep:schema():columns())
  end)

  it("counts levels that training did not have", function()
    local prep = chain()
    prep:fit_transform(frame())
    local new = core.frame.parse_csv("Plan,Age,Balance\nbronze,30,1.5\ngold,31,2\n")
    local x, unseen = prep:transform(new)
    assert.are.equal(1, unseen)
    assert.are.same({ 0, 0, 0 }, { x:get(1, 7), x:get(1, 8), x:get(1, 9) })
    assert.are.equal(1, x:get(2, 8))
  end)

  it("survives as a table and as JSON text", function()
    local prep = chain()
    local x = prep:fit_transform(frame())
    local back = core.prep.from_table(core.json.decode(core.json.encode(prep:to_table())))
    assert.are.same(x:to_table(), (back:transform(frame())):to_table())
    assert.are.equal(tostring(prep), tostring(back))
    local fresh = core.prep.from_table(cl.prep():to_table())
    assert.is_false(fresh:fitted())
    assert.matches("prep: expected a list of steps", message_of(core.prep.from_table, { 1 }))
  end)

  it("clones without what was fitted", function()
    local prep = chain()
    prep:fit_transform(frame())
    local clone = prep:clone()
    assert.is_false(clone:fitted())
    assert.are.same(prep:fit_transform(frame()):to_table(), clone:fit_transform(frame()):to_table())
    assert.matches("it is fitted", message_of(prep.scale, prep, { "standard" }))
  end)

  it("takes columns in the list or by name, and the scale's method first", function()
    local f = core.frame.parse_csv("a,b,c,y\n0,0,x,0\n1,10,y,1\n2,20,x,0\n", { target = "y" })
    local x = cl.prep():ordinal {}:scale { "minmax", columns = { "b" } }:fit_transform(f)
    assert.are.same({ { 0, 0, 0 }, { 1, 0.5, 1 }, { 2, 1, 0 } }, x:to_table())
    x = cl.prep():ordinal { "c", order = { c = { "y", "x" } } }:clip { "a", "b", bounds = { 1, 2 } }
      :fit_transform(f)
    assert.are.same({ { 1, 1, 1 }, { 1, 2, 0 }, { 2, 2, 1 } }, x:to_table())
    x = cl.prep():drop { "a", "b" }:target_encode { smooth = 0, folds = 3, seed = 4 }
    x:fit_transform(f)
    assert.are.same({ { 0 }, { 1 }, { 0 } }, (x:transform(f)):to_table())
    x = cl.prep():drop { "c" }:impute():scale { columns = "a", method = "robust" }:fit_transform(f)
    assert.are.same({ { -1, 0 }, { 0, 10 }, { 1, 20 } }, x:to_table())
  end)

  it("shows a target of several classes to steps that look at it", function()
    local list = {}
    for i = 1, 90 do
      local town = "t" .. i % 3
      list[i] = { town = town, age = i, risk = town == "t0" and 1 or i > 60 and 3 or 2 }
    end
    local f = cl.from_table(list, { names = { "town", "age", "risk" }, target = "risk" })
    local function prep()
      return cl.prep():target_encode { smooth = 0 }:piecewise { "age", min_rows = 5 }
    end
    local classes = prep()
    local x = classes:fit_transform(f)
    local names = table.concat(classes:encoded_names(), " ")
    assert.matches("^town@1 town@2 town@3 age#1 age#2", names)
    local seen = classes:transform(f)
    assert.are.same({ 1, 0, 0 }, { seen:get(3, 1), seen:get(3, 2), seen:get(3, 3) })
    assert.are.equal(1, seen:get(4, 2) + seen:get(4, 3))
    assert.are_not.same(x:column(2), seen:column(2)) -- cross-fitted: not by a row's own target
    local fresh = classes:transform(cl.from_table { town = { "new" }, age = { 4 } })
    local shares = { fresh:get(1, 1), fresh:get(1, 2), fresh:get(1, 3) }
    assert.is_true(math.abs(shares[1] - 1 / 3) < 1e-12)
    assert.is_true(math.abs(shares[1] + shares[2] + shares[3] - 1) < 1e-12)
    local two = prep() -- a positive value that is named leaves two outcomes
    two:fit_transform(f:with_roles { positive = { 3 } })
    assert.matches("^town age#1", table.concat(two:encoded_names(), " "))
    assert.matches("piecewise: the target 'risk' is missing in row 2", message_of(function()
      cl.prep():drop { "town" }:piecewise():fit_transform(
        f:derive { risk = "if_else(age == 2, nil, risk)" })
    end))
    assert.matches("expected a positive value", message_of(function()
      prep():fit_transform(f:derive { risk = "age / 2" })
    end))
  end)

  it("sorts derived columns by name and sees the columns before the step", function()
    local f = core.frame.parse_csv("a\n1\n2\n")
    local prep = cl.prep():derive { z = "a + 1", b = "a * 2" }:derive { c = "z + b" }
    assert.are.same({ { 1, 2, 2, 4 }, { 2, 4, 3, 7 } }, prep:fit_transform(f):to_table())
    assert.are.same({ "a", "b", "z", "c" }, prep:encoded_names())
    assert.matches("derive: 'c': unknown column 'z'",
      message_of(function() return cl.prep():derive { z = "a", c = "z" }:fit_transform(f) end))
  end)

  it("describes itself before and after fitting", function()
    local prep = chain()
    assert.matches("not fitted, 5 steps", tostring(prep))
    assert.matches("1 derive +has_balance = Balance > 0", prep:describe())
    prep:fit_transform(frame())
    assert.matches("3 raw columns %-> 9 encoded", tostring(prep))
    assert.matches("Age_missing", prep:describe())
  end)

  it("raises at the script's line, with a suggestion", function()
    local prep = cl.prep()
    local function line() return debug.getinfo(2, "l").currentline end
    local here
    local message = message_of(function()
      here = line(); prep:impute { numeric = "medain" }
    end)
    assert.are.equal("tests/lua/prep_spec.lua:" .. here
      .. ": impute: unknown numeric 'medain' (did you mean 'median'?)", message)
    assert.matches("prep_spec.lua:%d+: scale: unknown option 'colums' %(did you mean 'columns'%?%)",
      message_of(function() prep:scale { "standard", colums = {} } end))
    assert.matches("prep_spec.lua:%d+: prep has no method 'imput' %(did you mean 'impute'%?%)",
      message_of(function() prep:imput {} end))
    assert.matches("scale: the method is named twice",
      message_of(function() prep:scale { "minmax", method = "robust" } end))
    assert.matches("scale: expected one method",
      message_of(function() prep:scale { "minmax", "a" } end))
    assert.matches("clip: columns are named twice",
      message_of(function() prep:clip { "a", columns = { "b" }, bounds = { 0, 1 } } end))
    assert.matches("onehot: item 1: expected a column name, got a number",
      message_of(function() prep:onehot { 3 } end))
    assert.matches("onehot: options: expected a table, got a string",
      message_of(function() prep:onehot("a") end))
    assert.matches("derive: 'x': expected an expression as a string, got a function %(a saved",
      message_of(function() prep:derive { x = function() end } end))
    assert.matches("derive: expected name = \"expression\", got item 1",
      message_of(function() prep:derive { "a" } end))
    assert.matches("unknown option 'step'",
      message_of(function() prep:onehot { step = "drop" } end))
  end)

  it("says what a frame lacks", function()
    local prep = chain()
    assert.matches("prep.raw_names: the prep is not fitted", message_of(prep.raw_names, prep))
    assert.matches("score: the prep is not fitted", message_of(prep.transform, prep, frame()))
    prep:fit_transform(frame())
    assert.matches("score: missing column 'Age'",
      message_of(prep.transform, prep, core.frame.parse_csv("Balance,Plan\n1,gold\n")))
    assert.matches("churnlab.Frame expected", message_of(prep.transform, prep, {}))
  end)

  it("closes once", function()
    local prep = chain()
    getmetatable(prep).__close(prep)
    getmetatable(prep).__close(prep)
    assert.are.equal("prep (closed)", tostring(prep))
    assert.matches("closed", message_of(prep.fitted, prep))
  end)

  it("outlives the frame it was fitted on", function()
    local prep = chain()
    local x = prep:fit_transform(frame())
    collectgarbage()
    collectgarbage()
    assert.are.same(x:to_table(), (prep:transform(frame())):to_table())
  end)
end)
