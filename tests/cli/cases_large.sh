# Files larger than memory: scored chunk by chunk, the bytes of the whole.
case_ "a large file is scored in little memory, and each row as in a small one"
awk 'NR == 1 { header = $0; next } { rows = rows $0 "\n" } END { print header; for (i = 0; i < 1100; i++) printf "%s", rows }' untold.csv >large.csv
limit=100 # MiB
! grep -q __asan_init "$program" || limit=1024 # shadow memory and freed blocks count as well
if [ -r /proc/self/status ]; then
    run -e "require('churnlab.cli.score').run({ 'bank.churn', 'large.csv', '-o', 'large_scored.csv' })
        for line in io.lines('/proc/self/status') do
            local peak = line:match('^VmHWM:%s*(%d+) kB')
            if peak then print(tonumber(peak) < $limit * 1024 and 'bounded' or 'peak ' .. peak .. ' kB') end
        end" </dev/null
    exits 0
    [ "$(wc -c <large.csv)" -gt 25000000 ] || problem "expected a file of more than 25 MB"
    out_has "bounded"
    err_has "large.csv: 440,000 rows scored"
    awk 'NR == 1 { header = $0; next } { rows = rows $0 "\n" } END { print header; for (i = 0; i < 1100; i++) printf "%s", rows }' scored.csv >expected.csv
    same large_scored.csv expected.csv
else
    skip "peak memory (no /proc)"
fi

case_ "standard input is scored while it comes, to standard output"
{ cat untold.csv; sleep 1; } | "$program" score bank.churn - 2>err >out
same out scored.csv
cat large.csv | "$program" score bank.churn - 2>err | cmp -s - expected.csv || problem "expected the same bytes from a pipe"

case_ "a policy without limits decides row by row, one with limits over the whole file"
cat >plain.lua <<'END'
policy "p" { version = "1" }
tier "high" { from = 0.5 }
tier "low" { from = 0 }
rule "call" { when = { tier = "high" }, action = call { cost = 5 } }
END
run score bank.churn untold.csv --policy plain.lua -o decided.csv </dev/null
exits 0
head -n 1 decided.csv >out
out_has "churn,tier,action,rule,cost,because"
lines decided.csv 401

case_ "a column file is scored as the CSV that it was"
run -e "assert(require('churnlab').read_csv('untold.csv'):write_columns('untold.columns'))" </dev/null
exits 0
run score bank.churn untold.columns -o columns_scored.csv </dev/null
exits 0
same columns_scored.csv scored.csv

case_ "a damaged column file is refused, and nothing is written"
head -c 3000 untold.columns >short.columns
run score bank.churn short.columns -o bad.csv </dev/null
failing "short.columns: expected a file of"
absent bad.csv

case_ "a mistake far down in a large file leaves nothing"
{ cat large.csv; echo "1,2,3"; } >late.csv
run score bank.churn late.csv -o late_scored.csv </dev/null
failing "late.csv:440002: expected 13 fields, got 3"
absent late_scored.csv
