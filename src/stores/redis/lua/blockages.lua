-- Blockages: which heads wait for which meters during one pump, and who may pass them, as in
-- core/scheduler/blockages. Forgotten with the step.
inBand, credited, drained = {}, {}, {}
local isClear = true

local function fairBound(flow, cost)
  local weight = flow.account.weight
  return (cost * max(0, flow.band.peakWeight - weight)) / weight
end

local function startOf(flow, lane) return max(flow.tag, lane.clock) end

local function turnOf(flow) return max(flow.account.turn, flow.band.clock) end

local function blockInBand(flow, lane, waiter, meter, fit)
  local weight = flow.account.weight
  local finish = startOf(flow, lane) + fit.dominantCost / weight
  local turnFinish = turnOf(flow) + fit.sharedCost / weight
  local known = inBand[meter]
  if known then
    if known.band ~= flow.band then return end
    known.turnFinish = min(known.turnFinish, turnFinish)
    if known.lane == lane then known.finish = min(known.finish, finish) end
    return
  end
  inBand[meter] = {
    waiter = waiter, band = flow.band, lane = lane, bound = fairBound(flow, fit.dominantCost),
    finish = finish, turnFinish = turnFinish,
  }
end

--- A flow's head waits for this meter; `payer`: the guarantee that has the credit for it.
function block(flow, lane, waiter, meter, fit, payer)
  isClear = false
  if not payer then
    blockInBand(flow, lane, waiter, meter, fit)
    return
  end
  local heads = credited[payer.guarantee]
  if heads[meter] == nil then heads[meter] = { waiter = waiter, bound = payer.bound } end
end

--- The flow's head yields to heads with credit; those behind it must not profit.
function yield(flow, lane, path, waiter, fit, payer)
  for i = 1, path.count do
    local meter = path.indexes[i]
    if fit.costs[i] ~= 0 then
      for _, heads in ipairs(credited) do
        if heads[meter] ~= nil then
          block(flow, lane, waiter, meter, fit, payer)
          break
        end
      end
    end
  end
end

local function hasHadMore(flow, lane, head)
  if lane == head.lane then return startOf(flow, lane) >= head.finish end
  return turnOf(flow) >= head.turnFinish
end

--- "open", "yields", "spent" or "closed": may a flow's head pass those that wait?
function passageOf(flow, lane, path, waiter, costs)
  if isClear then return "open" end
  local passage = "open"
  for i = 1, path.count do
    local cost = costs[i]
    if cost ~= 0 then
      local meter = path.indexes[i]
      local head = inBand[meter]
      if head then
        if head.band ~= flow.band then return "closed" end
        local isSpent = head.waiter[BYPASSED] + cost > head.bound
        if isSpent then head.bound = 0 end
        if isSpent or hasHadMore(flow, lane, head) then passage = "spent" end
      end
      for _, heads in ipairs(credited) do
        local first = heads[meter]
        if first and first.waiter ~= waiter and passage ~= "spent"
          and first.waiter[BYPASSED] + cost > first.bound then
          passage = "yields"
        end
      end
    end
  end
  return passage
end

function meetsCredited(guarantee, path, costs)
  for i = 1, path.count do
    if costs[i] > 0 and credited[guarantee][path.indexes[i]] then return true end
  end
  return false
end

function drain(meter)
  isClear = false
  drained[meter] = true
end

--- Is a meter of the path drained, or waited for by a head of a higher band?
function isClosed(path, band)
  if isClear then return false end
  for _, meter in ipairs(path.indexes) do
    if drained[meter] then return true end
    local head = inBand[meter]
    if head and head.band ~= band then return true end
  end
  return false
end

--- Has passed heads of its own band? Each is passed by the largest cost at the meters it waits for.
function recordPassing(path, costs)
  if isClear then return false end
  local isPassing, passed = false, {}
  local function pass(head, cost)
    if head then passed[head.waiter] = max(passed[head.waiter] or 0, cost) end
  end
  for i = 1, path.count do
    if costs[i] ~= 0 then
      local meter = path.indexes[i]
      if inBand[meter] then isPassing = true end
      pass(inBand[meter], costs[i])
      for _, heads in ipairs(credited) do pass(heads[meter], costs[i]) end
    end
  end
  for waiter, cost in pairs(passed) do
    waiter[BYPASSED] = waiter[BYPASSED] + cost
    alterWaiter(waiter)
  end
  return isPassing
end
