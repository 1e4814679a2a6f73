local control = require("churnlab.core").control

describe("control.clock", function()
  it("never goes back", function()
    local before = control.clock()
    assert.are.equal("float", math.type(before))
    assert.is_true(control.clock() >= before)
  end)
end)
