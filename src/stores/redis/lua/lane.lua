-- Lane: the flows of one band on one path, in the order of their turns. They are read in growing
-- pieces, each after the one before, because nothing is written meanwhile; what has changed in this
-- step is laid over them.
local FIRST_PIECE, LARGEST_PIECE = 2, 64

local fronts, touched = {}, {}

local function frontOf(lane)
  local front = fronts[lane]
  if front then return front end
  front = {
    lane = lane, list = {}, pending = {}, isRead = false, read = 0, piece = FIRST_PIECE,
    hidden = 0, hiddenMembers = {},
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

--- `tag` false: it is not there any more.
local function note(front, flow, tag) front.pending[memberOfFlow(flow)] = tag end

local LANE = keyIn(QUEUE, "lane:")

local function laneKey(lane) return LANE .. lane.number end

local function comesBefore(tag, id, entry)
  local other = entry.tag
  if tag == other then return id < entry.id end
  return tag < other
end

--- Into the part that has been read, if it belongs there.
local function place(front, flow)
  if not front.isRead then return end
  local list, tag, id = front.list, flow.tag, flow.id
  if front.last and not comesBefore(tag, id, front.last) then return end
  local at = #list + 1
  while at > 1 and comesBefore(tag, id, list[at - 1]) do at = at - 1 end
  insert(list, at, { tag = tag, id = id, flow = flow })
end

local function takeOut(front, id)
  local list = front.list
  for at = 1, #list do
    if list[at].id == id then
      remove(list, at)
      return
    end
  end
end

function addToLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, flow.tag)
  lane.size = lane.size + 1
  activate(lane, flow.band)
  place(front, flow)
end

function removeFromLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, false)
  lane.size = lane.size - 1
  takeOut(front, flow.id)
end

--- Its tag has changed.
function rekeyInLane(lane, flow)
  local front = frontOf(lane)
  note(front, flow, flow.tag)
  takeOut(front, flow.id)
  place(front, flow)
end

--- Out of sight until `showInLane`, without having left.
function hideInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = true
  flow.hiddenTag = flow.tag
  front.hidden = front.hidden + 1
  front.hiddenMembers[memberOfFlow(flow)] = true
  takeOut(front, flow.id)
end

function showInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = nil
  front.hidden = front.hidden - 1
  front.hiddenMembers[memberOfFlow(flow)] = nil
  if flow.tag ~= flow.hiddenTag then note(front, flow, flow.tag) end
  place(front, flow)
end

local function idOf(member) return tonumber(member:sub(1, 8), 16) end

--- What Redis has and has not changed since.
local function unchanged(front, found)
  local pending, hidden, entries, n = front.pending, front.hiddenMembers, {}, 0
  for i = 1, #found, 2 do
    local member = found[i]
    if pending[member] == nil and not hidden[member] then
      n = n + 1
      entries[n] = { tag = tonumber(found[i + 1]), id = idOf(member), member = member }
    end
  end
  return entries
end

--- Adds what has changed to a place before `last`; nil: all.
local function addChanged(front, entries, last)
  local hidden, n = front.hiddenMembers, #entries
  local stored = n
  for member, tag in pairs(front.pending) do
    if tag and not hidden[member] then
      local id = idOf(member)
      if not last or comesBefore(tag, id, last) then
        n = n + 1
        entries[n] = { tag = tag, id = id, member = member }
      end
    end
  end
  if n == stored then return end
  table.sort(entries, function(a, b) return comesBefore(a.tag, a.id, b) end)
end

local function readPiece(front)
  local first, count = front.read, front.piece
  front.read, front.piece = first + count, min(LARGEST_PIECE, count * 4)
  local found = call("ZRANGE", laneKey(front.lane), first, first + count - 1, "WITHSCORES")
  local list = unchanged(front, found)
  local last, keys = nil, {}
  if #found == 2 * count then
    last = { tag = tonumber(found[2 * count]), id = idOf(found[2 * count - 1]) }
  end
  for i = 1, #list do keys[i] = list[i].member:sub(9) end
  if #keys > 2 then prefetchAccounts(keys) end
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
  local flow = entry.flow
  if not flow then
    flow = flowOfMember(entry.member)
    entry.flow = flow
  end
  return flow
end

function lastInLane(lane)
  local front = frontOf(lane)
  local changed = 0
  for _ in pairs(front.pending) do changed = changed + 1 end
  local found = call("ZREVRANGE", laneKey(lane), 0, changed, "WITHSCORES")
  local entries = unchanged(front, found)
  addChanged(front, entries, nil)
  local last = entries[1]
  for i = 2, #entries do
    if comesBefore(last.tag, last.id, entries[i]) then last = entries[i] end
  end
  return flowOfMember(last.member)
end

local function savePending(front)
  local added, removed, n, m = {}, {}, 0, 0
  for member, tag in pairs(front.pending) do
    if tag then
      n = n + 2
      added[n - 1], added[n] = tag, member
    else
      m = m + 1
      removed[m] = member
    end
  end
  callWithAll("ZREM", laneKey(front.lane), removed)
  callWithAll("ZADD", laneKey(front.lane), added)
end

function saveLanes()
  for i = 1, #touched do savePending(touched[i]) end
end
