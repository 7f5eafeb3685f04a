import { randomBytes } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withRedis } from "../../bench/lib/servers.ts";
import { openSql } from "../../stores/sql/index.ts";
import { breakBroker } from "../lib/broken-broker.ts";
import type { Fault } from "../lib/fault.ts";
import { signalAll } from "../lib/processes.ts";
import type { Scene } from "../lib/scene.ts";

const FULL_SECONDS = 15;

/** How a broker comes to refuse everything, and stops doing so. */
interface Fullness {
  fill(scene: Scene, pids: readonly number[]): Promise<unknown>;
  clear(scene: Scene): Promise<unknown>;
}

const FORMS: Readonly<Record<string, Fullness>> = {
  "memory alarm": {
    fill: ({ servers }) => servers.rabbitmqctl("set_vm_memory_high_watermark", "absolute", "1MB"),
    clear: ({ servers }) => servers.rabbitmqctl("set_vm_memory_high_watermark", "0.4"),
  },
  "disk alarm": {
    fill: ({ servers }) => servers.rabbitmqctl("set_disk_free_limit", "900000GB"),
    clear: ({ servers }) => servers.rabbitmqctl("set_disk_free_limit", "1MB"),
  },
  "maxmemory, noeviction": {
    fill: ({ options }) =>
      configure(options.place.url, { "maxmemory-policy": "noeviction", maxmemory: "1mb" }),
    clear: ({ options }) => configure(options.place.url, { maxmemory: "0" }),
  },
  "disk full": {
    fill: fillDisk,
    clear: ({ options }) => rm(fillerOf(options.place.folder)),
  },
};

/** The broker answers, and takes nothing more; what it has it may give away. */
export const brokerFull: Fault = {
  name: "F22",
  what: `a broker without memory or disk for ${FULL_SECONDS} s (--seconds), while the gateway is asked`,
  brokers: ["rabbitmq", "redis", "sqlite"],
  ownServers: true,
  cases: [
    { name: "memory alarm", brokers: ["rabbitmq"] },
    { name: "disk alarm", brokers: ["rabbitmq"] },
    { name: "maxmemory, noeviction", brokers: ["redis"] },
    { name: "disk full", brokers: ["sqlite"], diskMb: 16 },
  ],
  async run(scene) {
    const { name } = scene.options.form;
    const form = FORMS[name];
    if (form === undefined) throw new Error(`There is no form ${name}.`);
    return await breakBroker(scene, {
      what: name,
      recoveryLimit: 5,
      seconds: scene.options.seconds ?? FULL_SECONDS,
      underWay: () => scene.untilUnderWay(),
      async begin(pids) {
        await form.fill(scene, pids);
      },
      async end() {
        await form.clear(scene);
      },
    });
  },
};

async function configure(url: string, settings: Readonly<Record<string, string>>): Promise<void> {
  await withRedis(url, async (redis) => {
    for (const [name, value] of Object.entries(settings)) await redis.config("SET", name, value);
  });
}

function fillerOf(folder: string): string {
  return join(folder, "disk", "filler");
}

/** SQLite writes on in the room that its log has already: so the log is emptied, while nobody can write, and the disk filled then. */
async function fillDisk(scene: Scene, pids: readonly number[]): Promise<void> {
  const { folder, url } = scene.options.place;
  const db = await openSql(url.replace("sqla+", ""));
  try {
    await scene.until(async () => {
      signalAll(pids, "SIGSTOP");
      try {
        const [log] = await db.all<{ busy: number }>("PRAGMA wal_checkpoint(TRUNCATE)");
        // Somebody was stopped in the middle of something.
        if (log?.busy !== 0) return false;
        await fill(fillerOf(folder));
        return true;
      } finally {
        signalAll(pids, "SIGCONT");
      }
    }, "the disk is full");
  } finally {
    await db.close();
  }
}

/** Writes until nothing more fits, byte by byte in the end. */
async function fill(file: string): Promise<void> {
  for (let size = 2 ** 20; size >= 1; size /= 2) {
    for (;;) {
      try {
        await writeFile(file, randomBytes(size), { flag: "a" });
      } catch {
        break;
      }
    }
  }
}
