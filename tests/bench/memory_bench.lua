-- What tests/bench/memory_bench.py runs in a process of its own: churnlab memory_bench.lua TASK …
-- Prints one line: seconds, and the peak of resident memory in bytes.
local cl = require("churnlab")
local clock = require("churnlab.core").control.clock

local function peak()
  for line in io.lines("/proc/self/status") do
    local kilobytes = line:match("^VmHWM:%s*(%d+) kB")
    if kilobytes then return tonumber(kilobytes) * 1024 end
  end
end

local columns = arg[2]
local tasks = {
  -- a table of 14 columns, as CSV and as column file
  make = function() assert(cl.read_csv(arg[3]):write_columns(columns)) end,
  open = function() return cl.read_columns(columns) end,
}

-- Verbs on the mapped table; the peak counts its pages as well.
local verbs = {
  filter = function(frame) return frame:filter("x0 > 0") end,
  sort = function(frame) return frame:sort("x1") end,
  group = function(frame)
    return frame:group("k0", "g"):agg { n = "count()", m = "mean(x0)", s = "std(x1)" }
  end,
  join = function(frame)
    return frame:join(frame:group("k1"):agg { total = "sum(x0)" }, { on = "k1" })
  end,
}
for name, verb in pairs(verbs) do
  tasks[name] = function() return verb(cl.read_columns(columns)) end
end

local task = tasks[arg[1]]
local best = math.huge
for _ = 1, arg[1] == "open" and 7 or 1 do
  local start = clock()
  task()
  best = math.min(best, clock() - start)
  collectgarbage()
end
print(("%.6f %d"):format(best, peak()))
