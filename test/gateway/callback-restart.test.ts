/** Gateways that are killed while callbacks are on their way, and those that go on. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { sqliteFile } from "../helpers/services.ts";
import { testApp } from "../helpers/worker.ts";
import { post, read, storeState } from "./place.ts";
import { openReceiver } from "./receiver.ts";

const PROGRAM = fileURLToPath(new URL("callback-process.ts", import.meta.url));
const POLL = { timeout: 60_000, interval: 100 };

/** Starts a gateway; resolves when it listens. */
async function startGateway(
  settings: object,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ["--import", "tsx", PROGRAM, JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface(child.stdout);
  // The first of the two: a gateway that cannot start ends instead.
  const [url] = (await Promise.race([once(lines, "line"), once(lines, "close")])) as [string?];
  if (url === undefined) throw new Error("The gateway did not start.");
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

describe("a gateway that is killed", () => {
  it("loses no callback, and sends each with one id", { timeout: 90_000 }, async () => {
    const file = `sqlite:///${await sqliteFile()}`;
    const brokerUrl = `sqla+${file}`;
    const resultBackend = `db+${file}`;
    const app = testApp({ brokerUrl, resultBackend });
    const receiver = await openReceiver();
    const settings = {
      brokerUrl,
      resultBackend,
      stateUrl: `sqlite:///${await sqliteFile()}`,
      port: receiver.port,
    };
    const first = await startGateway(settings);
    const ids: string[] = [];
    for (let at = 0; at < 20; at += 1) {
      const callback = { url: `${receiver.url}/${at}` };
      const { status, body } = await read(post(`${first.url}/v1/tasks`, { task: "x", args: [at], callback }));
      expect(status).toBe(202);
      ids.push(String(body["id"]));
    }
    // Some end while it lives; their deliveries fail at first, so that it dies in the middle of them.
    receiver.fallback = 500;
    for (const id of ids.slice(0, 10)) await storeState(app, id, "SUCCESS", id);
    await receiver.called(5);
    await kill(first.child);
    const before = receiver.calls.length;
    // Some while nobody is there.
    for (const id of ids.slice(10, 15)) await storeState(app, id, "SUCCESS", id);
    receiver.fallback = 204;
    const second = await startGateway(settings);
    // And some later.
    for (const id of ids.slice(15)) await storeState(app, id, "SUCCESS", id);
    const delivered = async (): Promise<number> => {
      const list = await read(fetch(`${second.url}/v1/webhook-deliveries?status=delivered&limit=100`));
      return (list.body["deliveries"] as unknown[]).length;
    };
    await expect.poll(delivered, POLL).toBe(20);
    const calls = receiver.calls;
    const idsByPath = new Map<string, Set<unknown>>();
    for (const { path, headers } of calls) {
      idsByPath.set(path, (idsByPath.get(path) ?? new Set()).add(headers["webhook-id"]));
    }
    expect(idsByPath.size).toBe(20);
    for (const webhookIds of idsByPath.values()) expect(webhookIds.size).toBe(1);
    // Whatever was accepted after the death was accepted once.
    const after = calls.slice(before).map(({ path }) => path);
    expect(after.length).toBe(new Set(after).size);
    for (const { path, json } of calls) {
      expect(json).toMatchObject({ data: { id: ids[Number(path.slice(1))], state: "SUCCESS" } });
    }
  });
});
