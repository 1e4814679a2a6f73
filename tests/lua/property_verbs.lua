-- What must hold between a verb of frames and SQLite: each property draws a recipe (data, so that a
-- failure can be shown), and says what we and what SQLite make of it. Tables are t (and u).
local cl = require("churnlab")
local expressions = require("property_expressions")
local frames = require("property_frames")

local all = frames.names
local keys = { "k", "s", "i", "g", "b", "d", "x", "m" }

local function list(names, format)
  local out = {}
  for i, name in ipairs(names) do out[i] = (format or "%s"):gsub("%%s", name) end
  return table.concat(out, ", ")
end

-- "t.k IS u.k AND …": NULL equals NULL.
local function same(left, right, names)
  local out = {}
  for i, name in ipairs(names) do out[i] = ("%s.%s IS %s.%s"):format(left, name, right, name) end
  return table.concat(out, " AND ")
end

local properties = {}
local function property(p) properties[#properties + 1] = p end

-- ---- rows and columns ----

property {
  name = "filter",
  draw = function(r) return { condition = expressions.make(r, "bool") } end,
  ours = function(recipe, t) return t:filter(recipe.condition.ours) end,
  sql = function(recipe)
    return "SELECT * FROM t WHERE " .. recipe.condition.sql .. " ORDER BY rowid"
  end,
}

property {
  name = "derive",
  draw = function(r) return { value = expressions.make(r, "any") } end,
  ours = function(recipe, t) return t:derive({ y = recipe.value.ours }):select("y") end,
  sql = function(recipe) return "SELECT " .. recipe.value.sql .. " AS y FROM t ORDER BY rowid" end,
}

property {
  name = "sort",
  draw = function(r)
    local recipe = { keys = r:some(all, 3), desc = {} }
    for _, key in ipairs(recipe.keys) do
      if r:chance(0.5) then recipe.desc[#recipe.desc + 1] = key end
    end
    return recipe
  end,
  ours = function(recipe, t) return t:sort(recipe.keys, { desc = recipe.desc }) end,
  sql = function(recipe)
    local falling, order = {}, {}
    for _, key in ipairs(recipe.desc) do falling[key] = true end
    for i, key in ipairs(recipe.keys) do
      order[i] = key .. (falling[key] and " DESC" or "") .. " NULLS LAST"
    end
    return ("SELECT * FROM t ORDER BY %s, rowid"):format(table.concat(order, ", "))
  end,
}

property {
  name = "distinct",
  draw = function(r) return { names = r:some(all, 3) } end,
  ours = function(recipe, t) return t:distinct(recipe.names) end,
  sql = function(recipe)
    local names = list(recipe.names)
    return ("SELECT %s FROM t GROUP BY %s ORDER BY min(rowid)"):format(names, names)
  end,
}

property {
  name = "drop_duplicates",
  draw = function(r)
    return { on = r:some(keys, 2), keep = r:of { "first", "last", "none" },
      order = r:of { false, "i", "x", "d" } }
  end,
  ours = function(recipe, t)
    return t:drop_duplicates { on = recipe.on, keep = recipe.keep, order = recipe.order or nil }
  end,
  sql = function(recipe)
    local down = recipe.keep == "last" and " DESC" or ""
    local order = recipe.order
      and ("%s IS NULL, %s%s, rowid%s"):format(recipe.order, recipe.order, down, down)
      or "rowid" .. down
    local on = list(recipe.on)
    return ([[SELECT %s FROM (SELECT *, rowid AS at, count(*) OVER (PARTITION BY %s) AS n,
      row_number() OVER (PARTITION BY %s ORDER BY %s) AS place FROM t)
      WHERE %s ORDER BY at]]):format(list(all), on, on, order,
      recipe.keep == "none" and "n = 1" or "place = 1")
  end,
}

property {
  name = "value_counts",
  draw = function(r) return { name = r:of(all) } end,
  ours = function(recipe, t) return t:value_counts(recipe.name) end,
  sql = function(recipe)
    return ([[SELECT %s AS value, count(*) AS n, count(*) * 1.0 / (SELECT count(*) FROM t) AS share
      FROM t GROUP BY 1 ORDER BY n DESC, value NULLS LAST]]):format(recipe.name)
  end,
}

property {
  name = "concat",
  frames = 2,
  draw = function() return {} end,
  ours = function(_, t, u) return cl.concat { t, u, t } end,
  sql = function()
    local one = "SELECT %d AS part, rowid AS at, * FROM %s"
    return ("SELECT %s FROM (%s UNION ALL %s UNION ALL %s) ORDER BY part, at"):format(list(all),
      one:format(1, "t"), one:format(2, "u"), one:format(3, "t"))
  end,
}

property {
  name = "melt",
  draw = function(r)
    return { id = r:some({ "k", "s", "d" }, 2), values = r:some({ "i", "w", "x" }, 3) }
  end,
  ours = function(recipe, t) return t:melt { id = recipe.id, values = recipe.values } end,
  sql = function(recipe)
    local parts = {}
    for i, name in ipairs(recipe.values) do
      parts[i] = ("SELECT %s, '%s' AS name, %s AS value, rowid AS at, %d AS part FROM t"):format(
        list(recipe.id), name, name, i)
    end
    return ("SELECT %s, name, value FROM (%s) ORDER BY part, at"):format(list(recipe.id),
      table.concat(parts, " UNION ALL "))
  end,
}

-- ---- groups ----

-- { ours, SQLite's }; %q stands for "row q of t is in the same group".
local aggregates = {
  { "count()", "count(*)" }, { "count(x)", "count(x)" }, { "count(k)", "count(k)" },
  { "sum(i)", "coalesce(sum(i), 0)" }, { "sum(x)", "coalesce(sum(x), 0)" },
  { "sum(b)", "coalesce(sum(b), 0)" }, { "mean(i)", "avg(i)" }, { "mean(x)", "avg(x)" },
  { "min(i)", "min(i)" }, { "max(g)", "max(g)" }, { "min(g)", "min(g)" }, { "max(x)", "max(x)" },
  { "min(d)", "min(d)" }, { "max(m)", "max(m)" },
  { "n_distinct(x)", "count(DISTINCT x)" }, { "n_distinct(s)", "count(DISTINCT s)" },
  { "n_distinct(m)", "count(DISTINCT m)" },
  { "n_distinct(g)", "count(DISTINCT g)" }, { "n_distinct(k)", "count(DISTINCT k)" },
  { "any(b)", "coalesce(max(b), 0)" }, { "all(b)", "coalesce(min(b), 1)" },
  { "count_if(i > 0)", "count(CASE WHEN i > 0 THEN 1 END)" },
  { "sum(i) / count()", "coalesce(sum(i), 0) * 1.0 / count(*)" },
  { "max(i) - min(i)", "max(i) - min(i)" },
  { "wmean(x, w)", "sum(CASE WHEN x IS NOT NULL THEN x * w END) * 1.0 / "
    .. "sum(CASE WHEN x IS NOT NULL THEN w END)" },
  { "var(i)", "CASE WHEN count(i) > 1 THEN (count(i) * sum(i * i) - sum(i) * sum(i)) * 1.0 / "
    .. "(count(i) * (count(i) - 1)) END" },
  { "std(i) * std(i)", "CASE WHEN count(i) > 1 THEN (count(i) * sum(i * i) - sum(i) * sum(i)) "
    .. "* 1.0 / (count(i) * (count(i) - 1)) END" },
  { "first(i)", "(SELECT i FROM t q WHERE %q AND i IS NOT NULL ORDER BY q.rowid LIMIT 1)" },
  { "last(s)", "(SELECT s FROM t q WHERE %q AND s IS NOT NULL ORDER BY q.rowid DESC LIMIT 1)" },
  { "first(k)", "(SELECT k FROM t q WHERE %q AND k IS NOT NULL ORDER BY q.rowid LIMIT 1)" },
  { "mode(i)", "(SELECT i FROM t q WHERE %q AND i IS NOT NULL GROUP BY i "
    .. "ORDER BY count(*) DESC, i LIMIT 1)" },
  { "mode(s)", "(SELECT s FROM t q WHERE %q AND s IS NOT NULL GROUP BY s "
    .. "ORDER BY count(*) DESC, s LIMIT 1)" },
  { "median(x)", "(SELECT avg(x) FROM (SELECT x, row_number() OVER (ORDER BY x) AS place, "
    .. "count(*) OVER () AS n FROM t q WHERE %q AND x IS NOT NULL) "
    .. "WHERE place IN ((n + 1) / 2, (n + 2) / 2))" },
  { "quantile(i, 0.25)", "(SELECT sum(i * (1 - abs(place - 1 - 0.25 * (n - 1)))) FROM (SELECT i, "
    .. "row_number() OVER (ORDER BY i) AS place, count(*) OVER () AS n FROM t q "
    .. "WHERE %q AND i IS NOT NULL) WHERE abs(place - 1 - 0.25 * (n - 1)) < 1)" },
}

property {
  name = "group",
  draw = function(r)
    local recipe = { keys = r:some(keys, 2), aggregates = r:some(aggregates, 4) }
    if r:chance(0.1) then -- one group, also of no rows
      recipe.keys, recipe.aggregates[1] = {}, aggregates[1]
    end
    return recipe
  end,
  ours = function(recipe, t)
    local spec = {}
    for i, aggregate in ipairs(recipe.aggregates) do spec[i] = { "a" .. i, aggregate[1] } end
    return t:group(recipe.keys):agg(spec)
  end,
  sql = function(recipe)
    local columns = {}
    for i, aggregate in ipairs(recipe.aggregates) do
      local condition = #recipe.keys > 0 and same("q", "t", recipe.keys) or "true"
      columns[i] = ("%s AS a%d"):format(aggregate[2]:gsub("%%q", condition), i)
    end
    if #recipe.keys == 0 then return "SELECT " .. table.concat(columns, ", ") .. " FROM t" end
    return ("SELECT %s, %s FROM t GROUP BY %s ORDER BY %s"):format(list(recipe.keys),
      table.concat(columns, ", "), list(recipe.keys), list(recipe.keys, "%s NULLS LAST"))
  end,
}

-- ---- joins ----

-- "t.k = u.k AND …": NULL equals nothing.
local function equal(names)
  local out = {}
  for i, name in ipairs(names) do out[i] = ("t.%s = u.%s"):format(name, name) end
  return table.concat(out, " AND ")
end

-- The columns of u without the keys, named as the join names them.
local function right_columns(on)
  local is_key, out = {}, {}
  for _, key in ipairs(on) do is_key[key] = true end
  for _, name in ipairs(all) do
    if not is_key[name] then out[#out + 1] = ("u.%s AS %s_right"):format(name, name) end
  end
  return table.concat(out, ", ")
end

local function left_columns(on, how)
  local is_key, out = {}, {}
  for _, key in ipairs(on) do is_key[key] = how == "full" end
  for i, name in ipairs(all) do
    out[i] = is_key[name] and ("coalesce(t.%s, u.%s) AS %s"):format(name, name, name)
      or "t." .. name
  end
  return table.concat(out, ", ")
end

property {
  name = "join",
  frames = 2,
  draw = function(r)
    return { on = r:some(keys, 2), how = r:of { "inner", "left", "full", "semi", "anti" } }
  end,
  ours = function(recipe, t, u) return t:join(u, { on = recipe.on, how = recipe.how }) end,
  sql = function(recipe)
    local how, condition = recipe.how, equal(recipe.on)
    if how == "semi" or how == "anti" then
      return ("SELECT * FROM t WHERE %s EXISTS (SELECT 1 FROM u WHERE %s) ORDER BY rowid"):format(
        how == "anti" and "NOT" or "", condition)
    end
    return ("SELECT %s, %s FROM t %s JOIN u ON %s ORDER BY t.rowid NULLS LAST, u.rowid"):format(
      left_columns(recipe.on, how), right_columns(recipe.on), how, condition)
  end,
}

property {
  name = "asof_join",
  frames = 2,
  draw = function(r)
    return { on = r:chance(0.8) and r:some({ "k", "i", "s" }, 1) or {},
      time = r:of { "d", "w", "x", "m" }, direction = r:of { "backward", "forward" },
      strict = r:chance(0.3), tolerance = r:of { false, 1, 30 } }
  end,
  ours = function(recipe, t, u)
    return t:asof_join(u, { on = recipe.on, time = recipe.time, direction = recipe.direction,
      strict = recipe.strict, tolerance = recipe.time ~= "m" and recipe.tolerance or nil })
  end,
  sql = function(recipe)
    local back = recipe.direction == "backward"
    local time = recipe.time == "d" and { "julianday(t.d)", "julianday(u.d)" }
      or { "t." .. recipe.time, "u." .. recipe.time }
    local conditions = { ("%s %s%s %s"):format(time[2], back and "<" or ">",
      recipe.strict and "" or "=", time[1]) }
    if #recipe.on > 0 then conditions[2] = equal(recipe.on) end
    if recipe.tolerance and recipe.time ~= "m" then -- SQLite counts days in doubles
      conditions[#conditions + 1] = ("abs(%s - %s) <= %d"):format(time[1], time[2],
        recipe.tolerance)
    end
    return ([[SELECT t.*, %s FROM t LEFT JOIN u ON u.rowid = (SELECT u.rowid FROM u WHERE %s
      ORDER BY %s %s, u.rowid DESC LIMIT 1) ORDER BY t.rowid]]):format(right_columns(recipe.on),
      table.concat(conditions, " AND "), time[2], back and "DESC" or "ASC")
  end,
}

property(require("property_windows").property)

return properties
