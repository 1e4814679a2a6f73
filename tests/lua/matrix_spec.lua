local matrix = require("churnlab.core").matrix

describe("matrix", function()
  it("keeps rows and columns", function()
    local m = matrix.from_table { { 1, 2, 3 }, { 4, 5.5, -6 } }
    assert.are.equal(2, m:rows())
    assert.are.equal(2, #m)
    assert.are.equal(3, m:cols())
    assert.are.equal(5.5, m:get(2, 2))
    assert.are.same({ 3, -6 }, m:column(3))
    assert.are.same({ { 1, 2, 3 }, { 4, 5.5, -6 } }, m:to_table())
    assert.are.equal("matrix 2 x 3", tostring(m))
  end)

  it("makes one column of a list of numbers, and nothing of nothing", function()
    assert.are.same({ { 7 }, { 8 } }, matrix.from_table({ 7, 8 }):to_table())
    assert.are.equal(0, matrix.from_table({}):rows())
  end)

  it("names the row that does not fit", function()
    local _, message = pcall(matrix.from_table, { { 1, 2 }, { 3 } })
    assert.matches("row 2: expected 2 numbers, got 1", message)
    _, message = pcall(matrix.from_table, { { 1, 2 }, { 3, "x" } })
    assert.matches("row 2: expected a number, got a string", message)
    _, message = pcall(function() return matrix.from_table({ 1 }):get(2, 1) end)
    assert.matches("expected an index from 1 to 1, got 2", message)
  end)

  it("closes once and says so afterwards", function()
    local m = matrix.from_table { 1 }
    getmetatable(m).__close(m)
    getmetatable(m).__close(m)
    assert.are.equal("matrix (closed)", tostring(m))
    local _, message = pcall(m.rows, m)
    assert.matches("closed", message)
  end)
end)
