/** The least a worker can do that loses nothing: run a batch, store its results, acknowledge it as one. */
import { type ConsumeMessage, connect } from "amqplib";
import { Redis } from "ioredis";
import { readInput, report, Stopwatch } from "../lib/child.ts";
import { addResult } from "../lib/message.ts";
import type { WorkerInput } from "./bench.ts";

const BATCH = 50;
const PREFETCH = 1000;
const RESULT_SECONDS = 86_400;

const { broker, results, count } = readInput<WorkerInput>();
const backend = results === null ? undefined : new Redis(results);
const connection = await connect(broker, { noDelay: true });
const channel = await connection.createChannel();
await channel.prefetch(PREFETCH);
const watch = new Stopwatch();

await new Promise<void>((resolve, reject) => {
  let ran = 0;
  let batch: ConsumeMessage[] = [];
  const settle = async (): Promise<void> => {
    const ended = batch;
    const last = ended.at(-1);
    const isLast = ran === count;
    batch = [];
    if (backend !== undefined) await store(backend, ended);
    if (last !== undefined) channel.ack(last, true);
    if (isLast) resolve();
  };
  const onMessage = (message: ConsumeMessage | null): void => {
    if (message === null) return;
    if (ran === 0) watch.restart();
    run(message);
    ran += 1;
    batch.push(message);
    if (batch.length === BATCH || ran === count) settle().catch(reject);
  };
  channel.consume("celery", onMessage).catch(reject);
});
// The channel first: only then are the acknowledgements sure to have left.
await channel.close();
report(watch.rate(count));
await connection.close();
backend?.disconnect();

function run({ content }: ConsumeMessage): number {
  const [args] = JSON.parse(content.toString()) as [[number, number]];
  return add(...args);
}

function add(x: number, y: number): number {
  return x + y;
}

async function store(client: Redis, messages: readonly ConsumeMessage[]): Promise<void> {
  const pipeline = client.pipeline();
  for (const { properties } of messages) {
    const id = String(properties.correlationId);
    const [key, document] = [`celery-task-meta-${id}`, addResult(id)];
    pipeline.setex(key, RESULT_SECONDS, document).publish(key, document);
  }
  await pipeline.exec();
}
