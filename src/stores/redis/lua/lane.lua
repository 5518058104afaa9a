-- Lane: the flows of one band on one path, in the order of their turns. The first of them are read
-- in growing pieces; changes stay here until the next piece is read or the step ends.
local FIRST_PIECE, LARGEST_PIECE = 2, 64

local fronts, touched = {}, {}

local function frontOf(lane)
  local front = fronts[lane]
  if front then return front end
  front = { lane = lane, list = {}, pending = {}, isRead = false, piece = FIRST_PIECE, hidden = 0 }
  fronts[lane] = front
  touched[#touched + 1] = front
  return front
end

function laneOf(band, path)
  local lanes = band.lanes
  for i = 1, #lanes do
    if lanes[i].path == path then return lanes[i] end
  end
  return nil
end

function laneFor(band, path)
  local lane = laneOf(band, path)
  if lane then return lane end
  S.lanes = S.lanes + 1
  lane = {
    number = S.lanes, path = path, clock = 0, front = 0, size = 0, sparse = 0,
    queued = { 0, 0, 0, 0, 0, 0 }, arrived = { 0, 0, 0, 0, 0, 0 },
  }
  insert(band.lanes, lane)
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

local function laneKey(lane) return PREFIX .. ":lane:" .. lane.number end

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
  front.pending[memberOfFlow(flow)] = flow.tag
  lane.size = lane.size + 1
  place(front, flow)
end

function removeFromLane(lane, flow)
  local front = frontOf(lane)
  front.pending[memberOfFlow(flow)] = false
  lane.size = lane.size - 1
  takeOut(front, flow.id)
end

--- Its tag has changed.
function rekeyInLane(lane, flow)
  local front = frontOf(lane)
  front.pending[memberOfFlow(flow)] = flow.tag
  takeOut(front, flow.id)
  place(front, flow)
end

--- Out of sight until `showInLane`, without having left.
function hideInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = true
  flow.hiddenTag = flow.tag
  front.hidden = front.hidden + 1
  takeOut(front, flow.id)
end

function showInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = nil
  front.hidden = front.hidden - 1
  if flow.tag ~= flow.hiddenTag then front.pending[memberOfFlow(flow)] = flow.tag end
  place(front, flow)
end

local function writePending(front)
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
  front.pending = {}
  callWithAll("ZREM", laneKey(front.lane), removed)
  callWithAll("ZADD", laneKey(front.lane), added)
end

local function readPiece(front)
  writePending(front)
  local count = front.piece + front.hidden
  front.piece = min(LARGEST_PIECE, front.piece * 4)
  local found = call("ZRANGE", laneKey(front.lane), 0, count - 1, "WITHSCORES")
  local list, keys = {}, {}
  for i = 1, #found, 2 do
    local member = found[i]
    local id = tonumber(member:sub(1, 8), 16)
    list[#list + 1] = { tag = tonumber(found[i + 1]), id = id, member = member }
    keys[#keys + 1] = member:sub(9)
  end
  if #keys > 2 then prefetchAccounts(keys) end
  if front.hidden > 0 then
    for at = #list, 1, -1 do
      if flowOfMember(list[at].member).isHidden then remove(list, at) end
    end
  end
  front.list = list
  front.isRead = true
  front.last = #found == 2 * count and list[#list] or nil
end

--- The flow whose turn it is; nil if none is in sight.
function topOfLane(lane)
  local front = fronts[lane] or frontOf(lane)
  if lane.size - front.hidden <= 0 then return nil end
  if not front.isRead or (#front.list == 0 and front.last) then readPiece(front) end
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
  writePending(frontOf(lane))
  return flowOfMember(call("ZREVRANGE", laneKey(lane), 0, 0)[1])
end

function saveLanes()
  for i = 1, #touched do writePending(touched[i]) end
end
