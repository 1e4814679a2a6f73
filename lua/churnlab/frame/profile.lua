-- frame:profile(), documented in churnlab.profile.
-- SPDX-License-Identifier: MIT
local Frame = require("churnlab.core").frame.methods

function Frame:profile(options)
  return require("churnlab.profile").new(self, options)
end

return Frame
