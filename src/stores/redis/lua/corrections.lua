-- Corrections: what instances have learned of limits, for all who share them.
--- A shared meter by its number or key, or a tenant's own by tenant and place.
local function meterAt(reference)
  if type(reference) == "number" then return S.meters[reference + 1] end
  if type(reference) == "string" then return S.meters[S.meterByKey[reference]] end
  return ownMeters(reference[1])[reference[2] + 1]
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
