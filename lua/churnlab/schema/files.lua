-- Schemas and CSV files: how a file is read for a schema, and the lines of its rows.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

local TEXT = { string = true, category = true }

-- Options for read_csv: declared columns that the file has get the type of `kind_of`; columns
-- that are not declared are dropped when `drop`.
function M.read_options(schema, columns, options, kind_of, drop)
  local read = { types = {}, formats = {}, drop = {} }
  for key, value in pairs(options) do read[key] = read[key] or value end
  for _, name in ipairs(options.drop or {}) do read.drop[#read.drop + 1] = name end
  for _, name in ipairs(columns) do
    local spec = schema.by_name[name]
    if spec then
      read.types[name] = kind_of(spec)
      if not TEXT[read.types[name]] then read.formats[name] = spec.format end
    elseif drop then
      read.drop[#read.drop + 1] = name
    end
  end
  return read
end

-- The columns of a file. Standard input can be read only once, so its text comes along.
function M.look_into(path, options)
  if path ~= "-" then
    return core.frame.csv_columns(path, options.separator, options.header), nil
  end
  local text = io.read("a")
  local parse = { separator = options.separator, header = options.header }
  return core.frame.parse_csv(text, parse):columns(), text
end

function M.read(path, text, options)
  if text then return core.frame.parse_csv(text, options) end
  return core.frame.read_csv(path, options)
end

-- Gives the problems of a file their lines.
function M.add_lines(path, options, list, frame)
  local rows, seen = {}, {}
  local function add(row)
    if row and not seen[row] then
      seen[row], rows[#rows + 1] = true, row
    end
  end
  for _, problem in ipairs(list) do
    add(problem.row)
    add(problem.also)
  end
  if path == "-" or not rows[1] then return end
  table.sort(rows)
  local lines = core.frame.csv_lines(path, rows, #frame:columns() == 1, options.separator,
    options.header)
  local line_of = {}
  for i, row in ipairs(rows) do line_of[row] = lines[i] > 0 and lines[i] or nil end
  for _, problem in ipairs(list) do
    problem.line, problem.also_line = line_of[problem.row], line_of[problem.also]
  end
end

return M
