-- Calls into the core whose errors are reported as part of another message: the position of
-- the Lua caller, which the core puts in front, is left out.
-- SPDX-License-Identifier: MIT
local M = {}

--- f(…) → its result, or nil and the bare message. A coroutine has no callers outside the
-- library, so the core finds none to name.
function M.try(f, ...)
  local ok, result = coroutine.resume(coroutine.create(f), ...)
  if ok then return result end
  return nil, tostring(result)
end

return M
