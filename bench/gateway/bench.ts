/** Requests per second that accept a task over HTTP: `tasks.add(2, 3)` onto Redis. */
import {
  type Background,
  type Bench,
  background,
  nodeProgram,
  P99,
  PER_SECOND,
  type Program,
  pythonProgram,
  type Run,
} from "../lib/bench.ts";
import { expectQueueLength } from "../lib/servers.ts";

const CONNECTIONS = 50;
/** Unmeasured requests first, as a part of the measured ones. */
const WARM_UP = 0.1;

/** What the load generator is told. */
export interface LoadInput {
  readonly url: string;
  readonly body: unknown;
  readonly connections: number;
  readonly count: number;
  readonly warmUp: number;
  /** A file with the API key to send. */
  readonly keyFile?: string;
  /** An Idempotency-Key of its own for each request. */
  readonly idempotent?: boolean;
}

/** What the servers that are compared with are told. */
export interface ServerInput {
  readonly broker: string;
  /** Default: no results are kept. */
  readonly backend?: string;
  readonly port: number;
}

export const gatewayBench: Bench = {
  name: "gateway",
  title: `tasks accepted by HTTP POST, onto Redis, ${CONNECTIONS} connections`,
  servers: ["redis"],
  count: 100_000,
  metrics: [PER_SECOND, P99],
  contenders: [
    {
      name: "Celerity gateway, POST /v1/tasks",
      role: "celerity",
      background: (run) => gateway(run),
      program: (run) => load(run, "/v1/tasks", { task: "tasks.add", args: [2, 3] }),
      check: checkQueue,
    },
    {
      name: "node:http, v2 envelope by hand, LPUSH",
      role: "floor",
      background: (run) => background(nodeProgram("gateway/floor", serverInput(run))),
      program: (run) => load(run, "/", { task: "tasks.add", args: [2, 3] }),
      check: checkQueue,
    },
    {
      name: "Flower async-apply",
      role: "python",
      share: 0.02,
      background: (run) => ({
        ...pythonProgram("gateway/flower-server", serverInput(run)),
        ready: /Visit me at/,
      }),
      program: (run) => load(run, "/api/task/async-apply/tasks.add", { args: [2, 3] }),
      check: checkQueue,
    },
  ],
};

/** The command as users run it. */
export function gateway({ urls, port, folder }: Run, more: readonly string[] = []): Background {
  const args = ["gateway", "--broker", urls.redis, "--port", String(port), "--data-dir", `${folder}/data`];
  return {
    runtime: "node",
    file: "cli/main",
    args: [...args, "--loglevel", "error", ...more],
    ready: /Celerity gateway on/,
  };
}

function load({ port, count }: Run, path: string, body: unknown): Program {
  const input: LoadInput = {
    url: `http://127.0.0.1:${port}${path}`,
    body,
    connections: Math.min(CONNECTIONS, warmUp(count)),
    count,
    warmUp: warmUp(count),
  };
  return nodeProgram("gateway/load", input);
}

function serverInput({ urls, port }: Run): ServerInput {
  return { broker: urls.redis, port };
}

function warmUp(count: number): number {
  return Math.ceil(count * WARM_UP);
}

function checkQueue({ urls, count }: Run): Promise<void> {
  return expectQueueLength(urls.redis, count + warmUp(count));
}
