-- Runs busted inside the churnlab program (Debian's `busted` command starts Lua 5.1).
--   churnlab tests/lua/run.lua [spec files or folders]
-- Ends with the line "N passed, N failed" (tests/lua/output.lua).
local specs = #arg > 0 and { table.unpack(arg) } or { "tests/lua" }
package.path = "tests/lua/?.lua;" .. package.path
local options = { "--pattern=_spec", "--output=tests/lua/output.lua" }
_G.arg = { [0] = "tests/lua/run.lua", table.unpack(table.move(specs, 1, #specs, 3, options)) }
require("busted.runner")({ standalone = false })
