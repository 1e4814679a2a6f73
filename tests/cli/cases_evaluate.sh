# churnlab evaluate
case_ "evaluate prints the table beside both baselines"
run simulate bank --rows 400 --seed 99 -o fresh.csv </dev/null
run evaluate bank.churn fresh.csv </dev/null
exits 0
err_empty
out_has "ROC AUC"
out_has "majority"
out_has "logistic"

case_ "evaluate --json has the contract's fields"
run evaluate bank.churn fresh.csv --json </dev/null
exits 0
lines out 1
json 'j.rows == 400'
for name in rows positives accuracy precision recall f1 roc_auc pr_auc log_loss brier; do
    json "math.type(j.$name) and math.type(j.majority.$name) and math.type(j.logistic.$name)"
done
json 'j.roc_auc > 0.7 and j.majority.roc_auc == 0.5'

case_ "evaluate reads standard input and gives the same"
cp out from_file.json
run evaluate bank.churn - --json <fresh.csv
same out from_file.json

case_ "rows without a target are left out and counted"
sed '2s/[01]$//' fresh.csv >gap.csv
run evaluate bank.churn gap.csv --json </dev/null
exits 0
err_has "gap.csv: 1 row without a target left out"
json 'j.rows == 399'

case_ "only one outcome: what is not defined is null"
awk -F, 'NR == 1 || $14 == 0' fresh.csv >stayed.csv
run evaluate bank.churn stayed.csv --json </dev/null
exits 0
json 'j.positives == 0 and j.roc_auc == nil and math.type(j.log_loss)'

case_ "evaluate wants the target and the model's columns"
cut -d, -f1-13 fresh.csv >untold.csv
run evaluate bank.churn untold.csv </dev/null
failing "untold.csv: column 'Exited': expected the target"
cut -d, -f1-6,8-14 fresh.csv >ageless.csv
run evaluate bank.churn ageless.csv </dev/null
failing "ageless.csv: column 'Age': expected it because the model reads it"

case_ "evaluate wants two files"
run evaluate bank.churn </dev/null
refused "missing argument 'csv'"
