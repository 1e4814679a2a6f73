# The public sets, where CHURNLAB_DATA names their folder: read, never touched.
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/bank.csv" ]; then
    case_ "bank.csv trains with the defaults"
    run train "$CHURNLAB_DATA/bank.csv" --target Exited --id CustomerId -o real.churn --json </dev/null
    exits 0
    json 'j.rows == 2000 and j.roc_auc > 0.83 and j.roc_auc > j.logistic.roc_auc'

    case_ "bank.csv scores every row"
    run score real.churn "$CHURNLAB_DATA/bank.csv" -o real.csv </dev/null
    exits 0
    lines real.csv 10001
    run explain real.churn "$CHURNLAB_DATA/bank.csv" --id 15634602 </dev/null
    exits 0
    out_has "CustomerId 15634602"
else
    skip "bank.csv (CHURNLAB_DATA is not set)"
fi
if [ -n "${CHURNLAB_DATA:-}" ] && [ -r "$CHURNLAB_DATA/telco.csv" ]; then
    case_ "telco.csv trains and scores as it is: blank TotalCharges, Yes/No target"
    run train "$CHURNLAB_DATA/telco.csv" --target Churn --positive Yes --id customerID -o real.churn --json </dev/null
    exits 0
    json 'j.rows == 1409 and j.roc_auc > 0.8'
    run score real.churn "$CHURNLAB_DATA/telco.csv" -o real.csv </dev/null
    exits 0
    lines real.csv 7044
else
    skip "telco.csv (CHURNLAB_DATA is not set)"
fi
