-- Pump: one round of grants, as in core/scheduler/pump.
local PROBES_PER_PUMP = 8
local EXPIRY_SLOT_MICROS = 8000
--- Waits that end in one step; more follow at once.
local MOST_DUE = 1000

granted, expired = {}, {}
local wakeIn = NEVER
local stash = {}
local closed, passedOver, probes = {}, {}, {}
--- A flow was parked, so others may be next.
local hasParked = false

function wakeAfter(wait) if wait < wakeIn then wakeIn = wait end end

local function expire(waiter)
  insert(expired, waiter)
  removeWaiter(waiter)
end

local function isCapped(band)
  local longest = 0
  for _, index in ipairs(band.ceilings) do
    longest = max(longest, ceilingWait(S.ceilings[index]))
  end
  if longest > 0 then wakeAfter(longest) end
  return longest > 0
end

--- The lane whose turn it is, of those not marked.
local function bestLane(band, marked)
  local best, bestFlow
  for _, lane in ipairs(activeLanes(band)) do
    if not marked[lane] and lane.size > 0 then
      local flow = topOfLane(lane)
      if flow then
        local byTurn = bestFlow and flow.account.turn - bestFlow.account.turn or -1
        if byTurn < 0 or (byTurn == 0 and flow.id < bestFlow.id) then
          best, bestFlow = lane, flow
        end
      end
    end
  end
  return best, bestFlow
end

--- A head stands in the way only at the meter it waits for longest.
local function blockHead(flow, lane, path, waiter, floors, payer)
  wakeAfter(fit.wait)
  for i = 1, path.count do
    local wait = fit.waits[i]
    if wait ~= 0 then
      local meter = path.meters[i]
      local probeAt = meter.probeAt or NEVER
      if NOW < probeAt and probeAt < meter.frozenUntil then wakeAfter(probeAt - NOW) end
      if wait == fit.wait then block(flow, lane, waiter, path.indexes[i], fit, payer) end
      local least = leastWait(path, i, floors[i])
      if least ~= 0 then
        drain(path.indexes[i])
        wakeAfter(least)
      end
    end
  end
end

function grant(flow, lane, path, waiter)
  local isPassing = recordPassing(path, fit.costs)
  debitAll(waiter, flow, path)
  charge(flow, path, lane, fit, isPassing)
  if not isPassing then flow.band.peakWeight = flow.band.activeWeight end
  removeWaiter(waiter)
  spendShares(flow.band, fit.dominantCost)
  waiter.predicted = path.record.service
  path.record.running = path.record.running + 1
  rekeyFlows(flow)
  insert(granted, waiter)
end

local function tryServe(flow, lane, path, waiter, floors, payer)
  local wait = flow.account.own and ownWait(waiter, flow.account) or 0
  if wait > 0 then
    hasParked = true
    park(flow, NOW + wait)
    return "parked"
  end
  local passage = passageOf(flow, lane, path, waiter, fit.costs)
  if passage == "yields" then yield(flow, lane, path, waiter, fit, payer) end
  if passage ~= "open" then return "blocked" end
  measure(path, floors)
  if fit.wait > 0 then
    blockHead(flow, lane, path, waiter, floors, payer)
    return "blocked"
  end
  grant(flow, lane, path, waiter)
  return "granted"
end

--- The flow's head, unless its instance is dead: then it leaves, and the turn is asked for again.
local function liveHead(flow)
  local waiter = topOf(flow)
  if not S.dead[waiter[OWNER]] then return waiter end
  removeWaiter(waiter)
  return nil
end

local function firstLane(guarantee)
  for _, b in ipairs(guarantee.bands) do
    local band = S.bands[b]
    if not isCapped(band) then
      local lane, flow = bestLane(band, passedOver)
      if lane then return lane, flow end
    end
  end
  return nil
end

--- A guarantee with credit goes before the strict order, may use the holdback, and may be bypassed
--- by its share.
local function serveGuarantee(index)
  local guarantee = S.guarantees[index]
  local isBlocked = false
  while guarantee.waiting > 0 and #granted < S.grantsPerPump do
    local lane, flow = firstLane(guarantee)
    if not lane then return end
    local path, waiter = openPath(lane.path), liveHead(flow)
    if waiter then price(waiter, path) end
    if waiter and isBlocked and meetsCredited(index, path, fit.costs) then
      passedOver[lane] = true
    elseif waiter then
      local cost = fit.dominantCost
      if not canPay(guarantee, cost) then
        wakeAfter(timeUntilPaid(guarantee, cost))
        return
      end
      local payer = { guarantee = index, bound = bypassBound(guarantee, cost) }
      if tryServe(flow, lane, path, waiter, path.floorsFirst, payer) == "blocked" then
        passedOver[lane] = true
        isBlocked = true
      end
    end
  end
end

--- Beyond its guarantee nothing leaves by lanes that are held back under pressure.
local function holdLanes(band)
  if not band.isHeld then return end
  relief.beginLooking()
  for _, lane in ipairs(activeLanes(band)) do
    if lane.size > 0 then
      if relief.isHeldOn(lane.path) then
        closed[lane] = true
        wakeAfter(relief.checkIn(lane.path))
      end
      S.lookAt = min(S.lookAt or NEVER, relief.lookAt(lane.path))
    end
  end
end

local function serveBand(band, isFirst)
  holdLanes(band)
  while #granted < S.grantsPerPump and not isCapped(band) do
    local lane, flow = bestLane(band, closed)
    if not lane then break end
    local path = openPath(lane.path)
    if lane.sparse == 0 and isClosed(path, band) then
      closed[lane] = true
    else
      local waiter = liveHead(flow)
      if waiter then price(waiter, path) end
      local floors = isFirst and path.floorsFirst or path.floorsOther
      if waiter and tryServe(flow, lane, path, waiter, floors, nil) == "blocked" then
        hideInLane(lane, flow)
        insert(stash, flow)
        probes[lane] = (probes[lane] or 0) + 1
        if probes[lane] >= PROBES_PER_PUMP then closed[lane] = true end
      end
    end
  end
  for _, flow in ipairs(stash) do showInLane(laneOfFlow(flow), flow) end
  stash = {}
end

--- Those whose wait ends in this slot of the expiry wheel or ended before.
local function dueWaiters()
  if S.waiting == 0 then return {} end
  local slotEnd = (floor(NOW / EXPIRY_SLOT_MICROS) + 1) * EXPIRY_SLOT_MICROS
  local due = {}
  local before = "(" .. format("%.0f", slotEnd)
  local members = call("ZRANGEBYSCORE", EXPIRY_KEY, "-inf", before, "LIMIT", 0, MOST_DUE)
  if #members > 0 then prefetchWaiters(members) end
  for _, member in ipairs(members) do
    local waiter = openWaiter(member)
    if waiter then insert(due, waiter) end
  end
  for _, waiter in ipairs(freshWaiters()) do
    if waiter[EXPIRES] < slotEnd then insert(due, waiter) end
  end
  return due
end

local function serve()
  for g = 1, #S.guarantees do serveGuarantee(g) end
  for b, band in ipairs(S.bands) do
    if band.competing > 0 then serveBand(band, b == 1) end
  end
end

--- `hopeless`: waiters that wait in vain for a meter that rests.
function pump(hopeless)
  S.lookAt = nil
  for g = 1, #S.guarantees do credited[g] = {} end
  local due = dueWaiters()
  for _, waiter in ipairs(due) do
    if not waiter.isGone and waiter[EXPIRES] < NOW then expire(waiter) end
  end
  for _, waiter in ipairs(hopeless) do
    if not waiter.isGone then expire(waiter) end
  end
  advance()
  if NOW < S.learningUntil then wakeAfter(S.learningUntil - NOW) else serve() end
  local isFull = #granted >= S.grantsPerPump
  if isFull or #due >= MOST_DUE then wakeAfter(0) end
  for _, waiter in ipairs(due) do
    if not waiter.isGone then
      wakeAfter(0)
      if not isFull then expire(waiter) end
    end
  end
end

--- Nothing has happened since a pump that had nothing to do before this time.
function isQuiet()
  if #request.operations > 0 or NOW >= min(S.quietUntil, S.lookAt or NEVER) then return false end
  return next(S.dead) == nil and not S.rests
end

local function firstScore(key)
  local first = call("ZRANGE", key, 0, 0, "WITHSCORES")
  return first[2] and tonumber(first[2]) or NEVER
end

--- When to step again if nothing else happens; call it when all is saved.
local function timeOfNext()
  local at = NOW + wakeIn
  if S.waiting > 0 then
    local slot = floor(firstScore(EXPIRY_KEY) / EXPIRY_SLOT_MICROS) * EXPIRY_SLOT_MICROS
    at = min(at, slot)
    if S.later > 0 then at = min(at, firstScore(LATER_KEY)) end
    if S.parked > 0 then at = min(at, firstScore(PARKED_KEY)) end
  end
  return max(NOW, at)
end

--- The same, after a step without a pump too. A pump that has changed something may have less to
--- wait for than it has seen on its way.
function wakeTime(isPumped)
  if not isPumped then return S.quietUntil end
  local at = timeOfNext()
  local hasChanged = hasParked or #request.operations + #granted + #expired > 0
  S.quietUntil = hasChanged and 0 or at
  return at
end
