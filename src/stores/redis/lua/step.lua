-- Step: a batch of operations, then one pump; everything is read before and written after.
request = unpackMessage(ARGV[1])

local function readTime()
  if request.now then return request.now end
  local time = call("TIME")
  return time[1] * 1000000 + time[2]
end

local function sequencesOf(list)
  local sequences = {}
  for i, waiter in ipairs(list) do sequences[i] = waiter.sequence end
  return sequences
end

NOW = readTime()
INSTANCE = request.instance
raw = call("GET", STATE_KEY)
S = raw and unpackMessage(raw) or newState(request.options)

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
