-- Grants: what each instance has been granted and has not settled yet.
local takenGrants = {}

local function grantsKey(instance) return PREFIX .. ":grants:" .. instance end

local function parseGrant(raw)
  local cells = unpackMessage(raw)
  return {
    account = cells[1], path = cells[2], since = cells[3], predicted = cells[4], urgency = cells[5],
    weight = cells[6], own = cells[7],
    cells[8], cells[9], cells[10], cells[11], cells[12], cells[13],
  }
end

--- The grant, which is one no longer; nil if there is none.
function takeGrant(instance, member)
  if takenGrants[member] then return nil end
  local raw = call("HGET", grantsKey(instance), member)
  if not raw then return nil end
  takenGrants[member] = instance
  return parseGrant(raw)
end

local function packGrant(waiter)
  local account = openAccount(waiter.account)
  return pack({
    waiter.account, waiter.path, waiter.since, waiter.predicted, waiter.urgency,
    account and account.weight or 1, account and account.own or false,
    waiter[1], waiter[2], waiter[3], waiter[4], waiter[5], waiter[6],
  })
end

function saveGrants()
  local taken, made = {}, {}
  for member, instance in pairs(takenGrants) do
    taken[instance] = taken[instance] or {}
    insert(taken[instance], member)
  end
  for instance, members in pairs(taken) do callWithAll("HDEL", grantsKey(instance), members) end
  for _, waiter in ipairs(granted) do
    local values = made[waiter.instance] or {}
    made[waiter.instance] = values
    insert(values, waiter.member)
    insert(values, packGrant(waiter))
  end
  for instance, values in pairs(made) do callWithAll("HSET", grantsKey(instance), values) end
end
