--- Frames under one another or side by side: cl.concat.
-- @module churnlab.frame

-- SPDX-License-Identifier: MIT
local core = require("churnlab.core")
local errors = require("churnlab.errors")

local M = {}

local function is_frame(value)
  local meta = type(value) == "userdata" and getmetatable(value)
  return meta and meta.__name == "churnlab.Frame"
end

local function check_frames(spec)
  if type(spec) ~= "table" then
    errors.raise("concat: expected a list of frames, got a %s", type(spec))
  end
  local frames, options = {}, {}
  for key, value in pairs(spec) do
    if math.type(key) == "integer" then frames[key] = value else options[key] = value end
  end
  for i = 1, #frames do
    if not is_frame(frames[i]) then
      errors.raise("concat: item %d: expected a frame, got a %s", i, type(frames[i]))
    end
  end
  if #frames == 0 then errors.raise("concat: expected at least one frame") end
  return frames, errors.options("concat", options, { by = "string", suffix = "string" })
end

-- A name that no earlier column has.
local function free_name(taken, name, suffix, position)
  if not taken[name] then return name end
  if not suffix then
    errors.raise("concat: column '%s' is in frames %d and %d (the option suffix renames it)", name,
      taken[name], position)
  end
  if taken[name .. suffix] then
    errors.raise("concat: column '%s' is there already (another suffix?)", name .. suffix)
  end
  return name .. suffix
end

local function side_by_side(frames, suffix)
  local names, columns, taken = {}, {}, {}
  for i, frame in ipairs(frames) do
    if #frame ~= #frames[1] then
      errors.raise("concat: frame %d: expected %d rows as in the first, got %d", i, #frames[1],
        #frame)
    end
    for _, old in ipairs(frame:columns()) do
      local name = free_name(taken, old, suffix, i)
      names[#names + 1], columns[#columns + 1], taken[name] = name, frame:col(old), i
    end
  end
  if #names == 0 then return frames[1] end
  return core.frame.new(names, columns):with_roles(frames[1]:roles())
end

--- Frames under one another (their columns are united: missing where a frame has none of a
-- name), or side by side. Under one another i64 meets f64 as f64, category meets string as
-- string, date meets timestamp as timestamp; categories unite their levels, those of the first
-- frame first. Rows and columns keep their order; the roles are the first frame's.
-- @function cl.concat
-- @tparam table frames a list of frames, with the options
--
--   - `by` = "rows" (default) or "columns"
--   - `suffix`: by columns, what a name gets that an earlier frame has (default: an error)
-- @treturn Frame
-- @raise `concat: column 'Age': expected one type, got i64 in part 1 and string in part 2 (cast
-- one)`; by columns: frames of different lengths, names that clash
-- @usage
-- local first, rest = frame:head(3), frame:slice(4)
-- assert(#cl.concat { first, rest } == #frame)
-- assert(cl.concat({ first, first, by = "columns", suffix = "_2" }):has("Age_2"))
function M.concat(frames)
  local list, options = check_frames(frames)
  local by = options.by or "rows"
  if by == "columns" then return side_by_side(list, options.suffix) end
  if by ~= "rows" then errors.unknown("concat: by", "choice", by, { "rows", "columns" }) end
  if options.suffix then
    errors.raise("concat: option 'suffix': expected it with by = \"columns\"")
  end
  return core.reshape.stack(list)
end

return M
