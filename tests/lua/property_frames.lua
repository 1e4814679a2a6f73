-- Random frames for the property tests, their text as Lua, comparing and shrinking.
local cl = require("churnlab")
local core = require("churnlab.core")

local M = {}

-- ---- random choices ----

local Random = {}
Random.__index = Random

function M.random(seed, index)
  return setmetatable({ rng = core.rng.new(seed, index) }, Random)
end

function Random:below(n) return self.rng:integer(n) - 1 end
function Random:between(low, high) return low + self.rng:integer(high - low + 1) - 1 end
function Random:chance(share) return self.rng:uniform() < share end
function Random:of(list) return list[self.rng:integer(#list)] end

-- A list of 1 … most different items.
function Random:some(list, most)
  local rest, chosen = { table.unpack(list) }, {}
  for _ = 1, self:between(1, math.min(most, #list)) do
    chosen[#chosen + 1] = table.remove(rest, self.rng:integer(#rest))
  end
  return chosen
end

-- ---- frames ----

-- Each kind of cell: ties, signs, zeros of both signs, integers that no double holds, text that
-- differs in case, length and script.
local big = { 0, 1, -1, 9007199254740992, 9007199254740993, -9007199254740993, math.maxinteger,
  math.mininteger + 1, 1 << 62 }
local reals = { 0.0, -0.0, 0.5, -0.5, 1.0, 1.5, -2.25, 3.0, 0.1, 1e15, -1e-9, 2.5 }
local words = { "a", "b", "A", "", "é", "ab", "日本", "a b", "z'z", "-1" }
local moments = { "2026-01-31 10:00:00", "2026-01-31 10:00:00.000001", "2026-01-31 00:00:00",
  "1969-12-31 23:59:59.999999", "2024-02-29 12:30:00.5" }
local days = { "2026-01-31", "2026-02-01", "2024-02-29", "1969-12-31", "2000-01-01" }

local kinds = {
  { "k", "category", function(r) return r:of { "a", "b", "é", "", "A" } end },
  { "s", "string", function(r) return r:of(words) end },
  { "i", "i64", function(r) return r:between(-3, 3) end },
  { "g", "i64", function(r) return r:of(big) end },
  { "x", "f64", function(r) return r:of(reals) end },
  { "b", "bool", function(r) return r:chance(0.5) end },
  { "d", "date", function(r) return r:of(days) end },
  { "m", "timestamp", function(r) return r:of(moments) end },
  { "w", "i64", function(r) return r:between(0, 4) end },
}

-- The names of the columns, by what they hold.
M.names, M.types = {}, {}
for i, kind in ipairs(kinds) do
  M.names[i] = kind[1]
  M.types[kind[1]] = kind[2]
end

-- 0, 1, some or up to `most` rows; columns without, with some or with almost only missing cells.
function M.frame(r, most)
  local rows = r:of { 0, 1, 2, r:between(3, 8), r:between(3, 8), r:between(9, most) }
  local columns = {}
  for _, kind in ipairs(kinds) do
    local missing, cells = r:of { 0, 0, 0.2, 0.2, 0.9, 1 }, {}
    for i = 1, rows do cells[i] = r:chance(missing) and cl.NA or kind[3](r) end
    columns[kind[1]] = cells
  end
  return cl.from_table(columns, { names = M.names, types = M.types })
end

local function literal(value)
  if value == nil then return "NA" end
  return ("%q"):format(value)
end

-- The frame as Lua that makes it.
function M.source(frame)
  local lines = {}
  for _, name in ipairs(frame:columns()) do
    local cells = {}
    for i, value in ipairs(frame:col(name):to_table(cl.NA)) do
      cells[i] = literal(value ~= cl.NA and value or nil)
    end
    lines[#lines + 1] = ("  %s = { %s },"):format(name, table.concat(cells, ", "))
  end
  local types = {}
  for _, name in ipairs(frame:columns()) do
    types[#types + 1] = ("%s = %q"):format(name, frame:type(name))
  end
  return ("cl.from_table({\n%s\n}, { types = { %s } })"):format(table.concat(lines, "\n"),
    table.concat(types, ", "))
end

-- ---- comparing ----

local function number(value)
  if value == true then return 1 elseif value == false then return 0 end
  return value
end

local function same_cell(a, b)
  a, b = number(a), number(b)
  if a == b then return true end
  if type(a) ~= "number" or type(b) ~= "number" then return false end
  if math.type(a) == "integer" and math.type(b) == "integer" then return false end
  return math.abs(a - b) <= 1e-9 * math.max(1, math.abs(a), math.abs(b))
end

-- nil, or what differs.
function M.difference(ours, theirs)
  local names = ours:columns()
  local a, b = table.concat(names, ", "), table.concat(theirs:columns(), ", ")
  if a ~= b then return ("columns %s, SQLite has %s"):format(a, b) end
  if #ours ~= #theirs then return ("%d rows, SQLite has %d"):format(#ours, #theirs) end
  for _, name in ipairs(names) do
    local left, right = ours:col(name), theirs:col(name)
    for i = 1, #ours do
      if not same_cell(left[i], right[i]) then
        return ("row %d, column %s: %s, SQLite has %s"):format(i, name, literal(left[i]),
          literal(right[i]))
      end
    end
  end
end

-- ---- shrinking ----

local function without(frame, first, count)
  local rows = {}
  for i = 1, #frame do
    if i < first or i >= first + count then rows[#rows + 1] = i end
  end
  return frame:take(rows)
end

-- Drops rows as long as `fails(frames)` stays true.
function M.shrink(frames, fails)
  for which = 1, #frames do
    local size = math.max(1, #frames[which] // 2)
    while size >= 1 do
      local first = 1
      while first <= #frames[which] do
        local fewer = { table.unpack(frames) }
        fewer[which] = without(frames[which], first, size)
        if fails(fewer) then frames = fewer else first = first + size end
      end
      size = size // 2
    end
  end
  return frames
end

return M
