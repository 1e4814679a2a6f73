-- Small draws that the generative models share.
-- SPDX-License-Identifier: MIT
local M = {}

--- True with probability p.
function M.chance(stream, p) return stream:uniform() < p end

--- One of `values`, by the probabilities in `shares` (the last takes the rest).
function M.choice(stream, values, shares)
  local u = stream:uniform()
  for k = 1, #values - 1 do
    u = u - shares[k]
    if u < 0 then return values[k] end
  end
  return values[#values]
end

function M.clamp(x, low, high) return math.max(low, math.min(high, x)) end

--- Rounds to a multiple of 1/parts: 100 for cents, 20 for steps of five cents.
function M.round(x, parts) return math.floor(x * parts + 0.5) / parts end

function M.logistic(x) return 1 / (1 + math.exp(-x)) end

--- Distinct whole numbers 0 … prime-1 for i = 1, 2, … < prime: i ↦ (a·i + b) mod prime, with
-- a and b from the seed.
function M.scatter(i, seed, prime)
  local a = 1 + (seed + 1) * 0x9E3779B97F4A7 % (prime - 1)
  local b = (seed + 1) * 0x5851F42D4C957 % prime
  return (a * i + b) % prime
end

return M
