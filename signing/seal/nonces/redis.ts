/** Nonces in Redis: a key each, which expires by itself. */
import { parseRedisUrl, redisScript, runScript } from "../../../stores/redis.ts";
import { RedisLink } from "../../../stores/redis-link.ts";
import {
  NONCE_DONE,
  type NonceClaim,
  type NonceStore,
  nonceStartedBy,
  nonceStateOf,
} from "../nonce-store.ts";

export interface RedisNoncesOptions {
  readonly url: string;
  readonly transportOptions: Readonly<Record<string, unknown>>;
}

const PREFIX = "celerity-nonce-";
const CONNECT_TIMEOUT_MS = 4000;
/** How long a call is tried again while the server is away; its caller decides what then. */
const BUDGET_MS = 1000;

/** Notes each key that is not there; answers with what is there then. */
const CLAIM = redisScript(`
local noted = {}
for at, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * at - 1], 'NX', 'PX', ARGV[2 * at])
  noted[at] = redis.call('GET', key)
end
return noted
`);

const WRITE = redisScript(`
for at, key in ipairs(KEYS) do
  redis.call('SET', key, ARGV[2 * at - 1], 'PX', ARGV[2 * at])
end
`);

/** Connects on first use. Throws ConfigurationError for a bad URL. */
export function createRedisNonceStore({ url, transportOptions }: RedisNoncesOptions): NonceStore {
  const target = parseRedisUrl(url, transportOptions);
  const link = new RedisLink({ target, timeoutMs: CONNECT_TIMEOUT_MS, role: "backend" });
  const keys = (claims: readonly NonceClaim[]): string[] => claims.map(({ name }) => PREFIX + name);
  return {
    name: "redis",
    async claim(claims) {
      const args = claims.flatMap((claim) => [nonceStartedBy(claim), lifetimeMs(claim)]);
      const noted = await link.run((client) => runScript(client, CLAIM, keys(claims), args), BUDGET_MS);
      const texts = Array.isArray(noted) ? noted : [];
      return claims.map((claim, at) => nonceStateOf(String(texts[at]), claim));
    },
    async done(claims) {
      const args = claims.flatMap((claim) => [NONCE_DONE, lifetimeMs(claim)]);
      await link.run((client) => runScript(client, WRITE, keys(claims), args), BUDGET_MS);
    },
    async release(claims) {
      await link.run((client) => client.del(...keys(claims)), BUDGET_MS);
    },
    async close() {
      link.close();
    },
  };
}

/** Redis takes whole milliseconds, and none below 1. */
function lifetimeMs({ expiresAtMs }: NonceClaim): number {
  return Math.max(1, Math.ceil(expiresAtMs - Date.now()));
}
