local core = require("churnlab.core")

-- A vocabulary that is more generous than any real one: it even hands out pcall.
local function vocabulary(kit)
  local said = {}
  return {
    say = function(value) said[#said + 1] = value end,
    offer = function() end,
    pcall = kit.pcall,
    here = kit.here,
    fail = kit.fail,
    setmetatable = kit.setmetatable,
  }, function() return said end
end

local function run(text, limits)
  return core.sandbox.run(text, "x.lua", vocabulary, limits)
end

local function message_of(text, limits)
  local result, message = run(text, limits)
  assert.is_nil(result)
  return message
end

describe("sandbox", function()
  it("returns plain data: nested tables, integers, floats, texts with any byte", function()
    local text = [[say { 1, 2.5, "a\0b", { deep = { true, false } } }  say(here())]]
    assert.are.same({ { 1, 2.5, "a\0b", { deep = { true, false } } }, 1 }, run(text))
    assert.are.equal("integer", math.type(run("say(7)")[1]))
    assert.are.same({}, run(""))
  end)

  it("stops an endless loop by instructions, or by processor time", function()
    assert.are.equal("x.lua:2: stopped: more than 20000 instructions",
      message_of("\nwhile true do end", { instructions = 20000 }))
    assert.matches("^x.lua:1: stopped: more than", message_of("while true do end"))
    assert.are.equal("x.lua:1: stopped: more than 0.05 s of processor time",
      message_of("for i = 1, 1e15 do end", { instructions = 1e12, seconds = 0.05 }))
  end)

  it("stops loops that catch errors", function()
    local limits = { instructions = 200000 }
    for _, text in ipairs {
      "while true do pcall(function() while true do end end) end",
      "while true do pcall(pcall, function() while true do end end) end",
      "while true do\n pcall(function()\n while true do\n end end)\n end",
      "local function f() pcall(f) return f() end f()",
      "local m = setmetatable({}, { __close = function() while true do end end }) "
        .. "while true do pcall(function() local x <close> = m  while true do end end) end",
    } do
      assert.matches("^x%.lua:%d+: stopped: more than", message_of(text, limits))
    end
  end)

  it("gives no vocabulary finalizers: Lua runs them without hooks", function()
    assert.matches("__gc is not allowed", message_of("setmetatable({}, { __gc = say })"))
    assert.are.same({}, run("local m = {}  setmetatable({}, m)  m.__gc = function() end"))
  end)

  it("stops what eats memory", function()
    for _, text in ipairs {
      "local t = {} while true do t[#t + 1] = {} end",
      "local s = 'x' while true do s = s .. s end",
      "local function f() return 1 + f() end f()",
      "while true do say(1) end",
    } do
      assert.are.equal("x.lua:1: stopped: more than 2 MiB of memory",
        message_of(text, { memory = 2 * 1024 * 1024 }))
    end
    assert.matches("more than 0.00097", message_of("", { memory = 1024 }))
  end)

  it("has no standard library, no string methods, no coroutines", function()
    for _, name in ipairs { "print", "load", "require", "io", "os", "debug", "string", "table",
      "coroutine", "collectgarbage", "getmetatable", "rawset", "error", "next", "_G" } do
      assert.matches("^x%.lua:1: unknown name '" .. name .. "'", message_of("local a = " .. name))
    end
    assert.matches("attempt to index a string value", message_of("local a = ('x'):rep(10)"))
    assert.matches("attempt to index a string value", message_of("local a = ('x').rep"))
    assert.matches("arithmetic on a string value", message_of("local a = '1' + 1"))
  end)

  it("guards its names, with a suggestion and the line", function()
    assert.are.equal("x.lua:3: unknown name 'ofer' (did you mean 'offer'?)",
      message_of("\n\nofer {}"))
    assert.are.equal([[x.lua:1: unknown name 'high' (a text is written in quotes: "high")]],
      message_of("say(high)"))
    assert.are.equal("x.lua:2: name 'a' cannot be set (write: local a = …)",
      message_of("\na = 1"))
    assert.matches("name 'offer' cannot be set", message_of("offer = say"))
  end)

  it("refuses bytecode, long texts and results that are no data", function()
    local code = string.dump(function() end)
    assert.are.equal("x.lua: expected Lua text, got bytecode", message_of(code))
    assert.matches("longer than 1 MiB", message_of((" "):rep(2 ^ 20 + 1)))
    assert.matches("the result holds a function", message_of("say(say)"))
    assert.matches("nested too deeply", message_of("local t = {} t.t = t say(t)"))
    assert.matches("nested too deeply",
      message_of("local t = {} for i = 1, 30 do t = { t, t } end say(t)"))
    assert.matches("holds too many values",
      message_of("local t = {} for i = 1, 12 do t = { t, t, t, t } end say(t)"))
    assert.matches("holds too many values",
      message_of("for i = 1, 250000 do say(1) end", { instructions = 1e9, seconds = 60 }))
  end)

  it("gives every error a place, also errors of the parser", function()
    assert.are.equal("x.lua:2: no", message_of("\nfail('no')"))
    assert.matches("^x%.lua:1: unexpected symbol", message_of("say("))
    assert.matches("^x%.lua: C stack overflow", message_of(("("):rep(1000)))
  end)

  it("reports an error that is no text", function()
    local _, message = core.sandbox.run("\nbad {}", "y.lua", function(kit)
      local bad = kit.setmetatable({}, { __index = function(_, key) return key end })
      return { bad = function() return bad.x .. bad end }, function() end
    end)
    assert.matches("attempt to concatenate a table value", message)
    _, message = core.sandbox.run("", "y.lua", function() return 1 end)
    assert.matches("table expected", message)
  end)

  it("wants a vocabulary that stands alone, and sensible limits", function()
    assert.has_error(function() core.sandbox.run("", "x", print) end)
    local ok, message = pcall(core.sandbox.run, "", "x", function() return print end)
    assert.is_false(ok)
    assert.matches("expected a Lua function that uses its parameters only", message)
    assert.has_error(function() run("", { memory = -1 }) end)
  end)
end)

describe("hash", function()
  it("is SHA-256", function()
    assert.are.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      core.hash.sha256("abc"))
    assert.are.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      core.hash.sha256(""))
    assert.has_error(function() core.hash.sha256() end)
  end)
end)
