-- Path: the shared meters that one kind of request must fit in, with prices and floors as they are
-- now.
SLOT, UNITS = -1, -2
--- Where a platform's own units are, in a demand that was sent and in a waiter.
DEMAND_UNITS, UNITS_AT = 6, 15
COLUMN_OF = {
  requests = 1, tokens = 2, input_tokens = 3, output_tokens = 4, usd = 5, concurrency = SLOT,
}
FIRST_SERVICE_MICROS = 1000000
local SERVICE_GAIN, KEPT_GAIN, MOST_KEPT = 0.1, 0.02, 2

--- By number; what follows from its meters is worked out once a step.
local openPaths = {}

local function priceSlots(path)
  local slots = path.slots
  for n = 1, #slots do
    local i = slots[n]
    path.nanos[i] = (path.record.service * 1000) / path.meters[i].capacity
  end
end

--- Each dimension once.
local function noteUnits(units, dimension)
  for _, known in ipairs(units) do
    if known == dimension then return end
  end
  insert(units, dimension)
end

function openPath(number)
  local path = openPaths[number]
  if path then return path end
  local record = S.paths[number]
  path = {
    number = number, record = record, indexes = record.meters, meters = {}, columns = {},
    floorsFirst = {}, floorsOther = {}, nanos = {}, slots = {}, sharedPlaces = {}, sharedWith = {},
    count = #record.meters, units = {},
  }
  for i, index in ipairs(record.meters) do
    local meter = S.meters[index]
    local column = COLUMN_OF[meter.dimension] or UNITS
    local margin = column == SLOT and 0 or ceil(meter.capacity * (meter.margin or S.margin))
    local held = meter.kind == "bucket" and ceil(meter.capacity * S.holdback) or 0
    path.meters[i] = meter
    path.columns[i] = column
    path.floorsFirst[i] = margin
    path.floorsOther[i] = margin + held
    if column == UNITS then noteUnits(path.units, meter.dimension) end
    if column == SLOT then insert(path.slots, i)
    else path.nanos[i] = 1000 / (meter.rate - meter.foreign) end
    if S.pathsOf[index] > 1 then insert(path.sharedPlaces, i) end
  end
  path.allShared = #path.sharedPlaces == path.count
  priceSlots(path)
  openPaths[number] = path
  return path
end

--- Limits, margins or others' traffic have changed.
function refreshPaths() openPaths = {} end

--- Of its meters, the places of those that the other path has too.
function placesSharedWith(path, other)
  local places = path.sharedWith[other.number]
  if places then return places end
  places = {}
  for i, index in ipairs(path.indexes) do
    for _, theirs in ipairs(other.indexes) do
      if theirs == index then insert(places, i) break end
    end
  end
  path.sharedWith[other.number] = places
  return places
end

--- The amount that a demand asks of a meter with this column; a demand is five columns and units.
function amountAt(demand, column, meter)
  if column > 0 then return demand[column] end
  if column == SLOT then return MICRO_UNITS end
  local units = demand[UNITS_AT] or demand[DEMAND_UNITS]
  return type(units) == "table" and units[meter.dimension] or 0
end

function longestCost(path, costs)
  local place = 1
  for i = 2, path.count do if costs[i] > costs[place] then place = i end end
  return path.meters[place].capacity * path.nanos[place]
end

function recordUse(path, charged, real)
  local record = path.record
  for i = 1, path.count do
    record.charged[i] = record.charged[i] + KEPT_GAIN * (charged[i] - record.charged[i])
    local use = min(real[i], MOST_KEPT * charged[i])
    record.real[i] = record.real[i] + KEPT_GAIN * (use - record.real[i])
  end
end

function recordService(path, micros)
  local record = path.record
  record.service = record.service + SERVICE_GAIN * (max(1, micros) - record.service)
  priceSlots(path)
end
