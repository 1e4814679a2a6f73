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

return M
