-- SPDX-License-Identifier: MIT
-- Many fits in one pool, in several batches where the memory is small: checkpoints, logs, numbers.
local cl = require("churnlab")
local core = require("churnlab.core")
local with_threads = require("fixtures").with_threads
local pool = require("churnlab.fit.pool")
local nn = cl.nn

local JOBS, EPOCHS = 5, 6

local function customers(seed) return cl.simulate("bank", { rows = 120, seed = seed }) end

local function hashes(models)
  local list = {}
  for i, model in ipairs(models) do list[i] = model:hash() end
  return list
end

describe("a pool of fits", function()
  local memory, path, log_path = pool.MEMORY, nil, nil

  before_each(function()
    path, log_path = os.tmpname(), os.tmpname()
    os.remove(path)
  end)
  after_each(function()
    pool.MEMORY = memory
    os.remove(log_path)
    for i = 1, JOBS do os.remove(("%s.%d"):format(path, i)) end
  end)

  -- `callbacks` but for one that ends the work like a kill, in this job after this epoch.
  local function run(changes, stop_job, stop_epoch, deadline)
    local options = { epochs = EPOCHS, batch = 32, seed = 3 }
    for key, value in pairs(changes) do options[key] = value end
    options.callbacks = { table.unpack(changes.callbacks or {}) }
    table.insert(options.callbacks, function(epoch, log)
      if log.task == stop_job and epoch == stop_epoch then error("killed") end
    end)
    local net = nn.sequential():dense(4, { activation = "tanh" })
      :dense(1, { activation = "sigmoid" })
    local jobs = {}
    for i = 1, JOBS do
      jobs[i] = { where = "job " .. i, prep = cl.prep():impute():onehot():scale(), net = net,
        train = customers(i), options = options }
    end
    return pool.run(jobs, deadline)
  end

  local function exists(i)
    local file <close> = io.open(("%s.%d"):format(path, i))
    return file ~= nil
  end

  -- Two jobs a batch: the encoded rows of one are less than the memory.
  local function small_memory()
    local x = cl.prep():impute():onehot():scale():fit_transform(customers(1))
    pool.MEMORY = x:rows() * x:cols() * 8 + 1
  end

  local function each_epoch_once()
    local seen, count = {}, 0
    for task, epoch in io.open(log_path):read("a"):gmatch("\n(%d+),1,(%d+),") do
      assert.is_nil(seen[task .. "/" .. epoch])
      seen[task .. "/" .. epoch], count = true, count + 1
    end
    assert.are.equal(JOBS * EPOCHS, count)
  end

  it("trains the same models in several batches, which it numbers through", function()
    local whole = hashes((run {}))
    small_memory()
    local tasks = {}
    local models, histories = run { callbacks = { function(_, log) tasks[log.task] = true end } }
    assert.are.same(whole, hashes(models))
    assert.are.equal(JOBS, #tasks)
    assert.are.equal(JOBS, #histories)
  end)

  it("goes on to the same models wherever it was interrupted", function()
    local whole = hashes((run {}))
    small_memory()
    for _, stop in ipairs { { 1, 4 }, { 3, 4 }, { 5, 5 } } do
      for i = 1, JOBS do os.remove(("%s.%d"):format(path, i)) end
      os.remove(log_path)
      local callbacks = { nn.checkpoint { path = path, every = 2 },
        nn.csv_log { path = log_path } }
      local ok, message = pcall(run, { callbacks = callbacks }, table.unpack(stop))
      assert.is_false(ok)
      assert.matches("killed", message)
      assert.is_false(exists(JOBS) and stop[1] < 5)
      callbacks = { nn.checkpoint { path = path, every = 2 }, nn.csv_log { path = log_path } }
      assert.are.same(whole, hashes((run { resume = path, callbacks = callbacks })))
      each_epoch_once()
    end
  end)

  it("goes on when the script is run again", function()
    local whole = hashes((run {}))
    small_memory()
    local function again(...)
      return run({ callbacks = { nn.checkpoint { path = path, every = 2, resume = true },
        nn.csv_log { path = log_path } } }, ...)
    end
    assert.is_false(pcall(again, 3, 4))
    assert.are.same(whole, hashes((again())))
    each_epoch_once()
  end)

  it("gives the nets of each batch the same share of the time", function()
    small_memory()
    local control, now = core.control, 0
    local clock = control.clock
    control.clock = function() -- a second a look
      now = now + 1
      return now
    end
    finally(function() control.clock = clock end)
    local deadline = { at = 200 }
    local _, histories = with_threads(1, function()
      return run({ epochs = 1000 }, nil, nil, deadline)
    end)
    assert.is_true(deadline.cut)
    assert.is_true(now >= 180 and now <= 220)
    for _, history in ipairs(histories) do
      local epochs = #history.members[1]
      assert.is_true(epochs >= 15 and epochs <= 25, epochs)
    end
  end)

  it("needs a file of one job at least to go on", function()
    local ok, message = pcall(run, { resume = path })
    assert.is_false(ok)
    assert.matches("No such file", message)
  end)
end)
