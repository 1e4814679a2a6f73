# churnlab profile
cat >shop.csv <<'END'
id,joined,plan,spend,amount,age,city,churn
1,01/02/2024,Basic,10.5,"1,200.50",42,Lyon,no
2,13/02/2024,basic ,20.5,"2,100.10",-999,Lyon,no
3,28/12/2023,Gold,30.5,"3,900.00",37,<b>Paris</b>,no
4,05/06/2024,?,40.5,"1,000.25",51,Lyon,no
5,06/06/2024,Gold,50.5,"8,000.75",-999,Nice,no
6,07/06/2024,n/a,60.5,"2,500.00",29,Lyon,yes
6,07/06/2024,n/a,60.5,"2,500.00",29,Lyon,yes
END

case_ "profile prints figures and findings on 100 columns"
run profile shop.csv --target churn --id id </dev/null
exits 0
err_empty
out_has "shop.csv: 7 rows × 8 columns"
out_has "1 row (14.3 %) the same as an earlier one"
out_has "-999 in 2 rows, far from all other values"
out_has 'stands for nothing: "n/a" (2), "?" (1)'
out_has 'spelled in several ways: "Basic" and "basic'
out_has "dates as text, of the form %d/%m/%Y"
out_has "numbers with signs or separators"
out_has "median 29"
[ "$(awk '{ gsub(/[\200-\277]/, ""); if (length > 100) n++ } END { print n + 0 }' out)" -eq 0 ] ||
    problem "expected lines of at most 100 places"

case_ "profile --json"
run profile shop.csv --target churn --json </dev/null
exits 0
lines out 1
json 'j.rows == 7 and #j.columns == 8 and j.repeated_rows == 1 and j.columns[4].numbers.max == 60.5'
json 'j.target.column == "churn" and j.target.values[1].value == "no" and j.target.values[1].n == 5'
json '#j.findings > 5 and j.findings[1].kind == "repeated_rows" and j.columns[6].numbers.negatives == 2'

case_ "profile --html writes one page of its own"
run profile shop.csv --html shop.html </dev/null
exits 0
out_empty
err_has "shop.html: 7 rows, 8 columns"
cp shop.html out
out_has "<!DOCTYPE html>"
out_has "<svg viewBox"
out_has "&lt;b&gt;Paris&lt;/b&gt;"
out_has "prefers-color-scheme: dark"
! grep -qE '<script|https?://|<link|@import|<b>Paris' shop.html || problem "expected nothing from outside"

case_ "profile keeps personal values to itself"
run profile shop.csv --personal city,plan </dev/null
exits 0
! grep -q "Lyon\|Gold\|n/a" out || problem "expected no values of personal columns"

case_ "profile reads other separators and column files"
printf 'a;b\n1;2\n' >semi.csv
run profile semi.csv --separator ';' </dev/null
exits 0
out_has "semi.csv: 1 row × 2 columns"
run -e 'cl.read_csv("shop.csv"):write_columns("shop.columns")' </dev/null
run profile shop.columns --target churn </dev/null
exits 0
out_has "shop.columns: 7 rows × 8 columns"

case_ "profile reads standard input"
run profile - <shop.csv
exits 0
out_has "standard input: 7 rows"

case_ "profile of a table without rows"
printf 'a,b\n' | "$program" profile - >out 2>err
code=$?
exits 0
out_has "0 rows × 2 columns"

case_ "profile refuses what it does not know"
run profile shop.csv --taget churn </dev/null
refused "did you mean '--target'?"
run profile </dev/null
refused "churnlab profile --help"

case_ "profile of what is not there"
run profile nowhere.csv </dev/null
failing "nowhere.csv"
run profile shop.csv --target chrun </dev/null
failing "did you mean 'churn'?"
run profile shop.csv --html /nowhere/x.html </dev/null
failing "/nowhere/x.html"
