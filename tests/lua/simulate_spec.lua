local cl = require("churnlab")
local core = require("churnlab.core")

-- The AUC by its definition: ranks with ties at their mean.
local function auc(labels, p)
  local order = {}
  for i = 1, #p do order[i] = i end
  table.sort(order, function(a, b) return p[a] < p[b] end)
  local sum, positives, i = 0, 0, 1
  while i <= #order do
    local j = i
    while order[j + 1] and p[order[j + 1]] == p[order[i]] do j = j + 1 end
    for k = i, j do
      if labels[order[k]] == 1 then sum, positives = sum + (i + j) / 2, positives + 1 end
    end
    i = j + 1
  end
  return (sum - positives * (positives + 1) / 2) / (positives * (#order - positives))
end

local function share(frame, name, value)
  local n = 0
  for _, cell in ipairs(frame:col(name):to_table(core.NA)) do
    if cell == value then n = n + 1 end
  end
  return n / #frame
end

local headers = {
  bank = "RowNumber,CustomerId,Surname,CreditScore,Geography,Gender,Age,Tenure,Balance,"
    .. "NumOfProducts,HasCrCard,IsActiveMember,EstimatedSalary,Exited",
  telco = "customerID,gender,SeniorCitizen,Partner,Dependents,tenure,PhoneService,MultipleLines,"
    .. "InternetService,OnlineSecurity,OnlineBackup,DeviceProtection,TechSupport,StreamingTV,"
    .. "StreamingMovies,Contract,PaperlessBilling,PaymentMethod,MonthlyCharges,TotalCharges,Churn",
}

describe("simulate", function()
  for _, name in ipairs { "bank", "telco" } do
    describe(name, function()
      it("has the public set's columns, roles and unique ids", function()
        local frame = cl.simulate(name, { rows = 5000 })
        assert.are.equal(5000, #frame)
        assert.are.equal(headers[name], table.concat(frame:columns(), ","))
        local roles = frame:roles()
        assert.are.equal(5000, frame:col(roles.id):n_distinct())
        assert.are.equal(2, frame:col(roles.target):n_distinct())
      end)

      it("gives the same customers for a seed, and the same row for any number of rows", function()
        local long = cl.simulate(name, { rows = 4200, seed = 7 })
        assert.are.equal(long:to_csv(), cl.simulate(name, { rows = 4200, seed = 7 }):to_csv())
        assert.are.equal(long:head(50):to_csv(),
          cl.simulate(name, { rows = 50, seed = 7 }):to_csv())
        assert.are_not.equal(long:head(50):to_csv(),
          cl.simulate(name, { rows = 50, seed = 8 }):to_csv())
      end)
    end)
  end

  it("draws a bank with the margins and the Bayes AUC that the model promises", function()
    local frame = cl.simulate("bank", { rows = 20000, seed = 3, truth = true })
    local labels, p = frame:labels():to_table(), frame:col("p_churn"):to_table()
    assert.is_near(0.2, frame:labels():mean(), 0.012)
    assert.is_near(0.885, auc(labels, p), 0.008)
    assert.is_near(frame:labels():mean(), frame:col("p_churn"):mean(), 0.01)
    assert.is_near(0.36, share(frame, "Balance", 0), 0.02)
    assert.is_near(0.25, share(frame, "Geography", "Germany"), 0.02)
    assert.is_near(37, frame:col("Age"):median(), 1)
    assert.is_true(frame:col("Age"):min() >= 18 and frame:col("Age"):max() <= 92)
    assert.is_true(frame:col("CustomerId"):min() >= 60000000)
    assert.is_true(frame:col("CustomerId"):max() <= 99999999)
  end)

  it("draws a telco with the margins and the Bayes AUC that the model promises", function()
    local frame = cl.simulate("telco", { rows = 20000, seed = 3, truth = true })
    local labels, p = frame:labels():to_table(), frame:col("p_churn"):to_table()
    assert.is_near(0.265, frame:labels():mean(), 0.015)
    assert.is_near(0.863, auc(labels, p), 0.008)
    assert.is_near(0.55, share(frame, "Contract", "Month-to-month"), 0.02)
    assert.is_true(frame:col("MonthlyCharges"):min() >= 18.25)
    local new = share(frame, "tenure", 0)
    assert.is_true(new > 0)
    assert.is_near(new * 20000, frame:col("TotalCharges"):missing(), 1e-9)
    for _, id in ipairs(frame:head(20):col("customerID"):to_table()) do
      assert.matches("^%d%d%d%d%-%u%u%u%u%u$", id)
    end
  end)

  it("draws an event log with the hazard that the model promises", function()
    local log = cl.simulate("events", { rows = 3000, seed = 5, truth = true })
    local people = log:group("customer"):agg { { "hazard", "first(hazard)" }, { "left",
      "first(left)" },
      { "came", "min(when)" } }
    assert.are.equal(3000, #people)
    -- of those there on 1 July, the expected number leaves within 90 days
    local there = people:filter("came < '2025-07-01' and (is_na(left) or left >= '2025-07-01')")
    local gone = there:filter("left < '2025-09-29'")
    local expected = there:derive { p = "1 - exp(-90 * hazard)" }:col("p"):sum()
    assert.is_near(expected, #gone, 3 * math.sqrt(expected))
    assert.is_near(0.1, #log:filter("loaded_at > when") / #log, 0.01)
    assert.are.equal(0, #log:filter("when > left"))
    assert.is_near(0.5, #log:filter("type == 'cancel'") / #people:filter("not is_na(left)"), 0.06)
    assert.are.equal(#log, log:col("amount"):missing() + #log:filter("type == 'order'"))
  end)

  it("draws the same customers of a log for any number of them", function()
    local few = cl.simulate("events", { rows = 5, seed = 9 })
    local many = cl.simulate("events", { rows = 50, seed = 9 }):filter("customer <= 'C0000005'")
    assert.are.equal(few:to_csv(), many:to_csv())
    assert.are.same({ "customer", "when", "type", "amount", "loaded_at" }, few:columns())
  end)

  it("says what is wrong", function()
    local function message(...) return select(2, pcall(cl.simulate, ...)) end
    assert.matches("simulate: unknown data set 'bnak' %(did you mean 'bank'%?%)", message("bnak"))
    assert.matches("option 'rows': expected a whole number from 1 to 10000000, got 0",
      message("bank", { rows = 0 }))
    assert.matches("option 'seed': expected a whole number from 0", message("bank", { seed = 1.5 }))
    assert.matches("unknown option 'row' %(did you mean 'rows'%?%)", message("bank", { row = 5 }))
  end)
end)
