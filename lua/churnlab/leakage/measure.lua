-- How well one column alone tells two classes apart. An area of 0.5 is nothing, 1 everything.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local BINS = 20      -- of a number, by quantiles
local Y, HALF, KEY = "\1y", "\1half", "\1key" -- columns that no file has

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

-- The counts of each level in both halves: a list of { p1, n1, p2, n2 }.
local function count_levels(counted)
  local levels, by_key = {}, {}
  local key, half = counted:col(KEY):to_table("\0"), counted:col(HALF):to_table()
  local n, p = counted:col("n"):to_table(), counted:col("p"):to_table()
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

--- The counts by level that the figures are made of.
-- @tparam Column column
-- @tparam Column y 0 and 1, nothing missing
-- @tparam[opt] boolean plain levels as they are, without bins
function M.levels(column, y, plain)
  local rows = core.frame.new({ KEY, Y }, { plain and column or keys_of(column), y })
  rows = rows:with_column(HALF, rows:fold_numbers(2, nil, 1))
  return count_levels(core.expr.aggregate(rows, { KEY, HALF }, { "n", "p" },
    { "count()", ("sum([[%s]])"):format(Y) }))
end

local function rank_area(column, y)
  if column:missing() > 0 then return nil end
  local kind = column:type()
  if kind == "string" or kind == "category" then return nil end
  local numbers = kind ~= "f64" and column:cast("i64") or column
  local auc = core.metrics.roc_auc(y, numbers)
  return auc and math.max(auc, 1 - auc)
end

--- The best area of one column: by rank, or by level or quantile bin with the rates of the other
-- half of the rows, so that many levels cannot look good by chance.
-- @treturn number|nil 0.5 … 1
-- @treturn string "by rank", "by level"
function M.area(column, y)
  if #column < 4 then return nil end
  local rate = y:mean()
  local levels = M.levels(column, y)
  local a, b = cross_area(levels, rate, 1, 3), cross_area(levels, rate, 3, 1)
  local by_level = a and b and (a + b) / 2 or 0.5
  local by_rank = rank_area(column, y) or 0.5
  if by_rank >= by_level then return by_rank, "by rank" end
  return by_level, "by level"
end

--- The area of "is missing".
function M.missing_area(column, y)
  local missing = core.expr.eval(core.frame.new({ "x" }, { column }), "is_na(x)")
  return rank_area(missing, y)
end

--- A cautious area: two standard errors below (Bamber 1975, bounded by a (1 - a) / least class).
function M.lower(auc, positives, negatives)
  local least = math.min(positives, negatives)
  return least > 0 and auc - 2 * math.sqrt(auc * (1 - auc) / least) or 0
end

return M
