-- Where a scan's chunks come from: a CSV or column file that is opened anew for each pass.
-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local CHUNK_BYTES = 4 << 20 -- of the file; enough to keep every thread busy

local Source = {}
Source.__index = Source

local role_names = { target = true, positive = true, id = true, time = true, personal = true }

-- { roles }, { options of the file } and rows a chunk.
local function split_options(where, options)
  local roles, file = {}, {}
  for name, value in pairs(errors.table(where, options)) do
    (role_names[name] and roles or file)[name] = value
  end
  local rows = file.chunk_rows
  file.chunk_rows = nil
  if rows ~= nil and (math.type(rows) ~= "integer" or rows < 1) then
    errors.raise("%s: option 'chunk_rows': expected a whole number from 1, got %s", where,
      tostring(rows))
  end
  return next(roles) and roles, file, rows
end

-- Text stays text: which levels there are is known only after the last row.
local function plain_text(chunk)
  for _, name in ipairs(chunk:columns()) do
    if chunk:type(name) == "category" then
      chunk = chunk:with_column(name, chunk:col(name):cast("string"))
    end
  end
  return chunk
end

local function check_column_file(where, path, options)
  for name in pairs(options) do
    if name ~= "drop" then
      errors.raise("%s: option '%s': expected none for a column file, which knows its types (%s)",
        where, name, path)
    end
  end
end

-- Opens the file; of CSV, `choose` (see new) says the types once the names are known.
function Source:reopen()
  local reader = core.chunks.open(self.path, self.is_csv and self.file or nil)
  if self.choose then
    local types, roles = self.choose(reader:columns())
    if self.is_csv then reader:declare(types) end
    self.roles = roles
  end
  return reader
end

function Source:prepare(chunk)
  if self.is_csv then
    chunk = plain_text(chunk)
  elseif self.file.drop then
    chunk = chunk:drop(self.file.drop)
  end
  return self.roles and chunk:with_roles(self.roles) or chunk
end

-- A later cell that is not what the first chunk made of its column.
local function explain(message, file)
  local column = type(message) == "string" and message:match(":%d+: column '([^\n]-)': expected")
  if column and not (file.types and file.types[column]) then
    message = ("%s (the first rows made the type; give another: types = { [%q] = … })"):format(
      message, column)
  end
  error(message, 0)
end

-- Chunks of at most so many rows. The file is read in chunks of its own, whose first one makes the
-- types: so they do not depend on `rows`.
local function in_parts(read, rows)
  local chunk, from
  return function()
    if not chunk or from > #chunk then
      chunk, from = read(), 1
      if not chunk then return nil end
    end
    local part = chunk:slice(from, from + rows - 1)
    from = from + rows
    return part
  end
end

--- Begins a pass.
-- @treturn function the next chunk, or nil
-- @treturn Chunks to be closed
function Source:open()
  local reader, first = self.reader, self.first
  self.reader, self.first = nil, nil
  if not reader then
    if self.path == "-" then
      errors.raise("scan: standard input can be read only once (collect() keeps it)")
    end
    reader = self:reopen()
  end
  local function read()
    local chunk = first
    first = nil
    if not chunk then
      local ok
      ok, chunk = pcall(reader.next, reader, 0, CHUNK_BYTES)
      if not ok then explain(chunk, self.file) end
    end
    return chunk and self:prepare(chunk)
  end
  return self.rows and in_parts(read, self.rows) or read, reader
end

--- Opens a file and learns its columns; the first chunk of a CSV file is kept for the first pass.
-- @tparam string where starts the messages
-- @tparam string path "-" is standard input
-- @tparam[opt] table options of `cl.read_csv`, and `chunk_rows`
-- @tparam[opt] function choose of the names of the columns: gives types and roles
-- @treturn Source
-- @treturn Frame its columns, without rows
function M.new(where, path, options, choose)
  if type(path) ~= "string" then
    errors.raise("%s: expected a path, got a %s", where, type(path))
  end
  local roles, file, rows = split_options(where, options)
  local is_csv = not core.frame.is_columns(path)
  if not is_csv then check_column_file(where, path, file) end
  local self = setmetatable({ path = path, name = path == "-" and "standard input" or path,
    roles = roles, file = file, rows = rows, is_csv = is_csv, choose = choose }, Source)
  self.reader = self:reopen()
  self.first = is_csv and self.reader:next(0, CHUNK_BYTES) or nil
  return self, self:prepare((self.first or self.reader:schema()):slice(1, 0))
end

return M
