# Files that are wrong: refused with the part named, exit code 1, nothing written.
case_ "a truncated model"
head -c 4000 bank.churn >short.churn
for verb in "info short.churn" "score short.churn fresh.csv" "evaluate short.churn fresh.csv"; do
    run $verb </dev/null
    failing "short.churn"
done

case_ "a flipped byte in a tensor"
size=$(wc -c <bank.churn)
cp bank.churn flipped.churn
printf '\125' | dd of=flipped.churn bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
cmp -s bank.churn flipped.churn && printf '\252' | dd of=flipped.churn bs=1 seek=$((size - 9)) conv=notrunc 2>/dev/null
run info flipped.churn </dev/null
failing "flipped.churn"

case_ "a model that is no model, or not there"
run info bank.csv </dev/null
failing "bank.csv"
run info nothing.churn </dev/null
failing "nothing.churn"
: >zero.churn
run info zero.churn </dev/null
failing "zero.churn"

case_ "a customer file that is not there, empty, ragged or with an open quote"
run score bank.churn nothing.csv </dev/null
failing "nothing.csv"
: >zero.csv
run score bank.churn zero.csv </dev/null
failing "zero.csv:1: expected a header"
run score bank.churn - <many.csv
failing "standard input:3: column 'CreditScore'"
{ cat eight.csv; echo "1,2,3"; } >ragged.csv
run score bank.churn ragged.csv </dev/null
failing "ragged.csv:10"
{ cat eight.csv; echo '9,"open,3'; } >open.csv
run score bank.churn open.csv </dev/null
failing "open.csv"
run train ragged.csv --target Age -o x.churn </dev/null
failing "ragged.csv:10"
