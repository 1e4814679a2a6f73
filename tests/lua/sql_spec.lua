local cl = require("churnlab")
local core = require("churnlab.core")
local fixtures = require("fixtures")

local function every_type() return fixtures.every_type("é\0'\"", "basic") end

describe("SQLite", function()
  local db, path, url

  before_each(function()
    path = os.tmpname()
    url = "sqlite:" .. path
    db = assert(cl.sql.open("sqlite::memory:"))
  end)

  after_each(function()
    db:close()
    os.remove(path)
  end)

  local function read(query, options) return cl.read_sql(db, query, options) end

  it("keeps values and types", function()
    local f = every_type()
    assert.is_true(f:write_sql(url, "t"))
    local g = cl.read_sql(url, "SELECT * FROM t", { types = { c = "category" } })
    assert.are.same(f:to_table(), g:to_table())
    assert.are.same(f:schema(), g:schema())
    assert.are.equal("string", cl.read_sql(url, "SELECT c FROM t"):type("c"))
    local empty = f:head(0)
    assert.is_true(empty:write_sql(url, "empty"))
    assert.are.same(cl.read_sql(url, "SELECT * FROM t LIMIT 0"):schema(),
      cl.read_sql(url, "SELECT * FROM empty"):schema())
  end)

  it("binds parameters of every kind by position", function()
    local f = read("SELECT $2 AS b, ? AS c, $1 AS a, ?4 AS d, $1 + 1 AS e",
      { params = { 18, "x'; DROP TABLE t --", true, cl.NA } })
    local text = "x'; DROP TABLE t --"
    assert.are.same({ { a = 18, b = text, c = text, e = 19 } }, f:to_table())
  end)

  it("reads in chunks with the types of the first", function()
    every_type():write_sql(db, "t")
    local sizes = {}
    for part in read("SELECT * FROM t", { chunk = 3, target = "b" }) do
      sizes[#sizes + 1] = #part
      assert.are.equal("b", part:roles().target)
    end
    assert.are.same({ 3, 1 }, sizes)
    local rows = 0
    for part in read("SELECT * FROM t", { chunk = 2 }) do
      assert.error_matches(function() read("SELECT 1") end,
        "read_sql: the connection still reads another query")
      rows = rows + #part
    end
    assert.are.equal(4, rows)
    assert.are.equal(4, read("SELECT count(*) AS n FROM t").n[1])
  end)

  it("writes all or nothing, by mode", function()
    local f = cl.from_table({ { id = 1, x = 1.5 }, { id = 2, x = 2.5 } })
    assert.is_true(f:write_sql(db, "t", { mode = "upsert", key = "id" }))
    assert.error_matches(function() f:write_sql(db, "t") end, "write_sql: table 't' exists")
    assert.error_matches(function() f:write_sql(db, "t", { mode = "append" }) end,
      "write_sql: row 1: SQLite: UNIQUE constraint failed: t.id")
    local later = cl.from_table({ { id = 2, x = 20 }, { id = 3, x = 30 }, { id = 3, x = 33 } },
      { types = { x = "f64" } })
    assert.is_true(later:write_sql(db, "t", { mode = "upsert", key = { "id" } }))
    assert.are.same({ { id = 1, x = 1.5 }, { id = 2, x = 20 }, { id = 3, x = 33 } },
      read("SELECT * FROM t ORDER BY id"):to_table())
    assert.is_true(f:write_sql(db, "t", { mode = "replace" }))
    assert.is_true(f:write_sql(db, "t", { mode = "append" }))
    assert.are.equal(4, #read("SELECT * FROM t"))
    assert.are.equal(2, cl.sql.execute(db, "DELETE FROM t WHERE id = $1", { params = { 2 } }))
  end)
end)

describe("SQLite's values", function()
  local db

  before_each(function()
    db = assert(cl.sql.open("sqlite::memory:"))
    cl.sql.execute(db, "CREATE TABLE odd (n INTEGER, f REAL, b BOOLEAN, d DATE, t DATETIME, "
      .. "s VARCHAR(9), m NUMERIC(9, 2), o BLOB, a)")
  end)

  after_each(function() db:close() end)

  local function insert(column, value)
    cl.sql.execute(db, ("INSERT INTO odd (%s) VALUES (%s)"):format(column, value))
  end

  local function check(column, message)
    assert.error_matches(function()
      cl.read_sql(db, ("SELECT %s FROM odd"):format(column))
    end, "read_sql: row 2: column '" .. column .. "': expected " .. message)
  end

  it("have the declared types, also without rows", function()
    local types = {}
    for _, column in ipairs(cl.read_sql(db, "SELECT * FROM odd"):schema()) do
      types[column.name] = column.type
    end
    assert.are.same({ n = "i64", f = "f64", b = "bool", d = "date", t = "timestamp",
      s = "string", m = "f64", o = "f64", a = "f64" }, types)
  end)

  it("are refused where they are of another type than their column", function()
    for column, values in pairs {
      n = { "1", "'x'", 'an integer, got the text "x"' },
      f = { "1.5", "x'00'", 'a number, got the text " "' },
      b = { "1", "2", "true or false, got 2" },
      d = { "'2026-01-31'", "'2026-02-30'", '.*got "2026%-02%-30"' },
      t = { "'2026-01-31T10:00:00Z'", "'noon'", '.*got "noon"' },
      m = { "0.5", "9007199254740993", "a number, got 9007199254740993" },
      a = { "'x'", "1", ".*got 1" },
      o = { "1", "'x'", 'an integer, got the text "x"' },
    } do
      insert(column, values[1])
      insert(column, values[2])
      check(column, values[3])
      local f = cl.read_sql(db, ("SELECT %s AS x FROM odd"):format(column),
        { types = { x = "string" } })
      assert.are.equal(2, #f)
      cl.sql.execute(db, "DELETE FROM odd")
    end
  end)

  it("widen from integers to numbers", function()
    insert("n", "1")
    insert("n", "1.5")
    local f = cl.read_sql(db, "SELECT n, n + 1 AS e, n > 1 AS c FROM odd")
    assert.are.same({ "f64", "f64", "i64" }, { f:type("n"), f:type("e"), f:type("c") })
    assert.are.same({ 1, 1.5 }, f.n:to_table())
    insert("f", "9e999")
    assert.are.equal(3, cl.read_sql(db, "SELECT f FROM odd").f:missing())
  end)

  it("may be blobs and hold NUL", function()
    insert("o", "x'610062ff'")
    insert("s", "char(97, 0, 98)")
    local f = cl.read_sql(db, "SELECT o, s FROM odd")
    assert.are.equal("a\0b\xff", f.o[1])
    assert.are.equal("a\0b", f.s[2])
    assert.error_matches(function() cl.read_sql(db, "SELECT zeroblob(2147483647) AS z") end,
      "read_sql: SQLite: string or blob too big")
  end)

  it("take the types that are wanted", function()
    insert("s", "'gold'")
    insert("n", "7")
    local f = cl.read_sql(db, "SELECT s, n, '2026-01-31' AS d, '1.5' AS x, 1 AS b FROM odd", {
      types = { s = "category", n = "string", d = "date", x = "f64", b = "bool" },
      target = "b", id = "n", time = "d",
    })
    assert.are.same({ { s = "gold", d = "2026-01-31", x = 1.5, b = true },
      { n = "7", d = "2026-01-31", x = 1.5, b = true } }, f:to_table())
    assert.are.same({ "gold" }, f.s:levels())
    assert.are.same({ target = "b", id = "n", time = "d" }, f:roles())
    assert.error_matches(function()
      cl.read_sql(db, "SELECT n FROM odd", { types = { m = "i64" } })
    end, "read_sql: types: unknown column 'm'")
    assert.error_matches(function()
      cl.read_sql(db, "SELECT n FROM odd", { types = { n = "int" } })
    end, "read_sql: types: column 'n': unknown type 'int'")
  end)

  it("are not mixed by writing", function()
    local text = cl.from_table({ n = { "x" } })
    assert.error_matches(function() text:write_sql(db, "odd", { mode = "append" }) end,
      "write_sql: column 'n': the table holds i64, the frame string")
    assert.error_matches(function()
      cl.from_table({ nn = { 1 } }):write_sql(db, "odd", { mode = "append" })
    end, "write_sql: odd: unknown column 'nn'")
    assert.is_true(cl.from_table({ s = { "x" }, b = { true }, f = { 2 } }):write_sql(db, "odd",
      { mode = "append" }))
    assert.are.equal(2.0, cl.read_sql(db, "SELECT f FROM odd").f[1])
  end)
end)

describe("hostile input", function()
  local path, url

  before_each(function()
    path = os.tmpname()
    url = "sqlite:" .. path
  end)

  after_each(function() os.remove(path) end)

  local function write_file(bytes)
    local file = assert(io.open(path, "wb"))
    file:write(bytes)
    file:close()
  end

  it("is an error: damaged files", function()
    write_file(("no database "):rep(200))
    assert.error_matches(function() cl.read_sql(url, "SELECT * FROM t") end,
      "read_sql: SQLite: file is not a database")
    os.remove(path)
    local rows = {}
    for i = 1, 5000 do rows[i] = { id = i, s = ("x"):rep(i % 50) } end
    cl.from_table(rows):write_sql(url, "t")
    local file = assert(io.open(path, "rb"))
    local bytes = file:read("a")
    file:close()
    write_file(bytes:sub(1, #bytes // 2 // 4096 * 4096))
    assert.error_matches(function() cl.read_sql(url, "SELECT * FROM t") end,
      "read_sql: SQLite: database disk image is malformed")
  end)

  it("is an error: statements", function()
    local db <close> = cl.sql.open("sqlite::memory:")
    for statement, message in pairs {
      ["SELECT 1; SELECT 2"] = "expected one statement, got several",
      ["SELECT 1; nonsense"] = "expected one statement, got several",
      ["-- only a comment"] = "expected a statement, got none",
      [""] = "expected a statement, got none",
      ["BEGIN"] = "expected a query, got a statement without rows",
      ["CREATE TABLE t (x)"] = "the statement would change the database: use sql.execute",
      ["SELECT * FROM nowhere"] = "SQLite: no such table: nowhere",
      ["SELECT 1 AS x, 2 AS x"] = "columns 1 and 2 are both named 'x': name one with AS",
      ["SELECT :name AS x"] = "params: expected $1, $2 … or ?, got :name",
      ["SELECT $1 AS x"] = "params: the statement has 1, got 0",
    } do
      assert.error_matches(function() cl.read_sql(db, statement) end,
        "read_sql: " .. message:gsub("%p", "%%%0"))
    end
    assert.error_matches(function() cl.read_sql(db, "SELECT 1\0 AS x") end, "holds a NUL byte")
    assert.are.equal(1, #cl.read_sql(db, "SELECT 1 AS x; -- that was all"))
  end)

  it("is an error: arguments", function()
    local db <close> = cl.sql.open("sqlite::memory:")
    local f = cl.from_table({ { id = 1 }, {} })
    for message, call in pairs {
      ["read_sql: expected a url or a connection, got a number"] = function()
        cl.read_sql(7, "")
      end,
      ["read_sql: query: expected a string, got a nil"] = function() cl.read_sql(db) end,
      ["read_sql: unknown option 'param' %(did you mean 'params'"] = function()
        cl.read_sql(db, "SELECT 1", { param = {} })
      end,
      ["read_sql: params: item 1: expected a number"] = function()
        cl.read_sql(db, "SELECT $1", { params = { { 1 } } })
      end,
      ["read_sql: params: expected a list of values"] = function()
        cl.read_sql(db, "SELECT $1", { params = { x = 1 } })
      end,
      ["read_sql: chunk: expected a number of rows, got 0"] = function()
        cl.read_sql(db, "SELECT 1", { chunk = 0 })
      end,
      ["sql: url: expected sqlite:<path> or postgresql://"] = function() cl.sql.open("x.db") end,
      ["write_sql: table: expected a name"] = function() f:write_sql(db, "") end,
      ["write_sql: unknown mode 'fial' %(did you mean 'fail'"] = function()
        f:write_sql(db, "t", { mode = "fial" })
      end,
      ["write_sql: mode \"upsert\": expected key"] = function()
        f:write_sql(db, "t", { mode = "upsert" })
      end,
      ["write_sql: key: unknown column 'idd' %(did you mean 'id'"] = function()
        f:write_sql(db, "t", { key = "idd" })
      end,
      ["write_sql: key: column 'id': row 2 is missing"] = function()
        f:write_sql(db, "t", { key = { "id" } })
      end,
      ["write_sql: key: expected names of columns, got none"] = function()
        f:write_sql(db, "t", { key = {} })
      end,
      ["write_sql: the frame has no columns"] = function() f:select({}):write_sql(db, "t") end,
      ["write_sql: schema 'nowhere': SQLite: no such table"] = function()
        f:write_sql(db, "t", { schema = "nowhere" })
      end,
    } do
      assert.error_matches(call, message)
    end
    assert.error_matches(function() cl.read_sql(db, "SELECT * FROM t") end, "no such table: t")
    db:close()
    assert.error_matches(function() cl.read_sql(db, "SELECT 1") end, "the object is closed")
    assert.are.equal("connection (closed)", tostring(db))
  end)

  it("is an answer where the system refuses", function()
    local f = cl.from_table({ { id = 1 } })
    local ok, message = f:write_sql("sqlite:/nonexistent/x.db", "t")
    assert.is_nil(ok)
    assert.are.equal("write_sql: SQLite: /nonexistent/x.db: cannot open: No such file or directory",
      message)
    ok, message = cl.sql.execute("sqlite:/nonexistent/x.db", "DROP TABLE t")
    assert.is_nil(ok)
    assert.matches("^execute: SQLite: /nonexistent/x.db: cannot open", message)
    ok, message = cl.sql.open("sqlite:/nonexistent/x.db")
    assert.is_nil(ok)
    assert.matches("^sql.open: SQLite: /nonexistent/x.db: cannot open", message)
  end)

  it("waits for a lock, then says so", function()
    local f = cl.from_table({ { id = 1 } })
    f:write_sql(url, "t")
    local other <close> = cl.sql.open(url)
    cl.sql.execute(other, "BEGIN IMMEDIATE")
    local ok, message = f:write_sql(url, "t", { mode = "append" })
    assert.is_nil(ok)
    assert.are.equal("write_sql: SQLite: database is locked", message)
    cl.sql.execute(other, "ROLLBACK")
    assert.is_true(f:write_sql(url, "t", { mode = "append" }))
  end)

  it("leaves the user's transaction as it was", function()
    local db <close> = cl.sql.open("sqlite::memory:")
    local f = cl.from_table({ { id = 1 }, { id = 1 } })
    cl.sql.execute(db, "BEGIN")
    f:write_sql(db, "t")
    assert.error_matches(function() f:write_sql(db, "t", { mode = "replace", key = "id" }) end,
      "write_sql: row 2: SQLite: UNIQUE constraint failed: t.id")
    assert.are.equal(2, #cl.read_sql(db, "SELECT * FROM t"))
    cl.sql.execute(db, "ROLLBACK")
    assert.error_matches(function() cl.read_sql(db, "SELECT * FROM t") end, "no such table")
  end)
end)

describe("scan_sql", function()
  local path = os.tmpname()
  local url, f = "sqlite:" .. path, nil

  setup(function()
    f = cl.simulate("bank", { rows = 500, seed = 3 })
    f:write_sql(url, "bank", { mode = "replace" })
  end)

  teardown(function() os.remove(path) end)

  it("reads chunk by chunk, anew for each pass", function()
    for _, database in ipairs { url, assert(cl.sql.open(url)) } do
      local scan = cl.scan_sql(database, "SELECT * FROM bank WHERE Age > $1 ORDER BY rowid",
        { params = { 30 }, chunk_rows = 64, id = "CustomerId" })
      local sizes = 0
      for chunk in scan:chunks() do
        assert.is_true(#chunk <= 64)
        assert.are.equal("CustomerId", chunk:roles().id)
        sizes = sizes + #chunk
      end
      local old = f:filter("Age > 30")
      assert.are.equal(#old, sizes)
      assert.are.equal(#old, scan:count())
      assert.are.equal(old:select("Age", "Balance"):to_csv(),
        scan:select("Age", "Balance"):collect():to_csv())
      for _ in scan:chunks() do break end -- luacheck: ignore 512
      assert.are.equal(3, #scan:head(3):collect())
    end
    assert.are.equal(0, cl.scan_sql(url, "SELECT * FROM bank WHERE Age < 0"):count())
  end)

  it("names what is wrong", function()
    assert.error_matches(function() cl.scan_sql(url, "SELECT * FROM nowhere") end,
      "no such table: nowhere")
    assert.error_matches(function() cl.scan_sql(url, "SELECT 1 AS x", { chunk_rows = 0 }) end,
      "scan_sql: option 'chunk_rows': expected a whole number from 1, got 0")
    assert.error_matches(function() cl.scan_sql(url, "SELECT 1 AS x", { target = "y" }) end,
      "target: unknown column 'y'")
    assert.error_matches(function() cl.scan_sql(url) end,
      "scan_sql: query: expected a string, got a nil")
  end)
end)

describe("the names of a database", function()
  it("may be keywords, unicode and hold quotes", function()
    local db <close> = cl.sql.open("sqlite::memory:")
    local names = { "select", "a\"b", "größe", "x y", "1'; DROP TABLE t; --" }
    local columns = {}
    for i, name in ipairs(names) do columns[name] = { i } end
    local f = cl.from_table(columns, { names = names })
    local table_name = "order \"by\"; ß"
    assert.is_true(f:write_sql(db, table_name))
    local g = cl.read_sql(db, 'SELECT * FROM "order ""by""; ß"')
    assert.are.same(names, g:columns())
    assert.is_true(f:write_sql(db, table_name, { mode = "append" }))
    assert.are.same("connection (sqlite)", tostring(db))
    assert.are.equal("sqlite", core.sql.open("sqlite::memory:"):engine())
  end)
end)
