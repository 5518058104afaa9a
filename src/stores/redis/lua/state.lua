-- State: everything of an account but its waiters and tenants lies in one value, read and written
-- once a step. Bands, meters and paths are numbered from 1 here and from 0 in messages.
-- KEYS[2] never exists: while a cluster moves the slot, one key that is there and one that is not
-- make Redis say TRYAGAIN, so no step ever sees a part of an account.
STATE_KEY = KEYS[1]
PREFIX = STATE_KEY:sub(1, -1 - #":state")
ACCOUNTS_KEY = PREFIX .. ":accounts"
TENANTS_KEY = PREFIX .. ":tenants"
WAITERS_KEY = PREFIX .. ":waiters"
EXPIRY_KEY = PREFIX .. ":expiry"
LATER_KEY = PREFIX .. ":later"
PARKED_KEY = PREFIX .. ":parked"
INSTANCES_KEY = PREFIX .. ":instances"
REPLIES_KEY = PREFIX .. ":replies"

request = unpackMessage(ARGV[1])
INSTANCE = request.instance

local raw = call("GET", STATE_KEY)
local state = raw and unpackMessage(raw)
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
function newLayout(options)
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
    grantsPerPump = options.grantsPerPump, maxAccounts = options.maxAccounts,
    meters = {}, paths = {}, meterByKey = {}, pathByKey = {}, pathsOf = {},
    now = NOW, offset = 0, reapAt = 0, mail = {}, dead = {}, buried = {},
    learningUntil = NOW + options.learningMicros,
  }
  for key, value in pairs(newLayout(options)) do state[key] = value end
  return state
end

--- All that is not in keys of its own.
S = state or newState(request.options)
