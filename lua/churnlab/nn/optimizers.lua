--- Optimizers for cl.fit: `optimizer = nn.adam { lr = 1e-3 }`. Defaults are PyTorch's unless said
-- otherwise; weight decay is decoupled and spares biases and norms.
-- @module churnlab.nn.optimizers

-- SPDX-License-Identifier: MIT
local part = require("churnlab.nn.part").new

local M = {}

--- Adam (Kingma & Ba 2015).
-- @function nn.adam
-- @tparam[opt] table options `lr` (1e-3), `beta1` (0.9), `beta2` (0.999), `eps` (1e-8)
-- @treturn table
-- @usage nn.adam { lr = 1e-3 }
function M.adam(options) return part("optimizer", "adam", "adam", options) end

--- AdamW: Adam with decoupled weight decay (Loshchilov & Hutter 2019).
-- @function nn.adamw
-- @tparam[opt] table options as `nn.adam`, and `weight_decay` (0.01)
-- @treturn table
-- @usage nn.adamw { lr = 1e-3, weight_decay = 0.01 }
function M.adamw(options) return part("optimizer", "adamw", "adamw", options) end

--- Stochastic gradient descent. Its momentum is Polyak's (1964) or, with `nesterov`, Nesterov's as
-- in Sutskever et al. 2013: v = momentum·v + g; the step is lr·v or lr·(g + momentum·v).
-- @function nn.sgd
-- @tparam[opt] table options `lr` (0.01), `momentum` (0), `nesterov` (false)
-- @treturn table
-- @usage nn.sgd { lr = 0.05, momentum = 0.9, nesterov = true }
function M.sgd(options) return part("optimizer", "sgd", "sgd", options) end

--- RMSProp (Tieleman & Hinton 2012), centered as in Graves 2013.
-- @function nn.rmsprop
-- @tparam[opt] table options `lr` (0.01), `alpha` (0.99: share of the old mean square), `eps`
-- (1e-8), `momentum` (0), `centered` (false)
-- @treturn table
-- @usage nn.rmsprop { lr = 1e-3, momentum = 0.9 }
function M.rmsprop(options) return part("optimizer", "rmsprop", "rmsprop", options) end

--- NAdam: Adam with Nesterov's momentum (Dozat 2016).
-- @function nn.nadam
-- @tparam[opt] table options as `nn.adam` with `lr` 2e-3, and `momentum_decay` (4e-3),
-- `weight_decay` (0, decoupled)
-- @treturn table
-- @usage nn.nadam { lr = 1e-3 }
function M.nadam(options) return part("optimizer", "nadam", "nadam", options) end

--- Muon: orthogonalised momentum for the matrices of hidden layers (Jordan et al. 2024), AdamW for
-- the output layer, biases and norms.
-- @function nn.muon
-- @tparam[opt] table options `lr` (0.02, of the matrices), `adam_lr` (1e-3, of the rest),
-- `momentum` (0.95), `nesterov` (true), `weight_decay` (0.01), `adjust_lr` ("original": times
-- sqrt(max(1, outputs / inputs)); "match_rms_adamw": times 0.2 sqrt(max(outputs, inputs)), which
-- suits learning rates of AdamW), `beta1`, `beta2`, `eps` as `nn.adam`
-- @treturn table
-- @usage nn.muon { lr = 0.02, adam_lr = 2e-3 }
function M.muon(options) return part("optimizer", "muon", "muon", options) end

--- L-BFGS over the whole training set with a line search for the strong Wolfe conditions (Nocedal &
-- Wright 2006); each epoch makes up to `iterations` steps. Dropout and other draws are the same in
-- every evaluation. Training ends early once there is nothing left to gain.
-- @function nn.lbfgs
-- @tparam[opt] table options `history` (10 pairs), `iterations` (20), `lr` (1, the first length
-- that is tried), `tolerance_grad` (1e-7), `tolerance_change` (1e-9)
-- @treturn table
-- @usage nn.lbfgs { history = 20 }
function M.lbfgs(options) return part("optimizer", "lbfgs", "lbfgs", options) end

return M
