local json = require("churnlab.core").json

describe("json", function()
  it("keeps integers, floats, nesting and order of lists", function()
    local value = { a = 1, b = 2.5, c = { 1, 2, { d = "x" } }, e = true, f = 9007199254740993 }
    assert.are.same(value, json.decode(json.encode(value)))
    assert.are.equal("integer", math.type(json.decode("9007199254740993")))
  end)

  it("names the path of what is no data", function()
    local ok, message = pcall(json.encode, { a = { print } })
    assert.is_false(ok)
    assert.matches("a: %[1%]: expected data, got a function", message)
    assert.has_error(function() json.encode({ x = 0 / 0 }) end)
  end)

  it("refuses a table that holds itself", function()
    local t = {}
    t.t = t
    local _, message = pcall(json.encode, t)
    assert.matches("nested too deeply", message)
  end)

  it("tells where text is wrong", function()
    local value, message = json.decode('{"a":1,"a":2}')
    assert.is_nil(value)
    assert.matches("line 1", message)
  end)
end)
