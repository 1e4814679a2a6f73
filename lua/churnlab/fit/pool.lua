-- Many fits, whose nets are trained in one pool of threads. What a model becomes depends on its
-- own job alone, so neither the pool nor the number of threads changes a bit.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local files = require("churnlab.fit.files")
local fit = require("churnlab.fit")

local M = {}

M.MEMORY = 1 << 30 -- bytes of encoded rows that are held at one time

local function bytes_of(x) return x and x:rows() * x:cols() * 8 or 0 end

-- Prepares jobs from `first` on until the memory is full; at least one.
local function prepare(jobs, first, logs)
  local states, tasks, bytes = {}, {}, 0
  for i = first, #jobs do
    local job = jobs[i]
    local options = files.own(job.options, i, #jobs, logs)
    local state = errors.within(job.where, fit.prepare, job.prep, job.net, job.train, options)
    state.task.first_member = job.first_member
    states[#states + 1], tasks[#tasks + 1] = state, state.task
    bytes = bytes + bytes_of(state.task.x) + bytes_of(state.task.valid_x)
    if bytes >= M.MEMORY then break end
  end
  return states, tasks
end

-- Nets of the jobs that are not prepared yet.
local function nets_after(jobs, done)
  local nets = 0
  for i = done + 1, #jobs do nets = nets + (jobs[i].options.ensemble or 1) end
  return nets
end

-- f(log) → whether this net's share of the time until the deadline is over. Nets that come last,
-- `later` ones in batches to come, get as much as those that come first.
local function timer(states, later, deadline)
  local nets, started = later, {}
  for _, state in ipairs(states) do nets = nets + state.task.members end
  local clock = core.control.clock
  local share = (deadline.at - clock()) * math.min(core.control.threads(), nets) / nets
  return function(log)
    local key = log.task << 16 | log.member
    started[key] = started[key] or clock()
    if clock() - started[key] < share and clock() < deadline.at then return false end
    deadline.cut = true
    return true
  end
end

-- One callback for all tasks: their own ones, which are told the number of the job, and the end of
-- the time.
local function callback(states, jobs, before, deadline)
  local later = deadline and nets_after(jobs, before + #states)
  local any, over = deadline ~= nil, deadline and timer(states, later, deadline)
  for _, state in ipairs(states) do any = any or state.on_epoch ~= nil end
  if not any then return nil end
  return function(epoch, log)
    local own = states[log.task].on_epoch
    local answer
    if over and over(log) then answer = false end
    log.task = before + log.task
    if own and own(epoch, log) == false then answer = false end
    return answer
  end
end

--- Fits all jobs.
-- @tparam {table,...} jobs { where (for messages), prep, net, train, options (as of cl.fit),
--   first_member, bare }
-- @tparam[opt] table deadline { at = clock }: nets end after the epoch in which their share of the
--   time until then is over, and `cut` is set
-- @treturn {Model,...}
-- @treturn {table,...} histories
function M.run(jobs, deadline)
  local models, histories, logs = {}, {}, {}
  while #models < #jobs do
    local states, tasks = prepare(jobs, #models + 1, logs)
    local nets, trained = core.net.train { tasks = tasks,
      on_epoch = callback(states, jobs, #models, deadline) }
    for i, state in ipairs(states) do
      local at = #models + 1
      histories[at] = trained[i]
      models[at] = fit.finish(state, nets[i], trained[i], jobs[at].bare)
    end
  end
  return models, histories
end

return M
