-- Lives: an instance that the store does not know (any more) makes itself known again, under
-- another name.

--- This store lacks what it was told in the last steps: another Redis has taken over, or it is new.
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

function operations.goodbye()
  leaveForGood()
  return true
end

--- A request that is on its way and that this store may not know of. `place` is what `enqueue` is
--- told first; `previous` the life that sent it, empty: it was sent without a store.
function operations.assert(place, since, due, isChainStep, previous)
  local tenant, weight, own, band, path, demand = unpack(place)
  path = pathAt(path)
  if not path then return nextSequence() end
  local open, key, sequence = openPath(path), accountKey(bandAt(band), tenant), nextSequence()
  changeAccount(flowFor(key, weight, own, path).account)
  local isCounted = S.buried[previous] ~= nil
  local function take(meter, column)
    local isInLevel = isCounted or (meter.isTold and previous ~= "")
    if column == SLOT or not isInLevel then debit(meter, amountAt(demand, column, meter)) end
  end
  for i = 1, open.count do take(open.meters[i], open.columns[i]) end
  for _, meter in ipairs(own and ownMeters(tenant) or {}) do take(meter, ownColumn(meter)) end
  local waiter = waiterOf(demand, key, open, urgencyOf(due, isChainStep), NOW)
  open.record.running = open.record.running + 1
  keepGrant(memberOf(sequence), waiter, NOW - since, open.record.service)
  return sequence
end

--- What was counted for a request of an earlier life. `isUnsettled`: its reservation was given back
--- when that life was left; else its settlement may be among what this store has lost.
function operations.charge(path, counted, isUnsettled)
  if not isLossy and not (isUnsettled and hasEnded) then return false end
  path = pathAt(path)
  if not path then return false end
  local open = openPath(path)
  for i = 1, open.count do
    local meter, column = open.meters[i], open.columns[i]
    if column ~= SLOT and not meter.isTold then debit(meter, amountAt(counted, column, meter)) end
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
