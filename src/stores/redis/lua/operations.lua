-- Operations: what instances ask for, in the order in which they came; each returns its result.
local NO_DEADLINE = 4503599627370496
local ahead = 0
displaced = {}

local function meterFor(spec, share)
  local index = S.meterByKey[spec.key]
  if index then return index end
  index = placeIn(S.meters, S.freeMeters)
  S.meters[index] = newMeter(spec, share)
  S.meterByKey[spec.key] = index
  S.pathsOf[index] = 0
  return index
end

--- A calendar's windows are told again from time to time.
local function tellEnds(specs)
  for _, spec in ipairs(specs) do S.meters[S.meterByKey[spec.key]].ends = spec.ends end
end

operations = {}

--- `false`: there is no room for it.
function operations.path(key, specs, share)
  local known = S.pathByKey[key]
  if known then
    tellEnds(specs)
    return known - 1
  end
  if not makeRoom(specs) then return false end
  local path = {
    key = key, meters = {}, service = FIRST_SERVICE_MICROS, charged = {}, real = {},
    waiting = 0, running = 0, usedAt = NOW,
  }
  for i, spec in ipairs(specs) do
    local index = meterFor(spec, share)
    path.meters[i], path.charged[i], path.real[i] = index, 0, 0
    S.pathsOf[index] = S.pathsOf[index] + 1
  end
  local number = placeIn(S.paths, S.freePaths)
  S.paths[number] = path
  S.pathByKey[key] = number
  refreshPaths()
  return number - 1
end

--- Gives a tenant meters of its own; those it has stay.
function operations.tenant(tenant, specs, share)
  local own = ownMeters(tenant)
  for _, spec in ipairs(specs) do
    local isKnown = false
    for _, meter in ipairs(own) do isKnown = isKnown or meter.key == spec.key end
    if not isKnown then insert(own, newMeter(spec, share)) end
  end
  return true
end

function operations.weigh(tenant, weight)
  for b, band in ipairs(S.bands) do
    local account = openAccount(accountKey(b, tenant))
    if account and account.weight ~= weight then
      local change = weight - account.weight
      if account.competing > 0 then band.activeWeight = band.activeWeight + change end
      account.weight = weight
      changeAccount(account)
    end
  end
  return true
end

--- The tightest of the limits that can never hold the demand; nil: it fits.
local function tooSmall(demand, path, tenant, own)
  local tightest, excess = nil, 1
  for i, meter in ipairs(path.meters) do
    local times = amountAt(demand, path.columns[i], meter) / meter.capacity
    if times > excess then tightest, excess = meter, times end
  end
  if tightest or not own then return tightest end
  for _, meter in ipairs(ownMeters(tenant)) do
    if amountAt(demand, ownColumn(meter), meter) > meter.capacity then return meter end
  end
  return nil
end

function flowFor(key, weight, own, path)
  local account = openAccount(key) or createAccount(key, weight, own)
  return flowOn(account, path) or newFlow(account, path)
end

local function leavesOneOut(demand, path)
  for i = 1, path.count do
    if amountAt(demand, path.columns[i], path.meters[i]) == 0 then return true end
  end
  return false
end

--- A path by its number, or by its key where the instance has not been told the number yet; nil: it
--- is not known, or was forgotten.
function pathAt(reference)
  local number = S.pathByKey[reference]
  if type(reference) == "number" then number = reference + 1 end
  local path = number and S.paths[number]
  return path and not path.isFree and number or nil
end

function urgencyOf(due, isChainStep)
  local urgency = due >= 0 and NOW + due or NO_DEADLINE
  return isChainStep and urgency - 2 * NO_DEADLINE or urgency
end

function nextSequence()
  S.sequence = S.sequence + 1
  return S.sequence - 1
end

--- The demand with all that is stored of a waiter.
function waiterOf(demand, key, path, urgency, expiresAt)
  local isSparse = leavesOneOut(demand, path)
  return {
    demand[1], demand[2], demand[3], demand[4], demand[5], urgency, expiresAt, 0, NOW, path.number,
    0, isSparse and 1 or 0, INSTANCE, key, demand[6] or false,
  }
end

local function waitingOf(account)
  local sum = 0
  for _, flow in ipairs(account.flows) do sum = sum + flow.queued end
  return sum
end

--- `patience` and `due` are microseconds from now; `due` -1: no deadline.
function operations.enqueue(tenant, weight, own, band, path, demand, patience, due, isChainStep)
  path = pathAt(path)
  if not path then return { "path_unknown", "" } end
  local open = openPath(path)
  open.record.usedAt = NOW
  local served = S.bands[bandAt(band)]
  relief.lookFor(served, path)
  local small = tooSmall(demand, open, tenant, own)
  if small then return { "demand_exceeds_limit", small.key } end
  if S.waiting >= S.maxWaiting then
    local victim = lastBelow(bandAt(band))
    if not victim then
      relief.noteArrival(served, demand, open, 1)
      return { "queue_full", "" }
    end
    removeWaiter(victim)
    insert(displaced, victim)
  end
  local sequence, key = nextSequence(), accountKey(bandAt(band), tenant)
  local waiter = waiterOf(demand, key, open, urgencyOf(due, isChainStep), NOW + patience)
  waiter.member, waiter.flow = memberOf(sequence), flowFor(key, weight, own, path)
  ahead = waitingOf(waiter.flow.account)
  addWaiter(waiter, NOW)
  countArrival(waiter)
  relief.noteArrival(served, demand, open, 1)
  return sequence
end

--- Requests that the instance has refused on its own, `demand` all of them together.
function operations.refused(band, path, demand, count)
  path = pathAt(path)
  if not path then return false end
  local served = S.bands[bandAt(band)]
  relief.lookFor(served, path)
  relief.countRefused(served, path, demand, count)
  return true
end

--- How many of its tenant and band wait before the one that was queued last, wherever they came from; 0 again
--- once it was asked for.
function takeAhead()
  local count = ahead
  ahead = 0
  return count
end

function operations.cancel(sequence)
  local waiter = openWaiter(memberOf(sequence))
  if not waiter then return false end
  removeWaiter(waiter)
  return true
end

function operations.settle(sequence, counted)
  local grant = takeGrant(INSTANCE, memberOf(sequence))
  if not grant then return false end
  settleAll(grant, counted)
  return true
end

--- Settles an attempt and queues it again, in its old place in its tenant's order.
function operations.retry(sequence, counted, eligibleIn, expiresIn)
  local member = memberOf(sequence)
  local waiter = takeGrant(INSTANCE, member)
  if not waiter then return false end
  settleAll(waiter, counted)
  waiter.flow = flowFor(waiter[ACCOUNT], 1, false, waiter[PATH])
  waiter[EXPIRES], waiter[SINCE], waiter[BYPASSED] = NOW + expiresIn, NOW, 0
  addWaiter(waiter, NOW + eligibleIn)
  return true
end
