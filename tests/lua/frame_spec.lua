local cl = require("churnlab")
local core = require("churnlab.core")
local frames = require("churnlab.frame")

local function people()
  return cl.from_table({
    { id = 1, name = "Ann", age = 42, balance = 10.5 },
    { id = 2, name = "Bob", age = 18 },
    { id = 3, name = "Cleo", age = 60, balance = 0.25 },
    { id = 4, age = 18, balance = cl.NA, name = "Dan" },
  }, { names = { "id", "name", "age", "balance" }, id = "id" })
end

describe("from_table and to_table", function()
  it("infers types and keeps gaps", function()
    local f = people()
    assert.are.equal(4, #f)
    assert.are.same({ "id", "name", "age", "balance" }, f:columns())
    assert.are.equal("i64", f:type("age"))
    assert.are.equal("f64", f:type("balance"))
    assert.are.equal("string", f:type("name"))
    assert.are.equal(2, f.balance:missing())
    assert.are.same({ id = 2, name = "Bob", age = 18 }, f:to_table()[2])
    assert.are.equal("?", f:to_table({ na = "?" })[2].balance)
  end)

  it("takes columns, declared types and 64-bit integers", function()
    local f = cl.from_table({ a = { 1, 2, nil, 4 }, b = { "x", "y" } },
      { types = { a = "f64", b = "category" } })
    assert.are.equal(4, #f)
    assert.are.same({ "x", "y" }, f.b:levels())
    assert.are.same({ 1, 2, nil, 4 }, f.a:to_table())
    local ids = cl.from_table({ id = { 9007199254740993, math.mininteger } })
    assert.are.equal(9007199254740993, ids.id[1])
    assert.are.equal(math.mininteger, ids.id[2])
  end)

  it("makes a schema of no rows", function()
    local f = cl.from_table({}, { names = { "d" }, types = { d = "date" } })
    assert.are.equal(0, #f)
    assert.are.equal("date", f:schema()[1].type)
    assert.are.same({}, f:to_table())
  end)

  it("says what is wrong where", function()
    assert.error_matches(function() cl.from_table({ { a = 1 }, { a = {} } }) end,
      "from_table: column 'a': expected values of one type")
    local types = { a = "f64" }
    assert.error_matches(function() cl.from_table({ a = { 1, "x" } }, { types = types }) end,
      "column 'a': item 2: expected a number, got \"x\"")
    assert.error_matches(function() cl.from_table({ a = { 1.5 } }, { types = { a = "i64" } }) end,
      "expected an integer, got 1.5")
    assert.error_matches(function() cl.from_table({ a = 1 }) end,
      "expected a list of values, got a number")
    assert.error_matches(function() cl.from_table({ 1 }) end,
      "row 1: expected a table, got a number")
    assert.error_matches(function() cl.from_table({}, { name = {} }) end,
      "unknown option 'name' %(did you mean")
  end)
end)

describe("columns", function()
  it("count, index and aggregate", function()
    local c = people().age
    assert.are.equal(4, #c)
    assert.are.equal(60, c[3])
    assert.is_nil(c[5])
    assert.are.equal("age", c:name())
    assert.are.equal(34.5, c:mean())
    assert.are.equal(138, c:sum())
    assert.are.equal("integer", math.type(c:sum()))
    assert.are.equal(18, c:min())
    assert.are.equal(60, c:max())
    assert.are.equal(30.0, c:median())
    assert.are.equal(18.0, c:quantile(0.25))
    assert.are.equal(3, c:n_distinct())
  end)

  it("have no figures of nothing and none of text", function()
    local none = core.column.new({}, "f64")
    assert.is_nil(none:mean())
    assert.is_nil(none:max())
    assert.are.equal(0, none:sum())
    assert.error_matches(function() people().name:mean() end,
      "mean: expected a column of numbers, got string")
    assert.error_matches(function() people().age:quantile(2) end, "expected a share from 0 to 1")
  end)

  it("keep values in a cast", function()
    local f = people()
    assert.are.same({ "42", "18", "60", "18" }, f.age:cast("string"):to_table())
    assert.error_matches(function() f.balance:cast("i64") end,
      'row 1: expected an integer, got "10.5"')
    assert.error_matches(function() f.age:cast("int") end, "unknown type 'int'")
    local d = core.column.new({ "2026-11-22", "1969-12-31" }, "date")
    assert.are.equal("2026-11-22", d[1])
    assert.are.equal("1969-12-31", d:min())
  end)

  it("outlive their frame", function()
    local c
    do
      local f <close> = people()
      c = f.age
    end
    collectgarbage()
    assert.are.equal(42, c[1])
  end)
end)

describe("frame verbs", function()
  it("select, drop, rename and derive", function()
    local f = people()
    assert.are.same({ "age", "id" }, f:select("age", "id"):columns())
    assert.are.same({ "age" }, f:select { "age" }:columns())
    assert.are.same({ "id", "name" }, f:drop("age", "balance"):columns())
    assert.are.equal("key", f:rename { id = "key" }:roles().id)
    local d = f:derive {
      old = "age > 40", twice = function(row) return row.age * 2 end, list = { 4, 3, 2, 1 },
      age = f.id,
    }
    assert.are.same({ "id", "name", "age", "balance", "list", "old", "twice" }, d:columns())
    assert.are.same({ true, false, true, false }, d.old:to_table())
    assert.are.same({ 84, 36, 120, 36 }, d.twice:to_table())
    assert.are.same({ 1, 2, 3, 4 }, d.age:to_table())
    assert.are.equal(42, f.age[1]) -- the old frame is untouched
  end)

  it("filter by expression, function and column", function()
    local f = people()
    assert.are.same({ 1, 3 }, f:filter("age > 18"):col("id"):to_table())
    local gaps = f:filter(function(row) return row.balance == nil end)
    assert.are.same({ 2, 4 }, gaps.id:to_table())
    assert.are.same({ 1, 3 }, f:filter(f:derive { k = "balance > 0" }.k).id:to_table())
    assert.are.equal(0, #f:filter("age > 100"))
    assert.error_matches(function() f:filter(1) end,
      "filter: expected an expression, a function or a column")
    assert.error_matches(function() f:filter("age + 1") end, "expected a bool")
  end)

  it("sort by several keys, missing last", function()
    local f = people()
    assert.are.same({ 2, 4, 1, 3 }, f:sort("age").id:to_table())
    assert.are.same({ 3, 1, 2, 4 }, f:sort("age", { desc = true }).id:to_table())
    assert.are.same({ 4, 2, 1, 3 }, f:sort("age", "id", { desc = { "id" } }).id:to_table())
    assert.are.same({ 3, 1, 2, 4 }, f:sort("balance").id:to_table())
    assert.error_matches(function() f:sort("age", { desc = { "agee" } }) end, "did you mean 'age'")
    assert.error_matches(function() f:sort("agee") end,
      "sort: unknown column 'agee' %(did you mean 'age'?")
  end)

  it("head, tail, slice, take, row", function()
    local f = people()
    assert.are.same({ 1, 2 }, f:head(2).id:to_table())
    assert.are.same({ 3, 4 }, f:tail(2).id:to_table())
    assert.are.same({ 2, 3 }, f:slice(2, 3).id:to_table())
    assert.are.equal(0, #f:slice(5))
    assert.are.equal(4, #f:slice(-3, 99))
    assert.are.same({ 4, 1, 1 }, f:take { 4, 1, 1 }.id:to_table())
    assert.error_matches(function() f:take { 5 } end, "expected a row from 1 to 4, got 5")
    assert.error_matches(function() f:row(0) end, "row: expected a row from 1 to 4, got 0")
  end)

  it("view rows", function()
    local row = people():row(2)
    assert.are.equal("Bob", row.name)
    assert.is_nil(row.balance)
    local seen = {}
    for name, value in pairs(row) do seen[#seen + 1] = name .. "=" .. tostring(value) end
    assert.are.same({ "id=2", "name=Bob", "age=18", "balance=nil" }, seen)
    assert.are.equal('{id=2, name="Bob", age=18, balance=NA}', tostring(row))
    assert.are.same({ id = 2, name = "Bob", age = 18 }, row:to_table())
    assert.are.same({ 2 }, frames.coerce(row).id:to_table())
    assert.are.equal("id", row:frame():roles().id)
    assert.error_matches(function() return row.agee end,
      "row: unknown column 'agee' %(did you mean 'age'?")
    assert.error_matches(function() row.age = 3 end, "cannot be changed")
    assert.error_matches(function() frames.coerce(3, "score") end,
      "score: expected a frame or a row, got a number")
  end)

  it("name the nearest method or column", function()
    local f = people()
    local _, message = pcall(function() return f:srot("age") end)
    assert.matches("frame has no method 'srot' %(did you mean 'sort'%?%)", message)
    _, message = pcall(function() return f.balence end)
    assert.matches("frame has no column 'balence' %(did you mean 'balance'%?%)", message)
    assert.matches("^[^\n]*frame_spec.lua:%d+: ", message)
  end)

  it("carry roles", function()
    local f = people():with_roles { target = "age", positive = 18 }
    assert.are.same({ target = "age", positive = "18", id = "id" }, f:head(1):roles())
    assert.are.same({ 0, 1, 0, 1 }, f:labels():to_table())
    assert.is_nil(f:with_roles { id = "" }:roles().id)
    assert.error_matches(function() f:with_roles { taget = "age" } end,
      "unknown role 'taget' %(did you mean 'target'?")
    assert.error_matches(function() f:with_roles { target = "agee" } end,
      "target: unknown column 'agee'")
  end)

  it("carry the role of time through renaming, and lose it with the column", function()
    local f = cl.from_table({ { a = 1, d = "2026-01-31" } }, { types = { d = "date" } })
      :with_roles { time = "d" }
    assert.are.equal("d", f:head(1):roles().time)
    assert.are.equal("e", f:rename { d = "e" }:roles().time)
    assert.is_nil(f:drop("d"):roles().time)
    assert.is_nil(f:with_roles { time = "" }:roles().time)
    assert.error_matches(function() f:with_roles { time = "a" } end,
      "time: column 'a': expected dates or timestamps, got i64")
  end)
end)

describe("random parts", function()
  local list = {}
  for i = 1, 100 do list[i] = { i = i, y = i % 5 == 0 and 1 or 0 } end
  local f = cl.from_table(list, { target = "y" })

  it("split keeps shares, roles and the seed's meaning", function()
    local a, b, c = f:split { 0.7, 0.15, 0.15, stratify = "y", seed = 42 }
    assert.are.same({ 70, 15, 15 }, { #a, #b, #c })
    assert.are.same({ 14, 3, 3 }, { a.y:sum(), b.y:sum(), c.y:sum() })
    assert.are.equal("y", c:roles().target)
    local again = f:select("i", "y"):split { 0.7, 0.15, 0.15, stratify = "y", seed = 42 }
    assert.are.same(a.i:to_table(), again.i:to_table())
    assert.are_not.same(a.i:to_table(), (f:split { 0.7, 0.3, seed = 43 }).i:to_table())
  end)

  it("folds cover every row once", function()
    local seen, count = {}, 0
    for k, train, test in f:folds { 5, stratify = "y", seed = 1 } do
      count = count + 1
      assert.are.equal(count, k)
      assert.are.same({ 80, 20, 4 }, { #train, #test, test.y:sum() })
      for _, i in ipairs(test.i:to_table()) do seen[i] = (seen[i] or 0) + 1 end
    end
    for i = 1, 100 do assert.are.equal(1, seen[i]) end
    assert.are.equal(5, count)
  end)

  it("sample draws without repetition", function()
    local s = f:sample(10, { seed = 3 })
    assert.are.equal(10, #s)
    assert.are.equal(10, s.i:n_distinct())
    assert.are.equal(100, #f:sample(100))
  end)

  it("refuse wrong options", function()
    assert.error_matches(function() f:split { 0.7, 0.2 } end,
      "split: shares: expected a sum of 1, got 0.9")
    assert.error_matches(function() f:split { 1, sed = 1 } end,
      "split: unknown option 'sed' %(did you mean 'seed'?")
    assert.error_matches(function() f:folds { seed = 1 } end,
      "folds: expected the number of folds %(k = 5%), got none")
    assert.error_matches(function() f:sample(101) end, "sample: expected 0 to 100 rows, got 101")
  end)
end)

describe("figures", function()
  local function assert_close(expected, got, what)
    assert.is_true(math.abs(got - expected) <= 1e-12 * math.max(1, math.abs(expected)), what)
  end

  it("equal pandas", function()
    local file = assert(io.open("tests/golden/summary.json"))
    local golden = core.json.decode(file:read("a"))
    file:close()
    for name, g in pairs(golden) do
      local values = {}
      for i, v in ipairs(g.values) do values[i] = v == "NA" and cl.NA or v end
      local c = core.column.new(values, "f64")
      local s = cl.from_table({ [name] = c }):describe()
      assert.are.equal(g.missing, s.missing[1])
      assert.are.equal(g.unique, s.unique[1])
      for _, figure in ipairs { "mean", "std", "min", "q25", "median", "q75", "max" } do
        assert_close(g[figure], s:col(figure)[1], name .. " " .. figure)
      end
      for q, share in pairs { q01 = 0.01, q999 = 0.999 } do
        assert_close(g[q], c:quantile(share), name .. " " .. q)
      end
    end
  end)

  it("count values", function()
    local counts = people():value_counts("age")
    assert.are.same({ 18, 42, 60 }, counts.value:to_table())
    assert.are.same({ 2, 1, 1 }, counts.n:to_table())
    assert.are.same({ 0.5, 0.25, 0.25 }, counts.share:to_table())
  end)
end)

describe("printing", function()
  it("aligns by what the terminal shows", function()
    local f = cl.from_table({
      { n = 1, t = "日本", x = 0.5 }, { n = 100, t = "né", x = 12345.678 }, { n = 5 },
    })
    assert.are.equal(table.concat({
      "   n  t             x",
      " i64  string      f64",
      " ───  ──────  ───────",
      "   1  日本        0.5",
      " 100  né      12345.7",
      "   5  NA           NA",
      " 3 rows × 3 columns" }, "\n"), tostring(f))
  end)

  it("shortens long frames and says so", function()
    local rows = {}
    for i = 1, 30 do rows[i] = { i = i, text = ("x"):rep(50) } end
    local text = tostring(cl.from_table(rows))
    assert.matches("…", text)
    assert.matches("30 rows × 2 columns$", text)
    assert.are.equal(15, select(2, text:gsub("\n", "\n")) + 1)
  end)

  it("survives any bytes", function()
    assert.matches("a\\nb", tostring(cl.from_table({ { s = "a\nb\255" } })))
    assert.are.equal(" 0 rows × 0 columns", tostring(cl.from_table({})))
    assert.matches("^age %(i64, 4 rows%): 42, 18, 60, 18$", tostring(people().age))
    assert.matches("balance  f64", tostring(people():describe()))
  end)
end)
