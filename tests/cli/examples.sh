#!/bin/sh
# Every script in examples/: on simulated customers, small enough for a test, and on the public
# sets where CHURNLAB_DATA names their folder.
. "$(dirname "$0")/lib.sh"
ex=$root/examples

case_ "bank.lua on simulated customers"
run "$ex/bank.lua" --rows 1500 --ensemble 2 --epochs 30 --policy "$ex/retention.lua" </dev/null
exits 0
err_empty
out_has "Geography"
out_has "ROC AUC"
out_has "saved bank.churn and scored.csv"
exists bank.churn
lines scored.csv 201

case_ "bank.lua by cross-validation"
run "$ex/bank.lua" --rows 900 --ensemble 1 --epochs 15 --folds 3 </dev/null
exits 0
out_has "fold 3  ROC AUC"
out_has "mean ± sd"

case_ "bank.lua refuses what it does not know"
run "$ex/bank.lua" --fold 3 </dev/null
refused "did you mean '--folds'?"

case_ "telco.lua on simulated customers"
run "$ex/telco.lua" --rows 1500 --ensemble 2 --epochs 30 </dev/null
exits 0
err_empty
out_has "Month-to-month"
out_has "saved telco.churn and telco_scored.csv"
lines telco_scored.csv 225

case_ "demo.lua on simulated customers: five of them with reasons, tier and action"
mkdir demo
run "$ex/demo.lua" --rows 1500 --folder demo </dev/null
exits 0
err_empty
out_has "it counts the rows"
out_has "ROC AUC"
[ "$(grep -c 'churn 0\..*tier .*action' out)" -eq 5 ] || problem "expected five customers"
out_has "Shapley"
lines demo/scored.csv 301
exists demo/bank.churn

case_ "demo.lua on a file of another kind"
run simulate telco --rows 900 -o other.csv </dev/null
run "$ex/demo.lua" --data other.csv --target Churn --positive Yes --id customerID --folder demo </dev/null
exits 0
[ "$(grep -c 'churn 0\..*tier ' out)" -eq 5 ] || problem "expected five customers"
exists demo/model.churn

case_ "events.lua on a simulated log: equal to SQL, clean under poison, the planted leak caught"
run "$ex/events.lua" --customers 600 --epochs 10 </dev/null
exits 0
err_empty
out_has " customers agree"
out_has "ROC AUC"
grep -q '^poison: .* at 8 cut-offs: nothing found$' out || problem "expected a clean poison test"
grep -q '^leak  poison  lifetime_value  .* of customer C' out || problem "expected the planted leak"
exists events.churn

case_ "cdnow_sequences.lua on a simulated log: sequences and windows in one table"
run "$ex/cdnow_sequences.lua" --customers 400 --epochs 3 --members 1 </dev/null
exits 0
err_empty
out_has "logistic on windows"
out_has "GRU and windows"
grep -q '^The highest ROC AUC has the ' out || problem "expected a verdict"

case_ "retention.lua decides for a model of train"
run simulate bank --rows 600 -o customers.csv </dev/null
run train customers.csv --target Exited --id CustomerId --epochs 5 -o small.churn </dev/null
run score small.churn customers.csv --policy "$ex/retention.lua" -o decided.csv </dev/null
exits 0
head -n 1 decided.csv >out
out_has "churn,tier,action,rule,cost,because"

if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/bank.csv" ]; then
    case_ "bank.lua on bank.csv: the 5-fold mean of the ROC AUC is at least 0.860"
    run "$ex/bank.lua" --data "$CHURNLAB_DATA/bank.csv" --folds 5 </dev/null
    exits 0
    awk '/^roc_auc/ { found = $2 >= 0.860 } END { exit !found }' out || problem "$(grep '^roc_auc' out)"
else
    skip "bank.lua on bank.csv (CHURNLAB_DATA is not set)"
fi
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/telco.csv" ]; then
    case_ "telco.lua on telco.csv"
    run "$ex/telco.lua" --data "$CHURNLAB_DATA/telco.csv" </dev/null
    exits 0
    out_has "saved telco.churn"
    case_ "telco_clean.lua on telco.csv"
    run "$ex/telco_clean.lua" --data "$CHURNLAB_DATA/telco.csv" </dev/null
    exits 0
    err_empty
    out_has "TechSupport"
    out_has "saved telco_clean.csv: 7043 rows"
    lines telco_clean.csv 7044
else
    skip "telco.lua on telco.csv (CHURNLAB_DATA is not set)"
    skip "telco_clean.lua on telco.csv (CHURNLAB_DATA is not set)"
fi
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/cdnow.txt" ]; then
    case_ "cdnow_sequences.lua on cdnow.txt: a GRU over purchases is no worse than 0.70"
    run "$ex/cdnow_sequences.lua" --data "$CHURNLAB_DATA/cdnow.txt" --epochs 10 --members 1 </dev/null
    exits 0
    err_empty
    awk '/^GRU on sequences/ { found = $4 >= 0.70 } END { exit !found }' out ||
        problem "$(grep '^GRU on sequences' out)"
else
    skip "cdnow_sequences.lua on cdnow.txt (CHURNLAB_DATA is not set)"
fi
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/membership.csv" ]; then
    case_ "membership.lua on membership.csv: what each step touched"
    run "$ex/membership.lua" --data "$CHURNLAB_DATA/membership.csv" </dev/null
    exits 0
    err_empty
    out_has "Tenure (months) → tenure, age2 → age_group"
    out_has "6,895     0  joined_through_referral, medium_of_operation"
    out_has "4,316     0  age_group"
    out_has "1,301     0  days_since_last_login"
    out_has "97     0  points_in_wallet"
    out_has "saved membership_clean.csv: 23665 rows, 0 cells missing"
    case_ "membership_risk.lua on membership.csv: five classes, 4 and 5 against the rest"
    run "$ex/membership_risk.lua" --data "$CHURNLAB_DATA/membership.csv" --epochs 6 </dev/null
    exits 0
    err_empty
    out_has "5 classes, 3549 rows"
    out_has "imbalance: smote_nc (ratio 0.5, k 5): 16565 rows -> 18904"
    out_has "saved membership_risk.churn"
    awk '/^ROC AUC / { if ($3 < 0.96) bad = 1; n++ } END { exit bad || n < 2 }' out || problem "$(grep '^ROC AUC' out)"
else
    skip "membership.lua on membership.csv (CHURNLAB_DATA is not set)"
    skip "membership_risk.lua on membership.csv (CHURNLAB_DATA is not set)"
fi
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/cdnow.txt" ]; then
    case_ "events.lua on cdnow.txt: 23,570 customers as SQL counts them, no leak but the planted one"
    run "$ex/events.lua" --data "$CHURNLAB_DATA/cdnow.txt" --epochs 20 </dev/null
    exits 0
    out_has "23570 of 23570 customers agree"
    out_has "at 10 cut-offs: nothing found"
    out_has "leak  poison  lifetime_value"
    awk '/^ROC AUC/ { found = $3 >= 0.68; exit } END { exit !found }' out || problem "$(grep '^ROC AUC' out)"
else
    skip "events.lua on cdnow.txt (CHURNLAB_DATA is not set)"
fi
finish
