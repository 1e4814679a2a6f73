require("churnlab.frame") -- frames get their verbs
local core = require("churnlab.core")
local policy = require("churnlab.policy")

-- Eight customers of a bank, with the columns that retention policies speak of.
local order = { "CustomerId", "Geography", "Gender", "Balance", "Age", "NumOfProducts",
  "IsActiveMember", "Joined", "Exited" }
local types = { CustomerId = "i64", Geography = "category", Gender = "category", Balance = "f64",
  Age = "i64", NumOfProducts = "category", IsActiveMember = "bool", Joined = "date",
  Exited = "i64" }
local cells = {
  CustomerId = { 1, 2, 3, 4, 5, 6, 7, 8 },
  Geography = { "France", "Germany", "Spain", "France", "France", "Germany", "Spain", "Spain" },
  Gender = { "Female", "Male", "Male", "Female", "Male", "Female", "Female", "Male" },
  Balance = { 150000, 0, 120000, 50, 60, 70000, core.NA, 10.5 },
  Age = { 45, 30, 17, 60, 40, 35, 33, 20 },
  NumOfProducts = { "1", "2", "3", "4", "1", "1", "2", "2" },
  IsActiveMember = { true, false, true, false, true, false, false, true },
  Joined = { "2020-01-31", "2021-02-01", "2022-03-01", "2023-04-01", "2024-05-01", "2025-06-01",
    core.NA, "2026-07-01" },
  Exited = { 0, 1, 0, 1, 0, 1, 0, 1 },
}

local function frame_of(values, names)
  local columns = {}
  for i, name in ipairs(names or order) do
    columns[i] = core.column.new(values[name], types[name] or "f64")
  end
  return core.frame.new(names or order, columns)
end

local bank = frame_of(cells):with_roles { target = "Exited", positive = "1", id = "CustomerId" }
local churn = { 0.9, 0.7, 0.8, 0.65, 0.4, 0.35, 0.1, 0.2 }
local scored = bank:with_column("churn", core.column.new(churn, "f64"))

local HEAD = 'policy "p" { version = "1" } tier "high" { from = 0.6 } tier "medium" { from = 0.3 } '
  .. 'tier "low" { from = 0 }\n'
local ALL = 'rule "all" { when = {}, action = email { "x" } }\n'

local function parse(text, schema)
  return policy.parse(HEAD .. text, "p.lua", schema or bank)
end

local function message_of(text)
  local ok, message = pcall(policy.parse, text, "p.lua", bank)
  assert.is_false(ok, "the policy was accepted")
  return message
end

local function refuses(text, expected)
  local message = message_of(HEAD .. text)
  assert.is_truthy(message:find(expected, 1, true), message)
end

local function list(frame, name)
  return frame:col(name):to_table(false)
end

-- The customers for which a condition fires.
local function fires(when)
  local p = parse('rule "r" { when = { ' .. when .. ' }, action = call {} }')
  local ids = {}
  for i, rule in ipairs(list(p:decide(scored), "rule")) do
    if rule == "r" then ids[#ids + 1] = i end
  end
  return ids
end

local contract = [[
policy "bank-retention" { version = "2026.11", owner = "retention-team", currency = "EUR" }
tier "high"   { from = 0.60, sla = "24h" }
tier "medium" { from = 0.30, sla = "7d", hysteresis = 0.03 }
tier "low"    { from = 0.00 }
limit   { budget = 50000, per = "month", contacts_per_customer = 2, cooldown = "30d" }
holdout { share = 0 }
rule "call-high-value" {
  when     = { tier = "high", Balance = at_least(100000) },
  action   = call { by = "account-manager", cost = 18 },
  priority = 1,
}
rule "fee-waiver" {
  when     = { tier = one_of("high", "medium"), reason = top3("IsActiveMember", "NumOfProducts") },
  where    = "Balance > 0 and Age >= 25",
  action   = offer { "fee-waiver-3m", cost = 24, max_per_month = 800 },
  priority = 2,
}
rule "nurture" { when = { tier = "medium" }, action = email { "tips", cost = 0.05 }, priority = 9 }
never "minors" { when = { Age = below(18) }, because = "no marketing to minors" }
expect {
  { tier = "high", Balance = 150000, Age = 45, NumOfProducts = 1 }, gives = "call-high-value",
}
expect { { tier = "low",  Balance = 10,     Age = 30, NumOfProducts = 2 }, gives = none }
]]

local reasons = core.frame.new({ "reason_1", "reason_2", "reason_3" }, {
  core.column.new({ "Age", "Age", "Age", "IsActiveMember", "Age", "Age", "Age", "Age" }, "string"),
  core.column.new({ "Age", "Age", "Age", "Age", "NumOfProducts", "Age", "Age", "Age" }, "category"),
  core.column.new({}, "string", 8),
})

describe("policy", function()
  it("decides with tier, action, rule, cost and reason", function()
    local p = policy.parse(contract, "retention.lua", bank)
    assert.are.equal(3, p.reasons_needed)
    local decided = p:decide(scored, reasons)
    assert.are.same({ "high", "high", "high", "high", "medium", "medium", "low", "low" },
      list(decided, "tier"))
    assert.are.same({ "call", "none", "none", "offer fee-waiver-3m", "offer fee-waiver-3m",
      "email tips", "none", "none" }, list(decided, "action"))
    assert.are.same({ "call-high-value", false, false, "fee-waiver", "fee-waiver", "nurture",
      false, false }, list(decided, "rule"))
    assert.are.same({ 18, 0, 0, 24, 24, 0.05, 0, 0 }, list(decided, "cost"))
    assert.are.equal("no rule", decided:cell(2, "because"))
    assert.are.equal("no marketing to minors", decided:cell(3, "because"))
    assert.are.equal(3, #p:decide(scored:head(1), reasons:head(1)):col("tier"):levels())
    assert.are.equal("CustomerId", decided:roles().id)
    assert.are.equal(#order + 6, #decided:columns())
  end)

  it("decides for no rows and for rows without a score", function()
    local p = parse(ALL)
    assert.are.equal(0, #p:decide(scored:head(0)))
    local blank = bank:head(1):with_column("churn", core.column.new({}, "f64", 1))
    local decided = p:decide(blank)
    assert.are.equal("no score", decided:cell(1, "because"))
    assert.is_nil(decided:cell(1, "tier"))
  end)

  it("loads files, also with a byte order mark and CRLF", function()
    local path = os.tmpname()
    local file = assert(io.open(path, "wb"))
    file:write("\xEF\xBB\xBF" .. contract:gsub("\n", "\r\n"))
    file:close()
    local p = policy.load(path, bank)
    os.remove(path)
    assert.are.equal("bank-retention", p.name)
    assert.are.equal(policy.parse(contract, "x", bank).hash, p.hash)
    assert.has_error(function() policy.load("/nowhere/p.lua", bank) end)
    assert.has_error(function() policy.load(3, bank) end)
  end)

  it("loads the example; decides customers alike, alone and with others", function()
    local customers = require("churnlab").simulate("bank", { rows = 300, seed = 3 })
    local p = policy.load("examples/retention.lua", customers)
    local n = #customers
    local values, first = {}, {}
    for i = 1, n do
      values[i], first[i] = (i * 37 % 100) / 100, i % 2 == 0 and "Age" or "NumOfProducts"
    end
    local rows = customers:with_column("churn", core.column.new(values, "f64"))
    for k = 1, 3 do rows = rows:with_column("reason_" .. k, core.column.new(first, "string")) end
    local decided = p:decide(rows)
    assert.is_true(#decided:filter('rule == "fee-waiver"') > 5)
    for i = 1, n, 23 do
      local alone = p:decide(rows:slice(i, i))
      for _, name in ipairs { "tier", "action", "because" } do
        assert.are.equal(decided:cell(i, name), alone:cell(1, name))
      end
    end
  end)

  it("takes a schema from a frame or from anything with schema()", function()
    local model = { schema = function() return bank:drop("Exited", "CustomerId") end }
    assert.are.equal("p", parse(ALL, model).name)
    assert.has_error(function() parse(ALL, {}) end)
    refuses('rule "r" { when = { Exited = 1 }, action = call {} }', "unknown column 'Exited'")
  end)

  it("hashes its data: not layout and comments, but every value", function()
    local p = parse(ALL)
    assert.are.equal(64, #p.hash)
    assert.are.equal(p.hash, parse("-- a comment\n\n" .. ALL).hash)
    assert.are_not.equal(p.hash, parse(ALL .. "holdout { share = 0.1 }").hash)
    assert.are_not.equal(p.hash, parse((ALL:gsub('"x"', '"y"'))).hash)
  end)

  it("prints a summary", function()
    local text = tostring(policy.parse(contract, "retention.lua", bank))
    for _, part in ipairs { 'policy "bank-retention", version 2026.11',
      "churn >= 0.30, kept down to 0.27",
      "budget 50000 EUR per month", '1 "call-high-value": tier == "high" and Balance >= 100000',
      "call, by account-manager, 18 EUR each", "at most 800 a month", 'never "minors": Age < 18',
      "2 examples hold" } do
      assert.is_truthy(text:find(part, 1, true), part .. " in\n" .. text)
    end
  end)
end)

describe("policy conditions", function()
  it("match values and ranges", function()
    assert.are.same({ 1 }, fires("Balance = 150000"))
    assert.are.same({ 1, 3 }, fires("Balance = at_least(120000)"))
    assert.are.same({ 1 }, fires("Balance = above(120000)"))
    assert.are.same({ 2, 4, 8 }, fires("Balance = at_most(50)"))
    assert.are.same({ 2 }, fires("Balance = below(10.5)"))
    assert.are.same({ 4, 5, 8 }, fires("Balance = between(10, 60)"))
    assert.are.same({ 7 }, fires("Balance = missing"))
    assert.are.same({ 1, 2, 3, 4, 5, 6, 8 }, fires("Balance = present"))
    assert.are.same({ 1, 3, 5, 8 }, fires("IsActiveMember = true"))
    assert.are.same({ 2, 6 }, fires('Geography = "Germany"'))
    assert.are.same({ 3, 4 }, fires("NumOfProducts = one_of(3, '4')"))
    assert.are.same({ 3, 4 }, fires("NumOfProducts = not_one_of(1, 2)"))
    assert.are.same({ 1, 2 }, fires('Joined = at_most("2021-02-01")'))
    assert.are.same({ 1, 2, 3 }, fires('churn = above(0.65)'))
    assert.are.same({ 1, 2, 3, 4, 5, 6, 7, 8 }, fires(""))
  end)

  it("leave missing values out, also of not_one_of", function()
    assert.are.same({ 1, 2, 3, 4, 6, 8 }, fires("Balance = not_one_of(60)"))
  end)

  it("quote names and texts that are no plain words", function()
    local odd = core.frame.new({ "two words", "end\"]" }, {
      core.column.new({ 'a"b', "c\\d\n" }, "string"), core.column.new({ 1, 2 }, "i64") })
      :with_column("churn", core.column.new({ 0.5, 0.5 }, "f64"))
    local text = [[rule "r" { when = { ["two words"] = one_of("c\\d\n", 'a"b') },
      action = call {} }]]
    assert.are.same({ "r", "r" }, list(parse(text, odd):decide(odd), "rule"))
    text = [[rule "r" { when = { ["two words"] = "c\\d\n" }, action = call {} }]]
    assert.are.same({ false, "r" }, list(parse(text, odd):decide(odd), "rule"))
  end)

  it("read a batch whose types and levels differ from the schema's", function()
    local p = parse('rule "r" { when = { NumOfProducts = 2, Geography = "Spain", Age = 20 }, '
      .. "action = call {} }")
    local batch = scored:slice(8, 8)
      :with_column("NumOfProducts", core.column.new({ 2 }, "i64"))
      :with_column("Geography", core.column.new({ "Spain" }, "category"))
      :with_column("Age", core.column.new({ 20.0 }, "f64"))
    assert.are.same({ "r" }, list(p:decide(batch), "rule"))
    assert.has_error(function() p:decide(batch:drop("Age")) end,
      "policy: the rows have no column 'Age', which the policy reads")
    local text = batch:with_column("Age", core.column.new({ "old" }, "string"))
    assert.has_error(function() p:decide(text) end)
  end)

  it("match the first reasons, by column or as scoring writes them", function()
    local p = parse('rule "r" { when = { reason = top2("IsActiveMember", "NumOfProducts") }, '
      .. "action = call {} }")
    assert.are.equal(2, p.reasons_needed)
    assert.are.same({ false, false, false, "r", "r", false, false, false },
      list(p:decide(scored, reasons), "rule"))
    local texts = scored
      :with_column("reason_1", core.column.new({ "Age = 45" }, "string", 8))
      :with_column("reason_2", core.column.new({ "NumOfProducts = 1" }, "string", 8))
    assert.are.same({ "r", false }, list(p:decide(texts):head(2), "rule"))
    local ok, message = pcall(p.decide, p, scored)
    assert.is_false(ok)
    assert.matches("expected columns reason_1 … reason_2, got no 'reason_1'", message)
    assert.are.equal(0, #p:decide(scored:head(0), reasons:head(0)))
  end)

  it("tell for which rows reasons are worth computing", function()
    local p = policy.parse(contract, "retention.lua", bank)
    local wanted = p:wants_reasons(scored)
    assert.are.same({ true, false, false, true, true, true, false, false }, wanted:to_table())
    assert.is_false(parse(ALL):wants_reasons(scored)[1])
    local some = {}
    for i = 1, 8 do some[i] = wanted[i] and reasons:cell(i, "reason_1") or core.NA end
    local partial = reasons:with_column("reason_1", core.column.new(some, "string"))
    assert.are.same(list(p:decide(scored, reasons), "because"),
      list(p:decide(scored, partial), "because"))
    assert.has_error(function() p:wants_reasons(bank) end,
      "wants_reasons: expected a scored frame with the column 'churn'")
    assert.has_error(function() p:decide(3) end, "decide: expected a scored frame, got a number")
    assert.are.equal(8, #parse(ALL):decide(scored, 0)) -- decide(model:score(frame))
  end)
end)

describe("policy tiers", function()
  it("include their threshold, and keep customers with hysteresis", function()
    local p = policy.parse([[policy "p" {} tier "high" { from = 0.6, hysteresis = 0.1 }
      tier "medium" { from = 0.3, hysteresis = 0.05 } tier "low" { from = 0 }]] .. ALL, "p", bank)
    local values = { 0.6, 0.55, 0.49, 0.26, 0.24, 0.3, 0, 1 }
    local rows = bank:with_column("churn", core.column.new(values, "f64"))
    assert.are.same({ "high", "medium", "medium", "low", "low", "medium", "low", "high" },
      list(p:decide(rows), "tier"))
    local before = { "medium", "high", "high", "medium", "medium", "low", "high", "unheard of" }
    rows = rows:with_column("previous_tier", core.column.new(before, "string"))
    assert.are.same({ "high", "high", "medium", "medium", "low", "medium", "low", "high" },
      list(p:decide(rows), "tier"))
  end)
end)

describe("policy limits", function()
  local cheap = 'rule "second" { when = {}, action = email { "b", cost = 1 }, priority = 2 }\n'

  it("serve falling churn and fall to the next rule", function()
    local p = parse('rule "first" { when = {}, action = call { cost = 5, max_per_month = 2 }, '
      .. "priority = 1 }\n" .. cheap .. "limit { budget = 13 }")
    local decided = p:decide(scored)
    assert.are.same({ "first", "second", "first", "second", "second", false, false, false },
      list(decided, "rule"))
    assert.are.equal("second (first: max_per_month)", decided:cell(2, "because"))
    assert.are.equal("first: max_per_month, second: budget", decided:cell(6, "because"))
    assert.are.equal(13, decided:col("cost"):sum())
  end)

  it("reach a budget exactly, in spite of rounding", function()
    local p = parse('rule "r" { when = {}, action = call { cost = 0.1 } } limit { budget = 0.8 }')
    assert.are.equal(8, #p:decide(scored):filter('rule == "r"'))
    p = parse('rule "r" { when = {}, action = call { cost = 0.1 } } limit { budget = 0.75 }')
    assert.are.equal(7, #p:decide(scored):filter('rule == "r"'))
  end)

  it("count contacts of a customer, and one only under a cooldown", function()
    local ids = core.column.new({ 1, 1, 1, 2, 2, 2, 3, 3 }, "i64")
    local rows = scored:with_column("CustomerId", ids):with_roles { id = "CustomerId" }
    local p = parse(cheap .. "limit { contacts_per_customer = 2 }")
    local decided = p:decide(rows)
    assert.are.same({ "second", false, "second", "second", "second", false, "second", "second" },
      list(decided, "rule"))
    assert.are.equal("second: contacts_per_customer", decided:cell(2, "because"))
    p = parse(cheap .. 'limit { contacts_per_customer = 2, cooldown = "30d" }')
    decided = p:decide(rows)
    assert.are.same({ "second", false, false, "second", false, false, false, "second" },
      list(decided, "rule"))
    assert.are.equal("second: cooldown", decided:cell(2, "because"))
  end)

  it("do not touch rules that do nothing", function()
    local p = parse('rule "leave" { when = { tier = "high" }, action = none, priority = 1 }\n'
      .. cheap .. "limit { budget = 2 }")
    assert.are.same({ "leave", "leave", "leave", "leave", "second", "second", false, false },
      list(p:decide(scored), "rule"))
  end)
end)

describe("policy holdout", function()
  local n = 4000
  local ids, ones = {}, {}
  for i = 1, n do ids[i], ones[i] = 15600000 + i, 0.9 end
  local many = core.frame.new({ "CustomerId", "churn" },
    { core.column.new(ids, "i64"), core.column.new(ones, "f64") }):with_roles { id = "CustomerId" }

  local function held(p, frame)
    local found = {}
    for _, id in ipairs(list(p:decide(frame):filter('because == "holdout"'), "CustomerId")) do
      found[id] = true
    end
    return found
  end

  it("keeps its share, and each customer in every batch", function()
    local p = parse(ALL .. "holdout { share = 0.05 }", many)
    local found, count = held(p, many), 0
    for _ in pairs(found) do count = count + 1 end
    -- 4 standard deviations of a binomial: 200 ± 4 · 13.8
    assert.is_true(count > 145 and count < 255, "held out: " .. count)
    for id in pairs(held(p, many:slice(1000, 1500))) do assert.is_true(found[id]) end
    local other = policy.parse((HEAD:gsub('"p"', '"q"')) .. ALL .. "holdout { share = 0.05 }",
      "q", many)
    assert.are_not.same(found, held(other, many))
  end)

  it("comes after never and before rules; a share of 1 leaves nobody", function()
    local p = parse(ALL .. 'holdout { share = 1 } never "minors" { where = "Age < 18" }')
    local decided = p:decide(scored)
    assert.are.equal("minors", decided:cell(3, "because"))
    assert.are.equal("holdout", decided:cell(1, "because"))
    assert.are.equal(0, decided:col("cost"):sum())
  end)

  it("uses the raw columns without an id: equal customers share their fate", function()
    local twice = scored:with_roles { id = "" }:take { 1, 2, 3, 4, 1, 2, 3, 4 }
    local p = parse(ALL .. "holdout { share = 0.5 }")
    local why = list(p:decide(twice), "because")
    for i = 1, 4 do assert.are.equal(why[i], why[i + 4]) end
  end)
end)

describe("policy verdicts", function()
  local p = policy.parse(contract, "retention.lua", bank)

  it("say why not, as values and needs", function()
    local answer = p:why_not({ churn = 0.27, row = { Balance = 0, Age = 42 } }, "call-high-value")
    assert.are.equal(' tier = "low"   needs "high"      churn 0.27 -> 0.60\n'
      .. " Balance = 0    needs >= 100000", tostring(answer))
    assert.is_false(answer.fired)
    assert.are.equal(2, #answer.failed)
    answer = p:why_not({ churn = 0.9, Balance = 0, Age = 42 }, "nurture")
    assert.matches("churn 0.90 %-> below 0.60", tostring(answer))
  end)

  it("say so when a rule applies, or comes later", function()
    local rich = { churn = 0.9, Balance = 200000, Age = 40, reasons = { "NumOfProducts = 2" } }
    assert.are.equal('rule "call-high-value" applies', tostring(p:why_not(rich, "call-high-value")))
    assert.are.equal('rule "fee-waiver" fires, but rule "call-high-value" comes first',
      tostring(p:why_not(rich, "fee-waiver")))
  end)

  it("cover every never and rule", function()
    local verdicts = p:verdicts { churn = 0.4, Balance = core.NA, Age = 12 }
    local names, fired = {}, {}
    for i, verdict in ipairs(verdicts) do names[i], fired[i] = verdict.name, verdict.fired end
    assert.are.same({ "minors", "call-high-value", "fee-waiver", "nurture" }, names)
    assert.are.same({ true, false, false, true }, fired)
    local where = verdicts[3].conditions[3]
    assert.are.same({ "Balance = missing, Age = 12", "Balance > 0 and Age >= 25", false },
      { where.found, where.needs, where.holds })
    local text = tostring(p:why { churn = 0.4, Balance = 5, Age = 12, reason_1 = "Age" })
    assert.matches('^tier "medium" %(churn 0.40%), action none\nnever "minors" applies', text)
    assert.matches("reasons = Age +needs IsActiveMember or NumOfProducts among the first 3", text)
  end)

  it("want a score and a known rule", function()
    assert.has_error(function() p:verdicts(3) end)
    assert.has_error(function() p:verdicts { Age = 3 } end)
    local ok, message = pcall(p.why_not, p, { churn = 0.1 }, "nurtur")
    assert.is_false(ok)
    assert.matches("unknown rule 'nurtur' %(did you mean 'nurture'%?%)", message)
  end)
end)

describe("policy examples", function()
  it("are tests: a failing one shows the verdicts", function()
    refuses(ALL .. "expect { { churn = 0.9 }, gives = none }",
      'p.lua:3: expect: expected none, got all\n')
    local message = message_of(HEAD .. [[
rule "rich" { when = { Balance = at_least(10), tier = "high" }, action = call {} }
expect { { tier = "low", Balance = 5 }, gives = "rich" }]])
    assert.is_truthy(message:find("p.lua:3: expect: expected rich, got none", 1, true))
    assert.is_truthy(message:find('tier = "low"   needs "high"', 1, true), message)
    assert.is_truthy(message:find("Balance = 5    needs >= 10", 1, true), message)
  end)

  it("may give a never, and fit their own churn", function()
    local text = ALL .. 'never "minors" { where = "Age < 18" }\n'
    parse(text .. 'expect { { Age = 3 , tier = "low" }, gives = "minors" }')
    parse(text .. "expect { { Age = 3, churn = 0.2 }, gives = none }")
    refuses(text .. 'expect { { churn = 0.1, tier = "high" }, gives = "all" }',
      'churn 0.1 belongs to tier "low", got "high"')
  end)
end)

describe("policy problems", function()
  it("come all at once, by line", function()
    local message = message_of([[policy "p" { ower = "x" }
tier "high" { from = 0.6, sla = "24x" }
tier "medium" { from = 0.7 }
rule "r" { when = { Agee = 3 }, action = call { cost = -1 } }]])
    assert.matches("p.lua: 6 problems:\n", message)
    for _, part in ipairs {
      [[p.lua:1: policy "p": unknown option 'ower' (did you mean 'owner'?)]],
      [[p.lua:2: tier "high": sla: expected a duration such as "24h", "7d" or "2w", got "24x"]],
      [[p.lua:3: tier "medium": from: expected less than 0.6 (tier "high" above it), got 0.7]],
      [[p.lua:3: tier "medium": from: expected 0 (the last tier takes the rest), got 0.7]],
      [[p.lua:4: rule "r": when: unknown column 'Agee' (did you mean 'Age'?)]],
      [[p.lua:4: rule "r": action: call: cost: expected at least 0, got -1]],
    } do
      assert.is_truthy(message:find(part, 1, true), part .. " in\n" .. message)
    end
  end)

  it("name what is wrong with a condition", function()
    local function condition(when, expected)
      refuses('rule "r" { when = { ' .. when .. ' }, action = call {} }', expected)
    end
    condition('tier = "hihg"', [[rule "r": tier: unknown tier 'hihg' (did you mean 'high'?)]])
    condition('Geography = "Frence"', [[unknown level 'Frence' (did you mean 'France'?)]])
    condition("NumOfProducts = 7", "unknown level '7'")
    condition('Balance = at_least("x")', 'Balance: expected a number, got "x"')
    condition("IsActiveMember = 1", "IsActiveMember: expected true or false, got 1")
    condition('Joined = below("2026-13-01")', 'Joined: expected a date such as "2026-11-22"')
    condition("Balance = below(1/0)", "Balance: expected a number, got inf")
    condition("Balance = between(3)", "between: expected 2 values, got 1")
    condition("Balance = between(3, 1)", "between: expected the lower value first")
    condition("Balance = one_of()", "one_of: expected at least 1 value, got 0")
    condition("Balance = one_of(1, nil, 3)", "one_of: expected")
    condition('Geography = at_least("A")', "expected a column of numbers or dates, got category")
    condition("Age = { 1, 2 }", "expected a value or a matcher such as one_of(…), got a table")
    condition("Age = below", "expected data, got a name of the vocabulary without its values")
    condition('reason = top3("Agge")', "top3: unknown column 'Agge' (did you mean 'Age'?)")
    condition('reason = "Age"', "reason: expected top1(…), top2(…) or top3(…)")
    condition('Age = top1("Age")', "top1 belongs to reason")
    condition("1", "when: expected column = value")
  end)

  it("name what is wrong with `where`", function()
    local function where(text, expected)
      refuses(('rule "r" { where = %q, action = call {} }'):format(text), expected)
    end
    where("Agee > 3", "where: expression \"Agee > 3\": ")
    where("Agee > 3", "did you mean 'Age'?")
    where("Age >", "position 6")
    where("Age + 1", "expected a condition (true or false), got a value of type i64")
    where("Age > mean(Age)", "got an aggregate over all rows")
    where("tier == 'hihg'", "hihg")
  end)

  it("name what is wrong with the rest", function()
    refuses("", "expected at least one rule")
    refuses(ALL .. ALL, 'rule "all": declared twice (first in line 2)')
    refuses('rule "none" { when = {}, action = call {} }', "'none' has a meaning of its own")
    refuses('rule "r" { action = call {} }', "expected conditions")
    refuses('rule "r" { when = {} }', "expected action = call { … }")
    refuses('rule "r" { when = {}, action = { "x" } }', "action: expected call, offer, email")
    refuses('rule "r" { when = {}, action = offer { cost = 1 } }', "offer: expected what is sent")
    refuses('rule "r" { when = {}, action = call { max_per_month = 1.5 } }', "whole number from 0")
    refuses('rule "r" { when = {}, action = call { bye = "x" } }', "did you mean 'by'?")
    refuses('rule "r" ', 'rule "r": expected a table { … }, got nothing')
    refuses("rule { when = {} }", 'rule: expected a name before the table: rule "name" { … }')
    refuses(ALL .. "holdout { share = 2 }", "holdout: share: expected a number from 0 to 1, got 2")
    refuses('rule "r" { when = {}, action = call {}, priority = 0/0 }', "priority: expected")
    refuses(ALL .. "limit { budget = 1/0 }", "budget: expected a number from 0 to 1e+15, got inf")
    refuses(ALL .. "holdout {}", "holdout: expected share = a number from 0 to 1")
    refuses(ALL .. "limit {} limit {}", "limit: declared twice (first in line 3)")
    refuses(ALL .. 'limit { per = "months" }', "did you mean 'month'?")
    refuses(ALL .. "limit { contacts_per_customer = 0 }", "expected a whole number from 1, got 0")
    refuses(ALL .. 'limit { cooldown = "0d" }', "limit: cooldown: expected a duration")
    refuses(ALL .. 'tier "low" { from = 0 }', 'tier "low": declared twice')
    refuses(ALL .. 'policy "again" {}', "policy: declared twice (first in line 1)")
    refuses(ALL .. 'expect { { Agee = 3 }, gives = "all" }', "did you mean 'Age'?")
    refuses(ALL .. 'expect { { Age = 3 }, gives = "al" }', "unknown rule 'al'")
    refuses(ALL .. "expect { gives = none }", "expect: expected a row first")
    refuses(ALL .. 'expect { { reasons = { "Agge" } }, gives = none }', "did you mean 'Age'?")
    assert.matches("expected a header", message_of('tier "low" { from = 0 }' .. ALL))
    assert.matches("hysteresis: expected less than the distance", message_of(
      'policy "p" {} tier "a" { from = 0.5, hysteresis = 0.5 } tier "b" { from = 0 }' .. ALL))
    assert.matches("expected texts in UTF%-8", message_of(HEAD .. ALL .. 'rule "\\xff" '
      .. '{ when = {}, action = email { "\\xff" } }'))
  end)

  it("are listed up to a hundred, and long conditions are refused", function()
    local rules = {}
    for i = 1, 150 do
      rules[i] = ("rule 'r%d' { when = { Agee = 1 }, action = call {} }"):format(i)
    end
    local message = message_of(HEAD .. table.concat(rules, "\n"))
    assert.matches("p.lua: 150 problems:\n", message)
    assert.matches("… and 50 more$", message)
    local long = "Age > 0" .. (" "):rep(2 ^ 16 - 10)
    refuses(('rule "r" { when = { tier = "low" }, where = "%s", action = call {} }'):format(long),
      'rule "r": conditions: ')
  end)

  it("come from the sandbox with their line", function()
    refuses("\n\nofer {}", "p.lua:4: unknown name 'ofer' (did you mean 'offer'?)")
    refuses("while true do end", "p.lua:2: stopped: more than ")
    refuses("none.kind = 'call'", "p.lua:2: a word of the vocabulary cannot be changed")
    refuses('local r = { when = {} } r.when.Age = r rule "r" (r)', "nested too deeply")
    assert.has_error(function() policy.parse(3, "p", bank) end)
    local deep = ("x/"):rep(60) .. "p.lua"
    local _, message = pcall(policy.parse, "ofer {}", deep, bank)
    assert.matches("%.%.%.[x/]+p%.lua:1: unknown name", message)
  end)
end)
