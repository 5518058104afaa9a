-- Apply: writes records of tenants and their audit entry, if nobody has changed them since they were read.
-- KEYS: records, names, facts, changes, audit, index of the audit by tenant, what is still to be done.
-- ARGV: what to write as JSON; the channel. Returns the entry's number, or -1: read again.

local asked = cjson.decode(ARGV[1])
local records, names, facts, changes, audit, audit_of, due = unpack(KEYS)

for _, pair in ipairs(asked.expected) do
  if (redis.call("HGET", records, pair[1]) or "") ~= pair[2] then return -1 end
end
for _, row in ipairs(asked.written) do
  local id, text, is_tenant = row[1], row[2], row[3]
  if text == "" then redis.call("HDEL", records, id) else redis.call("HSET", records, id, text) end
  if is_tenant then redis.call("ZADD", names, 0, id) else redis.call("ZREM", names, id) end
end
if asked.hasKeys then redis.call("HSET", facts, "has_had_keys", 1) end

local number = redis.call("HINCRBY", facts, "audit", 1)
redis.call("XADD", audit, number .. "-0", "entry", asked.entry)
if asked.about ~= "" then
  redis.call("ZADD", audit_of, 0, asked.about .. "\0" .. string.format("%016d", number))
end
for i, task in ipairs(asked.due) do redis.call("HSET", due, number .. "." .. i, task) end

for _, pair in ipairs(asked.told) do
  local seq = redis.call("HINCRBY", facts, "seq", 1)
  redis.call("ZADD", changes, seq, table.concat({ seq, asked.writer, pair[2], pair[1] }, " "))
end
redis.call("ZREMRANGEBYRANK", changes, 0, -asked.remembered - 1)
if #asked.told > 0 then redis.call("PUBLISH", ARGV[2], "") end
return number
