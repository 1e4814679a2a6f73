# churnlab simulate
case_ "simulate bank writes the public set's header"
run simulate bank --rows 50 -o bank50.csv </dev/null
exits 0
out_empty
err_has "bank50.csv: 50 rows"
err_has "Bayes AUC"
lines bank50.csv 51
head -n 1 bank50.csv >out
out_has "RowNumber,CustomerId,Surname,CreditScore,Geography,Gender,Age,Tenure,Balance,NumOfProducts,HasCrCard,IsActiveMember,EstimatedSalary,Exited"

case_ "simulate telco goes to standard output"
run simulate telco --rows 20 --seed 3 </dev/null
exits 0
lines out 21
out_has "customerID,gender,SeniorCitizen"
err_has "telco: 20 rows"

case_ "simulate events writes a log"
run simulate events --rows 30 --seed 3 -o log.csv </dev/null
exits 0
err_has "events of 30 customers"
head -n 1 log.csv >out
out_has "customer,when,type,amount,loaded_at"

case_ "the same seed gives the same bytes, another one others"
run simulate bank --rows 300 --seed 5 -o five.csv </dev/null
run simulate bank --rows 300 --seed 5 --output again.csv </dev/null
run simulate bank --rows 300 --seed 6 -o six.csv </dev/null
same five.csv again.csv
cmp -s five.csv six.csv && problem "expected seeds 5 and 6 to differ"

case_ "the first rows do not depend on how many follow"
run simulate telco --rows 5000 --seed 5 -o long.csv </dev/null
run simulate telco --rows 40 --seed 5 -o short.csv </dev/null
head -n 41 long.csv >head.csv
same head.csv short.csv

case_ "simulate refuses what it does not know"
run simulate bnak </dev/null
refused "must be one of 'bank', 'telco'"

case_ "simulate wants whole numbers"
run simulate bank --rows 1.5 </dev/null
refused "--rows: expected a whole number from 1 to 10000000, got '1.5'"
run simulate bank --rows 0 </dev/null
refused "--rows: expected"
run simulate bank --seed x </dev/null
refused "--seed: expected a whole number from 0, got 'x'"

case_ "a folder that is not there fails"
run simulate bank --rows 5 -o nowhere/bank.csv </dev/null
failing "nowhere/bank.csv"
