local cl = require("churnlab")
local core = require("churnlab.core")
local lfs = require("lfs")
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

describe("files of other kinds", function()
  local folder

  local function put(name, text)
    local file = assert(io.open(folder .. "/" .. name, "wb"))
    file:write(text)
    file:close()
    return folder .. "/" .. name
  end

  local function get(name)
    local file = assert(io.open(folder .. "/" .. name, "rb"))
    local text = file:read("a")
    file:close()
    return text
  end

  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(lfs.mkdir(folder))
  end)

  after_each(function()
    for name in lfs.dir(folder) do os.remove(folder .. "/" .. name) end
    os.remove(folder)
  end)

  it("packs and unpacks .gz, on any number of threads", function()
    local rows = {}
    for i = 1, 20000 do rows[i] = ("%d,%s,%d.25"):format(i, i % 3 == 0 and "a" or "b", i) end
    local f = parse("i,s,x\n" .. table.concat(rows, "\n"))
    local threads, texts = core.control.threads(), {}
    for n = 1, 2 do
      core.control.threads(n)
      assert.is_true(f:write_csv(folder .. "/x.csv.gz"))
      texts[n] = get("x.csv.gz")
      assert.are.equal(f:to_csv(), cl.read_csv(folder .. "/x.csv.gz"):to_csv())
    end
    core.control.threads(threads)
    assert.are.equal(texts[1], texts[2])
    assert.is_true(#texts[1] < #f:to_csv() // 2)
  end)

  it("refuses damaged gzip data", function()
    local f = parse("a,b\n" .. ("1,2\n"):rep(5000))
    assert(f:write_csv(folder .. "/x.csv.gz"))
    local text = get("x.csv.gz")
    local cut = put("cut.csv.gz", text:sub(1, -9))
    assert.error_matches(function() cl.read_csv(cut) end, "cut.csv.gz: .*truncated")
    local wrong = put("wrong.csv.gz", text:sub(1, -9) .. "\1\2\3\4" .. text:sub(-4))
    assert.error_matches(function() cl.read_csv(wrong) end, "wrong.csv.gz: damaged gzip data")
    local plain = put("plain.csv.gz", "a,b\n1,2\n")
    assert.error_matches(function() cl.read_csv(plain) end, "expected gzip data, got other bytes")
  end)

  it("separates .tsv by tabs", function()
    local f = parse("a,b\n1,x y\n2,\n")
    assert(f:write_csv(folder .. "/x.tsv"))
    assert.are.equal("a\tb\n1\tx y\n2\t\n", get("x.tsv"))
    assert.are.equal(f:to_csv(), cl.read_csv(folder .. "/x.tsv"):to_csv())
    assert(f:write_csv(folder .. "/y.tsv.gz", { separator = ";" }))
    assert.are.equal(f:to_csv(), cl.read_csv(folder .. "/y.tsv.gz", { separator = ";" }):to_csv())
  end)

  it("reads runs of blanks, and names what has no header", function()
    local path = put("log.txt", " 00001 19970101  1   11.77\n 00002 19970112 12    6.79\n")
    local f = cl.read_csv(path, { separator = " ", names = { "id", "day", "n", "amount" },
      formats = { day = "%Y%m%d" } })
    assert.are.equal("id,day,n,amount\n00001,1997-01-01,1,11.77\n00002,1997-01-12,12,6.79\n",
      f:to_csv())
    assert.error_matches(function() cl.read_csv(path, { separator = " ", names = { "id" } }) end,
      "log.txt: names: expected 4, got 1")
    assert.are.equal("b\n1\n", parse("a\n1\n", { names = { "b" }, header = true }):to_csv())
    local blanks = { separator = " " }
    local g = parse("a,b\n1,\n2,x y\n")
    assert.are.equal(g:to_csv(), parse(g:to_csv(blanks), blanks):to_csv())
  end)

  it("reads many files as one", function()
    put("d-2.csv", "a,b\n3,z\n")
    put("d-1.csv", "a,b\n1,x\n2,y\n")
    local pattern = folder .. "/d-*.csv"
    local f = cl.read_csv(pattern, { file_column = "from" })
    assert.are.same({ 1, 2, 3 }, f.a:to_table())
    assert.are.equal("category", f:type("from"))
    assert.are.equal(folder .. "/d-1.csv", f.from[2])
    assert.are.equal(folder .. "/d-2.csv", f.from[3])
    local both = { folder .. "/d-2.csv", folder .. "/d-1.csv" }
    assert.are.same({ 3, 1, 2 }, cl.read_csv(both).a:to_table())
    put("d-3.csv", "a,c\n3,z\n")
    assert.error_matches(function() cl.read_csv(pattern) end,
      "d%-3.csv:1: column 2: expected 'b' as in .*d%-1.csv, got 'c'")
    put("d-3.csv", "a,b\n3,z\nx\n")
    assert.error_matches(function() cl.read_csv(pattern) end,
      "d%-3.csv:3: expected 2 fields, got 1")
    assert.error_matches(function() cl.read_csv(folder .. "/none-*.csv") end,
      "none%-%*.csv: no file matches")
    assert.error_matches(function() cl.read_csv({}) end, "expected at least one file")
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
