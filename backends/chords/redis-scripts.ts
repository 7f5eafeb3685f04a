/**
 * The steps of counting that must be one, in Lua. The keys are Celery 5.7's, `celery-taskset-meta-<group id>` and a suffix, so
 * that workers of both kinds count together: `.j` what members returned, `.d` which of them, `.s` how many they must be,
 * `.t` how many more, `.c` who sends the body (a token, later `done`), and the key itself the header's results where groups
 * are in it. Of our own are `.w`, what a sweep must know, and the index of all chords. Source: celery/backends/redis.py of 5.7.
 */
import { type RedisScript, redisScript } from "../../stores/redis.ts";

/**
 * Begins a count. KEYS: c j t d s group w index. ARGV: size, seconds to keep it (0: for ever), the header's results or "",
 * then as of NOTE from ARGV[1] on (a body of "" is not watched).
 */
export const START: RedisScript = redisScript(`
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
local function put(key, value)
  if tonumber(ARGV[2]) > 0 then redis.call('SET', key, value, 'EX', ARGV[2]) else redis.call('SET', key, value) end
end
put(KEYS[5], ARGV[1])
if ARGV[3] ~= '' then put(KEYS[6], ARGV[3]) end
local id, body, now, due, keep, most = ARGV[4], ARGV[5], ARGV[6], ARGV[7], tonumber(ARGV[8]), tonumber(ARGV[9])
redis.call('DEL', KEYS[7])
if body == '' or redis.call('ZCARD', KEYS[8]) >= most then return 0 end
redis.call('HSET', KEYS[7], 'body', body, 'ids', ARGV[10], 'touched', now)
redis.call('ZADD', KEYS[8], due, id)
if keep > 0 then
  redis.call('EXPIRE', KEYS[7], keep)
  redis.call('EXPIRE', KEYS[8], keep)
end
return 1
`);

/** Puts a chord that others sent into the index, if it is still counted. KEYS: w index s. ARGV: group id, body, now, when to look first, seconds to keep it, most chords. */
export const NOTE: RedisScript = redisScript(`
local id, body, now, due, keep, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('EXISTS', KEYS[3]) == 0 or redis.call('ZCARD', KEYS[2]) >= most then return 0 end
redis.call('HSET', KEYS[1], 'body', body, 'touched', now)
redis.call('ZADD', KEYS[2], due, id)
if keep > 0 then
  redis.call('EXPIRE', KEYS[1], keep)
  redis.call('EXPIRE', KEYS[2], keep)
end
return 1
`);

/** More members. KEYS: t d. ARGV: how many, a name for this call, seconds to keep. */
export const EXTEND: RedisScript = redisScript(`
if redis.call('SADD', KEYS[2], 'more:' .. ARGV[2]) == 0 then return 0 end
redis.call('INCRBY', KEYS[1], ARGV[1])
if tonumber(ARGV[3]) > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[3])
  redis.call('EXPIRE', KEYS[2], ARGV[3])
end
return 1
`);

/**
 * Counts the end of one member and, when it is the last, takes the claim. KEYS: j t s d group c w. ARGV: task id, what it
 * returned, "1" to keep the header's order, its place, seconds to keep counts, to keep the group, to keep the claim, the
 * token, now, seconds to keep the notes. Returns [claimed, in the index]; [-1] when the chord is done.
 */
export const PART: RedisScript = redisScript(`
local returned, more, size, seen, group, claim, notes = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local id, value, inOrder, place = ARGV[1], ARGV[2], ARGV[3] == '1', ARGV[4]
if redis.call('GET', claim) == 'done' then return {-1, 1} end

local function isCounted()
  if redis.call('SISMEMBER', seen, id .. ':' .. place) == 1 then return true end
  -- Workers before 5.7 leave nothing in that set. What a task added to the chord has its place, and may be what it returned:
  -- so the id must be where each serializer of text and msgpack has it, right behind the 1.
  if not inOrder or place == '+inf' then return false end
  for _, other in ipairs(redis.call('ZRANGEBYSCORE', returned, place, place)) do
    local at = string.find(other, id, 1, true)
    if at and at <= 7 then return true end
  end
  return false
end
if not isCounted() then
  if inOrder then redis.call('ZADD', returned, place, value) else redis.call('RPUSH', returned, value) end
end
redis.call('SADD', seen, id .. ':' .. place)

local expires, groupExpires = tonumber(ARGV[5]), tonumber(ARGV[6])
if expires > 0 then
  for _, key in ipairs({returned, more, size, seen}) do redis.call('EXPIRE', key, expires) end
end
if expires > 0 and groupExpires > 0 then redis.call('EXPIRE', group, groupExpires) end

local wanted, isNoted = redis.call('GET', size), redis.call('HEXISTS', notes, 'body')
if wanted and isNoted == 1 then
  redis.call('HSET', notes, 'touched', ARGV[9])
  if tonumber(ARGV[10]) > 0 then redis.call('EXPIRE', notes, ARGV[10]) end
end
if not wanted then return {0, isNoted} end
local total = tonumber(wanted) + tonumber(redis.call('GET', more) or 0)
local ready = inOrder and redis.call('ZCARD', returned) or redis.call('LLEN', returned)
-- Beyond the total is what workers before 5.7 counted twice; whoever has the claim sorts that out.
if ready < total or (ready > total and not inOrder) then return {0, isNoted} end
return {redis.call('SET', claim, ARGV[8], 'NX', 'EX', ARGV[7]) and 1 or 0, isNoted}
`);

/** Takes the claim of a chord nobody works on. KEYS: c. ARGV: token, seconds. */
export const CLAIM: RedisScript = redisScript(`
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) and 1 or 0
`);

/** Keeps a claim, or takes it again while the count is there. KEYS: c s. ARGV: token, seconds. Returns 0 when it is lost. */
export const KEEP: RedisScript = redisScript(`
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if owner or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return 1
`);

/** Removes a finished count, for its owner. KEYS: c j t s d w index. ARGV: token, seconds that repeats are known as such, group id. */
export const DONE: RedisScript = redisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6])
redis.call('ZREM', KEYS[7], ARGV[3])
redis.call('SET', KEYS[1], 'done', 'EX', ARGV[2])
return 1
`);

/** Gives a claim back. KEYS: c. ARGV: token. */
export const RELEASE: RedisScript = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`);

/** Takes chords whose turn it is. KEYS: index. ARGV: now, their next turn, how many at most. */
export const DUE: RedisScript = redisScript(`
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], ARGV[2], id) end
return ids
`);

/**
 * What a sweep sees. KEYS: j t s c w. ARGV: "1" where the header's order is kept. Returns [members counted, members wanted
 * or -1, the claim, milliseconds that the count still lives (-1: no end), members counted at the last look, when the last one was counted, 1 when the index knows it].
 */
export const LOOK: RedisScript = redisScript(`
local ready = ARGV[1] == '1' and redis.call('ZCARD', KEYS[1]) or redis.call('LLEN', KEYS[1])
local wanted, total = redis.call('GET', KEYS[3]), -1
if wanted then total = tonumber(wanted) + tonumber(redis.call('GET', KEYS[2]) or 0) end
local notes = redis.call('HMGET', KEYS[5], 'seen', 'touched')
local isNoted = redis.call('HEXISTS', KEYS[5], 'body')
if isNoted == 1 then redis.call('HSET', KEYS[5], 'seen', ready) end
return {
  ready, total, redis.call('GET', KEYS[4]) or '', redis.call('PTTL', KEYS[3]),
  tonumber(notes[1] or -1), notes[2] or '0', isNoted
}
`);
