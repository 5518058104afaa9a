-- Room: the names of models come from clients, so paths and meters are bounded. Where there is no room
-- the path that was used longest ago, and that nothing uses now, gives its place to a new one, with the
-- meters that are only its own. Its lanes stay, because old tags are compared with their clocks.
local MOST_PATHS, MOST_METERS = 500, 500

local function isFull(meter) return meter.frozenUntil <= NOW and levelOf(meter) >= meter.capacity end

--- Nothing would be lost with it.
local function isUnused(path)
  if path.isFree or path.waiting + path.running > 0 then return false end
  for _, index in ipairs(path.meters) do
    if S.pathsOf[index] == 1 and not isFull(S.meters[index]) then return false end
  end
  return true
end

local function longestUnused()
  local oldest
  for _, path in ipairs(S.paths) do
    if (not oldest or path.usedAt < oldest.usedAt) and isUnused(path) then oldest = path end
  end
  return oldest
end

local function forget(path)
  local number = S.pathByKey[path.key]
  S.pathByKey[path.key] = nil
  path.isFree = true
  insert(S.freePaths, number)
  for _, index in ipairs(path.meters) do
    S.pathsOf[index] = S.pathsOf[index] - 1
    if S.pathsOf[index] == 0 then
      S.meterByKey[S.meters[index].key] = nil
      S.meters[index].isFree = true
      insert(S.freeMeters, index)
    end
  end
end

local function newMeters(specs)
  local count = 0
  for _, spec in ipairs(specs) do
    if not S.meterByKey[spec.key] then count = count + 1 end
  end
  return count
end

--- For one more path over these meters; false: everything is in use.
function makeRoom(specs)
  while #S.paths - #S.freePaths >= MOST_PATHS
    or #S.meters - #S.freeMeters + newMeters(specs) > MOST_METERS do
    local path = not S.rests and longestUnused()
    if not path then return false end
    forget(path)
  end
  return true
end

--- The place of a new record: one that was given up, or the next.
function placeIn(list, free) return remove(free) or #list + 1 end
