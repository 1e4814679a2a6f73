-- Which columns of a table that nobody described are no features: ids, constants, free text.
-- SPDX-License-Identifier: MIT
local M = {}

local LEVELS_MAX = 50     -- text with more different values is no category
local UNIQUE_FROM = 100   -- from so many rows on, whole numbers that all differ are an id

-- CustomerId, customerID, user_id, ID: but not Paid.
local function is_id_name(name)
  return name:match("^[iI][dD]$") or name:match("_[iI][dD]$") or name:match("%l[I][dD]$")
end

local function is_count(column, rows)
  return rows > 1 and column:min() == 1 and column:max() == rows
end

local function whole_reason(name, column, rows, distinct)
  if distinct == rows then
    if is_count(column, rows) then return "it counts the rows" end
    if rows >= UNIQUE_FROM then return "every value differs, like an id" end
  end
  if is_id_name(name) and distinct > rows / 2 then return "it looks like an id" end
end

local function text_id_reason(name, rows, distinct)
  if distinct == rows and distinct > 1 then return "every value differs, like an id" end
  if is_id_name(name) and distinct > rows / 2 then return "it looks like an id" end
end

local function text_reason(name, rows, distinct)
  local why = text_id_reason(name, rows, distinct)
  if why then return why end
  if distinct > LEVELS_MAX then return ("text with %d different values"):format(distinct) end
end

-- Why a column cannot be a feature, or nil.
local function reason(name, column)
  local rows, missing, distinct = #column, column:missing(), column:n_distinct()
  local kind = column:type()
  if distinct == 0 then return "it is empty" end
  if distinct == 1 and missing == 0 then return "it is constant" end
  if kind == "date" or kind == "timestamp" then return "it is a " .. kind end
  if kind == "i64" then return whole_reason(name, column, rows, distinct) end
  if kind == "string" or kind == "category" then return text_reason(name, rows, distinct) end
end

--- Why a column looks like an id, or nil.
-- @tparam string name
-- @tparam Column column
-- @treturn string|nil
function M.id_reason(name, column)
  local kind, rows, distinct = column:type(), #column, column:n_distinct()
  if kind == "i64" then return whole_reason(name, column, rows, distinct) end
  if kind == "string" or kind == "category" then return text_id_reason(name, rows, distinct) end
end

--- The columns that cannot be features, with the reason of each.
-- @tparam Frame frame its target and id are left alone; the time and personal columns are none,
--   also with `keep`
-- @tparam[opt] {string,...} keep columns that stay whatever they look like; they must exist
-- @treturn {{column=string,reason=string},...} in the frame's order
function M.find(frame, keep)
  local found, roles, kept = {}, frame:roles(), {}
  for _, name in ipairs(keep or {}) do kept[frame:type(name) and name] = true end
  local by_role = {}
  for _, name in ipairs(roles.personal or {}) do by_role[name] = "it is personal" end
  if roles.time then by_role[roles.time] = "it tells when the row was observed" end
  for _, name in ipairs(frame:columns()) do
    local exempt = name == roles.target or name == roles.id or kept[name]
    local why = by_role[name] or (not exempt and reason(name, frame:col(name)))
    if why then found[#found + 1] = { column = name, reason = why } end
  end
  return found
end

return M
