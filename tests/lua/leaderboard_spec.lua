-- cl.leaderboard: ranking, references, the verdict.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local message_of = require("fixtures").message_of

-- Probabilities that see the outcome through noise of this size.
local function seer(name, noise, baseline, prime)
  return { name = name, baseline = baseline, fit = function()
    return function(frame)
      local p, y, row = {}, frame:labels():to_table(), frame:col("row"):to_table()
      for i = 1, #p + #y do
        local draw = (row[i] * (prime or 7919) % 1000) / 1000 - 0.5
        p[i] = 1 / (1 + math.exp(-(2 * y[i] - 1 + noise * draw)))
      end
      return p
    end
  end }
end

local function rows(n)
  local list = {}
  for i = 1, n do list[i] = { row = i, left = i % 3 == 0 and 1 or 0 } end
  return cl.from_table(list, { target = "left" })
end

describe("cl.leaderboard", function()
  local frame = rows(600)

  setup(function() core.control.progress(false) end)

  local function board_of(models, options)
    options = options or {}
    options.folds, options.seed, options.bootstrap = 4, 2, false
    return cl.leaderboard(cl.crossval(models, frame, { folds = 4, seed = 2, bootstrap = false }),
      nil, { by = options.by })
  end

  it("ranks by log loss, and says when a net wins", function()
    local board = board_of { seer("net", 1), seer("logistic", 4, true), seer("rule", 9, true) }
    assert.are.same({ "net", "logistic", "rule" },
      { board.rows[1].name, board.rows[2].name, board.rows[3].name })
    assert.are.equal("net", board.best)
    assert.are.equal("logistic", board.best_baseline)
    assert.matches("^net beats the best baseline, logistic: log loss %-0%.%d+ %[%-", board.verdict)
    assert.matches("\n1  net +[01]%.%d+ ", tostring(board))
    assert.matches("2  logistic %(baseline%)", tostring(board))
  end)

  it("says plainly when it does not", function()
    local board = board_of { seer("net", 9), seer("logistic", 6, true), seer("rule", 1, true) }
    assert.are.equal("rule", board.best_baseline)
    assert.matches("net loses to the best baseline, rule: .* Take the baseline", board.verdict)
    assert.matches("log loss minus rule", tostring(board))
    assert.matches("log loss minus logistic", tostring(board))
    board = board_of { seer("net", 4), seer("rule", 4, true, 6101) }
    assert.matches("does not beat the best baseline, rule: .*an interval that holds 0",
      board.verdict)
  end)

  it("ranks by other figures, where more can be better", function()
    local board = board_of({ seer("rule", 9, true), seer("net", 1) }, { by = "roc_auc" })
    assert.are.equal("net", board.rows[1].name)
    assert.matches("net beats the best baseline, rule: ROC AUC %+0%.", board.verdict)
    local plain = core.json.decode(core.json.encode(board:to_table()))
    assert.are.same({ "net", "rule" }, plain.ranking)
    assert.are.equal(board.verdict, plain.verdict)
  end)

  it("adds the baselines that are missing", function()
    local bank = cl.simulate("bank", { rows = 300, seed = 4 }):drop("RowNumber", "Surname")
    local seen = {}
    local board = cl.leaderboard(cl.baseline.rule("Age > 45"), bank, { folds = 2,
      bootstrap = false })
    for _, row in ipairs(board.rows) do seen[row.name] = row.baseline end
    assert.is_true(seen.majority and seen.logistic and seen.rule)
    assert.are.equal(cl.baseline.trees_available(), seen.trees == true)
    assert.is_nil(board.best)
    assert.is_nil(board.verdict)
  end)

  it("takes a prep and a net", function()
    local bank = cl.simulate("bank", { rows = 300, seed = 4 }):drop("RowNumber", "Surname")
    local board = cl.leaderboard({ { name = "small", prep = cl.prep():impute():onehot():scale(),
      net = cl.nn.sequential():dense(1, { activation = "sigmoid" }), epochs = 2 } }, bank,
      { folds = 2, bootstrap = false })
    assert.are.equal("small", board.best)
  end)

  it("says what is wrong", function()
    assert.matches("leaderboard: unknown figure 'auc'", message_of(cl.leaderboard, {}, frame,
      { by = "auc" }))
    assert.matches("unknown option 'fold' %(did you mean 'folds'%?%)", message_of(cl.leaderboard,
      seer("net", 1), frame, { fold = 2 }))
  end)
end)
