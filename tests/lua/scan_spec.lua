-- Scans: tables larger than memory. The oracle is the same verb on the frame in memory.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local fixtures = require("fixtures")
local message_of = fixtures.message_of
local read_file, write_file = fixtures.read_file, fixtures.write_file

-- A text where the first chunk (4 MiB) has numbers only.
local late_mistake = "a\n" .. ("123456789012345678\n"):rep(500000) .. "x\n"

describe("a scan", function()
  local csv, columns, out, frame
  local text = { types = { Surname = "string", Geography = "string", Gender = "string" } }

  setup(function()
    csv, columns, out = os.tmpname(), os.tmpname(), os.tmpname()
    local bank = cl.simulate("bank", { rows = 1000, seed = 4 })
    bank = bank:derive { Balance = "if_else(Balance > 0, Balance, nil)" }
    assert(bank:write_csv(csv))
    frame = cl.read_csv(csv, text)
    assert(cl.read_csv(csv):write_columns(columns))
  end)

  teardown(function()
    for _, path in ipairs { csv, columns, out } do os.remove(path) end
  end)

  local function scan(rows) return cl.scan_csv(csv, { chunk_rows = rows or 97 }) end

  it("gives the same rows as the frame, whatever the chunks", function()
    for _, rows in ipairs { 1, 97, 1000, 5000 } do
      assert.are.equal(frame:to_csv(), scan(rows):collect():to_csv())
    end
    assert.are.same(frame:schema(), scan():schema())
    local mapped = cl.scan(columns, { chunk_rows = 64 })
    assert.are.same(cl.read(columns):schema(), mapped:schema())
    assert.are.equal(cl.read(columns):to_csv(), mapped:collect():to_csv())
  end)

  it("has the verbs of frames that look at a row", function()
    local function verbs(t)
      return t:filter("Age >= 40"):derive { per = "Balance / Age", old = "Age > 60" }
        :drop("Surname"):rename { Age = "Years" }:fill_na { Balance = 0 }
        :replace { France = "FR" }:cast { Tenure = "f64" }
        :select { types = { "number", "text" } }
    end
    assert.are.equal(verbs(frame):to_csv(), verbs(scan()):collect():to_csv())
    assert.are.same(verbs(frame):schema(), verbs(scan()):schema())
  end)

  it("is a plan that never changes, and can be run again", function()
    local base = scan()
    local old = base:filter("Age > 60")
    local n = old:count()
    assert.are.equal(#frame:filter("Age > 60"), n)
    assert.are.equal(n, old:count())
    assert.are.equal(1000, base:count())
    assert.matches("^scan of .+\n  filter Age > 60\n  gives RowNumber, ", tostring(old))
  end)

  it("stops reading after head", function()
    write_file(out, late_mistake)
    local few = cl.scan_csv(out):head(2)
    assert.are.equal("a\n123456789012345678\n123456789012345678\n", few:collect():to_csv())
    assert.are.equal(0, few:head(0):count())
    assert.are.equal(#frame:filter("Age > 60"):head(5),
      #scan():filter("Age > 60"):head(5):collect())
  end)

  it("gives chunks to `for`, and closes the file after break", function()
    local rows, chunks = 0, 0
    for chunk in scan(300):filter("Age > 30"):chunks() do
      rows, chunks = rows + #chunk, chunks + 1
    end
    assert.are.equal(#frame:filter("Age > 30"), rows)
    assert.are.equal(4, chunks)
    for _ = 1, 2000 do -- more than a process may open
      local first, _, _, file = scan(300):chunks()
      assert(first())
      file:close()
    end
  end)

  it("writes what the frame would, also without rows", function()
    assert.is_true(scan():filter("Age > 50"):write_csv(out, { separator = ";" }))
    assert.are.equal(frame:filter("Age > 50"):to_csv { separator = ";" }, read_file(out))
    assert.is_true(scan():filter("Age > 500"):write_csv(out))
    assert.are.equal(frame:head(0):to_csv(), read_file(out))
    local ok, message = scan():write_csv("/nowhere/x.csv")
    assert.is_nil(ok)
    assert.matches("^/nowhere/x.csv: create: No such file", message)
  end)

  it("leaves the old file when it fails on the way", function()
    write_file(csv .. ".late", late_mistake)
    write_file(out, "old")
    local message = message_of(function() cl.scan_csv(csv .. ".late"):write_csv(out) end)
    os.remove(csv .. ".late")
    assert.matches(":500002: column 'a': expected an integer .*got \"x\"", message)
    assert.matches("%(the first rows made the type; give another: types = ", message)
    assert.are.equal("old", read_file(out))
  end)

  it("aggregates as the frame does", function()
    local spec = { n = "count()", fee = "sum(EstimatedSalary) / count()", b = "mean(Balance)",
      lo = "min(Age)", hi = "max(Balance)", who = "last(Surname)", kinds = "n_distinct(Tenure)",
      any = "any(Age > 80)", rate = "mean(Exited)" }
    assert.are.equal(frame:group("Geography", "Gender"):agg(spec):to_csv(),
      scan():group("Geography", "Gender"):agg(spec):to_csv())
    assert.are.equal(frame:group():agg(spec):to_csv(), scan():agg(spec):to_csv())
    assert.are.equal(frame:group("Tenure"):count():to_csv(),
      scan():group { "Tenure" }:count():to_csv())
    local mine, whole = scan():agg { s = "std(Balance)" }.s[1], frame.Balance:std()
    assert.is_true(math.abs(mine - whole) <= 1e-12 * whole)
    local file = cl.scan(columns, { chunk_rows = 64 }):group("Geography"):agg(spec)
    assert.are.equal(cl.read(columns):group("Geography"):agg(spec):to_csv(), file:to_csv())
    assert.are.equal("category", file:type("Geography"))
  end)

  it("refuses what needs all rows", function()
    local function says(pattern, f) assert.matches(pattern, message_of(f)) end
    says("scan_spec.lua:%d+: filter: Age > mean%(Age%) needs all rows at once",
      function() return #scan():filter("Age > mean(Age)") end)
    says("derive: x: mean%(Age%) needs all rows", function()
      return scan():derive { x = "mean(Age)" }
    end)
    says("window function 'lag': expected rows in groups",
      function() return scan():derive { x = "lag(Age)" } end)
    says("aggregate 'm': function 'median' needs all rows at once",
      function() return scan():agg { m = "median(Age)" } end)
    says("fill_na: column 'Age': the rule 'mean' needs all rows",
      function() return scan():fill_na { Age = { "mean" } } end)
    says("fill_na: the rule 'mode' needs all rows", function() return scan():fill_na("mode") end)
    says("replace: infer needs all rows",
      function() return scan():replace({ a = "b" }, { infer = true }) end)
    says("derive: x: expected an expression, got a function",
      function() return scan():derive { x = function() end } end)
  end)

  it("finds mistakes before it reads rows", function()
    local function says(pattern, f) assert.matches(pattern, message_of(f)) end
    says("unknown column 'Agee' %(did you mean 'Age'%?%)",
      function() return scan():filter("Agee > 3") end)
    says("select: unknown column 'age'", function() return scan():select("age") end)
    says("unknown column 'Balance'",
      function() return scan():drop("Balance"):derive { x = "Balance + 1" } end)
    says("scan: unknown method 'colect' %(did you mean 'collect'%?%)",
      function() return scan():colect() end)
    says("scan_csv: option 'chunk_rows': expected a whole number from 1, got 0",
      function() return cl.scan_csv(csv, { chunk_rows = 0 }) end)
    says("read_csv: unknown option 'seperator' %(did you mean 'separator'%?%)",
      function() return cl.scan_csv(csv, { seperator = ";" }) end)
    says("/nowhere/x: cannot open", function() return cl.scan("/nowhere/x") end)
    says("scan_csv: .+: expected CSV, got a column file",
      function() return cl.scan_csv(columns) end)
    says("option 'types': expected none for a column file",
      function() return cl.scan(columns, { types = { Age = "f64" } }) end)
    says("scan: expected a path, got a table", function() return cl.scan({}) end)
  end)

  it("keeps roles, and leaves columns out", function()
    local roles = { target = "Exited", id = "CustomerId", drop = { "Surname" } }
    for _, path in ipairs { csv, columns } do
      local got = cl.scan(path, roles):head(3):collect()
      assert.are.equal("Exited", got:roles().target)
      assert.are.equal("CustomerId", got:roles().id)
      assert.is_false(got:has("Surname"))
    end
  end)

  it("of an empty table gives an empty frame", function()
    write_file(out, "a,b\n")
    assert.are.equal("a,b\n", cl.scan_csv(out):collect():to_csv())
    assert.are.equal(0, cl.scan_csv(out):agg { n = "count()" }.n[1])
    assert.are.equal(0, #cl.scan_csv(out):group("a"):count())
    assert(frame:head(0):write_columns(out))
    assert.are.equal(0, cl.scan(out):count())
    assert.are.same(frame:columns(), cl.scan(out):collect():columns())
  end)

  it("scores as the model does", function()
    local data = cl.simulate("bank", { rows = 600, seed = 2 })
    local train, valid = data:split { 0.7, 0.3, stratify = "Exited", seed = 1 }
    local net = cl.nn.sequential():dense(4, { activation = "relu" })
      :dense(1, { activation = "sigmoid" })
    local model = cl.fit(cl.prep():drop({ "Surname" }):impute():onehot():scale(), net, train,
      { valid = valid, epochs = 2, seed = 5 })
    assert.are.equal(model:score(frame, { reasons = 1 }):to_csv(),
      scan():score(model, { reasons = 1 }):collect():to_csv())
    assert.matches("limits of policy 'bank%-retention' look at all customers",
      message_of(function() return scan():score(model, { policy = "examples/retention.lua" }) end))
    write_file(out, 'policy "p" { version = "1" }\ntier "high" { from = 0.5 }\n'
      .. 'tier "low" { from = 0 }\n'
      .. 'rule "call" { when = { tier = "high" }, action = call { cost = 5 } }\n')
    assert.are.equal(model:score(frame, { policy = out }):to_csv(),
      scan():score(model, { policy = out }):collect():to_csv())
  end)
end)

describe("memory", function()
  it("of ten million doubles is not Lua's", function()
    local function repeated(frame, n)
      local list = {}
      for i = 1, n do list[i] = frame end
      return cl.concat(list)
    end
    collectgarbage()
    local before = collectgarbage("count")
    local few = cl.from_table { x = { 0.5, 1.25, -3.75, 1e10 } }
    local all = repeated(repeated(repeated(few, 100), 100), 250)
    assert.are.equal(1e7, #all)
    assert.are.equal(2.5e6 * (1e10 - 2), all:group():agg { s = "sum(x)" }.s[1])
    collectgarbage()
    assert.is_true(collectgarbage("count") - before < 1024)
  end)
end)
