-- The examples of the reference are true: every `@usage` of the files that src/tools/config.ld
-- lists is run, in the order of the pages, each with names of its own. An example that is an
-- expression must not give false.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local lfs = require("lfs")
local nn = cl.nn
local read_file = require("fixtures").read_file

-- The paths in config.ld are relative to src/tools.
local function public_files()
  local config = {}
  assert(loadfile("src/tools/config.ld", "t", config))()
  local files = {}
  for i, path in ipairs(config.file) do
    files[i] = path:gsub("^%.%./%.%./", ""):gsub("^%.%./", "src/")
  end
  return files
end

-- A line of a doc comment without what makes it one, or nil; the second value says that it ends.
local function comment_text(line, in_c)
  if not in_c then return line:match("^%-%-+ ?(.*)$"), false end
  local text, ends = line:gsub("%s*%*/%s*$", "")
  return text:match("^/%*%*%* ?(.*)$") or text:match("^ %* ?(.*)$") or text, ends > 0
end

-- Appends { where, text } for each @usage of a file.
local function collect(path, found)
  local in_c, number, current = path:match("%.c$") ~= nil, 0, nil
  for line in io.lines(path) do
    number = number + 1
    local text, ends = comment_text(line, in_c)
    local usage = text and text:match("^@usage ?(.*)$")
    if usage then
      current = { where = path .. ":" .. number, lines = { usage } }
      found[#found + 1] = current
    elseif not text or text:match("^@") then
      current = nil
    elseif current then
      current.lines[#current.lines + 1] = text
    end
    if ends then current = nil end
  end
end

describe("examples of the reference", function()
  local home, folder, ready = lfs.currentdir()

  -- What the examples may name besides `cl`, `core` and `nn`.
  local function names()
    local frame = cl.simulate("bank", { rows = 400, seed = 11 })
    local train, valid, test = frame:split { 0.5, 0.2, 0.3, stratify = "Exited", seed = 3 }
    local net = nn.sequential():dense(4, { activation = "relu" })
      :dense(1, { activation = "sigmoid" })
    local model = cl.fit(cl.prep():drop({ "Surname" }):impute():onehot():scale(), net, train,
      { valid = valid, epochs = 2, seed = 5 })
    local log = cl.from_table({ -- an event log
      { customer = "a", when = "2025-03-01", amount = 20, type = "order" },
      { customer = "a", when = "2025-05-20", amount = 35, type = "order" },
      { customer = "b", when = "2025-04-11", amount = 10, type = "visit" },
      { customer = "b", when = "2025-12-01", amount = 15, type = "order" },
    }, { types = { when = "date" } })
    assert(model:save("bank.churn"))
    assert(frame:write_csv("bank.csv"))
    return {
      cl = cl, core = core, nn = nn, frame = frame, train = train, valid = valid, test = test,
      log = log,
      compared = cl.crossval({ { name = "net", prep = cl.prep():drop({ "Surname" }):impute()
        :onehot():scale(), net = net, epochs = 2 }, cl.baseline.logistic() }, frame,
        { folds = 2, bootstrap = false, keep_models = true }),
      tuned = cl.tune({ lr = cl.tune.real { 1e-3, 1e-1, log = true } }, frame, { trials = 2,
        folds = 1, build = function(params)
          return { prep = cl.prep():drop({ "Surname" }):impute():onehot():scale(), net = net,
            epochs = 2, optimizer = nn.adam { lr = params.lr } }
        end }),
      policy = cl.policy.load("retention.lua", model), x = model:transform(test),
      y = test:labels(), p = model:score_frame(test):col("churn"),
      q = core.logistic.fit(model:transform(test), test:labels()):predict(model:transform(test)),
    }
  end

  -- Examples that change an object get one of their own; nothing is printed on the terminal.
  local function environment()
    local env = { prep = cl.prep(), net = nn.sequential(), model = cl.load("bank.churn") }
    function env.print(...)
      for i = 1, select("#", ...) do assert(type(tostring((select(i, ...)))) == "string") end
    end
    return setmetatable(env, { __index = function(_, key)
      if ready[key] ~= nil then return ready[key] end
      return _G[key]
    end })
  end

  setup(function()
    core.control.progress(false)
    local policy = read_file("examples/retention.lua")
    folder = os.tmpname()
    os.remove(folder)
    assert(lfs.mkdir(folder))
    assert(lfs.chdir(folder))
    local file = assert(io.open("retention.lua", "wb"))
    file:write(policy)
    file:close()
    ready = names()
  end)

  teardown(function()
    assert(lfs.chdir(home))
    for name in lfs.dir(folder) do os.remove(folder .. "/" .. name) end
    os.remove(folder)
  end)

  local found = {}
  for _, path in ipairs(public_files()) do collect(path, found) end

  it("are there", function()
    assert.is_true(#found > 80, #found .. " examples")
  end)

  for _, example in ipairs(found) do
    local text = table.concat(example.lines, "\n")
    it(example.where .. ": " .. text:match("[^\n]+"), function()
      local chunk = "=" .. example.where
      local env = environment()
      local run, message = load("return " .. text, chunk, "t", env)
      if not run then run, message = load(text, chunk, "t", env) end
      assert(run, message)
      assert.is_true(run() ~= false, example.where .. ": the example does not hold: " .. text)
    end)
  end
end)
