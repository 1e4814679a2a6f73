-- What profiles find and how they look; describe on 100 columns.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
local repeated = require("fixtures").repeated

local NA = cl.NA

-- Findings as { kind = text } of one column.
local function found(frame, column, options)
  local kinds = {}
  for _, finding in ipairs(frame:profile(options):to_table().findings) do
    if finding.column == column then kinds[finding.kind] = finding end
  end
  return kinds
end

local function of_texts(values)
  return cl.from_table({ v = values, n = repeated(#values, function(i) return i end) },
    { types = { v = "string" } })
end

describe("a profile", function()
  local frame = cl.simulate("bank", { rows = 400, seed = 3 })

  it("has the figures of every column", function()
    local facts = frame:profile({ name = "bank", top = 2 }):to_table()
    assert.are.equal(400, facts.rows)
    assert.are.equal(#frame:columns(), #facts.columns)
    assert.are.equal("Exited", facts.target.column)
    local by_name = {}
    for _, c in ipairs(facts.columns) do by_name[c.name] = c end
    local age, summary = by_name.Age, frame.Age:summary()
    assert.are.equal(summary.median, age.numbers.median)
    assert.are.equal(summary.mean, age.numbers.mean)
    local total = 0
    for _, n in ipairs(age.histogram) do total = total + n end
    assert.are.equal(400, total)
    assert.are.equal(2, #by_name.Geography.top)
    assert.are.equal("target", by_name.Exited.role)
    assert.is_true(facts.bytes > 400 * 8)
    assert.are.same(facts, core.json.decode(frame:profile({ name = "bank", top = 2 }):json()))
  end)

  it("prints on 100 columns", function()
    for line in tostring(frame:profile { name = "bank" }):gmatch("[^\n]+") do
      assert.is_true(utf8.len(line) <= 100, line)
    end
    assert.matches("bank: 400 rows × %d+ columns", tostring(frame:profile { name = "bank" }))
  end)

  it("works without rows and columns", function()
    assert.matches("0 rows × 0 columns", tostring(cl.from_table({}):profile()))
    local empty = cl.from_table({ a = {}, b = {} }, { types = { b = "string" } }):profile()
    assert.matches("0 rows × 2 columns", tostring(empty))
    assert.matches("<!DOCTYPE html>", empty:html())
    assert.are.equal(0, #empty:to_table().findings)
  end)

  it("leaves out what is beyond numbers", function()
    local profile = cl.from_table({ x = { 1.7e308, 1.7e308, -1.7e308, 3 } }):profile()
    assert.is_nil(profile:to_table().columns[1].numbers.std)
    assert.are.equal(1, core.json.decode(profile:json()).columns[1].numbers.negatives)
    assert.matches("sd –", tostring(profile))
  end)

  it("keeps personal values to itself", function()
    local f = cl.from_table({ name = repeated(30, function(i) return "Secret" .. i % 3 end),
      x = repeated(30, function(i) return i % 7 end) })
      :with_roles { personal = { "name" } }
    for _, text in ipairs { tostring(f:profile()), f:profile():html(), f:profile():json(),
      tostring(f:describe()) } do
      assert.is_nil(text:find("Secret", 1, true))
    end
  end)

  it("refuses what it does not know", function()
    assert.error_matches(function() frame:profile { target = "Exitd" } end,
      "profile: unknown column 'Exitd' %(did you mean 'Exited'%?%)")
    assert.error_matches(function() frame:profile { tops = 3 } end, "did you mean 'top'")
    assert.error_matches(function() frame:profile { top = 0 } end,
      "profile: option 'top': expected a whole number from 1 to 1000, got 0")
  end)

  it("saves a page or JSON, and tells when it cannot", function()
    local path = os.tmpname()
    assert.is_true(frame:profile():save(path .. ".json"))
    local file = assert(io.open(path .. ".json"))
    assert.are.equal(400, core.json.decode(file:read("a")).rows)
    file:close()
    os.remove(path)
    os.remove(path .. ".json")
    local ok, message = frame:profile():save("/nowhere/x.html")
    assert.is_nil(ok)
    assert.matches("/nowhere/x.html", message)
  end)

  it("escapes what comes from the data", function()
    local html = cl.from_table({ ["<i>&"] = { "<script>alert(1)</script>", "\"'&", "x\0y\255" } })
      :profile({ name = "<b>" }):html()
    assert.is_nil(html:find("<script", 1, true))
    assert.is_nil(html:find("<i>&", 1, true))
    assert.is_truthy(html:find("&lt;i&gt;&amp;", 1, true))
    assert.is_truthy(html:find("<title>&lt;b&gt;</title>", 1, true))
  end)
end)

describe("findings:", function()
  it("rows and ids", function()
    local f = cl.from_table({ id = repeated(30, function(i) return i % 29 end),
      code = repeated(30, function(i) return "c" .. i end),
      same = repeated(30, function() return 1 end),
      near = repeated(30, function(i) return i == 7 and "b" or "a" end) })
    assert.are.equal(1, found(f, "id").duplicate_ids.n)
    assert.is_truthy(found(f, "code").likely_id)
    assert.is_truthy(found(f, "same").constant)
    assert.is_nil(found(f, "near").near_constant)
    assert.are.equal(2, found(cl.concat { f:head(2), f }, nil).repeated_rows.n)
    assert.are.equal("drop_duplicates { on = \"id\" }", found(f, "id").duplicate_ids.fix)
    local keyed = cl.from_table({ k = { "a", "a", NA, table.unpack(repeated(30,
      function(i) return "k" .. i end)) } }):with_roles { id = "k" }
    assert.are.equal(1, found(keyed, "k").missing_ids.n)
  end)

  it("missing cells and few values", function()
    local f = cl.from_table({ gone = { NA, NA, NA }, some = { 1, NA, 3 }, full = { 1, 2, 3 } })
    assert.is_truthy(found(f, "gone").empty)
    assert.are.equal(1, found(f, "some").many_missing.n)
    assert.are.same({}, found(f, "full"))
    local near = cl.from_table({ v = repeated(200, function(i) return i == 7 and "b" or "a" end) })
    assert.are.equal(1, found(near, "v").near_constant.n)
  end)

  it("codes among numbers, negatives among positive ones", function()
    local f = cl.from_table({ a = repeated(40, function(i) return i % 8 == 0 and -999 or i end),
      b = repeated(40, function(i) return i % 8 == 0 and 9999 or i end),
      c = repeated(40, function(i) return i == 7 and -3 or i end),
      d = repeated(40, function(i) return i - 20 end) })
    assert.are.equal(5, found(f, "a").dirty_code.n)
    assert.are.equal(5, found(f, "b").dirty_code.n)
    assert.are.equal(1, found(f, "c").few_negatives.n)
    assert.is_nil(found(f, "d").few_negatives)
    assert.is_nil(found(f, "d").dirty_code)
  end)

  it("codes, numbers, dates and spellings in text", function()
    assert.are.equal(3, found(of_texts { "a", "?", "xxxx", "N/A", "b" }, "v").dirty_code.n)
    assert.are.equal(0, found(of_texts { "1", "2.5", "-3" }, "v").numbers_as_text.n)
    assert.are.equal(1, found(of_texts(repeated(20, function(i)
      return i == 3 and "?" or tostring(i) end)), "v").numbers_as_text.n)
    assert.matches("separators", found(of_texts { "1,200.50", "€ 3", "7 %" }, "v")
      .numbers_as_text.text)
    assert.is_nil(found(of_texts { "007", "008", "009" }, "v").numbers_as_text)
    assert.matches("%%d/%%m/%%Y", found(of_texts { "13/02/2024", "01/02/2024" }, "v")
      .likely_dates.text)
    assert.matches("%%Y%-%%m%-%%d %%H:%%M", found(of_texts { "2024-01-31 10:30",
      "2024-02-29 23:59" }, "v").likely_dates.text)
    assert.matches("timestamp", found(of_texts { "2024-01-31 10:30" }, "v").likely_dates.fix)
    assert.is_truthy(found(of_texts { "Basic", "basic ", "Gold" }, "v").spellings)
    assert.is_truthy(found(of_texts { "10-19", "Oct-19", "20-29" }, "v").mangled)
    assert.is_nil(found(of_texts { "Oct-19", "Nov-19" }, "v").mangled)
    assert.is_truthy(found(of_texts { "Mu?oz", "Smith" }, "v").damaged_text)
    assert.is_nil(found(of_texts { "Why?", "Smith" }, "v").damaged_text)
    local packed = cl.from_table({ d = { 20240131, 20240229, 20231231 } })
    assert.is_truthy(found(packed, "d").likely_dates)
    assert.is_nil(found(cl.from_table({ d = { 20240131, 20240230, 20231231 } }), "d").likely_dates)
  end)

  it("correlations and the target", function()
    local f = cl.from_table({ a = repeated(50, function(i) return i * i end),
      b = repeated(50, function(i) return 3 * i * i + i % 2 end),
      y = repeated(50, function(i) return i <= 5 and "yes" or i > 48 and NA or "no" end) })
    assert.matches("goes with a %(r = 1.000%)", found(f, "b").correlated.text)
    local kinds = found(f, "y", { target = "y" })
    assert.are.equal(2, kinds.missing_target.n)
    assert.matches("yes is only 10.0 %%", kinds.imbalance.text)
    assert.is_nil(found(f, "y").imbalance)
  end)

  it("many different texts, unless they are something else", function()
    local f = cl.from_table({ s = repeated(300, function(i) return "s" .. i % 150 end),
      n = repeated(300, function(i) return i == 1 and "?" or tostring(i % 150) end) })
    assert.are.equal(150, found(f, "s").high_cardinality.n)
    assert.is_nil(found(f, "n").high_cardinality)
  end)

  it("names with brackets and quotes", function()
    local f = cl.from_table({ ["a \"b\" %d"] = repeated(40, function(i)
      return i % 8 == 0 and -999 or i end) })
    assert.are.equal(5, found(f, "a \"b\" %d").dirty_code.n)
  end)
end)

describe("describe", function()
  it("fits 100 columns and shows what each type has", function()
    local f = cl.simulate("bank", { rows = 300, seed = 1 })
      :derive { a_very_long_name_of_a_column_indeed = "EstimatedSalary * 12345678" }
    local text = tostring(f:describe())
    for line in text:gmatch("[^\n]+") do assert.is_true(utf8.len(line) <= 100, line) end
    assert.matches("France  %d+%.%d %%", text)
    local days = cl.from_table({ d = { "2026-01-31", "2024-02-29" } }, { types = { d = "date" } })
    assert.matches("2024%-02%-29 … 2026%-01%-31", tostring(days:describe()))
    assert.are.equal("2024-02-29", days:describe().first[1])
    assert.matches("column", tostring(cl.from_table({}):describe()))
  end)
end)
