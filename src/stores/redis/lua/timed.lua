-- Timed: members with a time each, as Redis holds them with what this step has changed.
function timed(key) return { key = key, changed = {} } end

function setTime(set, member, time) set.changed[member] = time end

function dropTime(set, member) set.changed[member] = false end

--- `found`: members and times, as Redis gives them. Those that have not been changed, and those
--- changed ones whose time is in the range, in the order of `comesFirst`.
local function merged(set, found, isInRange, comesFirst)
  local times, members, isOrdered = {}, {}, true
  for i = 1, #found, 2 do
    if set.changed[found[i]] == nil then
      insert(members, found[i])
      times[found[i]] = tonumber(found[i + 1])
    end
  end
  for member, time in pairs(set.changed) do
    if time and isInRange(time) then
      isOrdered = false
      insert(members, member)
      times[member] = time
    end
  end
  if isOrdered then return members end
  table.sort(members, function(a, b)
    if times[a] == times[b] then return comesFirst(a, b) end
    return comesFirst(times[a], times[b])
  end)
  return members
end

--- Whose time has come, the first first.
function dueOf(set)
  local found = call("ZRANGEBYSCORE", set.key, "-inf", NOW, "WITHSCORES")
  return merged(set, found, function(time) return time <= NOW end, function(a, b) return a < b end)
end

local function changesOf(set)
  local count = 0
  for _ in pairs(set.changed) do count = count + 1 end
  return count
end

--- So many whose time comes last, the last first; those that this step has added are all among them.
function latestOf(set, count)
  local found = call("ZREVRANGE", set.key, 0, count + changesOf(set) - 1, "WITHSCORES")
  return merged(set, found, function() return true end, function(a, b) return a > b end)
end

function saveTimed(set)
  local added, removed = {}, {}
  for member, time in pairs(set.changed) do
    if time then
      insert(added, time)
      insert(added, member)
    else
      insert(removed, member)
    end
  end
  callWithAll("ZREM", set.key, removed)
  callWithAll("ZADD", set.key, added)
end
