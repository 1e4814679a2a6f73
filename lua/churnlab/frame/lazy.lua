-- Frame methods that stand in files of their own, loaded when one of them is first called: each
-- file sets its methods in `core.frame.methods`, over the stand-ins made here. One line a file.
-- SPDX-License-Identifier: MIT
local Frame = require("churnlab.core").frame.methods

local files = {
  ["churnlab.frame.columns"] = { "select", "drop" },
  ["churnlab.frame.clean"] = { "replace", "fill_na", "cast", "infer_types", "trim" },
  ["churnlab.frame.bands"] = { "cut", "qcut" },
  ["churnlab.frame.reshape"] = { "pivot", "melt", "crosstab" },
  ["churnlab.frame.profile"] = { "profile" },
  ["churnlab.frame.figures"] = { "value_counts", "quantile", "corr" },
  ["churnlab.frame.partition"] = { "split", "folds", "sample" },
  ["churnlab.frame.join"] = { "join", "asof_join" },
  ["churnlab.frame.duplicates"] = { "distinct", "drop_duplicates", "duplicated" },
  ["churnlab.sql"] = { "write_sql" },
}

for file, methods in pairs(files) do
  for _, method in ipairs(methods) do
    Frame[method] = function(...)
      require(file)
      return Frame[method](...)
    end
  end
end
