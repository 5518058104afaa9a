-- Accounts: what each tenant has had in one band, with its flows, one a path. Read when they are
-- first asked for, written once at the end of the step. A key is the band's letter and the tenant.
local byte, char = string.byte, string.char
local BEFORE_FIRST_BAND = 64

local accounts, rawAccounts, changed = {}, {}, {}
--- By how many flows the account has.
local layouts = {}

local function layoutFor(flows)
  local layout = layouts[flows] or "<Bdd" .. ("IHdIId"):rep(flows)
  layouts[flows] = layout
  return layout
end

--- As it was stored: own meters or not, weight, turn, and six cells a flow.
function parseAccount(raw)
  return { struct.unpack(layoutFor((#raw - 17) / 30), raw) }
end

function accountKey(band, tenant) return char(BEFORE_FIRST_BAND + band) .. tenant end

function tenantOf(account) return account.key:sub(2) end

--- A flow competes where it has waiters and is not parked.
function isCompeting(flow) return flow.size > 0 and flow.parkedUntil == 0 end

--- What the flow is called in its lane: flows of one tag go in the order of their numbers.
function memberOfFlow(flow)
  local member = flow.member
  if not member then
    member = format("%08x", flow.id) .. flow.account.key
    flow.member = member
  end
  return member
end

local function newAccount(key, weight, turn, own)
  local account = {
    key = key, band = S.bands[min(byte(key) - BEFORE_FIRST_BAND, #S.bands)],
    weight = weight, turn = turn, own = own, flows = {}, competing = 0,
  }
  accounts[key] = account
  return account
end

local function addFlow(account, id, path, tag, size, queued, parkedUntil)
  local flow = {
    id = id, path = path, tag = tag, storedTag = tag, size = size, stored = size, queued = queued,
    parkedUntil = parkedUntil, account = account, band = account.band,
  }
  account.flows[#account.flows + 1] = flow
  return flow
end

--- The account, or false if there is none.
function openAccount(key)
  local account = accounts[key]
  if account ~= nil then return account end
  local raw = rawAccounts[key]
  if raw == nil then raw = call("HGET", ACCOUNTS_KEY, key) end
  if not raw then
    accounts[key] = false
    return false
  end
  local cells = parseAccount(raw)
  account = newAccount(key, cells[2], cells[3], cells[1] == 1)
  for i = 4, #cells - 1, 6 do
    local id, path, tag = cells[i], cells[i + 1], cells[i + 2]
    local flow = addFlow(account, id, path, tag, cells[i + 3], cells[i + 4], cells[i + 5])
    if isCompeting(flow) then account.competing = account.competing + 1 end
  end
  return account
end

--- Fetches what will be asked for, in one call.
function prefetchAccounts(keys)
  local wanted = {}
  for i = 1, #keys do
    local key = keys[i]
    if accounts[key] == nil and rawAccounts[key] == nil then
      rawAccounts[key] = false
      wanted[#wanted + 1] = key
    end
  end
  if #wanted == 0 then return end
  local found = call("HMGET", ACCOUNTS_KEY, unpack(wanted))
  for i = 1, #wanted do rawAccounts[wanted[i]] = found[i] end
end

--- `own`: the tenant has meters of its own.
function createAccount(key, weight, own) return newAccount(key, weight, 0, own) end

function changeAccount(account)
  if account.isChanged then return end
  account.isChanged = true
  changed[#changed + 1] = account
end

function flowOn(account, path)
  local flows = account.flows
  for i = 1, #flows do
    if flows[i].path == path then return flows[i] end
  end
  return nil
end

--- The flow that a lane knows by this name.
function flowOfMember(member)
  local account = openAccount(member:sub(9))
  local flows = account.flows
  local flow = flows[1]
  if #flows > 1 then
    local id = tonumber(member:sub(1, 8), 16)
    for i = 1, #flows do
      if flows[i].id == id then flow = flows[i] end
    end
  end
  flow.member = member
  return flow
end

function newFlow(account, path)
  local flow = addFlow(account, S.flows, path, 0, 0, 0, 0)
  S.flows = S.flows + 1
  return flow
end

function saveAccounts()
  local values = {}
  for i = 1, #changed do
    local account = changed[i]
    local flows = account.flows
    local cells = { account.own and 1 or 0, account.weight, account.turn }
    for n = 1, #flows do
      local flow, at = flows[n], 6 * n - 3
      cells[at + 1], cells[at + 2], cells[at + 3] = flow.id, flow.path, flow.tag
      cells[at + 4], cells[at + 5], cells[at + 6] = flow.size, flow.queued, flow.parkedUntil
    end
    values[2 * i - 1] = account.key
    values[2 * i] = struct.pack(layoutFor(#flows), unpack(cells))
  end
  callWithAll("HSET", ACCOUNTS_KEY, values)
end
