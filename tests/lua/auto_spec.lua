-- cl.auto: the default recipe, from columns to a blended model.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local features = require("churnlab.auto.features")
local mix = require("churnlab.auto.mix")
local outcomes = require("churnlab.outcomes")
local plans = require("churnlab.auto.plan")
local fixtures = require("fixtures")
local message_of = fixtures.message_of
local with_threads, repeated = fixtures.with_threads, fixtures.repeated

describe("columns of the default recipe", function()
  local n = 2000
  local frame = cl.from_table({
    left = repeated(n, function(i) return i % 4 == 0 and 1 or 0 end),
    amount = repeated(n, function(i) return i % 37 * 1.5 end),
    town = repeated(n, function(i) return "t" .. i % 60 end),
    plan = repeated(n, function(i) return "p" .. i % 3 end),
    note = repeated(n, function(i) return "n" .. i end),
    rare = repeated(n, function(i) return i < 40 and i or cl.NA end),
    customer = repeated(n, function(i) return "c" .. i % 200 end),
  }, { target = "left" })

  it("leaves out what is no feature, and says why", function()
    local found = features.find(frame, { customer = true })
    local reasons = {}
    for _, item in ipairs(found.dropped) do reasons[item.column] = item.reason end
    assert.are.same({ customer = "it says where the row belongs", rare = "it is nearly empty",
      note = "every value differs, like an id" }, reasons)
    assert.are.same({ "town" }, found.many)
    assert.are.equal(3, found.count)
  end)

  it("encodes the others", function()
    local found = features.find(frame, { customer = true })
    local binned = features.prep(found, true)
    binned:fit_transform(frame)
    local names = table.concat(binned:encoded_names(), " ")
    assert.matches("plan=p2", names)
    assert.is_nil(names:find("town=", 1, true))
    local plain = features.prep(found, false)
    assert.are.equal(5, plain:fit_transform(frame):cols()) -- amount, town, three plans
  end)
end)

describe("the plan", function()
  local function frame_of(rows, positives)
    return cl.from_table({ y = repeated(rows, function(i) return i <= positives and 1 or 0 end) },
      { target = "y" })
  end

  local function plan_of(frame)
    local rows, _, kind = outcomes.labelled(frame, "auto")
    return plans.of("auto", rows, kind)
  end

  it("depends on rows and outcomes", function()
    assert.are.equal(8, plan_of(frame_of(1000, 300)).folds)
    assert.are.equal(3, plan_of(frame_of(1000, 300)).members)
    assert.are.equal(1, plan_of(frame_of(70000, 300)).members)
    assert.are.equal(3, plan_of(frame_of(70000, 300)).folds)
    assert.are.equal(4, plan_of(frame_of(500, 12)).folds)
    assert.are.equal(2, plan_of(frame_of(500, 4)).folds)
    assert.matches("auto: expected at least 4 rows with each outcome in the target 'y', got 3 of",
      message_of(plan_of, frame_of(500, 3)))
  end)
end)

describe("the mix", function()
  local y = repeated(400, function(i) return i % 3 == 0 and 1 or 0 end)
  local _, _, two = outcomes.labelled(cl.from_table({ y = y }, { target = "y" }), "test")
  local fold = repeated(400, function(i) return i % 4 + 1 end)
  local honest = repeated(400, function(i)
    return i % 3 == 0 and (i % 2 == 0 and 0.8 or 0.4) or (i % 2 == 0 and 0.1 or 0.3)
  end)

  it("weighs by log loss and leaves out what hardly counts", function()
    local flat = repeated(400, function() return 1 / 3 end)
    local weights = mix.weights(two, y, { flat, honest })
    assert.is_true(weights[2] > 0.9)
    assert.are.equal(1, weights[1] + weights[2])
    local p = mix.mean({ flat, honest }, { 0.25, 0.75 })
    assert.are.equal(0.25 / 3 + 0.75 * honest[6], p[6])
  end)

  it("calibrates only when it clearly helps rows that were left out", function()
    local loud = repeated(400, function(i)
      local q = 0.25 + 0.001 * (i % 7) + (i % 9 == 0 and 0.3 or 0)
      return 1 / (1 + (1 / q - 1) ^ 4)
    end)
    local made = mix.calibration(two, y, loud, fold, 4)
    local q = core.calibration.from_table(made):apply(loud)
    assert.is_true(core.metrics.scores(y, q).log_loss
      < core.metrics.scores(y, loud).log_loss - 0.05)
    local calm = core.calibration.fit("platt", y, honest):apply(honest)
    assert.is_nil(mix.calibration(two, y, calm, fold, 4))
  end)
end)

describe("cl.auto", function()
  local frame = cl.simulate("bank", { rows = 160, seed = 2 })

  it("gives one model, the same on any number of threads and after a reload", function()
    local lines = {}
    local function train(threads, verbose)
      return with_threads(threads, function()
        return cl.auto(frame, { seed = 3, verbose = verbose })
      end)
    end
    local one = train(1, function(fmt, ...) lines[#lines + 1] = fmt:format(...) end)
    assert.are.equal(one:hash(), train(2):hash())
    local info = one:info()
    assert.are.equal("auto", info.recipe)
    assert.are.equal(160, info.rows)
    assert.is_false(info.cut_by_time)
    local sum = 0
    for _, tried in ipairs(info.candidates) do sum = sum + tried.weight end
    assert.is_true(math.abs(sum - 1) < 1e-9)
    assert.matches("^column 'RowNumber' left out: it counts the rows", lines[1])
    assert.matches("^blend ", lines[#lines])
    fixtures.check_reloads(one)
    local judged = one:evaluate(frame, { bootstrap = 0 })
    assert.is_true(judged.roc_auc > 0.7)
    assert.is_number(judged.logistic.roc_auc)
  end)

  it("keeps groups together and time in blocks, and reads neither", function()
    local rows = {}
    for i = 1, 150 do
      rows[i] = { shop = "s" .. i % 5, day = ("2025-%02d-01"):format(1 + i % 3),
        amount = i * 37 % 101,
        left = i * 37 % 101 + i % 7 > 80 and 1 or 0 }
    end
    local log = cl.from_table(rows, { target = "left", types = { day = "date" } })
    local model = cl.auto(log:drop("day"), { group = "shop", seed = 2 })
    assert.are.equal(5, model:info().folds)
    assert.are.same({ "amount" }, model:schema():columns())
    model = cl.auto(log:drop("shop"), { time = "day", seed = 2 })
    assert.are.equal(3, model:info().folds)
    assert.are.same({ "amount" }, model:schema():columns())
  end)

  it("keeps to a time limit, and says so", function()
    local model = cl.auto(frame, { time_limit = 1e-3 })
    assert.is_true(model:info().cut_by_time)
    assert.are.equal(1, #model:info().candidates)
  end)

  it("says what is wrong", function()
    assert.matches("auto: option 'time_limit': expected seconds above 0",
      message_of(cl.auto, frame, { time_limit = 0 }))
    assert.matches("auto: option 'seed': expected a whole number, got 1.5",
      message_of(cl.auto, frame, { seed = 1.5 }))
    assert.matches("unknown option 'targt' %(did you mean 'target'%?%)",
      message_of(cl.auto, frame, { targt = "Exited" }))
    assert.matches("auto: the frame has no column that could be a feature",
      message_of(cl.auto, frame:select { "Exited", "RowNumber" }))
  end)
end)
