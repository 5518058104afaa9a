-- Numbers: what both implementations have to round in the same way. Amounts are whole micro-units,
-- times whole microseconds, costs pool-nanoseconds; a Lua number is the double of JavaScript.
call, floor, ceil, max, min = redis.call, math.floor, math.ceil, math.max, math.min
pack, unpackMessage, format, insert, remove =
  cmsgpack.pack, cmsgpack.unpack, string.format, table.insert, table.remove
NEVER = math.huge
MICRO_UNITS = 1000000

--- Halves go up, as Math.round has it.
function round(value)
  local whole = floor(value)
  if value - whole >= 0.5 then return whole + 1 end
  return whole
end

