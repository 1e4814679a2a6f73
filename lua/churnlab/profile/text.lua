-- A profile as text that lines up on 100 columns.
-- SPDX-License-Identifier: MIT
local print_ = require("churnlab.frame.print")

local M = {}

local WIDTH = 100
local NAME, TYPE, MISSING, DISTINCT = 24, 9, 16, 9
local bars = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

local function percent(share) return ("%.1f %%"):format(100 * share) end

--- "1.1 MB"
function M.bytes(n)
  local units, i = { "bytes", "kB", "MB", "GB" }, 1
  while n >= 1000 and i < #units do n, i = n / 1000, i + 1 end
  return (i == 1 and "%d %s" or "%.1f %s"):format(n, units[i])
end

--- "1 row", "2 rows"
function M.count(n, noun)
  return ("%s %s%s"):format(print_.thousands(n), noun, n == 1 and "" or "s")
end

--- A number of a profile: whole ones in full; "–" for none.
function M.figure(x)
  if not x then return "–" end
  if x == math.floor(x) and math.abs(x) < 1e12 then return ("%.0f"):format(x) end
  return print_.short(x)
end

local function sparkline(histogram)
  local most = 0
  for _, n in ipairs(histogram) do most = math.max(most, n) end
  local marks = {}
  for i, n in ipairs(histogram) do
    marks[i] = n == 0 and " " or bars[math.max(1, math.ceil(#bars * n / most))]
  end
  return table.concat(marks)
end

local function amount(n, rows)
  if n == 0 then return "0" end
  return ("%s (%s)"):format(print_.thousands(n), percent(n / rows))
end

-- "a b", "c d" … as lines of at most WIDTH places behind three spaces.
local function flow(lines, parts)
  local line = ""
  for _, part in ipairs(parts) do
    part = print_.cut(part, WIDTH - 3)
    if line ~= "" and print_.width(line) + 2 + print_.width(part) > WIDTH - 3 then
      lines[#lines + 1] = "   " .. line
      line = part
    else
      line = line == "" and part or line .. "  " .. part
    end
  end
  if line ~= "" then lines[#lines + 1] = "   " .. line end
end

local function number_lines(lines, x, present)
  local show = M.figure
  flow(lines, { "min " .. show(x.min), "5% " .. show(x.q05), "25% " .. show(x.q25),
    "median " .. show(x.median), "75% " .. show(x.q75), "95% " .. show(x.q95),
    "max " .. show(x.max) })
  flow(lines, { "mean " .. show(x.mean), "sd " .. show(x.std), "skewness " .. show(x.skewness),
    "outliers " .. amount(x.outliers, present), "zeros " .. amount(x.zeros, present),
    "negatives " .. amount(x.negatives, present) })
end

local function top_parts(top)
  local parts = {}
  for i, item in ipairs(top) do
    local value = item.value == nil and "missing" or print_.printable(tostring(item.value))
    parts[i] = ("%s %s"):format(print_.cut(value, 40), percent(item.share))
  end
  return parts
end

local function head_line(name, type_name, missing, distinct, rest)
  return ((" %s  %s  %s  %s  %s"):format(print_.pad(name, NAME), print_.pad(type_name, TYPE),
    print_.pad(missing, MISSING, true), print_.pad(distinct, DISTINCT, true), rest)
    :gsub("%s+$", ""))
end

local function column_lines(lines, c, rows)
  local title = print_.cut(print_.printable(c.name), NAME)
  lines[#lines + 1] = head_line(title, c.type, amount(c.missing, rows),
    print_.thousands(c.distinct), c.histogram and sparkline(c.histogram) or c.role or "")
  local present = rows - c.missing
  if present == 0 then return end
  if c.numbers then number_lines(lines, c.numbers, present) end
  if c.first then lines[#lines + 1] = ("   %s … %s"):format(c.first, c.last) end
  if c.top then flow(lines, top_parts(c.top)) end
end

local function finding_lines(lines, findings)
  if #findings == 0 then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = " " .. M.count(#findings, "finding")
  for _, finding in ipairs(findings) do
    local name = print_.cut(print_.printable(finding.column or "all columns"), NAME)
    local parts = print_.wrapped(print_.printable(finding.text), WIDTH - NAME - 5)
    for i, part in ipairs(parts) do
      lines[#lines + 1] = ("   %s  %s"):format(print_.pad(i == 1 and name or "", NAME), part)
    end
  end
end

local function target_lines(lines, target)
  if not target then return end
  lines[#lines + 1] = ""
  lines[#lines + 1] = " target " .. print_.printable(target.column)
  flow(lines, top_parts(target.values))
end

--- The text of a profile.
function M.text(facts)
  local lines = { (" %s%s × %s, %s, %s, %s"):format(facts.name and facts.name .. ": " or "",
    M.count(facts.rows, "row"), M.count(#facts.columns, "column"), M.bytes(facts.bytes),
    M.count(facts.missing, "missing cell"), M.count(facts.repeated_rows, "repeated row")) }
  finding_lines(lines, facts.findings)
  target_lines(lines, facts.target)
  if #facts.columns > 0 then
    lines[#lines + 1] = ""
    lines[#lines + 1] = head_line("column", "type", "missing", "distinct", "histogram")
    lines[#lines + 1] = head_line(("─"):rep(NAME), ("─"):rep(TYPE), ("─"):rep(MISSING),
      ("─"):rep(DISTINCT), ("─"):rep(24))
  end
  for _, c in ipairs(facts.columns) do column_lines(lines, c, facts.rows) end
  return table.concat(lines, "\n")
end

return M
