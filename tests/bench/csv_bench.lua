-- One timed read (or write) of a CSV file, for csv_peers.py: prints the seconds.
--   churnlab csv_bench.lua read FILE | write FILE TO
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")

local action, path, to = arg[1], arg[2], arg[3]
core.control.threads(tonumber(os.getenv("THREADS") or 2))
local start = core.control.clock()
local frame = cl.read_csv(path)
if action == "write" then
  start = core.control.clock()
  assert(frame:write_csv(to))
end
print(core.control.clock() - start)
