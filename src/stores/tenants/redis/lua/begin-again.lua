-- Begin again: erases what is counted of a tenant, or sets one of its counts to 0.
-- KEYS: the tenant's record. ARGV: `erase`, or the span and what is counted.

local ERASED_MS = 3600 * 1000 -- longer than an instance could still tell what it has used before

if ARGV[1] == "erase" then
  local time = redis.call("TIME")
  local erased = { erasedAt = time[1] * 1000000 + time[2] }
  redis.call("SET", KEYS[1], cmsgpack.pack(erased), "PX", ERASED_MS)
  return 1
end
local packed = redis.call("GET", KEYS[1])
if not packed then return 0 end
local record, span, counts = cmsgpack.unpack(packed), ARGV[1], ARGV[2]
local use = record[span]
if not use then return 0 end
local field = counts == "usd" and "usdMicros" or counts
local micros = counts == "usd" and use.usdMicros or math.ceil(use[field] * 1000000)
use[field] = 0
for _, meter in pairs(record.meters or {}) do
  -- What running requests hold stays taken.
  if meter.span == span and meter.counts == counts then
    meter.taken = math.max(0, meter.taken - micros)
  end
end
redis.call("SET", KEYS[1], cmsgpack.pack(record), "KEEPTTL")
return 1
