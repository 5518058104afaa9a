-- Relief: under pressure batch is held back, path by path, as in core/scheduler/relief and pressure. A
-- meter keeps what arrives in this second (`arriving`) and the average over a minute (`pressing`) of the
-- bands that press, while there are bands that give way to them.
local LOOK_MICROS, CHECK_MICROS, BIN_MICROS, LONG_BINS = 50000, 1000000, 1000000, 60
local QUEUE_MICROS, LONG_WINDOW_MICROS, LEAST_DEMAND = 10000000, 3600000000, 0.01
--- A smaller average, micro-units, presses on nobody and is not kept.
local LEAST_KEPT = 1

relief = {}

local function passBins(meter, kept)
  local average, arriving = meter.pressing or 0, meter.arriving or 0
  meter.arriving = nil
  average = (average + (arriving - average) / LONG_BINS) * kept
  meter.pressing = average >= LEAST_KEPT and average or nil
end

--- Closes the seconds that have passed.
function relief.passSeconds()
  local bin = floor(NOW / BIN_MICROS)
  local passed = bin - (S.bin or bin)
  S.bin = bin
  if passed == 0 then return end
  local kept = (1 - 1 / LONG_BINS) ^ (passed - 1)
  for _, meter in ipairs(S.meters) do
    if meter.pressing or meter.arriving then passBins(meter, kept) end
  end
end

--- So many requests have come to the band, and are queued or refused; `demand`: all of them together.
function relief.noteArrival(band, demand, path, requests)
  if not band.isPressing then return end
  for i = 1, path.count do
    local meter, column = path.meters[i], path.columns[i]
    local amount = column == SLOT and requests * MICRO_UNITS or amountAt(demand, column, meter)
    meter.arriving = (meter.arriving or 0) + amount
  end
end

--- What waits in the bands that press, by meter; nil: it has to be summed up again.
local queued = nil

local function addQueued(lane)
  for _, index in ipairs(S.paths[lane.path].meters) do
    queued[index] = (queued[index] or 0) + amountInLane(lane.queued, S.meters[index])
  end
end

local function sumUp()
  queued = {}
  for _, band in ipairs(S.bands) do
    if band.isPressing and band.waiting > 0 then
      for _, lane in ipairs(band.lanes) do
        if lane.queued[WAITERS] > 0 then addQueued(lane) end
      end
    end
  end
end

local function supplyOf(meter, path)
  if meter.kind == "slots" then return meter.capacity / path.record.service end
  return meter.rate - meter.foreign
end

local function isLongWindow(meter)
  return (meter.kind == "fixed" or meter.kind == "sliding")
    and meter.capacity / meter.rate >= LONG_WINDOW_MICROS
end

--- Of one meter, and 0 where nobody asks for it: a window of a day may be used up by batch alone.
local function pressureAt(meter, path, index)
  local arriving, waiting = (meter.pressing or 0) / BIN_MICROS, queued[index] or 0
  local demand, supply = arriving + waiting / QUEUE_MICROS, supplyOf(meter, path)
  if demand < LEAST_DEMAND * supply then return 0 end
  if not isLongWindow(meter) then return min(1, demand / supply) end
  local taken = meter.capacity - levelOf(meter)
  return min(1, (taken + arriving * untilReset(meter)) / meter.capacity)
end

local function pressureOn(path)
  if not queued then sumUp() end
  local most = 0
  for i = 1, path.count do
    most = max(most, pressureAt(path.meters[i], path, path.indexes[i]))
  end
  return most
end

--- Something may wait, or wait no longer, since it was looked at last.
function relief.beginLooking() queued = nil end

--- Is batch held back on this path? It is looked at again after a while.
function relief.isHeldOn(number)
  local path = openPath(number)
  local hold = path.record.hold or { at = -NEVER }
  if NOW - hold.at < LOOK_MICROS then return hold.isActing end
  local pressure = pressureOn(path)
  local isActing = pressure >= (hold.isActing and S.relief.calm or S.relief.act)
  path.record.hold = { at = NOW, pressure = pressure, isActing = isActing }
  return isActing
end

--- From when on a path that was looked at is looked at again.
function relief.lookAt(number) return S.paths[number].hold.at + LOOK_MICROS end

--- When it may be found at ease, if nothing happens before: microseconds from now.
function relief.checkIn(number) return S.paths[number].hold.at + CHECK_MICROS - NOW end

--- A request that may have to be held back has come, and is about to be queued or refused.
function relief.lookFor(band, number)
  if not band.isHeld then return end
  relief.beginLooking()
  relief.isHeldOn(number)
end

--- Requests that an instance has refused on its own: they press, too, and the others are told of them.
function relief.countRefused(band, number, demand, count)
  relief.noteArrival(band, demand, openPath(number), count)
  local lane = laneFor(band, number)
  local refused = lane.refused or { 0, 0, 0, 0, 0, 0 }
  lane.refused = refused
  for column = 1, 5 do refused[column] = refused[column] + demand[column] end
  refused[WAITERS] = refused[WAITERS] + count
  if demand[DEMAND_UNITS] then addUnits(refused, demand[DEMAND_UNITS], number, 1) end
end

--- What was found lately, for those who foresee waits.
function relief.recentHolds(micros)
  local holds = {}
  for _, path in ipairs(S.paths) do
    local hold = not path.isFree and path.hold
    if hold and hold.at >= NOW - micros then
      holds[#holds + 1] = { path.key, hold.pressure, hold.isActing }
    end
  end
  return holds
end
