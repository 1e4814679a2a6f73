-- The frame verbs of frames_peers.py, which runs it and asks case by case: a line of standard input
-- names one, the answer is its seconds. "quit" ends.
--   churnlab tests/bench/frames_bench.lua big.csv small.csv
local cl = require("churnlab")
local core = require("churnlab.core")
local clock = core.control.clock

local types = { id = "i64", key = "i64", segment = "category", name = "string", n = "i64",
  a = "f64", b = "f64", c = "f64", day = "date", gappy = "f64" }
local big = cl.read_csv(arg[1], { types = types })
local small = cl.read_csv(arg[2], { types = { key = "i64", label = "string", weight = "f64" } })
local order = big:col("id")

local function group(...)
  local keys = { ... }
  return function()
    return big:group(keys):agg { sum = "sum(a)", mean = "mean(b)", most = "max(n)",
      rows = "count()" }
  end
end

local function sort(...)
  local keys = { ... }
  return function() return big:sort(keys) end
end

local function filter(condition)
  return function() return big:filter(condition) end
end

local function derive(expression)
  return function() return big:derive { new = expression } end
end

local cases = {
  ["group 10"] = group("segment"),
  ["group 100000"] = group("key"),
  ["group 1000000"] = group("id"),
  ["group 2 keys"] = group("segment", "n"),
  ["group strings"] = group("name"),
  ["join inner"] = function() return big:join(small, { on = "key" }) end,
  ["join left"] = function() return big:join(small, { on = "key", how = "left" }) end,
  ["sort i64"] = sort("id"),
  ["sort f64"] = sort("a"),
  ["sort string"] = sort("name"),
  ["sort 2 keys"] = sort("segment", "a"),
  ["filter 1 %"] = filter("c < 0.01"),
  ["filter 50 %"] = filter("c < 0.5"),
  ["filter 99 %"] = filter("c < 0.99"),
  ["take all rows"] = function() return big:take(order) end,
  ["distinct key"] = function() return big:distinct("key") end,
  ["distinct 2 keys"] = function() return big:distinct("segment", "n") end,
  ["distinct rows"] = function() return big:distinct() end,
  ["filter and"] = filter("a > 0.5 and b < 0.3"),
  ["derive compare"] = derive("a > 0.5 and b < 0.3"),
  ["derive arithmetic"] = derive("a * b + c"),
  ["derive integers"] = derive("n * 3 - id"),
  ["derive log"] = derive("log(c + 1) / b"),
  ["derive text =="] = derive("name == 'C10000077'"),
  ["derive level =="] = derive("segment == 'segment 3'"),
  ["derive if_else"] = derive("if_else(a > 0.5, b, c)"),
  ["derive is_na"] = derive("is_na(gappy)"),
  ["derive lag"] = function()
    return big:group("segment"):order("id"):derive { new = "lag(a)" }
  end,
  ["derive cumsum"] = function()
    return big:group("key"):order("id"):derive { new = "cumsum(a)" }
  end,
}

io.stdout:setvbuf("no")
print(core.control.threads())
for name in io.lines() do
  if name == "quit" then break end
  collectgarbage()
  local start = clock()
  local result = cases[name]()
  print(("%.9f %d"):format(clock() - start, #result))
end
