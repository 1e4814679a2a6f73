-- Random expressions in our language and in SQLite's, of the same meaning.
local M = {}

local function pair(ours, theirs) return { ours = ours, sql = theirs or ours } end

local function fill(template, parts, field)
  return (template:gsub("%$(%d)", function(n) return parts[tonumber(n)][field] end))
end

-- "$1 + $2" with the parts in their places.
local function join(ours, sql, parts)
  return pair("(" .. fill(ours, parts, "ours") .. ")", "(" .. fill(sql, parts, "sql") .. ")")
end

local make -- kind → generator

-- { ours, SQLite's, kinds of the parts … }
local forms = {
  int = {
    { "$1 + $2", "$1 + $2", "int", "int" }, { "$1 - $2", "$1 - $2", "int", "int" },
    { "$1 * $2", "$1 * $2", "int", "int" }, { "-$1", "- $1", "int" },
    { "abs($1)", "abs($1)", "int" }, { "min($1, $2)", "min($1, $2)", "int", "int" },
    { "max($1, $2)", "max($1, $2)", "int", "int" },
    { "$1 % $2", "(($1 % $2) + $2) % $2", "int", "int" },
    { "$1 // $2", "($1 - ((($1 % $2) + $2) % $2)) / $2", "int", "int" },
    { "coalesce($1, $2)", "coalesce($1, $2)", "int", "int" },
    { "if_else($1, $2, $3)", "CASE WHEN $1 THEN $2 WHEN NOT $1 THEN $3 END", "bool", "int", "int" },
    { "sign($1)", "sign($1)", "int" }, { "len($1)", "length($1)", "text" },
    { "clip($1, -2, 2)", "max(-2, min(2, $1))", "int" },
    { "year(d) - 2000", "CAST(strftime('%Y', d) AS INTEGER) - 2000" },
    { "month(d)", "CAST(strftime('%m', d) AS INTEGER)" },
  },
  real = {
    { "$1 + $2", "$1 + $2", "real", "real" }, { "$1 - $2", "$1 - $2", "real", "int" },
    { "$1 * $2", "$1 * $2", "real", "int" },
    { "$1 / $2", "CAST($1 AS REAL) / $2", "int", "int" },
    { "$1 / $2", "CAST($1 AS REAL) / $2", "real", "real" }, { "-$1", "- $1", "real" },
    { "abs($1)", "abs($1)", "real" }, { "min($1, $2)", "min($1, $2)", "real", "real" },
    { "coalesce($1, $2)", "coalesce($1, $2)", "real", "real" },
    { "if_else($1, $2, $3)", "CASE WHEN $1 THEN $2 WHEN NOT $1 THEN $3 END", "bool", "real",
      "real" },
    { "round($1)", "round($1)", "real" },
  },
  bool = {
    { "$1 and $2", "$1 AND $2", "bool", "bool" }, { "$1 or $2", "$1 OR $2", "bool", "bool" },
    { "not $1", "NOT $1", "bool" }, { "is_na($1)", "$1 IS NULL", "any" },
    { "$1 < $2", "$1 < $2", "number", "number" }, { "$1 >= $2", "$1 >= $2", "number", "number" },
    { "$1 == $2", "$1 = $2", "number", "number" }, { "$1 ~= $2", "$1 <> $2", "number", "number" },
    { "$1 == $2", "$1 = $2", "text", "text" }, { "$1 < $2", "$1 < $2", "text", "text" },
    { "g > x", "g > x" }, { "g == x", "g = x" }, { "g <= $1", "g <= $1", "int" },
    { "between($1, $2, $3)", "CASE WHEN $2 IS NOT NULL AND $3 IS NOT NULL "
      .. "THEN $1 BETWEEN $2 AND $3 END", "number", "number", "number" },
    { "one_of($1, 1, 2, -3)", "$1 IN (1, 2, -3)", "int" },
    { "one_of(s, 'a', '', 'é')", "s IN ('a', '', 'é')" },
    { "contains($1, 'a')", "instr($1, 'a') > 0", "text" },
    { "starts_with($1, 'a')", "substr($1, 1, 1) = 'a'", "text" },
    { "ends_with(s, 'b')", "substr(s, -1) = 'b'" },
    { "m < '2026-01-31 10:00:00'", "m < '2026-01-31 10:00:00'" },
    { "d < m", "d || ' 00:00:00' < m" },
    { "d >= '2024-02-29'", "d >= '2024-02-29'" }, { "d == '2026-02-01'", "d = '2026-02-01'" },
    { "coalesce($1, $2)", "coalesce($1, $2)", "bool", "bool" },
  },
  text = {
    { "$1 .. $2", "$1 || $2", "text", "text" }, { "lower($1)", "lower($1)", "text" },
    { "upper($1)", "upper($1)", "text" },
    -- of literals alone a choice is a category, which knows its levels
    { "coalesce($1, $2 .. '')", "coalesce($1, $2)", "text", "text" },
    { "if_else($1, $2, $3 .. '')", "CASE WHEN $1 THEN $2 WHEN NOT $1 THEN $3 END", "bool", "text",
      "text" },
  },
}

local leaves = {
  int = { pair("i"), pair("w"), pair("i"), pair("2"), pair("0"), pair("(-1)") },
  real = { pair("x"), pair("x"), pair("1.5"), pair("(-0.25)"), pair("0.0") },
  bool = { pair("b"), pair("b"), pair("true"), pair("false"), pair("(i > 0)") },
  text = { pair("s"), pair("s"), pair("(k .. '')", "k"), pair("'a'"), pair("''"), pair("'日本'") },
}

local unions = { number = { "int", "real" }, any = { "int", "real", "bool", "text" } }

function make(r, kind, depth)
  kind = unions[kind] and r:of(unions[kind]) or kind
  if depth <= 0 or r:chance(0.25) then return r:of(leaves[kind]) end
  local form, parts = r:of(forms[kind]), {}
  for n = 3, #form do parts[n - 2] = make(r, form[n], depth - 1) end
  return join(form[1], form[2], parts)
end

-- { ours =, sql = } of kind "int", "real", "bool", "text", "number" or "any".
function M.make(r, kind) return make(r, kind, r:between(1, 4)) end

return M
