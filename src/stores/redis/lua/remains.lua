-- Remains: the keys of an earlier life are removed in pieces.
local KEYS_PER_STEP = 500
local FIXED = {
  "accounts", "tenants", "waiters", "expiry", "later", "parked", "instances", "replies",
}

local function firstKeys(past)
  local names = past.names
  for _, instance in ipairs(call("HKEYS", keyIn(past.life, "instances"))) do
    insert(names, instance)
  end
  local keys = {}
  for i, name in ipairs(FIXED) do keys[i] = keyIn(past.life, name) end
  for _, instance in ipairs(names) do
    insert(keys, keyIn(past.life, "grants:" .. instance))
    insert(keys, keyIn(past.life, "outbox:" .. instance))
  end
  past.names = nil
  return keys
end

function removeRemains()
  local past = S.remains and S.remains[1]
  if not past then return end
  local keys = past.names and firstKeys(past) or {}
  while #keys < KEYS_PER_STEP and past.lanes > 0 do
    insert(keys, keyIn(past.life, "lane:" .. past.lanes))
    past.lanes = past.lanes - 1
  end
  while #keys < KEYS_PER_STEP and past.flows > 0 do
    past.flows = past.flows - 1
    insert(keys, keyIn(past.life, "line:" .. past.flows))
  end
  if past.lanes == 0 and past.flows == 0 then remove(S.remains, 1) end
  for _, key in ipairs(keys) do write("UNLINK", key) end
end
