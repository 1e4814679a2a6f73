-- Writes or checks rockspec/churnlab-scm-1.rockspec against the files of the tree.
--   lua5.4 src/tools/rockspec.lua check|write
local path = "rockspec/churnlab-scm-1.rockspec"

local function files(command)
  local list = {}
  local pipe = assert(io.popen(command))
  for line in pipe:lines() do list[#list + 1] = line end
  pipe:close()
  table.sort(list)
  return list
end

local function rockspec()
  local out = {}
  local function put(fmt, ...) out[#out + 1] = fmt:format(...) end
  put([[
-- Made by `make rockspec` from the files of the tree; `make lint` compares them.
rockspec_format = "3.0"
package = "churnlab"
version = "scm-1"
source = { url = "git+file://." }
description = {
  summary = "From customer data to retention decisions: frames, nets, reasons, policies",
  license = "MIT",
}
dependencies = { "lua ~> 5.4" }
external_dependencies = {
  JANSSON = { header = "jansson.h" },
  SODIUM = { header = "sodium.h" },
  SQLITE = { header = "sqlite3.h" },
  ZLIB = { header = "zlib.h" },
}
build = {
  type = "builtin",
  modules = {
    ["churnlab.core"] = {
      defines = { "_POSIX_C_SOURCE=200809L" },
      incdirs = { "src", "$(JANSSON_INCDIR)", "$(SODIUM_INCDIR)",
        "$(SQLITE_INCDIR)", "$(ZLIB_INCDIR)",
        -- libpq-fe.h, where it is not among the system's own headers
        "/usr/include/postgresql", "/opt/homebrew/opt/libpq/include",
        "/usr/local/opt/libpq/include" },
      libdirs = { "$(JANSSON_LIBDIR)", "$(SODIUM_LIBDIR)", "$(ZLIB_LIBDIR)" },
      libraries = { "jansson", "sodium", "z", "m", "pthread", "dl" },
      sources = {]])
  for _, file in ipairs(files("find src/core src/bind -name '*.c'")) do put("        %q,", file) end
  put("      },\n    },")
  for _, file in ipairs(files("find lua/churnlab -name '*.lua' -not -path '*/cli/*'")) do
    local module = file:gsub("^lua/", ""):gsub("%.lua$", ""):gsub("/init$", ""):gsub("/", ".")
    put("    [%q] = %q,", module, file)
  end
  put("  },\n}\n")
  return table.concat(out, "\n")
end

local action, wanted = arg[1], rockspec()
if action == "write" then
  os.execute("mkdir -p rockspec")
  assert(assert(io.open(path, "w")):write(wanted)):close()
elseif action == "check" then
  local file = io.open(path)
  local found = file and file:read("a")
  if found ~= wanted then
    io.stderr:write(path, ": does not match the files of the tree: run `make rockspec`\n")
    os.exit(1)
  end
else
  io.stderr:write("usage: lua5.4 src/tools/rockspec.lua check|write\n")
  os.exit(2)
end
