-- Fair account: start-time fair queueing by dominant cost, as in core/scheduler/fair-account.
function largest(costs, count)
  local most = 0
  for i = 1, count do if costs[i] > most then most = costs[i] end end
  return most
end

function largestAt(costs, places)
  local most = 0
  for _, i in ipairs(places) do if costs[i] > most then most = costs[i] end end
  return most
end

local function leavesOneOut(costs, count)
  for i = 1, count do if costs[i] == 0 then return true end end
  return false
end

--- The tag after a grant, and the clock of `time` (a lane or a band) with it.
local function moved(time, tag, worth, isPassing, isSparse)
  local start = max(tag, time.clock)
  local reached = isSparse and min(start, time.clock + worth) or start
  if not isPassing then time.clock = reached end
  if reached > time.front then time.front = reached end
  return start + worth
end

function charge(flow, path, lane, costs, isPassing)
  local account, band = flow.account, flow.band
  local weight = account.weight
  local isSparse = leavesOneOut(costs, path.count)
  flow.tag = moved(lane, flow.tag, round(largest(costs, path.count) / weight), isPassing, isSparse)
  account.turn = moved(band, account.turn, round(largestAt(costs, path.sharedPlaces) / weight), isPassing, isSparse)
  account.isChanged = true
  for _, sibling in ipairs(account.flows) do
    if sibling ~= flow then
      local common = round(largestAt(costs, placesSharedWith(path, openPath(sibling.path))) / weight)
      sibling.tag = max(sibling.tag, laneOf(band, sibling.path).clock) + common
    end
  end
end

local function corrected(tag, clock, change, longest, weight)
  local after = tag + round(change / weight)
  if change <= 0 then return after end
  return min(after, max(tag, clock + round(longest / weight)))
end

--- Corrects a charge by costs known only at completion.
function correctCharge(flow, path, lane, charged, real)
  local account, band = flow.account, flow.band
  local weight = account.weight
  local longest = 2 * longestCost(path, real)
  local change = largest(real, path.count) - largest(charged, path.count)
  local shared = largestAt(real, path.sharedPlaces) - largestAt(charged, path.sharedPlaces)
  flow.tag = corrected(flow.tag, lane.clock, change, longest, weight)
  account.turn = corrected(account.turn, band.clock, shared, longest, weight)
  account.isChanged = true
  for _, sibling in ipairs(account.flows) do
    if sibling ~= flow then
      local places = placesSharedWith(path, openPath(sibling.path))
      local common = largestAt(real, places) - largestAt(charged, places)
      sibling.tag = corrected(sibling.tag, laneOf(band, sibling.path).clock, common, longest, weight)
    end
  end
end

--- A grant on one path moves the account's flows on the others.
function rekeyFlows(flow)
  for _, sibling in ipairs(flow.account.flows) do
    if isCompeting(sibling) and not sibling.isHidden then
      rekeyInLane(laneOf(flow.band, sibling.path), sibling)
    end
  end
end
