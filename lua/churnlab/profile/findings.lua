-- What a profile warns of: each check looks at one column or at the frame and may report.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local print_ = require("churnlab.frame.print")
local texts = require("churnlab.profile.texts")

local M = {}

local NEAR_CONSTANT = 0.99  -- share of one value
local MANY_MISSING = 0.3    -- share of missing cells
local ID_ROWS = 20          -- from so many rows on, values that all differ look like an id
local MANY_LEVELS = 100     -- text with more values is of little use as a category
local IMBALANCE = 0.25      -- share of the rarest class of a target
local FEW_NEGATIVES = 0.05  -- share of negative values among positive ones

local codes = { -1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999, 9999999 }

local function percent(share) return ("%.1f %%"):format(100 * share) end

local function rows_text(n) return print_.thousands(n) .. (n == 1 and " row" or " rows") end

-- The value of an aggregate in which $ is the column.
local function evaluate(frame, aggregate, name)
  local quoted = ("[[%s]]"):format(name):gsub("%%", "%%%%")
  return core.expr.eval(frame, (aggregate:gsub("%$", quoted)))[1]
end

-- ---- single columns ----

local checks = {}

function checks.missing(_, c, facts, report)
  if facts.rows > 0 and c.missing == facts.rows then
    report("empty", c.missing, "every cell is missing", ("drop %q"):format(c.name))
  elseif c.missing >= MANY_MISSING * facts.rows and c.missing > 0 then
    report("many_missing", c.missing, percent(c.missing / facts.rows)
      .. " of the cells are missing", ("fill_na { [%q] = … }"):format(c.name))
  end
end

function checks.constant(frame, c, facts, report)
  local present = facts.rows - c.missing
  if c.distinct == 1 and present > 1 then
    report("constant", present, "all present cells hold the same value", ("drop %q"):format(c.name))
  elseif c.distinct > 1 and present >= ID_ROWS and c.distinct < present / 2 then
    local n = frame:count_values(c.name).n
    local most = n[1] == c.missing and n[2] or n[1]
    if most >= NEAR_CONSTANT * present then
      report("near_constant", present - most, ("%s of the cells hold the same value")
        :format(percent(most / present)))
    end
  end
end

local function is_id_name(name)
  local lower = name:lower()
  return lower == "id" or lower:match("[_ ]id$") or name:match("%lI[dD]$")
end

function checks.ids(_, c, facts, report)
  local present, distinct = facts.rows - c.missing, c.distinct
  if present < ID_ROWS or not (c.type == "i64" or c.type == "string" or c.type == "category") then
    return
  end
  if c.role == "id" or (is_id_name(c.name) and distinct > 0.5 * present) then
    if distinct < present then
      report("duplicate_ids", present - distinct,
        rows_text(present - distinct) .. " repeat an id that an earlier row has",
        ("drop_duplicates { on = %q }"):format(c.name))
    end
    if c.role == "id" and c.missing > 0 then
      report("missing_ids", c.missing, rows_text(c.missing) .. " without an id")
    end
  end
  if c.role ~= "id" and c.role ~= "target" and distinct == present then
    report("likely_id", distinct, "every value differs: an id, a name or a row number",
      ("drop %q"):format(c.name))
  end
end

local function report_code(frame, c, code, report)
  local n = evaluate(frame, ("count_if($ == %d)"):format(code), c.name)
  local next_ = evaluate(frame,
    ("%s(if_else($ ~= %d, $, nil))"):format(code < 0 and "min" or "max", code), c.name)
  local alone = next_ and (code < 0 and next_ >= 0 or code > 0 and next_ <= code / 3)
  if alone then
    report("dirty_code", n, ("%d in %s, far from all other values"):format(code, rows_text(n)),
      ("replace({ [%d] = cl.NA }, { columns = %q })"):format(code, c.name))
  end
  return alone
end

function checks.numbers(frame, c, facts, report)
  local x = c.numbers
  if not x or not x.min or c.role == "id" or c.distinct < 3 then return end
  local found = false
  for _, code in ipairs(codes) do
    if code == x.min or code == x.max then found = report_code(frame, c, code, report) or found end
  end
  local present = facts.rows - c.missing
  if not found and x.negatives > 0 and x.negatives <= FEW_NEGATIVES * present then
    report("few_negatives", x.negatives, ("%s with a negative value (%s), the others are not")
      :format(rows_text(x.negatives), percent(x.negatives / present)))
  end
end

function checks.texts(frame, c, facts, report)
  if c.type == "i64" and c.role ~= "id" then texts.check_packed_dates(frame, c, report) end
  if c.type ~= "string" and c.type ~= "category" or c.role == "personal" then return end
  local values = texts.check(frame, c, report)
  local many = c.distinct > MANY_LEVELS and c.distinct < facts.rows - c.missing
  if many and not values and not c.role then
    report("high_cardinality", c.distinct,
      print_.thousands(c.distinct) .. " different texts: many for a category")
  end
end

local order = { "missing", "constant", "ids", "numbers", "texts" }

-- ---- the frame ----

local function check_target(frame, facts, roles, report)
  local target = facts.target
  if not target then return end
  local missing = frame:col(target.column):missing()
  if missing > 0 then
    report("missing_target", missing, rows_text(missing) .. " without the target",
      ("filter 'not is_na([[%s]])'"):format(target.column))
  end
  local classes = frame:col(target.column):n_distinct()
  if classes < 2 or classes > 20 then return end
  local rarest, most
  for _, value in ipairs(target.values) do
    if value.value ~= nil then
      most = most or value
      rarest = value
    end
  end
  if rarest.share < IMBALANCE / (classes / 2) then
    report("imbalance", rarest.n, ("%s is only %s of the rows; always saying %s is right in %s")
      :format(tostring(rarest.value), percent(rarest.share), tostring(most.value),
        percent(most.share)))
  end
  if roles.id == target.column then report("target_is_id", 0, "the target is the id as well") end
end

local function check_frame(frame, facts, roles, add)
  if facts.repeated_rows > 0 then
    add(nil)("repeated_rows", facts.repeated_rows, rows_text(facts.repeated_rows)
      .. (" (%s) the same as an earlier one"):format(percent(facts.repeated_rows / facts.rows)),
      "drop_duplicates()")
  end
  check_target(frame, facts, roles, add(facts.target and facts.target.column))
  for _, pair in ipairs(facts.correlated) do
    add(pair.b)("correlated", 0, ("goes with %s (r = %.3f)"):format(pair.a, pair.r))
  end
end

--- The findings of a frame, those of the whole first, then column by column.
function M.find(frame, facts, roles)
  local list = {}
  local function add(column)
    return function(kind, n, text, fix)
      list[#list + 1] = { kind = kind, column = column, n = n, text = text, fix = fix }
    end
  end
  check_frame(frame, facts, roles, add)
  for _, column in ipairs(facts.columns) do
    for _, name in ipairs(order) do checks[name](frame, column, facts, add(column.name)) end
  end
  return list
end

return M
