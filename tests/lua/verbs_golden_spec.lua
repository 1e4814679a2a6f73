-- Verbs against pandas: tests/golden/verbs.py makes the frames and the expected results.
-- SPDX-License-Identifier: MIT
local cl = require("churnlab")
local core = require("churnlab.core")
require("churnlab.frame")

local types = { g = "category", h = "string", x = "f64", y = "f64", k = "i64", w = "f64",
  new = "f64" }

local function read_golden()
  local file = assert(io.open("tests/golden/verbs.json"))
  local golden = core.json.decode(file:read("a"))
  file:close()
  return golden
end

local function frame_of(columns)
  local names, made = {}, {}
  for i, column in ipairs(columns) do
    local values = {}
    for k, v in ipairs(column[2]) do values[k] = v == "<NA>" and cl.NA or v end
    names[i], made[i] = column[1], core.column.new(values, types[column[1]], #values)
  end
  return core.frame.new(names, made)
end

local function equals(expected, got)
  if expected == "<NA>" then return got == nil end
  if type(expected) ~= "number" then return got == expected end
  return type(got) == "number"
    and math.abs(got - expected) <= 1e-11 * math.max(1, math.abs(expected))
end

local function assert_values(expected, column, what)
  assert.are.equal(#expected, #column, what .. ": rows")
  for i, value in ipairs(expected) do
    if not equals(value, column[i]) then
      error(("%s: row %d: expected %s, got %s"):format(what, i, tostring(value),
        tostring(column[i])))
    end
  end
end

-- Column by column; `names` are other names for some.
local function assert_frame(expected, frame, what, names)
  local wanted = {}
  for i, column in ipairs(expected) do wanted[i] = (names or {})[column[1]] or column[1] end
  assert.are.same(wanted, frame:columns(), what)
  for i, column in ipairs(expected) do
    assert_values(column[2], frame:col(wanted[i]), what .. ": " .. column[1])
  end
end

-- The number of each row's band from 0.
local function assert_bands(expected, column, what)
  local code = {}
  for i, name in ipairs(column:levels()) do code[name] = i - 1 end
  local got = {}
  for i = 1, #column do got[i] = code[column[i]] or cl.NA end
  assert_values(expected, core.column.new(got, "i64", #column), what)
end

for _, case in ipairs(read_golden()) do
  local frame = frame_of(case.frame)
  describe(("pandas agrees on %d rows:"):format(case.rows), function()
    it("cut", function()
      local edges = case.cut.edges
      for name, options in pairs {
        left = {}, right = { right = true }, closed = { right = true, closed = true },
      } do
        options.into = "band"
        assert_bands(case.cut[name], frame:cut("x", edges, options).band, "cut " .. name)
      end
    end)

    it("qcut", function()
      for parts, codes in pairs(case.qcut or {}) do
        local cut = frame:qcut("x", math.tointeger(tonumber(parts)))
        assert_bands(codes, cut.x_band, "qcut " .. parts)
      end
    end)

    it("pivot", function()
      for how, expected in pairs(case.pivot or {}) do
        local wide = frame:pivot { index = "g", columns = "h", values = "x", aggregate = how }
        assert_frame(expected, wide, "pivot " .. how)
      end
    end)

    it("crosstab", function()
      for share, expected in pairs(case.crosstab or {}) do
        local totals = share == "totals"
        local got = frame:crosstab("g", "h", { share = not totals and share or nil,
          totals = totals })
        assert_frame(expected, got, "crosstab " .. share)
      end
    end)

    it("melt", function()
      local long = frame:melt { id = "g", values = { "x", "k", "y" }, names = "variable" }
      assert_frame(case.melt, long, "melt")
    end)

    it("concat", function()
      assert_frame(case.concat, cl.concat { frame, frame_of(case.other) }, "concat")
    end)

    it("corr", function()
      local names = { "x", "y", "k", "w" }
      for method, rows in pairs(case.corr) do
        local r = frame:corr { columns = names, method = method }
        for i, name in ipairs(names) do
          assert_values(rows[i], r:col(name), method .. " " .. name)
        end
      end
    end)

    it("quantile", function()
      if case.quantile then
        local got = frame:quantile({ 0, 0.1, 0.25, 0.5, 0.99, 1 }, { columns = { "x", "y", "k" } })
        assert_frame(case.quantile, got:drop("q"), "quantile")
      end
    end)

    it("fill_na", function()
      local fills = {
        constant = { x = -1.5 }, text = { h = "ünknown" }, mean = { x = { "mean" } },
        median = { k = { "median" } }, mode = { k = { "mode" } },
        mean_by = { x = { "mean", by = "g" } }, median_by = { x = { "median", by = "g" } },
        mode_by = { k = { "mode", by = "g" } }, forward = { x = { "forward" } },
        backward = { x = { "backward" } }, forward_by = { x = { "forward", by = "g" } },
        backward_1 = { h = { "backward", limit = 1 } },
      }
      for name, expected in pairs(case.fill) do
        local column = next(fills[name])
        assert_values(expected, frame:fill_na(fills[name]):col(column), "fill_na " .. name)
      end
    end)

    it("value_counts", function()
      if case.value_counts then
        assert_frame(case.value_counts, frame:value_counts("g", "h"):drop("share"), "value_counts")
      end
    end)

    it("the figures of a profile", function()
      local y = core.profile.column(frame.y)
      local k = core.profile.column(frame.k)
      local got = { skewness = y.skewness, outliers = y.outliers, zeros = k.zeros,
        negatives = k.negatives }
      for name, expected in pairs(case.figures) do
        assert.is_true(equals(expected, got[name]), name .. ": " .. tostring(got[name]))
      end
    end)
  end)
end
