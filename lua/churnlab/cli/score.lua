-- churnlab score: probabilities, tiers, reasons and actions for customers. The file is read,
-- scored and written chunk by chunk, so that its size does not matter; only the limits of a policy
-- look at all customers, and want them in memory.
-- SPDX-License-Identifier: MIT
local common = require("churnlab.cli.common")
local core = require("churnlab.core")
local tables = require("churnlab.cli.table")

local M = { summary = "score customers with a saved model" }

local examples = [[
  churnlab score bank.churn customers.csv --reasons 3 -o scored.csv
  churnlab score bank.churn customers.csv --policy retention.lua -o scored.csv
  cat customers.csv | churnlab score bank.churn - > scored.csv
  churnlab score bank.churn sqlite:bank.db --query "SELECT * FROM customers" -o scored.csv]]

local function arguments_parser()
  local parser = common.parser("score", M.summary, examples)
  parser:argument("model", "A model that `churnlab train` saved.")
  parser:argument("csv", "The customers, as CSV or column file; - is standard input; or the url of"
    .. " a database, sqlite:… or postgresql://….")
  parser:option("--query", "The rows of a database that are the customers."):argname("SQL")
  parser:option("--policy", "Tiers and rules that choose an action for each customer."
    .. " A policy with limits looks at all customers at once and keeps them in memory.")
    :argname("FILE")
  parser:option("--reasons", "How many reasons to give for each customer.", "0")
    :argname("N"):convert(common.whole("--reasons", 0, 20))
  parser:option("--class", "Of a model of classes the one whose reasons are given (default: those"
    .. " that count as churn)."):argname("CLASS")
  parser:option("-o", "The CSV file to write; - is standard output.", "-")
    :hidden_name("--output"):target("output"):argname("FILE")
  return parser
end

local function check_query(options)
  if tables.is_url(options.csv) and not options.query then
    require("churnlab.cli").fail(2, "score: a database: expected --query \"SELECT …\"")
  elseif options.query and not tables.is_url(options.csv) then
    require("churnlab.cli").fail(2,
      ("score: --query: expected the url of a database, got %s"):format(options.csv))
  end
end

-- What the closing line tells: sums over the chunks.
local Tally = {}
Tally.__index = Tally

-- A model of classes without positive ones gives no churn and no tiers: its classes are counted.
function Tally.new(scored, has_churn)
  local key = has_churn and "tier" or "class"
  return setmetatable({ rows = 0, unseen = 0, key = key,
    mean = has_churn and core.fold.new(scored, {}, { "churn" }, { "mean(churn)" }),
    counts = core.fold.new(scored, { key }, { "n" }, { "count()" }) }, Tally)
end

function Tally:add(scored, unseen)
  self.rows = self.rows + #scored
  self.unseen = self.unseen + (unseen or 0)
  if self.mean then self.mean:add(scored) end
  self.counts:add(scored)
end

-- "high 120, medium 300, low 580": the most frequent first
function Tally:counts_text()
  local counts, parts = self.counts:result():sort("n", { desc = true }), {}
  for i = 1, #counts do
    parts[i] = ("%s %s"):format(counts:cell(i, self.key) or "none",
      common.thousands(counts:cell(i, "n")))
  end
  return table.concat(parts, ", ")
end

function Tally:report(name)
  if self.unseen > 0 then
    common.notice("%s: %s with a value that training never saw", name,
      common.count(self.unseen, "cell"))
  end
  local mean = self.mean and ("mean churn %.4f; tiers"):format(
    self.mean:result():cell(1, "churn") or 0) or "classes"
  common.notice("%s: %s scored; %s: %s", name, common.count(self.rows, "row"), mean,
    self:counts_text())
end

function M.run(arguments)
  local options = common.parse(arguments_parser(), arguments)
  if not options then return 0 end
  check_query(options)
  local model = require("churnlab").load(options.model)
  local scan, name = tables.scan(model, options.csv, { query = options.query })
  local policy = options.policy and require("churnlab.policy").load(options.policy, model)
  local scoring = { policy = policy, reasons = options.reasons > 0 and options.reasons or nil,
    class = options.class }
  local writer <close> = common.must(core.chunks.write_csv(options.output))
  local header = model:score(scan.empty, scoring)
  local tally = Tally.new(header, model:facts().positive ~= nil)
  common.must(writer:put(header))
  local function put(chunk)
    local scored, unseen = model:score(chunk, scoring)
    common.must(writer:put(scored))
    tally:add(scored, unseen)
  end
  if policy and policy.limits then
    put(scan:collect())
  else
    require("churnlab.frame.scan").each(scan, "score", put)
  end
  common.must(writer:commit())
  tally:report(name)
  return 0
end

return M
