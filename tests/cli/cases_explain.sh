# churnlab explain and churnlab info
case_ "explain --row: base, score and every column"
run explain bank.churn fresh.csv --row 7 </dev/null
exits 0
out_has "row 7, CustomerId"
for column in Age Balance NumOfProducts Geography IsActiveMember; do out_has " $column "; done

case_ "explain --json adds up to the score, and the score is that of score"
run explain bank.churn fresh.csv --row 7 --json </dev/null
exits 0
json '(function() local sum = j.base for _, v in ipairs(j.values) do sum = sum + v.effect end
    return math.abs(sum - j.score) < 1e-9 and #j.values == 10 and j.row == 7 end)()'
cp out seven.json
run score bank.churn fresh.csv </dev/null
score7=$(sed -n 8p out | cut -d, -f15)
id7=$(sed -n 8p out | cut -d, -f2)
cp seven.json out
json "math.abs(j.score - $score7) < 1e-12 and j.id == $id7"

case_ "explain --id finds the same customer, twice the same bytes"
run explain bank.churn fresh.csv --id "$id7" --json </dev/null
exits 0
same out seven.json
run -j1 explain bank.churn - --id "$id7" --json <fresh.csv
same out seven.json

case_ "explain --top shows the strongest"
run explain bank.churn fresh.csv --row 1 --top 3 </dev/null
exits 0
lines out 5

case_ "more than twelve columns are estimated, and say so"
run explain telco.churn telco.csv --row 2 </dev/null
exits 0
out_has "coalitions"

case_ "explain refuses what is not there"
run explain bank.churn fresh.csv --row 401 </dev/null
failing "fresh.csv: --row: expected 1 to 400, got 401"
run explain bank.churn fresh.csv --id 12 </dev/null
failing "fresh.csv: column 'CustomerId': expected a row with '12', got none in 400 rows"
run explain noid.churn fresh.csv --id 12 </dev/null
failing "--id: expected a model that was trained with --id"

case_ "explain wants one of --row and --id"
run explain bank.churn fresh.csv </dev/null
refused "expected --row N or --id ID"
run explain bank.churn fresh.csv --row 1 --id 2 </dev/null
refused "can not be used together"
run explain bank.churn fresh.csv --row 0 </dev/null
refused "--row: expected a whole number from 1, got '0'"
