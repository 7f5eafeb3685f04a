/** Opens waits and streams at a gateway, leaves it alone, and asks it how much memory it holds. */
import { Agent, get, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { readInput, report } from "../lib/child.ts";
import type { MemoryInput } from "./memory-bench.ts";

const { url, waits, streams, seconds } = readInput<MemoryInput>();
const agent = new Agent({ keepAlive: true });

function wait(): void {
  const headers = { "content-type": "application/json", prefer: "wait=60" };
  // It ends when this program does.
  const sent = request(`${url}/v1/tasks`, { agent, method: "POST", headers });
  sent.on("error", () => undefined).end(JSON.stringify({ task: "tasks.add", args: [2, 3] }));
}

function follow(): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = get(`${url}/v1/events`, { agent }, (response) => {
      response.on("error", () => undefined).once("data", () => resolve());
    });
    sent.on("error", reject);
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

for (let one = 0; one < waits; one += 1) wait();
await Promise.all(Array.from({ length: streams }, follow));
while ((await metric("celery_gateway_waits")) < waits) await sleep(50);
await sleep(seconds * 1000);
report({ values: { mb: (await metric("process_resident_memory_bytes")) / 2 ** 20 } });
agent.destroy();
