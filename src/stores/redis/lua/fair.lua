-- Fair account: start-time fair queueing by dominant cost, as in core/scheduler/fair-account.
function largest(costs, count)
  local most = 0
  for i = 1, count do if costs[i] > most then most = costs[i] end end
  return most
end

function largestAt(costs, places)
  local most = 0
  for n = 1, #places do
    local cost = costs[places[n]]
    if cost > most then most = cost end
  end
  return most
end

--- The tag after a grant, and the clock of `time` (a lane or a band) with it.
local function moved(time, tag, worth, isPassing, isSparse)
  local clock = time.clock
  local start = tag > clock and tag or clock
  local reached = start
  if isSparse and clock + worth < start then reached = clock + worth end
  if not isPassing then time.clock = reached end
  if reached > time.front then time.front = reached end
  return start + worth
end

--- Charges what is priced in `fit`.
function charge(flow, path, lane, fit, isPassing)
  local account, band = flow.account, flow.band
  local weight = account.weight
  flow.tag = moved(lane, flow.tag, round(fit.dominantCost / weight), isPassing, fit.isSparse)
  account.turn = moved(band, account.turn, round(fit.sharedCost / weight), isPassing, fit.isSparse)
  changeAccount(account)
  local flows = account.flows
  for n = 1, #flows do
    local sibling = flows[n]
    if sibling ~= flow then
      local places = placesSharedWith(path, openPath(sibling.path))
      local common = round(largestAt(fit.costs, places) / weight)
      sibling.tag = max(sibling.tag, laneOfFlow(sibling).clock) + common
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
  changeAccount(account)
  local flows = account.flows
  for n = 1, #flows do
    local sibling = flows[n]
    if sibling ~= flow then
      local places = placesSharedWith(path, openPath(sibling.path))
      local common = largestAt(real, places) - largestAt(charged, places)
      sibling.tag = corrected(sibling.tag, laneOfFlow(sibling).clock, common, longest, weight)
    end
  end
end

--- A grant on one path moves the account's flows on the others.
function rekeyFlows(flow)
  local flows = flow.account.flows
  for n = 1, #flows do
    local sibling = flows[n]
    if isCompeting(sibling) and not sibling.isHidden then
      rekeyInLane(laneOfFlow(sibling), sibling)
    end
  end
end
