local cl = require("churnlab")
local core = require("churnlab.core")
require("churnlab.frame")
local parse = core.frame.parse_jsonl

describe("read_jsonl", function()
  it("infers types, takes later keys and null", function()
    local f = parse('{"i":9007199254740993,"x":1,"b":true,"d":"2026-11-22","s":"7"}\n\n'
      .. ' {"i":-9223372036854775808,"x":2.5,"d":null,"late":"2026-01-01 10:00:00"}\r\n'
      .. '{"s":"e","void":null}')
    assert.are.same({ "i", "x", "b", "d", "s", "late", "void" }, f:columns())
    local types = {}
    for i, c in ipairs(f:schema()) do types[i] = c.type end
    assert.are.same({ "i64", "f64", "bool", "date", "string", "timestamp", "i64" }, types)
    assert.are.equal(9007199254740993, f.i[1])
    assert.are.equal(math.mininteger, f.i[2])
    assert.are.same({ 1.0, 2.5 }, { f.x[1], f.x[2] })
    assert.are.equal("7", f.s[1])
    assert.are.same({ 1, 1, 2, 2, 1, 2, 3 }, { f.i:missing(), f.x:missing(), f.b:missing(),
      f.d:missing(), f.s:missing(), f.late:missing(), f.void:missing() })
    assert.are.equal("category", parse(('{"p":"a"}\n{"p":"b"}\n'):rep(4)):type("p"))
    assert.are.equal(0, #parse(""))
  end)

  it("names line and key", function()
    local function fails(text, message, options)
      assert.error_matches(function() parse(text, options) end, message)
    end
    fails('{"a":1}\n{"a":"x"}',
      "text:2: key 'a': expected an integer as in the rows before, got a string")
    fails('{"a":1}\n\n{"a":[1]}', "text:3: key 'a': expected a number, a string, .* got a list")
    fails('{"a":1}\n{"a":', "text:2: byte %d+: ")
    fails('[1]', "text:1: expected an object, got a list")
    fails('{"a":1,"a":2}', "text:1: byte %d+: duplicate")
    fails('{"a":9223372036854775808}', "text:1: byte %d+: too big integer")
    fails('{"a":1e999}', "text:1: byte %d+: real number overflow")
    fails('{"Age":"x"}',
      "text:1: key 'Age': expected a number, got \"x\"", { types = { Age = "f64" } })
    fails('{"Age":1}',
      "types: unknown key 'Agee' %(did you mean 'Age'", { types = { Agee = "f64" } })
    fails('{"a":1}', "read_jsonl: unknown option 'type'", { type = {} })
    fails('{"a":1}', "unknown nested 'no'", { nested = "no" })
    assert.error_matches(function() cl.read_jsonl("/nonexistent.jsonl") end,
      "/nonexistent.jsonl: cannot open")
  end)

  it("follows its options", function()
    local f = parse('{"a":"5","b":{"z":1,"y":[2]},"c":3,"d":true}',
      { types = { a = "i64", c = "string", d = "string" }, nested = "text" })
    assert.are.same({ a = 5, b = '{"y":[2],"z":1}', c = "3", d = "true" }, f:to_table()[1])
    assert.are.same({ "c" }, parse('{"a":1,"c":2}', { drop = "a" }):columns())
  end)
end)

describe("write_jsonl", function()
  it("goes round, packed or not, on any number of threads", function()
    local path = os.tmpname()
    local f = cl.from_table({ s = { "\"q\"\\\n\1é", nil, "z" }, x = { 3.0, -0.0, 1e300 },
      i = { 1, math.mininteger, nil }, b = { true, false, nil }, d = { "2026-11-22" } },
      { names = { "s", "x", "i", "b", "d" }, types = { d = "date", s = "string" } })
    assert.is_true(f:write_jsonl(path))
    local file = assert(io.open(path))
    assert.are.equal([[{"s":"\"q\"\\\n\u0001é","x":3.0,"i":1,"b":true,"d":"2026-11-22"}]],
      file:read("l"))
    file:close()
    local g = cl.read_jsonl(path, { types = { s = "string" }, target = "b" })
    assert.are.same(f:to_table(), g:to_table())
    assert.are.same(f:schema(), g:schema())
    assert.are.equal("b", g:roles().target)
    local threads = core.control.threads()
    local many = cl.simulate("bank", { rows = 9000, seed = 1 })
    for n = 1, 2 do
      core.control.threads(n)
      assert.is_true(many:write_jsonl(path .. ".gz"))
      assert.are.equal(many:to_csv(), cl.read_jsonl(path .. ".gz"):to_csv())
    end
    core.control.threads(threads)
    os.remove(path)
    os.remove(path .. ".gz")
  end)

  it("refuses text that is not UTF-8, and says what the system refuses", function()
    local f = cl.from_table({ a = { "x", "\xff" } })
    assert.error_matches(function() f:write_jsonl(os.tmpname()) end,
      "write_jsonl: column 'a': row 2: expected UTF%-8 text")
    local ok, message = f:write_jsonl("/nonexistent/x.jsonl")
    assert.is_nil(ok)
    assert.matches("^/nonexistent/x.jsonl: ", message)
  end)
end)
