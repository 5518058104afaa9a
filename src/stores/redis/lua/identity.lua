-- Identity: a batch that was answered before gets the same answer again; an instance whose last
-- batches are not here is told so, and does nothing until it has made itself known again.
if request.number then
  if KNOWN and KNOWN.number == request.number then
    return call("HGET", REPLIES_KEY, INSTANCE)
  end
  if request.number > 1 and (not KNOWN or KNOWN.number ~= request.number - 1) then
    return pack({ isUnknown = true, known = KNOWN and KNOWN.number or 0, now = NOW })
  end
end
