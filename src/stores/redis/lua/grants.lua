-- Grants: what each instance has been granted and has not settled yet. A grant is the waiter with
-- the time of its grant, and how long its call was expected to take.
local taken = {}

local function grantsKey(instance) return keyIn(LIFE, "grants:" .. instance) end

--- The grant, which is one no longer; nil if there is none.
function takeGrant(instance, member)
  if taken[member] then return nil end
  local raw = call("HGET", grantsKey(instance), member)
  if not raw then return nil end
  taken[member] = instance
  local since, predicted, at = struct.unpack("<dd", raw)
  local grant = parseWaiter(raw:sub(at))
  grant.member, grant.since, grant.predicted = member, since, predicted
  return grant
end

--- A grant that is told of, not made here.
function keepGrant(member, waiter, since, predicted)
  local value = struct.pack("<dd", since, predicted) .. packWaiter(waiter)
  write("HSET", grantsKey(INSTANCE), member, value)
end

function saveGrants()
  local gone, made = {}, {}
  for member, instance in pairs(taken) do
    local members = gone[instance] or {}
    gone[instance] = members
    members[#members + 1] = member
  end
  for instance, members in pairs(gone) do callWithAll("HDEL", grantsKey(instance), members) end
  for i = 1, #granted do
    local waiter = granted[i]
    local values = made[waiter[OWNER]] or {}
    made[waiter[OWNER]] = values
    local n = #values
    values[n + 1] = waiter.member
    values[n + 2] = struct.pack("<dd", NOW, waiter.predicted) .. packWaiter(waiter)
  end
  for instance, values in pairs(made) do callWithAll("HSET", grantsKey(instance), values) end
end
