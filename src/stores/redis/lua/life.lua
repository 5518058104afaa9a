-- Life: the state of an account is one value, and every other key belongs to one life of it. Redis takes
-- nothing back of a step that fails while it writes; so the state says that a step writes. Whoever finds
-- that, or a state whose parts do not agree, begins a new life: nothing of the old one is read.
-- An account that nobody uses any more is forgotten when its limits have long filled up again.
-- KEYS[2] never exists: while a cluster moves the slot, one key that is there and one that is not
-- make Redis say TRYAGAIN, so no step ever sees a part of an account.
STATE_KEY = KEYS[1]
PREFIX = STATE_KEY:sub(1, -1 - #":state")

local WRITING = "!"
local AUDIT_EVERY = 16
--- Steps in a row that could not decide: what they read must be wrong.
local MOST_FAILURES = 8

function keyIn(life, name) return PREFIX .. ":" .. life .. ":" .. name end

--- With other bands another queue begins, in the same life.
function queueLife(state) return state.life .. "." .. state.epoch end

function queueRemains(state)
  return { life = queueLife(state), flows = state.flows, lanes = state.lanes, names = {} }
end

--- Keys that something else has emptied or removed, an eviction perhaps, are found by their size.
local function isWhole(state)
  local function size(command, name) return call(command, keyIn(queueLife(state), name)) end
  return size("HLEN", "waiters") == state.waiting and size("ZCARD", "expiry") == state.waiting
    and size("ZCARD", "later") == state.later and size("ZCARD", "parked") == state.parked
end

--- What has to be removed once the life has ended.
local function remainsOf(state)
  local remains, names = {}, {}
  for i, past in ipairs(state.remains or {}) do remains[i] = past end
  for instance in pairs(state.dead) do insert(names, instance) end
  insert(remains, { life = state.life, flows = 0, lanes = 0, names = names })
  insert(remains, queueRemains(state))
  return remains
end

--- The state, or nil and what an earlier life has left.
function readState()
  local raw = call("GET", STATE_KEY)
  if not raw then return nil, nil end
  if raw:sub(1, 1) == WRITING then return nil, unpackMessage(raw:sub(2)) end
  local state = unpackMessage(raw)
  if state.steps % AUDIT_EVERY ~= 0 or isWhole(state) then return state, nil end
  return nil, remainsOf(state)
end

function newLife()
  local time = call("TIME")
  return format("%x%05x", time[1], time[2])
end

local KEPT_LEAST_MS = 86400000
local RENEW_MICROS = 3600000000
--- While it is young its keys appear one after the other.
local YOUNG_STEPS = 64

--- Twice the longest window, in milliseconds.
local function keptFor(state)
  local longest = 0
  for _, meter in ipairs(state.meters) do
    if not meter.isFree then longest = max(longest, meter.per) end
  end
  return max(KEPT_LEAST_MS, ceil(2 * longest / 1000))
end

--- The state's own time is set with each step, that of `keys` an hour ahead of it, now and then.
function keep(state, now, keys, isRenewed)
  local isDue = now - (state.keptAt or 0) >= RENEW_MICROS
  if not isDue and not isRenewed and state.steps >= YOUNG_STEPS then return end
  state.keptAt, state.kept = now, keptFor(state)
  local time = format("%.0f", state.kept + RENEW_MICROS / 1000)
  for i = 1, #keys do call("PEXPIRE", keys[i], time) end
end

local function saveState(state, text)
  call("SET", STATE_KEY, text, "PX", format("%.0f", state.kept or KEPT_LEAST_MS))
end

--- From here on the account is damaged until its state is written.
function beginWriting(state) saveState(state, WRITING .. pack(remainsOf(state))) end

function endWriting(state)
  state.steps, state.failures = state.steps + 1, 0
  saveState(state, pack(state))
end

--- A step could not decide: its batch is at fault, or what it has read.
function noteFailure()
  local state = readState()
  if not state then return end
  state.failures = state.failures + 1
  if state.failures >= MOST_FAILURES or not isWhole(state) then beginWriting(state)
  else saveState(state, pack(state)) end
end
