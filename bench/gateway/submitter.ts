/** Sends tasks one after another on one connection, while others wait for results that do not come. */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { latencies, readInput, report } from "../lib/child.ts";
import type { SubmitterInput } from "./flower.ts";

const { url, broker, waiting, count, warmUp } = readInput<SubmitterInput>();
/** Nobody consumes it, so nobody's wait ends. */
const WAITING_QUEUE = "waiting";
const WAIT = { prefer: "wait=60" };

const waiters = new Agent({ keepAlive: true });
const submitter = new Agent({ keepAlive: true, maxSockets: 1 });

function post(agent: Agent, body: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
    });
    sent.once("error", reject);
    sent.once("response", (response) => {
      text(response).then((body) => {
        if (response.statusCode === 202) resolve(body);
        else reject(new Error(`${response.statusCode}: ${body}`));
      }, reject);
    });
    sent.end(JSON.stringify(body));
  });
}

/** Resolves when the gateway has sent the tasks that they wait for. */
async function startWaiting(): Promise<void> {
  const redis = new Redis(broker);
  for (let one = 0; one < waiting; one += 1) {
    // It ends when this program does.
    post(waiters, { task: "tasks.add", args: [2, 3], queue: WAITING_QUEUE }, WAIT).catch(() => undefined);
  }
  while ((await redis.llen(WAITING_QUEUE)) < waiting) await sleep(10);
  redis.disconnect();
}

await startWaiting();
const sample = await latencies(count, warmUp, () => post(submitter, { task: "tasks.add", args: [2, 3] }));
report({ ...sample, served: waiting + warmUp + count });
waiters.destroy();
submitter.destroy();
