-- Frames and columns as people read them: aligned by what a terminal shows, numbers to six
-- significant digits, at most ten rows, as many columns as fit.
-- SPDX-License-Identifier: MIT
local M = {}

local EDGE = 5         -- rows shown at either end of a long frame
local CELL_MAX = 28    -- widest cell
local WIDTH = 100      -- of the table, unless COLUMNS says otherwise
local DIGITS = 6       -- significant digits of a number

-- Blocks of characters that take two places on a terminal.
local wide = {
  { 0x1100, 0x115F }, { 0x2E80, 0x303E }, { 0x3041, 0xA4CF }, { 0xAC00, 0xD7A3 },
  { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF00, 0xFF60 }, { 0xFFE0, 0xFFE6 },
  { 0x1F300, 0x1F64F },
  { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
}
-- … and that take none.
local marks = { { 0x0300, 0x036F }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F } }

local function inside(blocks, code)
  for _, block in ipairs(blocks) do
    if code >= block[1] and code <= block[2] then return true end
  end
  return false
end

local function code_width(code)
  if code < 0x300 then return 1 end
  return inside(marks, code) and 0 or inside(wide, code) and 2 or 1
end

-- Text that a terminal shows on one line: control characters escaped, bytes that are no UTF-8 as ?.
function M.printable(text)
  text = text:gsub("\n", "\\n"):gsub("\r", "\\r"):gsub("\t", "\\t"):gsub("[%c\127]", "?")
  if not utf8.len(text) then text = text:gsub("[\128-\255]", "?") end
  return text
end

--- Places that printable text takes on a terminal.
function M.width(text)
  local width = 0
  for _, code in utf8.codes(text) do width = width + code_width(code) end
  return width
end

-- Printable text in at most so many places, with "…" where it was cut.
function M.cut(text, limit)
  if M.width(text) <= limit then return text end
  local width = 0
  for position, code in utf8.codes(text) do
    width = width + code_width(code)
    if width > limit - 1 then return text:sub(1, position - 1) .. "…" end
  end
end

-- Printable text in exactly so many places.
function M.pad(text, width, right)
  local space = (" "):rep(width - M.width(text))
  return right and space .. text or text .. space
end

--- 12345 → "12,345"
function M.thousands(n)
  local text = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^(%-?),", "%1"))
end

--- "a, b, c" in lines of at most so many places, broken behind commas.
function M.wrapped(text, limit)
  local lines, line = {}, ""
  for item in (text .. ", "):gmatch("(.-), ") do
    local piece = line == "" and item or line .. ", " .. item
    if line ~= "" and M.width(piece) > limit - 1 then
      lines[#lines + 1], line = line .. ",", item
    else
      line = piece
    end
  end
  lines[#lines + 1] = M.cut(line, limit)
  return lines
end

--- At most seven places for a number: 0.2037, 650.53, 100194, 1.569e7.
function M.short(x)
  local size = math.abs(x)
  if size >= 1e7 or (size < 1e-3 and size > 0) then
    local format = size >= 1e10 and "%.2e" or "%.3e"
    return (format:format(x):gsub("%.?0*e%+?(%-?)0*", "e%1"))
  elseif x == math.floor(x) or size >= 1e5 then return ("%.0f"):format(x) end
  return (("%%.%df"):format(math.max(0, 5 - #("%.0f"):format(size))):format(x))
end

-- One format for the numbers of a column: the decimals that six significant digits of each need.
local function number_format(values, n)
  local decimals, greatest = 0, 0
  for i = 1, n do
    local value = values[i]
    if value then
      local text = ("%." .. DIGITS .. "g"):format(value)
      if text:find("e", 1, true) then return "%." .. DIGITS .. "g" end
      decimals = math.max(decimals, #(text:match("%.(%d+)$") or ""))
      greatest = math.max(greatest, math.abs(value))
    end
  end
  local whole = #("%.0f"):format(greatest)
  return ("%%.%df"):format(math.min(decimals, math.max(2, DIGITS + 2 - whole)))
end

local function cell_texts(values, n, type_name)
  local texts = {}
  local format = type_name == "f64" and number_format(values, n)
  for i = 1, n do
    local value = values[i]
    if value == nil then texts[i] = "NA"
    elseif format then texts[i] = format:format(value)
    else texts[i] = M.cut(M.printable(tostring(value)), CELL_MAX) end
  end
  return texts
end

-- A printed column: its lines (name, type, cells) and how they align.
local function layout(frame, name, rows, options)
  local column, values = frame:col(name), {}
  for i, row in ipairs(rows) do values[i] = column[row] end
  local type_name = column:type()
  local texts = cell_texts(values, #rows, type_name)
  for i, row in ipairs(rows) do
    if row == 0 then texts[i] = "…" elseif options.blank and values[i] == nil then texts[i] = "" end
  end
  local title = M.cut(M.printable(name), CELL_MAX)
  local width = math.max(M.width(title), options.types and #type_name or 0)
  for _, text in ipairs(texts) do width = math.max(width, M.width(text)) end
  return { title = title, type = type_name, texts = texts, width = width,
    right = type_name == "f64" or type_name == "i64" }
end

local function chosen_rows(n, all)
  local rows = {}
  if all or n <= 2 * EDGE then
    for i = 1, n do rows[i] = i end
    return rows
  end
  for i = 1, EDGE do rows[i] = i end
  rows[EDGE + 1] = 0 -- the gap
  for i = 1, EDGE do rows[EDGE + 1 + i] = n - EDGE + i end
  return rows
end

-- As many columns from the left as the width holds, at least one; the rest by name.
local function fitting(frame, rows, options)
  local shown, hidden, used = {}, {}, 0
  local limit = tonumber(os.getenv("COLUMNS")) or WIDTH
  for _, name in ipairs(frame:columns()) do
    if #hidden == 0 or options.all then
      local item = layout(frame, name, rows, options)
      used = used + item.width + 2
      if used > limit and #shown > 0 and not options.all then
        hidden[1] = M.printable(name)
      else
        shown[#shown + 1] = item
      end
    else
      hidden[#hidden + 1] = M.printable(name)
    end
  end
  return shown, hidden
end

local function line_of(shown, text_of)
  local parts = {}
  for i, item in ipairs(shown) do parts[i] = M.pad(text_of(item), item.width, item.right) end
  return (" " .. table.concat(parts, "  ")):gsub("%s+$", "")
end

local function rule_of(shown)
  local parts = {}
  for i, item in ipairs(shown) do parts[i] = ("─"):rep(item.width) end
  return " " .. table.concat(parts, "  ")
end

-- options.all: every row and column; options.types: a line of types; options.blank: nothing for NA
function M.table_lines(frame, options)
  local rows = chosen_rows(#frame, options.all)
  local shown, hidden = fitting(frame, rows, options)
  local lines = { (line_of(shown, function(item) return item.title end)) }
  if options.types then lines[2] = (line_of(shown, function(item) return item.type end)) end
  lines[#lines + 1] = rule_of(shown)
  for i in ipairs(rows) do
    lines[#lines + 1] = (line_of(shown, function(item) return item.texts[i] end))
  end
  return lines, hidden
end

local function plural(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

--- The text of a frame.
function M.frame(frame)
  local names = frame:columns()
  local lines, hidden = {}, {}
  if #names > 0 then lines, hidden = M.table_lines(frame, { types = true }) end
  if #hidden > 0 then
    local more = (" … and %s: %s"):format(plural(#hidden, "column"), table.concat(hidden, ", "))
    lines[#lines + 1] = M.cut(more, WIDTH)
  end
  lines[#lines + 1] = (" %s × %s"):format(plural(#frame, "row"), plural(#names, "column"))
  return table.concat(lines, "\n")
end

--- The text of a column: name, type and first values on one line.
function M.column(column)
  local values, n = {}, math.min(#column, 2 * EDGE)
  for i = 1, n do values[i] = column[i] end
  local texts = cell_texts(values, n, column:type())
  if #column > n then texts[n + 1] = "…" end
  return ("%s (%s, %s): %s"):format(column:name() or "column", column:type(),
    plural(#column, "row"), table.concat(texts, ", "))
end

return M
