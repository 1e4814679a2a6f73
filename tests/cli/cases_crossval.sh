# churnlab crossval. Reads bank.csv (900 customers) and few.csv (200) of the cases before.

case_ "crossval prints the folds, the models, differences and a verdict"
run crossval few.csv --target Exited --id CustomerId --folds 2 --models auto,logistic,majority --rule "Age > 45" --oof oof.csv </dev/null
exits 0
out_has "2-fold cross-validation of 200 rows"
out_has "fold 2"
out_has "pooled"
out_has "auto minus …"
out_has "the best baseline"
err_has "column 'RowNumber' left out"
err_has "fold 2/2  auto  AUC 0."
lines oof.csv 201
head -n 1 oof.csv | grep -q '^row,CustomerId,fold,Exited,auto,logistic,majority,rule' || problem "header of oof.csv"

case_ "crossval --json prints one object, the same on -j1 and -j2"
run -j1 crossval bank.csv --target Exited --id CustomerId --folds 4 --seed 1 --models logistic,majority --json </dev/null
exits 0
lines out 1
json 'j.k == 4 and #j.folds == 4 and j.models[1].name == "logistic" and #j.models[1].folds == 4'
json 'j.models[1].mean.roc_auc > 0.6 and j.models[2].pooled.accuracy > 0.5'
json 'j.best_baseline == "logistic" and j.ranking[1] == "logistic" and j.verdict == nil'
cp "$dir/out" first.json
run -j2 crossval bank.csv --target Exited --id CustomerId --folds 4 --seed 1 --models logistic,majority --json </dev/null
same "$dir/out" first.json

case_ "crossval of several classes: figures of classes, a column a class"
run crossval few.csv --target Geography --id CustomerId --folds 2 --models logistic,majority --oof oof.csv </dev/null
exits 0
out_has "2-fold cross-validation of 200 rows, 3 classes of Geography"
out_has "macro F1"
head -n 1 oof.csv | grep -q '^row,CustomerId,fold,Geography,logistic_p_.*,majority_p_' || problem "header of oof.csv"
lines oof.csv 201
run crossval few.csv --target Geography --id CustomerId --folds 2 --models logistic,majority --json </dev/null
exits 0
json '#j.classes == 3 and #j.counts == 3 and j.models[1].mean.macro_f1 and j.differences[1].figures.log_loss.pooled'

case_ "crossval keeps groups together"
run crossval bank.csv --target Exited --id CustomerId --folds 3 --group Geography --models majority </dev/null
exits 0
out_has "whole groups of Geography"

case_ "crossval refuses wrong options"
run crossval bank.csv </dev/null
refused "missing option '--target'"
run crossval bank.csv --target Exited --models atuo </dev/null
refused "unknown model 'atuo' (did you mean 'auto'?)"
run crossval bank.csv --target Exited --folds 1 </dev/null
refused "--folds: expected a whole number from 2 to 999, got '1'"
run crossval bank.csv --target Exitd </dev/null
exits 1
err_has "did you mean 'Exited'?"
