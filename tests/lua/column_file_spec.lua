-- Column files: write_columns, read_columns, read.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local message_of = require("fixtures").message_of

describe("column files", function()
  local path

  setup(function() path = os.tmpname() end)
  teardown(function() os.remove(path) end)

  local function example()
    return cl.from_table({
      { id = 1, plan = "gold", fee = 9.5, since = "2024-02-29", open = true },
      { id = 2, fee = 0.1, open = false },
      { id = 3, plan = "basic", since = "1969-12-31" },
    }, { names = { "id", "plan", "fee", "since", "open" }, types = { plan = "category",
      since = "date" }, id = "id", target = "open" })
  end

  it("keep values, types, levels, missing cells and roles", function()
    local frame = example()
    assert.is_true(frame:write_columns(path))
    local back = cl.read_columns(path)
    assert.are.equal(frame:to_csv(), back:to_csv())
    assert.are.same(frame:schema(), back:schema())
    assert.are.same(frame:roles(), back:roles())
  end)

  it("serve every verb", function()
    assert(example():write_columns(path))
    local frame = cl.read_columns(path)
    assert.are.equal(1, #frame:filter("fee > 1 and plan == 'gold'"))
    assert.are.same({ 3, 2, 1 }, frame:sort("id", { desc = true }).id:to_table())
    assert.are.equal(9.6, frame:group():agg { total = "sum(fee)" }.total[1])
  end)

  it("stay as they were when the file is replaced, and while a column is used", function()
    assert(example():write_columns(path))
    local plan = cl.read_columns(path).plan
    assert(example():slice(1, 1):write_columns(path))
    collectgarbage()
    collectgarbage()
    assert.are.same({ "gold", nil, "basic" }, plan:to_table())
    assert.are.equal(1, #cl.read_columns(path))
  end)

  it("hold no rows or no columns as well", function()
    local frame = example():filter("id > 5")
    assert(frame:write_columns(path))
    assert.are.same(frame:schema(), cl.read_columns(path):schema())
    assert(cl.from_table({}):write_columns(path))
    assert.are.same({}, cl.read_columns(path):columns())
  end)

  it("are written whole or not at all", function()
    local ok, message = example():write_columns("/nowhere/x.columns")
    assert.is_nil(ok)
    assert.matches("^/nowhere/x.columns: create: No such file", message)
  end)

  it("say what is wrong with them", function()
    assert.matches("column_file_spec.lua:%d+: /nowhere/x: open: No such file",
      message_of(function() return cl.read_columns("/nowhere/x") end))
    assert(example():write_csv(path))
    assert.matches("expected a column file %(frame:write_columns makes one%)",
      message_of(cl.read_columns, path))
    assert(example():write_columns(path))
    local file = assert(io.open(path, "rb"))
    local bytes = file:read("a")
    file:close()
    file = assert(io.open(path, "wb"))
    file:write(bytes:sub(1, -2))
    file:close()
    assert.matches("expected a file of %d+ bytes, got %d+ %(cut off%?%)",
      message_of(cl.read_columns, path))
    local latin = example():rename { id = "Gr\xf6\xdfe" }
    assert.matches("write_columns: column 1: its name: expected UTF%-8",
      message_of(latin.write_columns, latin, path))
  end)

  it("are opened by what they are", function()
    local frame = example()
    assert(frame:write_columns(path))
    local read = cl.read(path, { drop = { "since" }, target = "plan", positive = "gold" })
    assert.are.same({ "id", "plan", "fee", "open" }, read:columns())
    assert.are.equal("gold", read:roles().positive)
    assert.are.equal("id", read:roles().id)
    assert.matches("a column file: unknown option 'types'",
      message_of(cl.read, path, { types = { id = "f64" } }))
    local lines = assert(io.open(path .. ".jsonl", "w"))
    lines:write('{"id":7}\n{"id":8}\n')
    lines:close()
    assert.are.equal(15, cl.read(path .. ".jsonl").id:sum())
    os.remove(path .. ".jsonl")
    assert(frame:write_csv(path))
    assert.are.equal("string", cl.read(path, { types = { id = "string" } }):type("id"))
  end)
end)
