-- Line: one flow's waiters, the most urgent first. What is added in this step stays in `added`,
-- what Redis holds is read ahead in growing pieces, each after the one before, because nothing is
-- written meanwhile.
local MOST_AHEAD = 64

local touched = {}
--- Never written to.
local NOTHING_YET = {}

local LINE = keyIn(QUEUE, "line:")

local function lineKey(flow) return LINE .. flow.id end

local function touch(flow)
  if flow.piece then return end
  flow.piece, flow.read, flow.from, flow.ahead, flow.added = 1, 0, 1, NOTHING_YET, NOTHING_YET
  touched[#touched + 1] = flow
end

function addToLine(flow, waiter)
  touch(flow)
  if flow.added == NOTHING_YET then flow.added = {} end
  local added = flow.added
  local place = #added + 1
  while place > 1 and isBefore(waiter, added[place - 1]) do place = place - 1 end
  insert(added, place, waiter)
  waiter.isAdded = true
  flow.size = flow.size + 1
end

local function noteRemoved(flow, member)
  local removed = flow.removed
  if removed then removed[#removed + 1] = member else flow.removed = { member } end
end

function removeFromLine(flow, waiter)
  touch(flow)
  flow.size = flow.size - 1
  if not waiter.isAdded then
    flow.stored = flow.stored - 1
    noteRemoved(flow, waiter.member)
    waiter.isOut = true
    return
  end
  waiter.isAdded = false
  local added = flow.added
  for place = 1, #added do
    if added[place] == waiter then
      remove(added, place)
      return
    end
  end
end

local function readAhead(flow)
  local first, count = flow.read, flow.piece
  flow.ahead = call("ZRANGE", lineKey(flow), first, first + count - 1)
  flow.from, flow.read, flow.piece = 1, first + count, min(MOST_AHEAD, count * 4)
  prefetchWaiters(flow.ahead)
  if #flow.ahead == 0 then flow.stored = 0 end
end

--- What nobody knows any more must not hold up the line.
local function dropUnknown(flow)
  for i = 1, #flow.ahead do
    if isLost(flow.ahead[i]) then
      noteRemoved(flow, flow.ahead[i])
      flow.stored, flow.size = flow.stored - 1, flow.size - 1
    end
  end
end

local function storedTop(flow)
  while flow.stored > 0 do
    local ahead = flow.ahead
    for place = flow.from, #ahead do
      local waiter = openWaiter(ahead[place])
      if waiter and not waiter.isOut then
        flow.from = place
        return waiter
      end
    end
    readAhead(flow)
    dropUnknown(flow)
  end
  return nil
end

--- The most urgent waiter; nil if there is none.
function topOf(flow)
  touch(flow)
  local stored, added = storedTop(flow), flow.added[1]
  if stored == nil then return added end
  if added == nil then return stored end
  return isBefore(added, stored) and added or stored
end

--- The least urgent.
function lastOf(flow)
  touch(flow)
  local added = flow.added[#flow.added]
  if flow.stored == 0 then return added end
  local stored
  local removed = flow.removed and #flow.removed or 0
  for _, member in ipairs(call("ZREVRANGE", lineKey(flow), 0, removed)) do
    stored = openWaiter(member)
    if stored then break end
  end
  if added == nil then return stored end
  return isBefore(added, stored) and stored or added
end

function saveLines()
  for i = 1, #touched do
    local flow = touched[i]
    local added = flow.added
    if flow.removed then callWithAll("ZREM", lineKey(flow), flow.removed) end
    if #added > 0 then
      local values = {}
      for n = 1, #added do
        values[2 * n - 1], values[2 * n] = added[n][URGENCY], added[n].member
      end
      callWithAll("ZADD", lineKey(flow), values)
    end
  end
end
