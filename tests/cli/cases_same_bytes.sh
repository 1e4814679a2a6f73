# One scorer: script, prompt, verb, one row or all, one thread or two give the same bytes.
case_ "one row alone has the bytes that it has among all"
run score bank.churn fresh.csv -o all.csv </dev/null
for row in 2 57 201 401; do
    { head -n 1 fresh.csv; sed -n ${row}p fresh.csv; } >one.csv
    run score bank.churn one.csv </dev/null
    sed -n 2p out >one.txt
    sed -n ${row}p all.csv >of_all.txt
    same one.txt of_all.txt
done

case_ "-j1 and -j2 score the same bytes"
run -j1 score bank.churn fresh.csv </dev/null
same out all.csv
run -j2 score bank.churn fresh.csv </dev/null
same out all.csv
run score bank.churn big.csv -j 1 </dev/null
exits 2
run -j1 score bank.churn big.csv -o big1.csv </dev/null
run -j2 score bank.churn big.csv -o big2.csv </dev/null
same big1.csv big2.csv

cat >score.lua <<'LUA'
local cl = require("churnlab")
local types = { Geography = "category", Gender = "category", NumOfProducts = "category" }
local frame = cl.read_csv("fresh.csv", { types = types })
for _, p in ipairs(cl.load("bank.churn"):score(frame).churn:to_table()) do print(("%a"):format(p)) end
LUA
case_ "a script gives the bytes of the verb"
run score.lua </dev/null
exits 0
cp out script.txt
cut -d, -f15 all.csv | tail -n +2 | "$program" -e 'for line in io.lines() do print(("%a"):format(tonumber(line))) end' >verb.txt
same script.txt verb.txt

case_ "a script with one thread, row by row, and the prompt give them too"
run -j1 score.lua </dev/null
same out script.txt
cat >rows.lua <<'LUA'
local cl = require("churnlab")
local frame = cl.read_csv("fresh.csv", { types = { NumOfProducts = "category" } })
local model = cl.load("bank.churn")
for i = 1, #frame do print(("%a"):format(model:score(frame:row(i)).churn)) end
LUA
run rows.lua </dev/null
same out script.txt
echo 'dofile("score.lua")' >typed.txt
run repl <typed.txt
grep -o '0x[0-9a-fp.+-]*' out >prompt.txt
same prompt.txt script.txt

case_ "a saved copy of a loaded model scores the same and is the same"
run -e 'assert(require("churnlab").load("bank.churn"):save("copy.churn"))' </dev/null
exits 0
same copy.churn bank.churn
