-- The models that the default recipe tries; inner cross-validation weighs them.
--
-- - `additive`: a logistic regression on the binned columns, fitted exactly: a smooth scorecard.
-- - `shallow`: one hidden layer of 221 ReLU units, AdamW with learning rate 1.5e-3 and weight decay
--   3.3e-4: the tuned "MLP-T" of Gorishniy, Rubachev, Babenko 2022 (arXiv 2203.05556); dropout 0.2,
--   gradient norm at most 1, early stop with patience 16: the settings of TabM (Gorishniy,
--   Kotelnikov, Babenko 2024, arXiv 2410.24210).
-- - `muon`: the same net by Muon (Jordan et al. 2024), which their follow-up on optimizers for
--   tabular nets found ahead of AdamW.
-- - `deep`: two hidden layers of 128 with dropout 0.3, small in their range for nets on binned
--   columns.
--
-- Batches grow with the rows as in RealMLP (Holzmüller, Grinsztajn, Steinwart 2024).
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local features = require("churnlab.auto.features")
local nn = require("churnlab.nn")

local M = {}

local EPOCHS, PATIENCE, CLIP = 200, 16, 1
local L2 = 1

M.EXACT_COLUMNS = 512 -- the exact solver of logistic regressions is cubic in the encoded columns

local function batch_of(rows)
  for _, step in ipairs { { 1024, 64 }, { 8192, 128 }, { 30000, 256 }, { 100000, 512 } } do
    if rows <= step[1] then return step[2] end
  end
  return 1024
end

local function hidden(units, layers, dropout)
  local net = nn.sequential()
  for _ = 1, layers do net:dense(units, { activation = "relu" }):dropout(dropout) end
  return net:dense(1, { activation = "sigmoid" })
end

local function adamw() return nn.adamw { lr = 1.5e-3, weight_decay = 3.3e-4 } end
local function muon()
  return nn.muon { lr = 5e-3, adam_lr = 1.5e-3, weight_decay = 3.3e-4 }
end

-- A net that stops early on the held-out rows: a job for churnlab.fit.pool.
local function net_job(net, optimizer)
  return function(prep, train, valid, setup)
    return { prep = prep, net = net, train = train, bare = true, first_member = setup.number,
      options = { valid = valid, loss = nn.bce(), optimizer = optimizer, epochs = EPOCHS,
        batch = batch_of(#train), clip_norm = CLIP, seed = setup.seed, ensemble = setup.members,
        callbacks = { nn.early_stop { monitor = "val_loss", patience = PATIENCE } } } }
  end
end

-- A logistic regression on the binned columns, or nil where they are too many.
local function additive(prep, train)
  local own = prep:clone()
  local x = own:fit_transform(train)
  if x:cols() > M.EXACT_COLUMNS then return nil end
  local weights, intercept = core.logistic.fit(x, train:labels(), { l2 = L2 }):weights()
  local net = core.net.new({ layers = { { type = "dense", units = 1, activation = "sigmoid" } } },
    #weights)
  local names = net:tensors()
  net:set_tensor(names[1], weights):set_tensor(names[2], { intercept })
  return core.model.new(own, { net }, train, 0)
end

--- The models in the order in which they are tried.
-- @tparam table found columns, of features.find
-- @treturn {table,...} each with `name`, `prep`, and `job(prep, train, valid, setup)` of a net or
--   `fit(prep, train)` → Model or nil
function M.list(found)
  local prep = features.prep(found, true)
  return {
    { name = "shallow", prep = prep, job = net_job(hidden(221, 1, 0.2), adamw()) },
    { name = "additive", prep = prep, fit = additive },
    { name = "muon", prep = prep, job = net_job(hidden(221, 1, 0.2), muon()) },
    { name = "deep", prep = prep, job = net_job(hidden(128, 2, 0.3), adamw()) },
  }
end

return M
