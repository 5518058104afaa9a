-- Admission: does a waiter fit in all its meters, and what changes in them when it is granted or
-- settled.
fit = {
  amounts = {}, costs = {}, waits = {},
  dominantCost = 0, sharedCost = 0, isSparse = false, wait = 0,
}
local amounts, costs, waits = fit.amounts, fit.costs, fit.waits

--- Takes a waiter with its price.
function price(waiter, path)
  local dominant, isSparse = 0, false
  local columns, nanos, meters = path.columns, path.nanos, path.meters
  for i = 1, path.count do
    local column = columns[i]
    local amount = column > 0 and waiter[column] or amountAt(waiter, column, meters[i])
    local cost = amount * nanos[i]
    amounts[i] = amount
    costs[i] = cost
    if cost > dominant then dominant = cost
    elseif cost == 0 then isSparse = true end
  end
  fit.dominantCost = dominant
  fit.isSparse = isSparse
  fit.sharedCost = path.allShared and dominant or largestAt(costs, path.sharedPlaces)
end

--- How long until what was priced fits above these floors?
function measure(path, floors)
  local most, meters = 0, path.meters
  for i = 1, path.count do
    local amount, meter, wait = amounts[i], meters[i], 0
    if amount > 0 then
      if not meter.seen then see(meter) end
      -- Most limits neither rest nor are paced, and have room.
      if meter.isPlain and levelOf(meter) >= amount + floors[i] then wait = 0
      else wait = waitFor(meter, amount, floors[i]) end
    end
    waits[i] = wait
    if wait > most then most = wait end
  end
  fit.wait = most
end

--- Microseconds until the i-th meter holds what the smallest demand could use; 0: now.
function leastWait(path, i, floorAmount)
  local meter = path.meters[i]
  local isWhole = meter.dimension == "requests" or meter.dimension == "concurrency"
  return waitFor(meter, isWhole and MICRO_UNITS or 1, floorAmount)
end

tenants = {}

--- A tenant's own meters; none if it has none.
function ownMeters(tenant)
  local own = tenants[tenant]
  if own == nil then
    local raw = call("HGET", TENANTS_KEY, tenant)
    own = raw and unpackMessage(raw) or {}
    tenants[tenant] = own
  end
  return own
end

local NO_METERS = {}

local function ownMetersOf(account)
  if not account.own then return NO_METERS end
  return ownMeters(tenantOf(account))
end

function ownColumn(meter) return COLUMN_OF[meter.dimension] or UNITS end

--- Microseconds until the tenant's own meters fit; 0: now.
function ownWait(waiter, account)
  local wait = 0
  for _, meter in ipairs(ownMetersOf(account)) do
    local amount = amountAt(waiter, ownColumn(meter), meter)
    if amount > 0 then wait = max(wait, waitFor(meter, amount, 0)) end
  end
  return wait
end

function debitAll(waiter, flow, path)
  local meters = path.meters
  for i = 1, path.count do debit(meters[i], amounts[i]) end
  if not flow.account.own then return end
  for _, meter in ipairs(ownMetersOf(flow.account)) do
    debit(meter, amountAt(waiter, ownColumn(meter), meter))
  end
end

local function slotCost(meter, micros) return (micros * 1000 * MICRO_UNITS) / meter.capacity end

--- Returns what was reserved too much (negative: too little), 0 for slots.
local function settleMeter(grant, meter, column, counted)
  local reserved = amountAt(grant, column, meter)
  local surplus = reserved
  if column ~= SLOT then surplus = reserved - amountAt(counted, column, meter) end
  if surplus ~= 0 then credit(meter, surplus, grant.since) end
  return column == SLOT and 0 or surplus
end

charged, real = {}, {}

--- Replaces the reservation by what was really counted, in every meter and in the fair account.
function settleAll(grant, counted)
  local path = openPath(grant[PATH])
  path.record.running = path.record.running - 1
  local elapsed = NOW - grant.since
  for i = 1, path.count do
    local meter, column = path.meters[i], path.columns[i]
    local surplus = settleMeter(grant, meter, column, counted)
    if column == SLOT then
      charged[i] = slotCost(meter, grant.predicted)
      real[i] = slotCost(meter, elapsed)
    else
      charged[i] = amountAt(grant, column, meter) * path.nanos[i]
      real[i] = charged[i] - surplus * path.nanos[i]
    end
  end
  local account = openAccount(grant[ACCOUNT])
  local flow = account and flowOn(account, grant[PATH])
  if flow then correctCharge(flow, path, laneOfFlow(flow), charged, real) end
  if account then
    for _, meter in ipairs(ownMetersOf(account)) do
      settleMeter(grant, meter, ownColumn(meter), counted)
    end
  end
  recordUse(path, charged, real)
  recordService(path, elapsed)
  if flow then rekeyFlows(flow) end
  if account and account.own then unparkTenant(tenantOf(account)) end
end

function saveTenants()
  local values = {}
  for tenant, own in pairs(tenants) do
    if #own > 0 then
      for _, meter in ipairs(own) do putAway(meter) end
      insert(values, tenant)
      insert(values, pack(own))
    end
  end
  callWithAll("HSET", TENANTS_KEY, values)
end
