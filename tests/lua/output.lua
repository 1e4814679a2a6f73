-- busted's plain output, closed by the line that `make test` adds up.
return function(options)
  local busted = require("busted")
  local handler = require("busted.outputHandlers.plainTerminal")(options)
  busted.subscribe({ "exit" }, function()
    local pending = handler.pendingsCount
    local skipped = pending > 0 and (", %d skipped"):format(pending) or ""
    print(("%d passed, %d failed%s"):format(handler.successesCount,
      handler.failuresCount + handler.errorsCount, skipped))
    io.stdout:flush()
    return nil, true
  end)
  return handler
end
