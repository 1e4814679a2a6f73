std = "lua54"
max_line_length = 100
self = false
files["tests/lua"] = { std = "+busted" }
-- policies are written in the vocabulary of lua/churnlab/policy/vocabulary.lua
files["examples/retention.lua"] = { std = "none", read_globals = { "policy", "tier", "limit", "holdout",
  "rule", "never", "expect", "none", "missing", "present", "call", "offer", "email", "sms", "letter",
  "at_least", "at_most", "above", "below", "between", "one_of", "not_one_of", "top1", "top2", "top3" } }
