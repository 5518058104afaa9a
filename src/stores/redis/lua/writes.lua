-- Writes: a step decides before it writes anything, so an error in deciding changes nothing. What is
-- decided on the way is written first, then each part saves what it holds.
local VALUES_PER_CALL = 4000

local writes = {}

function write(...) writes[#writes + 1] = { ... } end

function doWrites()
  for _, one in ipairs(writes) do call(unpack(one)) end
end

--- `command key ...values`, in pieces that fit on Lua's stack; for what is saved at the end.
function callWithAll(command, key, values)
  for first = 1, #values, VALUES_PER_CALL do
    call(command, key, unpack(values, first, min(first + VALUES_PER_CALL - 1, #values)))
  end
end
