-- Out-of-fold predictions as a frame: each row beside the models that did not see it.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")

local M = {}

-- Row numbers of all tests, in the order of repeats, then rows; a repeat tests a row at most once.
local function tested_rows(plan, rows)
  local tests, items = {}, {}
  for i = 1, plan.count do
    local again, fold = plan.place(i)
    tests[again] = tests[again] or {}
    for at, row in ipairs(plan.rows(i)) do
      tests[again][row] = { row = row, run = i, at = at, fold = fold, again = again }
    end
  end
  for again = 1, plan.repeats do
    for row = 1, rows do items[#items + 1] = tests[again][row] end
  end
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

-- The target: 0 and 1, or the class.
local function target_of(frame, name, outcomes)
  if outcomes.classes then
    local type = frame:type(name)
    return frame:col(name):to_table(), type == "category" and "string" or type
  end
  local labels = frame:labels():to_table()
  for i, label in ipairs(labels) do labels[i] = label // 1 | 0 end
  return labels, "i64"
end

--- A frame of row, id, fold, repeat, target, and the predictions of each model.
-- @tparam Frame frame the rows that were cut into folds
-- @tparam table plan of churnlab.folds
-- @tparam {table,...} records `name`, `p` = a list for each fold; gets `columns`, the names of its
--   predictions in the frame
-- @tparam Outcomes outcomes
-- @treturn Frame
-- @treturn string the name of the target
function M.frame(frame, plan, records, outcomes)
  local items = tested_rows(plan, #frame)
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
  local target, type = target_of(frame, roles.target, outcomes)
  add(roles.target, gather(items, function(item) return target[item.row] end), type)
  for _, record in ipairs(records) do
    record.columns = {}
    for c, name in ipairs(outcomes:columns(record.name)) do
      add(name, gather(items, function(item)
        return outcomes:cells(record.p[item.run][item.at])[c]
      end), "f64")
      record.columns[c] = names[#names]
    end
  end
  return core.frame.new(names, columns), roles.target
end

return M
