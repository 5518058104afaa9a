-- Rests: a meter that rests makes the wait of some who wait for it hopeless. They are looked for in
-- the order in which their waits end, so many a step.
local RESTED_PER_STEP = 2000
hopeless = {}

function touches(path, meter)
  for _, index in ipairs(S.paths[path].meters) do
    if index == meter then return true end
  end
  return false
end

function noteHopeless(waiter, meter, untilTime)
  if waiter[LATER] == 1 or waiter[EXPIRES] >= untilTime then return end
  if touches(waiter[PATH], meter) then insert(hopeless, waiter) end
end

function collectHopeless()
  local rests = S.rests or {}
  S.rests = nil
  for _, rest in ipairs(rests) do
    local to = "(" .. format("%.0f", rest.to)
    local range = { EXPIRY_KEY, rest.from, to, "WITHSCORES", "LIMIT", 0, RESTED_PER_STEP }
    local found = call("ZRANGEBYSCORE", unpack(range))
    local members = {}
    for i = 1, #found, 2 do insert(members, found[i]) end
    prefetchWaiters(members)
    for _, member in ipairs(members) do
      local waiter = openWaiter(member)
      if waiter then noteHopeless(waiter, rest.meter, rest.to) end
    end
    if #members == RESTED_PER_STEP then
      S.rests = S.rests or {}
      insert(S.rests, { meter = rest.meter, from = found[#found], to = rest.to })
      wakeAfter(0)
    end
  end
end
