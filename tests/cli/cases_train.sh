# churnlab train. Leaves bank.csv (900 customers), bank.churn and telco.churn for the other cases.
small="--epochs 15 --hidden 16,8"

case_ "train prints what it read, left out, held out, the evaluation, and saves"
run simulate bank --rows 900 --seed 11 -o bank.csv </dev/null
run train bank.csv --target Exited --id CustomerId $small -o bank.churn </dev/null
exits 0
err_empty
out_has "bank.csv: 900 rows, 14 columns"
out_has "column 'RowNumber' left out: it counts the rows"
out_has "column 'Surname' left out: text with"
out_has "720 rows to train and validate on, 180 rows held out"
out_has "ROC AUC"
out_has "logistic"
out_has "majority"
out_has "saved bank.churn"
exists bank.churn
absent bank.churn.probe

case_ "train --json prints one object, notices go to standard error"
run train bank.csv --target Exited --id CustomerId $small -o json.churn --json </dev/null
exits 0
lines out 1
err_has "column 'RowNumber' left out"
json 'j.rows == 180 and j.positives > 0 and j.positives < 180'
for name in accuracy precision recall f1 roc_auc pr_auc log_loss brier; do
    json "math.type(j.$name) and math.type(j.majority.$name) and math.type(j.logistic.$name)"
done
json 'j.majority.rows == 180 and j.logistic.positives == j.positives and #j.hash == 64'

case_ "the same seed trains the same model, another one another"
run train bank.csv --target Exited --id CustomerId $small -o again.churn --json </dev/null
json "j.hash == '$("$program" -e 'io.write(require("churnlab").load("bank.churn"):hash())')'"
run train bank.csv --target Exited --id CustomerId $small -o other.churn --seed 7 --json </dev/null
json "j.hash ~= '$("$program" -e 'io.write(require("churnlab").load("bank.churn"):hash())')'"

case_ "-j1 and -j2 train the same model"
run -j1 train bank.csv --target Exited --id CustomerId $small -o j1.churn --json </dev/null
cp out j1.json
run -j2 train bank.csv --target Exited --id CustomerId $small -o j1.churn --json </dev/null
same out j1.json

case_ "telco: a Yes/No target, gaps, text columns"
run simulate telco --rows 900 --seed 2 -o telco.csv </dev/null
run train telco.csv --target Churn --positive Yes --id customerID $small -o telco.churn --json </dev/null
exits 0
json 'j.rows == 180 and j.roc_auc > 0.6'

case_ "--test 0 trains on every row"
run train bank.csv --target Exited --id CustomerId $small --test 0 -o all.churn </dev/null
exits 0
out_has "900 rows to train and validate on, 0 rows held out"
run train bank.csv --target Exited --id CustomerId $small --test 0 -o all.churn --json </dev/null
json 'j.rows == 0 and j.roc_auc == nil and j.train_rows == 900'

case_ "rows without a target are counted, ids, constants, empty columns are left out"
awk -F, 'NR == 1 { print "key,constant,empty," $0; next }
    { target = NR <= 6 ? (NR % 2 ? "" : " ") : $14; sub(/,[^,]*$/, ""); print "k" NR ",same,," $0 "," target }' bank.csv >odd.csv
run train odd.csv --target Exited --id CustomerId $small -o odd.churn </dev/null
exits 0
out_has "5 rows without a target left out"
out_has "column 'key' left out: every value differs, like an id"
out_has "column 'constant' left out: it is constant"
out_has "column 'empty' left out: it is empty"

case_ "--drop leaves out, --keep keeps"
run train bank.csv --target Exited --id CustomerId --drop "Surname, Age" --keep RowNumber $small -o drop.churn --json </dev/null
exits 0
grep -q RowNumber err && problem "RowNumber was to be kept"
run info drop.churn --json </dev/null
json '(function() for _, c in ipairs(j.columns) do if c.name == "Age" then return false end end return true end)()'

case_ "an id that was not named is left out with a notice"
run train bank.csv --target Exited $small -o noid.churn </dev/null
exits 0
out_has "column 'CustomerId' left out: every value differs, like an id"

case_ "CRLF, a byte order mark and no final newline change nothing"
{ printf '\357\273\277'; sed 's/$/\r/' bank.csv; } | head -c -2 >crlf.csv
run train crlf.csv --target Exited --id CustomerId $small -o crlf.churn --json </dev/null
exits 0
json "j.hash == '$("$program" -e 'io.write(require("churnlab").load("bank.churn"):hash())')'"

case_ "an unknown target gets the nearest name"
run train bank.csv --target Exitd -o x.churn </dev/null
failing "(did you mean 'Exited'?)"
absent x.churn

case_ "a target with many values, or with two words, wants --positive"
run train bank.csv --target Balance -o x.churn </dev/null
exits 1
err_has "bank.csv: target 'Balance': expected a positive value"
run train bank.csv --target Gender -o x.churn </dev/null
exits 1
err_has "expected a positive value (which of its values counts as 1); its values: Male, Female"

case_ "a target of several values is one of classes"
run train bank.csv --target Geography --id CustomerId $small -o land.churn </dev/null
exits 0
out_has "column 'Geography': 3 classes: "
out_has "3 classes, 180 rows: ROC AUC"
out_has "macro F1"
out_has 'actual \ predicted'
run train bank.csv --target Geography --id CustomerId $small -o land.churn --json </dev/null
exits 0
json 'j.rows == 180 and #j.classes == 3 and #j.confusion == 3 and j.macro_f1 and #j.hash == 64'
run score land.churn bank.csv -o land.csv </dev/null
exits 0
head -n 1 land.csv | grep -q ',p_France,.*,class' || problem "header of land.csv"

case_ "the default recipe knows classes, the same on -j1 and -j2"
run simulate bank --rows 200 --seed 3 -o lands.csv </dev/null
run -j1 train lands.csv --target Geography --id CustomerId --test 0 -o lands.churn --json </dev/null
exits 0
json 'j.rows == 0 and j.positives == nil and #j.classes == 3 and #j.candidates == 3'
cp "$dir/out" lands.json
run -j2 train lands.csv --target Geography --id CustomerId --test 0 -o lands.churn --json </dev/null
same "$dir/out" lands.json

case_ "a class with few rows is refused before training, with its name"
run train bank.csv --target NumOfProducts -o x.churn </dev/null
exits 1
err_has "bank.csv: expected at least 10 rows with each class of the target 'NumOfProducts', got"

case_ "a positive value that never occurs lists the values"
run train telco.csv --target Churn --positive yes -o x.churn </dev/null
exits 1
err_has "the positive value 'yes' never occurs; its values: No, Yes"

case_ "train without --hidden is the default recipe: what it tried, the same on -j1 and -j2"
run simulate bank --rows 200 --seed 3 -o few.csv </dev/null
run -j1 train few.csv --target Exited --id CustomerId --test 0.3 -o auto.churn </dev/null
exits 0
out_has "140 rows, 10 columns, 8 inner folds"
out_has "shallow   inner log loss 0."
out_has "blend     inner log loss 0."
out_has "majority"
run -j1 train few.csv --target Exited --id CustomerId --test 0.3 -o auto.churn --json </dev/null
hash=$(sed 's/.*"hash":"\([0-9a-f]*\)".*/\1/' "$dir/out")
json '#j.candidates == 3 and j.inner.log_loss < 0.7 and j.cut_by_time == false'
run -j2 train few.csv --target Exited --id CustomerId --test 0.3 -o auto.churn --json </dev/null
out_has "\"hash\":\"$hash\""
run train few.csv --target Exited --id CustomerId --time-limit 0.001 --test 0 -o auto.churn --json </dev/null
exits 0
json 'j.cut_by_time == true and #j.candidates == 1'

case_ "too few leavers are refused before training"
head -n 12 bank.csv >tiny.csv
run train tiny.csv --target Exited -o x.churn </dev/null
exits 1
err_has "expected at least 10 rows with each outcome"

case_ "no file, no folder"
run train nothing.csv --target Exited -o x.churn </dev/null
failing "nothing.csv"
run train bank.csv --target Exited -o nowhere/x.churn </dev/null
failing "nowhere/x.churn"

case_ "train refuses wrong options"
run train bank.csv -o x.churn </dev/null
refused "missing option '--target'"
run train bank.csv --target Exited </dev/null
refused "missing option '-o'"
run train bank.csv --target Exited --test 1 -o x.churn </dev/null
refused "--test: expected a number from 0 to less than 1, got '1'"
run train bank.csv --target Exited --hidden 64,big -o x.churn </dev/null
refused "--hidden: expected a whole number from 1 to 4096, got 'big'"
run train bank.csv --target Exited --time-limit 0 -o x.churn </dev/null
refused "--time-limit: expected a number above 0, got '0'"
run train bank.csv --target Exited --epochs 0 -o x.churn </dev/null
refused "--epochs: expected a whole number"
absent x.churn
