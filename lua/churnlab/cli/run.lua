-- churnlab run script.lua [arguments]
-- SPDX-License-Identifier: MIT
local M = { summary = "run a Lua script" }

function M.run(arguments)
  local cli = require("churnlab.cli")
  local path = table.remove(arguments, 1)
  if not path then cli.fail(2, "run: expected a script (churnlab run script.lua [arguments])") end
  if path == "-h" or path == "--help" then
    print("usage: churnlab run script.lua [arguments]\n\n"
      .. "Example: churnlab run examples/bank.lua --data bank.csv")
    return 0
  end
  cli.run_script(path, arguments)
  return 0
end

return M
