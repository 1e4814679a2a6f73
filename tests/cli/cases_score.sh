# churnlab score
case_ "score gives the input's columns, churn and tier; the target may be absent"
run score bank.churn untold.csv -o scored.csv </dev/null
exits 0
out_empty
err_has "untold.csv: 400 rows scored"
lines scored.csv 401
head -n 1 scored.csv >out
out_has "RowNumber,CustomerId,Surname,CreditScore,Geography,Gender,Age,Tenure,Balance,NumOfProducts,HasCrCard,IsActiveMember,EstimatedSalary,churn,tier"
cut -d, -f1-13 scored.csv >kept.csv
same kept.csv untold.csv

case_ "score reads standard input and writes standard output"
run score bank.churn - <untold.csv
exits 0
same out scored.csv

case_ "score reads the rows of a query"
run -e 'assert(cl.read_csv("untold.csv"):write_sql("sqlite:bank.db", "customers"))' </dev/null
exits 0
run score bank.churn sqlite:bank.db --query 'SELECT * FROM customers ORDER BY rowid' -o query.csv </dev/null
exits 0
err_has "the query: 400 rows scored"
same query.csv scored.csv
run score bank.churn sqlite:bank.db </dev/null
refused 'score: a database: expected --query "SELECT …"'
run score bank.churn untold.csv --query 'SELECT 1' </dev/null
refused 'score: --query: expected the url of a database, got untold.csv'
run score bank.churn sqlite:bank.db --query 'SELECT CustomerId FROM customers' </dev/null
failing "the query: column 'CreditScore': expected it because the model reads it"
run score bank.churn sqlite:bank.db --query 'SELECT * FROM nowhere' </dev/null
failing 'read_sql: SQLite: no such table: nowhere'

case_ "columns that the model does not read stay the text that they are"
awk -F, 'NR == 1 { print "code,when," $0; next } { print "007," (NR % 2 ? "1.50" : "TRUE") "," $0 }' untold.csv >extra.csv
run score bank.churn extra.csv </dev/null
exits 0
cut -d, -f1-15 out >kept.csv
same kept.csv extra.csv

case_ "reasons and a policy add their columns"
head -n 9 untold.csv >eight.csv
run score bank.churn eight.csv --reasons 2 --policy "$root/examples/retention.lua" </dev/null
exits 0
lines out 9
out_has "churn,tier,action,rule"
out_has "reason_1,reason_1_effect,reason_2,reason_2_effect"

case_ "a policy decides the same whether or not reasons are shown"
head -n 80 fresh.csv >eighty.csv
run score bank.churn eighty.csv --policy "$root/examples/retention.lua" -o plain.csv </dev/null
run score bank.churn eighty.csv --policy "$root/examples/retention.lua" --reasons 3 </dev/null
cut -d, -f1-20 out >cut.csv
same cut.csv plain.csv

case_ "levels that training never saw are counted"
sed -e '2s/France/Atlantis/;2s/Germany/Atlantis/;2s/Spain/Atlantis/' eight.csv >atlantis.csv
run score bank.churn atlantis.csv </dev/null
exits 0
err_has "1 cell with a value that training never saw"

case_ "a file with no rows gives a file with no rows"
head -n 1 untold.csv >empty.csv
run score bank.churn empty.csv </dev/null
exits 0
lines out 1

case_ "a missing column names its neighbour"
sed '1s/Balance/balance/' eight.csv >lower.csv
run score bank.churn lower.csv </dev/null
failing "lower.csv: column 'Balance': expected it because the model reads it, got no such column (is it 'balance'?)"

case_ "a bad number names line and column, and nothing is written"
sed '3s/,\([0-9]*\),\(France\|Germany\|Spain\),/,many,\2,/' eight.csv >many.csv
run score bank.churn many.csv -o bad.csv </dev/null
failing "many.csv:3: column 'CreditScore'"
absent bad.csv

case_ "a folder that is not there fails, an old file stays"
run score bank.churn eight.csv -o nowhere/scored.csv </dev/null
failing "nowhere/scored.csv"

case_ "a reader that leaves early fails cleanly"
for i in 1 2 3 4 5 6 7 8; do tail -n +2 fresh.csv; done >body.csv
{ head -n 1 fresh.csv; cat body.csv body.csv body.csv body.csv; } >big.csv
command="churnlab score bank.churn big.csv | head -n 1"
{ "$program" score bank.churn big.csv 2>err; echo $? >code; } | head -n 1 >out
code=$(cat code)
exits 1
err_has "annot write"

case_ "a policy that is not there, or wrong, fails with its line"
run score bank.churn eight.csv --policy nothing.lua </dev/null
failing "nothing.lua"
printf 'policy "p" { version = "1" }\ntier "all" { from = 0 }\nrule "x" { when = { Agee = above(5) }, action = call { cost = 1 } }\n' >wrong.lua
run score bank.churn eight.csv --policy wrong.lua </dev/null
failing "wrong.lua:3"

case_ "score refuses wrong options"
run score bank.churn eight.csv --reasons -1 </dev/null
exits 2
run score bank.churn eight.csv --reasons many </dev/null
refused "--reasons: expected a whole number from 0 to 20, got 'many'"
