-- Layout: an instance whose configuration is older than the bands here goes on with its own numbers of
-- bands, which are looked up by their names, until it is reloaded, too.
local numbers = nil

local function nameOf(band) return band.tier .. "|" .. band.latency end

--- Where there is none of the name, the last: nobody gets more than it may have.
local function numbersByName()
  local byName, list = {}, {}
  for b, band in ipairs(S.names) do byName[nameOf(band)] = b end
  for b, band in ipairs(request.options.bands) do list[b] = byName[nameOf(band)] or #S.names end
  return list
end

if S.layout ~= request.options.layout then numbers = numbersByName() end

--- The number here, from 1, of a band that the instance knows by its own number, from 0.
function bandAt(number) return numbers and numbers[number + 1] or number + 1 end
