-- Instances: each step of one renews its lease. Who has not been here for a lease's time is buried:
-- what it was granted and cannot have heard of is given back whole, of the rest the slots, because
-- the provider has probably counted it; its waiters leave.
local LEASE_MICROS = 1750000
local REAP_MICROS = 100000
local GAP_MICROS = 1000000
local BURIED_PER_STEP = 500
local SWEPT_PER_STEP = 500
local REMEMBERED_MICROS = 60000000
local NOTHING = { 0, 0, 0, 0, 0, false }

function outboxKey(instance) return keyIn(LIFE, "outbox:" .. instance) end

local instances
--- The instance that asks has heard of all that it was told.
local hasHeard = false

--- What is known of each, by name.
local function allInstances()
  if instances then return instances end
  instances = {}
  local all = call("HGETALL", INSTANCES_KEY)
  for i = 1, #all, 2 do instances[all[i]] = unpackMessage(all[i + 1]) end
  return instances
end

--- Time in which nobody was here is nobody's silence: Redis stood still, or its clock was set.
local function forgiveGap()
  local gap = NOW - S.now
  S.now = NOW
  if gap <= GAP_MICROS then return end
  for instance, known in pairs(allInstances()) do
    known.seen = known.seen + gap
    write("HSET", INSTANCES_KEY, instance, pack(known))
  end
end

--- Tickets whose grants the instance cannot have heard of, by member.
local function unheard(instance)
  local members = {}
  if instance == INSTANCE and hasHeard then return members end
  local reply = call("HGET", REPLIES_KEY, instance)
  for _, sequence in ipairs(reply and unpackMessage(reply).granted or {}) do
    members[memberOf(sequence)] = true
  end
  for _, mail in ipairs(call("LRANGE", outboxKey(instance), 0, -1)) do
    local kind, sequence = unpack(unpackMessage(mail))
    if kind == "granted" then members[memberOf(sequence)] = true end
  end
  return members
end

--- Ends so many grants of the instance; true if there were more. `isWhole`: all is given back.
local function endGrants(instance, isWhole)
  local key = keyIn(LIFE, "grants:" .. instance)
  local lost = unheard(instance)
  local found = call("HSCAN", key, 0, "COUNT", BURIED_PER_STEP)[2]
  for i = 1, #found, 2 do
    local grant = takeGrant(instance, found[i])
    if grant then settleAll(grant, (isWhole or lost[found[i]]) and NOTHING or grant) end
  end
  return call("HLEN", key) > #found / 2
end

local function endInstance(instance, isWhole)
  S.quietUntil = 0
  S.dead[instance] = { cursor = "0", isWhole = isWhole, hasGrants = endGrants(instance, isWhole) }
  if S.dead[instance].hasGrants then return end
  write("HDEL", REPLIES_KEY, instance)
  write("DEL", outboxKey(instance))
  S.mail[instance] = nil
end

local function bury(instance)
  write("HDEL", INSTANCES_KEY, instance)
  S.buried[instance] = NOW
  endInstance(instance, false)
end

--- Another life of the same instance has taken over. "buried": its lease had ended before.
function leave(instance)
  if S.buried[instance] then return "buried" end
  if call("HEXISTS", INSTANCES_KEY, instance) == 0 then return "unknown" end
  write("HDEL", INSTANCES_KEY, instance)
  endInstance(instance, true)
  return "ended"
end

local hasLeft = false

--- This instance ends, and has heard of all that it was told: what it still has running is counted,
--- its slots are free.
function leaveForGood()
  hasLeft = true
  hasHeard = true
  write("HDEL", INSTANCES_KEY, INSTANCE)
  endInstance(INSTANCE, false)
end

local function reap()
  if NOW < S.reapAt then return end
  S.reapAt = NOW + REAP_MICROS
  forgetIdle() -- before any account is opened
  removeRemains()
  for instance, at in pairs(S.buried) do
    if at + REMEMBERED_MICROS < NOW then S.buried[instance] = nil end
  end
  for instance, known in pairs(allInstances()) do
    if known.seen + LEASE_MICROS < NOW and instance ~= INSTANCE then bury(instance) end
  end
end

--- Waiters of the dead leave in pieces; meanwhile none of them is granted.
local function sweep()
  for instance, dead in pairs(S.dead) do
    wakeAfter(1000)
    S.quietUntil = 0
    if dead.hasGrants then
      endInstance(instance, dead.isWhole)
    else
      local found = call("HSCAN", WAITERS_KEY, dead.cursor, "COUNT", SWEPT_PER_STEP)
      dead.cursor = found[1]
      for i = 1, #found[2], 2 do
        local waiter = openWaiter(found[2][i])
        if waiter and waiter[OWNER] == instance then removeWaiter(waiter) end
      end
      if dead.cursor == "0" then S.dead[instance] = nil end
    end
    return
  end
end

--- Before the operations.
function beginStep()
  forgiveGap()
  if request.number then reap() end
end

--- After them, before the pump.
function tidyUp() sweep() end

--- Keeps the answer until the instance has heard it, which its next batch tells.
function endStep(reply)
  if not request.number or hasLeft then return end
  call("HSET", INSTANCES_KEY, INSTANCE, pack({ seen = NOW, at = NOW, number = request.number }))
  call("HSET", REPLIES_KEY, INSTANCE, reply)
end
