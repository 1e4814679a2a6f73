# churnlab leakcheck
run simulate bank --rows 400 --seed 2 -o leak_bank.csv </dev/null
head -n 301 leak_bank.csv >leak_train.csv
{ head -n 1 leak_bank.csv; tail -n 100 leak_bank.csv; } >leak_test.csv

case_ "leakcheck finds nothing in honest parts"
run leakcheck leak_train.csv leak_test.csv --target Exited --id CustomerId --ignore RowNumber </dev/null
exits 0
out_has "leak check: 11 features in 300 training and 100 test rows: nothing found"
err_empty

case_ "leakcheck names a copy of the target and exits with 1"
awk -F, 'NR == 1 { print $0 ",refund" } NR > 1 { print $0 "," ($14 == 1 ? "yes" : "no") }' leak_train.csv >leak_copy.csv
run leakcheck leak_copy.csv --target Exited --id CustomerId --ignore "RowNumber, Surname" </dev/null
exits 1
out_has "leak  copy  refund  its two values go with the two outcomes in all 300 rows"
run leakcheck leak_copy.csv --target Exited --id CustomerId --json </dev/null
exits 1
json 'j.ok == false and j.findings[1].check == "copy" and j.findings[1].column == "refund"'

case_ "leakcheck names customers in both parts"
run leakcheck leak_bank.csv leak_test.csv --target Exited --id CustomerId </dev/null
exits 1
out_has "100 of 100 test rows are of customers in the training rows"

cat >leak_log.lua <<'EOF'
local cl = require("churnlab")
local log = cl.simulate("events", { rows = 80, seed = 4 })
return {
  events = log, id = "customer", time = "when", cutoffs = { "2025-04-01", "2025-07-01" },
  features = function(events, cutoffs)
    local features = cl.windows(events, { id = "customer", time = "when", cutoffs = cutoffs })
    local total = events:group("customer"):agg { lifetime = "sum(amount)" }
    return features:join(total, { on = "customer", how = "left" })
  end,
}
EOF
case_ "leakcheck --poison catches a lifetime total"
run leakcheck --poison leak_log.lua </dev/null
exits 1
out_has "leak  poison  lifetime"
out_has "at 2025-04-01 when later events are altered"

case_ "leakcheck --poison passes what windows makes"
cat >leak_windows.lua <<'EOF'
local cl = require("churnlab")
return { events = cl.simulate("events", { rows = 80, seed = 4 }), windows = { id = "customer",
  time = "when", known = "loaded_at", value = "amount", category = "type",
  cutoffs = { from = "2025-03-01", to = "2025-09-01", every = "quarter" } } }
EOF
run leakcheck --poison leak_windows.lua --json </dev/null
exits 0
json 'j.ok and #j.findings == 0'

case_ "leakcheck refuses what it does not understand"
run leakcheck </dev/null
refused "expected a CSV file or --poison, and not both"
run leakcheck leak_train.csv --poison leak_log.lua </dev/null
refused "not both"
run leakcheck leak_train.csv --targt Exited </dev/null
refused "--targt"
run leakcheck leak_train.csv --target Exitd </dev/null
failing "target: unknown column 'Exitd' (did you mean 'Exited'?)"
echo 'return 3' >leak_three.lua
run leakcheck --poison leak_three.lua </dev/null
failing "leak_three.lua: expected it to return { events =, windows = }"
run leakcheck --poison nowhere.lua </dev/null
failing "nowhere.lua"
