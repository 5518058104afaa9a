-- Shares: guarantees (the least of the pool that some bands get while work waits) and ceilings (the
-- most), as in core/scheduler. `level` is a guarantee's credit, in pool-nanoseconds.
local CREDIT_NANOS = 1000000000

function enterGuarantee(guarantee)
  guarantee.waiting = guarantee.waiting + 1
  if guarantee.waiting > 1 then return end
  guarantee.at = NOW
  guarantee.level = 0
end

function canPay(guarantee, cost)
  if NOW > guarantee.at then
    local earned = (NOW - guarantee.at) * 1000 * guarantee.share
    local most = max(CREDIT_NANOS, 2 * cost, guarantee.level)
    guarantee.level = min(guarantee.level + earned, most)
    guarantee.at = NOW
  end
  return guarantee.level >= cost
end

function timeUntilPaid(guarantee, cost)
  return ceil(max(0, cost - guarantee.level) / (1000 * guarantee.share))
end

function bypassBound(guarantee, cost)
  return (max(0, 2 * cost - guarantee.level) * (1 - guarantee.share)) / guarantee.share
end

--- Microseconds until its bands may take more.
function ceilingWait(ceiling)
  local earned = max(0, NOW - ceiling.at) * 1000 * ceiling.share
  ceiling.level = min(BURST_NANOS * ceiling.share, ceiling.level + earned)
  ceiling.at = max(ceiling.at, NOW)
  if ceiling.level > 0 then return 0 end
  return ceil((1 - ceiling.level) / (1000 * ceiling.share))
end

function spendShares(band, cost)
  for _, index in ipairs(band.guarantees) do
    local guarantee = S.guarantees[index]
    guarantee.level = max(0, guarantee.level - cost)
  end
  for _, index in ipairs(band.ceilings) do
    local ceiling = S.ceilings[index]
    ceiling.level = ceiling.level - cost
  end
end
