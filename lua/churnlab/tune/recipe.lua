-- The search space around the default recipe: a shallow net on piecewise linear inputs, as
-- `churnlab tune` searches it.
--
-- Ranges: bins, least rows a leaf and least gain after Gorishniy, Rubachev, Babenko 2022 ("On
-- embeddings for numerical features", tree-based bins); layers, dropout, weight decay and learning
-- rate after Gorishniy, Kotelnikov, Babenko 2025 (TabM), but at most two layers of 384 units, so
-- that a trial on 10,000 rows takes seconds. AdamW or Muon: the follow-up of TabM on optimizers.
-- SPDX-License-Identifier: MIT
local dimensions = require("churnlab.tune.dimension")
local spaces = require("churnlab.tune.space")

local M = {}

--- The space, as cl.tune takes it.
function M.space()
  local real, int, choice = dimensions.real, dimensions.int, dimensions.choice
  local trees = { bins = "tree" }
  return {
    bins = choice { "tree", "quantile" },
    max_bins = int { 2, 128, log = true },
    min_rows = spaces.conditional { int { 1, 128, log = true }, when = trees },
    min_gain = spaces.conditional { real { 1e-6, 1e-2, log = true }, when = trees },
    layers = int { 1, 2 },
    units = int { 32, 384, log = true },
    has_dropout = choice { false, true },
    dropout = spaces.conditional { real { 0.05, 0.5 }, when = { has_dropout = true } },
    has_decay = choice { false, true },
    decay = spaces.conditional { real { 1e-4, 1e-1, log = true }, when = { has_decay = true } },
    optimizer = choice { "adamw", "muon" },
    lr = real { 1e-4, 5e-3, log = true },
    muon_lr = spaces.conditional { real { 1e-3, 3e-2, log = true },
      when = { optimizer = "muon" } },
    batch = choice { 128, 256, 512 },
  }
end

local function prep_of(p)
  return require("churnlab.prep").new()
    :impute { numeric = "median", category = "<missing>", flag = true }
    :quantile():piecewise { bins = p.bins, max_bins = p.max_bins, min_rows = p.min_rows,
      min_gain = p.min_gain }
    :onehot { unseen = "other" }
end

local function net_of(p, classes)
  local net = require("churnlab.nn").sequential()
  for _ = 1, p.layers do
    net:dense(p.units, { activation = "relu" })
    if p.dropout then net:dropout(p.dropout) end
  end
  return net:dense(classes or 1, { activation = classes and "softmax" or "sigmoid" })
end

local function optimizer_of(p)
  local nn, decay = require("churnlab.nn"), p.decay or 0
  if p.optimizer == "adamw" then return nn.adamw { lr = p.lr, weight_decay = decay } end
  return nn.muon { lr = p.muon_lr, adam_lr = p.lr, weight_decay = decay }
end

--- What a point builds: prep, net and how to train it.
-- @tparam ?integer classes of the target; nil = two outcomes
-- @treturn function params → model, as `cl.tune` takes it
function M.builder(classes)
  return function(p)
    return { prep = prep_of(p), net = net_of(p, classes), options = {
      optimizer = optimizer_of(p), batch = p.batch, epochs = 100, clip_norm = 1,
      callbacks = { require("churnlab.nn").early_stop { monitor = "val_loss", patience = 16 } },
    } }
  end
end

return M
