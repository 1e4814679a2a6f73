-- Tables of figures as text: what evaluations, cross-validations and leaderboards print.
-- SPDX-License-Identifier: MIT
local M = {}

--- "0.871", or "-" where there is none.
function M.number(value, format)
  return value and (format or "%.3f"):format(value) or "-"
end

--- "[0.842, 0.881]", or "" where there is none.
function M.interval(pair, format)
  return pair and ("[%s, %s]"):format(M.number(pair[1], format), M.number(pair[2], format)) or ""
end

local function pad(text, width)
  return (" "):rep(width - utf8.len(text)) .. text
end

--- Right-aligned columns; the first is left-aligned.
-- @tparam {{string,...},...} lines
-- @treturn {string,...}
function M.align(lines)
  local widths = {}
  for _, line in ipairs(lines) do
    for i, cell in ipairs(line) do widths[i] = math.max(widths[i] or 0, utf8.len(cell)) end
  end
  local out = {}
  for n, line in ipairs(lines) do
    local cells = { line[1] .. (" "):rep(widths[1] - utf8.len(line[1])) }
    for i = 2, #line do cells[i] = pad(line[i], widths[i]) end
    out[n] = table.concat(cells, "  "):gsub("%s+$", "")
  end
  return out
end

--- Words in lines of at most `width` characters.
function M.wrap(text, width)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    if line ~= "" and utf8.len(line) + 1 + utf8.len(word) > width then
      lines[#lines + 1], line = line, word
    else
      line = line == "" and word or line .. " " .. word
    end
  end
  lines[#lines + 1] = line
  return lines
end

--- Adds lines to a list.
function M.append(out, lines)
  table.move(lines, 1, #lines, #out + 1, out)
end

-- ---- evaluations ----

--- "0.861 [0.842, 0.881]"
function M.with_interval(scores, name, format)
  local pair = scores.intervals and scores.intervals[name]
  return M.number(scores[name], format) .. (pair and " " .. M.interval(pair, format) or "")
end

-- Figures of the net, the logistic regression where there is one, and the majority rule.
local function score_table(e, rows)
  local columns = { { "net", e } }
  if e.logistic then columns[2] = { "logistic", e.logistic } end
  columns[#columns + 1] = { "majority", e.majority }
  local lines = { { "" } }
  for i, column in ipairs(columns) do lines[1][i + 1] = column[1] end
  for _, row in ipairs(rows) do
    local line = { row[2] }
    for i, column in ipairs(columns) do
      -- the majority rule ranks nothing and decides nothing: its figures have no interval to read
      local plain = column[1] == "majority" and M.number(column[2][row[1]], row[3])
      line[i + 1] = plain or M.with_interval(column[2], row[1], row[3])
    end
    lines[#lines + 1] = line
  end
  return M.align(lines)
end

--- The report of an evaluation.
-- @tparam Evaluation|ClassEvaluation e
-- @tparam {string,...} headline its first lines
-- @tparam {table,...} rows of figures: name, title, format
-- @tparam {string,...} confusion lines of that table
-- @treturn string lines of at most 80 columns for usual figures
function M.evaluation(e, headline, rows, confusion)
  local out = headline
  out[#out + 1] = ""
  M.append(out, score_table(e, rows))
  if e.intervals then
    out[#out + 1] = ("95 %% intervals from %d bootstrap resamples (seed %d)"):format(
      e.bootstrap, e.seed)
  end
  out[#out + 1] = ""
  M.append(out, confusion)
  out[#out + 1] = ""
  M.append(out, M.wrap(e.verdict, 80))
  return table.concat(out, "\n")
end

return M
