--- Tables larger than memory: `cl.scan_csv` and `cl.scan` read a file chunk by chunk.
-- A Scan is a plan that never changes: verbs give a new plan and are checked against the columns
-- at once, without reading a row. What ends it (`chunks`, `collect`, `count`, `write_csv`, `agg`)
-- reads the file once from beginning to end; memory holds one chunk, and of `agg` the groups. It
-- shows a progress line, and Ctrl-C stops it.
-- @module churnlab.scan

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local ends = require("churnlab.frame.scan_ends")
local errors = require("churnlab.errors")
local source = require("churnlab.frame.scan_source")
require("churnlab.frame") -- the verbs of chunks

local M = {}

local Scan = { __name = "churnlab.Scan" }
local methods = {}

--- Begins a scan of a CSV file. Types are those of the first chunk (4 MiB of text) unless `types`
-- declares them; a later cell that does not fit is an error with its line. Text is `string`, never
-- `category`: which levels there are is known only at the end.
-- @function cl.scan_csv
-- @tparam string path "-" is standard input, for one pass
-- @tparam[opt] table options as in `cl.read_csv`; `chunk_rows`: the most rows a chunk
-- @treturn Scan
-- @raise as `cl.read_csv`
-- @usage
-- local old = cl.scan_csv("bank.csv"):filter("Age >= 60"):select("CustomerId", "Age")
-- assert(old:count() == #frame:filter("Age >= 60"))
function M.scan_csv(path, options)
  if type(path) == "string" and core.frame.is_columns(path) then
    errors.raise("scan_csv: %s: expected CSV, got a column file (cl.scan reads both)", path)
  end
  return M.new("scan_csv", path, options)
end

--- Begins a scan of a CSV or column file, by its first bytes.
-- @function cl.scan
-- @tparam string path
-- @tparam[opt] table options as in `cl.scan_csv`; for a column file roles, `drop`, `chunk_rows`
-- @treturn Scan
-- @raise as `cl.read`
-- @usage
-- frame:write_columns("bank.columns")
-- assert(cl.scan("bank.columns"):count() == #frame)
function M.scan(path, options)
  return M.new("scan", path, options)
end

--- A scan whose types depend on the names in the file.
-- @local
-- @tparam string where starts the messages
-- @tparam string path
-- @tparam ?table options
-- @tparam[opt] function choose of the names: gives types and roles
-- @treturn Scan
function M.new(where, path, options, choose)
  return M.from(source.new(where, path, options, choose))
end

--- A scan of any source of chunks; `columns` is one of its chunks without rows.
-- @local
function M.from(chunks, columns)
  return setmetatable({ source = chunks, steps = {}, empty = columns }, Scan)
end

M.each = ends.each

-- The scan with one step more. `make` gives, for each pass, a function of a chunk that returns the
-- new chunk and whether it was the last one that is wanted.
local function add(scan, text, make)
  local steps = table.move(scan.steps, 1, #scan.steps, 1, {})
  steps[#steps + 1] = { text = text, make = make }
  return setmetatable({ source = scan.source, steps = steps, empty = (make()(scan.empty)) }, Scan)
end

-- A step that treats each chunk alike.
local function add_map(scan, text, f)
  return add(scan, text, function() return function(chunk) return (f(chunk)) end end)
end

local function row_expression(where, value)
  if type(value) ~= "string" and type(value) ~= "userdata" then
    errors.raise("%s: expected an expression, got a %s (a scan runs no functions)", where,
      type(value))
  end
  local expr = type(value) == "string" and core.expr.parse(value) or value
  if type(expr.is_aggregate) == "function" and expr:is_aggregate() then
    errors.raise("%s: %s needs all rows at once, and a scan has them chunk by chunk "
      .. "(take the figure first, with agg)", where, expr:text())
  end
  return expr
end

--- A table larger than memory, and what is to be done with it.
-- @type Scan

--- The rows for which the condition is true; missing counts as false.
-- @function Scan:filter
-- @tparam string|Expr condition
-- @treturn Scan
-- @raise as `Frame:filter`; functions and aggregates
-- @usage cl.scan_csv("bank.csv"):filter("Age >= 60 and Balance > 0"):count() < #frame
function methods:filter(condition)
  local expr = row_expression("filter", condition)
  return add_map(self, ("filter %s"):format(expr:text()), function(chunk)
    return chunk:filter(expr)
  end)
end

--- New or replaced columns; `with` is the same function.
-- @function Scan:derive
-- @tparam {[string]=string|Expr} columns expressions, as in `Frame:derive`
-- @treturn Scan
-- @raise as `Frame:derive`; functions and aggregates
-- @usage cl.scan_csv("bank.csv"):derive { rich = "Balance > 1e5" }:columns()
function methods:derive(columns)
  local exprs, names = {}, {}
  for name, value in pairs(errors.table("derive", columns)) do
    exprs[name] = row_expression("derive: " .. tostring(name), value)
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return add_map(self, "derive " .. table.concat(names, ", "), function(chunk)
    return chunk:derive(exprs)
  end)
end
methods.with = methods.derive

-- Verbs whose chunks know nothing of each other; `check` refuses what would need all rows.
local function row_verb(name, check)
  methods[name] = function(self, ...)
    if check then check(...) end
    local arguments = table.pack(...)
    return add_map(self, name, function(chunk)
      return chunk[name](chunk, table.unpack(arguments, 1, arguments.n))
    end)
  end
end

local function needs_all(where)
  errors.raise("%s needs all rows at once, and a scan has them chunk by chunk (collect() first)",
    where)
end

--- The verbs of frames that look at each row alone; arguments as there: `select`, `drop`, `rename`,
-- `cast`, `trim`, `replace` (without `infer`), `fill_na` (with constants), `with_roles`.
-- @function Scan:select
-- @treturn Scan
-- @usage
-- local scan = cl.scan_csv("bank.csv"):select("Age", "Balance"):rename { Age = "age" }
-- assert(scan:fill_na { Balance = 0 }:columns()[1] == "age")
row_verb("select")
row_verb("drop")
row_verb("rename")
row_verb("cast")
row_verb("trim")
row_verb("with_roles")
row_verb("replace", function(_, options)
  if type(options) == "table" and options.infer then needs_all("replace: infer") end
end)
row_verb("fill_na", function(what)
  if type(what) == "string" then needs_all(("fill_na: the rule '%s'"):format(what)) end
  for name, value in pairs(type(what) == "table" and what or {}) do
    if type(value) == "table" then
      needs_all(("fill_na: column '%s': the rule '%s'"):format(tostring(name),
        tostring(value[1])))
    end
  end
end)

--- The first rows; the rest of the file is not read.
-- @function Scan:head
-- @tparam[opt=10] integer n
-- @treturn Scan
-- @usage #cl.scan_csv("bank.csv"):head(3):collect() == 3
function methods:head(n)
  n = n == nil and 10 or n
  if math.type(n) ~= "integer" or n < 0 then
    errors.raise("head: expected a number of rows, got %s", tostring(n))
  end
  return add(self, ("head %d"):format(n), function()
    local left = n
    return function(chunk)
      local part = chunk:head(left)
      left = left - #part
      return part, left == 0
    end
  end)
end

--- The columns `churn`, `tier` … of `Model:score`.
-- @function Scan:score
-- @tparam Model model
-- @tparam[opt] table options as there; a policy must have no `limits`, which look at all customers
-- at once
-- @treturn Scan
-- @raise as `Model:score`
-- @usage
-- local scored = cl.scan_csv("bank.csv"):score(model)
-- assert(scored:group("tier"):count().n:sum() == #frame)
function methods:score(model, options)
  options = ends.row_options(model, errors.table("score", options))
  return add_map(self, "score", function(chunk) return model:score(chunk, options) end)
end

--- The names of the columns.
-- @function Scan:columns
-- @treturn {string,...}
-- @usage #cl.scan_csv("bank.csv"):drop("Age"):columns() == #frame:columns() - 1
function methods:columns() return self.empty:columns() end

--- Names, types and levels of the columns, as `Frame:schema`.
-- @function Scan:schema
-- @treturn {table,...}
-- @usage cl.scan_csv("bank.csv"):schema()[1].type == "i64"
function methods:schema() return self.empty:schema() end

for name, f in pairs(ends.methods) do methods[name] = f end

function Scan:__index(key)
  local method = methods[key]
  if method then return method end
  local names = {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  errors.unknown("scan", "method", key, names)
end

function Scan:__tostring()
  local lines = { "scan of " .. self.source.name }
  for _, step in ipairs(self.steps) do lines[#lines + 1] = "  " .. step.text end
  lines[#lines + 1] = ("  gives %s"):format(table.concat(self.empty:columns(), ", "))
  return table.concat(lines, "\n")
end

Scan.__names = methods -- for completion

--- Whether the value is a Scan.
-- @local
function M.is_scan(value) return getmetatable(value) == Scan end

return M
