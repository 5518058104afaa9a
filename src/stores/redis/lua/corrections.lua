-- Corrections: what instances have learned of limits, for all who share them.
local MOST_NOTES = 1000

--- A shared meter by its number or key, or a tenant's own by tenant and place; nil: it is not known.
local function meterAt(reference)
  if type(reference) == "table" then return ownMeters(reference[1])[reference[2] + 1] end
  local meter
  if type(reference) == "number" then meter = S.meters[reference + 1]
  elseif S.meterByKey[reference] then meter = S.meters[S.meterByKey[reference]] end
  return meter and not meter.isFree and meter or nil
end

--- `correct(meter, reference, ...)`; false where there is no such meter, which may have been forgotten.
local function correction(correct)
  return function(reference, ...)
    local meter = meterAt(reference)
    return meter ~= nil and correct(meter, reference, ...)
  end
end

--- Whoever cannot wait for the meter until it rests no more is told so.
local function endWaits(meter, reference)
  if type(reference) == "table" or meter.frozenUntil <= NOW then return end
  local index = S.meterByKey[meter.key]
  for _, waiter in ipairs(freshWaiters()) do noteHopeless(waiter, index, meter.frozenUntil) end
  S.rests = S.rests or {}
  insert(S.rests, { meter = index, from = "-inf", to = meter.frozenUntil })
end

--- Nothing that touches the meter leaves for so long.
operations.freeze = correction(function(meter, reference, micros)
  meter.frozenUntil = max(meter.frozenUntil, NOW + micros)
  meter.isPlain = false
  endWaits(meter, reference)
  return true
end)

--- The newest word on how long it rests, 0: no more; `probe`: when one request may find out, -1: none.
operations.rest = correction(function(meter, reference, micros, probe)
  meter.frozenUntil = micros > 0 and NOW + micros or 0
  meter.probeAt = probe >= 0 and NOW + probe or nil
  meter.isPlain = false
  endWaits(meter, reference)
  return true
end)

--- `seen`: the number of corrections that are known where this one comes from, -1: it does not
--- matter. What several have seen at the same time is corrected once.
operations.adjust = correction(function(meter, reference, delta, seen)
  local count = meter.corrections or 0
  if seen >= 0 and seen ~= count then return false end
  adjust(meter, delta)
  meter.corrections = count + 1
  meter.corrected = (meter.corrected or 0) + delta
  return seen < 0 or count + 1
end)

operations.resize = correction(function(meter, reference, capacity, per, interval, allowance)
  resize(meter, capacity, per)
  meter.interval, meter.allowance, meter.isPlain = interval, allowance, false
  refreshPaths()
  return true
end)

operations.foreign = correction(function(meter, reference, rate)
  setForeign(meter, rate)
  refreshPaths()
  return true
end)

operations.margin = correction(function(meter, reference, share)
  meter.margin = share
  refreshPaths()
  return true
end)

--- What instances have learned that is no meter's: a breaker, limits that were told. The newest holds;
--- `isFirst`: only where nothing is known.
function operations.note(key, value, isFirst)
  S.notes = S.notes or {}
  local known = S.notes[key]
  if not known then
    if (S.noteCount or 0) >= MOST_NOTES then return false end
    S.noteCount = (S.noteCount or 0) + 1
  elseif isFirst then
    return false
  end
  S.noteVersion = (S.noteVersion or 0) + 1
  S.notes[key] = { S.noteVersion, value, INSTANCE }
  return true
end
