import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rabbitApi } from "../../test/helpers/services-rabbit-api.ts";
import { checkAnswers, percentile } from "../lib/answers.ts";
import { type Body, Door } from "../lib/door.ts";
import type { Fault } from "../lib/fault.ts";
import { treeOf } from "../lib/processes.ts";
import { HELD, type Scene, TASK_SECONDS } from "../lib/scene.ts";
import { watchMemory } from "../lib/watch-memory.ts";

/** For each task of a load: 100 000 messages wait by default, and 4000 come in the burst. */
const WAITING_PER_TASK = 250;
const BURST_PER_TASK = 10;
const BATCH = 500;
/** Tasks of the burst come ten times as fast as the slot does them, whether those before are accepted or not. */
const TICK_MS = 50;
const PER_TICK = Math.round((10 * TICK_MS) / (TASK_SECONDS * 1000));
/** Makes the body of a message one of 1 kB, in base64. */
const PADDING = "x".repeat(650);
/** The worker works for so long on what waits, before the burst and after it. */
const WORK_MS = 5000;
const P99_LIMIT_MS = 250;
const MEMORY_LIMIT_MB = 200;
const GROWTH_LIMIT_MB = 32;

/** RabbitMQ is told to keep no messages in memory. */
const LAZY = "lazy queue";
/** The gateway is told not to wait longer for a broker that is silent. */
const SILENCE_MS = 50;

/** Far more waits than a worker will do for hours, and more comes in. */
export const burst: Fault = {
  name: "F20",
  what: "100 000 messages of 1 kB (250 × --tasks) wait for one slot, then 10 × --tasks more, ten times as fast as it works",
  brokers: ["rabbitmq", "redis"],
  cases: [
    { name: "", brokers: ["redis"] },
    { name: `brokerSilenceMs ${SILENCE_MS}`, brokers: ["rabbitmq"] },
    { name: LAZY, brokers: ["rabbitmq"] },
  ],
  async run(scene) {
    const { tasks } = scene.options;
    const door = await openDoor(scene);
    const filledAtMs = Date.now();
    await fill(scene, door, WAITING_PER_TASK * tasks);
    const fillSeconds = (Date.now() - filledAtMs) / 1000;
    const worker = await scene.startWorker({ args: ["-c", "1"] });
    await scene.untilStarted(1);
    const memory = watchMemory((all) => treeOf(worker.pid, all));
    await scene.pause(WORK_MS);
    const before = await memory.stop();
    const later = watchMemory((all) => treeOf(worker.pid, all));
    const burstAtMs = Date.now();
    await sendSteadily(scene, door, BURST_PER_TASK * tasks);
    const burstSeconds = (Date.now() - burstAtMs) / 1000;
    await scene.pause(WORK_MS);
    const highest = await later.stop();
    const isRunning = await scene.running(worker);
    // It gives back what it has not begun, and ends what it has.
    await worker.stop();
    const ended = scene.ledger.ids("end");
    const waiting = [...scene.ledger.accepted].filter((id) => !ended.has(id));
    const accepted = door.answers.filter(({ status }) => status === 202);
    const durations = accepted.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs);
    const p99 = percentile(durations, 99);
    const refused = door.answers.length - accepted.length;
    return {
      broken: { times: BURST_PER_TASK * tasks, what: "task in a burst" },
      duplicates: 0,
      later: waiting,
      left: HELD,
      checks: [
        { what: "milliseconds to accept, 99 of 100", value: p99, limit: P99_LIMIT_MS },
        { what: "MB of memory of the worker", value: highest, limit: MEMORY_LIMIT_MB },
        { what: "MB of memory more", value: highest - before, limit: GROWTH_LIMIT_MB },
        {
          what: "workers and gateways that ended",
          value: (await scene.endedOf(door.processes)) + (isRunning ? 0 : 1),
          limit: 0,
        },
        ...checkAnswers(door.answers),
      ],
      remark: `filled in ${fillSeconds.toFixed(1)} s; burst of ${burstSeconds.toFixed(1)} s: half accepted within ${Math.round(percentile(durations, 50))} ms, 99 of 100 within ${Math.round(p99)} ms, ${refused} refused at first; the worker had ${Math.round(before)} MB, then ${Math.round(highest)} MB`,
    };
  },
};

async function openDoor(scene: Scene): Promise<Door> {
  const { place, form } = scene.options;
  if (scene.broker === "redis") return await Door.open(scene);
  if (form.name === LAZY) {
    const policy = { pattern: ".*", "apply-to": "queues", definition: { "queue-mode": "lazy" } };
    await rabbitApi(place.url, "PUT", `policies/${new URL(place.url).pathname.slice(1)}/lazy`, policy);
    return await Door.open(scene);
  }
  const file = join(place.folder, "gateway.yaml");
  await writeFile(file, `gateway: { limits: { broker_silence_ms: ${SILENCE_MS} } }\n`);
  return await Door.open(scene, { args: ["--config", file] });
}

function padded(scene: Scene): Body {
  return { args: [scene.ledger.file, TASK_SECONDS, PADDING] };
}

/** Whatever becomes of those before. */
async function sendSteadily(scene: Scene, door: Door, count: number): Promise<void> {
  const sent: Promise<string>[] = [];
  for (const startedAtMs = Date.now(); sent.length < count; await scene.pause(TICK_MS)) {
    // Late ticks are made up for.
    const due = Math.ceil((Date.now() - startedAtMs + 1) / TICK_MS) * PER_TICK;
    while (sent.length < Math.min(due, count)) sent.push(door.submit(door.newKey(), padded(scene)));
  }
  await Promise.all(sent);
}

async function fill(scene: Scene, door: Door, count: number): Promise<void> {
  for (let at = 0; at < count; at += BATCH) {
    const bodies = Array.from({ length: Math.min(BATCH, count - at) }, () => door.bodyOf(padded(scene)));
    await door.submitBatch(door.newKey(), bodies);
  }
}
