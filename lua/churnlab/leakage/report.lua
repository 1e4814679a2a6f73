--- What a leak check found, as people and programs read it.
-- @module churnlab.leakage

-- SPDX-License-Identifier: MIT
local width = require("churnlab.frame.print").width

local M = {}

local Report = {}
Report.__index = Report
Report.__name = "churnlab.LeakReport"

local RANK = { leak = 1, suspect = 2, notice = 3 }

--- A report of findings, the worst first, otherwise in the order given.
-- @local
-- @tparam {table,...} findings { severity =, check =, column =, evidence = }
-- @tparam string checked one line: what was looked at
function M.new(findings, checked)
  for i, finding in ipairs(findings) do finding.order = i end
  table.sort(findings, function(a, b)
    if a.severity ~= b.severity then return RANK[a.severity] < RANK[b.severity] end
    return a.order < b.order
  end)
  for _, finding in ipairs(findings) do finding.order = nil end
  return setmetatable({ findings = findings, checked = checked }, Report)
end

--- What `cl.leakage.check` and `cl.leakage.poison` give: `findings` is a list, the worst first;
-- `tostring` is a table of them.
-- @type LeakReport

--- True when nothing is a leak; suspicions and notices are for people to judge.
-- @function LeakReport:ok
-- @treturn boolean
-- @usage cl.leakage.check(train):ok() == true
function Report:ok()
  return self:count("leak") == 0
end

--- How many findings have this severity.
-- @function LeakReport:count
-- @tparam string severity "leak", "suspect" or "notice"
-- @treturn integer
-- @usage cl.leakage.check(train):count("leak") == 0
function Report:count(severity)
  local n = 0
  for _, finding in ipairs(self.findings) do
    if finding.severity == severity then n = n + 1 end
  end
  return n
end

--- The report as plain data: `ok`, `checked`, `findings` (a list of `severity`, `check`, `column`
-- and `evidence`, and what else a check knows).
-- @function LeakReport:to_table
-- @treturn table
-- @usage for _, finding in ipairs(cl.leakage.check(train):to_table().findings) do
--   print(finding.severity, finding.check, finding.column, finding.evidence)
-- end
function Report:to_table()
  return { ok = self:ok(), checked = self.checked, findings = self.findings }
end

local function pad(text, to) return text .. (" "):rep(to - width(text)) end

local function plural(n, word) return ("%d %s%s"):format(n, word, n == 1 and "" or "s") end

function Report:__tostring()
  local lines, widths = {}, { 0, 0, 0 }
  for i, finding in ipairs(self.findings) do
    local cells = { finding.severity, finding.check, finding.column or "" }
    for k, cell in ipairs(cells) do widths[k] = math.max(widths[k], width(cell)) end
    lines[i] = cells
  end
  for i, cells in ipairs(lines) do
    for k, cell in ipairs(cells) do cells[k] = pad(cell, widths[k]) end
    lines[i] = ("%s  %s"):format(table.concat(cells, "  "), self.findings[i].evidence)
  end
  local summary = self.checked .. ": "
  if #self.findings == 0 then
    summary = summary .. "nothing found"
  else
    local parts = {}
    for _, severity in ipairs { "leak", "suspect", "notice" } do
      local n = self:count(severity)
      if n > 0 then parts[#parts + 1] = plural(n, severity) end
    end
    summary = summary .. table.concat(parts, ", ")
  end
  table.insert(lines, 1, summary)
  return table.concat(lines, "\n")
end

return M
