-- Waiters: every request that is not granted yet. A waiter is a list, as it is stored: five columns
-- of demand and the places named below. One that comes and goes in the same step is never written;
-- the rest is written in one call at its end.
URGENCY, EXPIRES, BYPASSED, SINCE, PATH = 6, 7, 8, 9, 10
LATER, SPARSE, OWNER, ACCOUNT = 11, 12, 13, 14

--- Numbers side by side are read into one list at once; MessagePack would let it grow.
local LAYOUT = "<dddddddddHBBHc0Hc0"

local waiters, fresh, altered = {}, {}, {}
local deleted, deletedCount = {}, 0

function memberOf(sequence) return format("%015.0f", sequence) end

--- A waiter as it was stored.
function parseWaiter(raw)
  local waiter = { struct.unpack(LAYOUT, raw) }
  local after = waiter[UNITS_AT]
  waiter[UNITS_AT] = after <= #raw and unpackMessage(raw:sub(after))
  return waiter
end

local function parse(member, raw)
  local waiter = parseWaiter(raw)
  waiter.member = member
  waiter.raw = raw
  waiters[member] = waiter
  return waiter
end

--- The waiter with this number, or nil if it has ended or was granted.
function openWaiter(member)
  local waiter = waiters[member]
  if waiter == nil then
    local raw = call("HGET", WAITERS_KEY, member)
    if not raw then return nil end
    waiter = parse(member, raw)
  end
  if waiter.isGone then return nil end
  return waiter
end

--- Opens all of them in one call.
function prefetchWaiters(members)
  local wanted, count = {}, 0
  for i = 1, #members do
    if waiters[members[i]] == nil then
      count = count + 1
      wanted[count] = members[i]
    end
  end
  if count == 0 then return end
  if count == 1 then
    openWaiter(wanted[1])
    return
  end
  local found = call("HMGET", WAITERS_KEY, unpack(wanted))
  for i = 1, count do
    if found[i] then parse(wanted[i], found[i]) end
  end
end

--- Nothing is known of it, and it did not end in this step; true once.
function isLost(member)
  if waiters[member] ~= nil or openWaiter(member) then return false end
  waiters[member] = { isGone = true }
  return true
end

function flowOf(waiter)
  local flow = waiter.flow
  if not flow then
    flow = flowOn(openAccount(waiter[ACCOUNT]), waiter[PATH])
    waiter.flow = flow
  end
  return flow
end

--- It waits from now on, and is written if it still does at the end of the step.
function keepWaiter(waiter)
  waiter.isGone = nil
  waiter.isNew = true
  waiter.raw = nil
  waiters[waiter.member] = waiter
  fresh[#fresh + 1] = waiter
end

--- It waits no longer.
function dropWaiter(waiter)
  waiter.isGone = true
  if waiter.isNew then return end
  deletedCount = deletedCount + 1
  deleted[deletedCount] = waiter.member
end

--- Something of it has changed that has to be written if it goes on waiting.
function alterWaiter(waiter)
  waiter.raw = nil
  altered[#altered + 1] = waiter
end

--- Those that have come in this step and wait.
function freshWaiters()
  local waiting = {}
  for i = 1, #fresh do
    if not fresh[i].isGone then waiting[#waiting + 1] = fresh[i] end
  end
  return waiting
end

function isBefore(a, b)
  local mine, theirs = a[URGENCY], b[URGENCY]
  if mine == theirs then return a.member < b.member end
  return mine < theirs
end

--- As it is stored.
function packWaiter(w)
  if w.raw then return w.raw end
  local owner, key = w[OWNER], w[ACCOUNT]
  local raw = struct.pack(
    LAYOUT, w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12],
    #owner, owner, #key, key
  )
  return w[UNITS_AT] and raw .. pack(w[UNITS_AT]) or raw
end

function saveWaiters()
  local values, expiry, n = {}, {}, 0
  for i = 1, #fresh do
    local waiter = fresh[i]
    if not waiter.isGone then
      n = n + 2
      values[n - 1], values[n] = waiter.member, packWaiter(waiter)
      expiry[n - 1], expiry[n] = waiter[EXPIRES], waiter.member
    end
  end
  for i = 1, #altered do
    local waiter = altered[i]
    if not waiter.isGone and not waiter.isNew then
      n = n + 2
      values[n - 1], values[n] = waiter.member, packWaiter(waiter)
    end
  end
  callWithAll("HDEL", WAITERS_KEY, deleted)
  callWithAll("ZREM", EXPIRY_KEY, deleted)
  callWithAll("HSET", WAITERS_KEY, values)
  callWithAll("ZADD", EXPIRY_KEY, expiry)
end
