-- A profile as one HTML page that needs nothing else. Every text of the data is escaped; figures
-- are inline SVG and CSS; colours follow the reader's light or dark scheme.
-- SPDX-License-Identifier: MIT
local print_ = require("churnlab.frame.print")
local text = require("churnlab.profile.text")

local M = {}

local style = [[
:root { color-scheme: light dark; --bg: #f6f7f9; --card: #fff; --ink: #1c2330; --soft: #5b6474;
  --line: #e0e4ea; --bar: #4a7fb5; --note: #b3541e; --notebg: #fdf3ea; --code: #eef1f5; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #14171c; --card: #1d2229; --ink: #e6e9ee; --soft: #9aa4b2; --line: #303741;
    --bar: #6ea8de; --note: #f0a868; --notebg: #2a2119; --code: #272d36; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem clamp(1rem, 4vw, 3rem); background: var(--bg); color: var(--ink);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
main { max-width: 72rem; margin: auto; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 .7rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: .4rem 2rem; padding: 0; margin: 0; list-style: none; }
.facts b { font-size: 1.25rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts span, .soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .9rem 1rem; }
.target { max-width: 32rem; }
.grid { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr));
  align-items: start; }
.head { display: flex; justify-content: space-between; align-items: baseline; gap: .6rem; }
.kind { color: var(--soft); font-size: .8rem; white-space: nowrap; }
.line { color: var(--soft); font-size: .85rem; margin: .15rem 0 .5rem; }
svg { display: block; width: 100%; height: auto; }
svg rect { fill: var(--bar); }
.axis { display: flex; justify-content: space-between; color: var(--soft); font-size: .75rem;
  font-variant-numeric: tabular-nums; margin: .15rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem;
  font-variant-numeric: tabular-nums; }
td, th { padding: .15rem .3rem .15rem 0; text-align: left; vertical-align: top; font-weight: 400; }
td.n { text-align: right; white-space: nowrap; padding: .15rem 0 .15rem .8rem; }
.pairs { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1.2rem; align-items: start; }
.bar { position: relative; width: 100%; overflow-wrap: anywhere; padding-left: .3rem; }
.bar i { position: absolute; inset: 2px auto 2px 0; background: var(--bar); opacity: .22;
  border-radius: 2px; }
.findings { padding: 0; margin: 0; list-style: none; }
.findings li { background: var(--notebg); border-left: 3px solid var(--note);
  padding: .45rem .8rem; margin: 0 0 .4rem; border-radius: 0 .3rem .3rem 0;
  overflow-wrap: anywhere; }
.findings b { color: var(--note); }
code { background: var(--code); border-radius: .2rem; padding: .05rem .3rem; font-size: .82rem;
  overflow-wrap: anywhere; }
a { color: inherit; }]]

local function escape(value)
  return (print_.printable(tostring(value)):gsub("[&<>\"']",
    { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }))
end

local function percent(share) return ("%.1f %%"):format(100 * share) end

local function amount(n, rows)
  if n == 0 then return "0" end
  return ("%s (%s)"):format(print_.thousands(n), percent(n / rows))
end

local show = text.figure

local function histogram(column)
  local counts, most = column.histogram, 0
  if not counts or #counts == 0 then return "" end
  for _, n in ipairs(counts) do most = math.max(most, n) end
  local width, height, bars = 240 / #counts, 56, {}
  for i, n in ipairs(counts) do
    local tall = n == 0 and 0 or math.max(1, height * n / most)
    bars[i] = ('<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s</title></rect>')
      :format((i - 1) * width, height - tall, math.max(1, width - 1), tall, print_.thousands(n))
  end
  local x = column.numbers
  local low, high = x and show(x.min) or column.first, x and show(x.max) or column.last
  return ('<svg viewBox="0 0 240 %d" role="img" aria-label="histogram of %s">%s</svg>'):format(
    height, escape(column.name), table.concat(bars))
    .. ('<div class="axis"><span>%s</span><span>%s</span></div>'):format(escape(low), escape(high))
end

local function rows_of(items)
  local lines = {}
  for i, item in ipairs(items) do
    lines[i] = ('<tr><th>%s</th><td class="n">%s</td></tr>'):format(item[1], item[2])
  end
  return "<table>" .. table.concat(lines) .. "</table>"
end

local function number_tables(x, present)
  return '<div class="pairs">' .. rows_of {
    { "mean", show(x.mean) }, { "sd", show(x.std) }, { "skewness", show(x.skewness) },
    { "outliers", amount(x.outliers, present) }, { "zeros", amount(x.zeros, present) },
    { "negatives", amount(x.negatives, present) },
  } .. rows_of {
    { "5 %", show(x.q05) }, { "25 %", show(x.q25) }, { "median", show(x.median) },
    { "75 %", show(x.q75) }, { "95 %", show(x.q95) },
  } .. "</div>"
end

local function top_table(top)
  local lines = {}
  for i, item in ipairs(top) do
    local value = item.value == nil and '<span class="soft">missing</span>' or escape(item.value)
    lines[i] = ('<tr><td class="bar"><i style="width:%.1f%%"></i>%s</td><td class="n">%s</td>'
      .. '<td class="n">%s</td></tr>'):format(100 * item.share, value, print_.thousands(item.n),
      percent(item.share))
  end
  return "<table>" .. table.concat(lines) .. "</table>"
end

local function column_card(c, rows)
  local present = rows - c.missing
  local parts = { '<div class="card">' }
  parts[2] = ('<div class="head"><h3>%s</h3><span class="kind">%s%s</span></div>'):format(
    escape(c.name), c.type, c.role and " · " .. c.role or "")
  parts[3] = ('<p class="line">%s distinct · %s missing</p>'):format(print_.thousands(c.distinct),
    amount(c.missing, rows))
  if present > 0 then
    parts[#parts + 1] = histogram(c)
    if c.numbers then parts[#parts + 1] = number_tables(c.numbers, present) end
    if c.top then parts[#parts + 1] = top_table(c.top) end
  end
  parts[#parts + 1] = "</div>"
  return table.concat(parts)
end

local function finding_list(findings)
  if #findings == 0 then return "" end
  local items = {}
  for i, finding in ipairs(findings) do
    items[i] = ("<li><b>%s</b> %s%s</li>"):format(escape(finding.column or "all columns"),
      escape(finding.text), finding.fix and (" <code>%s</code>"):format(escape(finding.fix)) or "")
  end
  return ('<h2>%s</h2><ul class="findings">%s</ul>'):format(text.count(#findings, "finding"),
    table.concat(items))
end

local function fact(value, what)
  return ("<li><b>%s</b> <span>%s</span></li>"):format(value, what)
end

local function header(facts)
  return ('<h1>%s</h1><ul class="facts">%s</ul>'):format(escape(facts.name or "Profile"),
    table.concat { fact(print_.thousands(facts.rows), "rows"), fact(#facts.columns, "columns"),
      fact(print_.thousands(facts.missing), "missing cells"),
      fact(print_.thousands(facts.repeated_rows), "repeated rows"),
      fact(text.bytes(facts.bytes), "in memory") })
end

local function target_part(target)
  if not target then return "" end
  return ('<h2>Target: %s</h2><div class="card target">%s</div>'):format(escape(target.column),
    top_table(target.values))
end

--- The page of a profile.
function M.page(facts)
  local cards = {}
  for i, c in ipairs(facts.columns) do cards[i] = column_card(c, facts.rows) end
  return table.concat({ '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    ("<title>%s</title>\n<style>\n%s\n</style>\n</head>\n<body>\n<main>"):format(
      escape(facts.name or "Profile"), style),
    header(facts), finding_list(facts.findings), target_part(facts.target),
    "<h2>Columns</h2>", '<div class="grid">', table.concat(cards, "\n"), "</div>",
    "</main>\n</body>\n</html>", "" }, "\n")
end

return M
