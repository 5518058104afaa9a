-- Lane: the flows of one band on one path, in the order of their turns. They are read in growing
-- pieces, each after the one before, because nothing is written meanwhile; what has changed in this
-- step is laid over them. Their tags lie with their accounts, too: Redis is slow at telling scores.
local LEAST_PIECE, LARGEST_PIECE = 2, 64

local fronts, touched = {}, {}

local function frontOf(lane)
  local front = fronts[lane]
  if front then return front end
  front = {
    lane = lane, list = {}, pending = {}, isRead = false, read = 0, hidden = 0, hiddenMembers = {},
    -- As many as had a turn in the last step.
    piece = min(LARGEST_PIECE, max(LEAST_PIECE, (lane.turns or 0) + 1)),
  }
  fronts[lane] = front
  touched[#touched + 1] = front
  return front
end

--- Of each band, by path, and those that have flows or have had some in this step.
local lanesOf, activeOf = {}, {}

local function lanesByPath(band)
  local byPath = lanesOf[band]
  if byPath then return byPath end
  byPath = {}
  for i = 1, #band.lanes do byPath[band.lanes[i].path] = band.lanes[i] end
  lanesOf[band] = byPath
  return byPath
end

function activeLanes(band)
  local active = activeOf[band]
  if active then return active end
  active = {}
  for i = 1, #band.lanes do
    local lane = band.lanes[i]
    if lane.size > 0 then
      active[#active + 1] = lane
      active[lane] = true
    end
  end
  activeOf[band] = active
  return active
end

local function activate(lane, band)
  local active = activeOf[band]
  if not active or active[lane] then return end
  active[#active + 1] = lane
  active[lane] = true
end

function laneFor(band, path)
  local byPath = lanesByPath(band)
  local lane = byPath[path]
  if lane then return lane end
  S.lanes = S.lanes + 1
  lane = {
    number = S.lanes, path = path, clock = 0, front = 0, size = 0, sparse = 0,
    queued = { 0, 0, 0, 0, 0, 0 }, arrived = { 0, 0, 0, 0, 0, 0 },
  }
  insert(band.lanes, lane)
  byPath[path] = lane
  return lane
end

function laneOfFlow(flow)
  local lane = flow.lane
  if not lane then
    lane = laneFor(flow.band, flow.path)
    flow.lane = lane
  end
  return lane
end

--- Is it there from now on, with another tag?
local function note(front, flow, isThere) front.pending[memberOfFlow(flow)] = isThere and flow end

local LANE = keyIn(QUEUE, "lane:")

local function laneKey(lane) return LANE .. lane.number end

local function comesBefore(flow, tag, id)
  if flow.tag == tag then return flow.id < id end
  return flow.tag < tag
end

local function flowIn(entry)
  local flow = entry.flow
  if not flow then
    flow = flowOfMember(entry.member)
    entry.flow = flow
  end
  return flow
end

local function isAfter(entry, flow)
  local other = flowIn(entry)
  return comesBefore(flow, other.tag, other.id)
end

--- Does it belong to the part that has been read? `last` is where that ends in Redis.
local function isWithin(flow, last) return not last or comesBefore(flow, last.storedTag, last.id) end

--- Into the part that has been read, if it belongs there.
local function place(front, flow)
  if not front.isRead or not isWithin(flow, front.last) then return end
  local list = front.list
  local at = #list + 1
  while at > 1 and isAfter(list[at - 1], flow) do at = at - 1 end
  insert(list, at, { flow = flow, member = memberOfFlow(flow) })
end

local function takeOut(front, flow)
  local list, member = front.list, memberOfFlow(flow)
  for at = 1, #list do
    if list[at].member == member then
      remove(list, at)
      return
    end
  end
end

function addToLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, true)
  lane.size = lane.size + 1
  activate(lane, flow.band)
  place(front, flow)
end

function removeFromLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, false)
  lane.size = lane.size - 1
  takeOut(front, flow)
end

--- Its tag has changed.
function rekeyInLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, true)
  takeOut(front, flow)
  place(front, flow)
end

--- Out of sight until `showInLane`, without having left.
function hideInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = true
  flow.hiddenTag = flow.tag
  front.hidden = front.hidden + 1
  front.hiddenMembers[memberOfFlow(flow)] = true
  takeOut(front, flow)
end

function showInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = nil
  front.hidden = front.hidden - 1
  front.hiddenMembers[memberOfFlow(flow)] = nil
  if flow.tag ~= flow.hiddenTag then note(front, flow, true) end
  place(front, flow)
end

--- What Redis has and has not changed since.
local function unchanged(front, found)
  local pending, hidden, entries, n = front.pending, front.hiddenMembers, {}, 0
  for i = 1, #found do
    local member = found[i]
    if pending[member] == nil and not hidden[member] then
      n = n + 1
      entries[n] = { member = member }
    end
  end
  return entries
end

--- Adds what has changed to a place before `last`; nil: all.
local function addChanged(front, entries, last)
  local hidden, n = front.hiddenMembers, #entries
  local stored = n
  for member, flow in pairs(front.pending) do
    if flow and not hidden[member] and isWithin(flow, last) then
      n = n + 1
      entries[n] = { flow = flow, member = member }
    end
  end
  if n == stored then return end
  table.sort(entries, function(a, b) return isAfter(b, flowIn(a)) end)
end

local function readPiece(front)
  local first, count = front.read, front.piece
  front.read, front.piece = first + count, min(LARGEST_PIECE, count * 4)
  local found = call("ZRANGE", laneKey(front.lane), first, first + count - 1)
  local list = unchanged(front, found)
  local keys = {}
  for i = 1, #list do keys[i] = list[i].member:sub(9) end
  if #keys > 2 then prefetchAccounts(keys) end
  local last = #found == count and flowOfMember(found[count]) or nil
  addChanged(front, list, last)
  front.list = list
  front.isRead = true
  front.last = last
end

--- The flow whose turn it is; nil if none is in sight.
function topOfLane(lane)
  local front = fronts[lane] or frontOf(lane)
  if lane.size - front.hidden <= 0 then return nil end
  while not front.isRead or (#front.list == 0 and front.last) do readPiece(front) end
  local entry = front.list[1]
  if entry == nil then return nil end
  return flowIn(entry)
end

function lastInLane(lane)
  local front = frontOf(lane)
  local changed = 0
  for _ in pairs(front.pending) do changed = changed + 1 end
  local entries = unchanged(front, call("ZREVRANGE", laneKey(lane), 0, changed))
  addChanged(front, entries, nil)
  local last = entries[1]
  for i = 2, #entries do
    if isAfter(entries[i], flowIn(last)) then last = entries[i] end
  end
  return flowIn(last)
end

local function savePending(front)
  local added, removed, n, m = {}, {}, 0, 0
  for member, flow in pairs(front.pending) do
    if flow then
      n = n + 2
      added[n - 1], added[n] = flow.tag, member
    else
      m = m + 1
      removed[m] = member
    end
  end
  if front.isRead then front.lane.turns = n / 2 + m end
  callWithAll("ZREM", laneKey(front.lane), removed)
  callWithAll("ZADD", laneKey(front.lane), added)
end

function saveLanes()
  for i = 1, #touched do savePending(touched[i]) end
end
