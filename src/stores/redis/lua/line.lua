-- Line: one flow's waiters, the most urgent first. What is added in this step stays in `added`, what
-- Redis holds is read ahead in growing pieces; removals are written with the rest.
local touchedLines = {}

local function lineKey(flow) return PREFIX .. ":line:" .. flow.id end

local function touchLine(flow)
  if flow.added then return end
  flow.added, flow.removed, flow.ahead, flow.from, flow.piece = {}, {}, {}, 1, 1
  insert(touchedLines, flow)
end

function addToLine(flow, waiter)
  touchLine(flow)
  local added = flow.added
  local place = #added + 1
  while place > 1 and isBefore(waiter, added[place - 1]) do place = place - 1 end
  insert(added, place, waiter)
  waiter.isAdded = true
  flow.size = flow.size + 1
end

function removeFromLine(flow, waiter)
  touchLine(flow)
  flow.size = flow.size - 1
  if not waiter.isAdded then
    flow.stored = flow.stored - 1
    insert(flow.removed, waiter.member)
    waiter.isOut = true
    return
  end
  waiter.isAdded = false
  for place, other in ipairs(flow.added) do
    if other == waiter then
      remove(flow.added, place)
      return
    end
  end
end

local function writeRemoved(flow)
  callWithAll("ZREM", lineKey(flow), flow.removed)
  flow.removed = {}
end

local function readAhead(flow)
  writeRemoved(flow)
  flow.ahead = call("ZRANGE", lineKey(flow), 0, flow.piece - 1)
  flow.from = 1
  flow.piece = min(64, flow.piece * 4)
  prefetchWaiters(flow.ahead)
end

local function storedTop(flow)
  while flow.stored > 0 do
    for place = flow.from, #flow.ahead do
      local waiter = waiters[flow.ahead[place]]
      if waiter and waiter.isWaiting and not waiter.isOut then
        flow.from = place
        return waiter
      end
    end
    readAhead(flow)
    if #flow.ahead == 0 then flow.stored = 0 end
    for _, member in ipairs(flow.ahead) do
      if not waiters[member] then -- left behind by nobody we know: it must not hold up the line
        insert(flow.removed, member)
        flow.stored, flow.size = flow.stored - 1, flow.size - 1
      end
    end
  end
  return nil
end

--- The most urgent waiter; nil if there is none.
function topOf(flow)
  touchLine(flow)
  local stored, added = storedTop(flow), flow.added[1]
  if stored == nil then return added end
  if added == nil then return stored end
  return isBefore(added, stored) and added or stored
end

--- The least urgent.
function lastOf(flow)
  touchLine(flow)
  local added = flow.added[#flow.added]
  if flow.stored == 0 then return added end
  writeRemoved(flow)
  local stored = openWaiter(call("ZREVRANGE", lineKey(flow), 0, 0)[1])
  if added == nil then return stored end
  return isBefore(added, stored) and stored or added
end

function saveLines()
  for _, flow in ipairs(touchedLines) do
    writeRemoved(flow)
    local values = {}
    for _, waiter in ipairs(flow.added) do
      insert(values, format("%.17g", waiter.urgency))
      insert(values, waiter.member)
    end
    callWithAll("ZADD", lineKey(flow), values)
  end
end
