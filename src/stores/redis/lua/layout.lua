-- Layout: bands, guarantees and ceilings come from the instances' configuration. The one that was
-- started or reloaded last decides; the others go on with their own numbers of bands, which are
-- looked up by their names, until they are reloaded, too.
--- By then all have told what they have waiting; until then nothing is granted.
local RETOLD_MICROS = 100000
local RULES = { "holdback", "margin", "maxWaiting", "grantsPerPump", "maxAccounts" }

local function deleteLines()
  local all = call("HGETALL", ACCOUNTS_KEY)
  for i = 2, #all, 2 do
    local cells = parseAccount(all[i])
    for at = 4, #cells - 1, 6 do
      if cells[at + 3] > 0 then call("UNLINK", PREFIX .. ":line:" .. cells[at]) end
    end
  end
end

--- Whoever waits is told again by its instance, in the new bands; what was granted stays.
local function install(options)
  deleteLines()
  for _, band in ipairs(S.bands) do
    for _, lane in ipairs(band.lanes) do call("UNLINK", PREFIX .. ":lane:" .. lane.number) end
  end
  call("UNLINK", ACCOUNTS_KEY, WAITERS_KEY, EXPIRY_KEY, LATER_KEY, PARKED_KEY)
  for key, value in pairs(newLayout(options)) do S[key] = value end
  S.waiting, S.later, S.parked, S.rests = 0, 0, 0, nil
  S.epoch = S.epoch + 1
  S.learningUntil = max(S.learningUntil, NOW + RETOLD_MICROS)
  for _, instance in ipairs(call("HKEYS", INSTANCES_KEY)) do
    call("PUBLISH", PREFIX .. ":wake:" .. instance, "")
  end
end

local numbers = nil

local function nameOf(band) return band.tier .. "|" .. band.latency end

--- Where there is none of the name, the last: nobody gets more than it may have.
local function numbersByName()
  local byName, list = {}, {}
  for b, band in ipairs(S.names) do byName[nameOf(band)] = b end
  for b, band in ipairs(request.options.bands) do list[b] = byName[nameOf(band)] or #S.names end
  return list
end

--- The number here, from 1, of a band that the instance knows by its own number, from 0.
function bandAt(number)
  if not numbers then return number + 1 end
  return numbers[number + 1]
end

function adoptLayout()
  local options = request.options
  if request.isNewest then
    for _, rule in ipairs(RULES) do S[rule] = options[rule] end
    if S.layout ~= options.layout then install(options) end
  elseif S.layout ~= options.layout then
    numbers = numbersByName()
  end
end
