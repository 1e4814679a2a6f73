-- The models that the default recipe tries; inner cross-validation weighs them.
--
-- - `shallow`: one hidden layer of 221 ReLU units, AdamW with learning rate 1.5e-3 and weight decay
--   3.3e-4: the tuned "MLP-T" of Gorishniy, Rubachev, Babenko 2022 (arXiv 2203.05556); dropout 0.2.
-- - `additive`: a logistic regression on the binned columns, fitted exactly: a smooth scorecard.
-- - `tabm`: TabM (Gorishniy, Kotelnikov, Babenko 2024, arXiv 2410.24210) with the defaults of its
--   package, AdamW with weight decay 3e-4 and dropout 0.1, but 8 copies of one layer of 64, since
--   the binned columns are few and the folds make an ensemble already; its learning rate, 3e-3, is
--   the upper end of their search space: on inner folds 16 copies or 2e-3 were as good and two to
--   four times slower.
--
-- Batches of 256, gradients of norm 1 at most and the early stop with patience 16 are TabM's; for
-- fewer than 1,024 and more than 30,000 rows batches are those of RealMLP (Holzmüller, Grinsztajn,
-- Steinwart 2024).
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local features = require("churnlab.auto.features")
local linear = require("churnlab.fit.linear")
local target = require("churnlab.fit.target")
local nn = require("churnlab.nn")

local M = {}

local EPOCHS, PATIENCE, CLIP = 200, 16, 1
local UNITS, COPIES, NARROW = 221, 8, 64
local L2 = 1

-- The exact solver of logistic regressions is cubic in the encoded columns times the classes.
local EXACT_UNKNOWNS = 512

local function batch_of(rows)
  for _, step in ipairs { { 1024, 64 }, { 30000, 256 }, { 100000, 512 } } do
    if rows <= step[1] then return step[2] end
  end
  return 1024
end

--- Whether that many encoded columns are few enough for the exact solver.
-- @tparam integer columns
-- @tparam ?{string,...} classes of the target
function M.is_exact(columns, classes)
  return columns * (classes and #classes or 1) <= EXACT_UNKNOWNS
end

local function shallow(classes)
  return nn.sequential():dense(UNITS, { activation = "relu" }):dropout(0.2)
    :dense(classes and #classes or 1, { activation = classes and "softmax" or "sigmoid" })
end

local function tabm(classes)
  return nn.tabm { k = COPIES, units = { NARROW }, dropout = 0.1,
    outputs = classes and #classes or 1 }
end

-- A net that stops early on the held-out rows: a job for churnlab.fit.pool.
local function net_job(net, optimizer, loss)
  return function(prep, train, valid, setup)
    return { prep = prep, net = net, train = train, bare = true, first_member = setup.number,
      options = { valid = valid, loss = loss, optimizer = optimizer, epochs = EPOCHS,
        batch = batch_of(#train), clip_norm = CLIP, seed = setup.seed, ensemble = setup.members,
        callbacks = { nn.early_stop { monitor = "val_loss", patience = PATIENCE } } } }
  end
end

-- A logistic regression on the binned columns, or nil where they are too many.
local function additive_of(classes)
  return function(prep, train)
    local own, part = prep:clone(), { frame = train }
    part.x = own:fit_transform(train)
    if not M.is_exact(part.x:cols(), classes) then return nil end
    target.label(part, classes ~= nil)
    return core.model.new(own, { linear.logistic(part, { l2 = L2 }) }, train, 0)
  end
end

-- Floating-point operations of one net's training: three products of two operations a weight.
local function work(weights, epochs)
  return function(rows) return 6.0 * weights * rows * (rows <= 2000 and EPOCHS or epochs) end
end

--- The models in the order in which they are tried.
-- @tparam table found columns, of features.find
-- @tparam integer columns how many are encoded
-- @tparam Outcomes outcomes of the target
-- @treturn {table,...} each with `name`, `prep`, and `job(prep, train, valid, setup)` of a net with
--   `work(rows)` → about how many operations it takes, or `fit(prep, train)` → Model or nil
function M.list(found, columns, outcomes)
  local prep, classes = features.prep(found, true), outcomes.classes
  local loss = classes and nn.cross_entropy() or nn.bce()
  local ends = classes and #classes or 0 -- weights a unit on the way out, where they count
  return {
    { name = "shallow", prep = prep, work = work(UNITS * (columns + ends), 60),
      job = net_job(shallow(classes), nn.adamw { lr = 1.5e-3, weight_decay = 3.3e-4 }, loss) },
    { name = "additive", prep = prep, fit = additive_of(classes) },
    { name = "tabm", prep = prep, work = work(COPIES * NARROW * (columns + ends), 80),
      job = net_job(tabm(classes), nn.adamw { lr = 3e-3, weight_decay = 3e-4 }, loss) },
  }
end

return M
