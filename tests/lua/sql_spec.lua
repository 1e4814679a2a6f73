local cl = require("churnlab")
local core = require("churnlab.core")

local function every_type()
  return cl.from_table({
    { i = 9007199254740993, f = 0.1, b = true, s = "é\0'\"", c = "gold", d = "2026-11-22",
      t = "2026-11-22T10:11:12.345678Z" },
    {},
    { i = math.mininteger, f = -1e300, b = false, s = "", c = "basic", d = "0001-02-28",
      t = "0001-02-28T00:00:00Z" },
    { i = math.maxinteger, f = 5, b = true, s = "007", c = "gold", d = "9999-12-31",
      t = "1969-12-31T23:59:59.999999Z" },
  }, {
    names = { "i", "f", "b", "s", "c", "d", "t" },
    types = { f = "f64", s = "string", c = "category", d = "date", t = "timestamp" },
  })
end

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
    assert.error_matches(function()
      for _ in read("SELECT * FROM t", { chunk = 2 }) do read("SELECT 1") end
    end, "read_sql: the connection still reads another query")
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
