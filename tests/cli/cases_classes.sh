# models of several classes on the command line
cat >classes.lua <<'EOF'
local cl, nn = require("churnlab"), require("churnlab.nn")
local frame = cl.simulate("bank", { rows = 500, seed = 6 }):drop("RowNumber", "Surname")
  :derive { Risk = "if_else(Age > 50, 3, if_else(Age > 40, 2, 1))" }:drop("Exited")
local net = nn.sequential():dense(8, { activation = "relu" }):dense(3, { activation = "softmax" })
local prep = cl.prep():impute():onehot():scale()
for name, positive in pairs { risk = { 2, 3 }, free = "" } do
  local train = frame:with_roles { target = "Risk", positive = positive, id = "CustomerId" }
  assert(cl.fit(prep, net, train, { epochs = 3 }):save(name .. ".churn"))
end
assert(frame:head(40):write_csv("risks.csv"))
EOF

case_ "models of classes are made by a script"
run classes.lua </dev/null
exits 0

case_ "info shows the classes"
run info risk.churn </dev/null
exits 0
out_has "Risk: 1, 2, 3 (churn is 2 or 3)"

case_ "info --json has them"
run info risk.churn --json </dev/null
exits 0
json '#j.classes == 3 and j.positive[2] == "3" and j.ordered and #j.rates == 3'

case_ "score writes a column a class, the class and churn"
run score risk.churn risks.csv -o classes.csv --reasons 1 </dev/null
exits 0
err_has "40 rows scored; mean churn"
head -n 1 classes.csv >"$dir/out"
out_has ",p_1,p_2,p_3,class,churn,tier,reason_1,reason_1_effect"

case_ "score counts classes where none is churn"
run score free.churn risks.csv -o free.csv </dev/null
exits 0
err_has "40 rows scored; classes: "

case_ "reasons of such a model need a class"
run score free.churn risks.csv -o free.csv --reasons 1 </dev/null
exits 1
err_has "expected a class: the target 'Risk' has no positive value"

case_ "and are given for one"
run score free.churn risks.csv -o free.csv --reasons 1 --class 3 </dev/null
exits 0

case_ "evaluate shows figures of all classes and a confusion table"
run evaluate risk.churn risks.csv --bootstrap 20 </dev/null
exits 0
out_has "3 classes, 40 rows: ROC AUC"
out_has "macro F1"
out_has 'actual \ predicted'

case_ "evaluate --json"
run evaluate risk.churn risks.csv --bootstrap 20 --json </dev/null
exits 0
json 'j.rows == 40 and #j.confusion == 3 and j.kappa and j.churn.roc_auc and j.logistic.log_loss'

case_ "explain churn, and a class"
run explain risk.churn risks.csv --row 2 </dev/null
exits 0
out_has "churn 0."
run explain risk.churn risks.csv --row 2 --class 1 --json </dev/null
exits 0
json 'j.class == "1" and j.score > 0'
run explain risk.churn risks.csv --row 2 --class 4 </dev/null
failing "explain: unknown class '4'"
