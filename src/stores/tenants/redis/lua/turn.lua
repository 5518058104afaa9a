-- Turn: one instance tells what a tenant has used there, and is lent what it may use next.
-- KEYS: the tenant's record. ARGV: the turn as MessagePack, where calls are published.
-- The record: uses of this day and month, of each meter what is taken, of each instance what it was lent.

local DAY = 86400000000
local SHARE = 0.05         -- of what is free, lent at once beyond one request's worth
local LIVE = 2000000       -- an instance that was silent for longer has lost its slots
local HUNGRY = 1000000     -- whoever waits asks again before
local CALL_EVERY = 500000
local FORGOTTEN = 600000000
local KEPT_MS = 40 * 86400 * 1000

local floor, max, min = math.floor, math.max, math.min
local turn = cmsgpack.unpack(ARGV[1])
local channel = ARGV[2]
local now = turn.now
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000000 + time[2]
end

-- Days of the civil calendar: http://howardhinnant.github.io/date_algorithms.html
local function first_of_next_month()
  local z = floor(now / DAY) + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local year, shifted = yoe + era * 400, floor((5 * doy + 2) / 153) + 1
  if shifted > 11 then year, shifted = year + 1, 0 end
  era = floor(year / 400)
  yoe = year - era * 400
  doe = yoe * 365 + floor(yoe / 4) - floor(yoe / 100) + floor((153 * shifted + 2) / 5)
  return (era * 146097 + doe - 719468) * DAY
end

local function window_end(span)
  if span == "day" then return (floor(now / DAY) + 1) * DAY end
  return first_of_next_month()
end

local function fresh_span(span)
  return { endsAt = window_end(span), requests = 0, tokens = 0, usdMicros = 0 }
end

local packed = redis.call("GET", KEYS[1])
local record = packed and cmsgpack.unpack(packed) or nil
local erased_at = record and record.erasedAt
if erased_at and turn.generation and turn.generation <= erased_at then
  return cmsgpack.pack({ "erased" })
end
if record and not record.generation then record = nil end
local me = record and record.instances and record.instances[turn.instance] or nil
if not turn.known then
  local is_strange = turn.generation and (not record or record.generation ~= turn.generation)
  local number = me and me.number or 0
  local is_gap = turn.number ~= number + 1 and not (me and turn.number == number)
  if is_strange or is_gap then return cmsgpack.pack({ "unknown" }) end
end
-- Others may have held something that nobody remembers yet.
if not record and turn.known then record = { learnsUntil = now + LIVE } end
record = record or {}
record.erasedAt = erased_at
record.generation = record.generation or now
record.meters = record.meters or {}
record.instances = record.instances or {}
record.hungry = record.hungry or {}
local is_repeat = me and me.number == turn.number and not turn.known
if not me then
  me = { leases = {}, inUse = {} }
  record.instances[turn.instance] = me
end

-- What was lent in a window ends with it.
for _, span in ipairs({ "day", "month" }) do
  local use = record[span]
  if not use or use.endsAt <= now then
    record[span] = fresh_span(span)
    for name, meter in pairs(record.meters) do
      if use and meter.span == span then
        meter.taken = 0
        for _, one in pairs(record.instances) do one.leases[name] = nil end
      end
    end
  end
end

-- An instance that is never heard of again has used what it was lent.
for id, one in pairs(record.instances) do
  if one ~= me and one.seenAt < now - FORGOTTEN then
    for name, amount in pairs(one.leases) do
      local meter = record.meters[name]
      if meter then meter.taken = meter.taken + max(0, amount) end
    end
    record.instances[id] = nil
  end
end
for id, one in pairs(record.hungry) do
  if one.at < now - HUNGRY or not record.instances[id] then record.hungry[id] = nil end
end

local function in_micros(use, counts)
  if counts == "usd" then return use.usdMicros end
  return math.ceil(use[counts] * 1000000)
end

-- After a loss the most that anybody remembers is what has been used at least.
if turn.known then
  for _, span in ipairs({ "day", "month" }) do
    local use, known = record[span], turn.known[span]
    if known.endsAt == use.endsAt then
      for _, field in ipairs({ "requests", "tokens", "usdMicros" }) do
        use[field] = max(use[field], known[field])
      end
    end
  end
end

-- Slots of those that live; what is lent of a window stays lent, whoever lives.
local function others_of(name, is_slots)
  local held, lent, contenders = 0, 0, 1
  for id, one in pairs(record.instances) do
    if one ~= me then
      local is_live = one.seenAt > now - LIVE
      local lease = max(0, one.leases[name] or 0)
      if is_live then lent = lent + lease end
      if is_slots then
        local in_use = one.inUse[name] or 0
        local is_waiting = record.hungry[id] and record.hungry[id].names[name]
        if is_live then held = held + in_use + lease end
        if is_live and (in_use > 0 or is_waiting) then contenders = contenders + 1 end
      else
        held = held + lease
      end
    end
  end
  return held, lent, contenders
end

-- Those who wait for it elsewhere, as far as there is hope: are there any, and what do those need
-- that have waited longer than since?
local function waiting_for(name, since, reachable)
  local is_wanted, ahead = false, 0
  for id, one in pairs(record.hungry) do
    local least = id ~= turn.instance and one.names[name]
    if least and least <= reachable then
      is_wanted = true
      if not since or one.since < since then ahead = ahead + least end
    end
  end
  return is_wanted, ahead
end

-- Without what is kept of the lease before, which may be taken by now.
local function lend(ask, free)
  local is_learning = record.learnsUntil and record.learnsUntil > now
  if turn.isLast or is_learning or free <= 0 then return 0 end
  local quantum = (not ask.span or ask.counts == "requests") and 1000000 or 1
  local most = floor(free * SHARE / quantum) * quantum
  if ask.least > 0 and ask.least <= free then most = max(most, ask.least) end
  return max(0, min(floor(ask.want / quantum) * quantum, most))
end

local calls = {}
local hunger = record.hungry[turn.instance]
local since = hunger and hunger.since or now
local lacking = {}
local is_hungry = false

local function window(ask)
  local meter = record.meters[ask.name]
  if not meter then
    meter = { taken = in_micros(record[ask.span], ask.counts) }
    record.meters[ask.name] = meter
  end
  meter.span, meter.counts = ask.span, ask.counts
  if turn.known then
    local known, use = turn.known.taken[ask.name], turn.known[ask.span]
    if known and use.endsAt == record[ask.span].endsAt then meter.taken = max(meter.taken, known) end
  end
  if not is_repeat then meter.taken = max(0, meter.taken + ask.delta) end
  local held, lent = others_of(ask.name, false)
  local free = ask.limit - meter.taken - held
  local amount = lend(ask, free)
  local is_wanted, ahead = waiting_for(ask.name, ask.least > 0 and since, free + lent)
  if is_wanted then
    amount = ask.least > 0 and ask.least <= free - ahead and min(amount, ask.least) or 0
  end
  return amount, free, lent, meter.taken, false
end

local function slots(ask)
  me.inUse[ask.name] = turn.isLast and 0 or ask.inUse
  local held, lent, contenders = others_of(ask.name, true)
  local free = ask.limit - held - ask.inUse
  local is_wanted, ahead = waiting_for(ask.name, ask.least > 0 and since, ask.limit)
  local amount = lend(ask, free)
  local share = false
  if is_wanted then
    share = floor(ask.limit / contenders / 1000000) * 1000000
    local own = max(0, share - ask.inUse)
    if ahead == 0 and ask.least > 0 then own = max(own, ask.least) end
    amount = min(amount, own)
    -- What it is given in its turn it may use.
    local lent_now = max(amount, ask.keep)
    share = max(share, lent_now > 0 and ask.inUse + lent_now or 0)
  end
  return amount, free, lent, held - lent + ask.inUse, share
end

local grants = {}
local leases = {}
for i, ask in ipairs(turn.asks) do
  local amount, free, lent, taken, share
  if ask.span then
    amount, free, lent, taken, share = window(ask)
  else
    amount, free, lent, taken, share = slots(ask)
  end
  if not turn.isLast then amount = max(amount, ask.keep) end
  leases[ask.name] = amount
  local left = max(0, free - amount)
  grants[i] = { amount, left, lent, taken, share }
  local is_hopeful = not ask.span or ask.least <= free + lent
  if ask.least > amount and is_hopeful and not turn.isLast then
    lacking[ask.name] = ask.least
    is_hungry = true
  end
  for id, one in pairs(record.hungry) do
    local least = id ~= turn.instance and one.names[ask.name]
    if least and least <= left then calls[id] = true end
  end
end
for name in pairs(me.inUse) do if leases[name] == nil then me.inUse[name] = nil end end
me.leases = leases
me.number = turn.number
me.seenAt = now

-- Whoever has what somebody lacks is called, so that it comes back sooner.
if is_hungry then
  local called_at = hunger and hunger.calledAt or 0
  if now - called_at >= CALL_EVERY then
    called_at = now
    for id, one in pairs(record.instances) do
      for name in pairs(lacking) do
        local has = (one.leases[name] or 0) > 0 or (one.inUse[name] or 0) > 0
        if one ~= me and has and one.seenAt > now - LIVE then calls[id] = true end
      end
    end
  end
  record.hungry[turn.instance] = { names = lacking, at = now, since = since, calledAt = called_at }
else
  record.hungry[turn.instance] = nil
end
if turn.isLast then
  record.instances[turn.instance] = nil
  record.hungry[turn.instance] = nil
end

if not is_repeat then
  for _, span in ipairs({ "day", "month" }) do
    local use = record[span]
    use.requests = use.requests + turn.used.requests
    use.tokens = use.tokens + turn.used.tokens
    use.usdMicros = use.usdMicros + turn.used.usdMicros
  end
end
redis.call("SET", KEYS[1], cmsgpack.pack(record), "PX", KEPT_MS)
for id in pairs(calls) do redis.call("PUBLISH", channel .. id, turn.tenant) end
return cmsgpack.pack({ "told", record.generation, now, record.day, record.month, grants })
