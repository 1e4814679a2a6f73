--- Embeddings: columns as vectors. Methods as those of @{churnlab.nn.layers}.
-- @module churnlab.nn.embeddings

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local makers = {}

--- Learnt vectors for the levels of columns that hold codes, as `prep:ordinal` makes them; a row's
-- vectors stand side by side. What training did not have (codes below 0 or past the last level)
-- has a vector of its own in each column, zero at first; the others begin as N(0, 1). A code
-- between two is the nearest: `noise` does not disturb codes, but `mixup` makes others of them.
-- @function embedding
-- @tparam integer units numbers of a vector
-- @tparam[opt] table options `levels`: how many each column has; without it, what `prep:ordinal`
-- found
-- @raise at fitting: a column that holds no codes, or codes that a later step of the prep changes
-- @usage local x = nn.input()
-- local city = x:columns { "City" }:embedding(4)
-- local net = nn.graph(nn.concat { x:columns { "Age", "Balance" }, city }
--   :dense(1, { activation = "sigmoid" }))
function makers.embedding(units, options)
  return { type = "embedding", units = units }, options
end

local function with(defaults, options, where)
  for name, value in pairs(errors.table(where, options)) do defaults[name] = value end
  return defaults
end

--- Numbers to sines and cosines of learnt frequencies and from there to `units` numbers each,
-- side by side: PLR, or PLR-lite with one dense layer for all columns (Gorishniy, Rubachev,
-- Babenko: On Embeddings for Numerical Features, NeurIPS 2022).
-- @function periodic
-- @tparam integer units of each column
-- @tparam[opt] table options `frequencies` of each column (48), `sigma`: their first deviation
-- (0.01; too small is safe, too large is not), `lite` (false), `activation` ("relu"), `l1`, `l2`;
-- `phases` and `densenet` as in `pbld`
-- @usage local x = nn.input()
-- local ages = x:columns { "Age", "Balance" }:periodic(24, { sigma = 0.05, lite = true })
function makers.periodic(units, options)
  return { type = "periodic", units = units }, with({ activation = "relu" }, options, "periodic")
end

--- Cosines with learnt frequencies and phases, a dense layer, and the number itself beside: the
-- PBLD embedding of RealMLP (Holzmüller, Grinsztajn, Steinwart 2024). A column becomes `units` + 1
-- numbers.
-- @function pbld
-- @tparam[opt=3] integer units
-- @tparam[opt] table options as `periodic`, with other defaults: `frequencies` (16), `sigma` (0.1),
-- `activation` ("linear")
-- @usage nn.sequential():pbld():dense(16, { activation = "selu" })
--   :dense(1, { activation = "sigmoid" })
function makers.pbld(units, options)
  return { type = "periodic", units = units or 3, phases = true, densenet = true },
    with({ frequencies = 16, sigma = 0.1 }, options, "pbld")
end

--- A dense layer of its own for each group of columns, side by side: for numbers that
-- `prep:piecewise` has encoded into bins (Gorishniy, Rubachev, Babenko 2022).
-- @function piecewise_linear
-- @tparam integer units of each group
-- @tparam table options
--
--   - `groups` (required): names of raw columns, or lists of names and positions
--   - `linear` (false): the first column of each group is the number itself; the layer begins as
--     straight lines and learns the bends (version B of TabM's embeddings)
--   - `activation` ("linear"), `l1`, `l2`
-- @raise at fitting: a name that is no column, with a suggestion
-- @usage local x = nn.input()
-- local bends = x:piecewise_linear(8, { groups = { "Age", "Balance" }, activation = "relu" })
function makers.piecewise_linear(units, options)
  return { type = "piecewise_linear", units = units }, options
end

return makers
