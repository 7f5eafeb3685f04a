/** Many tasks with an ETA: they wait at the broker, in nobody's way, and each runs once when it is due. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type App, createApp } from "../../app/index.ts";
import { openRedis, parseRedisUrl } from "../../stores/redis.ts";
import { openSql } from "../../stores/sql/index.ts";
import { cleanUp } from "../../testing/clean-up.ts";
import { DELAY_LEVELS, delayLevelName } from "../../transports/index.ts";
import { temporaryFolder } from "../helpers/services.ts";
import { GuardedProcess } from "../helpers/services-process.ts";
import { type BrokerName, brokers } from "./places.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const POLL = { timeout: 60_000, interval: 100 };
const LIMIT = 100;
const PARK_AFTER_SECONDS = 2;
const SOON = 300;

class Scene {
  readonly app: App;
  readonly url: string;
  readonly ledger: string;

  constructor(url: string, folder: string) {
    this.url = url;
    this.ledger = join(folder, "ledger");
    this.app = createApp({ env: {}, brokerUrl: url, onWarning: () => undefined });
    cleanUp(() => this.app.close());
  }

  async startWorker(): Promise<GuardedProcess> {
    const args = [this.url, this.ledger, String(LIMIT), String(PARK_AFTER_SECONDS)];
    const worker = new GuardedProcess({
      command: process.execPath,
      args: ["--import", "tsx", "test/e2e/delayed-child.ts", ...args],
      folder: await temporaryFolder(),
      stopSignal: "SIGKILL",
      cwd: root,
    });
    cleanUp(() => worker.stop());
    await worker.waitForOutput(/ready/);
    return worker;
  }

  /** Sends tasks that are due at these times, in milliseconds since 1970. */
  async send(kind: string, etaMs: readonly number[]): Promise<string[]> {
    const names = etaMs.map((_, at) => `${kind}-${at}`);
    for (let from = 0; from < names.length; from += 1000) {
      const part = names.slice(from, from + 1000);
      await Promise.all(
        part.map((name, at) => this.app.send("note", { args: [name], eta: new Date(etaMs[from + at] ?? 0) })),
      );
    }
    return names;
  }

  /** What has run of a kind, in alphabetical order. */
  ran(kind: string): string[] {
    if (!existsSync(this.ledger)) return [];
    const lines = readFileSync(this.ledger, "utf8").split("\n");
    return lines.filter((line) => line.startsWith(`${kind}-`)).toSorted();
  }

  async waiting(): Promise<number> {
    return (await this.app.connection()).queueSize("celery");
  }
}

/** Most tasks that a worker has held for their ETA; it printed the number twice a second. */
function mostHeld(worker: GuardedProcess): number {
  const counts = [...worker.output().matchAll(/held (\d+)/g)].map(([, count]) => Number(count));
  expect(counts).not.toEqual([]);
  return Math.max(...counts);
}

/** How many messages each broker has parked. */
const parked: Readonly<Record<BrokerName, (scene: Scene) => Promise<number>>> = {
  async Redis({ url }) {
    const { client } = await openRedis(parseRedisUrl(url), { timeoutMs: 5000, role: "broker" });
    try {
      return await client.zcard("_celerity.parked.celery");
    } finally {
      client.disconnect();
    }
  },
  async SQLite({ url }) {
    const db = await openSql(url.replace("sqla+", ""));
    try {
      const [row] = await db.all<{ count: number }>("SELECT count(*) AS count FROM celerity_parked");
      return row?.count ?? 0;
    } finally {
      await db.close();
    }
  },
  async RabbitMQ({ app }) {
    const connection = await app.connection();
    const levels = Array.from({ length: DELAY_LEVELS }, (_, level) => delayLevelName(level));
    const sizes = await Promise.all(levels.map((name) => connection.queueSize(name)));
    return sizes.reduce((sum, size) => sum + size, 0);
  },
};

describe.each([
  ["Redis", 20_000],
  ["SQLite", 20_000],
  ["RabbitMQ", 3000],
] as const)("tasks with an ETA on %s", (broker, many) => {
  test(`${many} are in nobody's way, and run once when due, also across a kill -9`, {
    timeout: 180_000,
  }, async () => {
    const scene = new Scene(await brokers[broker](), await temporaryFolder());
    const worker = await scene.startWorker();
    const inAnHourMs = Date.now() + 3_600_000;
    await scene.send(
      "late",
      Array.from({ length: many }, () => inAnHourMs),
    );
    await scene.app.send("note", { args: ["plain-0"] });
    await expect.poll(() => scene.ran("plain"), POLL).toEqual(["plain-0"]);
    await expect.poll(() => parked[broker](scene), POLL).toBe(many);

    // Some of these are held, up to the limit, and the others come back in time.
    const soonMs = Date.now() + 1000;
    const mixed = await scene.send(
      "mixed",
      Array.from({ length: SOON }, (_, at) => soonMs + 10 * at),
    );
    await expect.poll(() => scene.ran("mixed").length, POLL).toBe(SOON);
    expect(scene.ran("mixed")).toEqual(mixed.toSorted());

    const dueMs = Date.now() + 8000;
    const across = await scene.send(
      "across",
      Array.from({ length: SOON }, () => dueMs),
    );
    await expect.poll(() => parked[broker](scene), POLL).toBe(many + SOON);
    expect(await scene.waiting()).toBe(0);
    await worker.kill();
    expect(mostHeld(worker)).toBeLessThanOrEqual(LIMIT);

    const second = await scene.startWorker();
    await expect.poll(() => scene.ran("across").length, POLL).toBe(SOON);
    expect(scene.ran("across")).toEqual(across.toSorted());
    expect(scene.ran("late")).toEqual([]);
    expect(await parked[broker](scene)).toBe(many);
    expect(mostHeld(second)).toBeLessThanOrEqual(LIMIT);
  });
});
