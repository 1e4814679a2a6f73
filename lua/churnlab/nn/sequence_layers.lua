--- The layers of sequences, methods as those of @{churnlab.nn.layers}.
--
-- A row of a sequence has steps, of which the first `length` count; the others never change a
-- result, bit for bit, nor get a gradient. `dense`, `activation`, `dropout`, `layer_norm` and
-- `position` work on each step alone; `batch_norm` counts every step of the batch as a row, also
-- those that do not count. A net ends in one row: `pool`, or `gru` and `lstm` as they are.
--
--     local net = nn.sequential()
--       :sequence { steps = 12, values = { "age", "gap", "amount" }, reverse = true }
--       :gru(16):dense(1, { activation = "sigmoid" })
-- @module churnlab.nn.sequence_layers

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")

local makers = {}

local known = { steps = "number", values = "table", prefix = "string", columns = "table",
  length = "string|number", reverse = "boolean", name = "string" }

-- "seq_1_age", "seq_1_amount", "seq_2_age", …
local function columns_of(options)
  local columns, prefix = {}, options.prefix or "seq"
  for step = 1, math.tointeger(options.steps) or 0 do
    for _, value in ipairs(options.values) do
      columns[#columns + 1] = ("%s_%d_%s"):format(prefix, step, value)
    end
  end
  return columns, prefix .. "_length"
end

--- Encoded columns to a sequence, such as those of `cl.sequences` after `prep:sequence`.
-- @function sequence
-- @tparam table options
--
--   - `steps`, and `values`: what each step says ({ "age", "gap", "amount" }); `prefix` ("seq"):
--     how the columns begin. They are `seq_1_age`, `seq_1_gap` … and `seq_length`
--   - or `steps`, `columns` (names, or positions from 1: those of the first step, then of the
--     second …) and `length` (a column; without it all steps count)
--   - `reverse` (false): the steps that count turn around. Recurrent layers want the oldest event
--     first, and `cl.sequences` gives the newest first
-- @raise at fitting: a name that is no encoded column, with a suggestion
-- @usage nn.sequential():sequence { steps = 12, values = { "age", "amount" }, reverse = true }
function makers.sequence(options)
  options = errors.options("sequence", options, known)
  local columns, length = options.columns, options.length
  if (columns == nil) == (options.values == nil) then
    errors.raise("sequence: expected one of the options 'values' and 'columns'")
  elseif options.values then
    columns, length = columns_of(options)
  end
  return { type = "sequence", steps = options.steps, columns = columns, length = length,
    reverse = options.reverse, name = options.name }
end

--- Gated recurrent unit (Cho et al. 2014) with the equations of PyTorch and, for its weights,
-- Glorot and orthogonal (Saxe et al. 2014) initial numbers.
-- @function gru
-- @tparam integer units 1 to 1024
-- @tparam[opt] table options `return_sequences` (false: only the state after the last step that
-- counts, zeros of an empty sequence); `l1`, `l2` as in `dense`
-- @usage nn.sequential():sequence { steps = 4, values = { "age" }, reverse = true }:gru(8)
function makers.gru(units, options) return { type = "gru", units = units }, options end

--- Long short-term memory (Hochreiter & Schmidhuber 1997) with the equations of PyTorch; the bias
-- of the forget gate begins at 1 (Jozefowicz et al. 2015).
-- @function lstm
-- @tparam integer units 1 to 1024
-- @tparam[opt] table options as of `gru`
-- @usage nn.sequential():sequence { steps = 4, values = { "age" }, reverse = true }:lstm(8)
function makers.lstm(units, options) return { type = "lstm", units = units }, options end

--- A block of a Transformer encoder (Vaswani et al. 2017), equal to PyTorch's
-- TransformerEncoderLayer: self-attention among the steps that count, then two dense layers, each
-- with a residual connection and layer norm. The width of the steps stays; `heads` divides it.
-- @function transformer
-- @tparam table options `heads`, `units` (of the hidden dense layer), `dropout` (0), `activation`
-- ("relu" or "gelu"), `norm_first` (true: Xiong et al. 2020; PyTorch's default is false), `eps`
-- (1e-5)
-- @usage nn.sequential():sequence { steps = 4, values = { "age", "amount" } }:dense(8):position()
--   :transformer { heads = 2, units = 16, dropout = 0.1 }:pool("mean")
function makers.transformer(options) return { type = "transformer" }, options end

--- One row from the steps that count.
-- @function pool
-- @tparam string kind "mean", "max" or "last"
-- @tparam[opt] table options
-- @usage nn.sequential():sequence { steps = 4, values = { "age" } }:dense(8):pool("max")
function makers.pool(kind, options) return { type = "pool", kind = kind }, options end

--- Adds to each step what says where it stands, since attention and pooling do not know: learned
-- numbers, or sines and cosines (Vaswani et al. 2017).
-- @function position
-- @tparam[opt="learned"] string kind "learned" or "sinusoidal"
-- @tparam[opt] table options
-- @usage nn.sequential():sequence { steps = 4, values = { "age" } }:dense(8):position()
--   :pool("mean")
function makers.position(kind, options) return { type = "position", kind = kind }, options end

return makers
