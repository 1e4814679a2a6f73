--- Numbers into bands: cut and qcut.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local Frame = core.frame.methods

local known = { labels = "table", right = "boolean", closed = "boolean", into = "string" }

local function edge_text(edge, digits)
  if type(edge) == "string" then return edge end
  if math.tointeger(edge) then return ("%d"):format(math.tointeger(edge)) end
  return (("%%.%dg"):format(digits)):format(edge)
end

-- "[18, 40)" …, with as many digits as tell the edges apart.
local function make_labels(edges, right, closed)
  for digits = 6, 17 do
    local labels, seen, n = {}, {}, #edges - 1
    for i = 1, n do
      local first = not right or (closed and i == 1)
      local last = right or (closed and i == n)
      labels[i] = (first and edges[i] ~= -math.huge and "[" or "(")
        .. edge_text(edges[i], digits) .. ", " .. edge_text(edges[i + 1], digits)
        .. (last and edges[i + 1] ~= math.huge and "]" or ")")
      seen[labels[i]] = true
    end
    local distinct = 0
    for _ in pairs(seen) do distinct = distinct + 1 end
    if distinct == n then return labels end
  end
end

local function check_labels(where, labels, edges)
  if labels and #labels ~= #edges - 1 then
    errors.raise("%s: labels: expected %d, one for each band, got %d", where, #edges - 1, #labels)
  end
end

local function is_time(type_name)
  return type_name == "date" or type_name == "timestamp"
end

-- Edges as the core reads them: texts of dates become a column of dates.
local function core_edges(where, column, edges)
  for i, edge in ipairs(edges) do
    local wanted = is_time(column:type()) and "string" or "number"
    if type(edge) ~= wanted then
      errors.raise("%s: edges: item %d: expected %s, got a %s", where, i,
        wanted == "string" and "a date as text" or "a number", type(edge))
    end
  end
  if not is_time(column:type()) then return edges end
  return errors.within(where .. ": edges", core.column.new, edges, column:type(), #edges)
end

local function add_bands(frame, where, name, edges, options)
  local column = frame:col(name)
  check_labels(where, options.labels, edges)
  local labels = options.labels or make_labels(edges, options.right, options.closed)
  return frame:with_column(options.into or name .. "_band",
    core.clean.cut(column, where, core_edges(where, column, edges), labels or {},
      options.right, options.closed))
end

-- n + 1 edges from the least to the greatest value.
local function equal_edges(column, n)
  local low, high = column:min(), column:max()
  if low == nil then return { 0, 1 } end
  if low == high then return { low, low + 1 } end
  local edges = {}
  for i = 0, n do edges[i + 1] = low + (high - low) * i / n end
  edges[n + 1] = high
  return edges
end

local function check_column(frame, where, name)
  if type(name) ~= "string" then
    errors.raise("%s: expected the name of a column, got a %s", where, type(name))
  elseif not frame:has(name) then
    errors.unknown(where, "column", name, frame:columns())
  end
  local type_name = frame:type(name)
  if type_name == "string" or type_name == "category" then
    errors.raise("%s: column '%s': expected a column of numbers, got %s", where, name, type_name)
  end
  return frame:col(name)
end

local function check_parts(where, n)
  if math.type(n) ~= "integer" or n < 1 or n > 10000 then
    errors.raise("%s: expected edges or a number of bands from 1 to 10000, got %s", where,
      tostring(n))
  end
end

--- @type Frame

--- Bands of numbers between given edges, as a new column: an ordered category, which sorts by its
-- bands. A band holds its lower edge, `[18, 40)`; values outside every band, and missing ones, are
-- missing.
-- @tparam string name a column of numbers, dates or timestamps
-- @tparam {number,...}|integer edges rising, `-math.huge` and `math.huge` for open ends, dates as
-- text; or how many bands of equal width there are from the least to the greatest value
-- @tparam[opt] table options
--
--   - `labels`: one for each band, instead of "[18, 40)"
--   - `right` = true: bands hold their upper edge instead, "(18, 40]"
--   - `closed` = true: the last band holds its upper edge too (with `right`: the first its lower)
--   - `into`: the name of the new column (name .. "_band")
-- @treturn Frame
-- @raise edges that do not rise; a wrong number of labels; a column of text
-- @usage
-- local aged = frame:cut("Age", { 18, 40, 60, math.huge },
--   { labels = { "young", "middle", "old" } })
-- print(aged:group("Age_band"):agg { churn = "mean(Exited)" })
function Frame:cut(name, edges, options)
  options = errors.options("cut", options, known)
  local column = check_column(self, "cut", name)
  if type(edges) == "table" then return add_bands(self, "cut", name, edges, options) end
  check_parts("cut", edges)
  if is_time(column:type()) then
    errors.raise("cut: column '%s': expected edges for a column of dates, got a number", name)
  end
  return add_bands(self, "cut", name, equal_edges(column, edges),
    { labels = options.labels, right = options.right, closed = true, into = options.into })
end

-- Rising edges at the quantiles, equal ones once.
local function quantile_edges(column, shares)
  local edges, quantiles = {}, core.profile.quantiles(column, shares)
  for i = 1, #shares do
    local edge = quantiles[i]
    if edge and edge ~= edges[#edges] then edges[#edges + 1] = edge end
  end
  return edges
end

local function check_shares(shares)
  local last = -1
  for i, share in ipairs(shares) do
    if type(share) ~= "number" or share < 0 or share > 1 or share <= last then
      errors.raise("qcut: item %d: expected rising shares from 0 to 1, got %s", i, tostring(share))
    end
    last = share
  end
  if #shares < 2 then errors.raise("qcut: expected at least two shares, got %d", #shares) end
end

--- Bands that hold equally many rows, as far as ties allow: the edges are quantiles. A band holds
-- its upper edge, `(21, 40]`, the first also its lower. Equal edges are merged, so that columns
-- with many ties get fewer bands.
-- @tparam string name a column of numbers
-- @tparam integer|{number,...} parts how many bands, or rising shares such as `{ 0, 0.5, 0.9, 1 }`
-- @tparam[opt] table options `labels` and `into` as in `Frame:cut`
-- @treturn Frame
-- @raise shares that do not rise from 0 to 1; labels for more bands than the ties leave
-- @usage
-- local quarters = frame:qcut("CreditScore", 4, { labels = { "q1", "q2", "q3", "q4" } })
-- print(quarters:value_counts("CreditScore_band"))
function Frame:qcut(name, parts, options)
  options = errors.options("qcut", options, { labels = "table", into = "string" })
  local column = check_column(self, "qcut", name)
  if is_time(column:type()) then
    errors.raise("qcut: column '%s': expected a column of numbers, got %s", name, column:type())
  end
  local shares = parts
  if type(parts) ~= "table" then
    check_parts("qcut", parts)
    shares = {}
    for i = 0, parts do shares[i + 1] = i / parts end
  end
  check_shares(shares)
  local edges = quantile_edges(column, shares)
  if #edges == 0 then edges = { 0, 1 } end -- nothing is present
  if #edges == 1 then edges = { edges[1], edges[1] + math.max(1, math.abs(edges[1])) } end
  return add_bands(self, "qcut", name, edges,
    { labels = options.labels, into = options.into, right = true, closed = true })
end

return Frame
