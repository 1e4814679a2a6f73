-- cl.fit and models: training options, scoring that never changes a bit, explanations, bundles.
local cl = require("churnlab")
local core = require("churnlab.core")
local nn = require("churnlab.nn")
local scoring = require("churnlab.score")
local fixtures = require("fixtures")
local message_of = fixtures.message_of
local with_threads, customers = fixtures.with_threads, fixtures.customers

local function small_net()
  return nn.sequential():dense(8, { activation = "relu" }):dense(1, { activation = "sigmoid" })
end

local function small_prep()
  return cl.prep():derive { share = "Balance / (EstimatedSalary + 1)" }
    :impute { flag = true }:onehot():scale()
end

local function bits(frame)
  local texts = {}
  for i, p in ipairs(frame:col("churn"):to_table()) do texts[i] = ("%a"):format(p) end
  return texts
end

describe("models", function()
  local train, valid, test, model, history, path

  setup(function()
    core.control.progress(false)
    train, valid, test = customers(3000, 1):split { 0.5, 0.2, 0.3, stratify = "Exited", seed = 1 }
    model, history = cl.fit(small_prep(), small_net(), train, {
      valid = valid, epochs = 6, batch = 64, seed = 7, ensemble = 3, clip_norm = 5,
      loss = nn.bce { class_weight = "balanced" }, optimizer = nn.adam { lr = 5e-3 },
      callbacks = { nn.early_stop { patience = 3 }, nn.step_lr { every = 3 } },
    })
    model:calibrate(valid, "platt")
    path = os.tmpname()
    assert(model:save(path))
  end)

  teardown(function() os.remove(path) end)

  describe("cl.fit", function()
    it("returns a model and a history", function()
      local facts = model:facts()
      assert.are.equal("Exited", facts.target)
      assert.are.equal("1", facts.positive)
      assert.are.equal("CustomerId", facts.id)
      assert.are.equal(3, facts.members)
      assert.are.equal(100, facts.background)
      assert.are.equal(3, #history.members)
      assert.is_true(history.members[1][1].val_loss > 0)
    end)

    it("leaves prep and net as they were, so that both can be fitted again", function()
      local prep, net = small_prep(), small_net()
      local a = cl.fit(prep, net, train, { epochs = 1, seed = 1 })
      assert.is_false(prep:fitted())
      local b = cl.fit(prep, net, train, { epochs = 1, seed = 1 })
      local c = cl.fit(prep, net, train, { epochs = 1, seed = 2 })
      assert.are.equal(a:hash(), b:hash())
      assert.are_not.equal(a:hash(), c:hash())
    end)

    it("gives the same model with one thread and with two", function()
      local function hash()
        return cl.fit(small_prep(), small_net(), train, { epochs = 2, ensemble = 3 }):hash()
      end
      assert.are.equal(with_threads(1, hash), with_threads(2, hash))
    end)

    it("calls functions with epoch and log; false ends a member", function()
      local seen = {}
      cl.fit(small_prep(), small_net(), train, { valid = valid, epochs = 9, callbacks = {
        function(epoch, log)
          seen[#seen + 1] = log.val_auc
          return epoch < 2
        end } })
      assert.are.equal(2, #seen)
      local message = message_of(cl.fit, small_prep(), small_net(), train, { epochs = 1,
        callbacks = { function() error("mine", 0) end } })
      assert.are.equal("mine", message)
    end)

    it("drops rows without a target and counts them", function()
      local holes = train:derive { Exited = "if_else(Age > 60, nil, Exited)" }
      local missing = #train:filter("Age > 60")
      assert.is_true(missing > 0)
      local info = cl.fit(small_prep(), small_net(), holes, { epochs = 1 }):info()
      assert.are.equal(missing, info.dropped)
      assert.are.equal(#train - missing, info.rows)
    end)

    it("says what is wrong with an option, at the script's line", function()
      local message = message_of(function()
        cl.fit(small_prep(), small_net(), train, { epoch = 3 })
      end)
      assert.matches("model_spec.lua:%d+: fit: unknown option 'epoch' %(did you mean 'epochs'%?%)",
        message)
      local function fails(options)
        return message_of(cl.fit, small_prep(), small_net(), train, options)
      end
      assert.matches("option 'epochs': expected a whole number from 1 to 1000000, got 0",
        fails { epochs = 0 })
      assert.matches("option 'ensemble': expected a whole number from 1 to 1000, got 1.5",
        fails { ensemble = 1.5 })
      assert.matches("option 'seed': expected a whole number, got 0.5", fails { seed = 0.5 })
      assert.matches("option 'loss': expected a loss such as nn.bce", fails { loss = nn.adam() })
      assert.matches("item 1: expected a function", fails { callbacks = { 3 } })
      assert.matches("early_stop: .*val_loss",
        fails { epochs = 1, callbacks = { nn.early_stop {} } })
      assert.matches("fit: valid: expected a frame, got table", fails { valid = {} })
    end)

    it("stops early on the training loss where there is no validation frame", function()
      local _, log = cl.fit(small_prep(), small_net(), train, { epochs = 50,
        callbacks = { nn.early_stop { monitor = "loss", patience = 1, min_delta = 1 } } })
      assert.is_true(#log.members[1] < 5)
    end)

    it("checks prep, net and frame before any work", function()
      assert.matches("fit: prep: expected a prep .*, got nil", message_of(cl.fit))
      assert.matches("fit: net: expected a net .*, got churnlab.Frame",
        message_of(cl.fit, small_prep(), train, train))
      assert.matches("got 2 units with relu", message_of(cl.fit, small_prep(),
        nn.sequential():dense(2, { activation = "relu" }), train))
      assert.matches("fit: train: the frame has no target column",
        message_of(cl.fit, small_prep(), small_net(), train:drop("Exited")))
      assert.matches("expected both outcomes in the target 'Exited', got 0 positive",
        message_of(cl.fit, small_prep(), small_net(), train:filter("Exited == 0")))
    end)

    it("learns a boolean target and a target of words", function()
      local asked = train:derive { Exited = "Exited == 1" }:with_roles { positive = "" }
      local asked_model = cl.fit(small_prep(), small_net(), asked, { epochs = 1 })
      assert.are.equal("true", asked_model:facts().positive)
      assert.are.equal(asked:labels():sum(),
        asked_model:evaluate(asked, { bootstrap = 0 }).positives)
      local words = train:derive { Exited = "if_else(Exited == 1, 'Yes', 'No')" }
        :with_roles { target = "Exited", positive = "Yes" }
      local word_model = cl.fit(small_prep(), small_net(), words, { epochs = 1 })
      assert.are.equal("Yes", word_model:facts().positive)
      assert.are.equal(words:labels():sum(),
        word_model:evaluate(words, { bootstrap = 0 }).positives)
    end)
  end)

  describe("scores", function()
    it("are the same bits alone, in any batch, after a reload and on threads", function()
      local all = bits(model:score(test))
      assert.are.same(all, bits(cl.load(path):score(test)))
      assert.are.same(all, with_threads(1, function() return bits(model:score(test)) end))
      assert.are.same(all, with_threads(2, function() return bits(model:score(test)) end))
      for i = 1, #test, 97 do
        assert.are.equal(all[i], ("%a"):format(model:score(test:row(i)).churn))
        assert.are.equal(all[i], ("%a"):format(model:score(test:row(i):to_table(cl.NA)).churn))
      end
      assert.are.same({ table.unpack(all, 101, 200) }, bits(model:score(test:slice(101, 200))))
    end)

    it("come with the frame's columns and a tier; ids keep every digit", function()
      local frame = test:derive { CustomerId = "9007199254740993 + CustomerId" }
      local scored, unseen = model:score(frame)
      assert.is_nil(unseen)
      assert.are.equal(frame:cell(5, "CustomerId"), scored:cell(5, "CustomerId"))
      assert.are.equal("integer", math.type(scored:cell(5, "CustomerId")))
      for i = 1, #scored, 50 do
        local p = scored:cell(i, "churn")
        local tier = p >= 0.6 and "high" or p >= 0.3 and "medium" or "low"
        assert.are.equal(tier, scored:cell(i, "tier"))
      end
      local renamed = model:score(test:rename { Exited = "churn" })
      assert.are.same(test:col("Exited"):to_table(), renamed:col("churn_given"):to_table())
    end)

    it("count cells with unseen levels", function()
      local _, unseen = model:score(test:derive { Geography = "'Atlantis'" })
      assert.are.equal(#test, unseen)
    end)

    it("of one customer print themselves", function()
      local score = model:score(test:row(1), { reasons = 2 })
      assert.matches('^{churn=0[%d.]*, tier="%a+"', tostring(score))
      if score.reason_1 then assert.matches("^" .. score.reason_1 .. " = ", score.reasons[1]) end
      local row = test:row(1):to_table(cl.NA)
      row.Age = nil
      assert.matches("score: expected a value for the column 'Age'",
        message_of(model.score, model, row))
      assert.matches("score: expected a frame, a row or a table of columns, got a list",
        message_of(model.score, model, { 1, 2 }))
    end)

    it("take a policy, and the reasons that its rules ask for", function()
      local file_name = os.tmpname()
      local file = assert(io.open(file_name, "w"))
      file:write([[
        policy "p" { version = "1", owner = "o", currency = "EUR" }
        tier "all" { from = 0 }
        rule "age" { when = { reason = top3("Age") }, action = email { "a", cost = 1 },
          priority = 1 }
      ]])
      file:close()
      local few = test:head(20):with_roles { id = "" }
      local scored = model:score(few, { policy = file_name, reasons = 1 })
      local policy = cl.policy.load(file_name, model)
      local again = model:score(few, { policy = policy, reasons = 1 })
      assert.are.same(scored:to_table(), again:to_table())
      os.remove(file_name)
      assert.are.equal("CustomerId", scored:roles().id)
      assert.is_true(scored:has("reason_1_effect"))
      assert.is_false(scored:has("reason_2"))
      local _, names = model:reasons(few, 3, nil, {})
      for i = 1, #few do
        local found = false
        for k = 1, 3 do found = found or names:cell(i, "reason_" .. k) == "Age" end
        assert.are.equal("all", scored:cell(i, "tier"))
        assert.are.equal(found and "age" or nil, scored:cell(i, "rule"))
      end
    end)

    it("decide with the reasons of some rows as with those of all", function()
      local policy = cl.policy.parse([[
        policy "p" { version = "1", owner = "o", currency = "EUR" }
        tier "high" { from = 0.25 }
        tier "low" { from = 0 }
        rule "age" { when = { tier = "high", reason = top3("Age") },
          action = email { "a", cost = 1 }, priority = 1 }
        rule "rest" { when = { tier = "high" }, action = email { "b", cost = 1 }, priority = 2 }
      ]], "p.lua", model)
      local few, asked = test:head(60), {}
      local counting = setmetatable({ reasons = function(_, rows, ...)
        asked[#asked + 1] = #rows
        return model:reasons(rows, ...)
      end }, { __index = function(_, name)
        return function(_, ...) return model[name](model, ...) end
      end })
      local some = scoring.run(counting, few, { policy = policy, reasons = 0 })
      local all = scoring.run(counting, few, { policy = policy, reasons = 1 })
      local high = #all:filter("tier == 'high'")
      assert.is_true(high > 0 and high < #few and #all:filter("rule == 'age'") > 0)
      assert.are.same({ high, #few }, asked)
      assert.are.same(all:drop("reason_1", "reason_1_effect"):to_table(), some:to_table())
      local none = few:filter("Age < 0")
      assert.are.equal(0, #scoring.run(counting, none, { policy = policy }))
    end)

    it("need the columns that training read", function()
      assert.matches("'Age'", message_of(model.score, model, test:drop("Age")))
      assert.matches("unknown option 'reason' %(did you mean 'reasons'%?%)",
        message_of(model.score, model, test, { reason = 3 }))
      assert.matches("option 'reasons': expected a whole number from 0 to 63, got 99",
        message_of(model.score, model, test, { reasons = 99 }))
    end)

    it("carry the reasons that raise churn, strongest first", function()
      local few = test:head(6)
      local scored = model:score(few, { reasons = 3 })
      for i = 1, #few do
        local positive, why = {}, model:explain(few:row(i))
        for _, item in ipairs(why) do
          if item.effect > 1e-6 then positive[#positive + 1] = item end
        end
        for k = 1, 3 do
          local item, text = positive[k], scored:cell(i, "reason_" .. k)
          assert.are.equal(item and item.column, text and text:match("^(.-) = "))
          assert.are.equal(item and item.effect, scored:cell(i, ("reason_%d_effect"):format(k)))
        end
      end
    end)
  end)

  describe("explanations", function()
    it("add up to the score, exactly the one that score gives", function()
      local why = model:explain(test:row(7))
      local sum = why.base
      for _, item in ipairs(why) do sum = sum + item.effect end
      assert.is_true(math.abs(sum - why.total) < 1e-12)
      assert.are.equal(model:score(test:row(7)).churn, why.total)
      assert.are.equal(#model:schema():columns(), #why)
      assert.is_true(why.exact)
    end)

    it("are sorted, can be cut and printed", function()
      local why = model:explain(test, { row = 7 })
      for i = 2, #why do
        assert.is_true(math.abs(why[i - 1].effect) >= math.abs(why[i].effect))
      end
      local top = why:top(3)
      assert.are.equal(3, #top)
      local lines = {}
      for line in tostring(top):gmatch("[^\n]+") do lines[#lines + 1] = line end
      assert.are.equal(3, #lines)
      for _, line in ipairs(lines) do assert.matches("^ %S+ += .- +[+-]%d%.%d%d%d$", line) end
      assert.matches("expected a whole number from 1, got 0", message_of(why.top, why, 0))
      assert.matches("unknown field 'totl' %(did you mean 'total'%?%)",
        message_of(function() return why.totl end))
      local data = core.json.decode(core.json.encode(why:to_table()))
      assert.are.equal(why.total, data.total)
      assert.are.equal(why[1].column, data.values[1].column)
    end)

    it("are the same twice and take a background", function()
      local a, b = model:explain(test:row(3)), model:explain(test:row(3))
      assert.are.same(a:to_table(), b:to_table())
      local own = model:explain(test:row(3), { background = train, seed = 3, background_rows = 40 })
      assert.are.equal(a.total, own.total)
      assert.are_not.equal(a.base, own.base)
      local same = model:explain(test:row(3), { background = test:slice(3, 3) })
      for _, item in ipairs(same) do assert.is_true(math.abs(item.effect) < 1e-6) end
    end)

    it("say which row is meant", function()
      assert.matches("option 'row': expected a row from 1 to %d+, got none",
        message_of(model.explain, model, test))
      assert.matches("option 'row': expected a row from 1 to %d+, got 0",
        message_of(model.explain, model, test, { row = 0 }))
      assert.matches("option 'samples': expected a whole number from 0, got 1.5",
        message_of(model.explain, model, test, { row = 1, samples = 1.5 }))
    end)
  end)

  describe("evaluations", function()
    it("stand beside the logistic regression and the majority rule, also after a reload", function()
      local result = model:evaluate(test, { bootstrap = 20 })
      assert.are.equal(#test, result.rows)
      assert.is_true(result.roc_auc > 0.6)
      local again = cl.load(path):evaluate(test, { bootstrap = 20 })
      assert.are.same(result:to_table(), again:to_table())
      assert.is_true(again.logistic.roc_auc > 0.6)
      assert.are.equal(0.5, again.majority.roc_auc)
    end)

    it("can be kept in the model, and need the target", function()
      local m = cl.load(path)
      m:evaluate(test, { bootstrap = 0, keep = true })
      assert.are.equal(#test, m:info().evaluation.rows)
      assert.matches("evaluate: the frame has no target column 'Exited'",
        message_of(model.evaluate, model, test:drop("Exited")))
    end)
  end)

  describe("calibration", function()
    it("replaces the one before and names the methods", function()
      local m = cl.load(path)
      assert.are.equal(m, m:calibrate(valid))
      assert.are.equal("isotonic", m:facts().calibration)
      assert.are_not.equal(model:hash(), m:hash())
      assert.matches("isotonic", message_of(m.calibrate, m, valid, "isotonc"))
    end)

    it("takes a calibration from elsewhere", function()
      local m = cl.load(path)
      local raw = m:set_calibration():score(test)
      assert.is_nil(m:info().calibration)
      local calibration = core.calibration.fit("temperature", test:labels(), raw:col("churn"))
      assert.are.equal(m, m:set_calibration(calibration:to_table()))
      assert.are.equal("temperature", m:info().calibration)
      assert.are.same(calibration:apply(raw:col("churn")), m:score(test):col("churn"):to_table())
      assert.matches("calibration: ", message_of(m.set_calibration, m, { method = "platt" }))
      assert.are.equal("temperature", m:info().calibration)
    end)
  end)

  describe("bundles", function()
    it("keep everything", function()
      local m = cl.load(path)
      assert.are.equal(model:hash(), m:hash())
      assert.are.same(model:info(), m:info())
      assert.are.equal(tostring(model), tostring(m))
      assert.matches("P%(Exited = 1%)", tostring(m))
      assert.are.equal(0, #m:schema())
    end)

    it("refuse damage by name", function()
      local file = assert(io.open(path, "rb"))
      local bytes = file:read("a")
      file:close()
      local function load_bytes(text)
        local other = os.tmpname()
        local out = assert(io.open(other, "wb"))
        out:write(text)
        out:close()
        local message = message_of(cl.load, other)
        os.remove(other)
        return message
      end
      assert.matches("tensor net%.2%.%d+%.bias: damaged", load_bytes(bytes:sub(1, -2) .. "\0"))
      assert.matches("header", load_bytes(bytes:sub(1, 100)))
      assert.matches("file is of format 3", load_bytes((bytes:gsub(
        '"churnlab.format":"%d"', '"churnlab.format":"3"'))))
      assert.matches("No such file", message_of(cl.load, "no/such.churn"))
      local saved, why = model:save("no/such/folder/m.churn")
      assert.is_nil(saved)
      assert.matches("m.churn: create: No such file", why)
    end)
  end)

  it("suggest the method that was meant", function()
    assert.matches("unknown method 'scor' %(did you mean 'score'%?%)",
      message_of(function() return model.scor end))
  end)

  it("are collected in any order", function()
    local m = cl.fit(small_prep(), small_net(), train, { epochs = 1 })
    local schema, background = m:schema(), m:background()
    m = nil -- luacheck: ignore
    collectgarbage()
    collectgarbage()
    assert.are.equal(0, #schema)
    assert.are.equal(100, #background)
  end)
end)
