-- Out-of-fold predictions as a frame: each row beside the models that did not see it.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

-- Row numbers of all tests, in the order of repeats, then rows.
local function tested_rows(plan)
  local items = {}
  for i = 1, plan.count do
    local again, fold = plan.place(i)
    for at, row in ipairs(plan.rows(i)) do
      items[#items + 1] = { row = row, run = i, at = at, fold = fold, again = again }
    end
  end
  table.sort(items, function(a, b)
    if a.again ~= b.again then return a.again < b.again end
    return a.row < b.row
  end)
  return items
end

local function gather(items, f)
  local values = {}
  for i, item in ipairs(items) do values[i] = f(item) end
  return values
end

local function unused(name, taken)
  while taken[name] do name = name .. "_" end
  taken[name] = true
  return name
end

--- A frame of row, id, fold, repeat, target (0/1), and the probability of each model.
-- @tparam Frame frame the rows that were cut into folds
-- @tparam table plan of churnlab.folds
-- @tparam {table,...} records `name`, `p` = a list for each fold; gets `column`, its name in the
--   frame
-- @treturn Frame
-- @treturn string the name of the target
function M.frame(frame, plan, records)
  local items = tested_rows(plan)
  local roles, names, columns, taken = frame:roles(), {}, {}, {}
  local function add(name, values, type)
    names[#names + 1] = unused(name, taken)
    columns[#columns + 1] = core.column.new(values, type, #items)
  end
  add("row", gather(items, function(item) return item.row end), "i64")
  if roles.id then
    local ids = frame:col(roles.id):to_table()
    local type = frame:type(roles.id)
    add(roles.id, gather(items, function(item)
      local id = ids[item.row]
      if id == nil then return core.NA end
      return id
    end), type == "category" and "string" or type)
  end
  add("fold", gather(items, function(item) return item.fold end), "i64")
  if plan.repeats > 1 then
    add("repeat", gather(items, function(item) return item.again end), "i64")
  end
  local labels = frame:labels():to_table()
  add(roles.target, gather(items, function(item) return labels[item.row] // 1 | 0 end), "i64")
  for _, record in ipairs(records) do
    add(record.name, gather(items, function(item) return record.p[item.run][item.at] end), "f64")
    record.column = names[#names]
  end
  return core.frame.new(names, columns), roles.target
end

return M
