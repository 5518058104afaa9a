-- Step: a batch of operations, then one pump; everything is read before and written after.
local function sequencesOf(list)
  local sequences = {}
  for i, waiter in ipairs(list) do sequences[i] = tonumber(waiter.member) end
  return sequences
end

local results = {}
for i, operation in ipairs(request.operations) do
  results[i] = operations[operation[1]](unpack(operation, 2))
end
collectHopeless()
pump(hopeless)
saveGrants()
saveLanes()
saveLines()
saveWaiters()
saveAccounts()
saveTenants()
local wakeAt = wakeTime()
for _, meter in ipairs(S.meters) do putAway(meter) end
call("SET", STATE_KEY, pack(S))
return pack({
  now = NOW, wakeAt = wakeAt < NEVER and wakeAt or -1, results = results,
  granted = sequencesOf(granted), expired = sequencesOf(expired), displaced = sequencesOf(displaced),
})
