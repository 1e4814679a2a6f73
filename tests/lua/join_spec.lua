local cl = require("churnlab")
local core = require("churnlab.core")
local message_of = require("fixtures").message_of

-- The cells of a frame, rows by ";", cells by "|", "?" = missing.
local function text(frame)
  local rows = {}
  for i = 1, #frame do
    local cells = {}
    for k, name in ipairs(frame:columns()) do
      local value = frame:cell(i, name)
      cells[k] = value == nil and "?" or tostring(value)
    end
    rows[i] = table.concat(cells, "|")
  end
  return table.concat(rows, ";")
end

local function customers()
  return cl.from_table({ { id = 1, name = "Ann" }, { id = 2, name = "Bob" }, { name = "Zoe" },
    { id = 3, name = "Cyd" } }, { names = { "id", "name" }, id = "id" })
end

local function orders()
  return cl.from_table({ { id = 2, amount = 5 }, { id = 9, amount = 6 }, { id = 1, amount = 7 },
    { id = 2, amount = 8 }, { amount = 9 } }, { names = { "id", "amount" } })
end

describe("join", function()
  it("gives pairs in the order of the left frame, then of the right one", function()
    local out = customers():join(orders(), { on = "id" })
    assert.are.same({ "id", "name", "amount" }, out:columns())
    assert.are.equal("1|Ann|7;2|Bob|5;2|Bob|8", text(out))
    assert.are.equal("id", out:roles().id)
  end)

  it("keeps rows without a partner; a missing key has none", function()
    local left = customers():join(orders(), { on = "id", how = "left" })
    assert.are.equal("1|Ann|7;2|Bob|5;2|Bob|8;?|Zoe|?;3|Cyd|?", text(left))
    local full = customers():join(orders(), { on = { "id" }, how = "full" })
    assert.are.equal("1|Ann|7;2|Bob|5;2|Bob|8;?|Zoe|?;3|Cyd|?;9|?|6;?|?|9", text(full))
  end)

  it("chooses rows with semi and anti", function()
    assert.are.equal("1|Ann;2|Bob", text(customers():join(orders(), { on = "id", how = "semi" })))
    assert.are.equal("?|Zoe;3|Cyd", text(customers():join(orders(), { on = "id", how = "anti" })))
  end)

  it("takes keys of other names and of other types that compare", function()
    local right = cl.from_table({ { key = 2.0, name = "x" }, { key = 1.5, name = "y" } },
      { names = { "key", "name" }, types = { key = "f64" } })
    local inner = customers():join(right, { on = { id = "key" } })
    assert.are.equal("2|Bob|x", text(inner))
    assert.are.same({ "id", "name", "name_right" }, inner:columns())
    local full = customers():join(right, { on = { id = "key" }, how = "full",
      suffix = { "_x", "_y" } })
    assert.are.same({ "id", "name_x", "name_y" }, full:columns())
    assert.are.equal("f64", full:type("id"))
    assert.are.equal("1.0|Ann|?;2.0|Bob|x;?|Zoe|?;3.0|Cyd|?;1.5|?|y", text(full))
  end)

  it("compares texts whatever their levels", function()
    local a = cl.from_table({ s = { "b", "a", "c", "é" } }, { types = { s = "category" } })
    local b = cl.from_table({ s = { "é", "d", "b" }, n = { 1, 2, 3 } },
      { types = { s = "category" } })
    local c = b:with_column("s", b:col("s"):cast("string"))
    for _, right in ipairs { b, c } do
      assert.are.equal("b|3;é|1", text(a:join(right, { on = "s" })))
      assert.are.equal("b|3;a|?;c|?;é|1;d|2", text(a:join(right, { on = "s", how = "full" })))
      assert.are.equal("é|1;b|3", text(right:select("s", "n"):join(a, { on = "s" })))
    end
  end)

  it("validates", function()
    assert.matches("join_spec.lua:%d+: join: validate 'many_to_one': expected each key once in "
      .. "the right frame, got id = 2 in rows 1 and 4", message_of(function()
        customers():join(orders(), { on = "id", validate = "many_to_one" })
      end))
    assert.matches("'one_to_one': expected each key once in the left frame, got id = 2 in rows",
      message_of(function()
        orders():join(customers(), { on = "id", validate = "one_to_one" })
      end))
    assert.are.equal(3, #orders():join(customers(), { on = "id", validate = "many_to_one" }))
  end)

  it("helps with mistakes", function()
    local a, b = customers(), orders()
    local function message(options) return message_of(a.join, a, b, options) end
    assert.matches("on: expected a column name or a table of them, got nothing", message {})
    assert.matches("on: expected at least one column", message { on = {} })
    assert.matches("unknown how 'iner' %(did you mean 'inner'%?%)",
      message { on = "id", how = "iner" })
    assert.matches("unknown option 'onn' %(did you mean 'on'%?%)", message { onn = "id" })
    assert.matches("join: unknown column 'idd' %(did you mean 'id'%?%)", message { on = "idd" })
    assert.matches("right frame: join: unknown column 'ids' %(did you mean 'id'%?%)",
      message { on = { id = "ids" } })
    assert.matches("key 'name' is string and key 'amount' of the right frame is i64",
      message { on = { name = "amount" } })
    assert.matches("both frames have a column 'id': expected a suffix",
      message_of(a.join, a, a, { on = "name", suffix = "" }))
    assert.matches("expected a frame to join with, got a nil", message_of(a.join, a))
  end)

  it("takes frames without rows", function()
    local a, b = customers(), orders()
    assert.are.equal(0, #a:head(0):join(b, { on = "id" }))
    assert.are.equal(4, #a:join(b:head(0), { on = "id", how = "left" }))
    assert.are.equal(5, #a:head(0):join(b, { on = "id", how = "full" }))
    assert.are.equal(0, #a:head(0):join(b:head(0), { on = "id", how = "full" }))
  end)

  it("refuses what can't be held", function()
    local ones = {}
    for i = 1, 300000 do ones[i] = 1 end
    local many = cl.from_table { k = ones }
    assert.matches("the result has more than 68719476736 rows",
      message_of(many.join, many, many, { on = "k" }))
  end)
end)

-- tests/golden/join.py made these with pandas.
describe("join like pandas", function()
  local file = assert(io.open("tests/golden/join.json"))
  local golden = core.json.decode(file:read("a"))
  file:close()

  local types = { k = "string", g = "i64", v = "i64", only_left = "string", only_right = "f64" }

  local function frame(data, last)
    return cl.from_table(data, { names = { "k", "g", "v", last }, types = types })
  end

  local function rows_of(list, width)
    local rows = {}
    for i, row in ipairs(list) do
      local cells = {}
      for k = 1, width do cells[k] = row[k] == nil and "?" or tostring(row[k]) end
      rows[i] = table.concat(cells, "|")
    end
    return table.concat(rows, ";")
  end

  local left = frame(golden.left, "only_left")
  local right = { repeated = frame(golden.right.repeated, "only_right"),
    unique = frame(golden.right.unique, "only_right") }

  for _, case in ipairs(golden.cases) do
    it(("%s %s on %s, %s, '%s'"):format(case.how, case.right, table.concat(case.on, " and "),
      case.validate, case.suffix[2]), function()
      local options = { on = case.on, how = case.how, validate = case.validate,
        suffix = case.suffix }
      if not case.rows then
        assert.matches("expected each key once in the %a+ frame, got [kg] = .* in rows %d+ and %d+",
          message_of(left.join, left, right[case.right], options))
        return
      end
      local out = left:join(right[case.right], options)
      assert.are.same(case.columns, out:columns())
      local found = {}
      for i = 1, #out do
        local row = {}
        for k, name in ipairs(case.columns) do row[k] = out:cell(i, name) end
        found[i] = row
      end
      local width = #case.columns
      assert.are.equal(rows_of(case.rows, width), rows_of(found, width))
    end)
  end
end)
