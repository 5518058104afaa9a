-- State: everything of an account but its waiters and tenants lies in one value, read and written
-- once a step. Bands, meters and paths are numbered from 1 here and from 0 in messages.
PREFIX = KEYS[1]
STATE_KEY = PREFIX .. ":state"
ACCOUNTS_KEY = PREFIX .. ":accounts"
TENANTS_KEY = PREFIX .. ":tenants"
WAITERS_KEY = PREFIX .. ":waiters"
EXPIRY_KEY = PREFIX .. ":expiry"
LATER_KEY = PREFIX .. ":later"
PARKED_KEY = PREFIX .. ":parked"
local INSTANCES_KEY = PREFIX .. ":instances"

request = unpackMessage(ARGV[1])
INSTANCE = request.instance

local function readTime()
  if request.now then return request.now end
  local time = call("TIME")
  return time[1] * 1000000 + time[2]
end

--- Of this step, in microseconds.
NOW = readTime()

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

--- A state of nothing; `options` as in SchedulerOptions.
local function newState(options)
  local bands = bandsOf(options)
  local state = {
    layout = options.layout, sequence = 0, flows = 0, lanes = 0, waiting = 0, later = 0, parked = 0,
    holdback = options.holdback, margin = options.margin, maxWaiting = options.maxWaiting,
    grantsPerPump = options.grantsPerPump,
    bands = bands, meters = {}, paths = {}, meterByKey = {}, pathByKey = {}, pathsOf = {},
    guarantees = sharesOf(options.guarantees, bands, "guarantees"),
    ceilings = sharesOf(options.ceilings or {}, bands, "ceilings"),
  }
  for _, ceiling in ipairs(state.ceilings) do ceiling.level = BURST_NANOS * ceiling.share end
  return state
end

local raw = call("GET", STATE_KEY)
--- All that is not in keys of its own.
S = raw and unpackMessage(raw) or newState(request.options)
