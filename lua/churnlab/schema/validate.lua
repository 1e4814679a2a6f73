-- A frame against a schema: every rule runs over whole columns; of the cells at fault all are
-- counted and the first ones kept.
-- SPDX-License-Identifier: MIT
local check = require("churnlab.schema.check")
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local matchers = require("churnlab.policy.matchers")
local rules = require("churnlab.schema.rules")
local show = require("churnlab.policy.problems").show

local M = {}

local Run = {}
Run.__index = Run

local HIDDEN = "a personal value"
local TEXT = { string = true, category = true }

-- ---- problems ----

-- Notes what no row has: a column that is absent, or not expected.
function Run:whole(column, kind, expected, got)
  self.counts[#self.counts + 1] = { column = column, kind = kind, count = 1 }
  self.found[#self.found + 1] = { column = column, kind = kind, row = 0, expected = expected,
    got = got, order = #self.counts }
end

-- Row numbers as a column, made when the first fault is found.
function Run:row_numbers()
  if not self.numbers then
    local list = {}
    for i = 1, #self.frame do list[i] = i end
    self.numbers = core.column.new(list, "i64")
  end
  return self.numbers
end

-- Notes rows: how many there are, and of the first ones what `got(row)` says: a text, and another
-- row that it is about.
function Run:rows(name, kind, count, rows, expected, got)
  if count == 0 then return end
  self.counts[#self.counts + 1] = { column = name.column, check = name.check, kind = kind,
    count = count }
  for _, row in ipairs(rows) do
    local text, also = got(row)
    self.found[#self.found + 1] = { column = name.column, check = name.check, kind = kind,
      row = row, also = also, expected = expected, got = text, order = #self.counts }
  end
end

-- The rows where the condition over `frame` is true: their number and the first ones.
function Run:faults(frame, condition)
  local at_fault = core.expr.eval(frame, condition)
  if at_fault:sum() == 0 then return 0, {} end
  local rows = core.frame.new({ "row" }, { self:row_numbers() }):filter_by(at_fault)
  return #rows, rows:head(self.limit):col("row"):to_table()
end

-- A cell as messages show it.
local function shown(spec, column, row)
  if spec.role == "personal" and column[row] ~= nil then return HIDDEN end
  return show(column[row])
end

-- ---- columns ----

local function names_of(columns)
  local names = {}
  for i, spec in ipairs(columns) do names[i] = spec.name end
  return names
end

function Run:check_names()
  local frame, declared = self.frame, self.schema
  local extra = {}
  for _, name in ipairs(frame:columns()) do
    if not declared.by_name[name] then extra[#extra + 1] = name end
  end
  for _, spec in ipairs(declared.columns) do
    if not frame:has(spec.name) and not spec.optional then
      local near = errors.nearest(spec.name, extra)
      self:whole(spec.name, "column", "a column of that name",
        near and ("none (is it %s?)"):format(show(near)) or "none")
    end
  end
  for _, name in ipairs(declared.others == "refuse" and extra or {}) do
    local near = errors.nearest(name, names_of(declared.columns))
    self:whole(name, "column", "only columns of the schema",
      near and ("another (is it %s?)"):format(show(near)) or "another")
  end
end

-- Words that mean missing in a file are no faults of a column that is no text.
function Run:really_bad(column, bad)
  if not self.na or bad:sum() == 0 or not TEXT[column:type()] then return bad end
  local words = {}
  for i, word in ipairs(self.na) do words[i] = matchers.quote(word) end
  if #words == 0 then return bad end
  local frame = core.frame.new({ "x", "bad" }, { column:cast("string"), bad })
  return core.expr.eval(frame, ("bad and not one_of(x, %s)"):format(table.concat(words, ", ")))
end

-- The column in the schema's type, with the cells that do not fit missing, and where they are.
function Run:conform(spec, column)
  local kind = column:type()
  if kind == spec.type or TEXT[kind] and TEXT[spec.type] then return column, nil end
  local typed, bad = column:read(spec.type, TEXT[kind] and spec.format or nil)
  return typed, self:really_bad(column, bad)
end

function Run:check_type(spec, column, bad)
  if not bad then return end
  local frame = core.frame.new({ "bad" }, { bad })
  local count, rows = self:faults(frame, "bad")
  self:rows({ column = spec.name }, "type", count, rows, rules.expected_type(spec),
    function(row) return shown(spec, column, row) end)
end

local function level_text(spec, rule, typed, row)
  local text = shown(spec, typed, row)
  local near = rule.levels and text ~= HIDDEN and errors.nearest(tostring(typed[row]), rule.levels)
  return near and ("%s (is it %s?)"):format(text, show(near)) or text
end

function Run:check_rules(spec, typed, bad)
  local list = rules.of(spec)
  if not list[1] then return end
  local x = typed:type() == "category" and typed:cast("string") or typed
  local frame = core.frame.new({ "x" }, { x })
  if bad then frame = frame:with_column("bad", bad) end
  for _, rule in ipairs(list) do
    local text = bad and rule.kind == "missing" and rule.text .. " and not bad" or rule.text
    local count, rows = self:faults(frame, text)
    self:rows({ column = spec.name }, rule.kind, count, rows, rule.expected, function(row)
      return level_text(spec, rule, typed, row)
    end)
  end
end

-- Values that stand in several rows: at fault is each row but the first.
function Run:check_unique(spec, typed)
  if not spec.unique or typed:n_distinct() == #typed - typed:missing() then return end
  local first, rows, count = {}, {}, 0
  for row = 1, #typed do
    local value = typed[row]
    if value ~= nil and first[value] then
      count = count + 1
      if #rows < self.limit then rows[#rows + 1] = row end
    elseif value ~= nil then
      first[value] = row
    end
  end
  self:rows({ column = spec.name }, "unique", count, rows, "a value of its own", function(row)
    return shown(spec, typed, row), first[typed[row]]
  end)
end

function Run:check_columns()
  local names, columns = {}, {}
  for _, spec in ipairs(self.schema.columns) do
    if self.frame:has(spec.name) then
      local column = self.frame:col(spec.name)
      local typed, bad = self:conform(spec, column)
      self:check_type(spec, column, bad)
      self:check_rules(spec, typed, bad)
      self:check_unique(spec, typed)
      names[#names + 1] = spec.name
      local kind = check.read_type(spec.type)
      columns[#columns + 1] = typed:type() == kind and typed or typed:cast(kind)
    end
  end
  return core.frame.new(names, columns)
end

-- ---- checks ----

-- "start = 2026-01-02, stop = 2026-01-01"
function Run:read_cells(view, reads, row)
  local parts = {}
  for i, name in ipairs(reads) do
    local text = shown(self.schema.by_name[name], view:col(name), row)
    parts[i] = ("%s = %s"):format(name, (text:gsub('^"(.*)"$', "%1")))
  end
  return parts[1] and table.concat(parts, ", ") or "another result"
end

-- A check whose columns are not all there has been told of by the columns that lack.
function Run:check_conditions(view)
  for _, condition in ipairs(self.schema.checks) do
    local complete = true
    for _, name in ipairs(condition.reads) do complete = complete and view:has(name) end
    if complete and #view:columns() > 0 then
      local count, rows = self:faults(view, ("not (%s)"):format(condition.text))
      self:rows({ check = condition.name }, "check", count, rows, condition.text, function(row)
        return self:read_cells(view, condition.reads, row)
      end)
    end
  end
end

-- ---- the run ----

-- The first `limit` problems, in the order of rows; whole columns come first.
local function first_problems(found, limit)
  table.sort(found, function(a, b)
    if a.row ~= b.row then return a.row < b.row end
    return a.order < b.order
  end)
  local kept = {}
  for i = 1, math.min(#found, limit) do
    local p = found[i]
    kept[i] = { column = p.column, check = p.check, kind = p.kind, expected = p.expected,
      got = p.got, row = p.row > 0 and p.row or nil, also = p.also }
  end
  return kept
end

--- Runs every rule.
-- @tparam Schema schema
-- @tparam Frame frame
-- @tparam integer limit how many problems are kept
-- @tparam[opt] {string,...} na words that mean missing, where the frame holds a file's texts
-- @treturn {table,...} the first problems { kind, column or check, row, expected, got }
-- @treturn {table,...} counts { kind, column or check, count }
function M.run(schema, frame, limit, na)
  local run = setmetatable({ schema = schema, frame = frame, limit = limit, na = na, found = {},
    counts = {} }, Run)
  run:check_names()
  run:check_conditions(run:check_columns())
  return first_problems(run.found, limit), run.counts
end

return M
