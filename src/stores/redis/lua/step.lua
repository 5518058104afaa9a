-- Step: a batch of operations, then one pump; first everything is decided, then it is written.
--- How long after something was due somebody else comes for it, and the same for each that lives:
--- the more there are, the sooner the first of them is here.
local BACKUP_MICROS = 30000
local BACKUP_EACH_MICROS = 2000

local results, aheads = {}, {}
local isPumped = false
local function decide()
  beginStep()
  relief.passSeconds()
  for i, operation in ipairs(request.operations) do
    results[i] = operations[operation[1]](unpack(operation, 2))
    aheads[i] = takeAhead()
  end
  tidyUp()
  collectHopeless()
  if isQuiet() then return end
  pump(hopeless)
  isPumped = true
end

local isDecided, problem = pcall(decide)
if not isDecided then
  noteFailure()
  error(problem, 0)
end

beginWriting(S)
doWrites()
saveGrants()
saveBacklog()
saveLanes()
saveLines()
saveWaiters()
saveAccounts()
saveTenants()
for _, waiter in ipairs(granted) do tell("granted", waiter) end
for _, waiter in ipairs(expired) do tell("expired", waiter) end
for _, waiter in ipairs(displaced) do tell("displaced", waiter) end
wakeAll()
local mail = fetchMail()
local wakeAt = wakeTime(isPumped)
-- One instance steps when something is due; the others only if it has not.
local backup = max(BACKUP_MICROS, BACKUP_EACH_MICROS * call("HLEN", INSTANCES_KEY))
local isKeeper = S.keeper == INSTANCE or NOW >= (S.keeperUntil or 0)
if isKeeper then
  S.keeper = INSTANCE
  S.keeperUntil = wakeAt < NEVER and wakeAt + backup or NOW
elseif #mail.granted == 0 then
  wakeAt = wakeAt + backup
end
local report = reportFor(request.report)
for _, meter in ipairs(S.meters) do putAway(meter) end
local reply = pack({
  now = NOW, epoch = S.epoch, wakeAt = wakeAt < NEVER and wakeAt or -1,
  results = results, aheads = aheads, report = report,
  granted = mail.granted, expired = mail.expired, displaced = mail.displaced,
})
endStep(reply)
keep(S, NOW, { ACCOUNTS_KEY, TENANTS_KEY, INSTANCES_KEY, REPLIES_KEY }, request.number and not KNOWN)
endWriting(S)
return reply
