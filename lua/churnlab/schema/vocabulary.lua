-- The closed vocabulary of a schema file. It runs inside the sandbox (core.sandbox.run) and uses
-- nothing but its parameter, the kit. Declarations are collected as plain data with their lines;
-- churnlab.schema.check says what is wrong with them, all problems at once.
-- SPDX-License-Identifier: MIT
return function(kit)
  local here = kit.here
  local declared = { schema = {}, column = {}, check = {}, others = {} }

  -- kind "name" { body }
  local function named(kind)
    return function(name)
      local list = declared[kind]
      local entry = { line = here(), name = name }
      list[#list + 1] = entry
      return function(body)
        entry.body = body
      end
    end
  end

  local names = {}
  for kind in kit.next, declared do names[kind] = named(kind) end
  return names, function() return declared end
end
