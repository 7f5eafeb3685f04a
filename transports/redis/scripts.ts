/**
 * What must happen in one step on the server. Scores are seconds of the server's clock; claims are scored `lead` seconds
 * ahead, so that between two renewals no peer's sweep sees them as old, whatever its visibility timeout is.
 */
import { type RedisScript, redisScript } from "../../stores/redis.ts";

const NOW = `
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local function score(value) return string.format('%.6f', value) end
`;

/**
 * A server that is out of memory refuses a script whose first write may grow it, and nothing that comes after another
 * write. What keeps claims safe, or lets queues drain, must not be refused: so it removes nothing from a set, first.
 */
const EVEN_WITHOUT_MEMORY = (set: string): string => `redis.call('ZREM', ${set}, '')\n`;

/**
 * Claims messages: pops them and notes them in kombu's unacked hash and index, so that no cut can lose one between.
 *
 * KEYS: unacked, index, alive key, then the lists, one step after another, the same queues in the same order in each.
 * ARGV: limit, tag prefix ('' pops without claiming), lead, number of queues, '1' to share the limit among the queues of
 * a step, then for each queue what follows the envelope in the stored entry.
 * Returns queue number, payloads, queue number, payloads...; tags are the prefix and 10001, 10002... in that order.
 * Returns nil when others may count this life as dead: it registers again first.
 *
 * RPOP comes before HSET, so a server that is out of memory still serves. What cannot be an envelope is stored as a JSON
 * string, which a kombu sweep logs and drops; stored bare, it would stop that sweep for good.
 */
export const CLAIM: RedisScript = redisScript(`${NOW}
local left, prefix, lead, queues = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local share_fairly = ARGV[5] == '1' and queues > 1
local claiming = prefix ~= ''
if claiming and redis.call('GET', KEYS[3]) ~= '1' then return nil end
local reply, entries, index, count = {}, {}, {}, 0
local at = score(now + (lead or 0))

local function note(payload, ending)
  count = count + 1
  local tag = prefix .. (10000 + count)
  if string.byte(payload) ~= 123 or string.byte(payload, -1) ~= 125 then payload = cjson.encode(payload) end
  entries[2 * count - 1], entries[2 * count] = tag, '[' .. payload .. ending
  index[2 * count - 1], index[2 * count] = at, tag
end

local function pop(list, queue, limit)
  local payloads = redis.call('RPOP', KEYS[list], limit)
  if not payloads then return 0 end
  if claiming then
    for i = 1, #payloads do note(payloads[i], ARGV[5 + queue]) end
  end
  reply[#reply + 1], reply[#reply + 2] = queue, payloads
  left = left - #payloads
  return #payloads
end

for first = 4, #KEYS, queues do
  local more = {}
  local share = share_fairly and math.ceil(left / queues) or left
  for queue = 1, queues do
    local limit = math.min(share, left)
    if limit > 0 and pop(first + queue - 1, queue, limit) == limit then more[#more + 1] = queue end
  end
  for _, queue in ipairs(more) do
    if left > 0 then pop(first + queue - 1, queue, left) end
  end
  if left == 0 then break end
end

for i = 1, 2 * count, 4000 do
  local last = math.min(i + 3999, 2 * count)
  redis.call('HSET', KEYS[1], unpack(entries, i, last))
  redis.call('ZADD', KEYS[2], unpack(index, i, last))
end
return reply
`);

/**
 * Puts claims back on lists. Each is put only if its entry is still there: who removes the entry owns the message. Tags of
 * kombu come again with the message, so an overdue one must still be overdue: it may have been restored and delivered
 * anew since it was read.
 *
 * KEYS: unacked, index. ARGV: RPUSH or LPUSH, the age in seconds a claim must have (0: any), then for each claim: tag,
 * payload, number of lists (0: there was no entry), the lists. Returns how many were put back.
 */
export const PUT_BACK: RedisScript = redisScript(`${NOW}
local age, at, done = tonumber(ARGV[2]), 3, 0
while at <= #ARGV do
  local tag, payload, lists = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local since = age > 0 and tonumber(redis.call('ZSCORE', KEYS[2], tag) or now) or 0
  if now - since >= age then
    if lists == 0 then
      if redis.call('HEXISTS', KEYS[1], tag) == 0 then redis.call('ZREM', KEYS[2], tag) end
    elseif redis.call('HDEL', KEYS[1], tag) == 1 then
      redis.call('ZREM', KEYS[2], tag)
      for i = 1, lists do redis.call(ARGV[1], ARGV[at + 2 + i], payload) end
      done = done + 1
    end
  end
  at = at + 3 + lists
end
return done
`);

/** Renews claims that still exist. KEYS: index. ARGV: lead, tags. */
export const RENEW: RedisScript = redisScript(`${NOW}${EVEN_WITHOUT_MEMORY("KEYS[1]")}
local at, args = score(now + tonumber(ARGV[1])), {}
for i = 2, #ARGV do args[2 * i - 3], args[2 * i - 2] = at, ARGV[i] end
return redis.call('ZADD', KEYS[1], 'XX', unpack(args))
`);

/**
 * Moves claims into the sets of parked messages. Who removes the entry owns the message, so that nothing is parked twice.
 *
 * KEYS: unacked, index, then the sets. ARGV: for each claim: tag, number of its set, ms until it is due, bytes that follow
 * the envelope in its entry.
 */
export const PARK: RedisScript = redisScript(`${NOW}
for at = 1, #ARGV, 4 do
  local tag = ARGV[at]
  local entry = redis.call('HGET', KEYS[1], tag)
  if entry then
    local payload = string.sub(entry, 2, -1 - tonumber(ARGV[at + 3]))
    if string.byte(payload) == 34 then payload = cjson.decode(payload) end
    redis.call('HDEL', KEYS[1], tag)
    redis.call('ZREM', KEYS[2], tag)
    local due = math.ceil(now * 1000 + tonumber(ARGV[at + 2]))
    redis.call('ZADD', KEYS[2 + tonumber(ARGV[at + 1])], string.format('%.0f', due), tag .. '\\n' .. payload)
  end
end
return 0
`);

/**
 * Puts parked messages that are due back at the end of their lists, the first one due first.
 *
 * KEYS: set, its list, set, its list... ARGV: messages of one set at most. Returns the milliseconds until the next one is
 * due, 0 when more are, nil when nothing is parked.
 */
export const RETURN_DUE: RedisScript = redisScript(`${NOW}
local limit, next_in = tonumber(ARGV[1]), nil
for at = 1, #KEYS, 2 do
  local due = redis.call('ZRANGE', KEYS[at], '-inf', string.format('%.0f', now * 1000), 'BYSCORE', 'LIMIT', 0, limit)
  if #due > 0 then
    local payloads = {}
    for i, member in ipairs(due) do payloads[i] = string.sub(member, string.find(member, '\\n', 1, true) + 1) end
    redis.call('ZREM', KEYS[at], unpack(due))
    redis.call('LPUSH', KEYS[at + 1], unpack(payloads))
  end
  local first = redis.call('ZRANGE', KEYS[at], 0, 0, 'WITHSCORES')
  if first[2] then
    local left = math.max(0, math.ceil(tonumber(first[2]) - now * 1000))
    if not next_in or left < next_in then next_in = left end
  end
end
return next_in
`);

/** Tags that nobody renewed for ARGV[1] seconds, the newest first, at most ARGV[2]. KEYS: index. */
export const OVERDUE: RedisScript = redisScript(`${NOW}
local latest = score(now - tonumber(ARGV[1]))
return redis.call('ZRANGE', KEYS[1], latest, '-inf', 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[2])
`);

/** Makes a life known. KEYS: alive key, lives. ARGV: `1` or `0` (fenced), ms to live, life. */
export const REGISTER: RedisScript = redisScript(`${EVEN_WITHOUT_MEMORY("KEYS[2]")}
redis.call('SET', KEYS[1], ARGV[1], 'PX', math.ceil(tonumber(ARGV[2])))
return redis.call('ZADD', KEYS[2], 0, ARGV[3])
`);

/**
 * Lives whose alive key has been missing for ARGV[2] seconds. The first look only notes the time: after an outage of the
 * server all keys are gone, and the living need a moment to come back.
 *
 * KEYS: lives (life -> when it was first found missing, 0 while it is there), sweep lock. ARGV: alive key prefix, grace,
 * milliseconds until the next look by anybody.
 */
export const DEAD_LIVES: RedisScript = redisScript(`${NOW}${EVEN_WITHOUT_MEMORY("KEYS[1]")}
if not redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3]) then return {} end
local lives, dead = redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES'), {}
for i = 1, #lives, 2 do
  local life, missing_since = lives[i], tonumber(lives[i + 1])
  if redis.call('EXISTS', ARGV[1] .. life) == 1 then
    if missing_since ~= 0 then redis.call('ZADD', KEYS[1], 0, life) end
  elseif missing_since == 0 then
    redis.call('ZADD', KEYS[1], score(now), life)
  elseif now - missing_since >= tonumber(ARGV[2]) then
    dead[#dead + 1] = life
  end
end
return dead
`);

/** Releases a lock that is still ours. KEYS: lock. ARGV: token. */
export const UNLOCK: RedisScript = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

/**
 * Notes the binding of a queue that expires, as kombu 5.7 does. KEYS: table, deadlines. ARGV: member, exchange, ms until
 * the binding may be swept.
 */
export const BIND_EXPIRING: RedisScript = redisScript(`${NOW}
redis.call('SADD', KEYS[1], ARGV[1])
return redis.call('ZADD', KEYS[2], 'GT', math.floor(now * 1000) + tonumber(ARGV[3]), ARGV[2])
`);

/**
 * Counts the entries that end in one of the given ways; nil when there are too many to look through.
 *
 * KEYS: unacked. ARGV: the most that are looked through, the endings.
 */
export const COUNT_HELD: RedisScript = redisScript(`
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then return nil end
local count = 0
for _, entry in ipairs(redis.call('HVALS', KEYS[1])) do
  for i = 2, #ARGV do
    if string.sub(entry, -#ARGV[i]) == ARGV[i] then
      count = count + 1
      break
    end
  end
end
return count
`);
