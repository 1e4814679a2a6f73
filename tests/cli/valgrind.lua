-- A whole run for `make valgrind`: draw, train, calibrate, judge, explain, save, load, score.
-- Small, because valgrind is slow. SPDX-License-Identifier: MIT
local cl = require("churnlab")

local bank = cl.simulate("bank", { rows = 300, seed = 1 }):drop("RowNumber", "Surname")
local train, test = bank:split { 0.8, 0.2, stratify = "Exited", seed = 1 }
local model = cl.recipe.fit(train, { epochs = 3, ensemble = 1, hidden = { 8 } })
assert(model:evaluate(test, { bootstrap = 20 }).rows == #test)
assert(#model:explain(test:row(1)):top(3) == 3)

local path = os.tmpname()
assert(model:save(path))
local again = cl.load(path)
os.remove(path)
assert(again:score(test):to_csv() == model:score(test):to_csv())
assert(not pcall(cl.load, "nothing.churn"))
print(again)
