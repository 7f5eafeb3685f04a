/** Private servers for one bench, and an empty place on them for every run. */
import { connect } from "amqplib";
import { Redis } from "ioredis";
import { rabbitPlan, redisPlan } from "../../test/helpers/services-plans.ts";
import { GuardedProcess, removeFolder } from "../../test/helpers/services-process.ts";
import { rabbitApi } from "../../test/helpers/services-rabbit-api.ts";
import type { ServerPlan } from "../../test/helpers/services-server.ts";
import type { Run, ServerName } from "./bench.ts";

const PLANS: Readonly<Record<ServerName, () => Promise<ServerPlan>>> = {
  redis: redisPlan,
  rabbitmq: rabbitPlan,
};

export interface Servers {
  readonly pids: readonly number[];
  /** Empties Redis and makes a new virtual host; resolves to their URLs. */
  clear(): Promise<Pick<Run, "urls" | "resultsUrl">>;
  stop(): Promise<void>;
}

/** Starts the servers; they end with this process, however it ends. */
export async function startServers(names: readonly ServerName[]): Promise<Servers> {
  const plans = new Map<ServerName, ServerPlan>();
  const processes: GuardedProcess[] = [];
  for (const name of names) {
    const plan = await PLANS[name]();
    plans.set(name, plan);
    const server = new GuardedProcess(plan);
    processes.push(server);
    await server.waitForOutput(plan.ready);
  }
  const url = (name: ServerName): string => plans.get(name)?.url ?? "";
  let host = 0;
  return {
    pids: processes.map(({ pid }) => pid),
    async clear() {
      if (plans.has("redis")) await withRedis(url("redis"), (redis) => redis.flushall());
      if (plans.has("rabbitmq")) {
        if (host > 0) await rabbitApi(url("rabbitmq"), "DELETE", `vhosts/run${host}`);
        host += 1;
        await makeVirtualHost(url("rabbitmq"), `run${host}`);
      }
      const urls = { redis: `${url("redis")}/0`, rabbitmq: `${url("rabbitmq")}/run${host}` };
      return { urls, resultsUrl: `${url("redis")}/1` };
    },
    async stop() {
      await Promise.all(processes.map((server) => server.stop()));
      await Promise.all([...plans.values()].map(({ folder }) => removeFolder(folder)));
    },
  };
}

async function makeVirtualHost(url: string, name: string): Promise<void> {
  await rabbitApi(url, "PUT", `vhosts/${name}`);
  await rabbitApi(url, "PUT", `permissions/${name}/guest`, { configure: ".*", write: ".*", read: ".*" });
}

/** Lends a Redis connection. */
export async function withRedis<Result>(
  url: string,
  use: (redis: Redis) => Promise<Result>,
): Promise<Result> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Messages in the queue `celery`, claimed ones of Redis included. */
export async function queueLength(brokerUrl: string): Promise<number> {
  if (brokerUrl.startsWith("redis")) {
    return withRedis(
      brokerUrl,
      async (redis) => (await redis.llen("celery")) + (await redis.hlen("unacked")),
    );
  }
  const connection = await connect(brokerUrl);
  const channel = await connection.createChannel();
  const { messageCount } = await channel.checkQueue("celery");
  await connection.close();
  return messageCount;
}

/** Rejects when the queue `celery` has not the length that the work should have left. */
export async function expectQueueLength(brokerUrl: string, expected: number): Promise<void> {
  const length = await queueLength(brokerUrl);
  if (length !== expected) throw new Error(`The queue holds ${length} messages, not ${expected}.`);
}
