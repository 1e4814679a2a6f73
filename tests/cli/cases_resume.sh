# A training that is killed (-9) goes on from its checkpoint to the model it would have been.
cat >life.lua <<'LUA'
local cl = require("churnlab")
local nn = cl.nn
local bank = cl.simulate("bank", { rows = 600, seed = 1 }):drop("Surname")
local net = nn.sequential():dense(24, { activation = "tanh" }):dropout(0.1)
  :dense(1, { activation = "sigmoid" })
local callbacks = { nn.reduce_lr { monitor = "loss" } }
if arg[1] == "write" then
  callbacks[2] = nn.checkpoint { path = "life.ckpt", every = 10, resume = true }
  callbacks[3] = nn.csv_log { path = "life.csv" }
end
local model = cl.fit(cl.prep():impute():onehot():scale(), net, bank, { epochs = 300, batch = 32,
  ensemble = 2, ema = 0.9, callbacks = callbacks })
print(model:hash())
LUA

case_ "a training that nobody killed"
run -j1 life.lua </dev/null
exits 0
cp out whole.txt

case_ "a training that is killed leaves a checkpoint"
"$program" life.lua write >killed.txt 2>/dev/null </dev/null &
victim=$!
while [ ! -e life.ckpt ] && kill -0 "$victim" 2>/dev/null; do sleep 0.01; done
kill -9 "$victim"
wait "$victim" 2>/dev/null
[ ! -s killed.txt ] || problem "it was over before it was killed"
exists life.ckpt

case_ "and becomes the same model when it goes on, on one thread or two"
cp life.ckpt kept.ckpt
run -j1 life.lua write </dev/null
exits 0
same out whole.txt
lines life.csv 601
cp kept.ckpt life.ckpt
run -j2 life.lua write </dev/null
exits 0
same out whole.txt
