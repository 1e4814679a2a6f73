-- How well one column alone tells two classes apart. An area of 0.5 is nothing, 1 everything.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local BINS = 20      -- of a number, by quantiles
local SOME = 50000   -- rows are enough for an area
local Y, HALF, KEY = "\1y", "\1half", "\1key" -- columns that no file has

local Judge = {}
Judge.__index = Judge

--- Judges columns by the same labels.
-- @tparam Column y 0 and 1, nothing missing
function M.new(y)
  local rows = core.frame.new({ Y }, { y })
  local positives = y:sum()
  return setmetatable({ y = y, positives = positives, negatives = #y - positives,
    rows = #y >= 2 and rows:with_column(HALF, rows:fold_numbers(2, nil, 1)) or nil }, Judge)
end

--- The frame, or so many random rows of it that areas are exact to a few thousandths.
function M.some(frame)
  return #frame > SOME and frame:sample(SOME, { seed = 1 }) or frame
end

-- Area under the curve from counts by level: { score, positives, negatives } each.
local function area(levels)
  table.sort(levels, function(a, b) return a[1] > b[1] end)
  local above, won, i = 0, 0.0, 1
  local positives, negatives = 0, 0
  while i <= #levels do
    local p, n, score = 0, 0, levels[i][1]
    while i <= #levels and levels[i][1] == score do
      p, n, i = p + levels[i][2], n + levels[i][3], i + 1
    end
    won = won + n * (above + p / 2)
    above, positives, negatives = above + p, positives + p, negatives + n
  end
  if positives == 0 or negatives == 0 then return nil end
  return won / (positives * negatives)
end

-- A number as the label of its quantile bin; other columns as they are.
local function keys_of(column)
  local kind = column:type()
  if kind == "bool" or kind == "string" or kind == "category" then return column end
  local numbers = (kind == "date" or kind == "timestamp") and column:cast("i64") or column
  if numbers:n_distinct() <= BINS then return numbers end
  local edges, last = {}, nil
  for k = 1, BINS - 1 do
    local edge = numbers:quantile(k / BINS)
    if edge ~= last then edges[#edges + 1], last = ("%.17g"):format(edge), edge end
  end
  return core.expr.eval(core.frame.new({ "x" }, { numbers }),
    ("bin(x, %s)"):format(table.concat(edges, ", ")))
end

--- The counts of each level (missing is one) in both halves of the rows: a list of
-- { p1, n1, p2, n2 }.
function Judge:levels(column)
  local counted = core.expr.aggregate(self.rows:with_column(KEY, column), { KEY, HALF },
    { "n", "p" }, { "count()", ("sum([[%s]])"):format(Y) })
  local key, half = counted:col(KEY):to_table("\0"), counted:col(HALF):to_table()
  local n, p = counted:col("n"):to_table(), counted:col("p"):to_table()
  local levels, by_key = {}, {}
  for i = 1, #counted do
    local level = by_key[key[i]]
    if not level then
      level = { 0, 0, 0, 0 }
      by_key[key[i]], levels[#levels + 1] = level, level
    end
    local at = 2 * half[i] - 1
    level[at], level[at + 1] = p[i], n[i] - p[i]
  end
  return levels
end

-- Levels scored by their rate in the other half, pulled towards the overall rate by one row.
local function cross_area(levels, rate, from, to)
  local scored = {}
  for i, level in ipairs(levels) do
    local p, n = level[from], level[from + 1]
    scored[i] = { (p + rate) / (p + n + 1), level[to], level[to + 1] }
  end
  return area(scored)
end

local function rank_area(column, y)
  local kind = column:type()
  if column:missing() > 0 or kind == "string" or kind == "category" then return nil end
  local auc = core.metrics.roc_auc(y, kind ~= "f64" and column:cast("i64") or column)
  return auc and math.max(auc, 1 - auc)
end

--- The best area of one column: by rank, or by level or quantile bin with the rates of the other
-- half of the rows, so that many levels cannot look good by chance.
-- @treturn number|nil 0.5 … 1; nil with fewer than 4 rows
-- @treturn string "by rank", "by level"
function Judge:area(column)
  if #column < 4 then return nil end
  local levels, rate = self:levels(keys_of(column)), self.positives / #column
  local a, b = cross_area(levels, rate, 1, 3), cross_area(levels, rate, 3, 1)
  local by_level = a and b and (a + b) / 2 or 0.5
  local by_rank = rank_area(column, self.y) or 0.5
  if by_rank >= by_level then return by_rank, "by rank" end
  return by_level, "by level"
end

--- The area of "is missing".
function Judge:missing_area(column)
  local missing = core.expr.eval(core.frame.new({ "x" }, { column }), "is_na(x)")
  return rank_area(missing, self.y)
end

--- A cautious area: two standard errors below it (at most a (1 - a) / the smaller class: Bamber
-- 1975).
function Judge:lower(auc)
  local least = math.min(self.positives, self.negatives)
  return least > 0 and auc - 2 * math.sqrt(auc * (1 - auc) / least) or 0
end

return M
