-- Student's t distribution with a whole number of degrees of freedom: the closed sums of
-- Abramowitz & Stegun, 26.7.3 and 26.7.4.
-- SPDX-License-Identifier: MIT
local M = {}

--- P(|T| ≤ t).
-- @tparam number t from 0
-- @tparam integer df degrees of freedom, from 1
-- @treturn number
function M.within(t, df)
  local theta = math.atan(t / math.sqrt(df))
  local sine, cosine = math.sin(theta), math.cos(theta)
  local odd = df % 2
  local sum, term = 0, odd == 1 and cosine or 1
  for k = 2 + odd, df, 2 do
    sum = sum + term
    term = term * cosine * cosine * (k - 1) / k
  end
  if odd == 0 then return sine * sum end
  return 2 / math.pi * (theta + sine * sum)
end

--- The t with P(|T| ≤ t) = share.
-- @tparam number share in (0, 1)
-- @tparam integer df
-- @treturn number
function M.two_sided(share, df)
  local low, high = 0, 1
  while M.within(high, df) < share do high = 2 * high end
  for _ = 1, 100 do
    local middle = (low + high) / 2
    if M.within(middle, df) < share then low = middle else high = middle end
  end
  return high
end

return M
