/**
 * A task index in Redis, for several gateways: a hash for each task, which expires by itself, and a sorted set of ids in the
 * order they came. How much of it outlives Redis itself is Redis's own setting (`appendonly`).
 */
import { redisScript } from "../stores/redis.ts";
import { inRounds } from "./state/in-rounds.ts";
import { RedisState, type RedisStateOptions, texts } from "./state/redis/connection.ts";
import { pruneOldest } from "./state/redis/prune-oldest.ts";
import {
  DEFAULT_MAX_AGE_SECONDS,
  DEFAULT_STORED_ENTRIES,
  fitsFilter,
  readTaskCursor,
  type TaskChange,
  type TaskEntry,
  type TaskFilter,
  type TaskIndex,
  type TaskPage,
  type TaskRetention,
  toTaskCursor,
} from "./task-index.ts";
import { type TaskBatch, TaskWriter } from "./task-writer.ts";

export interface RedisTaskIndexOptions extends Partial<TaskRetention>, RedisStateOptions {}

/** Tasks that one page looks at, at most, and how many of them at once: filters must not keep Redis busy. */
const MAX_SCANNED = 2000;
const SCANNED_AT_ONCE = 250;
/** Tasks of one script, which nobody else waits long for. */
const TASKS_AT_ONCE = 100;
/** Rounds of pruning at once, which remove more than comes meanwhile. */
const PRUNED_ROUNDS = 4;

/** What never changes of a task is in `entry`, as JSON. */
const FIELDS = ["entry", "state", "done", "eta"] as const;

/**
 * Keys: 1 order, 2 number of the newest, then one for each task. Arguments: 1 lifetime in ms, then id, four fields and the origin
 * for each. A gateway's word of a task counts more than what was observed.
 */
const RECORD = redisScript(`
for at = 3, #KEYS do
  local arg = 6 * (at - 3) + 2
  if redis.call('EXISTS', KEYS[at]) == 0 then
    redis.call('HSET', KEYS[at], 'entry', ARGV[arg + 1], 'state', ARGV[arg + 2], 'done', ARGV[arg + 3], 'eta', ARGV[arg + 4])
    redis.call('PEXPIRE', KEYS[at], ARGV[1])
    redis.call('ZADD', KEYS[1], redis.call('INCR', KEYS[2]), ARGV[arg])
    if ARGV[arg + 5] ~= '' then redis.call('HSET', KEYS[at], 'origin', ARGV[arg + 5]) end
  elseif ARGV[arg + 5] == '' and redis.call('HDEL', KEYS[at], 'origin') == 1 then
    redis.call('HSET', KEYS[at], 'entry', ARGV[arg + 1], 'eta', ARGV[arg + 4])
  end
end
`);

/** Keys: one for each task. Arguments for each: state, done, eta or 'as it was', and '1' to leave one that has ended alone. */
const UPDATE = redisScript(`
for at, key in ipairs(KEYS) do
  local arg = 4 * at - 3
  local done = redis.call('HGET', key, 'done')
  if done and (done == '' or ARGV[arg + 3] == '') then
    redis.call('HSET', key, 'state', ARGV[arg], 'done', ARGV[arg + 1])
    if ARGV[arg + 2] ~= 'as it was' then redis.call('HSET', key, 'eta', ARGV[arg + 2]) end
  end
end
`);

/** Connects on first use, or by open(). Throws ConfigurationError for a bad URL. */
export function createRedisTaskIndex(options: RedisTaskIndexOptions): TaskIndex {
  return new RedisTaskIndex(options);
}

class RedisTaskIndex implements TaskIndex {
  readonly #options: RedisTaskIndexOptions;
  readonly #redis: RedisState;
  readonly #writer: TaskWriter;
  readonly #order: string;

  constructor(options: RedisTaskIndexOptions) {
    this.#options = options;
    this.#redis = new RedisState(options);
    this.#order = this.#redis.key("tasks", "order");
    this.#writer = new TaskWriter({
      onWarning: options.onWarning,
      write: (batch) => this.#write(batch),
      prune: () => this.#prune(),
    });
  }

  async open(): Promise<void> {
    await this.#redis.run((client) => client.ping());
  }

  record(batch: readonly TaskEntry[]): Promise<void> {
    return this.#writer.record(batch);
  }

  update(change: TaskChange): void {
    this.#writer.update(change);
  }

  async #write({ entries, changes }: TaskBatch): Promise<void> {
    await Promise.all(slices([...entries.values()]).map((slice) => this.#record(slice)));
    await Promise.all(slices([...changes.values()]).map((slice) => this.#change(slice)));
  }

  async #record(entries: readonly TaskEntry[]): Promise<void> {
    const { maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } = this.#options;
    const keys = [this.#order, this.#redis.key("tasks", "newest"), ...entries.map(({ id }) => this.#key(id))];
    await this.#redis.script(RECORD, keys, [maxAgeSeconds * 1000, ...entries.flatMap(toArguments)]);
  }

  async #change(changes: readonly TaskChange[]): Promise<void> {
    const keys = changes.map(({ id }) => this.#key(id));
    const args = changes.flatMap(({ state, doneAtMs, etaMs, unlessDone }) => [
      state,
      doneAtMs ?? "",
      etaMs ?? "as it was",
      unlessDone === true ? "1" : "",
    ]);
    await this.#redis.script(UPDATE, keys, args);
  }

  #prune(): Promise<boolean> {
    const { maxEntries = DEFAULT_STORED_ENTRIES } = this.#options;
    const kept = { order: this.#order, prefix: this.#key(""), most: maxEntries };
    return inRounds(PRUNED_ROUNDS, () => pruneOldest(this.#redis, kept));
  }

  async find(id: string): Promise<TaskEntry | undefined> {
    const entry = this.#writer.unwritten(id) ?? (await this.#read([id]))[0];
    return entry === undefined ? undefined : this.#writer.changed(entry);
  }

  /** In the order of the ids; undefined for those that are gone. */
  #read(ids: readonly string[]): Promise<readonly (TaskEntry | undefined)[]> {
    return this.#redis.run(async (client) => {
      const rows = await Promise.all(ids.map((id) => client.hmget(this.#key(id), ...FIELDS)));
      return rows.map(toEntry);
    });
  }

  async list(filter: TaskFilter): Promise<TaskPage> {
    await this.#writer.flush();
    const entries: TaskEntry[] = [];
    let before = filter.cursor === undefined ? Number.POSITIVE_INFINITY : readTaskCursor(filter.cursor);
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += SCANNED_AT_ONCE) {
      const slots = await this.#olderThan(before);
      const found = await this.#read(slots.map(({ id }) => id));
      for (const [at, { sequence }] of slots.entries()) {
        const entry = found[at];
        if (entry !== undefined && fitsFilter(entry, filter)) {
          if (entries.length === filter.limit) return { entries, next: toTaskCursor(before) };
          entries.push(entry);
        }
        before = sequence;
      }
      if (slots.length < SCANNED_AT_ONCE) return { entries, next: undefined };
    }
    return { entries, next: toTaskCursor(before) };
  }

  async #olderThan(sequence: number): Promise<readonly { readonly id: string; readonly sequence: number }[]> {
    const newest = Number.isFinite(sequence) ? `(${sequence}` : "+inf";
    const answer = texts(
      await this.#redis.run((client) =>
        client.zrevrangebyscore(this.#order, newest, "-inf", "WITHSCORES", "LIMIT", 0, SCANNED_AT_ONCE),
      ),
    );
    const slots = [];
    for (let at = 0; at + 1 < answer.length; at += 2) {
      slots.push({ id: answer[at] ?? "", sequence: Number(answer[at + 1]) });
    }
    return slots;
  }

  #key(id: string): string {
    return this.#redis.key("task", id);
  }

  async close(): Promise<void> {
    await this.#writer.flush();
    this.#redis.close();
  }
}

function slices<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / TASKS_AT_ONCE);
  return Array.from({ length: count }, (_, at) => items.slice(at * TASKS_AT_ONCE, (at + 1) * TASKS_AT_ONCE));
}

function toArguments(entry: TaskEntry): (string | number)[] {
  const { id, task, queue, submittedAtMs, ignoreResult, tags, tenant, owner, replayedFrom, origin } = entry;
  const constant: Constant = {
    id,
    task,
    queue,
    submittedAtMs,
    ignoreResult,
    tags,
    tenant,
    owner,
    replayedFrom,
  };
  const text = JSON.stringify(origin === undefined ? constant : { ...constant, origin });
  return [id, text, entry.state, entry.doneAtMs ?? "", entry.etaMs ?? "", origin ?? ""];
}

type Constant = Omit<TaskEntry, "state" | "doneAtMs" | "etaMs">;

function toEntry([entry, state, done, eta]: readonly (string | null)[]): TaskEntry | undefined {
  if (entry == null) return undefined;
  return {
    // The gateway's own key: what is in it, it wrote.
    ...(JSON.parse(entry) as Constant),
    state: state ?? "",
    doneAtMs: toTime(done),
    etaMs: toTime(eta),
  };
}

function toTime(text: string | null | undefined): number | null {
  return text == null || text === "" ? null : Number(text);
}
