/** Counters in Redis: a key each with `<taken> <end of the window>`, which expires by itself. */
import { redisScript } from "../../../stores/redis.ts";
import { counterState } from "../counter-state.ts";
import type { CounterLimit, CounterState, Counters } from "../state-store.ts";
import { type RedisState, texts } from "./connection.ts";

/** Arguments: 1 amount, 2 limit, 3 now, 4 length of a window. Answers with 1 or 0, what is taken, and the window's end. */
const TAKE = redisScript(`
local taken, ends = 0, 0
local raw = redis.call('GET', KEYS[1])
if raw then
  local count, finish = string.match(raw, '^(%d+) (%d+)$')
  if tonumber(finish) > tonumber(ARGV[3]) then taken, ends = tonumber(count), tonumber(finish) end
end
local total = taken + tonumber(ARGV[1])
local fits = 0
if total == taken then fits = 1
elseif total <= tonumber(ARGV[2]) then
  fits = 1
  taken = total
  if ends == 0 then ends = tonumber(ARGV[3]) + tonumber(ARGV[4]) end
  redis.call('SET', KEYS[1], string.format('%.0f %.0f', taken, ends), 'PX', string.format('%.0f', ends - tonumber(ARGV[3])))
end
return {fits, string.format('%.0f', taken), string.format('%.0f', ends)}
`);

export class RedisCounters implements Counters {
  readonly #redis: RedisState;

  constructor(redis: RedisState) {
    this.#redis = redis;
  }

  async take(key: string, amount: number, limit: CounterLimit, nowMs: number): Promise<CounterState> {
    const args = [amount, limit.limit, Math.floor(nowMs), Math.ceil(limit.windowMs)];
    const [fits, taken, ends] = texts(
      await this.#redis.script(TAKE, [this.#redis.key("counter", key)], args),
    );
    const window = ends === "0" ? undefined : { taken: Number(taken), endsAtMs: Number(ends) };
    return counterState(fits === "1", window, limit, nowMs);
  }
}
