-- Meter corrections: new meters, other limits, and what an answer's headers tell of a level.
local function adjustSliding(meter, delta)
  if delta < 0 then addToSlot(meter, meter.slot, -delta) end
  local left = min(max(0, delta), meter.used)
  local oldest = max(0, meter.slot - WINDOW_SLOTS)
  local slot = meter.slot
  while left > 0 and slot > oldest do
    local taken = min(left, meter.slots[slotPlace(slot)])
    addToSlot(meter, slot, -taken)
    left = left - taken
    slot = slot - 1
  end
end

--- Corrects the level by what the provider says; no charge of ours.
function adjust(meter, delta)
  see(meter)
  if meter.kind == "bucket" then adjustBucket(meter, delta)
  elseif meter.kind == "sliding" then adjustSliding(meter, delta)
  elseif meter.kind == "fixed" then meter.used = max(0, meter.used - delta)
  else meter.used = meter.used - delta end
end

local function startSliding(meter, used)
  meter.slotLength = ceil(meter.per / WINDOW_SLOTS)
  meter.slots = emptySlots()
  meter.used = 0
  meter.slot = floor(NOW / meter.slotLength)
  addToSlot(meter, meter.slot, used)
end

--- Changes the limit in place: what has been used stays used.
function resize(meter, capacity, per)
  see(meter)
  if meter.kind == "bucket" then restartBucket(meter, min(levelOf(meter), capacity)) end
  meter.capacity = capacity
  if meter.kind == "slots" then return end
  meter.per = per
  meter.rate = capacity / per
  meter.foreign = min(meter.foreign, MOST_FOREIGN * meter.rate)
  if meter.kind == "sliding" and ceil(per / WINDOW_SLOTS) ~= meter.slotLength then
    startSliding(meter, meter.used)
  end
end

--- Others on the account take this much, micro-units per microsecond.
function setForeign(meter, rate)
  if meter.kind ~= "bucket" then return end
  restartBucket(meter, levelOf(meter))
  meter.foreign = max(0, min(rate, MOST_FOREIGN * meter.rate))
end

--- `spec` as in MeterSpec; `share` of it is available.
function newMeter(spec, share)
  local meter = {
    key = spec.key, kind = spec.kind, dimension = spec.dimension, capacity = spec.capacity,
    per = spec.per, rate = 0, foreign = 0, charged = 0, frozenUntil = 0, used = 0,
    interval = spec.interval, allowance = spec.allowance, pacedUntil = 0, ends = spec.ends,
  }
  if spec.kind == "slots" then return meter end
  meter.rate = spec.capacity / spec.per
  -- All that runs or has ended is in a level that is told.
  meter.isTold = spec.level ~= nil or nil
  if spec.level then share = min(1, max(0, spec.level / spec.capacity)) end
  local used = ceil(spec.capacity * (1 - share))
  if spec.kind == "bucket" then
    meter.base = floor(spec.capacity * share)
    meter.at = NOW
  elseif spec.kind == "sliding" then
    startSliding(meter, used)
  else
    meter.used = used
    meter.startedAt = NOW
    meter.endsAt = windowEnd(meter, NOW)
  end
  return meter
end

--- What holds for this step only does not go into the state.
function putAway(meter)
  meter.seen = nil
  meter.refilled = nil
  meter.isPlain = nil
  if meter.slots then meter.debits = pack(meter.slots) end
  meter.slots = nil
end
