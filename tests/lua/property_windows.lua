-- Window functions against SQLite: by group and order, one function a case. SQLite sees the rows as
-- v, with their `place` in the order of their group; what it computes about other rows of the group
-- is a query over q.
local M = {}

-- "over the rows q of the group whose place is …"
local function over(what, places, more)
  return ("(SELECT %s FROM v q WHERE %%same AND q.place %s %s)"):format(what, places, more or "")
end

local so_far = "<= v.place"

local function last(count) return ("BETWEEN v.place - %d AND v.place"):format(count - 1) end

local function present(name, value)
  return ("CASE WHEN %s IS NOT NULL THEN %s END"):format(name, value)
end

-- An aggregate of the last `count` rows, missing unless so many values are there.
local function rolling(aggregate, name, count, needed)
  return over(("CASE WHEN count(q.%s) >= %d THEN %s END"):format(name, needed or count, aggregate),
    last(count))
end

local function nearest(name, places, order)
  return over("q." .. name, places,
    ("AND q.%s IS NOT NULL ORDER BY q.place %s LIMIT 1"):format(name, order))
end

-- The rows whose day is in (d - n, d], up to this one.
local function in_days(what, count)
  return present("v.d", over(what, so_far,
    ("AND julianday(q.d) > julianday(v.d) - %d"):format(count)))
end

local variance = "CASE WHEN count(q.i) > 1 THEN (count(q.i) * sum(q.i * q.i) "
  .. "- sum(q.i) * sum(q.i)) * 1.0 / (count(q.i) * (count(q.i) - 1)) END"
local all = "> 0"

M.functions = {
  { "row_number()", "place" },
  { "rank()", "rank() OVER (PARTITION BY %keys ORDER BY %order)" },
  { "dense_rank()", "dense_rank() OVER (PARTITION BY %keys ORDER BY %order)" },
  { "percent_rank()", "percent_rank() OVER (PARTITION BY %keys ORDER BY %order)" },
  { "rank(x)", present("x", "rank() OVER (PARTITION BY %keys ORDER BY x NULLS LAST)") },
  { "rank(s, 'desc')", present("s",
    "rank() OVER (PARTITION BY %keys ORDER BY s DESC NULLS LAST)") },
  { "dense_rank(g)", present("g", "dense_rank() OVER (PARTITION BY %keys ORDER BY g NULLS LAST)") },
  { "lag(i)", "lag(i) OVER w" }, { "lag(s, 2)", "lag(s, 2) OVER w" },
  { "lag(i, 1, -9)", "lag(i, 1, -9) OVER w" }, { "lead(g)", "lead(g) OVER w" },
  { "lead(k, 3)", "lead(k, 3) OVER w" }, { "lead(x, 1, 0.5)", "lead(x, 1, 0.5) OVER w" },
  { "diff(i)", "i - lag(i) OVER w" }, { "diff(x, 2)", "x - lag(x, 2) OVER w" },
  { "diff(d)", "CAST(julianday(d) - julianday(lag(d) OVER w) AS INTEGER)" },
  { "pct_change(w)", "(w - lag(w) OVER w) * 1.0 / (lag(w) OVER w)" },
  { "ffill(s)", nearest("s", so_far, "DESC") }, { "bfill(x)", nearest("x", ">= v.place", "ASC") },
  { "ffill(b)", nearest("b", so_far, "DESC") }, { "first(k)", nearest("k", all, "ASC") },
  { "last(d)", nearest("d", all, "DESC") },
  { "cumsum(i)", present("i", over("sum(q.i)", so_far)) },
  { "cumsum(x)", present("x", over("sum(q.x)", so_far)) },
  { "cummax(g)", present("g", over("max(q.g)", so_far)) },
  { "cummin(x)", present("x", over("min(q.x)", so_far)) },
  { "cummean(i)", present("i", over("avg(q.i)", so_far)) },
  { "cumcount()", "place" }, { "cumcount(s)", over("count(q.s)", so_far) },
  { "rolling_sum(i, 3)", rolling("sum(q.i)", "i", 3) },
  { "rolling_sum(x, 3, 1)", rolling("sum(q.x)", "x", 3, 1) },
  { "rolling_mean(x, 2)", rolling("avg(q.x)", "x", 2) },
  { "rolling_min(g, 4, 2)", rolling("min(q.g)", "g", 4, 2) },
  { "rolling_max(x, 2, 1)", rolling("max(q.x)", "x", 2, 1) },
  { "rolling_count(i, 3, 1)", rolling("count(q.i)", "i", 3, 1) },
  { "rolling_std(i, 4, 2) * rolling_std(i, 4, 2)", over(variance, last(4)) },
  { "i - mean(i)", "i - avg(i) OVER (PARTITION BY %keys)" },
  { "x / sum(x)", "x / sum(x) OVER (PARTITION BY %keys)" },
  { "count()", "count(*) OVER (PARTITION BY %keys)" },
  { "rolling_sum(i, days(400))", in_days("sum(q.i)", 400), "d" },
  { "rolling_max(x, days(1))", in_days("max(q.x)", 1), "d" },
}

local function clause(names, format)
  local out = {}
  for i, name in ipairs(names) do out[i] = format:gsub("%$", name) end
  return out
end

M.property = {
  name = "windows",
  times = 5, -- each case draws one of many functions
  draw = function(r)
    local recipe = { keys = r:chance(0.8) and r:some({ "k", "s", "b", "w" }, 2) or {},
      order = r:some({ "i", "x", "d", "s", "m" }, 2), desc = r:chance(0.3),
      call = r:of(M.functions) }
    if recipe.call[3] then recipe.order, recipe.desc = { recipe.call[3] }, false end
    return recipe
  end,
  ours = function(recipe, t)
    return t:group(recipe.keys):order(recipe.order, { desc = recipe.desc })
      :derive({ y = recipe.call[1] }):select("y")
  end,
  sql = function(recipe)
    local keys = #recipe.keys > 0 and table.concat(recipe.keys, ", ") or "NULL"
    local order = table.concat(clause(recipe.order,
      recipe.desc and "$ DESC NULLS LAST" or "$ NULLS LAST"), ", ")
    local same = table.concat(clause(recipe.keys, "q.$ IS v.$"), " AND ")
    local words = { keys = keys, order = order, same = same == "" and "true" or same }
    return (([[WITH v AS (SELECT *, rowid AS at, row_number() OVER (PARTITION BY %keys
      ORDER BY %order, rowid) AS place FROM t) SELECT ]] .. recipe.call[2]
      .. " AS y FROM v WINDOW w AS (PARTITION BY %keys ORDER BY place) ORDER BY at")
      :gsub("%%(%a+)", words))
  end,
}

return M
