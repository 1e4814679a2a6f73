# The program itself: options before the verb, scripts, -e.
case_ "--help lists the verbs"
run --help </dev/null
exits 0
for verb in run repl simulate train crossval evaluate score explain info; do out_has "  $verb "; done
out_has "Example:"

case_ "-v prints the version"
run -v </dev/null
exits 0
out_has "churnlab 0."

case_ "an unknown option is wrong usage"
run --verbos </dev/null
refused "unknown option '--verbos'"

case_ "-j wants a number"
run -j many </dev/null
refused "-j: expected a number of threads from 1 to 256, got 'many'"

case_ "-e runs Lua"
run -e 'print(6 * 7)' </dev/null
exits 0
out_has 42

case_ "a script that is not there fails"
run nothing.lua </dev/null
failing "nothing.lua"

case_ "an error in a script names its line"
printf 'local x = 1\nerror("broken")\n' >broken.lua
run broken.lua </dev/null
failing "broken.lua:2: broken"

case_ "a script gets its arguments"
printf 'print(arg[0], arg[1], ...)\n' >arguments.lua
run arguments.lua --seed 7 </dev/null
exits 0
out_has "arguments.lua	--seed	--seed	7"

case_ "run is the long form"
run run arguments.lua one </dev/null
exits 0
out_has "arguments.lua	one	one"

case_ "a script's unknown option is wrong usage"
printf 'require("churnlab").args { seed = 1 }\n' >options.lua
run options.lua --sede 7 </dev/null
refused "options.lua: unknown option '--sede' (did you mean '--seed'?)"

for verb in simulate train crossval evaluate score explain info; do
    case_ "$verb --help shows usage, options and an example"
    run $verb --help </dev/null
    exits 0
    err_empty
    out_has "Usage: churnlab $verb"
    out_has "Example:"
    out_has "--help"

    case_ "$verb without arguments is wrong usage"
    run $verb </dev/null
    refused "churnlab $verb --help tells more"
done

case_ "a wrong option gets the nearest name"
run train x.csv --traget y -o m.churn </dev/null
refused "train: unknown option '--traget' (did you mean '--target'?)"

case_ "nobody reads: writing fails with exit code 1"
if [ -w /dev/full ]; then
    "$program" simulate bank --rows 2000 >/dev/full 2>err
    code=$? command="churnlab simulate bank >/dev/full"
    exits 1
    err_has "cannot write"
fi

case_ "a misspelt verb is wrong usage"
run trian bank.csv </dev/null
refused "unknown verb or script 'trian' (did you mean 'train'?)"

case_ "the prompt prints values and goes on after errors"
printf 'x = 40\nx + 2, "two"\nfor i = 1, 2 do\nprint(i * 7)\nend\nerror("boom")\n{1, a = {b = 2}}\n' >session
run <session
exits 0
out_has '42   two'
out_has '14'
out_has '{1, a={b=2}}'
err_has 'stdin:1: boom'

case_ "the prompt suggests names"
printf 'b = cl.simulate("bank", {rows = 5})\nb:srot("Age")\n#b\n:quit\nprint("not reached")\n' >session
run repl <session
exits 0
err_has "stdin:1: frame has no method 'srot' (did you mean 'sort'?)"
out_has '5'
