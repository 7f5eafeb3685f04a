import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import type { QueueStore } from "../../transports/queue-store.ts";
import { openSqlStore } from "../../transports/sql.ts";
import {
  pythonEnvironment,
  pythonFolder,
  pythonVersions,
  requirePython,
} from "../helpers/python-environment.ts";
import { postgresUrl, sqliteFile, temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";

const places: [string, () => Promise<string>][] = [
  ["SQLite", async () => `sqla+sqlite:///${await sqliteFile()}`],
  ["PostgreSQL", async () => `sqla+${(await postgresUrl()).replace(":", "+psycopg2:")}`],
];
const root = fileURLToPath(new URL("../..", import.meta.url));
const forever = new AbortController().signal;

async function child(...args: string[]): Promise<GuardedProcess> {
  const started = new GuardedProcess({
    command: process.execPath,
    args: ["--import", "tsx", "test/transports/sql-child.ts", ...args],
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
    cwd: root,
  });
  cleanUp(() => started.stop());
  return started;
}

async function opened(url: string): Promise<QueueStore> {
  const store = await openSqlStore({ url, transportOptions: { leaseMs: 1000 }, onWarning: () => undefined });
  cleanUp(() => store.close());
  return store;
}

async function put(store: QueueStore, ...names: string[]): Promise<void> {
  await store.put(names.map((name) => ({ queue: "q", payload: `{"n": "${name}"}`, priority: 0 })));
}

/** A file is in order after what happened to it. */
async function expectIntact(url: string): Promise<void> {
  if (!url.includes("sqlite")) return;
  const db = await openSql(url.replace("sqla+", ""));
  expect(await db.all("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  await db.close();
}

describe.each(places)("several processes on %s", (_name, place) => {
  test("a killed process's messages come back", async () => {
    const url = await place();
    const store = await opened(url);
    await put(store, "1", "2", "3", "4");
    const holder = await child("hold", url, "q");
    await holder.waitForOutput(/holding 3/);
    await holder.kill();
    const [waiting] = await store.take(["q"], 10);
    expect(waiting?.payload).toBe('{"n": "4"}');
    await store.waitForMessages(["q"], forever);
    const back = await store.take(["q"], 10);
    expect(back.map(({ payload }) => JSON.parse(payload))).toEqual(
      ["1", "2", "3"].map((n) => ({ redelivered: true, n })),
    );
    expect(back.map(({ previousDeliveries }) => previousDeliveries)).toEqual([1, 1, 1]);
    await expectIntact(url);
  });

  test("a stopped process that wakes up late settles nothing", async () => {
    const url = await place();
    const store = await opened(url);
    await put(store, "1", "2", "3");
    const zombie = await child("hold", url, "q");
    await zombie.waitForOutput(/holding 3/);
    await store.take(["q"], 1); // From now on this process looks for silent ones.
    zombie.signal("SIGSTOP");
    await store.waitForMessages(["q"], forever);
    const back = await store.take(["q"], 10);
    expect(back).toHaveLength(3);
    zombie.signal("SIGCONT");
    await zombie.waitForOutput(/ended This process did not renew its lease/);
    zombie.signal("SIGUSR2");
    await zombie.waitForOutput(/settled/);
    // Nothing was removed: all three can be put back and are found again.
    await store.settle(
      [],
      back.map(({ tag }) => tag),
    );
    expect(await store.size("q")).toBe(3);
    await expectIntact(url);
  });

  test("three Node processes and one of Python work off everything once", { timeout: 60_000 }, async () => {
    const url = await place();
    const ledger = `${await temporaryFolder()}/ledger`;
    const store = await opened(url);
    await store.createQueue("q");
    const [version] = pythonVersions();
    const nodes = await Promise.all([1, 2, 3].map(() => child("hammer", url, "q", ledger)));
    const pythons = version === undefined ? [] : [await pythonHammer(version, url, ledger)];
    await Promise.all([...nodes, ...pythons].map((process) => process.waitForOutput(/put/)));
    const total = 600 + 200 * pythons.length;
    const lines = async (): Promise<string[]> => (await readFile(ledger, "utf8")).trim().split("\n");
    while ((await lines()).length < total) await new Promise((resolve) => setTimeout(resolve, 50));
    await Promise.all([...nodes, ...pythons].map((process) => process.stop()));
    const done = await lines();
    expect(done).toHaveLength(total);
    expect(new Set(done).size).toBe(total);
    expect(await store.size("q")).toBe(0);
    await expectIntact(url);
  });
});

async function pythonHammer(version: "latest" | "5.2", url: string, ledger: string): Promise<GuardedProcess> {
  const code = `
import os, signal, sys
from kombu import Connection, Queue
from kombu.exceptions import OperationalError
from queue import Empty
url, ledger = sys.argv[1:]
connection = Connection(url)
channel = connection.channel()
queue = connection.SimpleQueue("q")
out = os.open(ledger, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
running = True
def stop(*_):
    global running
    running = False
signal.signal(signal.SIGTERM, stop)
def work(timeout):
    try:
        message = queue.get(timeout=timeout)
    except Empty:
        return
    body = message.payload
    os.write(out, ((body.decode() if isinstance(body, bytes) else body) + "\\n").encode())
    message.ack()
for n in range(200):
    queue.put(f"python-{n}", serializer="raw" if n % 2 else "json")
    if n % 3 == 0:
        work(0.1)
print("put", flush=True)
while running:
    work(0.2)
queue.close(); connection.close()
`;
  const started = new GuardedProcess({
    command: requirePython(version),
    args: ["-c", code, url, ledger],
    folder: await temporaryFolder(),
    stopSignal: "SIGTERM",
    cwd: pythonFolder,
    env: pythonEnvironment(),
  });
  cleanUp(() => started.stop());
  return started;
}
