-- Accounts: what each tenant has had in one band, with its flows, one a path. Read when they are
-- first asked for, written once at the end of the step.
accounts, rawAccounts, flowByMember = {}, {}, {}

--- A flow competes where it has waiters and is not parked.
function isCompeting(flow) return flow.size > 0 and flow.parkedUntil == 0 end

local function addFlow(account, id, path, tag, size, queued, parkedUntil)
  local flow = {
    id = id, path = path, tag = tag, size = size, queued = queued, parkedUntil = parkedUntil,
    account = account, band = account.band, stored = size,
    member = format("%08x", id) .. account.key,
  }
  insert(account.flows, flow)
  flowByMember[flow.member] = flow
  return flow
end

function openAccount(key)
  local account = accounts[key]
  if account ~= nil then return account end
  local raw = rawAccounts[key]
  if raw == nil then raw = call("HGET", ACCOUNTS_KEY, key) end
  if not raw then
    accounts[key] = false
    return false
  end
  local cells = unpackMessage(raw)
  account = { key = key, band = S.bands[tonumber(key:match("^%d+"))], weight = cells[1], turn = cells[2], own = cells[3], flows = {}, competing = 0 }
  for i = 4, #cells, 6 do
    local flow = addFlow(account, cells[i], cells[i + 1], cells[i + 2], cells[i + 3], cells[i + 4], cells[i + 5])
    if isCompeting(flow) then account.competing = account.competing + 1 end
  end
  accounts[key] = account
  return account
end

--- Fetches what will be asked for, in one call.
function prefetchAccounts(keys)
  local wanted = {}
  for _, key in ipairs(keys) do
    if accounts[key] == nil and rawAccounts[key] == nil then
      rawAccounts[key] = false
      insert(wanted, key)
    end
  end
  if #wanted == 0 then return end
  local found = call("HMGET", ACCOUNTS_KEY, unpack(wanted))
  for i, key in ipairs(wanted) do rawAccounts[key] = found[i] end
end

--- `own`: the tenant has meters of its own.
function createAccount(key, weight, own)
  local account = { key = key, band = S.bands[tonumber(key:match("^%d+"))], weight = weight, turn = 0, own = own, flows = {}, competing = 0 }
  accounts[key] = account
  return account
end

function flowOn(account, path)
  for _, flow in ipairs(account.flows) do
    if flow.path == path then return flow end
  end
  return nil
end

function newFlow(account, path)
  local flow = addFlow(account, S.flows, path, 0, 0, 0, 0)
  S.flows = S.flows + 1
  return flow
end

function saveAccounts()
  local values = {}
  for key, account in pairs(accounts) do
    if account and account.isChanged then
      local cells = { account.weight, account.turn, account.own }
      for _, flow in ipairs(account.flows) do
        local n = #cells
        cells[n + 1], cells[n + 2], cells[n + 3] = flow.id, flow.path, flow.tag
        cells[n + 4], cells[n + 5], cells[n + 6] = flow.size, flow.queued, flow.parkedUntil
      end
      insert(values, key)
      insert(values, pack(cells))
    end
  end
  callWithAll("HSET", ACCOUNTS_KEY, values)
end

function tenantOf(account) return (account.key:gsub("^%d+:", "", 1)) end
