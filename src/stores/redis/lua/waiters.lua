-- Waiters: every request that is not granted yet. One that comes and goes in the same step is never
-- written; the rest is written in one call at its end.
waiters, newWaiters = {}, {}
local deletedWaiters, expiredMembers = {}, {}

function memberOf(sequence) return format("%015.0f", sequence) end

local function parseWaiter(member, raw)
  local cells = unpackMessage(raw)
  local waiter = {
    member = member, sequence = tonumber(member), account = cells[1], path = cells[2],
    urgency = cells[3], expiresAt = cells[4], since = cells[5], bypassed = cells[6],
    instance = cells[7], isLater = cells[8], isStored = true, isWaiting = true,
    cells[9], cells[10], cells[11], cells[12], cells[13], cells[14],
  }
  waiters[member] = waiter
  return waiter
end

--- The waiter with this number, or nil if it has ended or was granted.
function openWaiter(member)
  local waiter = waiters[member]
  if waiter == nil then
    local raw = call("HGET", WAITERS_KEY, member)
    if not raw then return nil end
    waiter = parseWaiter(member, raw)
  end
  return waiter.isWaiting and waiter or nil
end

function prefetchWaiters(members)
  if #members == 0 then return end
  local found = call("HMGET", WAITERS_KEY, unpack(members))
  for i, member in ipairs(members) do
    if found[i] and not waiters[member] then parseWaiter(member, found[i]) end
  end
end

function flowOf(waiter)
  local flow = waiter.flow
  if not flow then
    flow = flowOn(openAccount(waiter.account), waiter.path)
    waiter.flow = flow
  end
  return flow
end

--- It waits from now on, and is written if it still does at the end of the step.
function keepWaiter(waiter)
  waiter.isWaiting = true
  waiters[waiter.member] = waiter
  insert(newWaiters, waiter)
end

--- It waits no longer.
function dropWaiter(waiter)
  waiter.isWaiting = false
  if not waiter.isStored then return end
  waiter.isStored = false
  insert(deletedWaiters, waiter.member)
  insert(expiredMembers, waiter.member)
end

function isBefore(a, b)
  if a.urgency == b.urgency then return a.sequence < b.sequence end
  return a.urgency < b.urgency
end

function saveWaiters()
  local values, expiry = {}, {}
  for member, waiter in pairs(waiters) do
    if waiter.isWaiting and (not waiter.isStored or waiter.isChanged) then
      insert(values, member)
      insert(values, pack({
        waiter.account, waiter.path, waiter.urgency, waiter.expiresAt, waiter.since, waiter.bypassed,
        waiter.instance, waiter.isLater, waiter[1], waiter[2], waiter[3], waiter[4], waiter[5], waiter[6],
      }))
      if not waiter.isStored then
        insert(expiry, format("%.17g", waiter.expiresAt))
        insert(expiry, member)
      end
    end
  end
  callWithAll("HDEL", WAITERS_KEY, deletedWaiters)
  callWithAll("ZREM", EXPIRY_KEY, expiredMembers)
  callWithAll("HSET", WAITERS_KEY, values)
  callWithAll("ZADD", EXPIRY_KEY, expiry)
end
