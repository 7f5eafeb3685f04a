/**
 * `redis://`, `rediss://`, `redis+socket://` and `sentinel://` result backends. Source: celery/backends/redis.py and
 * base.py of 5.7: a result is the string at `celery-task-meta-<id>`, and is published on the channel of that name.
 */
import type { Redis } from "ioredis";
import {
  CelerityError,
  ConfigurationError,
  DecodeError,
  parseResultDocument,
  type ResultDocument,
  type ResultTuple,
  toError,
} from "../protocol/index.ts";
import { parseRedisUrl, type RedisScript, redisScript, runScript } from "../stores/redis.ts";
import { RedisLink } from "../stores/redis-link.ts";
import type { ChordStore } from "./chord-store.ts";
import { createRedisChords } from "./chords/redis-chords.ts";
import { decodeGroup, type GroupRecord, groupTupleOf, orDecodeError } from "./group-record.ts";
import { RedisListener } from "./redis-listener.ts";
import type {
  BackendFactory,
  BackendOptions,
  FoundDocument,
  ResultBackend,
  ResultEntry,
  WaitOptions,
} from "./result-backend.ts";
import { createResultWaiters, type ResultWaiters } from "./result-waiters.ts";

/** Longest attempt to connect; transport option `socketConnectTimeout` (seconds). */
const CONNECT_TIMEOUT_MS = 5000;
/** How long storing is tried again, by default: an outage of this length loses no result. Transport option `storeBudgetMs`. */
const STORE_BUDGET_MS = 60_000;
/** How long reading is tried again: somebody waits for the answer. */
const READ_BUDGET_MS = 5000;
/** Results that one script call stores, and their bytes, at most (a result alone may be larger). */
const CHUNK = 200;
const CHUNK_BYTES = 1_000_000;
/** Results that one command reads. */
const READ_CHUNK = 500;

/** The content type of Celery's `auth` serializer, whose base64 hides the letters of a state. */
const SIGNED_TYPE = "application/data";

/**
 * Stores results that do not overwrite a SUCCESS. Whether a stored value is one only its decoder knows, but a value
 * without these letters is none, unless it is compressed or signed: so nearly all is decided here, in one round trip.
 *
 * KEYS: one for each result. ARGV: seconds to keep (0: for ever), the same for failures, a letter for each value that is F for
 * a failure, 1 when no value shows its letters, the values; then, on the second try, the values that were looked at and may be
 * overwritten. Returns the numbers of those that somebody must look at.
 */
const STORE: RedisScript = redisScript(`
local opaque, doubtful = ARGV[4] == '1', {}
for i, key in ipairs(KEYS) do
  local old = redis.pcall('GET', key)
  if type(old) ~= 'string' then old = '' end
  local final = string.find(old, 'SUCCESS', 1, true) or string.sub(old, 1, 19) == '\\0celery-compressed\\0'
  if (final or opaque and old ~= '') and old ~= ARGV[4 + #KEYS + i] then
    doubtful[#doubtful + 1] = i
  else
    local value = ARGV[4 + i]
    local ttl = tonumber(string.sub(ARGV[3], i, i) == 'F' and ARGV[2] or ARGV[1])
    if ttl > 0 then redis.call('SETEX', key, ttl, value) else redis.call('SET', key, value) end
    redis.call('PUBLISH', key, value)
  end
end
return doubtful
`);

/** A result on its way to its key. */
interface Write {
  readonly key: string;
  readonly taskId: string;
  readonly value: Buffer;
  readonly isFailure: boolean;
}

/** Makes the driver; connections are opened on first use. */
const createRedisBackend: BackendFactory = (options: BackendOptions): ResultBackend =>
  new RedisBackend(options);

export default createRedisBackend;

class RedisBackend implements ResultBackend {
  readonly name = "redis";
  readonly replyTo = undefined;
  readonly shared = true;
  readonly chords: ChordStore;
  readonly #options: BackendOptions;
  readonly #keyPrefix: string;
  readonly #groupPrefix: string;
  readonly #storeBudgetMs: number;
  readonly #failureExpiresSeconds: number;
  readonly #link: RedisLink;
  readonly #waiters: ResultWaiters;
  readonly #listener: RedisListener;
  #closed = false;

  constructor(options: BackendOptions) {
    const target = parseRedisUrl(options.url, options.transportOptions);
    const number = (name: string, fallback: number): number => {
      const value = options.transportOptions[name] ?? fallback;
      if (typeof value === "number" && value >= 0) return value;
      throw new ConfigurationError(`Transport option ${name} must be a number, 0 or more.`);
    };
    const budget = number("storeBudgetMs", STORE_BUDGET_MS);
    const timeoutMs = number("socketConnectTimeout", CONNECT_TIMEOUT_MS / 1000) * 1000;
    const linkOptions = { target, timeoutMs, role: "backend" } as const;
    this.#failureExpiresSeconds = number("failureExpires", options.expiresSeconds);
    this.#options = options;
    const prefix = globalPrefix(options.transportOptions["globalKeyprefix"]);
    this.#keyPrefix = `${prefix}celery-task-meta-`;
    this.#groupPrefix = `${prefix}celery-taskset-meta-`;
    this.#storeBudgetMs = budget;
    this.#link = new RedisLink(linkOptions);
    this.#waiters = createResultWaiters({
      onFirst: (taskId, { isNew }) => this.#listener.join(taskId, isNew === true),
      onLast: (taskId) => this.#listener.leave(taskId),
    });
    this.#listener = new RedisListener({
      link: linkOptions,
      keyPrefix: this.#keyPrefix,
      budgetMs: this.#storeBudgetMs,
      isWanted: (taskId) => this.#waiters.ids.has(taskId),
      wanted: () => this.#waiters.ids.keys(),
      read: (keys) => this.#link.run((client) => client.mgetBuffer(...keys), this.#storeBudgetMs),
      onValue: (taskId, value) => void this.#announce(taskId, value),
      onFailed: (taskId, error) => this.#waiters.fail(taskId, error),
    });
    this.chords = createRedisChords({
      globalPrefix: prefix,
      encoding: options.encoding,
      resultExpires: options.expiresSeconds,
      expires: options.chords?.expiresSeconds ?? options.expiresSeconds,
      joinTimeoutSeconds: options.chords?.joinTimeoutSeconds ?? 3,
      firstLookMs: (options.chords?.sweepSeconds ?? 30) * 1000,
      inOrder: options.transportOptions["resultChordOrdered"] !== false,
      run: (work) => this.#link.run(work, this.#storeBudgetMs),
      getMany: (taskIds) => this.getMany(taskIds),
      restoreGroup: (groupId) => this.restoreGroup(groupId),
      onWarning: options.onWarning,
    });
  }

  async store(entries: readonly ResultEntry[]): Promise<void> {
    this.#requireOpen();
    const values = await Promise.all(entries.map(({ document }) => this.#options.encoding.encode(document)));
    const writes = entries.map(({ document: { task_id: taskId, status } }, at) => ({
      key: this.#keyPrefix + taskId,
      taskId,
      value: toBuffer(values[at] ?? new Uint8Array()),
      isFailure: status === "FAILURE",
    }));
    const chunks = inChunks(writes).map((chunk) => this.#storeChunk(chunk));
    const outcomes = await Promise.allSettled(chunks);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #storeChunk(writes: readonly Write[]): Promise<void> {
    let left = await this.#write(writes, []);
    while (left.length > 0) {
      const keys = left.map(({ key }) => key);
      const found = await this.#link.run((client) => client.mgetBuffer(...keys), this.#storeBudgetMs);
      const old = left.map((write, at) => ({ write, value: found[at] ?? Buffer.alloc(0) }));
      const isSuccess = await Promise.all(
        old.map(({ write, value }) => this.#isSuccess(write.taskId, value)),
      );
      const open = old.filter((_, at) => isSuccess[at] === false);
      left = await this.#write(
        open.map(({ write }) => write),
        open.map(({ value }) => value),
      );
    }
  }

  /** Resolves with what was not written, because the stored value must be looked at. */
  async #write(writes: readonly Write[], overwritable: readonly Buffer[]): Promise<readonly Write[]> {
    if (writes.length === 0) return [];
    const { expiresSeconds, encoding } = this.#options;
    const opaque = encoding.contentType === SIGNED_TYPE ? 1 : 0;
    const args = [
      Math.ceil(expiresSeconds),
      Math.ceil(this.#failureExpiresSeconds),
      writes.map(({ isFailure }) => (isFailure ? "F" : "-")).join(""),
      opaque,
      ...writes.map(({ value }) => value),
      ...overwritable,
    ];
    const keys = writes.map(({ key }) => key);
    const doubtful = await this.#link.run(
      (client: Redis) => runScript(client, STORE, keys, args),
      this.#storeBudgetMs,
    );
    return (doubtful as readonly number[]).flatMap((number) => writes[number - 1] ?? []);
  }

  async #isSuccess(taskId: string, value: Buffer): Promise<boolean> {
    try {
      return (await this.#decode(taskId, value)).status === "SUCCESS";
    } catch {
      return false;
    }
  }

  async get(taskId: string): Promise<ResultDocument | undefined> {
    this.#requireOpen();
    const value = await this.#read((client) => client.getBuffer(this.#keyPrefix + taskId));
    return value === null ? undefined : this.#decode(taskId, value);
  }

  async getMany(taskIds: readonly string[]): Promise<readonly FoundDocument[]> {
    this.#requireOpen();
    const found: FoundDocument[] = [];
    for (let at = 0; at < taskIds.length; at += READ_CHUNK) {
      const ids = taskIds.slice(at, at + READ_CHUNK);
      const keys = ids.map((id) => this.#keyPrefix + id);
      const values = await this.#read((client) => client.mgetBuffer(...keys));
      const decode = async (id: string, value: Buffer | null | undefined): Promise<FoundDocument> =>
        value ? this.#decode(id, value).catch(orDecodeError) : undefined;
      found.push(...(await Promise.all(ids.map((id, index) => decode(id, values[index])))));
    }
    return found;
  }

  /** For those who wait for the answer. */
  #read<Result>(work: (client: Redis) => Promise<Result>): Promise<Result> {
    return this.#link.run(work, Math.min(READ_BUDGET_MS, this.#storeBudgetMs));
  }

  async saveGroup(groupId: string, group: ResultTuple): Promise<void> {
    this.#requireOpen();
    const record: GroupRecord = { result: group };
    const value = toBuffer(await this.#options.encoding.encode(record));
    const ttl = Math.ceil(this.#options.expiresSeconds);
    const key = this.#groupPrefix + groupId;
    const save = (client: Redis): Promise<unknown> =>
      ttl > 0 ? client.setex(key, ttl, value) : client.set(key, value);
    await this.#link.run(save, this.#storeBudgetMs);
  }

  async restoreGroup(groupId: string): Promise<ResultTuple | undefined> {
    this.#requireOpen();
    const value = await this.#read((client) => client.getBuffer(this.#groupPrefix + groupId));
    if (value === null) return undefined;
    return groupTupleOf(await decodeGroup(this.#options.encoding, value, groupId), groupId);
  }

  async deleteGroup(groupId: string): Promise<void> {
    this.#requireOpen();
    await this.#read((client) => client.del(this.#groupPrefix + groupId));
  }

  async #decode(taskId: string, value: Buffer): Promise<ResultDocument> {
    try {
      const document = parseResultDocument(await this.#options.encoding.decode(value), taskId);
      return document.task_id === taskId ? document : { ...document, task_id: taskId };
    } catch (error) {
      if (error instanceof CelerityError) throw error;
      const text = `The stored result of task ${taskId} cannot be read: ${toError(error).message}`;
      throw new DecodeError("bad_result", text, { cause: error });
    }
  }

  async #announce(taskId: string, value: Buffer): Promise<void> {
    try {
      this.#waiters.announce(await this.#decode(taskId, value));
    } catch (error) {
      this.#waiters.fail(taskId, toError(error));
    }
  }

  async wait(taskId: string, options: WaitOptions = {}): Promise<ResultDocument> {
    this.#requireOpen();
    return await this.#waiters.wait(taskId, options);
  }

  async forget(taskIds: readonly string[]): Promise<void> {
    this.#requireOpen();
    if (taskIds.length === 0) return;
    const keys = taskIds.map((taskId) => this.#keyPrefix + taskId);
    await this.#read((client) => client.del(...keys));
  }

  /** Redis drops what has expired by itself. */
  async cleanup(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiters.close();
    this.#listener.close();
    this.#link.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw new CelerityError("closed", "The result backend is closed.");
  }
}

/** Celery puts "_" behind a prefix that does not end in punctuation of its own (celery/backends/base.py). */
function globalPrefix(option: unknown): string {
  if (option === undefined || option === null || option === "") return "";
  if (typeof option !== "string")
    throw new ConfigurationError("Transport option globalKeyprefix must be a string.");
  return /[:_.-]$/.test(option) ? option : `${option}_`;
}

function inChunks(writes: readonly Write[]): readonly (readonly Write[])[] {
  const chunks: Write[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const write of writes) {
    const last = chunks.at(-1);
    if (last === undefined || last.length === CHUNK || bytes + write.value.length > CHUNK_BYTES) {
      chunks.push([write]);
      bytes = write.value.length;
    } else {
      last.push(write);
      bytes += write.value.length;
    }
  }
  return chunks;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
