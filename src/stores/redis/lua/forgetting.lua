-- Forgetting: accounts of tenants that have nothing waiting are looked for in pieces while there are
-- more of them than are remembered. With one its debt in the fair order is forgiven.
local LOOKED_AT = 200

local function isIdle(cells)
  for i = 4, #cells - 1, 6 do
    if cells[i + 4] > 0 then return false end
  end
  return true
end

function forgetIdle()
  if call("HLEN", ACCOUNTS_KEY) <= S.maxAccounts then return end
  local found = call("HSCAN", ACCOUNTS_KEY, S.forgetFrom or "0", "COUNT", LOOKED_AT)
  S.forgetFrom = found[1]
  local idle = {}
  for i = 1, #found[2], 2 do
    if isIdle(parseAccount(found[2][i + 1])) then idle[#idle + 1] = found[2][i] end
  end
  if #idle > 0 then write("HDEL", ACCOUNTS_KEY, unpack(idle)) end
end
