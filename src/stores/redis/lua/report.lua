-- Report: what an instance has to know of the whole to foresee waits and to judge what answers tell.
--- More meters are told with a whole report only.
local METERS_PER_STEP = 64
--- While batch waits it is looked at again at least so often.
local LOOKED_AT_MICROS = 1500000

--- Numbers of the meters that are told, in their order.
local function toldMeters()
  local told = {}
  for index, meter in ipairs(S.meters) do
    if not meter.isFree then told[#told + 1] = index end
  end
  return told
end

local function metersNow(told)
  local list = {}
  for i, index in ipairs(told) do
    local meter = S.meters[index]
    list[i] = {
      meter.key, levelOf(meter), meter.charged, meter.corrections or 0, meter.corrected or 0,
      meter.capacity, meter.per, meter.foreign, meter.margin or -1, max(0, meter.frozenUntil - NOW),
      meter.probeAt and max(0, meter.probeAt - NOW) or -1,
    }
  end
  return list
end

local function addLane(lane, queued, arrived, refused)
  for _, index in ipairs(S.paths[lane.path].meters) do
    local meter = S.meters[index]
    queued[index] = queued[index] + amountInLane(lane.queued, meter)
    arrived[index] = arrived[index] + amountInLane(lane.arrived, meter)
    if lane.refused then
      refused[index] = (refused[index] or 0) + amountInLane(lane.refused, meter)
    end
  end
end

local function inOrder(amounts, told)
  local list = {}
  for i, index in ipairs(told) do list[i] = amounts[index] or 0 end
  return list
end

--- Of each band, as the instance numbers them, what waits, what has ever arrived, and what was refused
--- where it came, by meter.
local function bandsNow(told)
  local list = {}
  for b = 1, #request.options.bands do
    local band = S.bands[bandAt(b - 1)]
    local queued, arrived, refused = {}, {}, {}
    for i = 1, #S.meters do queued[i], arrived[i] = 0, 0 end
    for _, lane in ipairs(band.lanes) do addLane(lane, queued, arrived, refused) end
    refused = next(refused) and inOrder(refused, told) or {}
    list[b] = { band.activeWeight, inOrder(queued, told), inOrder(arrived, told), refused }
  end
  return list
end

--- Notes that are newer than what the instance knows.
local function notesSince(version)
  local list = {}
  if (S.noteVersion or 0) <= version then return list end
  for key, note in pairs(S.notes) do
    if note[1] > version and note[3] ~= INSTANCE then insert(list, { key, note[2] }) end
  end
  return list
end

--- `asked`: the version of the notes it knows.
function reportFor(asked)
  if not asked then return false end
  local isWhole, told = request.isWhole, toldMeters()
  return {
    meters = (isWhole or #told <= METERS_PER_STEP) and metersNow(told) or {},
    bands = isWhole and bandsNow(told),
    holds = isWhole and relief.recentHolds(LOOKED_AT_MICROS) or {},
    notes = notesSince(asked), noteVersion = S.noteVersion or 0,
    instances = isWhole and call("HLEN", INSTANCES_KEY) or 0,
  }
end
