-- Add use: adds to what a tenant has used in the window that ends then; a later window replaces it.
-- KEYS: the tenant's record. ARGV: the uses as MessagePack, times in microseconds.

local KEPT_MS = 40 * 86400 * 1000

local packed = redis.call("GET", KEYS[1])
local record = packed and cmsgpack.unpack(packed) or {}
record.generation = record.generation or 0
for _, use in ipairs(cmsgpack.unpack(ARGV[1])) do
  local known = record[use.span]
  if not known or known.endsAt < use.endsAt then
    record[use.span] = use
  elseif known.endsAt == use.endsAt then
    known.requests = known.requests + use.requests
    known.tokens = known.tokens + use.tokens
    known.usdMicros = known.usdMicros + use.usdMicros
  end
end
redis.call("SET", KEYS[1], cmsgpack.pack(record), "PX", KEPT_MS)
return 1
