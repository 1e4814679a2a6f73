-- Text of doc comments to HTML, for LDoc: paragraphs, lists of "- " lines, code by four spaces or
-- `backticks`. Everything else is shown as it is written; LDoc's own links pass.
-- SPDX-License-Identifier: MIT
local function escape(text)
  text = text:gsub("&", "&amp;"):gsub("<", "&lt;")
  return (text:gsub("&lt;(a [^>]*>.-)&lt;/a>", "<%1</a>"))
end

-- Code first, so that nothing inside it is taken for markup.
local function inline(text)
  return (escape(text):gsub("`([^`]+)`", "<code>%1</code>"))
end

local function list(text)
  local items = {}
  for line in ("\n" .. text):gsub("\n%s*%- ", "\0"):gmatch("%z([^%z]+)") do
    items[#items + 1] = "<li>" .. inline(line) .. "</li>"
  end
  return "<ul>\n" .. table.concat(items, "\n") .. "\n</ul>"
end

local function block(text)
  if text:match("^    ") then return "<pre>" .. escape(text:gsub("^    ", ""):gsub("\n    ", "\n"))
      .. "</pre>" end
  if text:match("^%s*%- ") then return list(text) end
  return "<p>" .. inline(text) .. "</p>"
end

return function(text)
  local blocks = {}
  for part in (text:gsub("\n[ \t]*\n", "\0") .. "\0"):gmatch("([^%z]+)%z") do
    blocks[#blocks + 1] = block(part)
  end
  return table.concat(blocks, "\n")
end
