-- PostgreSQL, on a server that postgres.sh starts in a temporary folder.
local cl = require("churnlab")
local fixtures = require("fixtures")

local function run(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read("a")
  local _, _, code = pipe:close()
  return text:gsub("%s+$", ""), code
end

local function every_type() return fixtures.every_type("é\t\\N\r\n'\"", "\\.") end

describe("PostgreSQL", function()
  local folder, code = run("tests/lua/postgres.sh start $PPID")
  if code == 3 then
    pending("PostgreSQL is not installed")
    return
  end
  assert(code == 0, "postgres.sh start failed")
  local url = ("postgresql:///postgres?host=%s&user=tester"):format(folder)
  local db

  setup(function() db = assert(cl.sql.open(url)) end)

  teardown(function()
    db:close()
    run("tests/lua/postgres.sh stop " .. folder)
  end)

  local function read(query, options) return cl.read_sql(db, query, options) end

  it("keeps values and types", function()
    local f = every_type()
    assert.is_true(f:write_sql(url, "kept"))
    local g = cl.read_sql(url, "SELECT * FROM kept", { types = { c = "category" } })
    assert.are.same(f:to_table(), g:to_table())
    assert.are.same(f:schema(), g:schema())
    local empty = read("SELECT * FROM kept WHERE i = 0")
    assert.are.equal(0, #empty)
    assert.are.same({ "i64", "f64", "bool", "string", "string", "date", "timestamp" }, {
      empty:type("i"), empty:type("f"), empty:type("b"), empty:type("s"), empty:type("c"),
      empty:type("d"), empty:type("t"),
    })
  end)

  it("reads the types that other programs made", function()
    local f = read([[SELECT 1::smallint AS a, 2::int AS b, 0.1::real AS c,
      12345678.125::numeric AS d, 'ab'::varchar(9) AS e, 'ab'::char(3) AS f,
      '{"a": 1}'::jsonb AS g, ARRAY[1, 2] AS h,
      '6f1c7d52-0000-4000-8000-000000000000'::uuid AS i, NULL AS j, 'NaN'::float8 AS k,
      '-Infinity'::float8 AS l, timestamp '2026-01-01 10:00' AS m,
      timestamptz '2026-01-01 10:00:00.5+02' AS n, bytea '\x00ff' AS o]])
    assert.are.same({
      a = 1, b = 2, c = 0.1, d = 12345678.125, e = "ab", f = "ab ", g = '{"a": 1}', h = "{1,2}",
      i = "6f1c7d52-0000-4000-8000-000000000000", m = "2026-01-01 10:00:00",
      n = "2026-01-01 08:00:00.500", o = "\\x00ff",
    }, f:to_table()[1])
    assert.are.same({ "i64", "f64", "timestamp" }, { f:type("a"), f:type("d"), f:type("n") })
    assert.are.same({ 1, 0 }, read("SELECT b FROM (VALUES (true), (false)) AS v(b)",
      { types = { b = "i64" } }).b:to_table())
    assert.are.equal("0.30", read("SELECT 0.30 AS x", { types = { x = "string" } }).x[1])
    assert.error_matches(function() read("SELECT date 'infinity' AS d") end,
      'read_sql: row 1: column \'d\': expected a date.*got "infinity"')
  end)

  it("binds parameters with their types", function()
    local hostile = "'; DROP TABLE kept; --"
    local f = read("SELECT $1 AS i, $2 AS f, $3 AS b, $4::text AS s, $5::text AS na",
      { params = { 18, 0.5, true, hostile, cl.NA } })
    assert.are.same({ { i = 18, f = 0.5, b = true, s = hostile } }, f:to_table())
    assert.are.equal(3, #read("SELECT * FROM kept WHERE d > $1", { params = { "0001-01-01" } }))
    assert.error_matches(function() read("SELECT $1::text AS x", { params = { "a\0b" } }) end,
      "read_sql: params: item 1: PostgreSQL's text cannot hold a NUL byte")
    assert.error_matches(function() read("SELECT $2::int AS x", { params = { 1 } }) end,
      "read_sql: PostgreSQL: ")
  end)

  it("reads in chunks, and goes on after a loop that was left", function()
    local sizes = {}
    for part in read("SELECT * FROM generate_series(1, 10) AS x", { chunk = 4 }) do
      sizes[#sizes + 1] = #part
    end
    assert.are.same({ 4, 4, 2 }, sizes)
    local first
    for part in read("SELECT * FROM generate_series(1, 1000000) AS x", { chunk = 10 }) do
      first = first or part
      if #part == 10 then break end
    end
    assert.are.equal(10, first.x[10])
    assert.are.equal(1, #read("SELECT 1 AS x"))
  end)

  it("writes all or nothing, by mode", function()
    local f = cl.from_table({ { id = 1, x = 1.5 }, { id = 2, x = 2.5 } })
    local later = cl.from_table({ { id = 2, x = 20 }, { id = 3, x = 30 }, { id = 3, x = 33 } },
      { types = { x = "f64" } })
    assert.is_true(f:write_sql(db, "modes", { mode = "upsert", key = "id" }))
    assert.is_true(later:write_sql(db, "modes", { mode = "upsert", key = { "id" } }))
    assert.are.same({ { id = 1, x = 1.5 }, { id = 2, x = 20 }, { id = 3, x = 33 } },
      read("SELECT * FROM modes ORDER BY id"):to_table())
    assert.error_matches(function() f:write_sql(db, "modes") end,
      "write_sql: table 'modes' exists")
    assert.error_matches(function() f:write_sql(db, "modes", { mode = "append" }) end,
      "write_sql: PostgreSQL: duplicate key value .*%(Key %(id%)=%(1%) already exists.*line 1")
    assert.are.equal(3, #read("SELECT * FROM modes"))
    assert.is_true(f:write_sql(db, "modes", { mode = "replace" }))
    assert.is_true(f:write_sql(db, "modes", { mode = "append" }))
    assert.are.equal(4, #read("SELECT * FROM modes"))
    assert.error_matches(function() f:write_sql(db, "modes", { mode = "upsert", key = "id" }) end,
      "no unique or exclusion constraint")
    assert.are.equal(2, cl.sql.execute(db, "DELETE FROM modes WHERE id = $1", { params = { 2 } }))
    assert.error_matches(function()
      cl.from_table({ { id = 1, x = "a\0b" } }):write_sql(db, "nul")
    end, "row 1: column 'x': PostgreSQL's text cannot hold a NUL byte")
    assert.error_matches(function() read("SELECT * FROM nul") end, 'relation "nul" does not exist')
  end)

  it("quotes names and finds schemas", function()
    local names = { "select", "a\"b", "größe", "x y", "churnlab_row", "1'; DROP TABLE t; --" }
    local columns = {}
    for i, name in ipairs(names) do columns[name] = { i } end
    local f = cl.from_table(columns, { names = names })
    cl.sql.execute(db, 'CREATE SCHEMA "my schema"')
    local options = { schema = "my schema", mode = "upsert", key = "select" }
    assert.is_true(f:write_sql(db, "order \"by\"", options))
    assert.is_true(f:write_sql(db, "order \"by\"", options))
    local g = read('SELECT * FROM "my schema"."order ""by"""')
    assert.are.same({ names, f:to_table() }, { g:columns(), g:to_table() })
  end)

  it("takes part in the user's transaction", function()
    local f = cl.from_table({ { id = 1 } })
    cl.sql.execute(db, "BEGIN")
    assert.is_true(f:write_sql(db, "part"))
    assert.error_matches(function() read("DELETE FROM part RETURNING id") end,
      "read%-only transaction")
    assert.are.equal(1, #read("SELECT * FROM part"))
    cl.sql.execute(db, "ROLLBACK")
    assert.error_matches(function() read("SELECT * FROM part") end, "does not exist")
  end)

  it("reads without writing, one statement at a time", function()
    for statement, message in pairs {
      ["DROP TABLE kept"] = "cannot execute DROP TABLE in a read%-only transaction",
      ["SELECT 1 AS x; SELECT 2"] = "expected one statement, got several",
      ["-- nothing"] = "expected a statement, got none",
      ["BEGIN"] = "expected a query, got a statement without rows",
      ["COPY kept TO STDOUT"] = "COPY from and to the client: use write_sql",
      ["SELECT 1 AS x, 2 AS x"] = "columns 1 and 2 are both named 'x': name one with AS",
      ["SELECT 1/(x-3) AS y FROM generate_series(1, 5) AS x"] = "division by zero",
    } do
      assert.error_matches(function() read(statement) end, "read_sql: .*" .. message)
    end
    assert.error_matches(function() cl.sql.execute(db, "COPY kept FROM STDIN") end,
      "execute: COPY from and to the client")
    assert.are.equal(4, #read("SELECT * FROM kept"))
    assert.are.equal(0, cl.sql.execute(db, "SET work_mem = '8MB'"))
  end)

  it("stops at Ctrl-C, on the server too", function()
    local program = os.getenv("CHURNLAB") or "build/release/churnlab"
    local script = ("require('churnlab').read_sql('%s', 'SELECT pg_sleep(60) AS x')"):format(url)
    local before = os.time()
    local message = run(('timeout -s INT 2 "%s" -e "%s" 2>&1'):format(program, script))
    assert.matches("interrupted", message)
    assert.is_true(os.time() - before < 20)
    assert.are.equal(0, #read("SELECT pid FROM pg_stat_activity WHERE state = 'active' "
      .. "AND query LIKE 'SELECT pg_sleep(60)%'"))
  end)

  it("says when the server goes away", function()
    local other <close> = assert(cl.sql.open(url))
    local pid = cl.read_sql(other, "SELECT pg_backend_pid() AS pid").pid[1]
    read("SELECT pg_terminate_backend($1::int) AS done", { params = { pid } })
    assert.error_matches(function() cl.read_sql(other, "SELECT 1 AS x") end,
      "read_sql: PostgreSQL: .*terminat")
    local ok, message = cl.from_table({ x = { 1 } }):write_sql(other, "gone")
    assert.is_nil(ok)
    assert.matches("^write_sql: PostgreSQL: ", message)
  end)

  describe("the password", function()
    local secret = "pä/ss@w%rd?"
    local encoded = "p%C3%A4%2Fss%40w%25rd%3F"

    local function guarded(password)
      return ("postgresql://guarded:%s@/postgres?host=%s"):format(password, folder)
    end

    setup(function()
      cl.sql.execute(db, "CREATE ROLE guarded LOGIN PASSWORD '" .. secret .. "'")
    end)

    it("may be %-encoded", function()
      local guarded_db <close> = assert(cl.sql.open(guarded(encoded)))
      assert.are.equal("guarded", cl.read_sql(guarded_db, "SELECT current_user AS u").u[1])
      assert.are.equal("connection (postgresql)", tostring(guarded_db))
      assert.error_matches(function()
        cl.read_sql(guarded_db, "SELECT '" .. secret .. "'::int AS x")
      end, 'invalid input syntax for type integer: "%*%*%*"')
    end)

    it("is in no message", function()
      local function check(message, wanted)
        assert.matches(wanted, message)
        assert.is_nil(message:find("sesame", 1, true), message)
      end
      local ok, message = cl.sql.open(guarded("sesame"))
      assert.is_nil(ok)
      check(message, 'sql.open: PostgreSQL: .*password authentication failed for user "guarded"')
      ok, message = pcall(cl.read_sql, guarded("sesame%41"), "SELECT 1 AS x")
      assert.is_false(ok)
      check(message, "password authentication failed")
      check(select(2, xpcall(cl.read_sql, debug.traceback, guarded("sesame"), "SELECT 1")),
        "stack traceback")
      ok, message = cl.from_table({ { x = 1 } }):write_sql(
        "postgresql://u:sesame@/nowhere?host=/nonexistent", "t")
      assert.is_nil(ok)
      check(message, "write_sql: PostgreSQL: connection to server .* failed: No such file")
      for _, bad in ipairs { "u:sesame%zz@h/d", "u:se/sesame@h/d", "u:s@sesame@h/d",
        "h/d?password=sesame%zz" } do
        ok, message = pcall(cl.sql.open, "postgresql://" .. bad)
        assert.is_false(ok)
        check(message, "PostgreSQL: url: ")
      end
      check(select(2, pcall(cl.sql.open, "postgresql://u:sesame@h/d?sslmod=x")),
        'invalid URI query parameter: "sslmod"')
      check(select(2, pcall(cl.sql.open, "pgsql://u:sesame@h/d")), "sql: url: expected sqlite:")
    end)
  end)
end)
