--- One function for every kind of file.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local frames = require("churnlab.frame")

local M = {}

local column_options = { target = "string", positive = "string|number|boolean|table", id = "string",
  time = "string", personal = "table|string", drop = "table|string" }

local function read_columns(path, options)
  options = errors.options(path .. ": a column file", options, column_options)
  local frame = frames.read_columns(path)
  if options.drop then frame = frame:drop(options.drop) end
  local roles, given = {}, false
  for _, role in ipairs { "target", "positive", "id", "time", "personal" } do
    roles[role] = options[role]
    given = given or options[role] ~= nil
  end
  return given and frame:with_roles(roles) or frame
end

--- Reads a file by what it is: a column file by its first bytes, `.jsonl` and `.jsonl.gz` as
-- JSON lines, everything else as CSV.
-- @function cl.read
-- @tparam string path "-" is standard input (CSV)
-- @tparam[opt] table options as in `cl.read_csv`; for a column file only `target`, `positive`,
-- `id`, `time`, `personal` and `drop`, because it knows its types
-- @treturn Frame
-- @raise as `cl.read_csv` and `cl.read_columns`
-- @usage
-- frame:write_columns("bank.columns")
-- assert(#cl.read("bank.columns") == #cl.read("bank.csv"))
function M.read(path, options)
  if type(path) == "string" and core.frame.is_columns(path) then
    return read_columns(path, options)
  elseif type(path) == "string" and (path:match("%.jsonl$") or path:match("%.jsonl%.gz$")) then
    return require("churnlab.frame.jsonl").read_jsonl(path, options)
  end
  return frames.read_csv(path, options)
end

return M
