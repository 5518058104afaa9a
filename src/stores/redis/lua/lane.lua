-- Lane: the flows of one band on one path, in the order of their turns. The first of them are read
-- in growing pieces; changes stay here until the next piece is read or the step ends.
local fronts, touchedFronts = {}, {}

local function frontOf(lane)
  local front = fronts[lane]
  if front then return front end
  front = { lane = lane, list = {}, pending = {}, isRead = false, piece = 2, hidden = 0 }
  fronts[lane] = front
  insert(touchedFronts, front)
  return front
end

function laneOf(band, path)
  for _, lane in ipairs(band.lanes) do
    if lane.path == path then return lane end
  end
  return nil
end

function laneFor(band, path)
  local lane = laneOf(band, path)
  if lane then return lane end
  S.lanes = (S.lanes or 0) + 1
  lane = { number = S.lanes, path = path, clock = 0, front = 0, size = 0, sparse = 0, queued = {} }
  for i = 1, #S.paths[path].meters do lane.queued[i] = 0 end
  insert(band.lanes, lane)
  return lane
end

local function laneKey(lane) return PREFIX .. ":lane:" .. lane.number end

local function comesBefore(tag, id, entry)
  if tag == entry.tag then return id < entry.id end
  return tag < entry.tag
end

--- Into the part that has been read, if it belongs there.
function place(front, flow)
  if not front.isRead then return end
  local list = front.list
  if front.last and not comesBefore(flow.tag, flow.id, front.last) then return end
  local at = #list + 1
  while at > 1 and comesBefore(flow.tag, flow.id, list[at - 1]) do at = at - 1 end
  insert(list, at, { tag = flow.tag, id = flow.id, member = flow.member, flow = flow })
end

local function takeOut(front, flow)
  for at, entry in ipairs(front.list) do
    if entry.id == flow.id then
      remove(front.list, at)
      return
    end
  end
end

function addToLane(lane, flow)
  local front = frontOf(lane)
  front.pending[flow.member] = flow.tag
  lane.size = lane.size + 1
  place(front, flow)
end

function removeFromLane(lane, flow)
  local front = frontOf(lane)
  front.pending[flow.member] = false
  lane.size = lane.size - 1
  takeOut(front, flow)
end

--- Its tag has changed.
function rekeyInLane(lane, flow)
  local front = frontOf(lane)
  front.pending[flow.member] = flow.tag
  takeOut(front, flow)
  place(front, flow)
end

--- Out of sight until `showInLane`, without having left.
function hideInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = true
  front.hidden = front.hidden + 1
  takeOut(front, flow)
end

function showInLane(lane, flow)
  local front = frontOf(lane)
  flow.isHidden = nil
  front.hidden = front.hidden - 1
  front.pending[flow.member] = flow.tag
  place(front, flow)
end

local function writePending(front)
  local added, removed = {}, {}
  for member, tag in pairs(front.pending) do
    if tag then
      insert(added, format("%.17g", tag))
      insert(added, member)
    else
      insert(removed, member)
    end
  end
  front.pending = {}
  callWithAll("ZREM", laneKey(front.lane), removed)
  callWithAll("ZADD", laneKey(front.lane), added)
end

local function readPiece(front)
  writePending(front)
  local count = front.piece + front.hidden
  front.piece = min(64, front.piece * 4)
  local found = call("ZRANGE", laneKey(front.lane), 0, count - 1, "WITHSCORES")
  local list, keys = {}, {}
  for i = 1, #found, 2 do
    local member = found[i]
    local flow = flowByMember[member]
    if not (flow and flow.isHidden) then
      insert(list, { tag = tonumber(found[i + 1]), id = tonumber(member:sub(1, 8), 16), member = member, flow = flow })
      if not flow then insert(keys, member:sub(9)) end
    end
  end
  if #keys > 2 then prefetchAccounts(keys) end
  front.list = list
  front.isRead = true
  front.last = #found == 2 * count and list[#list] or nil
end

--- The flow whose turn it is; nil if none is in sight.
function topOfLane(lane)
  local front = frontOf(lane)
  if lane.size - front.hidden <= 0 then return nil end
  if not front.isRead or (#front.list == 0 and front.last) then readPiece(front) end
  local entry = front.list[1]
  if entry == nil then return nil end
  if not entry.flow then
    openAccount(entry.member:sub(9))
    entry.flow = flowByMember[entry.member]
  end
  return entry.flow
end

function lastInLane(lane)
  writePending(frontOf(lane))
  local member = call("ZREVRANGE", laneKey(lane), 0, 0)[1]
  openAccount(member:sub(9))
  return flowByMember[member]
end

function saveLanes()
  for _, front in ipairs(touchedFronts) do writePending(front) end
end
