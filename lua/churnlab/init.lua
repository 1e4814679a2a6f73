--- Customer churn, from a table to a decision: `local cl = require("churnlab")`.
-- Each name below is loaded when it is first used; an unknown name is an error that suggests the
-- nearest one. `cl.NA` is the missing value, `cl.version` the version as a text.
--
-- - data: `cl.read`, `cl.read_csv`, `cl.read_jsonl`, `cl.read_columns`, `cl.from_table`,
--   `cl.concat` (@{churnlab.frame}), `cl.scan`, `cl.scan_csv` (@{churnlab.scan}), `cl.read_sql`,
--   `cl.scan_sql`, `cl.sql` (@{churnlab.sql}), `cl.cleaning` (@{churnlab.cleaning}), `cl.simulate`
--   (@{churnlab.simulate})
-- - event logs: `cl.windows` (@{churnlab.windows}), `cl.sequences` (@{churnlab.sequences}),
--   `cl.leakage` (@{churnlab.leakage})
-- - models: `cl.prep` (@{churnlab.prep}), `cl.nn` (@{churnlab.nn}), `cl.fit` (@{churnlab.fit}),
--   `cl.resample` (@{churnlab.resample}), `cl.crossval` (@{churnlab.crossval}), `cl.baseline`
--   (@{churnlab.baseline}), `cl.tune` (@{churnlab.tune}), `cl.load` (@{churnlab.model}),
--   `cl.metrics` (@{churnlab.metrics}), `cl.recipe` (@{churnlab.recipe})
-- - schemas: `cl.schema` (@{churnlab.schema})
-- - decisions: `cl.policy` (@{churnlab.policy})
-- - scripts: `cl.args` (@{churnlab.args})
-- @module churnlab

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local cl = { NA = core.NA, version = core.version }

-- name → { module, field of the module (nil = the module itself) }
local names = {
  args = { "churnlab.args", "parse" },
  read = { "churnlab.frame.read", "read" },
  scan = { "churnlab.frame.scan", "scan" },
  scan_csv = { "churnlab.frame.scan", "scan_csv" },
  read_jsonl = { "churnlab.frame.jsonl", "read_jsonl" },
  read_columns = { "churnlab.frame", "read_columns" },
  read_csv = { "churnlab.frame", "read_csv" },
  from_table = { "churnlab.frame", "from_table" },
  read_sql = { "churnlab.sql", "read_sql" },
  scan_sql = { "churnlab.sql", "scan_sql" },
  sql = { "churnlab.sql" },
  concat = { "churnlab.frame.concat", "concat" },
  cleaning = { "churnlab.cleaning", "new" },
  prep = { "churnlab.prep", "new" },
  crossval = { "churnlab.crossval", "crossval" },
  auto = { "churnlab.auto", "auto" },
  leaderboard = { "churnlab.leaderboard", "leaderboard" },
  baseline = { "churnlab.baseline" },
  fit = { "churnlab.fit", "fit" },
  load = { "churnlab.model", "load" },
  blend = { "churnlab.blend", "blend" },
  nn = { "churnlab.nn" },
  recipe = { "churnlab.recipe" },
  resample = { "churnlab.resample" },
  metrics = { "churnlab.metrics" },
  policy = { "churnlab.policy" },
  schema = { "churnlab.schema" },
  simulate = { "churnlab.simulate", "simulate" },
  leakage = { "churnlab.leakage" },
  tune = { "churnlab.tune" },
  windows = { "churnlab.windows", "windows" },
  sequences = { "churnlab.sequences", "sequences" },
}

setmetatable(cl, {
  __index = function(self, key)
    local entry = names[key]
    if not entry then
      local known = {}
      for name in pairs(names) do known[#known + 1] = name end
      table.sort(known)
      errors.unknown("churnlab", "name", key, known)
    end
    local module = require(entry[1])
    local value = entry[2] and module[entry[2]] or module
    rawset(self, key, value)
    return value
  end,
  __names = names, -- what Tab completion offers without loading it
})

return cl
