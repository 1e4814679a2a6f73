-- The log of a cleaning as text: one line a step, its columns wrapped at 100 places.
-- SPDX-License-Identifier: MIT
local print_ = require("churnlab.frame.print")

local M = {}

local WIDTH = 100

--- The text of a frame of `step`, `touched`, `cells`, `dropped`.
function M.text(frame)
  local items = { { "step", "cells", "rows", "columns" } }
  for i = 1, #frame do
    items[i + 1] = { frame.step[i], print_.thousands(frame.cells[i]),
      print_.thousands(-frame:col("dropped")[i]), print_.printable(frame.touched[i]) }
  end
  local widths = { 4, 5, 4 }
  for _, item in ipairs(items) do
    for k, width in ipairs(widths) do widths[k] = math.max(width, print_.width(item[k])) end
  end
  local indent = 1 + widths[1] + widths[2] + widths[3] + 6
  local lines = {}
  for i, item in ipairs(items) do
    local head = (" %s  %s  %s  "):format(print_.pad(item[1], widths[1]),
      print_.pad(item[2], widths[2], true), print_.pad(item[3], widths[3], true))
    for k, part in ipairs(print_.wrapped(item[4], WIDTH - indent)) do
      lines[#lines + 1] = ((k == 1 and head or (" "):rep(indent)) .. part):gsub("%s+$", "")
    end
    if i == 1 then
      lines[2] = (" %s  %s  %s  %s"):format(("─"):rep(widths[1]), ("─"):rep(widths[2]),
        ("─"):rep(widths[3]), ("─"):rep(WIDTH - indent))
    end
  end
  return table.concat(lines, "\n")
end

return M
