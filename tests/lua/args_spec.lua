local cl = require("churnlab")

describe("args", function()
  local defaults = { data = "bank.csv", seed = 42, rate = 0.5, quiet = false }

  local function message(...)
    local _, raised = pcall(cl.args, defaults, { ... })
    return tostring(raised)
  end

  it("takes the defaults without arguments", function()
    assert.are.same(defaults, cl.args(defaults, {}))
  end)

  it("reads values by the type of the default", function()
    local got = cl.args(defaults, { "--seed", "7", "--rate=0.25", "--data", "x.csv", "--quiet" })
    assert.are.same({ data = "x.csv", seed = 7, rate = 0.25, quiet = true }, got)
    assert.are.equal("integer", math.type(got.seed))
    assert.is_false(cl.args(defaults, { "--no-quiet" }).quiet)
    assert.are.equal("", cl.args(defaults, { "--data=" }).data)
  end)

  it("says what is wrong", function()
    assert.matches("unknown option '%-%-sede' %(did you mean '%-%-seed'%?%)",
      message("--sede", "1"))
    assert.matches("%-%-seed: expected a whole number, got '1.5'", message("--seed", "1.5"))
    assert.matches("%-%-rate: expected a number, got 'fast'", message("--rate", "fast"))
    assert.matches("%-%-data: expected a value", message("--data"))
    assert.matches("expected an option, got 'bank.csv'", message("bank.csv"))
  end)
end)
