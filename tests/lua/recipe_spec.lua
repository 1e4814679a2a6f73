local cl = require("churnlab")
local screen = require("churnlab.screen")
local repeated = require("fixtures").repeated

local function reasons(data, options, keep)
  local found = {}
  for _, item in ipairs(screen.find(cl.from_table(data, options), keep)) do
    found[item.column] = item.reason
  end
  return found
end

describe("screen", function()
  local n = 120
  local data = {
    row = repeated(n, function(i) return i end),
    user_id = repeated(n, function(i) return 1000 + i // 2 * 7 end),
    Paid = repeated(n, function(i) return i // 2 end),
    email = repeated(n, function(i) return "a" .. i end),
    town = repeated(n, function(i) return "t" .. i % 55 end),
    same = repeated(n, function() return 4 end),
    none = repeated(n, function() return cl.NA end),
    code = repeated(n, function(i) return 50000 + i * 13 end),
    income = repeated(n, function(i) return i * 1.5 end),
    left = repeated(n, function(i) return i % 3 == 0 and 1 or 0 end),
  }

  it("finds counters, ids, free text, constants and empty columns", function()
    local found = reasons(data, { target = "left" })
    assert.are.equal("it counts the rows", found.row)
    assert.are.equal("it looks like an id", found.user_id)
    assert.are.equal("every value differs, like an id", found.email)
    assert.are.equal("text with 55 different values", found.town)
    assert.are.equal("it is constant", found.same)
    assert.are.equal("it is empty", found.none)
    assert.are.equal("every value differs, like an id", found.code)
    assert.is_nil(found.Paid)
    assert.is_nil(found.income)
    assert.is_nil(found.left)
  end)

  it("leaves the id, the target and what is to be kept", function()
    local found = reasons(data, { target = "same", id = "email" }, { "row", "code" })
    assert.is_nil(found.same or found.email or found.row or found.code)
    assert.is_string(found.user_id)
    assert.error_matches(function() reasons(data, {}, { "roww" }) end, "did you mean 'row'")
  end)

  it("takes few different whole numbers for numbers, not for ids", function()
    local small = { age = repeated(40, function(i) return 20 + i end) }
    assert.are.same({}, reasons(small))
  end)
end)

describe("recipe", function()
  local path = os.tmpname()

  setup(function()
    assert(cl.simulate("bank", { rows = 600, seed = 4 }):write_csv(path))
  end)
  teardown(function() os.remove(path) end)

  it("reads a file that nobody described", function()
    local notices = {}
    local bank = cl.recipe.read(path, { target = "Exited", id = "CustomerId" }, function(fmt, ...)
      notices[#notices + 1] = fmt:format(...)
    end)
    assert.are.equal(600, #bank)
    assert.is_false(bank:has("RowNumber") or bank:has("Surname"))
    assert.are.equal("category", bank:type("NumOfProducts"))
    assert.are.equal("i64", bank:type("Tenure"))
    assert.are.equal("i64", bank:type("IsActiveMember"))
    assert.are.equal(3, #notices)
  end)

  it("fits a calibrated ensemble that ranks", function()
    local bank = cl.recipe.read(path, { target = "Exited", id = "CustomerId" })
    local train, test = bank:split { 0.7, 0.3, stratify = "Exited", seed = 1 }
    local model = cl.recipe.fit(train, { epochs = 30, ensemble = 2, hidden = { 16, 8 }, seed = 5 })
    local facts = model:facts()
    assert.are.equal(2, facts.members)
    assert.are.equal("platt", facts.calibration)
    assert.are.equal("CustomerId", facts.id)
    assert.is_true(model:evaluate(test, { bootstrap = 0 }).roc_auc > 0.7)
  end)

  it("says what is wrong", function()
    assert.error_matches(function() cl.recipe.read(path, { taget = "Exited" }) end,
      "unknown option 'taget' %(did you mean 'target'%?%)")
    assert.error_matches(function()
      cl.recipe.fit(cl.recipe.read(path, { target = "Exited" }), { epoch = 3 })
    end, "unknown option 'epoch' %(did you mean 'epochs'%?%)")
  end)
end)
