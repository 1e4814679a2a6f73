# churnlab validate
printf '%s\n' 'schema "people" {}' \
    'column "Age" { type = "i64", from = 18, to = 120, missing = false }' \
    'column "City" { type = "category", levels = { "Ulm", "Bonn" } }' \
    'column "from" { type = "date", format = "%d.%m.%Y" }' \
    'check "not before 2020" "from >= '"'2020-01-01'"'"' >people.schema.lua
printf 'Age,City,from\n42,Ulm,01.02.2026\n\n17,Bon,31.12.2019\nold,Bonn,2026-01-01\n' >people.csv
printf 'Age,City,from\n42,Ulm,01.02.2026\n' >good.csv

case_ "validate a file that fits"
run validate --schema people.schema.lua good.csv </dev/null
exits 0
out_has "good.csv: fits schema people (1 row × 3 columns)"
err_empty

case_ "validate lists what does not, with lines"
run validate --schema people.schema.lua people.csv </dev/null
exits 1
err_empty
out_has "people.csv: 5 problems (3 rows × 3 columns)"
out_has "people.csv:4: column 'Age': expected from 18 to 120, got 17"
out_has "people.csv:4: column 'City': expected one of Ulm, Bonn, got \"Bon\" (is it \"Bonn\"?)"
out_has "people.csv:4: check 'not before 2020': expected from >= '2020-01-01', got from = 2019-12-31"
out_has "people.csv:5: column 'Age': expected an integer, got \"old\""
out_has "people.csv:5: column 'from': expected a date such as 22.11.2026, got \"2026-01-01\""

case_ "validate --json --limit"
run validate --schema people.schema.lua people.csv --json --limit 1 </dev/null
exits 1
lines out 1
json 'j.ok == false and j.count == 5 and #j.problems == 1 and j.problems[1].line == 4'
json '#j.counts == 5 and j.counts[1].kind == "type" and j.rows == 3 and j.schema == "people"'

case_ "validate reads standard input"
run validate --schema people.schema.lua - <people.csv
exits 1
out_has "standard input: row 2: column 'Age': expected from 18 to 120, got 17"

case_ "validate --infer writes a schema that the file fits"
run simulate bank --rows 200 --seed 1 -o inferred.csv </dev/null
run validate --infer inferred.csv --target Exited --id CustomerId --personal Surname \
    -o inferred.schema.lua </dev/null
exits 0
err_has "inferred.schema.lua: 14 columns"
run validate --schema inferred.schema.lua inferred.csv </dev/null
exits 0
grep -q 'column "Surname" { type = "string", role = "personal", missing = false }' \
    inferred.schema.lua || problem "the personal column should be there without its values"

case_ "validate --infer to standard output"
run validate --infer - <good.csv
exits 0
out_has 'schema "data" { version = "1" }'
out_has 'column "City" { type = "string", missing = false }'

case_ "validate tells all that is wrong with a schema"
printf 'column "A" { type = "i46" }\nothers "alow"\n' >bad.schema.lua
run validate --schema bad.schema.lua good.csv </dev/null
failing "bad.schema.lua: 3 problems:"
err_has "bad.schema.lua:1: column \"A\": type: unknown type 'i46' (did you mean 'i64'?)"
err_has "bad.schema.lua:2: others: unknown word 'alow' (did you mean 'allow'?)"

case_ "validate wants a schema or --infer"
run validate good.csv </dev/null
refused "validate: expected either --schema FILE or --infer"
run validate --schema people.schema.lua --infer good.csv </dev/null
refused "validate: expected either --schema FILE or --infer"
run validate --schema people.schema.lua </dev/null
refused "validate: missing argument 'csv'"

case_ "validate and files that are not there"
run validate --schema none.lua good.csv </dev/null
failing "none.lua"
run validate --schema people.schema.lua none.csv </dev/null
failing "none.csv"
