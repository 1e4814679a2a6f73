--- The default way from a table to a model, as `churnlab train` goes it: which columns are
-- features, prep, net, training, calibration. Every part can be taken alone.
--
-- Scripts call it `cl.recipe`.
--
-- Prep: medians with flags for missing numbers, one column a level, standard scales. Net: two
-- tanh layers with dropout (on simulated and public churn data smoother than ReLU and ahead of it
-- by 0.003 to 0.005 ROC AUC in inner validation). Training: Adam, early stop on the log loss of a
-- stratified validation share, the mean of three nets. Calibration: Platt on the same share; it
-- has two parameters, so a few dozen leavers suffice, and it keeps the ranking. Of several classes
-- softmax in place of the sigmoid, and one temperature for all.
-- @module churnlab.recipe

-- SPDX-License-Identifier: MIT
local errors = require("churnlab.errors")
local outcomes = require("churnlab.outcomes")
local read = require("churnlab.frame.read").read
local screen = require("churnlab.screen")

local M = {}

local CATEGORY_FROM, CATEGORY_TO = 3, 8 -- whole numbers with so few values are taken as levels

M.defaults = { epochs = 150, hidden = { 64, 32 }, ensemble = 3, seed = 42, valid = 0.15 }

-- Whole-number columns with 3 to 8 different values become categories: their effect need not go
-- one way (the number of products), so the net gets a column a level.
local function as_categories(data)
  local roles = data:roles()
  for _, name in ipairs(data:columns()) do
    local column = data:col(name)
    if name ~= roles.target and name ~= roles.id and column:type() == "i64" then
      local distinct = column:n_distinct()
      if distinct >= CATEGORY_FROM and distinct <= CATEGORY_TO then
        data = data:with_column(name, column:cast("category"))
      end
    end
  end
  return data
end

local function quiet() end

--- Reads customers that nobody described: rows without a target and columns that are no features
-- (ids, constants, free text) are left out.
-- @function cl.recipe.read
-- @tparam string path
-- @tparam table options target, positive, id, time, personal, drop as for read_csv; keep: columns
--   that stay although they look like no features
-- @tparam[opt] function tell is called as string.format for each notice
-- @treturn Frame
-- @usage local bank = cl.recipe.read("bank.csv", { target = "Exited" }, print)
function M.read(path, options, tell)
  tell = tell or quiet
  options = errors.options("recipe.read", options, { target = "string",
    positive = "string|number|boolean|table", id = "string", time = "string",
    personal = "table|string", drop = "table", keep = "table" })
  local data = read(path, { target = options.target, positive = options.positive,
    id = options.id, time = options.time, personal = options.personal, drop = options.drop })
  tell("%s: %d rows, %d columns", path, #data, #data:columns())
  local labelled, without = outcomes.labelled(data, path)
  if without > 0 then tell("%d rows without a target left out", without) end
  for _, item in ipairs(screen.find(labelled, options.keep)) do
    tell("column '%s' left out: %s", item.column, item.reason)
    labelled = labelled:drop(item.column)
  end
  return as_categories(labelled)
end

--- The default prep, not fitted.
-- @function cl.recipe.prep
-- @treturn Prep
-- @usage print(cl.recipe.prep())
function M.prep()
  return require("churnlab.prep").new()
    :impute { numeric = "median", category = "<missing>", flag = true }
    :onehot { unseen = "other" }
    :scale { "standard" }
end

--- The default net.
-- @function cl.recipe.net
-- @tparam[opt] {integer,...} hidden units a layer ({ 64, 32 })
-- @tparam[opt] integer classes of the target; nil = two outcomes
-- @treturn Sequential
-- @usage print(cl.recipe.net { 16, 8 })
function M.net(hidden, classes)
  local net = require("churnlab.nn").sequential()
  for k, units in ipairs(hidden or M.defaults.hidden) do
    net:dense(units, { activation = "tanh", l2 = 1e-4 }):dropout(k == 1 and 0.2 or 0.1)
  end
  return net:dense(classes or 1, { activation = classes and "softmax" or "sigmoid" })
end

local known = { epochs = "number", hidden = "table", ensemble = "number", seed = "number",
  valid = "number" }

--- Trains the default net on a frame with a target, and calibrates it.
-- @function cl.recipe.fit
-- @tparam Frame train
-- @tparam[opt] table options epochs (at most; 150), hidden ({64, 32}), ensemble (3), seed (42),
--   valid (0.15: the share that decides when to stop and that calibrates)
-- @treturn Model
-- @usage local made = cl.recipe.fit(train, { ensemble = 1, epochs = 2 })
function M.fit(train, options)
  options = errors.options("recipe.fit", options, known)
  local function take(name) return options[name] or M.defaults[name] end
  local nn = require("churnlab.nn")
  local share, seed = take("valid"), take("seed")
  local part, valid = train:split { 1 - share, share, stratify = train:roles().target, seed = seed }
  local classes = outcomes.count(train)
  return require("churnlab.fit").fit(M.prep(), M.net(take("hidden"), classes), part, {
    valid = valid, loss = classes and nn.cross_entropy() or nn.bce(),
    optimizer = nn.adam { lr = 2e-3 }, batch = 128, epochs = take("epochs"),
    ensemble = take("ensemble"), seed = seed,
    callbacks = { nn.early_stop { monitor = "val_loss", patience = 15, restore = true } },
  }):calibrate(valid, classes and "temperature" or "platt")
end

return M
