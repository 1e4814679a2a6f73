# churnlab info
case_ "info shows target, columns, prep and net"
run info bank.churn </dev/null
exits 0
out_has "Exited = 1"
out_has "CustomerId"
out_has "France, Germany, Spain"
out_has "onehot"
out_has "dense, tanh"

case_ "info --json"
run info bank.churn --json </dev/null
exits 0
lines out 1
json 'j.target == "Exited" and j.positive == "1" and j.id == "CustomerId" and #j.columns == 10'
json 'j.members == 3 and j.seed == 42 and j.rows == 612 and #j.hash == 64'
