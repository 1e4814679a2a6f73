--- Tables of customers: reading, making from tables, and the verbs on columns and rows.
-- A Frame never changes: every verb gives a new one, and columns that stay the same are shared.
-- Columns have a type (`f64`, `i64`, `bool`, `category`, `string`, `date`, `timestamp`)
-- and may miss values.
-- Roles say which column is the target, which of its values is positive, which is the id, which
-- tells when the row was observed (time) and which say who the customer is (personal).
--
-- `cl.read_csv` and `cl.from_table` are the functions of this module; conditions and new columns
-- are written in the expression language of @{churnlab.core.expr}. The functions named
-- `core.frame` are the layer in C below, from `require("churnlab.core")`.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local convert = require("churnlab.frame.convert")
local row_view = require("churnlab.frame.row")
require("churnlab.frame.lazy")

local M = {}
local Frame = core.frame.methods

--- Reads a CSV file; "-" is standard input, gzip is unpacked on the way. Several files (a list, or
-- a pattern such as "data/2026-*.csv", in byte order) must have the same header; their rows follow
-- one another. The first record names the columns. Cells that are
-- empty or "NA", "N/A", "NaN", "nan", "null", "NULL", "None" are missing. A column is i64, f64,
-- bool, date (2026-11-22) or timestamp (2026-11-22 10:00:00, also with T, a fraction and an
-- offset such as Z or +01:00; kept in UTC) if all of its present cells are; else text, a category
-- unless it has too many different values.
-- @tparam string|{string,...} path
-- @tparam[opt] table options
--
--   - `target`, `positive`, `id`: the roles; `positive` is a value of the target (a target
--     of 0/1 or false/true needs none)
--   - `time`, `personal`: more roles, a column of dates or timestamps and a list of columns
--   - `types`: `{ Column = "f64" | "i64" | "bool" | "category" | "string" | "date" | "timestamp" }`
--   - `formats`: how dates and timestamps are written, `{ Joined = "%d/%m/%Y" }`; directives as
--     in @{churnlab.core.expr}: `%Y %y %m %d %j %b %B %H %I %M %S %f %p %z`
--   - `schema`: a schema or the path of one (@{churnlab.schema}) instead of `types` and `formats`;
--     a file that differs raises with lines and columns
--   - `drop`: a list of columns to leave out
--   - `na`: the list of texts that mean missing, instead of those above
--   - `separator`: one byte; default: a tab for `.tsv` and `.tsv.gz`, else ",". With " " cells
--     are separated by any number of spaces and tabs, which may also begin and end a line
--   - `header`: false = there is none, the columns are `column_1` …
--   - `names`: the columns' names, for a file without header (with `header = true`: instead of it)
--   - `file_column`: the name of a column that says which file a row is from
-- @treturn Frame
-- @raise with file, line and column, such as
-- `bank.csv:118: column 'Tenure': expected an integer, got "n/a"`; unknown options, types and
-- columns with a suggestion
-- @usage
-- local bank = cl.read_csv("bank.csv", { target = "Exited", id = "CustomerId" })
-- assert(bank:roles().target == "Exited")
-- frame:write_csv("part-1.csv.gz")
-- frame:write_csv("part-2.csv")
-- assert(#cl.read_csv("part-*.csv*", { file_column = "file" }) == 2 * #frame)
function M.read_csv(path, options)
  if type(options) == "table" and options.schema ~= nil then
    return require("churnlab.schema").read_csv(path, options)
  end
  return core.frame.read_csv(path, options)
end

--- Maps a column file that `frame:write_columns` wrote: a million rows of 14 columns are there in a
-- few milliseconds. Every value is checked, so a damaged file is an error and nothing worse. The
-- columns live in the file: replacing it (as `write_columns` does) leaves the frame as it is, but
-- a program that shortens the file in place ends this one.
-- @function cl.read_columns
-- @tparam string path
-- @treturn Frame with types, levels, missing values and roles as they were written
-- @raise with path, column and what is wrong with it
-- @usage
-- frame:write_columns("bank.columns")
-- assert(cl.read_columns("bank.columns"):roles().target == "Exited")
M.read_columns = core.frame.read_columns

--- A frame from Lua values; nil, `cl.NA` and NaN are missing. Without a declared type a column is
-- i64, f64, bool or text, which becomes a category by the rule of `cl.read_csv`.
-- @function cl.from_table
-- @tparam table data a list of rows `{ Age = 42, … }`, or a list for each column
-- `{ Age = { 42, 51 }, … }`
-- @tparam[opt] table options `names`: the columns and their order (else alphabetical); `types`
-- as in `cl.read_csv`; `target`, `positive`, `id`, `time`, `personal`: roles
-- @treturn Frame
-- @raise `from_table: column 'Age': item 2: expected a number, got a table`
-- @usage
-- local two = cl.from_table({ { Age = 42 }, { Age = 51 } }, { types = { Age = "f64" } })
-- assert(two.Age:mean() == 46.5)
M.from_table = convert.from_table

--- A Frame from a Frame or a Row; anything else raises.
-- @local
-- @param value
-- @tparam[opt="frame"] string where starts the message
-- @treturn Frame
function M.coerce(value, where)
  if row_view.is_row(value) then return value[1]:slice(value[2], value[2]) end
  if M.is_frame(value) then return value end
  errors.raise("%s: expected a frame or a row, got a %s", where or "frame", type(value))
end

--- Whether the value is a Frame.
-- @local
-- @param value
-- @treturn boolean
function M.is_frame(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Frame" or false
end

--- A table of customers. `frame.Age` is a column, `#frame` the number of rows; printing it
-- shows the first and last rows. Unknown columns are errors with a suggestion.
-- @type Frame

--- Names, types and levels of the columns.
-- @treturn {table,...} `{ name =, type =, levels = }` a column, in the frame's order; `levels`
-- is nil but for categories
-- @usage for _, column in ipairs(frame:schema()) do print(column.name, column.type) end
function Frame:schema()
  local list = {}
  for i, name in ipairs(self:columns()) do
    list[i] = { name = name, type = self:type(name), levels = self:col(name):levels() }
  end
  return list
end

--- The frame as a list of row tables.
-- @function Frame:to_table
-- @tparam[opt] table options `na`: what stands for a missing cell (default: nothing)
-- @treturn {table,...}
-- @usage frame:head(2):to_table()[1].Age == frame.Age[1]
Frame.to_table = convert.to_table

--- One row: `row.Age` reads a cell, `pairs(row)` goes over names and values in the frame's order,
-- `row:frame()` is the frame of this row alone, `row:index()` its number, `row:to_table()` a table.
-- @tparam integer i from 1
-- @treturn Row
-- @raise `row: expected a row from 1 to 10000, got 0`
-- @usage print(frame:row(7).Age)
function Frame:row(i)
  if math.type(i) ~= "integer" or i < 1 or i > #self then
    errors.raise("row: expected a row from 1 to %d, got %s", #self, tostring(i))
  end
  return row_view.new(self, i)
end

--- The rows one by one, as `row(i)` gives them.
-- @treturn function an iterator of number and Row
-- @usage for i, row in frame:head(3):rows() do print(i, row.Age) end
function Frame:rows()
  local i, n = 0, #self
  return function()
    if i >= n then return nil end
    i = i + 1
    return i, row_view.new(self, i)
  end
end

--- The frame with new or replaced columns; each is made from the frame as it was. `with` is the
-- same function.
-- @tparam table columns name = "expression", function(row), Column or list of values (one a row);
-- new columns are appended in alphabetical order
-- @treturn Frame
-- @raise unknown columns and functions in an expression, with a suggestion; values of mixed types;
-- a list of another length
-- @usage frame:derive { rich = "Balance > 1e5", band = function(row) return row.Age // 10 end }
function Frame:derive(columns)
  return require("churnlab.frame.derive").derive(self, columns)
end
Frame.with = Frame.derive

--- The rows for which the condition is true; missing counts as false.
-- @tparam string|function|Column condition an expression, a function of a row or a bool column
-- @treturn Frame
-- @raise what is wrong with the expression, or a condition that is not bool
-- @usage frame:filter("Age >= 60 and IsActiveMember == 0")
function Frame:filter(condition)
  return require("churnlab.frame.derive").filter(self, condition)
end

--- Sorts by one or more columns, stable, missing values last in either direction.
-- @tparam string ... names (or one list), then optionally `{ desc = true }` (all keys downwards) or
-- `{ desc = { names } }`
-- @treturn Frame
-- @raise unknown columns, and names in `desc` that are no keys
-- @usage frame:sort("Geography", "Age", { desc = { "Age" } })
function Frame:sort(...)
  return self:sort_by(require("churnlab.frame.order").read("sort", ...))
end

--- Groups rows by the values of columns.
-- @tparam string ... key columns, or one list of them; none = everything is one group
-- @treturn Group see @{churnlab.group}
-- @usage print(frame:group("Geography"):agg { churn = "mean(Exited)" })
function Frame:group(...)
  return require("churnlab.group").new(self, ...)
end

--- The rows in an order, for window functions such as lag, cumsum and rolling_mean; the same as
-- `group():order(…)`. The rows of a result stay where they are.
-- @tparam string ... column names (or one list), then optionally `{ desc = true }` as in `sort`
-- @treturn Group see @{churnlab.group}
-- @usage frame:order("Age"):derive { older = "lead(Age) - Age" }
function Frame:order(...)
  return require("churnlab.group").new(self):order(...)
end

--- Figures of every column, printed as a table: missing and distinct values; mean, sample standard
-- deviation, minimum, quartiles and maximum of numbers; the most frequent text and its share; the
-- first and the last date.
-- @treturn Description reads like a frame of one row a column
-- @usage print(frame:describe())
function Frame:describe()
  return require("churnlab.frame.describe").new(self)
end

local meta = getmetatable(core.frame.new({}, {}))
function meta.__tostring(frame)
  return require("churnlab.frame.print").frame(frame)
end

local column_meta = getmetatable(core.column.new({}))
function column_meta.__tostring(column)
  return require("churnlab.frame.print").column(column)
end

return M
