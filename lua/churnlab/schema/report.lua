-- What a validation found: prints itself, tells whether all is well, and goes into JSON.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local Report = { __name = "churnlab.SchemaReport" }
Report.__index = Report

--- A report.
-- @tparam table facts file (or nil), schema (its name), rows, columns
-- @tparam {table,...} problems the first ones
-- @tparam {table,...} counts of all
function M.new(facts, problems, counts)
  local total = 0
  for _, count in ipairs(counts) do total = total + count.count end
  return setmetatable({ file = facts.file, schema = facts.schema, rows = facts.rows,
    columns = facts.columns, count = total, counts = counts, problems = problems }, Report)
end

local function thousands(n)
  local text = ("%d"):format(n):reverse():gsub("(%d%d%d)", "%1,"):reverse()
  return (text:gsub("^,", ""))
end

local function counted(n, noun)
  return ("%s %s%s"):format(thousands(n), noun, n == 1 and "" or "s")
end

local function place(report, problem)
  local file = report.file
  if problem.line then return ("%s:%d: "):format(file, problem.line) end
  local row = problem.row and ("row %d: "):format(problem.row) or ""
  return (file and file .. ": " or "") .. row
end

local function subject(item)
  return item.check and ("check '%s'"):format(item.check) or ("column '%s'"):format(item.column)
end

--- A problem as one line: "bank.csv:118: column 'Age': expected an integer, got "n/a"".
function M.line(report, problem)
  local also = problem.also_line and (" (as in line %d)"):format(problem.also_line)
    or problem.also and (" (as in row %d)"):format(problem.also) or ""
  return ("%s%s: expected %s, got %s%s"):format(place(report, problem), subject(problem),
    problem.expected, problem.got, also)
end

--- Whether nothing is wrong.
function Report:ok() return self.count == 0 end

--- The report as plain data: { ok, file, schema, rows, columns, count, counts, problems }.
function Report:to_table()
  return { ok = self:ok(), file = self.file, schema = self.schema, rows = self.rows,
    columns = self.columns, count = self.count, counts = self.counts, problems = self.problems }
end

--- The same as JSON text.
function Report:to_json() return core.json.encode(self:to_table()) end

function Report:__tostring()
  local size = ("%s × %s"):format(counted(self.rows, "row"), counted(self.columns, "column"))
  local name = self.file or "the frame"
  if self:ok() then return ("%s: fits schema %s (%s)"):format(name, self.schema, size) end
  local lines = { ("%s: %s (%s)"):format(name, counted(self.count, "problem"), size) }
  for _, problem in ipairs(self.problems) do
    lines[#lines + 1] = "  " .. M.line(self, problem)
  end
  if self.count > #self.problems then
    lines[#lines + 1] = ("  … and %s more"):format(thousands(self.count - #self.problems))
  end
  if self.count > #self.problems then
    lines[#lines + 1] = "in all:"
    for _, item in ipairs(self.counts) do
      lines[#lines + 1] = ("  %s: %s: %s"):format(subject(item), item.kind,
        thousands(item.count))
    end
  end
  return table.concat(lines, "\n")
end

return M
