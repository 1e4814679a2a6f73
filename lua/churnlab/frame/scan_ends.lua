--- What ends a scan: the file is read once, chunk by chunk.
-- @module churnlab.scan

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local group = require("churnlab.group")

local M = { methods = {} }

local methods = M.methods

--- Options of `Model:score` for rows that come in chunks: the policy is loaded once and must not
-- look at more than a row.
-- @local
function M.row_options(model, options)
  local copy = {}
  for name, value in pairs(options) do copy[name] = value end
  if type(copy.policy) == "string" then
    copy.policy = require("churnlab.policy").load(copy.policy, model)
  end
  if copy.policy and copy.policy.limits then
    errors.raise("score: the limits of policy '%s' look at all customers at once, and a scan has "
      .. "them chunk by chunk (collect() first)", copy.policy.name)
  end
  return copy
end

-- The steps of a pass as one function of a chunk.
local function start(steps)
  local list = {}
  for i, step in ipairs(steps) do list[i] = step.make() end
  return function(chunk)
    local last = false
    for _, f in ipairs(list) do
      local over
      chunk, over = f(chunk)
      last = last or over
    end
    return chunk, last
  end
end

-- A function that gives the chunks with rows, and what must be closed.
local function pass(scan)
  local next_chunk, reader = scan.source:open()
  local work, last = start(scan.steps), false
  return function()
    while not last do
      local chunk = next_chunk()
      if not chunk then return nil end
      chunk, last = work(chunk)
      if #chunk > 0 then return chunk end
    end
  end, reader
end

--- f(chunk) for each chunk with rows, with a progress line.
-- @local
local function each(scan, what, f)
  local job <close> = core.control.job(("%s %s"):format(what, scan.source.name))
  local next_chunk, opened = pass(scan)
  local reader <close> = opened
  for chunk in next_chunk do
    f(chunk)
    job:report(reader:progress())
  end
end
M.each = each

--- A table larger than memory, and what is to be done with it.
-- @type Scan

--- The chunks, one after the other, for `for`.
-- @function Scan:chunks
-- @treturn function iterator of frames with at least one row
-- @usage
-- local rows = 0
-- for chunk in cl.scan_csv("bank.csv", { chunk_rows = 100 }):chunks() do rows = rows + #chunk end
-- assert(rows == #frame)
function methods:chunks()
  local next_chunk, reader = pass(self)
  return next_chunk, nil, nil, reader -- `for` closes the last one, also after break
end

--- All rows as a frame.
-- @function Scan:collect
-- @treturn Frame
-- @usage #cl.scan_csv("bank.csv"):filter("Age >= 60"):collect() == #frame:filter("Age >= 60")
function methods:collect()
  local list = { self.empty }
  each(self, "collect", function(chunk) list[#list + 1] = chunk end)
  if #list <= 2 then return list[#list] end
  return require("churnlab.frame.concat").concat(list)
end

--- The number of rows.
-- @function Scan:count
-- @treturn integer
-- @usage cl.scan_csv("bank.csv"):count() == #frame
function methods:count()
  local rows = 0
  each(self, "count", function(chunk) rows = rows + #chunk end)
  return rows
end

--- Writes all rows as CSV; the file takes its name when it is complete.
-- @function Scan:write_csv
-- @tparam string path "-" is standard output
-- @tparam[opt] table options separator=","
-- @treturn boolean true, or nil and a message when the system refuses
-- @usage assert(cl.scan_csv("bank.csv"):filter("Age >= 60"):write_csv("old.csv"))
function methods:write_csv(path, options)
  options = errors.options("write_csv", options, { separator = "string" })
  local opened, failure = core.chunks.write_csv(path, options.separator)
  if not opened then return nil, failure end
  local writer <close> = opened
  local stopped = {}
  local function put(chunk)
    local ok, message = writer:put(chunk)
    if not ok then
      failure = message
      error(stopped, 0)
    end
  end
  local ok, message = pcall(function()
    put(self.empty) -- the header, also when there are no rows
    each(self, "write", put)
  end)
  if ok then return writer:commit() end
  if message == stopped then return nil, failure end
  error(message, 0)
end

local function aggregate(scan, keys, spec)
  local names, exprs = group.aggregates(spec)
  local fold = core.fold.new(scan.empty, keys, names, exprs)
  each(scan, "aggregate", function(chunk) fold:add(chunk) end)
  return fold:result()
end

--- Aggregates over all rows: as `Frame:group():agg`. The results are those of the collected frame,
-- `var` and `std` up to rounding. median, quantile and mode need all rows at once and are errors;
-- `n_distinct` keeps the distinct values in memory.
-- @function Scan:agg
-- @tparam table spec as in `Group:agg`
-- @treturn Frame
-- @raise as `Group:agg`; aggregates that need all rows at once
-- @usage cl.scan_csv("bank.csv"):agg { age = "mean(Age)" }.age[1] == frame.Age:mean()
function methods:agg(spec)
  return aggregate(self, {}, spec)
end

local ScanGroup = { __name = "churnlab.ScanGroup" }
ScanGroup.__index = ScanGroup

--- Groups rows by the values of columns; memory holds the groups.
-- @function Scan:group
-- @tparam string ... key columns, or one list of them
-- @treturn ScanGroup with `agg` as `Scan:agg` and `count`, as of `Frame:group`
-- @usage
-- local scan = cl.scan_csv("bank.csv")
-- print(scan:group("Geography"):agg { n = "count()", churn = "mean(Exited)" })
function methods:group(...)
  return setmetatable({ scan = self, keys = group.keys(...) }, ScanGroup)
end

function ScanGroup:agg(spec)
  return aggregate(self.scan, self.keys, spec)
end

function ScanGroup:count()
  return self:agg { { "n", "count()" } }
end

return M
