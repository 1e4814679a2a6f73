-- A bundle of format 1 and the scores that it gave: bundle_1.safetensors, bundle_1.csv.
-- They were made by the program of November 2026, the last that wrote that format; run by a later
-- one this recipe writes its format.  churnlab tests/golden/bundle_1.lua FOLDER
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local nn = require("churnlab.nn")

local folder = assert(arg[1], "expected the folder to write to")
local customers = cl.simulate("bank", { rows = 120, seed = 1 }):drop("RowNumber", "Surname")
local train, valid = customers:split { 0.5, 0.5, stratify = "Exited", seed = 1 }
local prep = cl.prep():derive { share = "Balance / (EstimatedSalary + 1)" }
  :impute { flag = true }:onehot():scale()
local net = nn.sequential():dense(3, { activation = "relu" }):batch_norm()
  :dense(1, { activation = "sigmoid" })
local model = cl.fit(prep, net, train, { epochs = 3, batch = 16, seed = 7, ensemble = 2 })
  :calibrate(valid, "platt")
assert(model:save(folder .. "/bundle_1.safetensors"))
assert(model:score(valid:head(20)):drop("tier"):write_csv(folder .. "/bundle_1.csv"))
