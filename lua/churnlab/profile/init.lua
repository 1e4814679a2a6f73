--- What is in a table, and what is wrong with it: `frame:profile()`, `churnlab profile file.csv`.
-- It prints as text, and writes itself as one HTML page or as JSON.
-- @module churnlab.profile

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")
local figures = require("churnlab.profile.figures")
local findings = require("churnlab.profile.findings")

local M = {}
local Profile = {}
Profile.__index = Profile
Profile.__name = "churnlab.Profile"

local CORRELATED = 0.9   -- pairs from so much on are listed
local CORR_COLUMNS = 200 -- columns among which pairs are looked for

-- Pairs of columns of numbers that tell the same, strongest first.
local function correlated_pairs(frame, id)
  local names, pairs_ = {}, {}
  for _, name in ipairs(frame:columns()) do
    local type_name = frame:type(name)
    local number = (type_name == "f64" or type_name == "i64") and name ~= id
    if number and #names < CORR_COLUMNS then
      names[#names + 1] = name
    end
  end
  local r = core.profile.corr(frame, names, "pearson")
  for i, a in ipairs(names) do
    for k = i + 1, #names do
      local value = r:col(names[k])[i]
      if value and math.abs(value) >= CORRELATED then
        pairs_[#pairs_ + 1] = { a = a, b = names[k], r = value }
      end
    end
  end
  table.sort(pairs_, function(x, y)
    if math.abs(x.r) ~= math.abs(y.r) then return math.abs(x.r) > math.abs(y.r) end
    if x.a ~= y.a then return x.a < y.a end
    return x.b < y.b
  end)
  return pairs_
end

local function repeated_rows(frame)
  if #frame == 0 or #frame:columns() == 0 then return 0 end
  return #frame - frame:n_distinct()
end

local function target_facts(frame, target)
  if not target then return nil end
  return { column = target, values = figures.top(frame, target, 20, true) }
end

local function collect(frame, options)
  local facts = { name = options.name, rows = #frame, bytes = 0, missing = 0, columns = {} }
  local roles = frame:roles()
  roles.target = options.target or roles.target
  for i, name in ipairs(frame:columns()) do
    local column = figures.column(frame, name, roles, options.top or 5)
    facts.columns[i] = column
    facts.bytes = facts.bytes + column.bytes
    facts.missing = facts.missing + column.missing
  end
  facts.repeated_rows = repeated_rows(frame)
  facts.correlated = correlated_pairs(frame, roles.id)
  facts.target = target_facts(frame, roles.target)
  facts.findings = findings.find(frame, facts, roles)
  return facts
end

--- The profile of a frame.
-- @function Frame:profile
-- @tparam[opt] table options
--
--   - `target`: the column to predict (default: the frame's role), whose balance is looked at
--   - `top`: how many frequent values are listed (5)
--   - `name`: what the titles say, such as the name of the file
-- @treturn Profile
-- @raise unknown columns and options, with a suggestion
-- @usage print(frame:profile { target = "Exited" })
function M.new(frame, options)
  options = errors.options("profile", options,
    { target = "string", top = "number", name = "string" })
  local top = options.top
  if top and (math.type(top) ~= "integer" or top < 1 or top > 1000) then
    errors.raise("profile: option 'top': expected a whole number from 1 to 1000, got %s",
      tostring(top))
  end
  if options.target and not frame:has(options.target) then
    errors.unknown("profile", "column", options.target, frame:columns())
  end
  return setmetatable({ facts = collect(frame, options) }, Profile)
end

--- What a profile can do; `tostring` gives its text.
-- @type Profile

--- All figures, the shape of the JSON; what does not apply is absent.
--
-- - `name`, `rows`, `bytes`, `missing` (cells), `repeated_rows` (rows that equal an earlier one)
-- - `columns`: a list in the frame's order of `name`, `type`, `role` ("target", "id", "time",
--   "personal"), `bytes`, `missing`, `distinct`, `constant`, and
--     - of numbers `numbers`: `min`, `q05`, `q25`, `median`, `q75`, `q95`, `max`, `mean`, `std`,
--       `skewness`, `zeros`, `negatives`, `outliers` (beyond the quartiles by 1.5 times their
--       distance)
--     - of dates and timestamps `first` and `last`
--     - of both `histogram`: counts of up to 24 bands of equal width
--     - of text and truth values `top`: the most frequent, as a list of `value`, `n`, `share`
-- - `correlated`: pairs `a`, `b`, `r` of columns of numbers with |r| of at least 0.9
-- - `target`: `column` and its `values` like `top`
-- - `findings`: a list of `kind`, `column` (or none), `n` (how many rows or cells), `text` and
--   `fix` (the verb that helps, as code; or none)
-- @treturn table
-- @usage frame:profile():to_table().rows == #frame
function Profile:to_table()
  return self.facts
end

--- The same as a JSON text.
-- @treturn string
-- @usage #core.json.decode(frame:profile():json()).columns == #frame:columns()
function Profile:json()
  return core.json.encode(self.facts)
end

--- One HTML page that needs nothing else: no scripts, no fonts, no images from outside.
-- @treturn string
-- @usage frame:profile():html():find("<svg", 1, true) ~= nil
function Profile:html()
  return require("churnlab.profile.html").page(self.facts)
end

--- Writes the page to a file, or the JSON where the path ends in ".json".
-- @tparam string path
-- @treturn boolean true, or nil and a message
-- @usage assert(frame:profile():save("profile.html"))
function Profile:save(path)
  local text = path:match("%.json$") and self:json() .. "\n" or self:html()
  return core.file.write(path, text)
end

function Profile:__tostring()
  return require("churnlab.profile.text").text(self.facts)
end

return M
