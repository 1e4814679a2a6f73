local complete = require("churnlab.complete")
local errors = require("churnlab.errors")
local inspect = require("churnlab.inspect")

describe("inspect", function()
  it("shows values as people read them", function()
    assert.are.equal("text", inspect.show("text"))
    local value = { 1, "x", a = { b = 2.5 }, ["c d"] = true }
    assert.are.equal('{1, "x", a={b=2.5}, ["c d"]=true}', inspect.show(value))
    assert.are.equal("NA", inspect.show(require("churnlab.core").NA))
  end)

  it("breaks long tables and ends at tables that hold themselves", function()
    local t = { ("x"):rep(50), ("y"):rep(50) }
    assert.matches("^{\n  \"x+\",\n  \"y+\"\n}$", inspect.show(t))
    t.self = t
    assert.matches("self={…}", inspect.show(t))
  end)

  it("uses __tostring", function()
    local me = setmetatable({}, { __tostring = function() return "me" end })
    assert.are.equal("me", inspect.show(me))
  end)
end)

describe("completion", function()
  it("offers globals, fields and the library's names", function()
    assert.are.same({ "string" }, complete.candidates("x = stri", "stri"))
    assert.are.same({ "format" }, complete.candidates("string.for", "for"))
    _G.cl = require("churnlab")
    local words = complete.candidates("cl.rec", "rec")
    _G.cl = nil
    assert.are.same({ "recipe" }, words)
  end)

  it("offers nothing where the path leads nowhere", function()
    assert.are.same({}, complete.candidates("nobody.here.x", "x"))
  end)
end)

describe("errors", function()
  it("suggest the nearest name", function()
    assert.are.equal("sort", errors.nearest("srot", { "select", "sort" }))
    assert.is_nil(errors.nearest("zzz", { "select", "sort" }))
    local _, message = pcall(errors.unknown, "fit", "option", "epoch", { "epochs", "batch" })
    assert.matches("fit: unknown option 'epoch' %(did you mean 'epochs'%?%)$", message)
  end)

  it("check option tables", function()
    local known = { epochs = "number", valid = "userdata|table" }
    assert.are.same({}, errors.options("fit", nil, known))
    local _, message = pcall(errors.options, "fit", { epochs = "3" }, known)
    assert.matches("fit: option 'epochs': expected number, got string", message)
    _, message = pcall(errors.options, "fit", { valid = 1 }, known)
    assert.matches("expected userdata or table, got number", message)
  end)
end)
