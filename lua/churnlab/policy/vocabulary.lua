-- The closed vocabulary of a policy file: every name that the business team's text may use.
-- It runs inside the sandbox (core.sandbox.run) and uses nothing but its parameter, the kit.
-- It judges nothing: declarations are collected as plain data with their lines, and
-- churnlab.policy.check says what is wrong with them, all problems at once.
-- SPDX-License-Identifier: MIT
return function(kit)
  local type, next, here, tostring = kit.type, kit.next, kit.here, kit.tostring
  local declared = { problems = {} }
  local constants = {} -- proxy → what it stands for

  local function problem(line, message)
    local list = declared.problems
    list[#list + 1] = { line = line, message = message }
  end

  -- A copy of data, so that nothing changes after its declaration.
  local function plain(value, path, depth)
    if constants[value] then return plain(constants[value], path, depth) end
    local kind = type(value)
    if kind == "function" then
      problem(here(), path .. ": expected data, got a name of the vocabulary without its values")
      return nil
    elseif kind ~= "table" then
      return value
    elseif depth > 8 then
      problem(here(), path .. ": the table is nested too deeply")
      return nil
    end
    local copy = {}
    for key, item in next, value do
      local place = path .. (type(key) == "string" and ": " .. key or " [" .. tostring(key) .. "]")
      if type(key) == "string" or type(key) == "number" then
        copy[key] = plain(item, place, depth + 1)
      else
        problem(here(), path .. ": expected names or a list, got a key of type " .. type(key))
      end
    end
    return copy
  end

  local function list_of(kind)
    declared[kind] = declared[kind] or {}
    return declared[kind]
  end

  -- kind { body }
  local function single(kind)
    return function(body)
      local list = list_of(kind)
      list[#list + 1] = { line = here(), body = plain(body, kind, 0) }
    end
  end

  -- kind "name" { body }
  local function named(kind)
    return function(name)
      local line = here()
      if type(name) ~= "string" then
        problem(line, kind .. ": expected a name before the table: " .. kind .. ' "name" { … }')
        return
      end
      local list = list_of(kind)
      local entry = { line = line, name = name }
      list[#list + 1] = entry
      return function(body)
        entry.body = plain(body, kind .. ' "' .. name .. '"', 0)
      end
    end
  end

  local function matcher(name)
    return function(...)
      return plain({ matcher = name, ... }, name, 0)
    end
  end

  local function action(kind)
    return function(body)
      if type(body) ~= "table" then body = { body } end
      local made = plain(body, kind, 0)
      made.kind = kind
      return made
    end
  end

  local function constant(value)
    local proxy = kit.setmetatable({}, {
      __newindex = function() kit.fail("a word of the vocabulary cannot be changed") end,
    })
    constants[proxy] = value
    return proxy
  end

  local names = {
    none = constant { kind = "none" },
    missing = constant { matcher = "missing" },
    present = constant { matcher = "present" },
  }
  for _, kind in next, { "policy", "tier", "rule", "never" } do names[kind] = named(kind) end
  for _, kind in next, { "limit", "holdout", "expect" } do names[kind] = single(kind) end
  for _, kind in next, { "call", "offer", "email", "sms", "letter" } do
    names[kind] = action(kind)
  end
  for _, name in next, { "at_least", "at_most", "above", "below", "between", "one_of",
    "not_one_of", "top1", "top2", "top3" } do
    names[name] = matcher(name)
  end
  return names, function() return declared end
end
