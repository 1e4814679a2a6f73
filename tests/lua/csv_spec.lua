local cl = require("churnlab")
local core = require("churnlab.core")
local parse = core.frame.parse_csv

describe("read_csv", function()
  it("reads types, roles and options", function()
    local f = parse("id;x;y;junk\n1;NA;Yes;a\n2;3.5;No;b\n", {
      separator = ";", types = { y = "category" }, drop = { "junk" },
      target = "y", positive = "Yes", id = "id",
    })
    assert.are.same({ "id", "x", "y" }, f:columns())
    assert.are.same({ "i64", "f64", "category" }, { f:type("id"), f:type("x"), f:type("y") })
    assert.are.same({ target = "y", positive = "Yes", id = "id" }, f:roles())
    assert.are.same({ 1, 0 }, f:labels():to_table())
    assert.are.equal("1", parse("y\n1\n0\n", { target = "y", positive = 1 }):roles().positive)
    assert.are.same({ "column_1" }, parse("5\n6\n", { header = false }):columns())
    assert.are.equal(1, parse("a\n-\n1\n", { na = "-" }).a:missing())
  end)

  it("reads dates and timestamps in the format that is declared", function()
    local f = parse("d,t,u\n22/11/2026,20261122 10,Nov 1 2026\n1/2/2026,,NA\n", {
      formats = { d = "%d/%m/%Y", t = "%Y%m%d %H", u = "%b %d %Y" }, types = { u = "timestamp" } })
    assert.are.same({ "date", "timestamp", "timestamp" }, { f:type("d"), f:type("t"), f:type("u") })
    assert.are.same({ "2026-11-22", "2026-02-01" }, f.d:to_table())
    assert.are.equal("2026-11-22 10:00:00", f.t[1])
    assert.are.equal("2026-11-01 00:00:00", f.u[1])
    assert.error_matches(function()
      parse("a,d\n1,22/11/2026\n1,2026-11-22\n", { formats = { d = "%d/%m/%Y" } })
    end, 'text:3: column .d.: expected a date like "22/11/2026", got "2026%-11%-22"')
    assert.error_matches(function() parse("d\n", { formats = { e = "%d/%m/%Y" } }) end,
      "formats: unknown column 'e'")
    assert.error_matches(function() parse("d\n", { formats = { d = "%d/%Q" } }) end,
      'read_csv: formats: column .d.: format "%%d/%%Q": position 4: unknown directive')
    assert.error_matches(function() parse("d\n", { formats = { d = "%d" } }) end,
      "column .d.: the format must tell year, month and day")
    assert.error_matches(function() parse("d\n", { formats = { d = 5 } }) end,
      'expected a format such as "%%d/%%m/%%Y", got an integer')
    assert.error_matches(function()
      parse("d\n", { formats = { d = "%Y-%m-%d" }, types = { d = "i64" } })
    end, "formats: column 'd': expected a date or a timestamp, got i64")
  end)

  it("names the option, the column and the line", function()
    assert.error_matches(function() parse("a\n", { sep = ";" }) end,
      "read_csv: unknown option 'sep'")
    assert.error_matches(function() parse("a\n", { separator = ";;" }) end,
      "separator: expected one character")
    assert.error_matches(function() parse("a\n", { types = { a = "flaot" } }) end,
      "types: column 'a': unknown type 'flaot'")
    assert.error_matches(function() parse("a\n", { drop = { 1 } }) end,
      "drop: expected a list of strings")
    assert.error_matches(function() parse("Age\n1\n", { target = "Agee" }) end,
      "target: unknown column 'Agee' %(did you mean 'Age'")
    assert.error_matches(function() parse("a,b\n1\n") end, "text:2: expected 2 fields, got 1")
    assert.error_matches(function() cl.read_csv("/nonexistent.csv") end,
      "/nonexistent.csv: cannot open: No such file")
  end)
end)

describe("write_csv", function()
  it("goes round", function()
    local path = os.tmpname()
    local f = cl.from_table({
      { s = "", t = "NA", id = 9007199254740993, x = 0.1, d = "2026-11-22", b = true },
      { t = " x,\n\"y\" ", x = 1e300, d = "1600-02-29" }, { s = "é" },
    }, { types = { s = "string", t = "category", d = "date" } })
    assert.is_true(f:write_csv(path))
    local types = {}
    for _, c in ipairs(f:schema()) do types[c.name] = c.type end
    local g = cl.read_csv(path, { types = types })
    os.remove(path)
    assert.are.same(f:to_table(), g:to_table())
    assert.are.same(f:schema(), g:schema())
  end)

  it("returns what the system refuses and raises what the caller did wrong", function()
    local f = cl.from_table({ a = { 1 } })
    local ok, message = f:write_csv("/nonexistent/x.csv")
    assert.is_nil(ok)
    assert.matches("^/nonexistent/x.csv: ", message)
    assert.error_matches(function() f:write_csv("x", { sep = ";" }) end,
      "write_csv: unknown option 'sep'")
    assert.are.equal("a\n1\n", f:to_csv())
  end)
end)

local data = os.getenv("CHURNLAB_DATA")
describe("the public data sets", function()
  if not data then
    pending("CHURNLAB_DATA is not set")
    return
  end

  it("bank.csv", function()
    local bank = cl.read_csv(data .. "/bank.csv", { target = "Exited", positive = 1 })
    assert.are.equal(10000, #bank)
    assert.are.equal("category", bank:type("Geography"))
    assert.are.equal(2037, bank:labels():sum())
  end)

  it("telco.csv: blank TotalCharges are missing", function()
    local telco = cl.read_csv(data .. "/telco.csv", { target = "Churn", positive = "Yes" })
    assert.are.equal("f64", telco:type("TotalCharges"))
    assert.are.equal(11, telco.TotalCharges:missing())
    assert.are.equal(1869, telco:labels():sum())
  end)
end)
