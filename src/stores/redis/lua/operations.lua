-- Operations: what instances ask for, in the order in which they came; each returns its result.
local NO_DEADLINE = 4503599627370496
displaced = {}

--- A shared meter by its number or key, or a tenant's own by tenant and place.
local function meterAt(reference)
  if type(reference) == "number" then return S.meters[reference + 1] end
  if type(reference) == "string" then return S.meters[S.meterByKey[reference]] end
  return ownMeters(reference[1])[reference[2] + 1]
end

local function meterFor(spec, share)
  local index = S.meterByKey[spec.key]
  if index then return index end
  insert(S.meters, newMeter(spec, share))
  S.meterByKey[spec.key] = #S.meters
  insert(S.pathsOf, 0)
  return #S.meters
end

operations = {}

function operations.path(key, specs, share)
  local known = S.pathByKey[key]
  if known then return known - 1 end
  local path = { meters = {}, service = FIRST_SERVICE_MICROS, charged = {}, real = {} }
  for i, spec in ipairs(specs) do
    local index = meterFor(spec, share)
    path.meters[i], path.charged[i], path.real[i] = index, 0, 0
    S.pathsOf[index] = S.pathsOf[index] + 1
  end
  insert(S.paths, path)
  S.pathByKey[key] = #S.paths
  refreshPaths()
  return #S.paths - 1
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
      if account.competing > 0 then band.activeWeight = band.activeWeight + weight - account.weight end
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

local function flowFor(key, weight, own, path)
  local account = openAccount(key) or createAccount(key, weight, own)
  return flowOn(account, path) or newFlow(account, path)
end

local function leavesOneOut(demand, path)
  for i = 1, path.count do
    if amountAt(demand, path.columns[i], path.meters[i]) == 0 then return true end
  end
  return false
end

--- A path by its number, or by its key where the instance has not been told the number yet.
local function pathAt(reference)
  if type(reference) == "number" then return reference + 1 end
  return S.pathByKey[reference]
end

local function urgencyOf(due, isChainStep)
  local urgency = due >= 0 and NOW + due or NO_DEADLINE
  return isChainStep and urgency - 2 * NO_DEADLINE or urgency
end

local function nextSequence()
  S.sequence = S.sequence + 1
  return S.sequence - 1
end

--- `patience` and `due` are microseconds from now; `due` -1: no deadline.
function operations.enqueue(tenant, weight, own, band, path, demand, patience, due, isChainStep)
  path = pathAt(path)
  local open = openPath(path)
  local small = tooSmall(demand, open, tenant, own)
  if small then return { "demand_exceeds_limit", small.key } end
  if S.waiting >= S.maxWaiting then
    local victim = lastBelow(band + 1)
    if not victim then return { "queue_full", "" } end
    removeWaiter(victim)
    insert(displaced, victim)
  end
  local sequence, key, waiter = nextSequence(), accountKey(band + 1, tenant), demand
  waiter[UNITS_AT] = demand[UNITS_AT] or false
  waiter[ACCOUNT], waiter[PATH], waiter[URGENCY], waiter[EXPIRES] = key, path, urgencyOf(due, isChainStep), NOW + patience
  waiter[BYPASSED], waiter[OWNER], waiter[LATER], waiter[SPARSE], waiter[SINCE] = 0, INSTANCE, false, leavesOneOut(demand, open), NOW
  waiter.member, waiter.flow = memberOf(sequence), flowFor(key, weight, own, path)
  addWaiter(waiter, NOW)
  return sequence
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

--- Nothing that touches the meter leaves for so long; whoever cannot wait for it is told so.
function operations.freeze(reference, micros)
  local meter = meterAt(reference)
  meter.frozenUntil = max(meter.frozenUntil, NOW + micros)
  meter.isPlain = false
  if type(reference) == "table" then return true end
  local index = S.meterByKey[meter.key]
  for _, waiter in ipairs(freshWaiters()) do noteHopeless(waiter, index, meter.frozenUntil) end
  S.rests = S.rests or {}
  insert(S.rests, { meter = index, from = "-inf", to = meter.frozenUntil })
  return true
end

function operations.adjust(reference, delta)
  adjust(meterAt(reference), delta)
  return true
end

function operations.resize(reference, capacity, per, interval, allowance)
  local meter = meterAt(reference)
  resize(meter, capacity, per)
  meter.interval, meter.allowance, meter.isPlain = interval, allowance, false
  refreshPaths()
  return true
end

function operations.foreign(reference, rate)
  setForeign(meterAt(reference), rate)
  refreshPaths()
  return true
end

function operations.margin(reference, share)
  meterAt(reference).margin = share
  refreshPaths()
  return true
end

--- This store lacks what it was told in the last steps: another Redis has taken over, or it began anew.
local isLossy = false
--- All that the earlier life had been granted was given back.
local hasEnded = false

--- What an earlier life of this instance had is not its any more; it tells of what it still has.
--- `isBehind`: steps were answered that this store does not know of.
function operations.leave(instance, isBehind)
  local past = leave(instance)
  isLossy = isBehind or past == "unknown"
  hasEnded = past == "ended"
  if isLossy then S.learningUntil = max(S.learningUntil, NOW + request.options.learningMicros) end
  return past
end

--- A request that is on its way and that this store may not know of. `previous`: the life that sent it.
function operations.assert(tenant, weight, own, band, path, demand, since, due, isChainStep, previous)
  path = pathAt(path)
  local open, key, sequence = openPath(path), accountKey(band + 1, tenant), nextSequence()
  changeAccount(flowFor(key, weight, own, path).account)
  local isCounted = S.buried[previous] ~= nil
  local function take(meter, column)
    if column == SLOT or not isCounted then debit(meter, amountAt(demand, column, meter)) end
  end
  for i = 1, open.count do take(open.meters[i], open.columns[i]) end
  for _, meter in ipairs(own and ownMeters(tenant) or {}) do take(meter, ownColumn(meter)) end
  local waiter = demand
  waiter[UNITS_AT] = demand[UNITS_AT] or false
  waiter[ACCOUNT], waiter[PATH], waiter[URGENCY], waiter[EXPIRES] = key, path, urgencyOf(due, isChainStep), NOW
  waiter[BYPASSED], waiter[OWNER], waiter[LATER], waiter[SPARSE], waiter[SINCE] = 0, INSTANCE, false, leavesOneOut(demand, open), NOW
  keepGrant(memberOf(sequence), waiter, NOW - since, open.record.service)
  return sequence
end

--- What was counted for a request of an earlier life. `isUnsettled`: its reservation was given back
--- when that life was left; else its settlement may be among what this store has lost.
function operations.charge(path, counted, isUnsettled)
  if not isLossy and not (isUnsettled and hasEnded) then return false end
  local open = openPath(pathAt(path))
  for i = 1, open.count do
    if open.columns[i] ~= SLOT then debit(open.meters[i], amountAt(counted, open.columns[i], open.meters[i])) end
  end
  return true
end

--- After a loss no level is believed beyond this share of its limit.
function operations.cap(share)
  if not isLossy then return false end
  for _, meter in ipairs(S.meters) do
    local excess = levelOf(meter) - floor(meter.capacity * share)
    if meter.kind ~= "slots" and excess > 0 then adjust(meter, -excess) end
  end
  return true
end
