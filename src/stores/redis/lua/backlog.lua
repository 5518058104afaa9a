-- Backlog: a waiter enters its flow, a flow its lane; and the sums of what waits.
--- Where a lane's sums hold the number of waiters, behind the five columns of their demands.
WAITERS = 6

--- A platform's own units, in a lane's sums by their names.
function addUnits(sums, units, path, sign)
  for _, dimension in ipairs(openPath(path).units) do
    sums[dimension] = (sums[dimension] or 0) + sign * (units[dimension] or 0)
  end
end

--- Of a lane's sums what concerns the meter.
function amountInLane(sums, meter)
  local column = COLUMN_OF[meter.dimension]
  if column == SLOT then return MICRO_UNITS * sums[WAITERS] end
  return sums[column or meter.dimension] or 0
end

local later, parked = timed(LATER_KEY), timed(PARKED_KEY)

local function compete(flow)
  local account, band, lane = flow.account, flow.band, laneOfFlow(flow)
  if account.competing == 0 then account.turn = max(account.turn, band.front) end
  flow.tag = max(flow.tag, lane.front)
  changeAccount(account)
  addToLane(lane, flow)
  account.competing = account.competing + 1
  if account.competing == 1 then
    band.competing = band.competing + 1
    band.activeWeight = band.activeWeight + account.weight
    band.peakWeight = max(band.peakWeight, band.activeWeight)
  end
  for _, index in ipairs(band.guarantees) do enterGuarantee(S.guarantees[index]) end
end

local function withdraw(flow)
  local account, band = flow.account, flow.band
  removeFromLane(laneOfFlow(flow), flow)
  account.competing = account.competing - 1
  if account.competing == 0 then
    band.competing = band.competing - 1
    band.activeWeight = band.competing > 0 and band.activeWeight - account.weight or 0
  end
  for _, index in ipairs(band.guarantees) do
    S.guarantees[index].waiting = S.guarantees[index].waiting - 1
  end
end

local function endParking(flow)
  dropTime(parked, memberOfFlow(flow))
  flow.parkedUntil = 0
  changeAccount(flow.account)
  S.parked = S.parked - 1
end

local function unpark(flow)
  endParking(flow)
  if flow.size > 0 then compete(flow) end
end

--- The tenant's own meters hold the flow back until `time`.
function park(flow, time)
  withdraw(flow)
  flow.parkedUntil = time
  changeAccount(flow.account)
  setTime(parked, memberOfFlow(flow), time)
  S.parked = S.parked + 1
end

--- A flow is parked for the sake of its head: another head may fit at once.
local function recheck(flow, waiter)
  if topOf(flow) == waiter then setTime(parked, memberOfFlow(flow), 0) end
end

function count(waiter, sign)
  local flow = flowOf(waiter)
  local band, lane = flow.band, laneOfFlow(flow)
  local queued = lane.queued
  band.waiting = band.waiting + sign
  flow.queued = flow.queued + sign
  changeAccount(flow.account)
  S.waiting = S.waiting + sign
  local path = S.paths[flow.path]
  path.waiting = path.waiting + sign
  for column = 1, 5 do
    local amount = waiter[column]
    if amount ~= 0 then queued[column] = queued[column] + sign * amount end
  end
  queued[WAITERS] = queued[WAITERS] + sign
  if waiter[UNITS_AT] then addUnits(queued, waiter[UNITS_AT], flow.path, sign) end
  if waiter[SPARSE] == 1 then lane.sparse = lane.sparse + sign end
end

--- For forecasts: how much comes to wait here.
function countArrival(waiter)
  local arrived = laneOfFlow(flowOf(waiter)).arrived
  for column = 1, 5 do arrived[column] = arrived[column] + waiter[column] end
  arrived[WAITERS] = arrived[WAITERS] + 1
  if waiter[UNITS_AT] then addUnits(arrived, waiter[UNITS_AT], waiter[PATH], 1) end
end

local function enter(waiter)
  local flow = flowOf(waiter)
  addToLine(flow, waiter)
  changeAccount(flow.account)
  if flow.parkedUntil > 0 then recheck(flow, waiter)
  elseif flow.size == 1 then compete(flow) end
end

--- It competes from `eligibleAt` on.
function addWaiter(waiter, eligibleAt)
  keepWaiter(waiter)
  count(waiter, 1)
  if eligibleAt <= NOW then
    waiter[LATER] = 0
    enter(waiter)
    return
  end
  waiter[LATER] = 1
  S.later = S.later + 1
  setTime(later, waiter.member, eligibleAt)
end

local function dropLater(waiter)
  dropTime(later, waiter.member)
  waiter[LATER] = 0
  alterWaiter(waiter)
  S.later = S.later - 1
end

local function leave(waiter)
  local flow = flowOf(waiter)
  if flow.parkedUntil > 0 then recheck(flow, waiter) end
  removeFromLine(flow, waiter)
  changeAccount(flow.account)
  if flow.size > 0 then return end
  if flow.parkedUntil > 0 then endParking(flow)
  else withdraw(flow) end
end

--- Takes a waiter out, wherever it waits.
function removeWaiter(waiter)
  count(waiter, -1)
  if waiter[LATER] == 1 then dropLater(waiter) else leave(waiter) end
  dropWaiter(waiter)
end

--- Lets in whatever has become eligible.
function advance()
  if S.later > 0 then
    for _, member in ipairs(dueOf(later)) do
      local waiter = openWaiter(member)
      dropLater(waiter)
      enter(waiter)
    end
  end
  if S.parked > 0 then
    for _, member in ipairs(dueOf(parked)) do
      unpark(flowOfMember(member))
    end
  end
end

--- The tenant's own meters have been freed.
function unparkTenant(tenant)
  if S.parked == 0 then return end
  for b = 1, #S.bands do
    local account = openAccount(accountKey(b, tenant))
    for _, flow in ipairs(account and account.flows or {}) do
      if flow.parkedUntil > 0 then unpark(flow) end
    end
  end
end

local LOOKED_AT = 256

local function laterIn(band)
  for _, member in ipairs(latestOf(later, LOOKED_AT)) do
    local waiter = openWaiter(member)
    if waiter and flowOf(waiter).band == band then return waiter end
  end
  return nil
end

local function heldBackIn(band)
  for _, member in ipairs(latestOf(parked, LOOKED_AT)) do
    local flow = flowOfMember(member)
    if flow.band == band then return lastOf(flow) end
  end
  return laterIn(band)
end

--- A waiter that would be served late, in the lowest band below `band` that has one; nil: none.
function lastBelow(band)
  for b = #S.bands, band + 1, -1 do
    local lower = S.bands[b]
    if lower.waiting > 0 then
      for _, lane in ipairs(lower.lanes) do
        if lane.size > 0 then return lastOf(lastInLane(lane)) end
      end
      return heldBackIn(lower)
    end
  end
  return nil
end

function saveBacklog()
  saveTimed(later)
  saveTimed(parked)
end
