--- @module churnlab.core.column

-- Columns as values: arithmetic, comparisons and the methods that are written with the expression
-- engine. `a / b` is the expression "a / b" over a frame of these two columns; there is no second
-- set of kernels.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local Column = core.column.methods
local meta = getmetatable(core.column.new({}))

local function is_column(value)
  return type(value) == "userdata" and getmetatable(value) == meta
end

-- ---- expressions over columns ----

local keywords = " and break do else elseif end false for function goto if in local nil not or " ..
  "repeat return then true until while "

-- A name as expressions write it.
local function quoted(name)
  if name:find("^[%a_][%w_]*$") and not keywords:find(" " .. name .. " ", 1, true) then
    return name
  end
  local equals = ""
  while name:find("]" .. equals .. "]", 1, true) or name:sub(-1 - #equals) == "]" .. equals do
    equals = equals .. "="
  end
  return "[" .. equals .. "[" .. name .. "]" .. equals .. "]"
end

local function literal(what, value)
  if value == core.NA or value == nil or value ~= value then return "nil" end
  local kind = math.type(value) or type(value)
  if kind == "boolean" then return tostring(value) end
  if kind == "string" then return (("%q"):format(value):gsub("\\\n", "\\n")) end
  if value == math.mininteger then return "(-9223372036854775807 - 1)" end
  local text = kind == "integer" and ("%d"):format(value)
    or kind == "float" and math.abs(value) < math.huge and ("%.17g"):format(value)
  if text then return value < 0 and "(" .. text .. ")" or text end
  errors.raise("column: %s: expected a column, a number, a string or a boolean, got %s", what,
    kind == "float" and tostring(value) or "a " .. kind)
end

-- The names and columns of a frame, while operands are added.
local function add(what, operands, value)
  if not is_column(value) then return literal(what, value) end
  local name = value:name() or "column"
  while operands.columns[name] and not rawequal(operands.columns[name], value) do
    name = name .. "'"
  end
  local first = operands.columns[operands[1]]
  if first and #first ~= #value then
    errors.raise("column: %s: expected columns of equal length, got %d and %d rows", what, #first,
      #value)
  end
  if not operands.columns[name] then
    operands[#operands + 1], operands.columns[name] = name, value
  end
  return quoted(name)
end

-- Evaluates `form`, where %1, %2 … stand for the values.
local function evaluate(what, form, ...)
  local operands, texts, columns = { columns = {} }, {}, {}
  for i = 1, select("#", ...) do texts[i] = add(what, operands, (select(i, ...))) end
  for i, name in ipairs(operands) do columns[i] = operands.columns[name] end
  local frame = core.frame.new({ table.unpack(operands) }, columns)
  return core.expr.eval(frame, (form:gsub("%%(%d)", function(i) return texts[tonumber(i)] end)))
end

local function aggregate(column, form)
  local name = column:name() or "column"
  local frame = core.frame.new({ name }, { column })
  local text = form:format(quoted(name))
  return core.expr.aggregate(frame, {}, { "value" }, { text }):col("value")[1]
end

-- ---- operators ----

for event, operator in pairs {
  __add = "+", __sub = "-", __mul = "*", __div = "/", __idiv = "//", __mod = "%", __pow = "^",
  __concat = "..", __band = "and", __bor = "or",
} do
  local what, form = "'" .. operator .. "'", "%1 " .. operator .. " %2"
  meta[event] = function(a, b) return evaluate(what, form, a, b) end
end

function meta.__unm(a) return evaluate("'-'", "-%1", a) end
function meta.__bnot(a) return evaluate("'~'", "not %1", a) end

--- One column of values. Operators work row by row, between columns of equal length, numbers and
-- texts: `+ - * / // % ^ ..` and, of bool columns, `& | ~` (and, or, not). Lua's own comparisons
-- give a single boolean, so those of columns are methods: `frame.Age:gt(30) & frame.Tenure:eq(1)`.
-- Missing values follow the rules of @{churnlab.core.expr}.
-- @type Column

--- Comparisons row by row: `gt` (>), `ge` (>=), `lt` (<), `le` (<=), `eq` (==), `ne` (~=).
-- @function Column:gt
-- @tparam Column|number|string|boolean other
-- @treturn Column bool
-- @raise what cannot be compared; columns of different length; an unknown level
-- @usage
-- local some = frame:filter(frame.Age:gt(30) & ~frame.Geography:eq("Spain"))
-- assert(some.Age:min() > 30)
for name, operator in pairs { gt = ">", ge = ">=", lt = "<", le = "<=", eq = "==", ne = "~=" } do
  local form = "%1 " .. operator .. " %2"
  Column[name] = function(self, other) return evaluate(name, form, self, other) end
end

--- Whether rows are missing.
-- @treturn Column bool
-- @usage frame.Age:is_na():any() == false
function Column:is_na() return evaluate("is_na", "is_na(%1)", self) end

--- Whether values lie between two bounds, both included.
-- @tparam Column|number|string low
-- @tparam Column|number|string high
-- @treturn Column bool
-- @usage frame:filter(frame.Age:between(30, 40)).Age:max() <= 40
function Column:between(low, high)
  return evaluate("between", "between(%1, %2, %3)", self, low, high)
end

--- Whether values are among those of a list.
-- @tparam table values
-- @treturn Column bool
-- @usage frame:filter(frame.Geography:one_of { "France", "Spain" })
function Column:one_of(values)
  if type(values) ~= "table" or #values == 0 then
    errors.raise("column: one_of: expected a list of values, got a %s", type(values))
  end
  local places = {}
  for i, value in ipairs(values) do places[i] = literal("one_of", value) end
  return evaluate("one_of", "one_of(%1, " .. table.concat(places, ", ") .. ")", self)
end

--- The values with missing ones replaced.
-- @tparam Column|number|string|boolean value
-- @treturn Column
-- @usage core.column.new({ 1, core.NA }):fill_na(0)[2] == 0
function Column:fill_na(value) return evaluate("fill_na", "coalesce(%1, %2)", self, value) end

-- ---- aggregates ----

--- The sample variance (n-1); nil for fewer than two values. As in @{churnlab.core.expr}, also
-- `count` (of present values), `first`, `last`, `mode` (the least of equally frequent values) and,
-- of conditions, `any`, `all`.
-- @function Column:var
-- @treturn ?number
-- @usage core.column.new({ 1, 2, 2, 5 }):mode() == 2
for _, name in ipairs { "var", "count", "first", "last", "mode", "any", "all" } do
  Column[name] = function(self) return aggregate(self, name .. "(%s)") end
end

-- ---- other columns ----

local function through(column, verb)
  local name = column:name() or "column"
  return verb(core.frame.new({ name }, { column })):col(name)
end

--- The first values.
-- @tparam[opt=10] integer n
-- @treturn Column
-- @usage #frame.Age:head(3) == 3
function Column:head(n) return through(self, function(f) return f:head(n) end) end

--- The last values.
-- @tparam[opt=10] integer n
-- @treturn Column
-- @usage #frame.Age:tail(3) == 3
function Column:tail(n) return through(self, function(f) return f:tail(n) end) end

--- The values in order, missing ones last.
-- @tparam[opt] table options `desc = true`: downwards
-- @treturn Column
-- @usage frame.Age:sort { desc = true }[1] == frame.Age:max()
function Column:sort(options)
  return through(self, function(f) return f:sort({ f:columns()[1] }, options) end)
end

--- The distinct values in order of first appearance; missing is one of them.
-- @treturn Column
-- @usage #frame.Gender:unique() == frame.Gender:n_distinct()
function Column:unique() return through(self, function(f) return f:distinct() end) end

--- How often each value occurs: columns value, n, share; most frequent first.
-- @treturn Frame
-- @usage print(frame.Geography:value_counts())
function Column:value_counts()
  local name = self:name() or "column"
  return core.frame.new({ name }, { self }):value_counts(name)
end

--- A column of what a function or a table makes of each value. Missing values stay missing; nil is
-- missing.
-- @tparam function|table f `f(value)` or `f[value]`
-- @tparam[opt] string type_name as in `core.column.new`; inferred when absent
-- @treturn Column
-- @usage frame.Gender:map { Female = "f", Male = "m" }
function Column:map(f, type_name)
  if type(f) ~= "table" and type(f) ~= "function" then
    errors.raise("column: map: expected a function or a table, got a %s", type(f))
  end
  local list = {}
  for i = 1, #self do
    local value = self[i]
    if value ~= nil then
      if type(f) == "table" then value = f[value] else value = f(value) end
      list[i] = value
    end
  end
  local ok, made = pcall(core.column.new, list, type_name, #self)
  if not ok then errors.raise("column: map: %s", (tostring(made):gsub("^.-:%d+: ", ""))) end
  return made
end

--- The same as `to_table`.
-- @function Column:to_list
-- @param[opt] na what stands for a missing value
-- @treturn table
-- @usage #frame.Age:to_list() == #frame
Column.to_list = Column.to_table

return Column
