-- Meter: the arithmetic of core/meter, on one moment. `see` brings a meter to it.
local PROBE_EVERY_MICROS = 60000000
MOST_FOREIGN = 0.95
WINDOW_SLOTS = 128

local function refill(meter, elapsed)
  if meter.foreign > 0 then return floor(elapsed * (meter.rate - meter.foreign)) end
  local per, capacity = meter.per, meter.capacity
  if elapsed < per then return floor((elapsed * capacity) / per) end
  local turns = floor(elapsed / per)
  local rest = elapsed - turns * per
  return turns * capacity + floor((rest * capacity) / per)
end

function restartBucket(meter, level)
  meter.base = level
  meter.refilled = 0
  meter.at = max(meter.at, NOW)
end

local function seeBucket(meter)
  local elapsed = max(0, NOW - meter.at)
  meter.seen = true
  meter.refilled = refill(meter, elapsed)
  if meter.base + meter.refilled >= meter.capacity then
    restartBucket(meter, meter.capacity)
  elseif elapsed >= meter.per then
    local passed = floor(elapsed / meter.per) * meter.per
    local refilled = refill(meter, passed)
    meter.base = meter.base + refilled
    meter.refilled = meter.refilled - refilled
    meter.at = meter.at + passed
  end
end

--- The end of the window that holds `time`; told in advance where a calendar decides.
function windowEnd(meter, time)
  for _, at in ipairs(meter.ends or {}) do
    if at > time then return at end
  end
  return (floor(time / meter.per) + 1) * meter.per
end

local function seeFixed(meter)
  meter.seen = true
  if NOW < meter.endsAt then return end
  meter.used = 0
  meter.startedAt = meter.endsAt
  meter.endsAt = windowEnd(meter, NOW)
end

function slotPlace(slot) return math.fmod(slot, WINDOW_SLOTS + 1) + 1 end

function addToSlot(meter, slot, amount)
  local place = slotPlace(slot)
  meter.slots[place] = meter.slots[place] + amount
  meter.used = meter.used + amount
end

function emptySlots()
  local slots = {}
  for place = 1, WINDOW_SLOTS + 1 do slots[place] = 0 end
  return slots
end

local function seeSliding(meter)
  meter.seen = true
  if not meter.slots then
    meter.slots = meter.debits and unpackMessage(meter.debits) or emptySlots()
  end
  local target = floor(NOW / meter.slotLength)
  if target <= meter.slot then return end
  if target - meter.slot > WINDOW_SLOTS then
    meter.slots = emptySlots()
    meter.used = 0
  else
    for slot = meter.slot + 1, target do
      local place = slotPlace(slot)
      meter.used = meter.used - meter.slots[place]
      meter.slots[place] = 0
    end
  end
  meter.slot = target
end

local SEE = {
  bucket = seeBucket, fixed = seeFixed, sliding = seeSliding,
  slots = function(meter) meter.seen = true end,
}

--- Brings a meter to this moment.
function see(meter)
  if meter.seen then return end
  SEE[meter.kind](meter)
  meter.isPlain = meter.frozenUntil <= NOW and meter.interval == 0
end

function levelOf(meter)
  if not meter.seen then see(meter) end
  if meter.kind == "bucket" then return meter.base + meter.refilled end
  return meter.capacity - meter.used
end

local function timeUntilBucket(meter, target)
  local lacking = target - meter.base
  local estimate = (lacking * meter.per) / meter.capacity
  if meter.foreign > 0 then estimate = lacking / (meter.rate - meter.foreign) end
  local elapsed = max(0, ceil(estimate) - 1)
  while refill(meter, elapsed) < lacking do elapsed = elapsed + 1 end
  return meter.at + elapsed - NOW
end

local function timeUntilSliding(meter, target)
  local level = meter.capacity - meter.used
  local freesAt = function(slot) return (slot + 1 + WINDOW_SLOTS) * meter.slotLength end
  for slot = max(0, meter.slot - WINDOW_SLOTS), meter.slot do
    level = level + meter.slots[slotPlace(slot)]
    if level >= target then return freesAt(slot) - NOW end
  end
  return freesAt(meter.slot) - NOW
end

local TIME_UNTIL = {
  bucket = timeUntilBucket, sliding = timeUntilSliding,
  fixed = function(meter) return meter.endsAt - NOW end,
  slots = function() return NEVER end,
}

--- Microseconds until a window ends, or all of a sliding one has passed.
function untilReset(meter)
  if meter.kind == "fixed" then return max(0, meter.endsAt - NOW) end
  if levelOf(meter) >= meter.capacity then return 0 end
  return max(0, timeUntilSliding(meter, meter.capacity))
end

--- Microseconds until `amount` fits while `floorAmount` stays untouched; 0 if it fits now.
function waitFor(meter, amount, floorAmount)
  local target = min(amount + floorAmount, max(amount, meter.capacity))
  local wait = 0
  if levelOf(meter) < target then wait = TIME_UNTIL[meter.kind](meter, target) end
  if meter.frozenUntil > NOW and NOW < (meter.probeAt or NEVER) then
    wait = max(wait, meter.frozenUntil - NOW)
  end
  if meter.interval == 0 then return wait end
  return max(wait, ceil(meter.pacedUntil - meter.allowance - NOW))
end

function debit(meter, amount)
  if not meter.seen then see(meter) end
  meter.charged = meter.charged + amount
  if meter.interval > 0 then
    meter.pacedUntil = max(meter.pacedUntil, NOW) + amount * meter.interval
  end
  if meter.frozenUntil > NOW then meter.probeAt = NOW + PROBE_EVERY_MICROS end
  if meter.kind == "bucket" then meter.base = meter.base - amount
  elseif meter.kind == "sliding" then addToSlot(meter, meter.slot, amount)
  else meter.used = meter.used + amount end
end

function adjustBucket(meter, delta)
  meter.base = meter.base + delta
  seeBucket(meter)
end

--- Gives back part of a debit made at `debitedAt`; a negative amount charges more.
function credit(meter, amount, debitedAt)
  see(meter)
  meter.charged = meter.charged - amount
  if meter.kind == "bucket" then
    adjustBucket(meter, amount)
  elseif meter.kind == "slots" then
    meter.used = meter.used - amount
  elseif meter.kind == "fixed" then
    if amount > 0 and debitedAt < meter.startedAt then return end
    meter.used = max(0, meter.used - amount)
  elseif amount < 0 then
    addToSlot(meter, meter.slot, -amount)
  else
    local slot = floor(debitedAt / meter.slotLength)
    if slot < meter.slot - WINDOW_SLOTS then return end
    addToSlot(meter, slot, -min(amount, meter.slots[slotPlace(slot)]))
  end
end
