/** The least a worker can do that loses nothing: claim a batch in one step, run it, store its results, acknowledge it. */
import { Redis } from "ioredis";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import { addResult } from "../lib/message.ts";
import type { WorkerInput } from "./bench.ts";

const BATCH = 50;
const RESULT_SECONDS = 86_400;

/** Pops messages and notes them in the hash and the index where kombu keeps what is not acknowledged. */
const CLAIM = `
local payloads = redis.call('RPOP', KEYS[1], ARGV[1])
if not payloads then return {} end
local entries, index = {}, {}
for i, payload in ipairs(payloads) do
  local tag = ARGV[2] .. i
  entries[2 * i - 1], entries[2 * i] = tag, payload
  index[2 * i - 1], index[2 * i] = ARGV[3], tag
end
redis.call('HSET', KEYS[2], unpack(entries))
redis.call('ZADD', KEYS[3], unpack(index))
return payloads`;

const { broker, results, count } = readInput<WorkerInput>();
const redis = new Redis(broker);
const backend = results === null ? undefined : new Redis(results);
const script = String(await redis.script("LOAD", CLAIM));
const watch = new Stopwatch();

for (let ran = 0, batch = 0; ran < count; batch += 1) {
  const prefix = `${batch}:`;
  const now = Date.now() / 1000;
  const keys = ["celery", "unacked", "unacked_index"];
  const payloads = (await redis.evalsha(script, 3, ...keys, BATCH, prefix, now)) as string[];
  const done = payloads.map(run);
  if (backend !== undefined) await store(backend, done);
  const tags = payloads.map((_payload, at) => prefix + (at + 1));
  await redis
    .pipeline()
    .zrem("unacked_index", ...tags)
    .hdel("unacked", ...tags)
    .exec();
  ran += payloads.length;
}
report(watch.rate(count));
redis.disconnect();
backend?.disconnect();

/** Resolves a message to the id of its task, having called it. */
function run(payload: string): string {
  const envelope = JSON.parse(payload) as { body: string; headers: { id: string } };
  const [args] = JSON.parse(Buffer.from(envelope.body, "base64").toString()) as [[number, number]];
  add(...args);
  return envelope.headers.id;
}

function add(x: number, y: number): number {
  return x + y;
}

async function store(client: Redis, ids: readonly string[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const id of ids) {
    const [key, document] = [`celery-task-meta-${id}`, addResult(id)];
    pipeline.setex(key, RESULT_SECONDS, document).publish(key, document);
  }
  await pipeline.exec();
}
