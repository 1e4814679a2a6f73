-- Verbs of frames against SQLite, on random frames: missing cells, ties, empty frames and groups,
-- duplicate keys, unicode, zeros of both signs, integers beyond 2^53.
--   CHURNLAB_PROPERTY_CASES   cases a property (60)
--   CHURNLAB_PROPERTY_SEED    (1)
--   CHURNLAB_PROPERTY_ROWS    of the largest frames (40); joins and windows grow with its square
--   CHURNLAB_PROPERTY_ONLY    names of properties, "sort,group"
-- A failure shows the seed, the recipe and the smallest frames found, as Lua.
local cl = require("churnlab")
local core = require("churnlab.core")
local frames = require("property_frames")
local properties = require("property_verbs")

local cases = tonumber(os.getenv("CHURNLAB_PROPERTY_CASES")) or 60
local seed = tonumber(os.getenv("CHURNLAB_PROPERTY_SEED")) or 1
local rows = tonumber(os.getenv("CHURNLAB_PROPERTY_ROWS")) or 40
local only = os.getenv("CHURNLAB_PROPERTY_ONLY")

local function is_wanted(name)
  return not only or ("," .. only .. ","):find("," .. name .. ",", 1, true) ~= nil
end

-- nil, or what differs between us and SQLite.
local function check(db, property, recipe, made)
  made[1]:write_sql(db, "t", { mode = "replace" })
  if made[2] then made[2]:write_sql(db, "u", { mode = "replace" }) end
  local ok, ours = pcall(property.ours, recipe, table.unpack(made))
  if not ok then return "we raise: " .. tostring(ours) end
  local read, theirs = pcall(cl.read_sql, db, property.sql(recipe, table.unpack(made)))
  if not read then return "SQLite raises: " .. tostring(theirs) end
  return frames.difference(ours, theirs)
end

local function report(db, property, index, recipe, made)
  local small = frames.shrink(made, function(fewer)
    return check(db, property, recipe, fewer) ~= nil
  end)
  local lines = { ("%s: seed %d, case %d: %s"):format(property.name, seed, index,
    check(db, property, recipe, small)), "recipe: " .. core.json.encode(recipe),
    "SQL: " .. property.sql(recipe, table.unpack(small)) }
  for i, frame in ipairs(small) do
    lines[#lines + 1] = ("local %s = %s"):format(i == 1 and "t" or "u", frames.source(frame))
  end
  return table.concat(lines, "\n")
end

describe("equal to SQLite:", function()
  local db

  setup(function() db = assert(cl.sql.open("sqlite::memory:")) end)
  teardown(function() db:close() end)

  local function run(number, property)
    it(property.name, function()
      for index = 1, cases * (property.times or 1) do
        local r = frames.random(seed, number * 1000000 + index)
        local made = {}
        for i = 1, property.frames or 1 do made[i] = frames.frame(r, rows) end
        local recipe = property.draw(r, table.unpack(made))
        if check(db, property, recipe, made) then
          assert.is_true(false, report(db, property, index, recipe, made))
        end
      end
    end)
  end
  for number, property in ipairs(properties) do
    if is_wanted(property.name) then run(number, property) end
  end

  it("the comparison sees every kind of difference", function()
    local t = cl.from_table({ a = { 1, 2 }, s = { "x", "y" } }, { types = { s = "string" } })
    for _, other in ipairs { cl.from_table({ a = { 1, 3 }, s = { "x", "y" } }), t:head(1),
      t:rename { s = "z" }, cl.from_table({ a = { 1, 2 }, s = { "x", cl.NA } }) } do
      assert.is_string(frames.difference(t, other))
    end
    assert.is_nil(frames.difference(t, t:derive { a = "a + 0.0" }))
    local small = frames.shrink({ cl.from_table { a = { 1, 2, 3, 4, 5 } } }, function(list)
      return list[1]:filter("a == 4").a[1] == 4
    end)
    assert.are.same({ 4 }, small[1].a:to_table())
  end)
end)
