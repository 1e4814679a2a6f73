-- A model in words: what it predicts, what it is made of, how it was trained.
-- SPDX-License-Identifier: MIT
local M = {}

local function count(n, what) return ("%d %s%s"):format(n, what, n == 1 and "" or "s") end

local function list(values)
  return type(values) == "table" and table.concat(values, " or ") or tostring(values)
end

--- "Exited = 1", "risk: 1, 2, 3, 4, 5 (churn is 4 or 5)".
-- @tparam table facts of the model
-- @treturn string
function M.predicts(facts)
  if not facts.classes then return ("%s = %s"):format(facts.target, list(facts.positive)) end
  local churn = facts.positive and (" (churn is %s)"):format(list(facts.positive)) or ""
  return ("%s: %s%s"):format(facts.target, table.concat(facts.classes, ", "), churn)
end

--- "mean of 3 nets, 1009 parameters each", "stack of 4 parts, 12 nets".
-- @treturn string
function M.nets(facts)
  if #facts.parts == 1 and not facts.stacked then
    return ("mean of %s, %d parameters each"):format(count(facts.members, "net"),
      facts.parameters)
  end
  return ("%s of %s, %s"):format(facts.stacked and "stack" or "weighted mean",
    count(#facts.parts, "part"), count(facts.members, "net"))
end

local function rates(values)
  local texts = {}
  for i, rate in ipairs(values) do texts[i] = ("%.4g"):format(rate) end
  return table.concat(texts, " ")
end

--- "0.5 -> 0.2": the rates in training and the true ones; nil without a shift.
-- @treturn ?string
function M.priors(facts)
  local priors = facts.priors
  return priors and ("%s -> %s"):format(rates(priors.from), rates(priors.to))
end

--- What printing a model shows.
-- @tparam Model model
-- @treturn string
function M.text(model)
  local info = model:info()
  local lines = {
    info.classes and ("model %s: %s"):format(info.hash:sub(1, 12), M.predicts(info))
      or ("model %s: P(%s)"):format(info.hash:sub(1, 12), M.predicts(info)),
    ("  reads       %s, %d encoded"):format(count(#info.columns, "column"), info.encoded),
    "  net         " .. M.nets(info),
  }
  local function add(fmt, ...) lines[#lines + 1] = fmt:format(...) end
  if info.priors then add("  prior shift %s", M.priors(info)) end
  add("  calibration %s", info.calibration or "none")
  if info.rows then
    add("  trained on  %s%s, %d without target left out, seed %d", count(info.rows, "row"),
      info.rate and (", %.1f %% positive"):format(100 * info.rate) or "", info.dropped, info.seed)
    add("  made        %s by churnlab %s", info.created, info.version)
  end
  return table.concat(lines, "\n")
end

return M
