--- Callbacks for cl.fit: `callbacks = { nn.early_stop(), nn.cosine() }`. They end training,
-- change its learning rate, or write down where it is.
-- @module churnlab.nn.callbacks

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local part = require("churnlab.nn.part").new

local M = {}

--- Ends training when a figure no longer improves (Prechelt 1998).
-- @function nn.early_stop
-- @tparam[opt] table options `monitor` ("val_loss", "val_auc", "loss", or of one of several heads
-- "val_loss_<head>"), `patience` (10 epochs), `restore` (true: keep the best epoch's weights),
-- `min_delta` (0)
-- @treturn table
-- @usage nn.early_stop { monitor = "val_loss", patience = 15 }
function M.early_stop(options) return part("early_stop", "early_stop", "early_stop", options) end

--- Multiplies the learning rate by `factor` when a figure no longer improves.
-- @function nn.reduce_lr
-- @tparam[opt] table options `factor` (0.5), `patience` (5 epochs), `monitor` ("val_loss"),
-- `min_lr` (0), `cooldown` (0 epochs), `threshold` (1e-4, relative)
-- @treturn table
-- @usage nn.reduce_lr { factor = 0.3, patience = 4 }
function M.reduce_lr(options) return part("schedule", "reduce_lr", "reduce_lr", options) end

--- Multiplies the learning rate by `factor` after each `every` epochs.
-- @function nn.step_lr
-- @tparam table options `every` (epochs, required), `factor` (0.5)
-- @treturn table
-- @usage nn.step_lr { every = 10, factor = 0.5 }
function M.step_lr(options) return part("schedule", "step", "step_lr", options) end

--- Multiplies the learning rate by `factor` after each epoch.
-- @function nn.exponential_lr
-- @tparam[opt] table options `factor` (0.95)
-- @treturn table
-- @usage nn.exponential_lr { factor = 0.97 }
function M.exponential_lr(options)
  return part("schedule", "exponential", "exponential_lr", options)
end

--- Raises the learning rate in a line from 0 to its value over the first steps. Schedules multiply:
-- it goes with any other.
-- @function nn.warm_up
-- @tparam[opt] table options `share` of all steps (0.05)
-- @treturn table
-- @usage nn.warm_up { share = 0.1 }
function M.warm_up(options) return part("schedule", "warm_up", "warm_up", options) end

--- Lowers the learning rate from step to step along half a cosine (Loshchilov & Hutter 2017).
-- @function nn.cosine
-- @tparam[opt] table options `lowest`: the factor at the last epoch's end (0)
-- @treturn table
-- @usage nn.cosine { lowest = 0.01 }
function M.cosine(options) return part("schedule", "cosine", "cosine", options) end

--- Up to the learning rate and down again, as PyTorch's OneCycleLR (Smith & Topin 2018).
-- @function nn.one_cycle
-- @tparam[opt] table options `share` of the steps that rise (0.3), factors at the ends: `start`
-- (0.04) and `finish` (4e-6)
-- @treturn table
-- @usage nn.one_cycle { share = 0.2 }
function M.one_cycle(options) return part("schedule", "one_cycle", "one_cycle", options) end

--- Four cycles of the learning rate, each longer than the one before (RealMLP: Holzmüller,
-- Grinsztajn, Steinwart 2024).
-- @function nn.coslog4
-- @treturn table
-- @usage nn.coslog4()
function M.coslog4(options) return part("schedule", "coslog4", "coslog4", options) end

--- The full learning rate for half of the epochs, then along half a cosine to 0 (RealMLP).
-- @function nn.flat_cos
-- @treturn table
-- @usage nn.flat_cos()
function M.flat_cos(options) return part("schedule", "flat_cos", "flat_cos", options) end

--- Writes all that training needs to go on to the same weights after the process was killed:
-- weights, the optimizer's memory, schedules, early stopping and history of each net of an
-- ensemble. The file is replaced whole: it is never half written. The option `resume = path` of
-- cl.fit goes on, with the same data, net and options; another training is refused.
-- @function nn.checkpoint
-- @tparam table options `path`; `every` (10 epochs); `resume` (false): go on from the file when it
-- is there. In cross-validation the number of the fold is added to the path: "bank.ckpt.1"
-- @treturn table
-- @usage nn.checkpoint { path = "bank.ckpt", every = 5 }
function M.checkpoint(options)
  options = errors.options("checkpoint", options, { path = "string", every = "number",
    resume = "boolean" })
  local result = part("checkpoint", "checkpoint", "checkpoint", { path = options.path,
    every = options.every })
  result.resume = options.resume
  return result
end

--- Writes a line an epoch to a CSV file: member, epoch, lr, loss, val_loss, val_auc, and of a net
-- with several heads val_loss_<head> of each. Each line is written whole, so that a killed process
-- leaves a sound file. With `append`, and when training resumes, the lines that are there stay but
-- for those of epochs that are trained again; their columns must be the same.
-- @function nn.csv_log
-- @tparam table options `path`; `append` (false: the file is begun anew)
-- @treturn table
-- @usage nn.csv_log { path = "training.csv" }
function M.csv_log(options)
  options = errors.options("csv_log", options, { path = "string", append = "boolean" })
  if not options.path then errors.raise("csv_log: option 'path' is required") end
  return { kind = "csv_log", path = options.path, append = options.append }
end

return M
