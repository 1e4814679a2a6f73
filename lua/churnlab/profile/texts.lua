-- What a profile looks for in text: dirty codes, numbers and dates stored as text, spellings.
-- The distinct values are looked at, each once.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local print_ = require("churnlab.frame.print")

local M = {}

local MOST = 0.9     -- share of the cells from which text is said to hold numbers or dates
local SPELLED = 2000 -- distinct values among which spellings are compared
local SHOWN = 3      -- examples in a message

local formats = { "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d", "%d-%m-%Y",
  "%m-%d-%Y", "%Y%m%d", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%d-%b-%y", "%d/%m/%y",
  "%m/%d/%y", "%d.%m.%y",
  "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z",
  "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M" }

-- Texts that stand for "nothing is known", in lower case.
local unknown = { "?", "??", "-", "--", ".", "n/a", "na", "n.a.", "#n/a", "nan", "nil", "null",
  "none", "missing", "unknown", "undefined", "not specified", "not available", "not known",
  "unspecified", "error", "#ref!", "#value!", "#div/0!", "#name?", "tbd", "tba", "(blank)", "blank",
  "empty", "-999", "-9999", "999", "9999" }
for n = 3, 12 do unknown[#unknown + 1] = ("x"):rep(n) end
local unknown_list = '"' .. table.concat(unknown, '", "') .. '"'

local function quoted(text) return ("%q"):format(print_.cut(print_.printable(text), 30)) end

-- `"?" (12), "n/a" (3)` and the number of cells.
local function listing(values)
  local parts, total = {}, 0
  for i, item in ipairs(values) do
    total = total + item.n
    if i <= SHOWN then
      parts[i] = ("%s (%s)"):format(quoted(item.text), print_.thousands(item.n))
    end
  end
  if #values > SHOWN then parts[#parts + 1] = "…" end
  return table.concat(parts, ", "), total
end

-- The distinct present values, most frequent first: `value`, `text` (without spaces at its ends),
-- `n` rows and whether it stands for `nothing`.
local function distinct_texts(frame, name)
  local counts = frame:count_values(name):select_names { "value", "n" }
  counts = counts:filter("not is_na(value)"):cast { value = "string" }
  return counts:with_column("text", core.clean.trim(counts:col("value"))):derive { nothing =
    ("is_na(text) or one_of(lower(text), %s)"):format(unknown_list) }
end

local function check_codes(counts, c, report)
  local codes, found, map = counts:filter("nothing"), {}, {}
  for i = 1, #codes do
    found[i] = { text = codes.value[i], n = codes.n[i] }
    if i <= SHOWN then map[i] = ("[%q] = cl.NA"):format(codes.value[i]) end
  end
  if #found > 0 then
    local examples, total = listing(found)
    report("dirty_code", total, "stands for nothing: " .. examples,
      ("replace({ %s }, { columns = %q })"):format(table.concat(map, ", "), c.name))
  end
end

-- "Oct-19" among "20-29", "30-39": what a spreadsheet makes of 10-19.
local function check_mangled(counts, _, report)
  local mangled, ranges = {}, 0
  for i = 1, math.min(#counts, SPELLED) do
    local text = counts.value[i]
    if text:match("^%a%a%a%-%d%d?$") or text:match("^%d%d?%-%a%a%a$") then
      mangled[#mangled + 1] = { text = text, n = counts.n[i] }
    elseif text:match("^%d+%s*%-%s*%d+$") then
      ranges = ranges + 1
    end
  end
  if #mangled > 0 and ranges > 0 then
    local examples, total = listing(mangled)
    report("mangled", total, "ranges that a spreadsheet turned into dates: " .. examples)
  end
end

-- Of the rows whose value does not stand for nothing, the share for which the condition holds; and
-- how many rows there are besides those.
local function share_of_rows(counts, condition)
  local good = core.expr.eval(counts, ("sum(if_else(%s, n, 0))"):format(condition))[1]
  local all = core.expr.eval(counts, "sum(n)")[1]
  local real = core.expr.eval(counts, "sum(if_else(nothing, 0, n))")[1]
  return good > 0 and good / real or 0, all - good
end

-- 1,234.50 · 12 % · € 9: numbers that need more than a cast.
local function is_dressed_number(text)
  if text:match("^%s*[+-]?%d+%.?%d*%s*$") then return false end
  local digits = text:gsub("[$%%]", ""):gsub("£", ""):gsub("€", ""):match("^%s*(.-)%s*$")
  return digits:match("^-?%d[%d.,' ]*$") and digits:match("%d") ~= nil
end

-- Leading zeros and a plus make a code or a telephone number.
local plain = "not is_na(number) and not starts_with(text, '+') and not "
  .. "(len(text) > 1 and starts_with(text, '0') and not starts_with(text, '0.'))"

-- Numbers as text: true when it reported.
local function check_numbers(counts, c, report)
  local numbers = counts:with_column("number",
    (core.clean.cast_lossy(counts:col("text"), "f64")))
  local share, others = share_of_rows(numbers, plain)
  if share >= MOST then
    report("numbers_as_text", others, others == 0 and "numbers stored as text"
      or ("numbers stored as text, but for %s cells"):format(print_.thousands(others)),
      ("cast({ [%q] = \"f64\" }, { errors = \"missing\" })"):format(c.name))
    return true
  end
  local dressed, real = 0, 0
  for i = 1, math.min(#counts, SPELLED) do
    local n = counts.nothing[i] and 0 or counts.n[i]
    real = real + n
    dressed = dressed + (is_dressed_number(counts.value[i]) and n or 0)
  end
  if c.distinct > 2 and real > 0 and share + dressed / real >= MOST then
    report("numbers_as_text", 0, "numbers with signs or separators, such as "
      .. quoted(counts.value[1]))
    return true
  end
end

local function reading(name, format)
  local kind = format:find("%H", 1, true) and "timestamp" or "date"
  return ("read_csv(…, { types = { [%q] = %q }, formats = { [%q] = %q } })"):format(name, kind,
    name, format)
end

local function check_dates(counts, c, report)
  local texts = counts:filter("not nothing"):col("text")
  local some = texts
  if #texts > SPELLED then some = counts:filter("not nothing"):head(SPELLED):col("text") end
  local best, most = nil, 0
  for _, format in ipairs(formats) do
    local n = core.profile.count_times(some, format)
    if n > most then best, most = format, n end
  end
  if not best or most < MOST * #some then return end
  most = core.profile.count_times(texts, best)
  if most >= MOST * #texts then
    report("likely_dates", #counts - most, ("dates as text, of the form %s"):format(best),
      reading(c.name, best))
    return true
  end
end

-- "Mu?oz", "M\u{FFFD}ller": letters that were lost on the way.
local function check_damaged(all, _, report)
  local damaged = {}
  local counts = all:filter("contains(value, '?') or contains(value, '\u{FFFD}')")
  for i = 1, #counts do
    local text = counts.value[i]
    if text:find("\u{FFFD}", 1, true) or text:find("%a%?") and not text:find("%?$")
      or text:find("^%?%a") then
      damaged[#damaged + 1] = { text = text, n = counts.n[i] }
    end
  end
  if #damaged > 0 then
    local examples, total = listing(damaged)
    report("damaged_text", total, "letters were lost: " .. examples)
  end
end

-- Values that differ only by letter case and spaces.
local function check_spellings(counts, _, report)
  local groups, cells, example = {}, 0, nil
  for i = 1, math.min(#counts, SPELLED) do
    local text = counts.value[i]
    local key = text:lower():gsub("%s+", " "):match("^%s*(.-)%s*$")
    local first = groups[key]
    if first and key ~= "" then
      cells = cells + counts.n[i]
      example = example or { first, text }
    else
      groups[key] = text
    end
  end
  if example then
    report("spellings", cells, ("spelled in several ways: %s and %s"):format(quoted(example[1]),
      quoted(example[2])), "trim() and replace { … }")
  end
end

--- Reports what is odd about a column of text; true when it holds numbers or dates.
function M.check(frame, c, report)
  local counts = distinct_texts(frame, c.name)
  if #counts == 0 then return end
  check_codes(counts, c, report)
  check_mangled(counts, c, report)
  local values = check_numbers(counts, c, report) or check_dates(counts, c, report)
  check_damaged(counts, c, report)
  check_spellings(counts, c, report)
  return values
end

--- Reports integers such as 20261130 that are all days of the last two centuries.
function M.check_packed_dates(frame, c, report)
  local x = c.numbers
  if not x or not x.min or x.min < 18000101 or x.max > 22001231 or c.distinct < 3 then return end
  local counts = distinct_texts(frame, c.name)
  if core.profile.count_times(counts.value, "%Y%m%d") == #counts then
    report("likely_dates", 0, "whole numbers that are dates of the form %Y%m%d",
      reading(c.name, "%Y%m%d"))
  end
end

return M
