-- Read use: what a tenant has used by day and by month, as MessagePack. KEYS: the tenant's record.

local packed = redis.call("GET", KEYS[1])
local record = packed and cmsgpack.unpack(packed) or {}
return cmsgpack.pack({ record.day or false, record.month or false })
