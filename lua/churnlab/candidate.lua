-- What cross-validation compares: a prep and a net with fit options, or a function that fits.
-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local folds = require("churnlab.folds")

local M = {}

local VALID = 0.15 -- the share of training rows that early stopping watches

local function type_text(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name or type(value)
end

--- The rows that early stopping watches come from the same kind of draw as the tested ones.
-- @tparam Frame train
-- @tparam number share of its rows that is held out
-- @tparam table context of a fold: seed; group, or time and embargo
-- @treturn Frame
-- @treturn Frame the held-out rows
function M.hold_out(train, share, context)
  local seed = context.seed
  if context.time then
    return train:split { 1 - share, share, time = context.time, embargo = context.embargo }
  elseif context.group then
    return train:split { 1 - share, share, group = context.group, seed = seed }
  end
  return train:split { 1 - share, share, stratify = train:roles().target, seed = seed }
end

--- The inner folds of a training frame, all of whose rows are tested once: whole groups, blocks of
-- time, or random ones.
-- @treturn table a plan of churnlab.folds
function M.inner_folds(where, train, k, context)
  return folds.plan(where, train, { k = k, stratify = not context.time and train:roles().target
    or nil, group = context.group, blocks = context.time, seed = context.seed })
end

local Pipeline = {}
Pipeline.__index = Pipeline

-- A job for churnlab.fit.pool.
function Pipeline:job(train, context)
  local options = {}
  for key, value in pairs(self.options) do options[key] = value end
  options.seed = options.seed or context.seed
  if self.valid then train, options.valid = M.hold_out(train, self.valid, context) end
  return { prep = self.prep, net = self.net, train = train, options = options }
end

local function watches_valid(options)
  for _, part in ipairs(type(options.callbacks) == "table" and options.callbacks or {}) do
    if type(part) == "table" and part.monitor ~= "loss"
      and (part.kind == "early_stop" or part.type == "reduce_lr") then
      return true
    end
  end
  return false
end

local function pipeline(where, spec)
  local options = {}
  for key, value in pairs(spec) do
    if key ~= "name" and key ~= "prep" and key ~= "net" and key ~= "valid" then
      options[key] = value
    end
  end
  local valid = spec.valid
  if valid == nil and watches_valid(options) then valid = VALID end
  if valid ~= nil and not (math.type(valid) and valid > 0 and valid < 1) then
    errors.raise("%s: option 'valid': expected the share of training rows that early stopping "
      .. "watches, a number between 0 and 1, got %s", where, tostring(valid))
  end
  return setmetatable({ name = spec.name, prep = spec.prep, net = spec.net, options = options,
    valid = valid }, Pipeline)
end

local function one(where, spec, position)
  if getmetatable(spec) == Pipeline then return spec end
  if spec == "auto" then return require("churnlab.auto").candidate() end
  if type(spec) == "function" then return { name = "model " .. position, fit = spec } end
  if type(spec) ~= "table" then
    errors.raise("%s: model %d: expected { name =, prep =, net = }, { name =, fit = } or a "
      .. "function, got %s", where, position, type_text(spec))
  end
  local name = spec.name or "model " .. position
  if type(name) ~= "string" or name == "" then
    errors.raise("%s: model %d: name: expected a text, got %s", where, position, type_text(name))
  end
  where = ("%s: %s"):format(where, name)
  if spec.fit ~= nil then
    if type(spec.fit) ~= "function" then
      errors.raise("%s: fit: expected a function, got %s", where, type_text(spec.fit))
    end
    return { name = name, fit = spec.fit, baseline = spec.baseline }
  end
  if not spec.prep or not spec.net then
    errors.raise("%s: expected a prep and a net, or a function 'fit'", where)
  end
  local made = pipeline(where, spec)
  made.name = name
  return made
end

--- Checks candidates: one or a list of them.
-- @tparam string where the function, for messages
-- @param given { name =, prep =, net =, fit options, valid = share }, { name =, fit = function },
--   a function(train, context), "auto" or what this function made, or a list of these
-- @treturn {table,...} each with `name` and either `fit` or the method `job`
function M.list(where, given)
  local single = type(given) == "function" or given == "auto"
    or type(given) == "table" and (given.fit or given.prep or given.net)
  if type(given) ~= "table" and not single then
    errors.raise("%s: models: expected a list of models, got %s", where, type_text(given))
  end
  local list, seen = {}, {}
  for i, spec in ipairs(single and { given } or given) do
    list[i] = one(where, spec, i)
    if seen[list[i].name] then
      errors.raise("%s: two models are called '%s'", where, list[i].name)
    end
    seen[list[i].name] = true
  end
  if #list == 0 then errors.raise("%s: models: expected at least one, got none", where) end
  return list
end

return M
