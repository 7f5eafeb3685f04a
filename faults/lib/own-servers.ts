/** Servers of one run's own, for faults that break servers and not workers. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { connect } from "amqplib";
import { postgresPlan, programs, rabbitPlan, redisPlan } from "../../test/helpers/services-plans.ts";
import { type ServerPlan, startServer, type TestServer } from "../../test/helpers/services-server.ts";
import { type BrokerName, type FaultCase, NotHere } from "./fault.ts";
import type { Place } from "./scene.ts";

const execute = promisify(execFile);

const LOOK_MS = 25;

/** What a result store has said yes to outlives its kill -9. */
const KEEPING = { redis: ["--appendonly", "yes"], postgres: ["-c", "synchronous_commit=on"] };

export interface OwnServers {
  /** undefined for SQLite, which has no server. */
  readonly broker: TestServer | undefined;
  readonly results: TestServer;
  /** Runs `rabbitmqctl` for the broker. */
  rabbitmqctl(...args: readonly string[]): Promise<void>;
}

/** A place on them. When it is killed, the broker forgets everything if it is Redis; the result store does not. */
export async function openOwnPlace(
  broker: BrokerName,
  folder: string,
  { results: store = "redis", diskMb }: Pick<FaultCase, "results" | "diskMb"> = {},
): Promise<Place & AsyncDisposable> {
  if (store === "postgres" && programs.postgres.path === undefined)
    throw new NotHere("PostgreSQL is not installed.");
  const disk = diskMb === undefined ? undefined : await mountDisk(join(folder, "disk"), diskMb);
  const plan = await planOf(broker);
  const server = plan === undefined ? undefined : await startServer(plan);
  const results = await startServer(
    store === "redis" ? await redisPlan(KEEPING.redis) : await postgresPlan(KEEPING.postgres),
  );
  const servers: OwnServers = {
    broker: server,
    results,
    async rabbitmqctl(...args) {
      const path = programs.rabbitmq.path?.replace(/rabbitmq-server$/, "rabbitmqctl") ?? "";
      await execute(path, args, { env: plan?.env });
    },
  };
  return {
    ...{ broker, folder, servers },
    url: urlOf(broker, server, disk ?? folder),
    resultsUrl: store === "redis" ? `${results.url}/0` : `db+${results.url}/postgres`,
    async [Symbol.asyncDispose]() {
      await Promise.all([server?.stop(), results.stop()]);
      if (disk !== undefined) await execute("umount", ["--lazy", disk]);
    },
  };
}

/** A disk in memory, which Linux gives to root. Resolves to its folder; rejects with NotHere where it cannot be had. */
async function mountDisk(folder: string, megabytes: number): Promise<string> {
  await mkdir(folder);
  try {
    await execute("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder]);
  } catch (error) {
    throw new NotHere("No small disk can be mounted; on Linux, root may.", { cause: error });
  }
  return folder;
}

async function planOf(name: BrokerName): Promise<ServerPlan | undefined> {
  if (name === "sqlite") return undefined;
  return name === "redis" ? await redisPlan() : await rabbitPlan();
}

function urlOf(broker: BrokerName, server: TestServer | undefined, folder: string): string {
  if (server === undefined) return `sqla+sqlite:///${join(folder, "broker.sqlite")}`;
  return broker === "redis" ? `${server.url}/0` : server.url;
}

/** Starts a killed RabbitMQ again; resolves when it answers in its own protocol, which it may do before it says that it is up. */
export async function reviveRabbitMq(server: TestServer): Promise<void> {
  const restarted = server.restart();
  let isOver = false;
  const answered = (async () => {
    while (!(isOver || (await answersAmqp(server.url)))) await sleep(LOOK_MS);
  })();
  await Promise.race([restarted, answered]).finally(() => {
    isOver = true;
  });
}

async function answersAmqp(url: string): Promise<boolean> {
  try {
    await (await connect(url, { timeout: 1000 })).close();
    return true;
  } catch {
    return false;
  }
}
