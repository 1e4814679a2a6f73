# churnlab tune, on the bank.csv of cases_train.sh.
head -n 301 bank.csv >few.csv
fast="--target Exited --id CustomerId --folds 1"

case_ "tune searches, logs, and prints the best point and what mattered"
run tune few.csv $fast --trials 3 --log trials.jsonl </dev/null
exits 0
out_has "few.csv: 300 rows"
out_has "tune: 3 trials (tpe), 0 stopped early, 0 failed"
out_has "best    log_loss"
out_has "share of variance"
err_has "trial   3"
lines trials.jsonl 4

case_ "tune goes on from its log, also after a cut, and saves the best model"
head -c -30 trials.jsonl >cut.jsonl
run tune few.csv $fast --trials 3 --log cut.jsonl -o tuned.churn --json </dev/null
exits 0
lines out 1
json 'j.trials == 3 and j.resumed == 2 and j.best.value > 0 and j.model == "tuned.churn"'
sed 's/"seconds":[^,]*//' cut.jsonl >a
sed 's/"seconds":[^,]*//' trials.jsonl >b
same a b
run score tuned.churn few.csv -o scored.csv </dev/null
exits 0

case_ "tune killed in the middle goes on to the same trials"
"$program" tune few.csv $fast --trials 40 --strategy random --log killed.jsonl </dev/null >/dev/null 2>&1 &
job=$!
n=0
while [ "$(cat killed.jsonl 2>/dev/null | wc -l)" -lt 4 ] && [ $n -lt 600 ]; do sleep 0.05; n=$((n + 1)); done
kill -9 $job 2>/dev/null
wait $job 2>/dev/null
had=$(wc -l <killed.jsonl)
[ "$had" -ge 4 ] || problem "expected three trials before the kill"
run tune few.csv $fast --trials $((had + 1)) --strategy random --log killed.jsonl </dev/null
exits 0
run tune few.csv $fast --trials $((had + 1)) --strategy random --log whole.jsonl </dev/null
sed 's/"seconds":[^,]*//' killed.jsonl >a
sed 's/"seconds":[^,]*//' whole.jsonl >b
same a b

case_ "tune --nested judges the search itself"
run tune few.csv $fast --trials 2 --nested 2 --json </dev/null
exits 0
json 'j.nested.folds == 2 and j.nested.mean > 0 and j.nested.optimism'

case_ "tune refuses what it does not know, and the log of another search"
run tune few.csv --target Exited --strategy tpf </dev/null
refused "tune: argument for option '--strategy' must be one of 'tpe', 'random', 'halving'"
run tune few.csv --id CustomerId </dev/null
refused "tune: missing option '--target'"
run tune few.csv $fast --trials 3 --seed 7 --log trials.jsonl </dev/null
exits 1
err_has "the log is of another search: its seed is 42, here it is 7"
