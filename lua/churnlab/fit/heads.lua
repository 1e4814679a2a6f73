-- What cl.fit learns beside the target: labels of further heads and sample weights, from columns
-- that are then no features. The model scores the head of the frame's target, and keeps the others
-- for `Model:heads`.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

-- ---- the plan ----

local function quoted(names)
  local list = {}
  for i, name in ipairs(names) do list[i] = ("'%s'"):format(name) end
  return table.concat(list, ", ")
end

-- The columns of a head's label: one name, or a list of them.
local function columns_of(head, value)
  local list = type(value) == "table" and value or { value }
  for _, name in ipairs(list) do
    if type(name) ~= "string" then
      errors.raise("fit: targets: head '%s': expected a column or a list of them, got a %s", head,
        type(name))
    end
  end
  if #list == 0 then errors.raise("fit: targets: head '%s': expected a column", head) end
  return list
end

local function check_heads(heads, targets)
  local known = {}
  for _, head in ipairs(heads) do
    known[head] = true
    if targets[head] == nil then
      errors.raise("fit: targets: expected a column for the head '%s'", head)
    end
  end
  for head in pairs(targets) do
    if not known[head] then errors.unknown("fit: targets", "head", head, heads) end
  end
end

-- The head of the frame's target first: it is the one that is scored.
local function order(heads, targets, target)
  local list = {}
  for _, head in ipairs(heads) do
    local columns = columns_of(head, targets[head])
    local scored = #columns == 1 and columns[1] == target
    table.insert(list, scored and 1 or #list + 1, { name = head, columns = columns,
      scored = scored })
  end
  if not list[1].scored then
    errors.raise("fit: targets: expected a head for the frame's target%s",
      target and (" '%s'"):format(target) or ", which has none")
  elseif list[2] and list[2].scored then
    errors.raise("fit: targets: expected one head for the frame's target '%s', got %s", target,
      quoted { list[1].name, list[2].name })
  end
  return list
end

local function check_losses(loss, heads)
  if type(loss) ~= "table" or loss.kind then
    errors.raise("fit: the net has the heads %s: expected option 'loss' with a loss for each, such "
      .. "as { %s = nn.bce() }", quoted(heads), heads[1])
  end
end

--- What is learned from which column.
-- @tparam table spec of the net
-- @tparam table options of cl.fit: targets, weights and loss are read
-- @tparam ?string target of the training frame
-- @treturn table spec: with the scored head first; heads: nil for a net with one; drop: columns
-- that are no features; weights: a column or nil
function M.plan(spec, options, target)
  local plan = { spec = spec, weights = options.weights, drop = { options.weights } }
  local heads = spec.heads or {}
  if options.targets == nil and #heads < 2 then
    if type(options.loss) == "table" and not options.loss.kind and next(options.loss) then
      errors.raise("fit: option 'loss': expected one loss such as nn.bce(), the net has one head")
    end
    return plan
  end
  if #heads < 2 then
    errors.raise("fit: option 'targets': expected a net with several heads (nn.graph makes one)")
  elseif options.targets == nil then
    errors.raise("fit: the net has the heads %s: expected option 'targets' with a column for each",
      quoted(heads))
  end
  check_losses(options.loss, heads)
  check_heads(heads, options.targets)
  plan.heads = order(heads, options.targets, target)
  local names = {}
  for i, head in ipairs(plan.heads) do
    names[i] = head.name
    for _, name in ipairs(head.scored and {} or head.columns) do
      plan.drop[#plan.drop + 1] = name
    end
  end
  plan.spec = { layers = spec.layers, heads = names }
  return plan
end

-- ---- labels ----

local numeric = { f64 = true, i64 = true, bool = true }

-- The position of each text: of a category's levels, otherwise sorted.
local function levels_of(column)
  local list = column:levels()
  if not list then
    local seen = {}
    list = {}
    for _, value in ipairs(column:to_table(core.NA)) do
      if value ~= core.NA and not seen[value] then
        seen[value], list[#list + 1] = true, value
      end
    end
    table.sort(list)
  end
  local at = {}
  for i, level in ipairs(list) do at[level] = i - 1 end
  return at
end

-- Numbers as they are; texts as classes, from 0 in the order of the training frame's levels.
local function numbers_of(plan, frame, name, what)
  local column = frame:col(name)
  if numeric[column:type()] then return column end
  if column:type() ~= "category" and column:type() ~= "string" then
    errors.raise("fit: targets: column '%s': expected numbers or texts, got a %s", name,
      column:type())
  end
  plan.levels = plan.levels or {}
  plan.levels[name] = plan.levels[name] or levels_of(column)
  local values = column:to_table(core.NA)
  for i, value in ipairs(values) do
    if value ~= core.NA then
      values[i] = plan.levels[name][value]
      if values[i] == nil then
        errors.raise("fit: %s: column '%s': row %d: the training frame has no '%s'", what, name, i,
          value)
      end
    end
  end
  return core.column.new(values, "f64", #values)
end

local function check_columns(frame, names, what)
  for _, name in ipairs(names) do
    if not frame:has(name) then
      errors.unknown("fit: " .. what, "column", name, frame:columns())
    end
  end
end

--- The frame without the columns that are no features.
function M.features(plan, frame, what)
  if #plan.drop == 0 then return frame end
  check_columns(frame, plan.drop, what)
  return frame:drop_names(plan.drop)
end

--- The labels of all heads side by side; for a net with one head, those of the target.
-- @tparam Column first the target's
function M.labels(plan, frame, first, what)
  if not plan.heads then return first end
  local list = {}
  for _, head in ipairs(plan.heads) do
    if head.scored then list[#list + 1] = first end
    for _, name in ipairs(head.scored and {} or head.columns) do
      list[#list + 1] = numbers_of(plan, frame, name, what)
    end
  end
  return core.matrix.from_columns(list)
end

--- The sample weights, or nil.
function M.weights(plan, frame, what)
  if not plan.weights then return nil end
  local column = frame:col(plan.weights)
  if not numeric[column:type()] or column:missing() > 0 then
    errors.raise("fit: %s: weights: column '%s': expected numbers without missing values, got %s",
      what, plan.weights, numeric[column:type()] and column:missing() .. " missing"
      or "a " .. column:type())
  end
  return column
end

-- ---- nets ----

-- The classes of a text column in their order, or nil.
local function classes_of(plan, column)
  local at, list = plan.levels and plan.levels[column], {}
  for level, position in pairs(at or {}) do list[position + 1] = level end
  return at and list
end

--- What the outputs of all heads are, in the nets' order; nil for a net with one.
-- @treturn ?{table,...} each with `name`, `units`, `scored`, `softmax`, `classes` of a text
function M.describe(plan, net)
  if not plan.heads then return nil end
  local layers, list = {}, {}
  for _, layer in ipairs(net:spec().layers) do layers[layer.name or ""] = layer end
  for i, head in ipairs(plan.heads) do
    local layer = layers[head.name]
    list[i] = { name = head.name, units = net:prune(head.name):outputs(),
      scored = head.scored or nil, softmax = layer.activation == "softmax" or nil,
      classes = not head.scored and classes_of(plan, head.columns[1]) or nil }
  end
  return list
end

--- The nets with the scored head alone.
function M.scored(plan, nets)
  if not plan.heads then return nets end
  local pruned = {}
  for i, net in ipairs(nets) do pruned[i] = net:prune(plan.heads[1].name) end
  return pruned
end

return M
