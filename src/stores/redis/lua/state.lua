-- State: everything of an account but its waiters and tenants lies in one value, read and written
-- once a step. Bands, meters and paths are numbered from 1 here and from 0 in messages.
request = unpackMessage(ARGV[1])
INSTANCE = request.instance

local state, remains = readState()
LIFE = state and state.life or newLife()
TENANTS_KEY = keyIn(LIFE, "tenants")
INSTANCES_KEY = keyIn(LIFE, "instances")
REPLIES_KEY = keyIn(LIFE, "replies")

--- What is known of the instance that asks; nil: it has not been here, or is no longer counted in.
KNOWN = call("HGET", INSTANCES_KEY, INSTANCE)
KNOWN = KNOWN and unpackMessage(KNOWN) or nil

--- Instances measure the time between their steps themselves. Where Redis's clock disagrees by more
--- than this, it has been set, and our time goes on as if it had not.
local CLOCK_JUMP_MICROS = 1000000

local function readTime()
  if request.now then return request.now end
  local time = call("TIME")
  return time[1] * 1000000 + time[2]
end

local function steadyTime()
  local time = readTime()
  if not state then return time end
  time = time + state.offset
  if KNOWN and request.elapsed then
    local drift = time - (KNOWN.at + request.elapsed)
    if drift > CLOCK_JUMP_MICROS or drift < -CLOCK_JUMP_MICROS then
      state.offset = state.offset - drift
      time = time - drift
    end
  end
  return max(time, state.now)
end

--- Of this step, in microseconds; never runs back.
NOW = steadyTime()

local function bandsOf(options)
  local bands = {}
  for b = 1, #options.bands do
    bands[b] = {
      waiting = 0, clock = 0, front = 0, competing = 0, activeWeight = 0, peakWeight = 0,
      lanes = {}, guarantees = {}, ceilings = {},
    }
  end
  return bands
end

--- Batch bands that are held back under pressure, and those that press on them, while there are any.
local function markBands(state)
  local held = state.relief and state.relief.held or {}
  for b, band in ipairs(state.bands) do
    band.isHeld = nil
    band.isPressing = #held > 0 and state.names[b].latency ~= "batch" or nil
  end
  for _, b in ipairs(held) do state.bands[b + 1].isHeld = true end
end

local function sharesOf(list, bands, kind)
  local shares = {}
  for i, options in ipairs(list) do
    local share = { share = options.share, bands = {}, at = NOW, level = 0, waiting = 0 }
    for place, band in ipairs(options.bands) do
      share.bands[place] = band + 1
      insert(bands[band + 1][kind], i)
    end
    shares[i] = share
  end
  return shares
end

BURST_NANOS = 1000000000

--- What follows from the configured bands; `options` as in SchedulerOptions.
local function newLayout(options)
  local bands = bandsOf(options)
  local layout = {
    layout = options.layout, names = options.bands, bands = bands,
    guarantees = sharesOf(options.guarantees, bands, "guarantees"),
    ceilings = sharesOf(options.ceilings or {}, bands, "ceilings"),
  }
  for _, ceiling in ipairs(layout.ceilings) do ceiling.level = BURST_NANOS * ceiling.share end
  return layout
end

--- A state of nothing.
local function newState(options)
  local state = {
    epoch = 1, sequence = 0, flows = 0, lanes = 0, waiting = 0, later = 0, parked = 0,
    holdback = options.holdback, margin = options.margin, maxWaiting = options.maxWaiting,
    relief = options.relief,
    grantsPerPump = options.grantsPerPump, maxAccounts = options.maxAccounts,
    meters = {}, paths = {}, meterByKey = {}, pathByKey = {}, pathsOf = {},
    freeMeters = {}, freePaths = {},
    life = LIFE, steps = 0, failures = 0, remains = remains,
    now = NOW, offset = 0, reapAt = 0, quietUntil = 0, mail = {}, dead = {}, buried = {},
    learningUntil = NOW + options.learningMicros,
  }
  for key, value in pairs(newLayout(options)) do state[key] = value end
  markBands(state)
  return state
end

--- All that is not in keys of its own.
S = state or newState(request.options)

local RULES = { "holdback", "margin", "relief", "maxWaiting", "grantsPerPump", "maxAccounts" }
--- By then all have told what they have waiting; until then nothing is granted.
local RETOLD_MICROS = 100000
--- This step has changed the bands.
HAS_NEW_LAYOUT = false

--- Another queue begins: nobody presses yet, and nothing is held.
local function forgetPressure()
  for _, path in ipairs(S.paths) do path.hold = nil end
  for _, meter in ipairs(S.meters) do meter.arriving, meter.pressing = nil, nil end
end

--- Bands, guarantees and ceilings come from the instances' configuration. The one that was started or
--- reloaded last decides: another queue begins, in which whoever waits is told again by its instance;
--- what was granted stays.
local function adoptLayout(options)
  for _, rule in ipairs(RULES) do S[rule] = options[rule] end
  if S.layout == options.layout then
    markBands(S)
    return
  end
  HAS_NEW_LAYOUT = true
  S.remains = S.remains or {}
  insert(S.remains, queueRemains(S))
  for key, value in pairs(newLayout(options)) do S[key] = value end
  markBands(S)
  forgetPressure()
  S.waiting, S.later, S.parked, S.flows, S.lanes, S.rests = 0, 0, 0, 0, 0, nil
  for _, path in ipairs(S.paths) do path.waiting = 0 end
  S.epoch, S.quietUntil = S.epoch + 1, 0
  S.learningUntil = max(S.learningUntil, NOW + RETOLD_MICROS)
end

if request.isNewest then adoptLayout(request.options) end

--- What belongs to the queue as it is under these bands.
QUEUE = queueLife(S)
ACCOUNTS_KEY = keyIn(QUEUE, "accounts")
WAITERS_KEY = keyIn(QUEUE, "waiters")
EXPIRY_KEY = keyIn(QUEUE, "expiry")
LATER_KEY = keyIn(QUEUE, "later")
PARKED_KEY = keyIn(QUEUE, "parked")
