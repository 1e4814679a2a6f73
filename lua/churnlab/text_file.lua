-- Text files that analysts and business teams write: policies and schemas.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local M = {}

--- The bytes of a file; a file that cannot be read raises.
-- @tparam string where the function, for messages
function M.read(where, path)
  if type(path) ~= "string" then
    errors.raise("%s: expected a path, got a %s", where, type(path))
  end
  local file, message = io.open(path, "rb")
  if not file then errors.raise("%s: %s", where, message) end
  local text = file:read("a")
  file:close()
  if not text then errors.raise("%s: %s: cannot be read", where, path) end
  return text
end

return M
