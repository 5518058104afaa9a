-- Mail: what is decided for others waits in their outbox until they fetch it with a step; a message
-- tells them to. Messages may be lost: they step every quarter of a second anyway.
local MAIL_PER_STEP = 1024
--- As in channels.ts; only a server that is new enough tells its version.
local PUBLISH = ARGV[2] == "sharded" and redis.REDIS_VERSION_NUM and "SPUBLISH" or "PUBLISH"

local function wake(instance) call(PUBLISH, PREFIX .. ":wake:" .. instance, "") end

local mine = { granted = {}, expired = {}, displaced = {} }
local told = {}

function tell(kind, waiter)
  local owner, sequence = waiter[OWNER], tonumber(waiter.member)
  if owner == INSTANCE then
    local list = mine[kind]
    list[#list + 1] = sequence
    return
  end
  if S.dead[owner] or S.buried[owner] then return end
  call("RPUSH", outboxKey(owner), pack({ kind, sequence }))
  S.mail[owner] = true
  if told[owner] then return end
  told[owner] = true
  wake(owner)
end

--- With other bands whoever has something waiting has to tell it again.
function wakeAll()
  if not HAS_NEW_LAYOUT then return end
  for _, instance in ipairs(call("HKEYS", INSTANCES_KEY)) do wake(instance) end
end

--- What others' steps have decided for this instance since its last one, and this one.
function fetchMail()
  if S.mail[INSTANCE] then
    local key = outboxKey(INSTANCE)
    local letters = call("LRANGE", key, 0, MAIL_PER_STEP - 1)
    call("LTRIM", key, MAIL_PER_STEP, -1)
    if #letters < MAIL_PER_STEP then S.mail[INSTANCE] = nil else wakeAfter(0) end
    local earlier = { granted = {}, expired = {}, displaced = {} }
    for _, letter in ipairs(letters) do
      local kind, sequence = unpack(unpackMessage(letter))
      insert(earlier[kind], sequence)
    end
    for kind, list in pairs(mine) do
      for _, sequence in ipairs(list) do insert(earlier[kind], sequence) end
    end
    mine = earlier
  end
  return mine
end
