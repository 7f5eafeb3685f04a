/** A seat in Redis: a key that expires, a counter of terms, and a hash of states. One Redis; a failover may lose a term. */
import { randomUUID } from "node:crypto";
import { parseRedisUrl, redisScript, runScript } from "../../stores/redis.ts";
import { RedisLink } from "../../stores/redis-link.ts";
import type { EntryState } from "../entry.ts";
import { LEASE_MS, type Seat } from "../seat.ts";
import { stateToText, textToState } from "../state-text.ts";

export interface RedisSeatOptions {
  readonly url: string;
  /** Name of the beats that share the seat. */
  readonly lockName: string;
  /** Of the broker or result store whose URL it is; {} for a URL of its own. */
  readonly transportOptions?: Readonly<Record<string, unknown>>;
  /** How long a term lasts; for tests. */
  readonly leaseMs?: number;
}

const CONNECT_TIMEOUT_MS = 4000;
/** How long a call is tried again while the server is away: less than a lease, which ends meanwhile. */
const BUDGET_MS = 1000;

const ACQUIRE = redisScript(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local term = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], term .. ' ' .. ARGV[1], 'PX', ARGV[2], 'NX')
return term
`);
const RENEW = redisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
`);
const RELEASE = redisScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
`);
/** The arguments after the first are names and states in turn; an empty state is forgotten. */
const WRITE = redisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
for at = 2, #ARGV, 2 do
  if ARGV[at + 1] == '' then redis.call('HDEL', KEYS[2], ARGV[at])
  else redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
end
return 1
`);

/** Connects on first use. Throws ConfigurationError for a bad URL. */
export function createRedisSeat(options: RedisSeatOptions): Seat {
  const { url, lockName, transportOptions = {}, leaseMs = LEASE_MS } = options;
  const target = parseRedisUrl(url, transportOptions);
  const link = new RedisLink({ target, timeoutMs: CONNECT_TIMEOUT_MS, role: "backend" });
  const holder = randomUUID();
  // The braces keep the keys together on a cluster.
  const [lease, terms, states] = ["lease", "terms", "states"].map(
    (part) => `celerity-beat:{${lockName}}:${part}`,
  ) as [string, string, string];
  const owned = (term: number): string => `${term} ${holder}`;
  return {
    name: "redis",
    async acquire() {
      // Not tried again by itself: a term whose answer is lost has to run out.
      const client = await link.client();
      const term = Number(await runScript(client, ACQUIRE, [lease, terms], [holder, leaseMs]));
      return term === 0 ? undefined : term;
    },
    async renew(term) {
      return (
        (await link.run((client) => runScript(client, RENEW, [lease], [owned(term), leaseMs]), BUDGET_MS)) ===
        1
      );
    },
    async release(term) {
      await link.run((client) => runScript(client, RELEASE, [lease], [owned(term)]), BUDGET_MS);
    },
    async read() {
      const texts = await link.run((client) => client.hgetall(states), BUDGET_MS);
      const found = new Map<string, EntryState>();
      for (const [name, text] of Object.entries(texts)) {
        const state = textToState(String(text));
        if (state !== undefined) found.set(name, state);
      }
      return found;
    },
    async write(term, changes) {
      const args = [...changes].flatMap(([name, state]) => [
        name,
        state === undefined ? "" : stateToText(state),
      ]);
      return (
        (await link.run(
          (client) => runScript(client, WRITE, [lease, states], [owned(term), ...args]),
          BUDGET_MS,
        )) === 1
      );
    },
    async close() {
      link.close();
    },
  };
}
