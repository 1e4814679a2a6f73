-- SPDX-License-Identifier: MIT
-- Columns and rows as values of Lua: operators, comparisons, methods, round trips, memory.
local cl = require("churnlab")
local fails = require("fixtures").fails

local function list(column)
  return column:to_table(cl.NA)
end

describe("columns", function()
  local df = cl.from_table({
    Age = { 30, 41, cl.NA }, Balance = { 10.5, 0, 3 }, Active = { true, false, true },
    id = { "a", "b", "a" }, size = { 5, 6, 7 }, ["odd ]] %1"] = { 1, 2, 3 },
    since = { "2026-01-01", "2026-02-01", cl.NA },
  }, { types = { id = "category", since = "date" } })

  it("calculate row by row, with numbers on either side", function()
    assert.are.same({ 0.35, 0.0, cl.NA }, list(df.Balance / df.Age))
    assert.are.same({ -30, -41, cl.NA }, list(-df.Age))
    assert.are.same({ 4, 5, cl.NA }, list(df.Age // 7))
    assert.are.same({ 2, 6, cl.NA }, list(df.Age % 7))
    assert.are.same({ 900.0, 1681.0, cl.NA }, list(df.Age ^ 2))
    assert.are.same({ 2.0 ^ 30, 2.0 ^ 41, cl.NA }, list(2 ^ df.Age))
    assert.are.same({ -27, -38, cl.NA }, list(3 - df.Age))
    assert.are.same({ -33, -44, cl.NA }, list(-3 - df.Age))
    assert.are.same({ 35, 47, cl.NA }, list(df.Age + df:col("size")))
    assert.are.same({ 30 * 0.1, 41 * 0.1, cl.NA }, list(df.Age * 0.1))
    assert.are.same({ "a-\n%1\"5", "b-\n%1\"6", "a-\n%1\"7" }, list(df.id .. "-\n%1\"" .. df.size))
    assert.are.same({ "n30", "n41", cl.NA }, list("n" .. df.Age))
    assert.are.equal("i64", (df.Age + 1):type())
    assert.are.equal("f64", (df.Age / 2):type())
  end)

  it("take any name, and columns of the same name", function()
    assert.are.same({ 2, 4, 6 }, list(df:col("odd ]] %1") * 2))
    local other = cl.from_table { Age = { 1, 1, 1 } }
    assert.are.same({ 29, 40, cl.NA }, list(df.Age - other.Age))
    local words = cl.from_table { ["end"] = { 1 }, ["x]"] = { 2 } }
    assert.are.same({ 3 }, list(words:col("end") + words:col("x]")))
    local size = df:col("size")
    assert.are.same({ 6, 8, 10 }, list((size - 2) + (size - 2))) -- two without a name
  end)

  it("compare, and combine conditions", function()
    assert.are.same({ false, true, cl.NA }, list(df.Age:gt(30)))
    assert.are.same({ true, true, cl.NA }, list(df.Age:ge(30)))
    assert.are.same({ false, false, cl.NA }, list(df.Age:lt(30)))
    assert.are.same({ true, false, cl.NA }, list(df.Age:le(30)))
    assert.are.same({ true, false, true }, list(df.id:eq("a")))
    assert.are.same({ true, true, false }, list(df.Balance:ne(3)))
    assert.are.same({ false, true, cl.NA }, list(df.since:gt("2026-01-01")))
    assert.are.same({ false, false, true }, list(df.Age:is_na()))
    assert.are.same({ true, false, cl.NA }, list(df.Age:between(-5, 40)))
    assert.are.same({ true, false, true }, list(df.id:one_of { "a" }))
    assert.are.same({ false, true, cl.NA }, list(df.Age:one_of { -1, 41, 2.5 }))
    assert.are.same({ "b" }, list(df:filter(df.Age:gt(30) & df.Active:eq(false)).id))
    assert.are.same({ false, true, cl.NA }, list(df.Age:gt(30) | ~df.Active))
    assert.are.same({ "a" }, list(df:filter(df.Age:lt(df.size * 7 - 1)).id))
  end)

  it("have the methods that tables have", function()
    assert.are.equal(60.5, df.Age:var())
    assert.are.equal(2, df.Age:count())
    assert.are.equal("a", df.id:mode())
    assert.are.equal(30, df.Age:first())
    assert.are.equal(41, df.Age:last())
    assert.is_true(df.Active:any())
    assert.is_false(df.Active:all())
    assert.is_nil(df.Age:head(1):var())
    assert.are.same({ 30, 41, 0 }, list(df.Age:fill_na(0)))
    assert.are.same({ 30, 41, 7 }, list(df.Age:fill_na(df.size)))
    assert.are.same({ 41, 30, cl.NA }, list(df.Age:sort { desc = true }))
    assert.are.same({ "a", "b" }, list(df.id:unique()))
    assert.are.same({ 2, 1 }, list(df.id:value_counts().n))
    assert.are.same({ 6, 7 }, list(df.size:tail(2)))
    assert.are.same({ 60, 82, cl.NA }, list(df.Age:map(function(x) return x * 2 end)))
    assert.are.same({ "x", cl.NA, "x" }, list(df.id:map { a = "x" }))
    assert.are.equal("f64", df.Age:map(math.floor, "f64"):type())
    assert.are.same(df.size:to_table(), df.size:to_list())
    assert.are.equal("Age", df.Age:head(1):name())
  end)

  it("say what does not fit", function()
    fails([[expression "id / 2": position 1: operator '/': expected a number, got column 'id']],
      function() return df.id / 2 end)
    fails("column: '/': expected columns of equal length, got 3 and 2 rows",
      function() return df.Age / df.Age:head(2) end)
    fails("unknown level 'c'", function() return df.id:eq("c") end)
    fails("column: '+': expected a column, a number, a string or a boolean, got a table",
      function() return df.Age + {} end)
    fails("column: gt: expected a column, a number, a string or a boolean, got inf",
      function() return df.Age:gt(math.huge) end)
    fails("write is_na(x)", function() return df.Age:eq(nil) end)
    fails("column: map: expected a function or a table, got a number",
      function() return df.Age:map(3) end)
    fails("column: one_of: expected a list", function() return df.Age:one_of(3) end)
    fails("operator 'and': expected a condition, got column 'Age' (i64)",
      function() return df.Age & df.Active end)
  end)

  it("work without rows", function()
    local none = df:filter("size > 100")
    assert.are.equal(0, #(none.Age + none.Balance))
    assert.are.equal(0, #none.id:unique())
    assert.is_nil(none.Age:mode())
    assert.are.equal(0, none.Age:count())
  end)

  it("read well at the prompt", function()
    assert.are.equal("Age (i64, 3 rows): 30, 41, NA", tostring(df.Age))
    assert.are.equal("{size=5, id=\"a\", Age=30}", tostring(df:select("size", "id", "Age"):row(1)))
  end)

  it("go over rows", function()
    local seen = {}
    for i, row in df:rows() do seen[i] = row.id .. (row.Age or "?") end
    assert.are.same({ "a30", "b41", "a?" }, seen)
    local kept = {}
    for _, row in df:rows() do kept[#kept + 1] = row end
    assert.are.equal("b", kept[2].id)
    for _ in df:head(0):rows() do error("a row of none") end
  end)

  it("make the round trip through tables", function()
    local back = cl.from_table(df:to_table { na = cl.NA }, { names = df:columns(),
      types = { id = "category", since = "date" } })
    assert.are.equal(df:to_csv(), back:to_csv())
    for _, name in ipairs(df:columns()) do assert.are.equal(df:type(name), back:type(name)) end
  end)

  it("live off the Lua heap", function()
    local frame = cl.from_table { x = { 1.5, 2.5, 3.5, 4.5, 5.5 } }
    for _ = 1, 21 do frame = cl.concat({ frame, frame }) end
    collectgarbage()
    collectgarbage()
    local before = collectgarbage("count")
    local made = frame.x * 2 + 1
    assert.is_true(#made > 1e7)
    assert.is_true(collectgarbage("count") - before < 1024)
    assert.are.equal(12.0, made[#made])
  end)
end)
