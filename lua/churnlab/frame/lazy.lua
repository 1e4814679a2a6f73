-- Methods of frames and columns that stand in files of their own, loaded when one of them is first
-- called: each file sets its methods in `core.frame.methods` (or those of columns), over the
-- stand-ins made here. One line a file.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local Frame = core.frame.methods

local files = {
  ["churnlab.frame.columns"] = { "select", "drop" },
  ["churnlab.frame.clean"] = { "replace", "cast", "infer_types", "trim" },
  ["churnlab.frame.fill"] = { "fill_na" },
  ["churnlab.frame.bands"] = { "cut", "qcut" },
  ["churnlab.frame.reshape"] = { "pivot", "melt", "crosstab" },
  ["churnlab.frame.profile"] = { "profile" },
  ["churnlab.frame.figures"] = { "value_counts", "quantile", "corr" },
  ["churnlab.frame.partition"] = { "split", "folds", "sample" },
  ["churnlab.frame.join"] = { "join", "asof_join" },
  ["churnlab.frame.duplicates"] = { "distinct", "drop_duplicates", "duplicated" },
  ["churnlab.schema"] = { "validate" },
  ["churnlab.sql"] = { "write_sql" },
}

-- A file that is there already has set its methods.
local function stand_in(methods, name, file)
  if package.loaded[file] then return end
  methods[name] = function(...)
    require(file)
    return methods[name](...)
  end
end

for file, methods in pairs(files) do
  for _, method in ipairs(methods) do stand_in(Frame, method, file) end
end

for name in ([[
  gt ge lt le eq ne is_na between one_of fill_na var count first last mode any all head tail sort
  unique value_counts map to_list]]):gmatch("%S+") do
  stand_in(core.column.methods, name, "churnlab.frame.column")
end

local column_meta = getmetatable(core.column.new({}))
for name in ("add sub mul div idiv mod pow unm concat band bor bnot"):gmatch("%S+") do
  stand_in(column_meta, "__" .. name, "churnlab.frame.column")
end
