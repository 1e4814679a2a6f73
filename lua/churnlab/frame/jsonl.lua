--- JSON lines: an object a line.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
require("churnlab.frame")

local M = {}

--- Reads JSON lines; "-" is standard input, gzip is unpacked, several files as in `cl.read_csv`.
-- A key is a column, in the order in which the keys first occur; what an object lacks, and null, is
-- missing. Integers keep 64 bits; texts that are all dates or timestamps become those, else a
-- category or strings as in `cl.read_csv`. Texts never become numbers without `types`.
-- @function cl.read_jsonl
-- @tparam string|{string,...} path
-- @tparam[opt] table options
--
--   - `target`, `positive`, `id`, `time`, `personal`: roles as in `cl.read_csv`
--   - `types`: `{ key = "f64" | … }`
--   - `drop`: a list of keys to leave out
--   - `nested`: "error" (the default) or "text": lists and objects are kept as JSON text
-- @treturn Frame
-- @raise with file, line and key, such as
-- `log.jsonl:7: key 'plan': expected a number as in the rows before, got a string`
-- @usage
-- assert(frame:write_jsonl("bank.jsonl"))
-- local bank = cl.read_jsonl("bank.jsonl", { target = "Exited" })
-- assert(#bank == #frame)
function M.read_jsonl(path, options)
  local reading, roles, given = {}, {}, false
  for name, value in pairs(errors.table("read_jsonl", options)) do
    if name == "target" or name == "positive" or name == "id" or name == "time"
      or name == "personal" then
      roles[name], given = value, true
    else
      reading[name] = value
    end
  end
  local frame = core.frame.read_jsonl(path, reading)
  return given and frame:with_roles(roles) or frame
end

return M
